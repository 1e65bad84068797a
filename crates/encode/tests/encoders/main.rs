//! Encoders and maps on real files, which the tests write themselves.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod flac;
mod hostile;
mod images;
mod jpeg;
mod mp3;
mod sounds;
mod spaces;
mod texts;
mod wav;

use her_encode::{Modality, builtin};

/// The vector of what must be readable; checks what every vector keeps.
fn vector(modality: Modality, bytes: &[u8]) -> Vec<f32> {
    let encoder = builtin(modality);
    let vector = encoder.encode(bytes).unwrap();
    assert_eq!(vector.len(), encoder.dims());
    assert!((near(&vector, &vector) - 1.0).abs() < 1e-5, "{}", near(&vector, &vector));
    vector
}

/// Why something is refused.
fn refused(modality: Modality, bytes: &[u8]) -> String {
    builtin(modality).encode(bytes).unwrap_err().to_string()
}

/// The cosine of two vectors of length 1.
fn near(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// For each vector with a label: has the nearest of the others the same one? The share of those
/// that have.
fn found(labelled: &[(usize, Vec<f32>)]) -> f64 {
    let finds_its_kind = |(i, (kind, vector)): &(usize, &(usize, Vec<f32>))| {
        let others = labelled.iter().enumerate().filter(|(j, _)| j != i);
        let nearest =
            others.max_by(|(_, a), (_, b)| near(vector, &a.1).total_cmp(&near(vector, &b.1)));
        nearest.is_some_and(|(_, other)| other.0 == *kind)
    };
    labelled.iter().enumerate().filter(finds_its_kind).count() as f64 / labelled.len() as f64
}

/// A digest of a vector's bits: FNV-1a.
fn bits(vector: &[f32]) -> u64 {
    vector
        .iter()
        .flat_map(|x| x.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Numbers from 0 to 1 that look random and are the same everywhere: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
