//! Memories as sums.
//!
//! A memory is one block of cells: how often it was told, the sum of the times at which it was, and
//! its *record*, four bytes a cell, times how often it was told. The record is all of it that does
//! not add up: modality, space, id, text and vector. The block's name is the record's hash, so
//! blocks of one name have one record, whoever wrote them; their sum is that record told as often
//! as by all together, and a division gives it back. What is no multiple of a record of that name
//! is damaged, and is not remembered.

use her_learn::merge::{Fixed, fixed::GRID_BITS};
use serde::{Deserialize, Serialize};

use crate::memory::TEXT_MAX;
use crate::store::{Item, Store};
use crate::vector::{DIMS_MAX, Vector};

/// BLAKE3 of a record.
pub(crate) type Key = [u8; 32];

/// The longest id, in bytes.
pub(crate) const ID_MAX: usize = 256;
/// More bytes than a record has.
const RECORD_MAX: usize = DIMS_MAX + TEXT_MAX + ID_MAX + 1024;
/// Cells before those of the record.
const HEAD: usize = 3;
const WORD: usize = 4;

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    modality: &'a str,
    space: &'a str,
    id: &'a str,
    text: &'a str,
    step: f32,
    numbers: &'a [u8],
}

fn record(store: &Store, item: &Item) -> Vec<u8> {
    let numbers: Vec<u8> = item.vector.numbers.iter().map(|x| x.cast_unsigned()).collect();
    let record = Record {
        modality: store.modality(),
        space: store.space(),
        id: &item.id,
        text: &item.text,
        step: item.vector.step,
        numbers: &numbers,
    };
    postcard::to_allocvec(&record).expect("a record is plain data")
}

/// The name of a memory of this store.
pub(crate) fn key(store: &Store, item: &Item) -> Key {
    *blake3::hash(&record(store, item)).as_bytes()
}

/// The name as sums have it.
pub(crate) fn name(key: &Key) -> String {
    blake3::Hash::from_bytes(*key).to_hex().to_string()
}

/// `n` times a whole number, to the grid; `n` is on it already.
fn times(n: Fixed, whole: u32) -> Fixed {
    // A count of 2³⁴ would be needed to reach the end of the grid.
    Fixed::ZERO.add(Fixed(n.0.saturating_mul(i128::from(whole))))
}

/// The block of a memory.
pub(crate) fn block(store: &Store, item: &Item) -> Vec<Fixed> {
    let bytes = record(store, item);
    let mut cells = vec![item.told, item.times, times(item.told, bytes.len() as u32)];
    cells.extend(bytes.chunks(WORD).map(|some| {
        let mut word = [0; WORD];
        word[..some.len()].copy_from_slice(some);
        times(item.told, u32::from_le_bytes(word))
    }));
    cells
}

/// A memory as a block tells it, and in which space: nothing of what is damaged.
pub(crate) struct Told {
    pub modality: String,
    pub space: String,
    pub item: Item,
}

impl Told {
    pub(crate) fn of(name_of: &str, block: &[Fixed]) -> Option<Self> {
        let (told, sum_of_times) = (*block.first()?, *block.get(1)?);
        if told <= Fixed::ZERO {
            return None;
        }
        let whole = |cell: &Fixed| {
            let half = told.0 / 2;
            u32::try_from(cell.0.checked_add(half)?.div_euclid(told.0)).ok()
        };
        let len = whole(block.get(2)?)? as usize;
        if len > RECORD_MAX || block.len() < HEAD + len.div_ceil(WORD) {
            return None;
        }
        let words = block[HEAD..].iter().take(len.div_ceil(WORD)).map(whole);
        let mut bytes = Vec::with_capacity(len + WORD);
        for word in words {
            bytes.extend_from_slice(&word?.to_le_bytes());
        }
        bytes.truncate(len);
        let key = *blake3::hash(&bytes).as_bytes();
        let record: Record<'_> = postcard::from_bytes(&bytes).ok()?;
        if name(&key) != name_of || record.id.len() > ID_MAX || record.text.len() > TEXT_MAX {
            return None;
        }
        let numbers = record.numbers.iter().map(|x| x.cast_signed()).collect();
        let vector = Vector { step: record.step, numbers };
        let item = Item::of_sums(record.id, record.text, vector, told, sum_of_times);
        Some(Self { modality: record.modality.into(), space: record.space.into(), item })
    }
}

/// A count of one.
pub(crate) const ONCE: Fixed = Fixed(1 << GRID_BITS);
