//! Bytes that nobody would send on purpose, and bytes that somebody would.

use std::io::Cursor;

use her_encode::{Modality, builtin, part};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use crate::flac::{self, Block};
use crate::{jpeg, mp3, wav};

/// One small file of each format that is read, and one of each refused beside it.
fn files() -> Vec<(Modality, Vec<u8>)> {
    let image =
        RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 9) as u8, (y * 13) as u8, (x * y) as u8]));
    let (mut png, mut webp) = (Vec::new(), Vec::new());
    image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    WebPEncoder::new_lossless(&mut webp).encode(&image, 24, 16, ExtendedColorType::Rgb8).unwrap();
    let grey: Vec<u8> = image.pixels().map(|p| p.0[2]).collect();
    let samples: Vec<i16> = (0..900).map(|i| (i * i % 5000) as i16).collect();
    let wide: Vec<f64> = samples.iter().map(|x| f64::from(*x) / 32_768.0).collect();
    let floats: Vec<f32> = wide.iter().map(|x| *x as f32).collect();
    vec![
        (Modality::Image, png),
        (Modality::Image, webp),
        (Modality::Image, jpeg::grey(24, 16, &grey, Some(3))),
        (Modality::Audio, wav::pcm16(8_000, &wide)),
        (Modality::Audio, wav::float32(8_000, 3, &floats)),
        (Modality::Audio, flac::file(8_000, 900, &[Block::Verbatim(&samples)])),
        (Modality::Audio, mp3::tone(20, 4)),
        (Modality::Text, "Grüezi, 世界!".into()),
    ]
}

/// A vector that is whole, or an error that says something.
fn read(modality: Modality, bytes: &[u8]) -> Result<(), TestCaseError> {
    match builtin(modality).encode(bytes) {
        Ok(vector) => {
            let length: f32 = vector.iter().map(|x| x * x).sum();
            prop_assert!((length - 1.0).abs() < 1e-4, "{}", length);
        }
        Err(error) => prop_assert!(error.to_string().len() > 10, "{}", error),
    }
    Ok(())
}

#[test]
fn the_files_are_good_before_they_are_broken() {
    for (modality, bytes) in files() {
        builtin(modality).encode(&bytes).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for modality in Modality::ALL {
            read(modality, &bytes)?;
        }
    }

    #[test]
    fn heads_of_formats_with_random_bytes_behind_never_panic(
        which in 0..8usize, keep in 4..60usize, bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let (modality, file) = files().swap_remove(which);
        let mut mixed = file[..keep.min(file.len())].to_vec();
        mixed.extend(bytes);
        read(modality, &mixed)?;
    }

    #[test]
    fn broken_files_never_panic(
        which in 0..8usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end in any::<prop::sample::Index>(), cut in any::<bool>(),
    ) {
        let (modality, mut file) = files().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if cut {
            file.truncate(end.index(file.len()));
        }
        read(modality, &file)?;
    }

    #[test]
    fn any_text_is_a_part_or_refused(text in ".{0,40}", head in 0..6usize) {
        let heads =
            ["", "data:", "data:image/png;base64,", "data:text/plain,", "data:a/b", "DATA:audio/x;"];
        let text = format!("{}{text}", heads[head]);
        match part(&text) {
            Ok((_, bytes)) => prop_assert!(bytes.len() <= text.len()),
            Err(error) => prop_assert!(error.to_string().len() > 10),
        }
        read(Modality::Text, text.as_bytes())?;
    }
}
