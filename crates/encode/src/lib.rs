//! Texts, images and sounds as vectors, by encoders that are arithmetic only and need no download.
//!
//! [`builtin`] gives an encoder for each [`Modality`]; [`part`] takes apart what JSON carries of an
//! event, a text or a data URL. [`space`] turns the vectors of one encoder into those of another,
//! and says how well that works; [`Given`] is a vector that comes as a part itself.
//!
//! | modality | space | what it is |
//! |---|---|---|
//! | text | `text-ngrams-1-256` | hashed words, pairs of words and character n-grams |
//! | image | `image-colour-hog-1-388` | a colour histogram and oriented gradients |
//! | audio | `audio-logmel-1-120` | mean, deviation and steps of log-mel bands |
//!
//! These vectors find what looks, sounds or is spelled alike. They know no meanings: a photograph
//! of a dog and the word are of two spaces, and `car` is far from `automobile`. For meanings give
//! an identity an embedding model.
//!
//! **Same bytes, same bits.** No reduction depends on a processor's instructions, and sines,
//! logarithms and angles come from `libm`. Sounds in MP3 and Vorbis are the exception, see
//! [`builtin`]. A space's name holds a version, which changes whenever its vectors would.
//!
//! **Bounds.** Each encoder limits bytes, pixels, samples and memory before it uses them, and
//! refuses what is beyond by name. Bad input is an [`Error`], never a panic.
//!
//! ```
//! use her_encode::{Modality, builtin, part};
//! let text = builtin(Modality::Text);
//! let near = |a: &str, b: &str| -> Result<f32, her_encode::Error> {
//!     let (a, b) = (text.encode(a.as_bytes())?, text.encode(b.as_bytes())?);
//!     Ok(a.iter().zip(&b).map(|(a, b)| a * b).sum())
//! };
//! let told = "the boiler in the cellar is leaking again";
//! let (other, another) = ("is the boiler leaking?", "two tickets to Bern, please");
//! assert!(near(told, other)? > near(told, another)? + 0.2);
//!
//! let (modality, bytes) = part("data:text/plain;base64,SGVsbG8=")?;
//! assert_eq!((modality, &*bytes), (Modality::Text, &b"Hello"[..]));
//! # Ok::<(), her_encode::Error>(())
//! ```

mod audio;
mod fft;
mod given;
mod image;
mod part;
pub mod space;
mod text;
mod vector;

use std::fmt;
use std::str::FromStr;

pub use audio::{AUDIO_BYTES_MAX, AUDIO_SECONDS_MAX};
pub use given::{Given, VECTOR};
pub use image::{IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX};
pub use part::{PART_BYTES_MAX, part};
pub use text::TEXT_BYTES_MAX;

/// What is wrong with an input: the value, the place and the remedy in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// What this crate's functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Error(message.into()))
}

/// What an encoder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modality {
    /// UTF-8.
    Text,
    /// PNG, JPEG or WebP.
    Image,
    /// WAV, FLAC, MP3 or Ogg Vorbis.
    Audio,
}

impl Modality {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Text, Self::Image, Self::Audio];

    /// `text`, `image` or `audio`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Modality {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|modality| modality.name() == name);
        found.ok_or_else(|| Error(format!("modality {name:?}: text, image and audio are known")))
    }
}

/// Turns bytes of one modality into vectors of one space.
pub trait Encoder: Send + Sync + fmt::Debug {
    /// What it reads.
    fn modality(&self) -> Modality;

    /// The vector space's name: modality, method, version and dimensions, such as
    /// `text-ngrams-1-256`. Vectors of two spaces can not be compared.
    fn space(&self) -> &str;

    /// Length of its vectors.
    fn dims(&self) -> usize;

    /// The vector of `bytes`, of length 1 to the precision of 32 bits. All numbers are finite.
    ///
    /// # Errors
    /// Bytes that are empty, too many, damaged or of another format; content in which there is
    /// nothing to encode, as silence; numbers that are not finite.
    fn encode(&self, bytes: &[u8]) -> Result<Vec<f32>>;
}

/// The encoder of a modality that needs no download.
///
/// Texts, images, WAV and FLAC give the same bits everywhere. The decoders of MP3 and Vorbis make
/// their tables by std's sines and powers, whose last digits differ between platforms; features of
/// sounds are rounded to a grid that is far coarser, so a different vector is rare, and then off by
/// one step of the grid. Who must rule it out sends FLAC.
pub fn builtin(modality: Modality) -> Box<dyn Encoder> {
    match modality {
        Modality::Text => Box::new(text::Ngrams),
        Modality::Image => Box::new(image::ColourHog),
        Modality::Audio => Box::new(audio::LogMel),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_modalities_and_spaces() {
        for modality in Modality::ALL {
            assert_eq!(modality.to_string().parse::<Modality>().unwrap(), modality);
            let encoder = builtin(modality);
            assert_eq!(encoder.modality(), modality);
            assert!(encoder.space().starts_with(modality.name()), "{}", encoder.space());
            assert!(encoder.space().ends_with(&format!("-{}", encoder.dims())));
        }
        let refused = "video".parse::<Modality>().unwrap_err();
        assert!(refused.to_string().contains("\"video\""), "{refused}");
    }
}
