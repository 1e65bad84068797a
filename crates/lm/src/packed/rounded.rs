//! Rows of numbers rounded to eight bits.

use super::BLOCK;
use crate::quant::to_half;

/// Rows rounded to eight bits, with a scale for each block.
pub(crate) struct Rounded {
    pub blocks: usize,
    /// Four numbers a word, the first in the lowest byte.
    pub words: Vec<i32>,
    /// A scale for each block of each row.
    pub scales: Vec<f32>,
    /// The sum of each block's whole numbers.
    pub sums: Vec<i32>,
}

/// The greatest amount of a block; not a number when one of them is none.
fn greatest(block: &[f32; BLOCK]) -> f32 {
    // Without their signs, floats are in the order of their bits.
    f32::from_bits(block.iter().fold(0, |most, x| most.max(x.to_bits() & 0x7fff_ffff)))
}

/// The nearest whole numbers of a block, at most 127, when divided by a scale. What is no number
/// gives any; its scale is none either, and so is the product.
fn whole(block: &[f32; BLOCK], scale: f32) -> [i8; BLOCK] {
    // Adding this leaves the nearest integer in the low bits of the sum.
    const SHIFT: f32 = 12_582_912.0;
    let factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    block.map(|x| (x * factor + SHIFT).to_bits() as i8)
}

impl Rounded {
    /// Rounds rows of whole blocks.
    pub fn new(x: &[f32], columns: usize) -> Self {
        let n = x.len() / BLOCK;
        let mut rounded = Self {
            blocks: columns / BLOCK,
            words: Vec::with_capacity(n * BLOCK / 4),
            scales: Vec::with_capacity(n),
            sums: Vec::with_capacity(n),
        };
        for block in x.as_chunks::<BLOCK>().0 {
            let scale = greatest(block) / 127.0;
            let q = whole(block, scale);
            rounded.sums.push(q.iter().map(|q| i32::from(*q)).sum());
            rounded.scales.push(scale);
            let fours = q.chunks_exact(4);
            rounded.words.extend(
                fours.map(|q| i32::from_le_bytes([q[0] as u8, q[1] as u8, q[2] as u8, q[3] as u8])),
            );
        }
        rounded
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.scales.len() / self.blocks
    }
}

/// Appends a block as Q8_0 has it; `None` when its scale is no half float.
pub(super) fn block(block: &[f32; BLOCK], out: &mut Vec<u8>) -> Option<()> {
    let scale = to_half(greatest(block) / 127.0)?;
    out.extend(scale.0.to_le_bytes());
    out.extend(whole(block, scale.1).map(|q| q as u8));
    Some(())
}
