//! Numbers in a byte each: 64 neighbours share a power of two, each keeps seven bits and a sign.
//!
//! What was rounded once is not changed by rounding it again, so memory and disk agree.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};

/// How many neighbours share a power of two.
const BLOCK: usize = 64;
/// Powers below this count as nothing: their sixty-fourth part would not be a normal number.
const LEAST: i32 = -120;

/// Numbers as bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Narrow {
    /// The power of two that a number of each block is a multiple of.
    powers: Vec<i8>,
    numbers: Vec<i8>,
}

/// 2 to a power within −126 and 127.
fn two_to(power: i32) -> f32 {
    f32::from_bits(((power + 127) as u32) << 23)
}

/// The power of two just below the greatest number of a block, if it is one to be told.
fn power(block: &[f32]) -> Option<i32> {
    let top = block.iter().fold(0.0f32, |top, x| top.max(x.abs()));
    let power = (top.to_bits() >> 23) as i32 - 127;
    (power >= LEAST).then_some(power.min(127))
}

/// A multiple of a block's step, to the nearest, at most 127 of them.
fn nearest(x: f32, inverse: f32) -> f32 {
    /// Adding this leaves the nearest integer in the low bits of the sum.
    const SHIFT: f32 = 12_582_912.0;
    ((x * inverse).clamp(-127.0, 127.0) + SHIFT) - SHIFT
}

/// Rounds rows of a length to what bytes can tell; blocks do not reach over the end of a row.
pub(crate) fn round(x: &mut [f32], row: usize) {
    for block in x.chunks_mut(row.max(1)).flat_map(|row| row.chunks_mut(BLOCK)) {
        let Some(power) = power(block) else {
            block.fill(0.0);
            continue;
        };
        let (step, inverse) = (two_to(power - 6), two_to(6 - power));
        for x in block {
            *x = nearest(*x, inverse) * step;
        }
    }
}

impl Narrow {
    /// The bytes of rows that were rounded.
    pub fn pack(x: &[f32], row: usize) -> Self {
        let mut packed = Self::default();
        for block in x.chunks(row.max(1)).flat_map(|row| row.chunks(BLOCK)) {
            let power = power(block);
            let inverse = power.map_or(0.0, |power| two_to(6 - power));
            packed.powers.push(power.map_or(i8::MIN, |power| power as i8));
            packed.numbers.extend(block.iter().map(|x| nearest(*x, inverse) as i8));
        }
        packed
    }

    /// The `len` numbers of bytes, in rows as they were packed.
    ///
    /// # Errors
    /// When there are not as many, or a power is none.
    pub fn unpack(&self, len: usize, row: usize) -> Result<Vec<f32>> {
        let blocks = |n: usize| n.div_ceil(BLOCK);
        let (rows, rest) = (len / row.max(1), len % row.max(1));
        let wanted = rows * blocks(row) + blocks(rest);
        if self.numbers.len() != len || self.powers.len() != wanted {
            return wrong(format!("{} numbers in bytes, where {len} belong", self.numbers.len()));
        }
        if let Some(odd) = self.powers.iter().find(|p| i32::from(**p) < LEAST && **p != i8::MIN) {
            return wrong(format!("numbers in bytes by 2 to the power of {odd}: below {LEAST}"));
        }
        let mut out = Vec::with_capacity(len);
        let rows = self.numbers.chunks(row.max(1)).flat_map(|row| row.chunks(BLOCK));
        for (block, power) in rows.zip(&self.powers) {
            let step = if *power == i8::MIN { 0.0 } else { two_to(i32::from(*power) - 6) };
            out.extend(block.iter().map(|n| f32::from(*n) * step));
        }
        Ok(out)
    }
}

/// The mean of each block, down to a power of two.
pub(crate) fn coarse(x: &[f32]) -> Vec<i8> {
    let mean = |block: &[f32]| block.iter().sum::<f32>() / block.len() as f32;
    let power = |block| power(&[mean(block)]).map_or(i8::MIN, |power| power as i8);
    x.chunks(BLOCK).map(power).collect()
}

/// As many numbers as `len`, each its block's mean.
///
/// # Errors
/// When there are not as many blocks.
pub(crate) fn fine(powers: &[i8], len: usize) -> Result<Vec<f32>> {
    if powers.len() != len.div_ceil(BLOCK) {
        return wrong(format!("{} means of blocks, where {len} numbers belong", powers.len()));
    }
    let value = |i: usize| match i32::from(powers[i / BLOCK]) {
        power if power < LEAST => 0.0,
        power => two_to(power),
    };
    Ok((0..len).map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| (((i * 7919) % 997) as f32 / 498.5 - 1.0) * two_to(i as i32 % 9)).collect()
    }

    #[test]
    fn what_is_rounded_once_stays_and_its_bytes_bring_it_back() {
        for (n, row) in [(640, 192), (200, 8), (7, 100), (0, 5), (64, 64), (129, 129)] {
            let x = numbers(n);
            let mut once = x.clone();
            round(&mut once, row);
            let mut twice = once.clone();
            round(&mut twice, row);
            assert_eq!(once, twice);
            assert_eq!(Narrow::pack(&once, row).unpack(n, row).unwrap(), once);
            for (row, rounded) in x.chunks(row).zip(once.chunks(row)) {
                let top = row.iter().fold(0.0f32, |top, x| top.max(x.abs()));
                let off =
                    row.iter().zip(rounded).fold(0.0f32, |off, (a, b)| off.max((a - b).abs()));
                assert!(off <= top / 64.0, "off by {off} of {top}");
            }
        }
        let mut odd = vec![f32::MAX, 1e-38, -0.0, 1e-44];
        round(&mut odd, 1);
        let kept = odd.clone();
        assert_eq!(Narrow::pack(&odd, 1).unpack(4, 1).unwrap(), kept);
        assert!(odd[0] > 3e38 && odd[1..].iter().all(|x| *x == 0.0), "{odd:?}");
    }

    #[test]
    fn means_of_blocks_stay() {
        let squares: Vec<f32> = numbers(200).iter().map(|x| x * x).collect();
        let once = fine(&coarse(&squares), 200).unwrap();
        assert_eq!(fine(&coarse(&once), 200).unwrap(), once);
        assert_eq!(fine(&coarse(&[0.0; 65]), 65).unwrap(), [0.0; 65]);
    }

    #[test]
    fn other_counts_are_refused() {
        let packed = Narrow::pack(&[1.0; 10], 10);
        assert!(packed.unpack(11, 11).unwrap_err().to_string().contains("where 11 belong"));
        assert!(packed.unpack(10, 1).is_err());
        assert!(Narrow { powers: vec![-125], numbers: vec![1] }.unpack(1, 1).is_err());
        assert!(fine(&[0], 65).is_err());
    }
}
