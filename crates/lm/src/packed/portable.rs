//! The product by plain loops: what every other kernel's bits are held to.

use super::{Bits, Line, Packed, Rounded, TILE};
use crate::quant::from_half;

/// The sums of whole numbers of sixteen rows over one block.
fn sums(bits: Bits, lines: &[Line], words: &[i32], first: i32) -> [i32; TILE] {
    let mut sums = [first; TILE];
    let mut add = |line: &Line, word: i32, of: fn(u8) -> u8| {
        let four = word.to_le_bytes();
        for (lane, sum) in sums.iter_mut().enumerate() {
            for (j, a) in four.iter().enumerate() {
                *sum += i32::from(of(line.0[lane * 4 + j])) * i32::from(*a as i8);
            }
        }
    };
    for (i, line) in lines.iter().enumerate() {
        match bits {
            Bits::Eight => add(line, words[i], |q| q),
            Bits::Four => {
                add(line, words[i], |q| q & 15);
                add(line, words[i + 4], |q| q >> 4);
            }
        }
    }
    sums
}

pub(super) fn multiply(w: &Packed, x: &Rounded, out: &mut [f32]) {
    for (tile, first) in (0..w.rows).step_by(TILE).enumerate() {
        for (t, out) in out.chunks_exact_mut(w.rows).enumerate() {
            let mut totals = [0.0f32; TILE];
            for b in 0..w.blocks {
                let (place, at) = (tile * w.blocks + b, t * w.blocks + b);
                let words = &x.words[at * 8..(at + 1) * 8];
                let (scale, sum) = (x.scales[at], x.sums[at]);
                let sums = sums(w.bits, w.lines_at(place), words, -w.zero * sum);
                for (lane, total) in totals.iter_mut().enumerate() {
                    let factor = from_half(w.scales[place][lane]) * scale;
                    *total += factor * sums[lane] as f32;
                    if let Some(offsets) = w.offsets.get(place) {
                        *total += from_half(offsets[lane]) * (scale * sum as f32);
                    }
                }
            }
            let n = TILE.min(w.rows - first);
            out[first..first + n].copy_from_slice(&totals[..n]);
        }
    }
}
