//! What an estimator shows and takes by name: attributes, weights, steps of an optimizer.

use her_learn::estimator::{Attribute, Estimator, Part, WeightKey};
use her_learn::features::{Names, Slots};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList, PyString};

use crate::core::Live;
use crate::door::Door;
use crate::work::{number, wrong_part};

/// Puts numbers in the place of what is shown under a name: a dict by feature, or a number.
pub fn set_attribute(
    live: &mut Live,
    path: &[Box<str>],
    name: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let mut values = Vec::new();
    if let Ok(dict) = value.cast::<PyDict>() {
        live.door.read(value)?;
        live.door.admit(value)?;
        live.door.names.touch_event(&live.door.x);
        values.extend(live.door.x.iter().map(|(id, v)| (Some(id), v)));
        if values.len() != dict.len() {
            return Err(PyValueError::new_err(format!("{name} holds numbers only")));
        }
    } else {
        values.push((None, number(value)?));
    }
    live.version += 1;
    Ok(live.part(path)?.0.estimator().set_attribute(name, &values))
}

/// Moves weights against gradients, both by name, and gives the weights as they are then; or lets
/// the optimizer change the weights before a gradient is taken.
pub fn optimize<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    w: &Bound<'py, PyDict>,
    g: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyDict>> {
    let event = g.unwrap_or(w).as_any();
    live.door.read(event)?;
    live.door.admit(event)?;
    live.version += 1;
    let x = live.door.x.clone();
    let mut weights = Slots::default();
    weights.grow(x.end());
    for &id in x.ids() {
        let key = live.door.key(py, id);
        if let Some(value) = w.get_item(&key)? {
            *weights.at(id) = number(&value)?;
        }
    }
    let Part::Optimizer(optimizer) = live.part(path)?.0 else { return Err(wrong_part("step")) };
    match g {
        Some(_) => optimizer.step(&x, x.values(), &mut weights),
        None => optimizer.look_ahead(&x, &mut weights),
    }
    let moved = PyDict::new(py);
    for &id in x.ids() {
        moved.set_item(live.door.key(py, id), weights.get(id))?;
    }
    Ok(moved)
}

/// What River shows under a name, if there is such a thing.
pub fn attribute<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (part, door) = live.part(path)?;
    if let ("n_iterations", Part::Optimizer(optimizer)) = (name, &part) {
        return Ok(Some(optimizer.n_iterations().into_pyobject(py)?.into_any()));
    }
    let estimator = part.estimator();
    let found = estimator.attribute(name, &Names::Predict(&door.names, &mut door.overlay));
    if let Some(found) = found {
        return object(py, door, found).map(Some);
    }
    if estimator.entry().module != "linear_model" {
        return Ok(None);
    }
    match name {
        "weights" => weights(py, door, estimator, path.is_empty()).map(Some),
        "intercept" => {
            let mut found = None;
            estimator.weights(&mut |key, w| {
                if key == (WeightKey { class: None, feature: None }) {
                    found = Some(w);
                }
            });
            Ok(found.map(|w| PyFloat::new(py, w).into_any()))
        }
        _ => Ok(None),
    }
}

/// Weights by feature; by class and feature for models that keep a vector per class. A model that
/// is `alone` at its door was given every feature that the door knows: those of weight 0 are shown.
fn weights<'py>(
    py: Python<'py>,
    door: &mut Door,
    estimator: &dyn Estimator,
    alone: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let mut all: Vec<(WeightKey, f64)> = Vec::new();
    estimator.weights(&mut |key, w| all.push((key, w)));
    let dict = PyDict::new(py);
    if alone && all.iter().all(|(key, _)| key.class.is_none()) {
        for id in 0..door.names.end() {
            if door.names.name(id).is_some() {
                dict.set_item(door.key(py, id), 0.0)?;
            }
        }
    }
    for (key, w) in all {
        let Some(feature) = key.feature else { continue };
        if door.names.name(feature).is_none() {
            continue;
        }
        let feature = door.key(py, feature);
        let Some(class) = key.class else {
            dict.set_item(feature, w)?;
            continue;
        };
        let label = door.labels.object(py, class as usize);
        let of_class = if let Some(found) = dict.get_item(&label)? {
            found.cast_into::<PyDict>()?
        } else {
            let made = PyDict::new(py);
            dict.set_item(label, &made)?;
            made
        };
        of_class.set_item(feature, w)?;
    }
    Ok(dict.into_any())
}

/// An attribute as a Python object.
fn object<'py>(
    py: Python<'py>,
    door: &mut Door,
    attribute: Attribute,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match attribute {
        Attribute::None => py.None().into_bound(py),
        Attribute::Bool(b) => PyBool::new(py, b).to_owned().into_any(),
        Attribute::Int(i) => i.into_pyobject(py)?.into_any(),
        Attribute::Float(f) => PyFloat::new(py, f).into_any(),
        Attribute::Text(t) => PyString::new(py, &t).into_any(),
        Attribute::List(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(object(py, door, item)?)?;
            }
            list.into_any()
        }
        Attribute::Map(items) => {
            let dict = PyDict::new(py);
            for (name, item) in items {
                let item = object(py, door, item)?;
                dict.set_item(door.key_named(py, &name), item)?;
            }
            dict.into_any()
        }
        Attribute::Pairs(items) => {
            let dict = PyDict::new(py);
            for (key, item) in items {
                dict.set_item(object(py, door, key)?, object(py, door, item)?)?;
            }
            dict.into_any()
        }
        Attribute::Classes(items) => {
            let dict = PyDict::new(py);
            for (class, item) in items {
                let item = object(py, door, item)?;
                dict.set_item(door.labels.object(py, class as usize), item)?;
            }
            dict.into_any()
        }
    })
}
