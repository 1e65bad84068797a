//! Statistics, drift detectors and metrics: what takes numbers or answers one after the other.

use her_learn::estimator::Part;
use her_learn::metrics::Observation;
use pyo3::exceptions::{PyAttributeError, PyNotImplementedError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyTuple};

use crate::classes::Native;
use crate::door::Door;

/// A number of a series, which must be finite.
fn number(x: &Bound<'_, PyAny>) -> PyResult<f64> {
    let value = match x.cast::<PyFloat>() {
        Ok(float) => float.value(),
        Err(_) => x.extract::<f64>()?,
    };
    if value.is_finite() {
        return Ok(value);
    }
    Err(PyValueError::new_err(format!("a series takes finite numbers, got {value}")))
}

fn wrong_part() -> PyErr {
    PyAttributeError::new_err("this object is not of the kind that its class says")
}

macro_rules! class {
    ($(#[$meta:meta])* $name:ident { $($methods:tt)* }) => {
        $(#[$meta])*
        #[pyclass(extends = Native, subclass, frozen, module = "heraclitus._native")]
        pub struct $name;

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs))]
            fn new(
                _args: &Bound<'_, PyTuple>,
                _kwargs: Option<&Bound<'_, PyDict>>,
            ) -> PyClassInitializer<Self> {
                PyClassInitializer::from(Native::empty()).add_subclass($name)
            }

            $($methods)*
        }
    };
}

class! {
    /// A statistic of a series.
    Univariate {
        /// Take the next number of the series.
        #[pyo3(signature = (x, w = 1.0))]
        fn update(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>, w: f64) -> PyResult<()> {
            let x = number(x)?;
            slf.as_super().get().with(slf.py(), |live, path| {
                live.version += 1;
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                stat.update_weighted(x, w);
                Ok(())
            })
        }

        /// Take a number back.
        #[pyo3(signature = (x, w = 1.0))]
        fn revert(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>, w: f64) -> PyResult<()> {
            let x = number(x)?;
            slf.as_super().get().with(slf.py(), |live, path| {
                live.version += 1;
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                if stat.revert(x, w) {
                    return Ok(());
                }
                let name = stat.entry().name;
                Err(PyNotImplementedError::new_err(format!("{name} can't take a number back")))
            })
        }

        /// The statistic so far; `None` while there is none.
        fn get(slf: &Bound<'_, Self>) -> PyResult<Option<f64>> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(Some(stat.get()).filter(|value| !value.is_nan()))
            })
        }
    }
}

class! {
    /// Watches a series for a change.
    DriftDetector {
        /// Take the next number of the series.
        fn update(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
            let x = number(x)?;
            slf.as_super().get().with(slf.py(), |live, path| {
                live.version += 1;
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                d.update(x);
                Ok(())
            })
        }

        /// Whether the last update completed a change.
        #[getter]
        fn drift_detected(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(d.drift_detected())
            })
        }

        /// Whether the last update made a change likely.
        #[getter]
        fn warning_detected(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(d.warning_detected())
            })
        }
    }
}

class! {
    /// A figure of how well predictions fit.
    Metric {
        /// Take the true value `y_true` and the predicted one `y_pred`: a label, the probabilities
        /// of labels, or a number.
        #[pyo3(signature = (y_true, y_pred, w = 1.0))]
        fn update(
            slf: &Bound<'_, Self>,
            y_true: &Bound<'_, PyAny>,
            y_pred: &Bound<'_, PyAny>,
            w: f64,
        ) -> PyResult<()> {
            observe(slf.as_super().get(), y_true, y_pred, w, false)
        }

        /// Take an observation back.
        #[pyo3(signature = (y_true, y_pred, w = 1.0))]
        fn revert(
            slf: &Bound<'_, Self>,
            y_true: &Bound<'_, PyAny>,
            y_pred: &Bound<'_, PyAny>,
            w: f64,
        ) -> PyResult<()> {
            observe(slf.as_super().get(), y_true, y_pred, w, true)
        }

        /// The figure so far.
        fn get(slf: &Bound<'_, Self>) -> PyResult<f64> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::Metric(metric) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(metric.get())
            })
        }

        /// Whether a larger figure is a better one.
        #[getter]
        fn bigger_is_better(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::Metric(metric) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(metric.bigger_is_better())
            })
        }

        /// Whether the predicted label is enough; the probabilities are looked at otherwise.
        #[getter]
        fn requires_labels(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with(slf.py(), |live, path| {
                let Part::Metric(metric) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(metric.requires_labels())
            })
        }
    }
}

/// Hands an observation to a metric.
fn observe(
    native: &Native,
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    w: f64,
    back: bool,
) -> PyResult<()> {
    native.with(y_true.py(), |live, path| {
        live.version += 1;
        let (part, door) = live.part(path)?;
        let Part::Metric(metric) = part else { return Err(wrong_part()) };
        if metric.of_values() {
            let seen = Observation::Value { y: number(y_true)?, predicted: number(y_pred)? };
            if back {
                metric.revert(seen, w);
            } else {
                metric.update(seen, w);
            }
            return Ok(());
        }
        let Some(predicted) = opinion(door, y_pred, metric.requires_labels())? else {
            return Ok(());
        };
        let y = door.labels.intern(y_true)?;
        let Door { floats: proba, labels, .. } = door;
        let seen = Observation::Class { y, proba, predicted, classes: labels.names() };
        if back {
            metric.revert(seen, w);
        } else {
            metric.update(seen, w);
        }
        Ok(())
    })
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
    module.add_class::<Univariate>()?;
    module.add_class::<DriftDetector>()?;
    module.add_class::<Metric>()
}
