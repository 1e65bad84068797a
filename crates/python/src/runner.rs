//! What a pipeline runs on: one core for all of its steps where they can be one, Python's steps
//! where not.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::NotNative;
use crate::classes::Native;
use crate::work::Lesson;

/// How many ask at the moment that all pipelines go step by step: while steps learn from what is
/// predicted, and while their calls are logged.
static BY_STEPS: AtomicUsize = AtomicUsize::new(0);

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
        if params.is_some_and(|p| !p.is_empty()) || BY_STEPS.load(Ordering::Relaxed) > 0 {
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
    ) -> PyResult<Bound<'py, PyAny>> {
        match result {
            Err(error) if error.is_instance_of::<NotNative>(slf.py()) => {
                slf.call_method1(method, arguments()?)
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
        let result = if Self::fused(slf, params)? {
            native(slf.as_super().get())
        } else {
            Err(NotNative::new_err(()))
        };
        Self::or_by_steps(slf, result, method, || {
            (x, extra(slf.py(), params)).into_pyobject(slf.py())
        })
    }
}

/// Extra arguments as the Python side takes them.
fn extra<'py>(py: Python<'py>, params: Option<&Bound<'py, PyDict>>) -> Bound<'py, PyDict> {
    params.map_or_else(|| PyDict::new(py), Clone::clone)
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

    /// True when the steps run as one core, which they are made now if they can be.
    fn _is_one_core(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::fused(slf, None)
    }

    /// The steps came as one core.
    fn _is_one_already(slf: &Bound<'_, Self>) {
        slf.get().mode.store(FUSED, Ordering::Relaxed);
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
        let result = if Self::fused(slf, params)? {
            let lesson = y.map_or(Lesson::None, Lesson::Label);
            let learned = slf.as_super().get().learn(x, lesson, 1.0);
            learned.map(|()| py.None().into_bound(py))
        } else {
            Err(NotNative::new_err(()))
        };
        let none = py.None().into_bound(py);
        let arguments = || (x, y.unwrap_or(&none), extra(py, params)).into_pyobject(py);
        Self::or_by_steps(slf, result, "_learn_one_by_steps", arguments).map(|_| ())
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

    /// What the transformers make of a set of features `x`.
    #[pyo3(signature = (x, **params))]
    fn transform_one<'py>(
        slf: &Bound<'py, Self>,
        x: &Bound<'py, PyAny>,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Step by step: values keep their kinds where a step passes them on.
        slf.call_method1("_transform_one_by_steps", (x, extra(slf.py(), params)))
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

/// All pipelines go step by step from here on, until as many calls have said no.
#[pyfunction]
fn go_by_steps(on: bool) {
    if on {
        BY_STEPS.fetch_add(1, Ordering::Relaxed);
    } else {
        // One that was never asked for is not taken back.
        let _ = BY_STEPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Runner>()?;
    module.add_function(wrap_pyfunction!(go_by_steps, module)?)
}
