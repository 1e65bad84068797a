//! What is done with one event: the steps between the door and an estimator.

use her_learn::estimator::{ClassId, Estimator, Part, Transformer};
use her_learn::features::{Context, Features, Names};
use pyo3::exceptions::{PyAttributeError, PyNotImplementedError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyString};

use crate::core::Live;
use crate::door::Door;
use crate::labels::Labels;

/// Stands in where an estimator was taken out.
pub struct Nothing;

const NOTHING: her_learn::catalog::Entry = her_learn::catalog::Entry {
    name: "",
    module: "",
    kind: her_learn::catalog::Kind::Transformer,
    version: 0,
    summary: "",
    merge: her_learn::merge::Statement::Stateless,
    params: &[],
    defaults: || serde_json::Value::Null,
    build: |_, _| Err(her_learn::Error::new("nothing can be built of nothing")),
    example: || serde_json::Value::Null,
};

impl Estimator for Nothing {
    fn entry(&self) -> &'static her_learn::catalog::Entry {
        &NOTHING
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn save(&self, _out: &mut Vec<u8>) {}
    fn load(&mut self, _from: &mut her_learn::saved::Loader<'_>) -> her_learn::Result<()> {
        Ok(())
    }
}

impl Transformer for Nothing {
    fn transform_one(&self, _x: &Features, _out: &mut Features, _cx: &mut Context<'_>) {}
}

pub fn wrong_part(method: &str) -> PyErr {
    PyAttributeError::new_err(format!("this model has no {method}"))
}

/// Runs `work`, without the interpreter when it may take long.
#[inline]
fn run<R: Send>(py: Python<'_>, heavy: bool, work: impl Send + FnOnce() -> R) -> R {
    if heavy { py.detach(work) } else { work() }
}

/// What an event predicts.
pub enum Predicted {
    /// In the door's floats: a probability per class.
    Proba {
        multiclass: bool,
        only_labels: bool,
    },
    Value(f64),
    Score(f64),
    Group(u32),
}

/// Predicts for the event at the door. Changes no model.
#[inline]
pub fn predict(py: Python<'_>, live: &mut Live, path: &[Box<str>]) -> PyResult<Predicted> {
    let heavy = live.heavy;
    if heavy { py.detach(|| predict_row(live, path)) } else { predict_row(live, path) }
}

/// The same without an interpreter at hand.
#[inline]
pub fn predict_row(live: &mut Live, path: &[Box<str>]) -> PyResult<Predicted> {
    let (part, door) = live.part(path)?;
    let Door { names, overlay, pool, x, floats, labels, .. } = door;
    let x = &*x;
    floats.clear();
    let mut cx = Context::new(Names::Predict(names, overlay), pool).with_classes(labels.names());
    let predicted = match part {
        Part::Classifier(c) => {
            c.predict_proba_one(x, floats, &mut cx);
            Predicted::Proba { multiclass: c.multiclass(), only_labels: c.only_labels() }
        }
        Part::Regressor(r) => Predicted::Value(r.predict_one(x, &mut cx)),
        Part::AnomalyDetector(a) => Predicted::Score(a.score_one(x, &mut cx)),
        Part::Clusterer(c) => Predicted::Group(c.predict_one(x, &mut cx)),
        _ => return Err(wrong_part("predict_one")),
    };
    cx.refusal().map_or(Ok(predicted), |error| Err(crate::refused(&error)))
}

/// What is learned with an event.
#[derive(Clone, Copy)]
pub enum Lesson<'a, 'py> {
    None,
    Label(&'a Bound<'py, PyAny>),
}

/// What a target is to a part.
#[derive(Clone, Copy)]
pub enum Target {
    None,
    Class(ClassId),
    Value(f64),
}

/// A number to regress on, or an error that says what else it is.
pub fn number(y: &Bound<'_, PyAny>) -> PyResult<f64> {
    let value = match y.cast::<PyFloat>() {
        Ok(float) => float.value(),
        Err(_) => y.extract::<f64>().map_err(|_| not_a_number(y))?,
    };
    if value.is_finite() {
        return Ok(value);
    }
    Err(not_a_number(y))
}

#[cold]
fn not_a_number(y: &Bound<'_, PyAny>) -> PyErr {
    let shown = y.repr().map_or_else(|_| "?".to_owned(), |r| r.to_string());
    PyValueError::new_err(format!("the target is {shown}, a regression learns from finite numbers"))
}

pub fn target(part: &Part<'_>, labels: &mut Labels, lesson: Lesson<'_, '_>) -> PyResult<Target> {
    Ok(match (part, lesson) {
        (Part::Classifier(c), Lesson::Label(y)) if c.multiclass() => {
            if labels.len() >= 65_535 && labels.find(y)?.is_none() {
                return Err(PyValueError::new_err("a model tells apart 65535 classes"));
            }
            Target::Class(labels.intern(y)?)
        }
        (Part::Classifier(_), Lesson::Label(y)) => Target::Class(ClassId::from(truth(y)?)),
        (Part::Regressor(_), Lesson::Label(y)) => Target::Value(number(y)?),
        (Part::Classifier(_) | Part::Regressor(_), Lesson::None) => {
            return Err(PyValueError::new_err("this model learns from a target: give y"));
        }
        _ => Target::None,
    })
}

/// What a binary model takes a target for.
fn truth(y: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(b) = y.cast::<PyBool>() {
        return Ok(b.is_true());
    }
    if y.is_instance_of::<PyString>() {
        return Err(PyValueError::new_err(format!(
            "the target is {}, this model is binary and learns from True, False, 1 or 0; wrap it \
             in OneVsRestClassifier for more classes",
            y.repr()?
        )));
    }
    y.is_truthy()
}

/// Learns the event at the door. A refused event changes nothing.
pub fn learn(
    py: Python<'_>,
    live: &mut Live,
    path: &[Box<str>],
    event: &Bound<'_, PyAny>,
    lesson: Lesson<'_, '_>,
    w: f64,
) -> PyResult<()> {
    if !(w.is_finite() && w >= 0.0) {
        return Err(PyValueError::new_err(format!(
            "the weight is {w}, it must be a finite number of 0 or more"
        )));
    }
    live.door.read(event)?;
    if live.picky || live.door.x.texts().next().is_some() {
        try_out(live, path)?;
    }
    let heavy = live.heavy;
    let (part, door) = live.part(path)?;
    let y = target(&part, &mut door.labels, lesson)?;
    live.version += 1;
    if let Some(gone) = live.door.names.begin_event() {
        live.root.estimator_mut().forget(&gone);
        live.door.forget(&gone);
        live.door.read(event)?;
    }
    live.door.admit(event)?;
    let (part, door) = live.part(path)?;
    learn_at(py, part, door, y, w, heavy)
}

/// Learns the event at the door, which has known names and numbers alone. `None`, and nothing has
/// changed, where that takes more than a step: this runs no Python code.
#[inline]
pub fn learn_known(
    py: Python<'_>,
    live: &mut Live,
    path: &[Box<str>],
    lesson: Lesson<'_, '_>,
    w: f64,
) -> Option<PyResult<()>> {
    if live.picky || live.door.names.is_over() || !(w.is_finite() && w >= 0.0) {
        return None;
    }
    let (part, door) = live.part(path).ok()?;
    let y = plain_target(&part, &door.labels, lesson)?;
    door.names.begin_event();
    let learned = learn_at(py, part, door, y, w, false);
    live.version += 1;
    Some(learned)
}

/// What a target is to a part, when that is seen without running Python code.
#[inline]
fn plain_target(part: &Part<'_>, labels: &Labels, lesson: Lesson<'_, '_>) -> Option<Target> {
    let y = match (part, lesson) {
        (Part::Classifier(_) | Part::Regressor(_), Lesson::Label(y)) => y,
        (Part::Classifier(_) | Part::Regressor(_), Lesson::None) => return None,
        _ => return Some(Target::None),
    };
    Some(match part {
        Part::Classifier(c) if c.multiclass() => Target::Class(labels.known(y)?),
        Part::Classifier(_) => Target::Class(y.cast::<PyBool>().ok()?.is_true().into()),
        _ => {
            let value = y.cast::<PyFloat>().ok()?.value();
            Target::Value(value.is_finite().then_some(value)?)
        }
    })
}

fn learn_at(
    py: Python<'_>,
    part: Part<'_>,
    door: &mut Door,
    y: Target,
    w: f64,
    heavy: bool,
) -> PyResult<()> {
    let Door { names, pool, x, labels, .. } = door;
    let x = &*x;
    names.touch_event(x);
    let mut cx = Context::new(Names::Learn(names), pool).with_classes(labels.names());
    match (part, y) {
        (Part::Classifier(c), Target::Class(y)) => run(py, heavy, || c.learn_one(x, y, w, &mut cx)),
        (Part::Regressor(r), Target::Value(y)) => run(py, heavy, || r.learn_one(x, y, w, &mut cx)),
        (Part::AnomalyDetector(a), _) => run(py, heavy, || a.learn_one(x, &mut cx)),
        (Part::Clusterer(c), _) => run(py, heavy, || c.learn_one(x, w, &mut cx)),
        (Part::Transformer(t), _) => t.learn_one(x, &mut cx),
        _ => return Err(wrong_part("learn_one")),
    }
    Ok(())
}

/// Predicts, to see whether every step can take what reaches it.
pub fn try_out(live: &mut Live, path: &[Box<str>]) -> PyResult<()> {
    let (part, door) = live.part(path)?;
    let Door { names, overlay, pool, x, floats, labels, .. } = door;
    floats.clear();
    let mut cx = Context::new(Names::Predict(names, overlay), pool).with_classes(labels.names());
    match part {
        Part::Classifier(c) => c.predict_proba_one(x, floats, &mut cx),
        Part::Regressor(r) => {
            r.predict_one(x, &mut cx);
        }
        Part::AnomalyDetector(a) => {
            a.score_one(x, &mut cx);
        }
        Part::Clusterer(c) => {
            c.predict_one(x, &mut cx);
        }
        Part::Transformer(t) => {
            let mut out = cx.take();
            t.transform_one(x, &mut out, &mut cx);
            cx.give(out);
        }
        _ => {}
    }
    cx.refusal().map_or(Ok(()), |error| Err(crate::refused(&error)))
}

/// What the event at the door is turned into, in a buffer of the door's pool.
pub fn transform<'py>(
    py: Python<'py>,
    live: &mut Live,
    path: &[Box<str>],
    whole: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (part, door) = live.part(path)?;
    let Part::Transformer(t) = part else { return Err(wrong_part("transform_one")) };
    let Door { names, overlay, pool, x, .. } = door;
    let mut cx = Context::new(Names::Predict(names, overlay), pool);
    let mut out = cx.take();
    t.transform_one(x, &mut out, &mut cx);
    let refusal = cx.refusal();
    if let Some(error) = refusal {
        return Err(crate::refused(&error));
    }
    let dict = PyDict::new(py);
    for (id, value) in out.iter() {
        let key = door.key(py, id);
        if whole && value.fract() == 0.0 && value.abs() < 9e15 {
            dict.set_item(key, value as i64)?;
        } else {
            dict.set_item(key, value)?;
        }
    }
    for (id, text) in out.texts() {
        dict.set_item(door.key(py, id), text)?;
    }
    Context::new(Names::Predict(&door.names, &mut door.overlay), &mut door.pool).give(out);
    Ok(dict)
}

/// Probabilities as River gives them: by label, without the classes that there is no opinion on.
pub fn proba<'py>(py: Python<'py>, door: &Door, multiclass: bool) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (class, &p) in door.floats.iter().enumerate().filter(|(_, p)| !p.is_nan()) {
        dict.set_item(label(py, door, multiclass, class), p)?;
    }
    Ok(dict)
}

/// The label of a class.
pub fn label<'py>(
    py: Python<'py>,
    door: &Door,
    multiclass: bool,
    class: usize,
) -> Bound<'py, PyAny> {
    if multiclass {
        return door.labels.object(py, class);
    }
    PyBool::new(py, class == 1).to_owned().into_any()
}

/// The most probable class, the first of equals; `None` while there is no opinion.
pub fn best_class(door: &Door) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (class, &p) in door.floats.iter().enumerate() {
        if !p.is_nan() && best.is_none_or(|(_, q)| p > q) {
            best = Some((class, p));
        }
    }
    best.map(|(class, _)| class)
}

/// A prediction as `predict_one` gives it.
pub fn shown<'py>(
    py: Python<'py>,
    door: &Door,
    predicted: &Predicted,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match *predicted {
        Predicted::Proba { multiclass, .. } => match best_class(door) {
            Some(class) => label(py, door, multiclass, class),
            None => py.None().into_bound(py),
        },
        Predicted::Value(v) | Predicted::Score(v) => PyFloat::new(py, v).into_any(),
        Predicted::Group(g) => g.into_pyobject(py)?.into_any(),
    })
}

/// A prediction as `predict_proba_one` gives it.
pub fn shown_proba<'py>(
    py: Python<'py>,
    door: &Door,
    predicted: &Predicted,
) -> PyResult<Bound<'py, PyDict>> {
    match *predicted {
        Predicted::Proba { only_labels: true, .. } => Err(PyNotImplementedError::new_err(
            "this classifier gives labels without probabilities; use predict_one",
        )),
        Predicted::Proba { multiclass, .. } => proba(py, door, multiclass),
        _ => Err(wrong_part("predict_proba_one")),
    }
}
