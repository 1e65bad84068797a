//! What each origin contributed to a model, as the rows that peers exchange: for another identity
//! to join.
//!
//! In the file: columns `key` (32 bytes), `identity` (16), `life`, `number`, `events` (unsigned, 64
//! bits), `hash` (32), `signature` (64) and `sums` (bytes), in the order of the first three, each
//! origin once; the schema's note `contract` is the hash, in hexadecimal digits, of what the rows
//! can be joined to. What sums, hash and signature are, their writer says: this crate carries them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, BinaryArray, FixedSizeBinaryArray, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};

use crate::error::Flaw;
use crate::table::{COLUMN_MAX, batch, file, shaped};

const CONTRACT: &str = "contract";

/// A row: all that one origin contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The Ed25519 key of the node that its origin lives on.
    pub key: [u8; 32],
    /// Which of that node's identities.
    pub identity: [u8; 16],
    /// In which of its lives.
    pub life: u64,
    /// The version at which it was contributed: of two rows of one origin the higher one is newer.
    pub number: u64,
    /// From how many events it was learned.
    pub events: u64,
    /// The hash of the sums.
    pub hash: [u8; 32],
    /// The origin's signature.
    pub signature: [u8; 64],
    /// What was learned, packed.
    pub sums: Vec<u8>,
}

impl Contribution {
    /// By what rows are sorted.
    fn origin(&self) -> ([u8; 32], [u8; 16], u64) {
        (self.key, self.identity, self.life)
    }
}

/// The rows of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributions {
    /// The hash of the contract under which they are signed.
    pub contract: [u8; 32],
    /// A row of each origin, sorted by key, identity and life.
    pub rows: Vec<Contribution>,
}

fn fields() -> Vec<Field> {
    let bytes = |name: &str, n| Field::new(name, DataType::FixedSizeBinary(n), false);
    let number = |name: &str| Field::new(name, DataType::UInt64, false);
    vec![
        bytes("key", 32),
        bytes("identity", 16),
        number("life"),
        number("number"),
        number("events"),
        bytes("hash", 32),
        bytes("signature", 64),
        Field::new("sums", DataType::Binary, false),
    ]
}

impl Contributions {
    fn check(&self) -> Result<(), String> {
        let mut pairs = self.rows.iter().zip(self.rows.iter().skip(1));
        match pairs.find(|(first, second)| first.origin() >= second.origin()) {
            Some(_) => Err("the rows are not sorted by origin, each of them once".to_owned()),
            None => Ok(()),
        }
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, Flaw> {
        self.check().map_err(|found| Flaw::input(found, "sort them by key, identity and life"))?;
        let bytes: usize = self.rows.iter().map(|row| row.sums.len()).sum();
        if bytes > COLUMN_MAX {
            let found = format!("the sums of all rows have {bytes} bytes");
            return Err(Flaw::input(found, format!("a book takes {COLUMN_MAX}")));
        }
        let columns = vec![
            self.fixed(|row| &row.key)?,
            self.fixed(|row| &row.identity)?,
            self.numbers(|row| row.life),
            self.numbers(|row| row.number),
            self.numbers(|row| row.events),
            self.fixed(|row| &row.hash)?,
            self.fixed(|row| &row.signature)?,
            Arc::new(BinaryArray::from_iter_values(self.rows.iter().map(|row| &row.sums[..]))),
        ];
        let notes = std::collections::HashMap::from([(CONTRACT.to_owned(), hex(&self.contract))]);
        file(Schema::new(fields()).with_metadata(notes), columns)
    }

    fn fixed<const N: usize>(
        &self,
        part: impl Fn(&Contribution) -> &[u8; N],
    ) -> Result<ArrayRef, Flaw> {
        let bytes: Vec<u8> = self.rows.iter().flat_map(part).copied().collect();
        let array = FixedSizeBinaryArray::try_new(N as i32, bytes.into(), None);
        let array = array.map_err(|e| Flaw::input(e.to_string(), "look at the rows"))?;
        Ok(Arc::new(array))
    }

    fn numbers(&self, part: impl Fn(&Contribution) -> u64) -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(self.rows.iter().map(part)))
    }

    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, Flaw> {
        let (batch, schema) = batch(bytes, &fields())?;
        let named = schema.metadata().get(CONTRACT).and_then(|text| unhex(text));
        let contract = named.ok_or_else(|| shaped("it names no contract"))?;
        let rows = (0..batch.num_rows()).map(|i| row(&batch, i)).collect::<Option<_>>();
        let read = Self { contract, rows: rows.ok_or_else(|| shaped("a value is too short"))? };
        read.check().map_err(|found| shaped(&found))?;
        Ok(read)
    }
}

fn row(batch: &RecordBatch, i: usize) -> Option<Contribution> {
    let bytes = |column: usize| batch.column(column).as_fixed_size_binary().value(i);
    let number = |column: usize| batch.column(column).as_primitive::<UInt64Type>().value(i);
    Some(Contribution {
        key: bytes(0).try_into().ok()?,
        identity: bytes(1).try_into().ok()?,
        life: number(2),
        number: number(3),
        events: number(4),
        hash: bytes(5).try_into().ok()?,
        signature: bytes(6).try_into().ok()?,
        sums: batch.column(7).as_binary::<i32>().value(i).to_vec(),
    })
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || b >= b'a');
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate().filter(|_| plain) {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    plain.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use proptest::prelude::*;

    fn one(key: u8, life: u64) -> Contribution {
        let sums = vec![key; usize::from(key)];
        let (identity, hash, signature) = ([key + 1; 16], [key + 2; 32], [key + 3; 64]);
        Contribution { key: [key; 32], identity, life, number: 7, events: 3, hash, signature, sums }
    }

    fn some() -> Contributions {
        Contributions { contract: [171; 32], rows: vec![one(0, 9), one(4, u64::MAX), one(5, 0)] }
    }

    #[test]
    fn rows_come_back_in_the_same_bytes() {
        for rows in [some(), Contributions { contract: [1; 32], rows: vec![] }] {
            let bytes = rows.write().unwrap();
            assert_eq!(bytes, rows.write().unwrap());
            assert_eq!(Contributions::read(bytes).unwrap(), rows);
        }
    }

    #[test]
    fn an_origin_stands_there_once_and_in_its_place() {
        for rows in [vec![one(4, 1), one(4, 1)], vec![one(4, 2), one(4, 1)]] {
            let flaw = Contributions { contract: [0; 32], rows }.write().unwrap_err();
            assert_eq!(flaw.fault, Fault::Input);
            assert!(flaw.found.contains("sorted by origin"), "{}", flaw.found);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn nonsense_is_an_error(
            changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = some().write().unwrap();
            for (at, byte) in changes {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            if let Ok(read) = Contributions::read(bytes) {
                prop_assert!(read.rows.len() <= 3);
            }
        }
    }
}
