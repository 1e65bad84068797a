//! Sums as bytes: names front-coded, numbers in chunks of as many bits as they need.
//!
//! `1u8` · tensors · keys · chunks. Tensors are a count and texts; a key is the tensor's place, a
//! byte of flags, the class, the features (as how many bytes they share with the feature before,
//! and the rest), and the length of its block where that is not 1. Numbers follow in the order of
//! their names, 64 to a chunk, a chunk never over two tensors: a shift, a width in bits, then
//! `number >> shift` in zigzag. What rounding made equal to a short number times a power of two
//! takes few bits by this, without a format of its own for each codec. Counts are LEB128.
//!
//! `docs/internals/formats.md` has the table.

use std::sync::Arc;

use her_learn::Label;
use her_learn::merge::{Fixed, Key, Sums, fixed};

use super::limits;
use crate::error::{Error, Result};
use crate::leb::{Reader, put_bytes, put_len};

const VERSION: u8 = 1;
/// Numbers that share a shift and a width.
pub(super) const CHUNK: usize = 64;

const FEATURE: u8 = 1 << 3;
const OTHER: u8 = 1 << 4;
const BLOCK: u8 = 1 << 5;

/// The bytes of sums: equal sums give equal bytes.
pub fn pack(sums: &Sums) -> Vec<u8> {
    let mut out = vec![VERSION];
    let mut tensors: Vec<&Arc<str>> = Vec::new();
    for key in sums.keys() {
        if tensors.last().is_none_or(|last| !is(last, &key.tensor)) {
            tensors.push(&key.tensor);
        }
    }
    put_len(&mut out, tensors.len() as u64);
    for name in &tensors {
        put_bytes(&mut out, name.as_bytes());
    }
    put_len(&mut out, sums.keys().len() as u64);
    let mut at = 0;
    let (mut feature, mut other): (&str, &str) = ("", "");
    for (key, block) in sums.iter() {
        at += usize::from(!is(tensors[at], &key.tensor));
        put_len(&mut out, at as u64);
        let class = match &key.class {
            None => 0,
            Some(Label::Bool(false)) => 1,
            Some(Label::Bool(true)) => 2,
            Some(Label::Int(_)) => 3,
            Some(Label::Text(_)) => 4,
        };
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        out.push(
            class
                | flag(key.feature.is_some(), FEATURE)
                | flag(key.other.is_some(), OTHER)
                | flag(block.len() != 1, BLOCK),
        );
        match &key.class {
            Some(Label::Int(n)) => out.extend_from_slice(&n.to_le_bytes()),
            Some(Label::Text(text)) => put_bytes(&mut out, text.as_bytes()),
            _ => {}
        }
        for (name, before) in [(&key.feature, &mut feature), (&key.other, &mut other)] {
            if let Some(name) = name {
                put_after(&mut out, name, before);
                *before = name;
            }
        }
        if block.len() != 1 {
            put_len(&mut out, block.len() as u64);
        }
    }
    for chunk in chunks(sums) {
        put_chunk(&mut out, chunk);
    }
    out
}

/// The numbers in their order, in chunks that keep to one tensor.
pub(super) fn chunks(sums: &Sums) -> Vec<&[Fixed]> {
    let (mut chunks, mut begin, mut end) = (Vec::new(), 0, 0);
    let mut tensor: Option<&Arc<str>> = None;
    for (key, block) in sums.iter() {
        if tensor.is_some_and(|tensor| !is(tensor, &key.tensor)) {
            chunks.extend(sums.cells()[begin..end].chunks(CHUNK));
            begin = end;
        }
        tensor = Some(&key.tensor);
        end += block.len();
    }
    chunks.extend(sums.cells()[begin..end].chunks(CHUNK));
    chunks
}

/// Names of one tensor are mostly the same text in the same place.
fn is(a: &Arc<str>, b: &Arc<str>) -> bool {
    Arc::ptr_eq(a, b) || **a == **b
}

fn zigzag(n: i128) -> u128 {
    ((n << 1) ^ (n >> 127)) as u128
}

fn unzigzag(n: u128) -> i128 {
    (n >> 1) as i128 ^ -((n & 1) as i128)
}

fn put_chunk(out: &mut Vec<u8>, chunk: &[Fixed]) {
    let all = chunk.iter().fold(0, |all, cell| all | cell.0);
    let shift = if all == 0 { 0 } else { all.trailing_zeros() };
    // The widest has the highest bit of all.
    let all = chunk.iter().fold(0, |all, cell| all | zigzag(cell.0 >> shift));
    let width = 128 - all.leading_zeros();
    out.extend([shift as u8, width as u8]);
    out.reserve((chunk.len() * width as usize).div_ceil(8) + size_of::<u128>());
    let (mut word, mut filled) = (0_u128, 0);
    let mut put = |bits: u64, width: u32| {
        word |= u128::from(bits) << filled;
        filled += width;
        let whole = filled as usize / 8;
        out.extend_from_slice(&word.to_le_bytes()[..whole]);
        word >>= 8 * whole;
        filled %= 8;
    };
    for cell in chunk {
        let value = zigzag(cell.0 >> shift);
        put(value as u64, width.min(64));
        if width > 64 {
            put((value >> 64) as u64, width - 64);
        }
    }
    if filled > 0 {
        out.push(word as u8);
    }
}

fn put_after(out: &mut Vec<u8>, name: &str, before: &str) {
    let same = name.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
    put_len(out, same as u64);
    put_len(out, (name.len() - same) as u64);
    out.extend_from_slice(&name.as_bytes()[same..]);
}

/// Sums from the bytes of [`pack`]. Whatever is wrong with them is an error; no length in them
/// makes room that the bytes themselves do not justify.
pub fn unpack(bytes: &[u8]) -> Result<Sums> {
    let mut from = Reader { bytes, wrong };
    match from.u8()? {
        VERSION => {}
        other => {
            return Err(Error::unsupported("sums", "packing", other.into(), VERSION.into()));
        }
    }
    let n = from.len()?;
    let mut tensors: Vec<Arc<str>> = Vec::with_capacity(n.min(64));
    for _ in 0..n {
        tensors.push(from.str()?.into());
    }
    let n = from.len()?;
    let mut keys: Vec<(Key, usize)> = Vec::with_capacity(n.min(4096));
    let mut cells = 0;
    let (mut feature, mut other) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let (key, len) = from.key(&tensors, &mut feature, &mut other)?;
        cells += len;
        if cells > limits::CELLS {
            return Err(wrong(&format!("more than {} numbers", limits::CELLS)));
        }
        keys.push((key, len));
    }
    let cells = from.numbers(&keys)?;
    if !from.bytes.is_empty() {
        return Err(wrong("more bytes than numbers"));
    }
    Sums::of_sorted(keys, cells).ok_or_else(|| wrong("names that are out of order"))
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("packed sums hold {what}; ask the peer for them again"))
}

impl Reader<'_> {
    fn after(&mut self, before: &mut Vec<u8>) -> Result<Arc<str>> {
        let same = self.number()?;
        if same > before.len() as u64 {
            return Err(wrong("a name that shares more than there is"));
        }
        before.truncate(same as usize);
        let n = self.len()?;
        before.extend_from_slice(self.take(n)?);
        let name = std::str::from_utf8(before).map_err(|_| wrong("a name that is not UTF-8"))?;
        Ok(name.into())
    }

    fn key(
        &mut self,
        tensors: &[Arc<str>],
        feature: &mut Vec<u8>,
        other: &mut Vec<u8>,
    ) -> Result<(Key, usize)> {
        let at = self.number()? as usize;
        let tensor = tensors.get(at).ok_or_else(|| wrong("a tensor that is not in its table"))?;
        let flags = self.u8()?;
        let class = match flags & 7 {
            0 => None,
            1 => Some(Label::Bool(false)),
            2 => Some(Label::Bool(true)),
            3 => {
                let mut n = [0; 8];
                n.copy_from_slice(self.take(8)?);
                Some(Label::Int(i64::from_le_bytes(n)))
            }
            4 => Some(Label::Text(self.str()?.into())),
            _ => return Err(wrong("a class of no known kind")),
        };
        let feature = if flags & FEATURE == 0 { None } else { Some(self.after(feature)?) };
        let other = if flags & OTHER == 0 { None } else { Some(self.after(other)?) };
        let len = if flags & BLOCK == 0 { 1 } else { self.number()? };
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(limits::CELLS + 1);
        Ok((Key { tensor: Arc::clone(tensor), class, feature, other }, len))
    }

    /// The numbers of all keys, chunk after chunk.
    fn numbers(&mut self, keys: &[(Key, usize)]) -> Result<Vec<Fixed>> {
        let mut cells = Vec::new();
        for of_tensor in keys.chunk_by(|(a, _), (b, _)| is(&a.tensor, &b.tensor)) {
            let mut left: usize = of_tensor.iter().map(|(_, len)| len).sum();
            while left > 0 {
                let n = left.min(CHUNK);
                self.chunk(n, &mut cells)?;
                left -= n;
            }
        }
        Ok(cells)
    }

    fn chunk(&mut self, n: usize, cells: &mut Vec<Fixed>) -> Result<()> {
        let (shift, width) = (u32::from(self.u8()?), u32::from(self.u8()?));
        if shift > 127 || width > 128 || (width > 0 && width + shift > 128) {
            return Err(wrong("a number of more than 128 bits"));
        }
        let mut rest = self.take((n * width as usize).div_ceil(8))?;
        let (mut word, mut filled) = (0_u128, 0);
        let mut get = |width: u32| {
            if filled < width {
                let (now, later) = rest.split_at(rest.len().min(8));
                let mut eight = [0; 8];
                eight[..now.len()].copy_from_slice(now);
                word |= u128::from(u64::from_le_bytes(eight)) << filled;
                filled += 8 * now.len() as u32;
                rest = later;
            }
            let bits = word & ((1 << width) - 1);
            word >>= width;
            filled -= width;
            bits
        };
        for _ in 0..n {
            let low = get(width.min(64));
            let value = if width > 64 { low | get(width - 64) << 64 } else { low };
            let cell = unzigzag(value) << shift;
            if cell.unsigned_abs() > fixed::TOP.unsigned_abs() {
                return Err(wrong("a number beyond the grid"));
            }
            cells.push(Fixed(cell));
        }
        Ok(())
    }
}
