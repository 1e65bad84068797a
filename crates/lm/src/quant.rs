//! How weights are written in files, and as numbers again.
//!
//! A quantised row is a run of blocks; a block has its own scale, some have an offset, and the
//! blocks of 256 have a scale for every 16 or 32 elements, itself quantised.

use crate::error::{Result, wrong};

/// How the elements of a tensor are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 32-bit floats.
    F32,
    /// IEEE half floats.
    F16,
    /// The upper half of 32-bit floats.
    Bf16,
    /// 4 bits around 0, a scale for 32.
    Q4_0,
    /// 4 bits, a scale and an offset for 32.
    Q4_1,
    /// 5 bits around 0, a scale for 32.
    Q5_0,
    /// 5 bits, a scale and an offset for 32.
    Q5_1,
    /// 8 bits, a scale for 32.
    Q8_0,
    /// 4 bits, a 6-bit scale and offset for every 32 of 256.
    Q4K,
    /// 5 bits, a 6-bit scale and offset for every 32 of 256.
    Q5K,
    /// 6 bits, an 8-bit scale for every 16 of 256.
    Q6K,
}

/// The smallest run of elements that is written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// How many elements.
    pub elements: usize,
    /// In how many bytes.
    pub bytes: usize,
}

/// Every kind: its number in GGUF, its name, its block.
const KINDS: &[(u32, Kind, &str, Block)] = &[
    (0, Kind::F32, "F32", Block { elements: 1, bytes: 4 }),
    (1, Kind::F16, "F16", Block { elements: 1, bytes: 2 }),
    (2, Kind::Q4_0, "Q4_0", Block { elements: 32, bytes: 18 }),
    (3, Kind::Q4_1, "Q4_1", Block { elements: 32, bytes: 20 }),
    (6, Kind::Q5_0, "Q5_0", Block { elements: 32, bytes: 22 }),
    (7, Kind::Q5_1, "Q5_1", Block { elements: 32, bytes: 24 }),
    (8, Kind::Q8_0, "Q8_0", Block { elements: 32, bytes: 34 }),
    (12, Kind::Q4K, "Q4_K", Block { elements: 256, bytes: 144 }),
    (13, Kind::Q5K, "Q5_K", Block { elements: 256, bytes: 176 }),
    (14, Kind::Q6K, "Q6_K", Block { elements: 256, bytes: 210 }),
    (30, Kind::Bf16, "BF16", Block { elements: 1, bytes: 2 }),
];

impl Kind {
    /// The kind with this number in a GGUF file.
    pub fn from_gguf(number: u32) -> Result<Self> {
        match KINDS.iter().find(|row| row.0 == number) {
            Some(row) => Ok(row.1),
            None => wrong(format!(
                "its weights are of type {number}, which is not read: convert the model to one of {}",
                names()
            )),
        }
    }

    /// The kind with this name in a safetensors file.
    pub(crate) fn from_safetensors(name: &str) -> Result<Self> {
        match name {
            "F32" => Ok(Self::F32),
            "F16" => Ok(Self::F16),
            "BF16" => Ok(Self::Bf16),
            _ => wrong(format!(
                "its weights are {name}, which is not read: save the model as F32, F16 or BF16"
            )),
        }
    }

    fn row(self) -> &'static (u32, Self, &'static str, Block) {
        KINDS.iter().find(|row| row.1 == self).unwrap_or(&KINDS[0])
    }

    /// Its block.
    pub fn block(self) -> Block {
        self.row().3
    }

    /// Its name, as GGUF's tools print it.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Appends the numbers that whole blocks stand for.
    pub fn dequantise(self, bytes: &[u8], out: &mut Vec<f32>) {
        let Block { elements, bytes: size } = self.block();
        debug_assert_eq!(bytes.len() % size, 0, "whole blocks");
        out.reserve(bytes.len() / size * elements);
        let blocks = bytes.chunks_exact(size);
        match self {
            Self::F32 => out.extend(blocks.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
            Self::F16 => out.extend(blocks.map(|b| half(b, 0))),
            Self::Bf16 => {
                out.extend(blocks.map(|b| f32::from_bits(u32::from(u16_at(b, 0)) << 16)));
            }
            Self::Q8_0 => {
                for b in blocks {
                    let scale = half(b, 0);
                    out.extend(b[2..].iter().map(|q| f32::from(*q as i8) * scale));
                }
            }
            Self::Q4_0 => blocks.for_each(|b| nibbles(&b[2..], 0, half(b, 0), -8, 0.0, out)),
            Self::Q4_1 => blocks.for_each(|b| nibbles(&b[4..], 0, half(b, 0), 0, half(b, 2), out)),
            Self::Q5_0 => {
                blocks.for_each(|b| nibbles(&b[6..], u32_at(b, 2), half(b, 0), -16, 0.0, out));
            }
            Self::Q5_1 => {
                blocks.for_each(|b| nibbles(&b[8..], u32_at(b, 4), half(b, 0), 0, half(b, 2), out));
            }
            Self::Q4K => blocks.for_each(|b| scaled_32(b, &[], &b[16..], out)),
            Self::Q5K => blocks.for_each(|b| scaled_32(b, &b[16..48], &b[48..], out)),
            Self::Q6K => blocks.for_each(|b| scaled_16(b, out)),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

fn names() -> String {
    KINDS.iter().map(|row| row.2).collect::<Vec<_>>().join(", ")
}

fn u16_at(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([b[at], b[at + 1]])
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]])
}

/// The half float at a place.
fn half(b: &[u8], at: usize) -> f32 {
    from_half(u16_at(b, at))
}

/// The half float nearest to a number of 0 or above, and what it stands for; `None` where it would
/// not be finite.
pub(crate) fn to_half(x: f32) -> Option<(u16, f32)> {
    // Half floats are in the order of their bits: the nearest is found by halving.
    let (mut low, mut high) = (0u16, 0x7bff);
    if !(0.0..=from_half(high)).contains(&x) {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if from_half(middle) <= x { low = middle } else { high = middle }
    }
    let nearest = if x - from_half(low) <= from_half(high) - x { low } else { high };
    Some((nearest, from_half(nearest)))
}

/// What a half float stands for.
pub(crate) fn from_half(bits: u16) -> f32 {
    let h = u32::from(bits);
    let sign = (h >> 15) << 31;
    let (exponent, mantissa) = ((h >> 10) & 31, h & 1023);
    match exponent {
        0 => f32::from_bits(sign | (mantissa as f32 * 2f32.powi(-24)).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13)),
    }
}

/// 32 elements: low nibbles first, then the high ones; `fifth` holds a fifth bit of each.
fn nibbles(q: &[u8], fifth: u32, scale: f32, zero: i32, offset: f32, out: &mut Vec<f32>) {
    let of = |nibble: u8, i: usize| {
        let q = i32::from(nibble) | ((fifth >> i & 1) << 4) as i32;
        (q + zero) as f32 * scale + offset
    };
    out.extend(q.iter().enumerate().map(|(i, b)| of(b & 15, i)));
    out.extend(q.iter().enumerate().map(|(i, b)| of(b >> 4, i + 16)));
}

/// 256 elements in eights of 32, each with a 6-bit scale and offset. `fifth` may be empty.
fn scaled_32(b: &[u8], fifth: &[u8], q: &[u8], out: &mut Vec<f32>) {
    let (d, min, s) = (half(b, 0), half(b, 2), &b[4..16]);
    for part in 0..8 {
        let (scale, offset) = if part < 4 {
            (s[part] & 63, s[part + 4] & 63)
        } else {
            let high = |low: u8, top: u8| low | (top >> 6 << 4);
            (high(s[part + 4] & 15, s[part - 4]), high(s[part + 4] >> 4, s[part]))
        };
        let (scale, offset) = (d * f32::from(scale), min * f32::from(offset));
        for i in 0..32 {
            let nibble = q[part / 2 * 32 + i] >> (part % 2 * 4) & 15;
            let top = fifth.get(i).map_or(0, |bits| (bits >> part & 1) << 4);
            out.push(scale * f32::from(nibble | top) - offset);
        }
    }
}

/// 256 elements of 6 bits in sixteens, each with an 8-bit scale.
fn scaled_16(b: &[u8], out: &mut Vec<f32>) {
    let (low, high, scales, d) = (&b[..128], &b[128..192], &b[192..208], half(b, 208));
    for i in 0..256 {
        let (side, quarter, at) = (i / 128, i / 32 % 4, i % 32);
        let nibble = low[side * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4) & 15;
        let top = high[side * 32 + at] >> (quarter * 2) & 3;
        let q = i32::from(nibble | top << 4) - 32;
        out.push(d * f32::from(scales[i / 16] as i8) * q as f32);
    }
}
