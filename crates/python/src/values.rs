//! What a value of an event is.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use crate::NotNative;

/// A value that a model can take.
pub enum Value<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    /// `None`: the event does not have the feature.
    Missing,
}

/// What a value is, or an error that names the feature.
pub fn value_of<'a>(key: &Bound<'_, PyAny>, value: &'a Bound<'_, PyAny>) -> PyResult<Value<'a>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::Text(text.to_cow()?));
    }
    if value.is_none() {
        return Ok(Value::Missing);
    }
    let number = match value.cast::<PyFloat>() {
        Ok(float) => float.value(),
        Err(_) => value.extract::<f64>().map_err(|_| not_native(key, value))?,
    };
    if number.is_finite() {
        return Ok(Value::Number(number));
    }
    Err(PyValueError::new_err(format!(
        "feature {} is {number}; leave it out when it is missing, or give it a finite number",
        shown(key)
    )))
}

/// The name of a feature: a text is its own, what is no text is named as it prints.
pub fn name_of<'a>(key: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = key.cast::<PyString>() {
        return text.to_cow();
    }
    Ok(Cow::Owned(key.str()?.to_cow()?.into_owned()))
}

fn shown(key: &Bound<'_, PyAny>) -> String {
    key.repr().map_or_else(|_| "?".to_owned(), |r| r.to_string())
}

#[cold]
fn not_native(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyErr {
    let kind = value.get_type().name().map_or_else(|_| "?".to_owned(), |n| n.to_string());
    NotNative::new_err(format!(
        "feature {} is a {kind}; an estimator takes numbers and texts: turn it into one of them \
         with a FuncTransformer before it",
        shown(key)
    ))
}
