//! Batches: a frame's columns as events, one after the other, without Python objects in between.
//!
//! A frame comes through the Arrow C stream interface, which pandas, polars and pyarrow share. Each
//! row is one event, learned or predicted in its turn: a batch is faster than its events, and means
//! the same.

use her::decode::{ArrowRecords, Next, Records as _};
use her_learn::Row;
use her_learn::estimator::Part;
use her_learn::features::{Context, Features, Names};
use her_learn::stream::Event;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyList};

use crate::core::Live;
use crate::door::Door;
use crate::work::{self, Predicted};

/// The rows of an object with `__arrow_c_stream__`.
#[expect(unsafe_code, reason = "takes over a stream of the Arrow C interface")]
fn rows(frame: &Bound<'_, PyAny>) -> PyResult<ArrowRecords> {
    use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
    let capsule = frame.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: the capsule's name says that it points to an `ArrowArrayStream`, as the Arrow
    // PyCapsule interface has it, and the capsule lives until the end of this function. `from_raw`
    // moves the stream out and leaves a released one behind, which the capsule's destructor
    // accepts.
    let reader = unsafe {
        RecordBatchStreamReader::from_raw(pointer.as_ptr().cast::<FFI_ArrowArrayStream>())
    };
    let reader = reader.map_err(|e| PyValueError::new_err(format!("no Arrow stream: {e}")))?;
    ArrowRecords::from_reader(reader).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// The targets of a batch, by row.
pub enum Targets {
    None,
    Classes(Vec<u32>),
    Values(Vec<f64>),
}

impl Targets {
    fn len(&self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Classes(classes) => Some(classes.len()),
            Self::Values(values) => Some(values.len()),
        }
    }

    fn at(&self, row: usize) -> Option<work::Target> {
        Some(match self {
            Self::None => work::Target::None,
            Self::Classes(classes) => work::Target::Class(*classes.get(row)?),
            Self::Values(values) => work::Target::Value(*values.get(row)?),
        })
    }
}

/// What a list of targets is to a part.
fn targets(part: &Part<'_>, door: &mut Door, y: Option<&Bound<'_, PyList>>) -> PyResult<Targets> {
    let Some(y) = y else {
        return match part {
            Part::Classifier(_) | Part::Regressor(_) => {
                Err(PyValueError::new_err("this model learns from targets: give y"))
            }
            _ => Ok(Targets::None),
        };
    };
    if matches!(part, Part::Regressor(_)) {
        let values = y.iter().map(|y| work::number(&y)).collect::<PyResult<_>>()?;
        return Ok(Targets::Values(values));
    }
    if !matches!(part, Part::Classifier(_)) {
        return Ok(Targets::None);
    }
    let mut classes = Vec::with_capacity(y.len());
    for y in y.iter() {
        classes.push(match work::target(part, &mut door.labels, work::Lesson::Label(&y))? {
            work::Target::Class(class) => class,
            _ => 0,
        });
    }
    Ok(Targets::Classes(classes))
}

fn at_row(row: usize, why: impl std::fmt::Display, learned: bool) -> PyErr {
    let so_far = if learned { "; the rows before it are learned" } else { "" };
    PyValueError::new_err(format!("row {row}: {why}{so_far}"))
}

/// Calls `each` with every row at the door.
fn walk(
    py: Python<'_>,
    live: &mut Live,
    frame: &Bound<'_, PyAny>,
    learned: bool,
    mut each: impl Send + FnMut(&mut Live, usize, &Row) -> Result<(), String>,
) -> PyResult<usize> {
    let mut rows = rows(frame)?;
    let walked = py.detach(move || {
        let mut event = Event::default();
        let mut row = 0;
        loop {
            match rows.next(&mut event) {
                Ok(Next::End) => return Ok(row),
                Ok(Next::Refused(why)) => return Err((row, why.to_string())),
                Ok(Next::Label(..)) => return Err((row, "a frame has no late labels".into())),
                Ok(Next::Event) => {
                    live.door.read_row(&event.row);
                    each(live, row, &event.row).map_err(|why| (row, why))?;
                    row += 1;
                }
                Err(why) => return Err((row, why.to_string())),
            }
        }
    });
    walked.map_err(|(row, why)| at_row(row, why, learned))
}

/// Learns all rows of a frame in their order.
pub fn learn(
    py: Python<'_>,
    live: &mut Live,
    path: &[Box<str>],
    frame: &Bound<'_, PyAny>,
    y: Option<&Bound<'_, PyList>>,
) -> PyResult<()> {
    let (part, door) = live.part(path)?;
    let targets = targets(&part, door, y)?;
    live.version += 1;
    let n = walk(py, live, frame, true, |live, at, row| {
        let Some(y) = targets.at(at) else {
            return Err(format!("there are {at} targets and more rows"));
        };
        if live.picky || live.door.x.texts().next().is_some() {
            work::try_out(live, path).map_err(|e| e.to_string())?;
        }
        if let Some(gone) = live.door.names.begin_event() {
            live.root.estimator_mut().forget(&gone);
            live.door.forget(&gone);
            live.door.read_row(row);
        }
        live.door.admit_row(row);
        let (part, door) = live.part(path).map_err(|e| e.to_string())?;
        learn_row(part, door, y);
        Ok(())
    })?;
    match targets.len() {
        Some(len) if len != n => {
            Err(PyValueError::new_err(format!("there are {len} targets for {n} rows")))
        }
        _ => Ok(()),
    }
}

fn learn_row(part: Part<'_>, door: &mut Door, y: work::Target) {
    let Door { names, pool, x, labels, .. } = door;
    let x: &Features = x;
    names.touch_event(x);
    let mut cx = Context::new(Names::Learn(names), pool).with_classes(labels.names());
    match (part, y) {
        (Part::Classifier(c), work::Target::Class(y)) => c.learn_one(x, y, 1.0, &mut cx),
        (Part::Regressor(r), work::Target::Value(y)) => r.learn_one(x, y, 1.0, &mut cx),
        (Part::AnomalyDetector(a), _) => a.learn_one(x, &mut cx),
        (Part::Clusterer(c), _) => c.learn_one(x, 1.0, &mut cx),
        (Part::Transformer(t), _) => t.learn_one(x, &mut cx),
        _ => {}
    }
}

/// The predictions for all rows: numbers as the bytes of doubles, labels as a list.
pub fn predict<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    frame: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (mut numbers, mut classes) = (Vec::new(), Vec::new());
    let mut multiclass = false;
    walk(py, live, frame, false, |live, _, _| {
        match work::predict_row(live, path).map_err(|e| e.to_string())? {
            Predicted::Proba { multiclass: many, .. } => {
                multiclass = many;
                classes.push(work::best_class(&live.door));
            }
            Predicted::Value(v) | Predicted::Score(v) => numbers.extend(v.to_le_bytes()),
            Predicted::Group(g) => numbers.extend(f64::from(g).to_le_bytes()),
        }
        Ok(())
    })?;
    if classes.is_empty() {
        return Ok(PyBytes::new(py, &numbers).into_any());
    }
    let list = PyList::empty(py);
    for class in classes {
        match class {
            Some(class) => list.append(work::label(py, &live.door, multiclass, class))?,
            None => list.append(py.None())?,
        }
    }
    Ok(list.into_any())
}

/// The probabilities for all rows: a column of doubles by label.
pub fn predict_proba<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    frame: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut kind = None;
    let n = walk(py, live, frame, false, |live, row, _| {
        kind = Some(work::predict_row(live, path).map_err(|e| e.to_string())?);
        for (class, &p) in live.door.floats.iter().enumerate() {
            if columns.len() <= class {
                columns.resize_with(class + 1, Vec::new);
            }
            columns[class].resize(row, f64::NAN);
            columns[class].push(p);
        }
        Ok(())
    })?;
    let multiclass = match kind {
        Some(Predicted::Proba { multiclass, only_labels: false }) => multiclass,
        None => false,
        Some(_) => return Err(PyTypeError::new_err("this model has no predict_proba_many")),
    };
    let dict = PyDict::new(py);
    for (class, mut column) in columns.into_iter().enumerate() {
        column.resize(n, f64::NAN);
        let label = work::label(py, &live.door, multiclass, class);
        if !column.iter().all(|p| p.is_nan()) {
            dict.set_item(label, bytes(py, &column))?;
        }
    }
    Ok(dict)
}

/// What all rows are turned into: a column of doubles by feature.
pub fn transform<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    frame: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut columns: Vec<(Box<str>, Vec<f64>)> = Vec::new();
    let n = walk(py, live, frame, false, |live, row, _| {
        let (part, door) = live.part(path).map_err(|e| e.to_string())?;
        let Part::Transformer(t) = part else { return Err("this model does not transform".into()) };
        let Door { names, overlay, pool, x, .. } = door;
        let mut cx = Context::new(Names::Predict(names, overlay), pool);
        let mut out = cx.take();
        t.transform_one(x, &mut out, &mut cx);
        if out.texts().next().is_some() {
            return Err("a text is left over; a batch of transformed rows holds numbers".into());
        }
        // Rows of one frame come out alike: the next column is nearly always the next name's.
        let mut next = 0;
        for (id, value) in out.iter() {
            let name = cx.names.name(id);
            let at = if columns.get(next).is_some_and(|(known, _)| &**known == name) {
                next
            } else if let Some(at) = columns.iter().position(|(known, _)| &**known == name) {
                at
            } else {
                columns.push((name.into(), Vec::new()));
                columns.len() - 1
            };
            columns[at].1.resize(row, f64::NAN);
            columns[at].1.push(value);
            next = at + 1;
        }
        cx.give(out);
        cx.refusal().map_or(Ok(()), |why| Err(why.to_string()))
    })?;
    let dict = PyDict::new(py);
    for (name, mut column) in columns {
        column.resize(n, f64::NAN);
        dict.set_item(live.door.key_named(py, &name), bytes(py, &column))?;
    }
    Ok(dict)
}

fn bytes<'py>(py: Python<'py>, column: &[f64]) -> Bound<'py, PyBytes> {
    let flat: Vec<u8> = column.iter().flat_map(|v| v.to_le_bytes()).collect();
    PyBytes::new(py, &flat)
}
