//! Dense features from memory: the library beside a bare loop in the same binary.

use std::path::Path;

use her_identity::{Error, Result};
use her_learn::stream::Event;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::json;

use super::bare::Bare;
use super::meter::{Line, Meter};
use crate::decode::{self, Columns, Next};

/// The stream in memory: rows one after the other, and labels.
pub struct Dense {
    pub width: usize,
    pub x: Vec<f64>,
    pub y: Vec<bool>,
    /// A row with the stream's names.
    pub row: Row,
}

/// The model of all dense cases.
pub fn model() -> Result<Model> {
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    Model::new(&spec, &Catalog::builtin()).map_err(invalid)
}

pub fn invalid(e: her_learn::Error) -> Error {
    Error::invalid(e.to_string()).because(e)
}

/// Reads a stream of this width.
pub fn load(data: &Path, width: usize) -> Result<Dense> {
    let file = data.join(format!("dense{width}.ndjson"));
    let mut records = decode::open(&file, None, &Columns::default())?;
    let mut event = Event::default();
    let mut dense = Dense { width, x: Vec::new(), y: Vec::new(), row: Row::default() };
    loop {
        match records.next(&mut event)? {
            Next::Event => {
                dense.x.extend_from_slice(event.row.numbers());
                dense.y.push(event.target == Some(Target::Bool(true)));
            }
            Next::Refused(e) => return Err(invalid(e)),
            Next::Label(..) => return Err(Error::invalid("a stream of features holds a label")),
            Next::End => break,
        }
    }
    dense.row = event.row;
    Ok(dense)
}

impl Dense {
    /// Event `i` of the stream, which begins again at its end.
    pub fn row(&self, i: usize) -> (Row, Target) {
        let i = i % self.y.len();
        let mut row = self.row.clone();
        row.numbers_mut().clear();
        row.numbers_mut().extend_from_slice(&self.x[i * self.width..(i + 1) * self.width]);
        (row, Target::Bool(self.y[i]))
    }
}

pub fn measure(data: &Path, width: usize) -> Result<Vec<Line>> {
    let mut dense = load(data, width)?;
    let mut row = std::mem::take(&mut dense.row);
    let (mut ours, mut bare) = (Meter::of_work("her"), Meter::of_work("bare loop"));
    let (mut model, mut loop_) = (model()?, Bare::new(width));
    let (mut p, mut s, mut sum) = (Prediction::default(), Scratch::default(), 0.0);
    // In turns, so that a busy minute of the machine meets both.
    for _ in 0..(2_000_000 / (width * dense.y.len() / 10)).clamp(2, 20) {
        ours.part(|| {
            for (x, y) in dense.x.chunks_exact(width).zip(&dense.y) {
                row.numbers_mut().clear();
                row.numbers_mut().extend_from_slice(x);
                model.step(&row, &Target::Bool(*y), 1.0, &mut p, &mut s).map_err(invalid)?;
                sum += p.positive();
            }
            Ok(dense.y.len() as u64)
        })?;
        bare.part(|| {
            for (x, y) in dense.x.chunks_exact(width).zip(&dense.y) {
                sum += loop_.step(x, *y);
            }
            Ok(dense.y.len() as u64)
        })?;
    }
    std::hint::black_box(sum);
    Ok(vec![ours.line(), bare.line()])
}
