//! From a file: decode, predict, learn. Beside it, a parser written for this one layout, or the
//! decoder with a bare loop behind it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use her_identity::{Error, Result};
use her_learn::stream::Event;
use her_learn::{Catalog, Model, Prediction, Scratch};
use serde_json::json;

use super::bare::Bare;
use super::dense::{invalid, model};
use super::hand;
use super::meter::{Line, Meter};
use crate::decode::{self, Columns, Next};

/// Passes over the file: more where one is short.
fn passes(width: usize) -> usize {
    (50 / width).clamp(1, 5)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| {
        Error::io(format!("opening {}; `cargo xtask bench` makes it", path.display()), e)
    })
}

/// The whole way of a file into a model, as `her eval` goes it.
fn ours(path: &Path, model: &mut Model, columns: &Columns) -> Result<u64> {
    let mut records = decode::open(path, None, columns)?;
    let (mut event, mut p, mut s) = (Event::default(), Prediction::default(), Scratch::default());
    let (mut n, mut sum) = (0, 0.0);
    loop {
        match records.next(&mut event)? {
            Next::Event => {
                let Some(target) = &event.target else { continue };
                model.step(&event.row, target, event.weight, &mut p, &mut s).map_err(invalid)?;
                sum += p.positive();
                n += 1;
            }
            Next::Refused(e) => return Err(invalid(e)),
            Next::Label(..) => {}
            Next::End => break,
        }
    }
    std::hint::black_box(sum);
    Ok(n)
}

/// Every line of a file, through a buffer.
fn lines(path: &Path, mut each: impl FnMut(&[u8])) -> Result<u64> {
    let mut input = BufReader::with_capacity(256 * 1024, open(path)?);
    let (mut line, mut n) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.map_err(|e| Error::io("reading", e))? == 0 {
            return Ok(n);
        }
        each(&line);
        n += 1;
    }
}

fn stream(data: &Path, width: usize, kind: &str) -> PathBuf {
    data.join(format!("dense{width}.{kind}"))
}

fn flat() -> Columns {
    Columns { target: Some("y".to_owned()), ..Columns::default() }
}

pub fn ndjson(data: &Path, width: usize) -> Result<Vec<Line>> {
    let path = stream(data, width, "ndjson");
    open(&path)?;
    let (mut her, mut other) = (Meter::of_work("her"), Meter::of_work("hand parser"));
    let (mut model, mut bare) = (model()?, Bare::new(width));
    let (mut x, mut sum) = (Vec::new(), 0.0);
    for _ in 0..passes(width) {
        her.part(|| ours(&path, &mut model, &Columns::default()))?;
        other.part(|| {
            lines(&path, |line| {
                let y = hand::ndjson(line, &mut x);
                sum += bare.step(&x, y);
            })
        })?;
    }
    std::hint::black_box(sum);
    Ok(vec![her.line(), other.line()])
}

pub fn csv(data: &Path, width: usize) -> Result<Vec<Line>> {
    let path = stream(data, width, "csv");
    open(&path)?;
    let (mut her, mut other) = (Meter::of_work("her"), Meter::of_work("hand parser"));
    let (mut model, mut bare) = (model()?, Bare::new(width));
    let (mut x, mut sum) = (Vec::new(), 0.0);
    for _ in 0..passes(width) {
        her.part(|| ours(&path, &mut model, &flat()))?;
        other.part(|| {
            let mut header = true;
            let n = lines(&path, |line| {
                if !std::mem::take(&mut header) {
                    let y = hand::csv(line, width, &mut x);
                    sum += bare.step(&x, y);
                }
            })?;
            Ok(n - 1)
        })?;
    }
    std::hint::black_box(sum);
    Ok(vec![her.line(), other.line()])
}

pub fn arrow(data: &Path, width: usize) -> Result<Vec<Line>> {
    let path = stream(data, width, "arrows");
    open(&path)?;
    let (mut her, mut other) = (Meter::of_work("her"), Meter::of_work("bare decode"));
    let (mut model, mut bare) = (model()?, Bare::new(width));
    for _ in 0..passes(width) {
        her.part(|| ours(&path, &mut model, &flat()))?;
        other.part(|| bare_arrow(&path, width, &mut bare))?;
    }
    Ok(vec![her.line(), other.line()])
}

/// Arrow's own reader with a bare loop behind it.
fn bare_arrow(path: &Path, width: usize, bare: &mut Bare) -> Result<u64> {
    let wrong = |e: arrow_schema::ArrowError| Error::invalid(e.to_string());
    let input = BufReader::with_capacity(256 * 1024, open(path)?);
    let reader = arrow_ipc::reader::StreamReader::try_new(input, None).map_err(wrong)?;
    let (mut x, mut n, mut sum) = (vec![0.0; width], 0, 0.0);
    for batch in reader {
        let batch = batch.map_err(wrong)?;
        let columns: Vec<&[f64]> =
            (0..width).map(|i| &**batch.column(i).as_primitive::<Float64Type>().values()).collect();
        let y = batch.column(width).as_boolean();
        for row in 0..batch.num_rows() {
            for (to, column) in x.iter_mut().zip(&columns) {
                *to = column[row];
            }
            sum += bare.step(&x, y.value(row));
        }
        n += batch.num_rows() as u64;
    }
    std::hint::black_box(sum);
    Ok(n)
}

pub fn text(data: &Path) -> Result<Vec<Line>> {
    let path = data.join("text.ndjson");
    open(&path)?;
    let spec = json!([
        {"BagOfWords": {"on": "text"}},
        {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}},
    ]);
    let mut model = Model::new(&spec, &Catalog::builtin()).map_err(invalid)?;
    let mut her = Meter::of_work("her");
    for _ in 0..2 {
        her.part(|| ours(&path, &mut model, &Columns::default()))?;
    }
    Ok(vec![her.line()])
}
