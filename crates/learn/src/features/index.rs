//! The look-up table behind names: by their bytes, without touching strings where they are short.

use hashbrown::HashTable;

use super::FeatureId;

/// A name as the tables compare it: the first 16 bytes as two numbers, padded with zeros, and the
/// length. Most names are no longer, so that finding them touches no string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    low: u64,
    high: u64,
    len: u32,
    hash: u64,
}

const SHORT: usize = 16;
// Each has a byte 0xff, which no UTF-8 text holds: the factors of a short name are never zero.
const SEED_LOW: u64 = 0xff51_afd7_ed55_8ccd;
const SEED_HIGH: u64 = 0xc4ce_ff9e_1a85_ec53;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ SEED_LOW) * u128::from(b ^ SEED_HIGH);
    (product as u64) ^ (product >> 64) as u64
}

#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Up to eight bytes as a number, the missing ones zero. Reads that overlap avoid a copy of a
/// length known only at run time.
#[inline]
fn word(b: &[u8]) -> u64 {
    let n = b.len();
    match n {
        0 => 0,
        1..=3 => {
            let (first, middle, last) = (b[0] as u64, b[n / 2] as u64, b[n - 1] as u64);
            first | middle << (8 * (n / 2)) | last << (8 * (n - 1))
        }
        4..=7 => {
            let four =
                |at: usize| u64::from(u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]));
            four(0) | four(n - 4) << (8 * (n - 4))
        }
        _ => eight(b, 0),
    }
}

/// The lowest `n` bytes of a number; all eight from 8 on.
#[inline]
fn lowest(value: u64, n: usize) -> u64 {
    if n >= 8 { value } else { value & ((1 << (8 * n)) - 1) }
}

impl Key {
    #[inline]
    pub fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let low = word(&bytes[..bytes.len().min(8)]);
        let high = word(&bytes[bytes.len().min(8)..bytes.len().min(SHORT)]);
        let mut hash = fold(low, high);
        if bytes.len() > SHORT {
            for chunk in bytes[SHORT..].chunks(8) {
                hash = fold(hash, word(chunk));
            }
        }
        Self { low, high, len: bytes.len() as u32, hash: hash ^ (hash >> 32) }
    }

    /// The key of a part of a text that goes on for 16 bytes from `start`: no branch on lengths.
    #[inline]
    pub fn within(text: &str, start: usize, end: usize) -> Self {
        let len = end - start;
        if len > SHORT {
            return Self::new(&text[start..end]);
        }
        let bytes = &text.as_bytes()[start..start + SHORT];
        let low = lowest(eight(bytes, 0), len);
        let high = lowest(eight(bytes, 8), len.saturating_sub(8));
        let hash = fold(low, high);
        Self { low, high, len: len as u32, hash: hash ^ (hash >> 32) }
    }
}

/// An entry of a table of names: a [`Key`] without its hash, and the id.
#[derive(Debug, Clone, Copy)]
struct Slot {
    low: u64,
    high: u64,
    len: u32,
    id: FeatureId,
}

impl Slot {
    #[inline]
    fn is(&self, key: &Key) -> bool {
        self.low == key.low && self.high == key.high && self.len == key.len
    }
}

/// Names to ids. Its order is never visible: it is only looked up.
#[derive(Debug, Default, Clone)]
pub(super) struct Index(HashTable<Slot>);

impl Index {
    pub fn with_capacity(names: usize) -> Self {
        Self(HashTable::with_capacity(names))
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    #[inline]
    pub fn find<'a>(
        &self,
        key: &Key,
        name: &str,
        known: impl Fn(FeatureId) -> &'a str,
    ) -> Option<FeatureId> {
        let same = |s: &Slot| s.is(key) && (key.len <= SHORT as u32 || known(s.id) == name);
        self.0.find(key.hash, same).map(|s| s.id)
    }

    pub fn insert<'a>(&mut self, key: &Key, id: FeatureId, known: impl Fn(FeatureId) -> &'a str) {
        let slot = Slot { low: key.low, high: key.high, len: key.len, id };
        self.0.insert_unique(key.hash, slot, |s| Key::new(known(s.id)).hash);
    }
}
