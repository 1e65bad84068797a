//! Records from files and standard input: NDJSON, CSV and Arrow, in bounded memory.
//!
//! The decoders of lines are those of [`her_learn::stream`]; here they get their bytes. A record
//! that is refused does not end the stream.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use her_identity::{Error, Result};
use her_learn::Target;
use her_learn::stream::Event;

mod arrow;
mod lines;

pub use arrow::ArrowRecords;
pub use lines::{CsvRecords, NdjsonRecords};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// A header and one record a line.
    Csv,
    /// Arrow IPC, a stream or a file.
    Arrow,
}

/// Which columns mean what. Without a target, NDJSON is read as `{"x": {…}, "y": …}`.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The column to learn.
    pub target: Option<String>,
    /// The column that names the event.
    pub id: Option<String>,
    /// The column that says how much the event counts.
    pub weight: Option<String>,
}

/// What came next.
#[derive(Debug)]
pub enum Next {
    /// A record, which lies in the event that was given.
    Event,
    /// A late label: NDJSON `{"id": …, "y": …}` without features.
    Label(Box<str>, Target),
    /// A record that cannot be used; those after it can.
    Refused(her_learn::Error),
    /// The end.
    End,
}

/// A stream of records.
pub trait Records: Send {
    /// Decodes the next record into `event`.
    fn next(&mut self, event: &mut Event) -> Result<Next>;

    /// The line or row of the record that came last, from 1.
    fn line(&self) -> u64;

    /// True when the next record may have to be waited for: what was decoded should be handed on.
    fn may_wait(&self) -> bool;
}

/// The format that a file's extension names.
pub fn guess(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" | "json" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        "arrow" | "arrows" | "feather" | "ipc" => Some(Format::Arrow),
        _ => None,
    }
}

/// Opens a file, or standard input for `-`, which is NDJSON unless said otherwise.
pub fn open(path: &Path, format: Option<Format>, columns: &Columns) -> Result<Box<dyn Records>> {
    let stdin = path == Path::new("-");
    let guessed = || if stdin { Some(Format::Ndjson) } else { guess(path) };
    let Some(format) = format.or_else(guessed) else {
        return Err(Error::invalid(format!(
            "the name {} does not tell its format; say --format ndjson, csv or arrow",
            path.display()
        )));
    };
    let input: Box<dyn Read + Send> = if stdin {
        Box::new(std::io::stdin())
    } else {
        let file =
            File::open(path).map_err(|e| Error::io(format!("opening {}", path.display()), e))?;
        Box::new(file)
    };
    read(input, format, columns)
}

/// Reads records from any bytes.
pub fn read(
    input: Box<dyn Read + Send>,
    format: Format,
    columns: &Columns,
) -> Result<Box<dyn Records>> {
    Ok(match format {
        Format::Ndjson => Box::new(NdjsonRecords::new(input, columns)),
        Format::Csv => Box::new(CsvRecords::new(input, columns)),
        Format::Arrow => Box::new(ArrowRecords::new(input, columns)?),
    })
}
