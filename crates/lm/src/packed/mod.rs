//! Weights of four or eight bits, for products of few rows: speaking is bound by memory, and these
//! are a seventh to a quarter of the same in f32.
//!
//! A weight is `scale · (q − zero) + offset` with a scale, and maybe an offset, for 32 columns of a
//! row. What it is multiplied with is rounded to eight bits, with a scale for 32 columns too. So a
//! product is a sum of whole numbers for each 32 columns, which is exact however it is computed,
//! and these are added one after the other. Every kernel gives the same bits.

mod portable;
mod rounded;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::quant::Kind;
pub(crate) use rounded::Rounded;

/// For how many columns there is one scale.
const BLOCK: usize = 32;
/// How many rows lie interleaved.
const TILE: usize = 16;

/// As much as is read at once.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// How many bits a weight has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bits {
    Four,
    Eight,
}

/// A linear map. For sixteen rows and 32 columns the weights lie together: in each line, sixteen
/// times the bytes of four columns of a row. The upper half of a byte of two weights is the one
/// sixteen columns further.
pub(crate) struct Packed {
    rows: usize,
    /// How many blocks a row has.
    blocks: usize,
    bits: Bits,
    zero: i32,
    lines: Vec<Line>,
    /// Half floats; for each block of each sixteen rows, one a row.
    scales: Vec<[u16; TILE]>,
    /// As many, or none.
    offsets: Vec<[u16; TILE]>,
}

impl Packed {
    /// The blocks of a file, as they are: no weight changes. `None` where they are of a kind that
    /// has no kernel here.
    pub fn new(kind: Kind, bytes: &[u8], rows: usize, columns: usize) -> Option<Self> {
        let (bits, zero, offset) = match kind {
            Kind::Q4_0 => (Bits::Four, 8, false),
            Kind::Q4_1 => (Bits::Four, 0, true),
            Kind::Q8_0 => (Bits::Eight, 128, false),
            _ => return None,
        };
        let blocks = columns / BLOCK;
        let places = rows.div_ceil(TILE) * blocks;
        let each = if bits == Bits::Four { 4 } else { 8 };
        let mut packed = Self {
            rows,
            blocks,
            bits,
            zero,
            lines: vec![Line([0; 64]); places * each],
            scales: vec![[0; TILE]; places],
            offsets: vec![[0; TILE]; if offset { places } else { 0 }],
        };
        for (i, block) in bytes.chunks_exact(kind.block().bytes).enumerate() {
            let (row, at) = (i / blocks, i % blocks);
            let (place, lane) = (row / TILE * blocks + at, row % TILE);
            let half = |at: usize| u16::from_le_bytes([block[at], block[at + 1]]);
            packed.scales[place][lane] = half(0);
            if offset {
                packed.offsets[place][lane] = half(2);
            }
            let weights = &block[if offset { 4 } else { 2 }..];
            let lines = &mut packed.lines[place * each..(place + 1) * each];
            for (line, four) in lines.iter_mut().zip(weights.chunks_exact(4)) {
                for (to, q) in line.0[lane * 4..].iter_mut().zip(four) {
                    // Eight bits with a sign are told apart from without by the upper one.
                    *to = if bits == Bits::Eight { q ^ 128 } else { *q };
                }
            }
        }
        Some(packed)
    }

    /// Weights rounded to eight bits. `None` where a row is not whole blocks.
    pub fn round(weights: &[f32], rows: usize, columns: usize) -> Option<Self> {
        if !columns.is_multiple_of(BLOCK) {
            return None;
        }
        let mut bytes = Vec::with_capacity(weights.len() / BLOCK * Kind::Q8_0.block().bytes);
        for block in weights.as_chunks::<BLOCK>().0 {
            rounded::block(block, &mut bytes)?;
        }
        Self::new(Kind::Q8_0, &bytes, rows, columns)
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> u64 {
        let halves = self.scales.len() + self.offsets.len();
        (self.lines.len() * size_of::<Line>() + halves * size_of::<[u16; TILE]>()) as u64
    }

    /// The product with each row of `x`: a row of `out` each.
    pub fn multiply(&self, x: &Rounded, out: &mut [f32]) {
        assert_eq!(x.blocks, self.blocks, "the factors' shapes fit each other");
        assert_eq!(out.len(), x.rows() * self.rows, "a row for each of the other factor");
        #[cfg(target_arch = "x86_64")]
        if x86::multiply(self, x, out) {
            return;
        }
        portable::multiply(self, x, out);
    }

    /// Where the lines of a place are.
    fn lines_at(&self, place: usize) -> &[Line] {
        let each = self.lines.len() / self.scales.len();
        &self.lines[place * each..(place + 1) * each]
    }
}

/// Which instructions these products use here, `avx512-vnni` or `avx2`; their bits do not depend on
/// it. With none of them, plain loops would take twice as long as products in f32.
pub(crate) fn name() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    return x86::name();
    #[cfg(not(target_arch = "x86_64"))]
    None
}

#[cfg(test)]
mod tests;
