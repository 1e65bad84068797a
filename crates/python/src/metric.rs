//! Metrics: what takes true and predicted values one after the other.
//!
//! A metric of labels also counts the pairs that it was told, for the confusion matrix that River
//! shows as `cm`. Once somebody has that matrix, or gave one to share, the matrix is what is
//! updated, and the figure is worked out of its cells.

use std::sync::OnceLock;

use her_learn::Catalog;
use her_learn::estimator::{Any, Part};
use her_learn::metrics::{Metric as Figure, Observation};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};

use crate::classes::Native;
use crate::core::Live;
use crate::door::Door;
use crate::series::{number, wrong_part};

/// A figure of how well predictions fit.
#[pyclass(extends = Native, subclass, frozen, module = "heraclitus._native")]
#[derive(Default)]
pub struct Metric {
    /// The confusion matrix that others see too.
    shared: OnceLock<Py<PyAny>>,
}

type Cell = (Py<PyAny>, Py<PyAny>, f64);

#[pymethods]
impl Metric {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Native::empty()).add_subclass(Self::default())
    }

    /// Take the true value `y_true` and the predicted one `y_pred`: a label, the probabilities
    /// of labels, or a number.
    #[pyo3(signature = (y_true, y_pred, w = 1.0))]
    fn update(
        slf: &Bound<'_, Self>,
        y_true: &Bound<'_, PyAny>,
        y_pred: &Bound<'_, PyAny>,
        w: f64,
    ) -> PyResult<()> {
        if let Some(shared) = slf.get().shared.get() {
            shared.bind(slf.py()).call_method1("update", (y_true, y_pred, w))?;
            return Ok(());
        }
        with(slf, |live, path| observe(live, path, y_true, y_pred, w, false))
    }

    /// Take an observation back.
    #[pyo3(signature = (y_true, y_pred, w = 1.0))]
    fn revert(
        slf: &Bound<'_, Self>,
        y_true: &Bound<'_, PyAny>,
        y_pred: &Bound<'_, PyAny>,
        w: f64,
    ) -> PyResult<()> {
        if let Some(shared) = slf.get().shared.get() {
            shared.bind(slf.py()).call_method1("revert", (y_true, y_pred, w))?;
            return Ok(());
        }
        with(slf, |live, path| observe(live, path, y_true, y_pred, w, true))
    }

    /// The figure so far.
    fn get(slf: &Bound<'_, Self>) -> PyResult<f64> {
        if let Some(shared) = slf.get().shared.get() {
            let cells: Vec<Cell> = shared.bind(slf.py()).call_method0("_cells")?.extract()?;
            return with(slf, |live, path| of_cells(slf.py(), live, path, &cells));
        }
        with(slf, |live, path| Ok(metric(live, path)?.0.get()))
    }

    /// Whether a larger figure is a better one.
    #[getter]
    fn bigger_is_better(slf: &Bound<'_, Self>) -> PyResult<bool> {
        with(slf, |live, path| Ok(metric(live, path)?.0.bigger_is_better()))
    }

    /// Whether the predicted label is enough; the probabilities are looked at otherwise.
    #[getter]
    fn requires_labels(slf: &Bound<'_, Self>) -> PyResult<bool> {
        with(slf, |live, path| Ok(metric(live, path)?.0.requires_labels()))
    }

    /// From here on this confusion matrix is updated and read.
    fn _share(slf: &Bound<'_, Self>, matrix: Py<PyAny>) {
        slf.get().shared.get_or_init(|| matrix);
    }

    /// How many observations there were, and the weight of each pair of a true and a predicted
    /// label.
    #[getter]
    fn _pairs(slf: &Bound<'_, Self>) -> PyResult<(i64, Vec<Cell>)> {
        let py = slf.py();
        with(slf, |live, path| {
            let door = live.part(path)?.1;
            let label = |class: u32| door.labels.object(py, class as usize).unbind();
            let cells = door.pairs.iter().map(|(&(y, p), &w)| (label(y), label(p), w)).collect();
            Ok((door.seen, cells))
        })
    }

    fn _set_pairs(slf: &Bound<'_, Self>, seen: i64, cells: Vec<Cell>) -> PyResult<()> {
        let py = slf.py();
        with(slf, |live, path| {
            let door = live.part(path)?.1;
            door.seen = seen;
            for (y, p, w) in cells {
                let pair = (door.labels.intern(y.bind(py))?, door.labels.intern(p.bind(py))?);
                door.pairs.insert(pair, w);
            }
            Ok(())
        })
    }
}

#[inline]
fn with<R>(
    slf: &Bound<'_, Metric>,
    work: impl FnOnce(&mut Live, &[Box<str>]) -> PyResult<R>,
) -> PyResult<R> {
    slf.as_super().get().with(slf.py(), work)
}

#[inline]
fn metric<'a>(
    live: &'a mut Live,
    path: &[Box<str>],
) -> PyResult<(&'a mut dyn Figure, &'a mut Door)> {
    let (Part::Metric(metric), door) = live.part(path)? else { return Err(wrong_part()) };
    Ok((metric, door))
}

/// Hands an observation to a metric.
fn observe(
    live: &mut Live,
    path: &[Box<str>],
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    w: f64,
    back: bool,
) -> PyResult<()> {
    live.version += 1;
    let (metric, door) = metric(live, path)?;
    if metric.of_values() {
        let seen = Observation::Value { y: number(y_true)?, predicted: number(y_pred)? };
        take(metric, seen, w, back);
        return Ok(());
    }
    let labels = metric.requires_labels();
    let Some(predicted) = opinion(door, y_pred, labels)? else {
        return Ok(());
    };
    let y = door.labels.intern(y_true)?;
    let Door { floats: proba, labels: names, pairs, seen: n, .. } = door;
    if labels {
        *n += if back { -1 } else { 1 };
        *pairs.entry((y, predicted)).or_insert(0.0) += if back { -w } else { w };
    }
    let seen = Observation::Class { y, proba, predicted, classes: names.names() };
    take(metric, seen, w, back);
    Ok(())
}

fn take(metric: &mut dyn Figure, seen: Observation<'_>, w: f64, back: bool) {
    if back {
        metric.revert(seen, w);
    } else {
        metric.update(seen, w);
    }
}

/// The figure of a metric that has seen nothing but these cells.
fn of_cells(py: Python<'_>, live: &mut Live, path: &[Box<str>], cells: &[Cell]) -> PyResult<f64> {
    let (metric, door) = metric(live, path)?;
    let catalog = Catalog::builtin();
    let fresh = catalog.builder().build(&metric.spec()).map_err(|e| crate::refused(&e))?;
    let Any::Metric(mut fresh) = fresh else { return Err(wrong_part()) };
    for (y, p, w) in cells {
        if *w == 0.0 {
            continue;
        }
        let y = door.labels.intern(y.bind(py))?;
        let predicted = door.labels.intern(p.bind(py))?;
        let classes = door.labels.names();
        fresh.update(Observation::Class { y, proba: &[], predicted, classes }, *w);
    }
    Ok(fresh.get())
}

/// Writes what was predicted into the door's floats, by class, and says the most probable class;
/// `None` without an opinion.
fn opinion(door: &mut Door, y_pred: &Bound<'_, PyAny>, labels: bool) -> PyResult<Option<u32>> {
    let py = y_pred.py();
    door.floats.clear();
    if let Ok(dict) = y_pred.cast::<PyDict>() {
        for (label, p) in dict.iter() {
            let class = door.labels.intern(&label)?;
            set(&mut door.floats, class, p.extract()?);
        }
    } else if !labels && !y_pred.is_instance_of::<PyBool>() && y_pred.extract::<f64>().is_ok() {
        let p: f64 = y_pred.extract()?;
        for (label, p) in [(false, 1.0 - p), (true, p)] {
            let class = door.labels.intern(PyBool::new(py, label).as_any())?;
            set(&mut door.floats, class, p);
        }
    } else {
        let class = door.labels.intern(y_pred)?;
        set(&mut door.floats, class, 1.0);
        return Ok(Some(class));
    }
    Ok(crate::work::best_class(door).map(|class| class as u32))
}

fn set(floats: &mut Vec<f64>, class: u32, p: f64) {
    let at = class as usize;
    if floats.len() <= at {
        floats.resize(at + 1, f64::NAN);
    }
    floats[at] = p;
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Metric>()
}
