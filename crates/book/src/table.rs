//! Tables as Arrow IPC files: names of features and classes, and what memory vectors are of.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, UInt64Type};
use arrow_array::{
    Array, ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, Flaw};

/// All texts of a column together, in bytes: half of what Arrow's offsets reach.
pub const COLUMN_MAX: usize = 1 << 30;
const SPACE: &str = "space";

/// What a name in the dictionary is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameOf {
    /// A feature.
    Feature,
    /// A class.
    Class,
    /// A token.
    Token,
}

impl NameOf {
    fn text(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Class => "class",
            Self::Token => "token",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Feature, Self::Class, Self::Token].into_iter().find(|kind| kind.text() == text)
    }
}

/// A name, and the number by which the weights know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// What it is a name of.
    pub of: NameOf,
    /// Its number.
    pub id: u64,
    /// The name.
    pub name: String,
}

/// Names in their order. In the file: columns `of` and `name` (texts), `id` (unsigned, 64 bits).
pub type Dictionary = Vec<Name>;

fn odd(e: &ArrowError) -> Flaw {
    Flaw::damaged(Fault::Format, format!("no Arrow file that can be read: {e}"))
}

pub(crate) fn shaped(what: &str) -> Flaw {
    Flaw::damaged(Fault::Format, format!("the table is not as a book's is: {what}"))
}

fn texts<'t>(
    column: &str,
    values: impl Iterator<Item = &'t str> + Clone,
) -> Result<ArrayRef, Flaw> {
    let bytes: usize = values.clone().map(str::len).sum();
    if bytes > COLUMN_MAX {
        let found = format!("the texts of column `{column}` have {bytes} bytes");
        return Err(Flaw::input(found, format!("a book takes {COLUMN_MAX}")));
    }
    Ok(Arc::new(StringArray::from_iter_values(values)))
}

pub(crate) fn file(schema: Schema, columns: Vec<ArrayRef>) -> Result<Vec<u8>, Flaw> {
    let write = || {
        let schema = Arc::new(schema);
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let mut writer = FileWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        writer.finish()?;
        writer.into_inner()
    };
    let failed = |e: ArrowError| Flaw::input(format!("Arrow refuses the table: {e}"), "look at it");
    write().map_err(failed)
}

/// The one batch of a file whose columns must be these, and the schema's notes.
///
/// Arrow's reader takes some offsets of a file on trust and panics where they lead nowhere. They
/// are looked at before; and since it works on memory that is ours alone, a panic that is left is
/// an error like any other.
pub(crate) fn batch(bytes: Vec<u8>, wanted: &[Field]) -> Result<(RecordBatch, Arc<Schema>), Flaw> {
    let leads_out = || {
        Flaw::damaged(Fault::Format, "no Arrow file that can be read: its offsets lead out of it")
    };
    check_offsets(&bytes).ok_or_else(leads_out)?;
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parse(bytes, wanted)));
    read.unwrap_or_else(|_| Err(leads_out()))
}

/// Whether the footer's blocks lie in the file, and each batch's buffers in its body.
fn check_offsets(bytes: &[u8]) -> Option<()> {
    let tail: [u8; 10] = bytes.last_chunk().copied()?;
    let length = arrow_ipc::reader::read_footer_length(tail).ok()?;
    let end = bytes.len() - tail.len();
    let footer = arrow_ipc::root_as_footer(&bytes[end.checked_sub(length)?..end]).ok()?;
    if footer.dictionaries().is_some_and(|dictionaries| !dictionaries.is_empty()) {
        return None;
    }
    footer.schema()?.fields()?;
    for block in footer.recordBatches()? {
        let start = usize::try_from(block.offset()).ok()?;
        let body = start.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
        let length = usize::try_from(block.bodyLength()).ok()?;
        let message = bytes.get(start..body)?;
        bytes.get(body..body.checked_add(length)?)?;
        // Behind a mark and its length.
        let message =
            arrow_ipc::root_as_message(message.strip_prefix(&[255; 4])?.get(4..)?).ok()?;
        let batch = message.header_as_record_batch()?;
        for buffer in batch.buffers()? {
            let start = usize::try_from(buffer.offset()).ok()?;
            let end = start.checked_add(usize::try_from(buffer.length()).ok()?)?;
            (end <= length).then_some(())?;
        }
    }
    Some(())
}

fn parse(bytes: Vec<u8>, wanted: &[Field]) -> Result<(RecordBatch, Arc<Schema>), Flaw> {
    let mut reader = FileReader::try_new(Cursor::new(bytes), None).map_err(|e| odd(&e))?;
    let schema = reader.schema();
    if !schema.fields().iter().map(AsRef::as_ref).eq(wanted) {
        return Err(shaped("its columns are others"));
    }
    let first = reader.next().ok_or_else(|| shaped("there is no batch"))?.map_err(|e| odd(&e))?;
    if reader.next().is_some() {
        return Err(shaped("there is a second batch"));
    }
    if first.columns().iter().any(|column| column.null_count() > 0) {
        return Err(shaped("a value is missing"));
    }
    Ok((first, schema))
}

fn dictionary_fields() -> Vec<Field> {
    vec![
        Field::new("of", DataType::Utf8, false),
        Field::new("id", DataType::UInt64, false),
        Field::new("name", DataType::Utf8, false),
    ]
}

pub(crate) fn write_dictionary(names: &[Name]) -> Result<Vec<u8>, Flaw> {
    let columns = vec![
        texts("of", names.iter().map(|name| name.of.text()))?,
        Arc::new(UInt64Array::from_iter_values(names.iter().map(|name| name.id))) as ArrayRef,
        texts("name", names.iter().map(|name| name.name.as_str()))?,
    ];
    file(Schema::new(dictionary_fields()), columns)
}

pub(crate) fn read_dictionary(bytes: Vec<u8>) -> Result<Dictionary, Flaw> {
    let (batch, _) = batch(bytes, &dictionary_fields())?;
    let (of, name) = (batch.column(0).as_string::<i32>(), batch.column(2).as_string::<i32>());
    let id = batch.column(1).as_primitive::<UInt64Type>();
    let row = |i: usize| {
        let kind =
            NameOf::parse(of.value(i)).ok_or_else(|| shaped("a name is of nothing known"))?;
        Ok(Name { of: kind, id: id.value(i), name: name.value(i).to_owned() })
    };
    (0..batch.num_rows()).map(row).collect()
}

fn rows_fields() -> Vec<Field> {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    vec![Field::new("id", DataType::Utf8, false), Field::new("at", time, false)]
}

/// Ids and times of memory vectors, and the name of their space.
pub(crate) struct Rows {
    pub space: String,
    pub ids: Vec<String>,
    pub at_ms: Vec<i64>,
}

impl Rows {
    pub fn write(&self) -> Result<Vec<u8>, Flaw> {
        let times = TimestampMillisecondArray::from(self.at_ms.clone()).with_timezone("UTC");
        let columns =
            vec![texts("id", self.ids.iter().map(String::as_str))?, Arc::new(times) as ArrayRef];
        let notes = std::collections::HashMap::from([(SPACE.to_owned(), self.space.clone())]);
        file(Schema::new(rows_fields()).with_metadata(notes), columns)
    }

    pub fn read(bytes: Vec<u8>) -> Result<Self, Flaw> {
        let (batch, schema) = batch(bytes, &rows_fields())?;
        let space = schema.metadata().get(SPACE).ok_or_else(|| shaped("it names no space"))?;
        let ids = batch.column(0).as_string::<i32>();
        let ids = ids.iter().flatten().map(str::to_owned).collect();
        let times = batch.column(1).as_primitive::<TimestampMillisecondType>();
        Ok(Self { space: space.clone(), ids, at_ms: times.values().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Dictionary {
        let name = |of, id, name: &str| Name { of, id, name: name.into() };
        vec![
            name(NameOf::Feature, 7, "amount"),
            name(NameOf::Feature, u64::MAX, "größe"),
            name(NameOf::Class, 0, ""),
            name(NameOf::Token, 1, "\u{2581}the"),
        ]
    }

    #[test]
    fn names_come_back() {
        let bytes = write_dictionary(&names()).unwrap();
        assert_eq!(bytes, write_dictionary(&names()).unwrap());
        assert_eq!(read_dictionary(bytes).unwrap(), names());
        assert_eq!(read_dictionary(write_dictionary(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn another_table_is_refused() {
        let rows = Rows { space: "hash".into(), ids: vec!["a".into()], at_ms: vec![1] };
        let flaw = read_dictionary(rows.write().unwrap()).unwrap_err();
        assert!(flaw.found.contains("columns"), "{}", flaw.found);
        assert!(Rows::read(write_dictionary(&names()).unwrap()).is_err());
    }

    proptest! {
        // Whoever signs may sign nonsense: it must be an error, never a panic.
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn nonsense_is_an_error(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6),
                                keep in any::<u16>()) {
            let mut bytes = write_dictionary(&names()).unwrap();
            for (at, byte) in changes {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            if keep % 4 == 0 {
                bytes.truncate(usize::from(keep) % (bytes.len() + 1));
            }
            if let Ok(read) = read_dictionary(bytes) {
                prop_assert!(read.len() <= names().len() * 64);
            }
        }
    }
}
