//! A text as hashed n-grams: finds what is spelled alike, in any language.
//!
//! Words are runs of letters and digits in lower case. Each word counts as itself, with the one
//! before it, and by its character n-grams of 3 to 5 with `<` and `>` at its ends. A feature that
//! stands `c` times weighs √c times its kind's weight. It is hashed to 64 bits with a fixed seed;
//! some bits give its place among 256, one its sign, so features that meet cancel as often as they
//! add and scalar products are right in the mean. A text without a letter or digit is read by its
//! other characters.
//!
//! Letters and lower case are those of the compiler's Unicode: characters that a later version adds
//! are no letters before.
//!
//! **Shape** 256 numbers, of length 1; scalar products are cosines.
//!
//! **Cost** About 4 hashes a character and a sort of them: some 100 ns a character, 32 bytes each.
//!
//! **Errors** No text, white space only, more than [`TEXT_BYTES_MAX`] bytes, not UTF-8.
//!
//! **Source** Weinberger et al., 2009. Feature hashing for large scale multitask learning (signs).
//! Bojanowski et al., 2017. Enriching word vectors with subword information, §3.2 (n-grams with
//! ends).

use crate::vector::unit;
use crate::{Encoder, Error, Modality, Result, wrong};

/// The longest text that becomes a vector: 256 KiB.
pub const TEXT_BYTES_MAX: usize = 1 << 18;

const DIMS: usize = 256;
const SPACE: &str = "text-ngrams-1-256";
/// Of a word's characters, ends included.
const GRAMS: std::ops::RangeInclusive<usize> = 3..=5;

/// A kind of feature, with what one of it weighs. Characters are many to a word, so each weighs
/// less.
#[derive(Clone, Copy)]
enum Kind {
    Word = 1,
    Pair = 2,
    Gram = 3,
}

impl Kind {
    fn weight(self) -> f64 {
        match self {
            Self::Word => 1.0,
            Self::Pair => 0.5,
            Self::Gram => 0.375,
        }
    }
}

/// Hashed words, pairs of words and character n-grams.
#[derive(Debug)]
pub struct Ngrams;

impl Encoder for Ngrams {
    fn modality(&self) -> Modality {
        Modality::Text
    }

    fn space(&self) -> &str {
        SPACE
    }

    fn dims(&self) -> usize {
        DIMS
    }

    fn encode(&self, bytes: &[u8]) -> Result<Vec<f32>> {
        let n = bytes.len();
        if n > TEXT_BYTES_MAX {
            return wrong(format!(
                "a text of {n} bytes; at most {TEXT_BYTES_MAX} become one vector: cut it into several"
            ));
        }
        let text = utf8(bytes)?.to_lowercase();
        if text.trim().is_empty() {
            return wrong("the text is empty: there is nothing to make a vector of");
        }
        let mut vector = [0.0; DIMS];
        for kind in [Kind::Word, Kind::Pair, Kind::Gram] {
            let mut hashes = features(&text, kind);
            // Sorted, so that a sum's order hangs on what is said and not on where.
            hashes.sort_unstable();
            for same in hashes.chunk_by(|a, b| a == b) {
                let weight = kind.weight() * (same.len() as f64).sqrt();
                let sign = if same[0] >> 63 == 0 { 1.0 } else { -1.0 };
                vector[same[0] as usize % DIMS] += sign * weight;
            }
        }
        unit(&vector, "the text")
    }
}

/// The text that bytes hold.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        Error(format!("the text is not UTF-8 from byte {at} on: send it in UTF-8"))
    })
}

/// The hashes of all features of a kind, in the order in which they stand.
fn features(text: &str, kind: Kind) -> Vec<u64> {
    let words: Vec<&str> = words(text);
    let mut hashes = Vec::new();
    match kind {
        Kind::Word => hashes.extend(words.iter().map(|word| hash(kind, [*word]))),
        Kind::Pair => {
            hashes.extend(words.windows(2).map(|pair| hash(kind, [pair[0], " ", pair[1]])));
        }
        Kind::Gram => {
            let mut ended = String::new();
            for word in words {
                ended.clear();
                ended.extend(["<", word, ">"]);
                grams(&ended, &mut hashes);
            }
        }
    }
    hashes
}

/// Runs of letters and digits; where there is none, all characters but white space.
fn words(text: &str) -> Vec<&str> {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { text.split_whitespace().collect() } else { words }
}

fn grams(ended: &str, hashes: &mut Vec<u64>) {
    let starts = || ended.char_indices().map(|(at, _)| at);
    for n in GRAMS {
        let ends = starts().skip(n).chain([ended.len()]);
        hashes.extend(starts().zip(ends).map(|(at, end)| hash(Kind::Gram, [&ended[at..end]])));
    }
}

/// FNV-1a over the bytes, then the last mixing step of MurmurHash3, so that every bit hangs on
/// every byte. Part of the space: it may never change.
fn hash<const N: usize>(kind: Kind, parts: [&str; N]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325 ^ kind as u64;
    for byte in parts.iter().flat_map(|part| part.bytes()) {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}
