//! A vector as a part of an event: what was encoded elsewhere, or mapped into a space by
//! [`Map`](crate::space::Map).
//!
//! It is a data URL as [`part`](crate::part) reads them of texts, images and sounds:
//!
//! ```text
//! data:application/vnd.heraclitus.vector;space=text-ngrams-1-256;words=the%20spare%20key;base64,…
//! ```
//!
//! `space` names the space of the vector, and with it the modality. `words` may be left out; they
//! are what is shown of it. Values are percent-encoded. The data are numbers of 32 bits, little
//! endian; only their direction counts.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::part::{PART_BYTES_MAX, from_base64, from_percent, short};
use crate::{Error, Result, wrong};

/// The media type of a vector.
pub const VECTOR: &str = "application/vnd.heraclitus.vector";
/// The longest name of a space in a vector's URL, and the longest words, in bytes as they are
/// written: more than what is kept of either.
const VALUE_MAX: usize = 1 << 14;

/// A vector that was handed in, as its URL tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The space in which it lies, as an encoder names it.
    pub space: String,
    /// What it stands for, for people to read.
    pub words: Option<String>,
    /// The numbers: finite, and not all 0. Of any length but 0.
    pub numbers: Vec<f32>,
}

impl Given {
    /// The vector of a data URL; none where the text is no vector's URL.
    ///
    /// **Cost** One copy of the data.
    ///
    /// # Errors
    /// A URL without a space, without `;base64,`, or with a word that is not known; damaged data,
    /// data that are no whole numbers of 32 bits, numbers that are not finite, nothing but zeros.
    pub fn of(text: &str) -> Option<Result<Self>> {
        let rest = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"));
        let rest = rest.and_then(|_| text.get(5..))?;
        let kind = rest.get(..VECTOR.len()).filter(|kind| kind.eq_ignore_ascii_case(VECTOR));
        let rest = kind.and_then(|_| rest.get(VECTOR.len()..))?;
        rest.starts_with([';', ',']).then(|| Self::read(rest))
    }

    fn read(rest: &str) -> Result<Self> {
        let form = format!("write data:{VECTOR};space=SPACE;base64,DATA");
        let Some((head, data)) = rest.split_once(',') else {
            return wrong(format!("a vector's URL has no comma: {form}"));
        };
        let (mut space, mut words, mut base64) = (None, None, false);
        for word in head.split(';').skip(1).map(str::trim) {
            if word.eq_ignore_ascii_case("base64") {
                base64 = true;
                continue;
            }
            let Some((key, value)) = word.split_once('=') else {
                return wrong(format!("a vector's URL says {:?}: {form}", short(word)));
            };
            match key.to_ascii_lowercase().as_str() {
                "space" => space = Some(decoded(key, value)?),
                "words" => words = Some(decoded(key, value)?),
                _ => return wrong(format!("a vector's URL says {:?}: {form}", short(word))),
            }
        }
        let Some(space) = space.filter(|space| !space.is_empty()) else {
            return wrong(format!("a vector's URL names no space: {form}"));
        };
        if !base64 {
            return wrong(format!("the numbers of a vector's URL are not in base64: {form}"));
        }
        let bytes = from_base64(data)?;
        let numbers = numbers(&bytes)?;
        Ok(Self { space, words: words.filter(|words| !words.is_empty()), numbers })
    }

    /// The URL.
    pub fn url(&self) -> String {
        let mut url = format!("data:{VECTOR};space=");
        encode(&self.space, &mut url);
        if let Some(words) = self.words.as_deref().filter(|words| !words.is_empty()) {
            url.push_str(";words=");
            encode(words, &mut url);
        }
        url.push_str(";base64,");
        STANDARD.encode_string(self.bytes(), &mut url);
        url
    }

    /// The bytes of the numbers, as the URL carries them.
    pub fn bytes(&self) -> Vec<u8> {
        self.numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    /// The numbers with length 1.
    ///
    /// # Errors
    /// Numbers of which nothing is left in 32 bits.
    pub fn unit(&self) -> Result<Vec<f32>> {
        let wide: Vec<f64> = self.numbers.iter().map(|x| f64::from(*x)).collect();
        crate::vector::unit(&wide, "the vector")
    }
}

fn numbers(bytes: &[u8]) -> Result<Vec<f32>> {
    const WIDTH: usize = size_of::<f32>();
    let n = bytes.len();
    if n == 0 || n > PART_BYTES_MAX || !n.is_multiple_of(WIDTH) {
        return wrong(format!(
            "a vector of {n} bytes: its numbers take 4 each, as 32-bit floats of little endian"
        ));
    }
    let each = bytes.chunks_exact(WIDTH).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let numbers: Vec<f32> = each.collect();
    if let Some(at) = numbers.iter().position(|x| !x.is_finite()) {
        let odd = numbers[at];
        return wrong(format!("number {at} of the vector is {odd}: send finite numbers"));
    }
    if numbers.iter().all(|x| *x == 0.0) {
        return wrong("the vector is of zeros, which are like nothing: send one with a direction");
    }
    Ok(numbers)
}

fn decoded(key: &str, value: &str) -> Result<String> {
    if value.len() > VALUE_MAX {
        let n = value.len();
        return wrong(format!("{key} of a vector's URL has {n} bytes, at most {VALUE_MAX}"));
    }
    let bytes = from_percent(value).map_err(|e| Error(format!("{key}: {e}")))?;
    String::from_utf8(bytes.into_owned())
        .map_err(|e| Error(format!("{key} of a vector's URL is not UTF-8 ({e})")))
}

/// Percent-encodes all but what RFC 3986 reserves for nothing.
fn encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(numbers: &[f32]) -> Given {
        Given { space: "a b;c".into(), words: Some("50 % off, é".into()), numbers: numbers.into() }
    }

    fn refused(text: &str) -> String {
        Given::of(text).unwrap().unwrap_err().0
    }

    #[test]
    fn what_is_written_is_read() {
        let one = given(&[3.0, -0.0, 4.0, 1e-45]);
        let url = one.url();
        assert!(url.starts_with(
            "data:application/vnd.heraclitus.vector;space=a%20b%3Bc;words=50%20%25%20off%2C%20"
        ));
        assert_eq!(Given::of(&url).unwrap().unwrap(), one);
        let shouted = url.replacen("data:application/vnd", "DATA:Application/VND", 1);
        assert_eq!(Given::of(&shouted).unwrap().unwrap(), one);
        assert_eq!(one.unit().unwrap(), [0.6, -0.0, 0.8, 0.0]);
        let wordless = Given { words: None, ..one };
        assert_eq!(Given::of(&wordless.url()).unwrap().unwrap(), wordless);
        // The longest numbers have a direction too.
        assert!((given(&[f32::MAX, f32::MAX]).unit().unwrap()[0] - 0.707).abs() < 1e-3);
    }

    #[test]
    fn other_texts_are_no_vectors() {
        for text in ["", "data:", "the data", "data:image/png;base64,AAAA", "dätä:application/x"]
        {
            assert!(Given::of(text).is_none(), "{text}");
        }
        assert!(Given::of(&format!("data:{VECTOR}s;space=x;base64,AAAA")).is_none());
        let url = given(&[1.0]).url();
        assert!(crate::part(&url).unwrap_err().0.contains("text/…"), "it is none of these");
    }

    #[test]
    fn damaged_vectors_are_refused_by_name() {
        let of = |rest: &str| refused(&format!("data:{VECTOR}{rest}"));
        assert!(of(";space=x;base64").contains("no comma"));
        assert!(of(";base64,AACAPw==").contains("names no space"));
        assert!(of(";space=;base64,AACAPw==").contains("names no space"));
        assert!(of(";space=x,AACAPw==").contains("not in base64"));
        assert!(of(";space=x;dims=3;base64,AACAPw==").contains("\"dims=3\""));
        assert!(of(";space=x;flat;base64,AACAPw==").contains("\"flat\""));
        assert!(of(";space=%zz;base64,AACAPw==").contains("space: "));
        assert!(of(";space=%ff;base64,AACAPw==").contains("not UTF-8"));
        assert!(of(";space=x;base64,AAC*Pw==").contains("base64 is damaged"));
        assert!(of(";space=x;base64,AACAPwA=").contains("a vector of 5 bytes"));
        assert!(of(";space=x;base64,").contains("a vector of 0 bytes"));
        let long = format!(";space=x;words={};base64,AACAPw==", "w".repeat(VALUE_MAX + 1));
        assert!(of(&long).contains("words of a vector's URL has 16385 bytes"));
        assert!(refused(&given(&[1.0, f32::NAN]).url()).contains("number 1 of the vector is NaN"));
        assert!(refused(&given(&[f32::INFINITY]).url()).contains("is inf"));
        assert!(refused(&given(&[0.0, -0.0]).url()).contains("of zeros"));
    }
}
