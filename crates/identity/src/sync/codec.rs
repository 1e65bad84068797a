//! How a contribution is rounded before it is sent: few bits a number, and the rest is kept for
//! the next time (error feedback), so that nothing is lost, only late.
//!
//! Without error feedback most of these make a receiver worse than no message does: that was
//! measured, and is shown by `her bench sync`.
//!
//! **Source** Karimireddy, S.P. et al., 2019. Error feedback fixes SignSGD and other gradient
//! compression schemes.

use her_learn::merge::{Fixed, Merge, Sums};
use serde::{Deserialize, Serialize};

use super::pack::CHUNK;

/// How many bits a number keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// All of them. Counts and moments always go so.
    Exact,
    /// 24 significant ones, as single floats have.
    F32,
    /// 8 for each of 64 neighbours that share a power of two; 16 where rounding hurts more.
    #[default]
    I8,
    /// 4 of the same kind; 12 where rounding hurts more.
    I4,
    /// The largest eighth of the numbers, 8 bits each. For repeated rounds only: the rest is late.
    TopK,
    /// The events themselves, where they are few: what they teach who knows this origin's row and
    /// nothing else. As [`I8`](Self::I8) where they are more than
    /// [`LESSON_EVENTS`](super::limits::LESSON_EVENTS).
    Events,
}

/// The share of numbers that [`Codec::TopK`] keeps is one of so many.
const TOP_OF: usize = 8;

impl Codec {
    /// What of these sums is sent now, for a model that is merged so. The rest is the caller's to
    /// keep.
    pub fn round(self, sums: &Sums, merge: Merge) -> Sums {
        // The more exact the merge, the more a rounded number costs: a count is a count, and a
        // matrix that is solved doubles the error of its cells many times.
        let bits = match (self, merge) {
            (_, Merge::Stateless | Merge::Exact) | (Self::Exact, _) => return sums.clone(),
            (Self::F32, _) => return each(sums, |cell| significant(cell, 24)),
            (Self::I8 | Self::Events, Merge::Approximate) => 16,
            (Self::I4, Merge::Approximate) => 12,
            (Self::I8 | Self::TopK | Self::Events, _) => 8,
            (Self::I4, _) => 4,
        };
        let mut rounded = if self == Self::TopK { largest(sums) } else { sums.clone() };
        round_chunks(&mut rounded, bits);
        rounded.trim();
        rounded
    }

    /// The name, as settings have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::F32 => "f32",
            Self::I8 => "i8",
            Self::I4 => "i4",
            Self::TopK => "top_k",
            Self::Events => "events",
        }
    }

    /// Those that round numbers, the finest first.
    pub const ROUNDING: [Self; 5] = [Self::Exact, Self::F32, Self::I8, Self::I4, Self::TopK];
}

fn each(sums: &Sums, with: impl Fn(Fixed) -> Fixed) -> Sums {
    sums.iter()
        .map(|(key, block)| (key.clone(), block.iter().map(|c| with(*c)).collect()))
        .collect()
}

/// A number with so many significant bits.
fn significant(cell: Fixed, bits: u32) -> Fixed {
    let used = 128 - cell.0.unsigned_abs().leading_zeros();
    Fixed(round_to(cell.0, used.saturating_sub(bits)))
}

/// The nearest multiple of 2^shift, of halves the even one.
fn round_to(n: i128, shift: u32) -> i128 {
    if shift == 0 {
        return n;
    }
    let floor = n >> shift;
    let rest = n - (floor << shift);
    let half = 1_i128 << (shift - 1);
    let up = rest > half || (rest == half && floor & 1 == 1);
    (floor + i128::from(up)) << shift
}

/// Rounds to so many bits, the sign among them, with a power of two for each chunk: one scale for
/// all spoils numbers whose sizes differ, and words come in very different numbers.
fn round_chunks(sums: &mut Sums, bits: u32) {
    let scales: Vec<u32> = super::pack::chunks(sums)
        .iter()
        .map(|chunk| {
            let most = chunk.iter().map(|cell| cell.0.unsigned_abs()).max().unwrap_or(0);
            (129 - most.leading_zeros()).saturating_sub(bits)
        })
        .collect();
    let (mut at, mut within) = (0, 0);
    let mut tensor: Option<std::sync::Arc<str>> = None;
    let mut rounded = Vec::new();
    for (key, block) in sums.iter() {
        let other = tensor.as_ref().is_some_and(|tensor| *tensor != key.tensor);
        if other && within > 0 {
            (at, within) = (at + 1, 0);
        }
        tensor = Some(std::sync::Arc::clone(&key.tensor));
        let mut cells = Vec::with_capacity(block.len());
        for cell in block {
            if within == CHUNK {
                (at, within) = (at + 1, 0);
            }
            let shift = scales[at];
            // Rounding up may need a bit more than there is.
            let top = ((1_i128 << (bits - 1)) - 1) << shift;
            cells.push(Fixed(round_to(cell.0, shift).clamp(-top, top)));
            within += 1;
        }
        rounded.push((key.clone(), cells.into_boxed_slice()));
    }
    *sums = rounded.into_iter().collect();
}

/// The largest numbers; the others are 0.
fn largest(sums: &Sums) -> Sums {
    let mut sizes: Vec<u128> =
        sums.iter().flat_map(|(_, block)| block.iter().map(|c| c.0.unsigned_abs())).collect();
    let keep = sizes.len().div_ceil(TOP_OF);
    if keep == 0 {
        return Sums::default();
    }
    let (_, least, _) = sizes.select_nth_unstable_by(keep - 1, |a, b| b.cmp(a));
    let least = *least;
    let mut kept =
        each(sums, |cell| if cell.0.unsigned_abs() >= least { cell } else { Fixed::ZERO });
    kept.trim();
    kept
}
