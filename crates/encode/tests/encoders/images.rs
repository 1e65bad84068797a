use std::io::Cursor;

use her_encode::Modality::Image;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use crate::{Dice, bits, found, jpeg, near, refused, vector};

const KINDS: usize = 6;

/// What a kind of image shows at a place, both from 0 to 1; `shift` moves what it shows.
fn scene(kind: usize, x: f64, y: f64, shift: f64) -> [f64; 3] {
    let within = |x: f64, y: f64, r: f64| (x * x + y * y).sqrt() < r;
    let (x, y) = (x + shift, y + shift / 2.0);
    match kind {
        // A sun above the sea.
        0 if within(x - 0.6, y - 0.3, 0.15) => [1.0, 0.9, 0.4],
        0 if y < 0.6 => [0.5 + y / 3.0, 0.6, 0.9 - y / 2.0],
        0 => [0.1, 0.2, 0.5 + (y * 60.0).sin() * 0.05],
        // A fence.
        1 if (x * 8.0).rem_euclid(1.0) < 0.5 => [0.6, 0.4, 0.2],
        1 => [0.2, 0.5, 0.2],
        // A chessboard.
        2 if ((x * 6.0).floor() + (y * 6.0).floor()).rem_euclid(2.0) == 0.0 => [0.95; 3],
        2 => [0.05; 3],
        // A page with lines of writing.
        3 if (y * 12.0).rem_euclid(1.0) < 0.3 && (x * 40.0).sin() > -0.5 => [0.2; 3],
        3 => [0.97, 0.96, 0.92],
        // A red flower.
        4 if within(x - 0.5, y - 0.5, 0.12) => [0.9, 0.8, 0.1],
        4 if within(x - 0.5, y - 0.5, 0.35) => [0.8, 0.1, 0.2],
        4 => [0.15, 0.45, 0.15],
        // Slanted light.
        _ => [0.5 + 0.4 * ((x + y) * 20.0).sin(), 0.5, 0.7],
    }
}

fn draw(kind: usize, width: u32, height: u32, shift: f64, change: impl Fn(f64) -> f64) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let colour = scene(kind, x / f64::from(width), y / f64::from(height), shift);
        Rgb(colour.map(|value| (change(value).clamp(0.0, 1.0) * 255.0).round() as u8))
    })
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.into().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

fn plain(kind: usize, side: u32) -> RgbImage {
    draw(kind, side, side, 0.0, |value| value)
}

#[test]
fn images_of_one_kind_lie_together() {
    let mut labelled = Vec::new();
    let mut dice = Dice(1);
    for kind in 0..KINDS {
        for i in 0..6 {
            let (light, shift) = (0.7 + 0.1 * f64::from(i), 0.02 * f64::from(i));
            let mut image = draw(kind, 90 + 30 * i, 120, shift, |value| value * light);
            for pixel in image.pixels_mut() {
                pixel.0 = pixel.0.map(|v| v.saturating_add((dice.next() * 20.0) as u8));
            }
            labelled.push((kind, vector(Image, &png(image))));
        }
    }
    let share = found(&labelled);
    assert!(share >= 0.95, "{share}");
}

#[test]
fn sizes_formats_and_depths_do_not_matter() {
    for kind in 0..KINDS {
        let image = plain(kind, 256);
        let whole = vector(Image, &png(image.clone()));
        let deep = DynamicImage::from(image.clone()).into_rgb16();
        assert_eq!(whole, vector(Image, &png(deep)), "16 bits are the same colours");
        let mut webp = Vec::new();
        let colour = ExtendedColorType::Rgb8;
        WebPEncoder::new_lossless(&mut webp).encode(&image, 256, 256, colour).unwrap();
        assert_eq!(whole, vector(Image, &webp), "WebP without loss has the same pixels");
        for side in [48, 64, 100, 640] {
            let sized = near(&whole, &vector(Image, &png(plain(kind, side))));
            assert!(sized > 0.9, "kind {kind} at {side}: {sized}");
        }
        for other in 0..kind {
            let apart = near(&whole, &vector(Image, &png(plain(other, 256))));
            assert!(apart < 0.9, "kinds {kind} and {other}: {apart}");
        }
    }
}

#[test]
fn a_jpeg_is_near_the_png_of_the_same_image() {
    for kind in 0..KINDS {
        let grey = DynamicImage::from(plain(kind, 128)).into_luma8();
        let exact = vector(Image, &png(grey.clone()));
        let lossy = vector(Image, &jpeg::grey(128, 128, &grey, None));
        assert!(near(&exact, &lossy) > 0.99, "{kind}: {}", near(&exact, &lossy));
        // EXIF's 6 says: turn by a quarter to the right.
        let lying = DynamicImage::from(grey).rotate270().into_luma8();
        let turned = vector(Image, &jpeg::grey(128, 128, &lying, Some(6)));
        assert!(near(&exact, &turned) > 0.99, "{kind}: {}", near(&exact, &turned));
        let left = near(&exact, &vector(Image, &jpeg::grey(128, 128, &lying, None)));
        // The other three look the same when they lie.
        assert!(left < 0.97 || ![0, 1, 3].contains(&kind), "planted: {kind} left lying, {left}");
    }
}

#[test]
fn what_is_transparent_is_white() {
    let seen = |alpha: u8| {
        let image =
            RgbaImage::from_fn(80, 80, |x, _| Rgba([0, 90, 0, if x < 40 { 255 } else { alpha }]));
        vector(Image, &png(image))
    };
    let white =
        RgbImage::from_fn(80, 80, |x, _| if x < 40 { Rgb([0, 90, 0]) } else { Rgb([255; 3]) });
    assert_eq!(seen(0), vector(Image, &png(white)));
    assert!(near(&seen(0), &seen(255)) < 0.9);
}

#[test]
fn tiny_and_flat_images_have_vectors() {
    let red = vector(Image, &png(RgbImage::from_pixel(1, 1, Rgb([250, 0, 0]))));
    let wide = vector(Image, &png(RgbImage::from_pixel(3000, 1, Rgb([250, 0, 0]))));
    let blue = vector(Image, &png(RgbImage::from_pixel(50, 50, Rgb([0, 0, 250]))));
    assert!(near(&red, &wide) > 0.9999 && near(&red, &blue) < 0.1);
}

#[test]
fn the_bits_of_this_space_are_these() {
    let image = RgbImage::from_fn(77, 131, |x, y| {
        Rgb([(x * 3 + y) as u8, (x * y / 7) as u8, (y * 2).wrapping_sub(x) as u8])
    });
    let grey = DynamicImage::from(image.clone()).into_luma8();
    let pixels: Vec<u8> = grey.pixels().take(72 * 128).map(|p| p.0[0]).collect();
    let files = [png(image), jpeg::grey(72, 128, &pixels, None)];
    assert_eq!(
        files.map(|file| bits(&vector(Image, &file))),
        [10322432312037687031, 3331513226877872289]
    );
}

#[test]
fn what_is_no_whole_image_is_refused_by_name() {
    assert!(refused(Image, b"").contains("empty"));
    assert!(refused(Image, b"GIF89a\x01\0\x01\0").contains("image/gif"));
    assert!(refused(Image, b"what is this?").contains("PNG, JPEG or WebP"));
    let image = plain(4, 96);
    let grey = DynamicImage::from(image.clone()).into_luma8();
    let mut webp = Vec::new();
    let colour = ExtendedColorType::Rgb8;
    WebPEncoder::new_lossless(&mut webp).encode(&image, 96, 96, colour).unwrap();
    for whole in [png(image), webp, jpeg::grey(96, 96, &grey, None)] {
        vector(Image, &whole);
        for part in [20, 50, 90] {
            let cut = &whole[..whole.len() * part / 100];
            assert!(refused(Image, cut).contains("damaged"), "{part}: {}", refused(Image, cut));
        }
    }
}

/// A file that claims more pixels than it has bytes for, or any machine memory.
#[test]
fn bombs_are_refused_by_the_size_they_claim() {
    let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    header.extend(100_000u32.to_be_bytes());
    header.extend(60_000u32.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let check = crc32(&header[12..]);
    header.extend(check.to_be_bytes());
    header.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    assert!(refused(Image, &header).contains("100000×60000"), "{}", refused(Image, &header));

    let mut photo = jpeg::grey(64, 64, &[90; 64 * 64], None);
    let frame = photo.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    photo[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert!(refused(Image, &photo).contains("65500×65500"), "{}", refused(Image, &photo));

    let mut webp = Vec::new();
    let white = [255u8; 3 * 64];
    WebPEncoder::new_lossless(&mut webp).encode(&white, 8, 8, ExtendedColorType::Rgb8).unwrap();
    let lossless = webp.windows(4).position(|four| four == b"VP8L").unwrap();
    // Both sides less 1, in 14 bits each, and four bits of something else.
    let sides = 0x3e7f_u32 | 0x3e7f << 14 | u32::from(webp[lossless + 12] & 0xf0) << 24;
    webp[lossless + 9..lossless + 13].copy_from_slice(&sides.to_le_bytes());
    assert!(refused(Image, &webp).contains("16000×16000"), "{}", refused(Image, &webp));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        let step = |c: u32| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 };
        (0..8).fold(crc ^ u32::from(*byte), |c, _| step(c))
    })
}
