//! Statistics and drift detectors: what takes numbers one after the other.

use her_learn::estimator::Part;
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple};

use crate::classes::Native;
use crate::core::Live;

/// A number of a series, which must be finite.
#[inline]
pub fn number(x: &Bound<'_, PyAny>) -> PyResult<f64> {
    let value = match x.cast_exact::<PyFloat>() {
        Ok(float) => float.value(),
        Err(_) => x.extract::<f64>()?,
    };
    if value.is_finite() {
        return Ok(value);
    }
    Err(PyValueError::new_err(format!("a series takes finite numbers, got {value}")))
}

pub fn wrong_part() -> PyErr {
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
        /// Take the next number of the series, with a weight where the statistic knows weights.
        #[pyo3(signature = (x, w = None))]
        fn update(
            slf: &Bound<'_, Self>,
            x: &Bound<'_, PyAny>,
            w: Option<f64>,
        ) -> PyResult<()> {
            let x = number(x)?;
            slf.as_super().get().with_numbers(slf.py(), |live, path| {
                live.version += 1;
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                match w {
                    None => stat.update(x),
                    Some(w) if stat.update_weighted(x, w) => {}
                    Some(_) => return Err(PyTypeError::new_err("this statistic has no weights")),
                }
                Ok(())
            })
        }

        /// Take the next value of the series, whatever it is: a text as such, another object that
        /// is no number by its place among the objects that were met.
        fn _update_any(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
            with_stat(slf, |live, path| {
                live.version += 1;
                let (Part::Univariate(stat), door) = live.part(path)? else {
                    return Err(wrong_part());
                };
                let text = x.cast::<PyString>();
                let taken = if let Ok(text) = &text {
                    stat.update_text(&text.to_cow()?)
                } else if let Ok(number) = number(x) {
                    stat.update(number);
                    true
                } else {
                    stat.update_text(&format!("{ODD}{}", door.labels.intern(x)?))
                };
                if taken {
                    return Ok(());
                }
                Err(PyTypeError::new_err("this statistic takes numbers"))
            })
        }

        /// Take a number back.
        #[pyo3(signature = (x, w = 1.0))]
        fn _revert(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>, w: f64) -> PyResult<()> {
            let x = number(x)?;
            with_stat(slf, |live, path| {
                live.version += 1;
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                if stat.moments().is_some_and(|[n, ..]| n < w) {
                    return Err(PyValueError::new_err("more is taken back than there was"));
                }
                if stat.revert(x, w) {
                    return Ok(());
                }
                Err(PyTypeError::new_err("this statistic takes nothing back"))
            })
        }

        /// The statistic so far; `None` while there is none.
        fn get<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
            with_stat(slf, |live, path| {
                let (Part::Univariate(stat), door) = live.part(path)? else {
                    return Err(wrong_part());
                };
                let py = slf.py();
                let value = stat.get();
                if !value.is_nan() {
                    return Ok(Some(PyFloat::new(py, value).into_any()));
                }
                Ok(stat.get_text().map(|text| {
                    let odd = text.strip_prefix(ODD).and_then(|id| id.parse().ok());
                    match odd {
                        Some(id) => door.labels.object(py, id),
                        None => PyString::new(py, text).into_any(),
                    }
                }))
            })
        }

        /// The sum of weights, the mean and the sum of squares, where the statistic has them.
        #[getter]
        fn _moments(slf: &Bound<'_, Self>) -> PyResult<Option<(f64, f64, f64)>> {
            with_stat(slf, |live, path| {
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(stat.moments().map(|[n, mean, sum]| (n, mean, sum)))
            })
        }

        fn _set_moments(slf: &Bound<'_, Self>, n: f64, mean: f64, sum: f64) -> PyResult<()> {
            with_stat(slf, |live, path| {
                live.version += 1;
                let Part::Univariate(stat) = live.part(path)?.0 else { return Err(wrong_part()) };
                stat.set_moments([n, mean, sum]);
                Ok(())
            })
        }
    }
}

/// What a text begins with that stands for an object which is neither number nor text.
const ODD: char = '\0';

#[inline]
fn with_stat<R>(
    slf: &Bound<'_, Univariate>,
    work: impl FnOnce(&mut Live, &[Box<str>]) -> PyResult<R>,
) -> PyResult<R> {
    slf.as_super().get().with(slf.py(), work)
}

class! {
    /// Watches a series for a change.
    DriftDetector {
        /// Take the next number of the series.
        fn update(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
            let x = number(x)?;
            slf.as_super().get().with_numbers(slf.py(), |live, path| {
                live.version += 1;
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                d.update(x);
                Ok(())
            })
        }

        /// Whether the last update completed a change.
        #[getter]
        fn drift_detected(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with_numbers(slf.py(), |live, path| {
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(d.drift_detected())
            })
        }

        /// Whether the last update made a change likely.
        #[getter]
        fn warning_detected(slf: &Bound<'_, Self>) -> PyResult<bool> {
            slf.as_super().get().with_numbers(slf.py(), |live, path| {
                let Part::DriftDetector(d) = live.part(path)?.0 else { return Err(wrong_part()) };
                Ok(d.warning_detected())
            })
        }
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Univariate>()?;
    module.add_class::<DriftDetector>()
}
