//! What a pipeline runs on: one core for all of its steps where they can be one, Python's steps
//! where not.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::NotNative;
use crate::classes::Native;
use crate::work::Lesson;

/// Set while unsupervised steps learn from what is predicted: such pipelines go step by step.
static LEARN_DURING_PREDICT: AtomicBool = AtomicBool::new(false);

/// Several steps: whether they run as one core is found out at the first event.
#[pyclass(extends = Native, subclass, frozen, module = "heraclitus._native")]
pub struct Runner {
    mode: AtomicU8,
}

/// Not known yet.
const UNKNOWN: u8 = 0;
/// One core.
const FUSED: u8 = 1;
/// Step by step, in Python.
const STEPS: u8 = 2;

impl Runner {
    /// True when the steps are one core. Asks the Python side once to make them one.
    #[inline]
    fn fused(slf: &Bound<'_, Self>, params: Option<&Bound<'_, PyDict>>) -> PyResult<bool> {
        if params.is_some_and(|p| !p.is_empty()) {
            return Ok(false);
        }
        match slf.get().mode.load(Ordering::Relaxed) {
            FUSED => Ok(true),
            UNKNOWN => {
                let fused: bool = slf.call_method0("_make_one")?.extract()?;
                let mode = if fused { FUSED } else { STEPS };
                slf.get().mode.store(mode, Ordering::Relaxed);
                Ok(fused)
            }
            _ => Ok(false),
        }
    }

    /// The result of the core, or what the Python side makes of an event that it can't take.
    fn or_by_steps<'py>(
        slf: &Bound<'py, Self>,
        result: PyResult<Bound<'py, PyAny>>,
        method: &str,
        arguments: impl FnOnce() -> PyResult<Bound<'py, PyTuple>>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match result {
            Err(error) if error.is_instance_of::<NotNative>(slf.py()) => {
                slf.call_method(method, arguments()?, params)
            }
            other => other,
        }
    }

    fn ask<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
        method: &str,
        native: impl FnOnce(&Native) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let result = if !LEARN_DURING_PREDICT.load(Ordering::Relaxed) && Self::fused(slf, params)? {
            native(slf.as_super().get())
        } else {
            Err(NotNative::new_err(()))
        };
        Self::or_by_steps(slf, result, method, || PyTuple::new(slf.py(), [x]), params)
    }
}

#[pymethods]
impl Runner {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        let runner = Self { mode: AtomicU8::new(UNKNOWN) };
        PyClassInitializer::from(Native::empty()).add_subclass(runner)
    }

    /// The steps are others now.
    fn _forget_mode(slf: &Bound<'_, Self>) {
        slf.get().mode.store(UNKNOWN, Ordering::Relaxed);
    }

    /// True when the steps run as one core now.
    #[getter]
    fn _is_one(slf: &Bound<'_, Self>) -> bool {
        slf.get().mode.load(Ordering::Relaxed) == FUSED
    }

    /// Update all steps with a set of features `x` and a target `y`.
    #[pyo3(signature = (x, y = None, **params))]
    fn learn_one<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let result = if !LEARN_DURING_PREDICT.load(Ordering::Relaxed) && Self::fused(slf, params)? {
            let lesson = y.map_or(Lesson::None, Lesson::Label);
            let learned = slf.as_super().get().learn(x, lesson, 1.0);
            learned.map(|()| py.None().into_bound(py))
        } else {
            Err(NotNative::new_err(()))
        };
        let none = py.None().into_bound(py);
        let arguments = || PyTuple::new(py, [x, y.unwrap_or(&none)]);
        Self::or_by_steps(slf, result, "_learn_one_by_steps", arguments, params).map(|_| ())
    }

    /// Transform a set of features `x` by all steps but the last, and predict by the last.
    #[pyo3(signature = (x, **params))]
    fn predict_one<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::ask(slf, x, params, "_predict_one_by_steps", |native| native.predict(x))
    }

    /// The same for the probability of each label.
    #[pyo3(signature = (x, **params))]
    fn predict_proba_one<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::ask(slf, x, params, "_predict_proba_one_by_steps", |native| {
            native.predict_proba(x).map(Bound::into_any)
        })
    }

    /// The same for an anomaly score.
    #[pyo3(signature = (x, **params))]
    fn score_one<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::ask(slf, x, params, "_score_one_by_steps", |native| native.predict(x))
    }
}

/// Unsupervised steps learn from what is predicted, from here on or no more.
#[pyfunction]
fn set_learn_during_predict(on: bool) {
    LEARN_DURING_PREDICT.store(on, Ordering::Relaxed);
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Runner>()?;
    module.add_function(wrap_pyfunction!(set_learn_during_predict, module)?)
}
