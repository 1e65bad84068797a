//! Arrow IPC to events: a stream or a file, batch by batch.

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, PrimitiveArray, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema};
use her_identity::{Error, Result};
use her_learn::row::{Kind, Shape};
use her_learn::stream::Event;
use her_learn::{Row, Target};

use super::{Columns, Next, Records};

/// An Arrow file begins with these bytes; a stream does not.
const MAGIC: &[u8; 6] = b"ARROW1";

type Batches = Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + Send>;

/// One column of the batch at hand, all numbers as `f64`: those that are so lie where they were.
enum Column {
    Numbers(Float64Array),
    Bools(arrow_array::BooleanArray),
    Texts(ArrayRef),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Feature,
    Target,
    Id,
    Weight,
}

/// Arrow records.
pub struct ArrowRecords {
    batches: Batches,
    roles: Vec<Role>,
    names: Vec<Box<str>>,
    whole: Arc<Shape>,
    /// Shapes of rows in which something is absent, by what is there.
    partial: BTreeMap<Vec<bool>, Arc<Shape>>,
    columns: Vec<(Column, Option<ArrayRef>)>,
    /// True when all features of this batch are numbers and none is absent: rows are then cut
    /// from `block`, which holds the next few of them one after the other.
    dense: bool,
    block: Vec<f64>,
    row: usize,
    rows: usize,
    number: u64,
}

/// Rows that are turned from columns at a time: two lines of the cache of each column, and few
/// enough rows to stay in the fastest one.
const BLOCK: usize = 16;

/// Shapes that are remembered of rows with absent values; more are made anew.
const PARTIAL_MAX: usize = 1024;

fn unreadable(e: &ArrowError) -> Error {
    Error::invalid(format!("this is no Arrow IPC that can be read: {e}"))
}

impl ArrowRecords {
    /// Records of these columns. A file needs its end first, so it is read whole; a stream is not.
    pub fn new(input: Box<dyn Read + Send>, columns: &Columns) -> Result<Self> {
        let mut input = BufReader::with_capacity(256 * 1024, input);
        let mut start = [0; 6];
        let n = read_start(&mut input, &mut start)?;
        let mut rest = Cursor::new(start[..n].to_vec()).chain(input);
        let (schema, batches): (Arc<Schema>, Batches) = if start == *MAGIC {
            let mut bytes = Vec::new();
            rest.read_to_end(&mut bytes).map_err(|e| Error::io("reading", e))?;
            let file = FileReader::try_new(Cursor::new(bytes), None).map_err(|e| unreadable(&e))?;
            (file.schema(), Box::new(file))
        } else {
            let stream = StreamReader::try_new(rest, None).map_err(|e| unreadable(&e))?;
            (stream.schema(), Box::new(stream))
        };
        Self::over(&schema, batches, columns)
    }

    /// Records of batches that come ready-made, such as another library's.
    pub fn from_reader(reader: impl RecordBatchReader + Send + 'static) -> Result<Self> {
        let schema = reader.schema();
        Self::over(&schema, Box::new(reader), &Columns::default())
    }

    fn over(schema: &Schema, batches: Batches, wanted: &Columns) -> Result<Self> {
        let (mut roles, mut names, mut shape) = (Vec::new(), Vec::new(), Vec::new());
        for field in schema.fields() {
            let is = |name: &Option<String>| name.as_deref() == Some(field.name());
            let role = match () {
                () if is(&wanted.target) => Role::Target,
                () if is(&wanted.id) => Role::Id,
                () if is(&wanted.weight) => Role::Weight,
                () => Role::Feature,
            };
            let kind = kind_of(field.data_type()).ok_or_else(|| {
                Error::invalid(format!(
                    "column {:?} is of type {}; numbers, booleans and texts can be learned from",
                    field.name(),
                    field.data_type()
                ))
            })?;
            if role == Role::Feature {
                shape.push((field.name().as_str(), kind));
            }
            roles.push(role);
            names.push(field.name().as_str().into());
        }
        for name in [&wanted.target, &wanted.id, &wanted.weight].into_iter().flatten() {
            if !schema.fields().iter().any(|f| f.name() == name) {
                let all: Vec<&str> =
                    schema.fields().iter().take(20).map(|f| f.name().as_str()).collect();
                let all = all.join(", ");
                return Err(Error::invalid(format!("there is no column {name:?}, but {all}")));
            }
        }
        let whole = Arc::new(Shape::new(shape).map_err(|e| Error::invalid(e.to_string()))?);
        Ok(Self {
            batches,
            roles,
            names,
            whole,
            partial: BTreeMap::new(),
            columns: Vec::new(),
            dense: false,
            block: Vec::new(),
            row: 0,
            rows: 0,
            number: 0,
        })
    }

    fn next_batch(&mut self) -> Result<bool> {
        let Some(batch) = self.batches.next() else { return Ok(false) };
        let batch = batch.map_err(|e| unreadable(&e))?;
        self.columns.clear();
        for array in batch.columns() {
            let nulls = (array.null_count() > 0).then(|| Arc::clone(array));
            self.columns.push((column(array)?, nulls));
        }
        (self.row, self.rows) = (0, batch.num_rows());
        let dense = self.features().all(|c| matches!(c, (Column::Numbers(_), None)));
        self.dense = dense;
        Ok(true)
    }

    fn features(&self) -> impl Iterator<Item = &(Column, Option<ArrayRef>)> {
        self.columns.iter().zip(&self.roles).filter(|(_, r)| **r == Role::Feature).map(|(c, _)| c)
    }

    /// Turns the next columns' values into rows.
    fn turn(&mut self) {
        let (from, to) = (self.row, (self.row + BLOCK).min(self.rows));
        let width = self.whole.len();
        let mut block = std::mem::take(&mut self.block);
        block.clear();
        block.resize((to - from) * width, 0.0);
        for (j, (column, _)) in self.features().enumerate() {
            let Column::Numbers(values) = column else { continue };
            // Every row's place for this column, and none is checked twice.
            let places = block[j..].iter_mut().step_by(width);
            for (place, v) in places.zip(&values.values()[from..to]) {
                *place = *v;
            }
        }
        self.block = block;
    }

    fn fill(&mut self, event: &mut Event) -> std::result::Result<(), her_learn::Error> {
        let row = self.row;
        let absent =
            |c: &(Column, Option<ArrayRef>)| c.1.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if self.dense {
            if row.is_multiple_of(BLOCK) {
                self.turn();
            }
            let width = self.whole.len();
            let at = (row % BLOCK) * width;
            event.row.reset(&self.whole);
            event.row.numbers_mut().extend_from_slice(&self.block[at..at + width]);
        } else if self.features().any(absent) {
            let there: Vec<bool> = self.features().map(|c| !absent(c)).collect();
            let shape = shape_of(&self.whole, &mut self.partial, there)?;
            event.row.reset(&shape);
        } else {
            event.row.reset(&self.whole);
        }
        event.target = None;
        event.id = None;
        event.weight = 1.0;
        for ((entry, role), name) in self.columns.iter().zip(&self.roles).zip(&self.names) {
            if (self.dense && *role == Role::Feature) || absent(entry) {
                continue;
            }
            match role {
                Role::Feature => entry.0.push(row, &mut event.row),
                Role::Target => event.target = Some(entry.0.target(row)),
                Role::Id => event.id = Some(entry.0.id(row)),
                Role::Weight => match entry.0.target(row) {
                    Target::Number(w) if w.is_finite() && w >= 0.0 => event.weight = w,
                    other => {
                        return Err(her_learn::Error::new(format!(
                            "the weight in {name:?} is {}, it must be a number of 0 or more",
                            other.to_json()
                        )));
                    }
                },
            }
        }
        event.row.check()
    }
}

/// As many of the first bytes as there are.
fn read_start(input: &mut impl Read, start: &mut [u8]) -> Result<usize> {
    let mut n = 0;
    while n < start.len() {
        match input.read(&mut start[n..]).map_err(|e| Error::io("reading", e))? {
            0 => break,
            more => n += more,
        }
    }
    Ok(n)
}

fn shape_of(
    whole: &Shape,
    known: &mut BTreeMap<Vec<bool>, Arc<Shape>>,
    there: Vec<bool>,
) -> std::result::Result<Arc<Shape>, her_learn::Error> {
    if let Some(shape) = known.get(&there) {
        return Ok(Arc::clone(shape));
    }
    let columns = whole.columns().iter().zip(&there).filter(|(_, there)| **there);
    let shape = Arc::new(Shape::new(columns.map(|((name, kind), _)| (name.clone(), *kind)))?);
    if known.len() < PARTIAL_MAX {
        known.insert(there, Arc::clone(&shape));
    }
    Ok(shape)
}

fn kind_of(data: &DataType) -> Option<Kind> {
    match data {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Kind::Text),
        DataType::Boolean => Some(Kind::Number),
        other if other.is_integer() => Some(Kind::Number),
        DataType::Float32 | DataType::Float64 => Some(Kind::Number),
        _ => None,
    }
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, f: impl Fn(T::Native) -> f64) -> Column {
    let array: &PrimitiveArray<T> = array.as_primitive();
    Column::Numbers(array.values().iter().map(|v| f(*v)).collect::<Vec<f64>>().into())
}

fn column(array: &ArrayRef) -> Result<Column> {
    Ok(match array.data_type() {
        DataType::Float64 => Column::Numbers(array.as_primitive::<Float64Type>().clone()),
        DataType::Float32 => numbers::<Float32Type>(array, f64::from),
        DataType::Int8 => numbers::<Int8Type>(array, f64::from),
        DataType::Int16 => numbers::<Int16Type>(array, f64::from),
        DataType::Int32 => numbers::<Int32Type>(array, f64::from),
        DataType::Int64 => numbers::<Int64Type>(array, |v| v as f64),
        DataType::UInt8 => numbers::<UInt8Type>(array, f64::from),
        DataType::UInt16 => numbers::<UInt16Type>(array, f64::from),
        DataType::UInt32 => numbers::<UInt32Type>(array, f64::from),
        DataType::UInt64 => numbers::<UInt64Type>(array, |v| v as f64),
        DataType::Boolean => Column::Bools(array.as_boolean().clone()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Column::Texts(Arc::clone(array))
        }
        other => return Err(Error::invalid(format!("a column of type {other} came unannounced"))),
    })
}

fn text(array: &ArrayRef, row: usize) -> &str {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        _ => array.as_string_view().value(row),
    }
}

impl Column {
    fn push(&self, row: usize, to: &mut Row) {
        match self {
            Self::Numbers(values) => to.push_number(values.value(row)),
            Self::Bools(values) => to.push_number(f64::from(u8::from(values.value(row)))),
            Self::Texts(array) => to.push_text(text(array, row)),
        }
    }

    fn target(&self, row: usize) -> Target {
        match self {
            Self::Numbers(values) => Target::Number(values.value(row)),
            Self::Bools(values) => Target::Bool(values.value(row)),
            Self::Texts(array) => Target::Text(text(array, row).into()),
        }
    }

    fn id(&self, row: usize) -> Box<str> {
        match self {
            Self::Numbers(values) => values.value(row).to_string().into(),
            Self::Bools(values) => values.value(row).to_string().into(),
            Self::Texts(array) => text(array, row).into(),
        }
    }
}

impl Records for ArrowRecords {
    fn next(&mut self, event: &mut Event) -> Result<Next> {
        while self.row >= self.rows {
            if !self.next_batch()? {
                return Ok(Next::End);
            }
        }
        let filled = self.fill(event);
        self.row += 1;
        self.number += 1;
        match filled {
            Ok(()) => Ok(Next::Event),
            Err(e) => Ok(Next::Refused(e.at(format!("row {}", self.number)))),
        }
    }

    fn line(&self) -> u64 {
        self.number
    }

    fn may_wait(&self) -> bool {
        self.row >= self.rows
    }
}
