//! The Python classes: one per kind of estimator, over one that holds the handle.

#![allow(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::sync::{Mutex, PoisonError};

use her_learn::estimator::{Any, Part};
use her_learn::saved::{self, Loader};
use her_learn::{Catalog, Label};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::attributes;
use crate::core::{Handle, Live};
use crate::frame;
use crate::work::{self, Lesson};

/// What every class over a native core is: a handle, once it was made.
#[pyclass(subclass, frozen, module = "heraclitus._native")]
pub struct Native {
    handle: Mutex<Option<Handle>>,
}

impl Native {
    pub fn empty() -> Self {
        Self { handle: Mutex::new(None) }
    }

    fn handle(&self) -> PyResult<Handle> {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        handle.clone().ok_or_else(|| {
            PyRuntimeError::new_err("this object was not initialised: its __init__ did not run")
        })
    }

    fn set(&self, handle: Option<Handle>) {
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }

    /// Works on the live core.
    #[inline]
    pub fn with<R>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Live, &[Box<str>]) -> PyResult<R>,
    ) -> PyResult<R> {
        // A copy, so that nobody who waits for this object waits for its work as well.
        self.handle()?.with(py, work)
    }

    /// The same for work that runs no Python code, with fewer steps on the way.
    #[inline]
    pub fn with_numbers<R>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Live, &[Box<str>]) -> PyResult<R>,
    ) -> PyResult<R> {
        let mut work = work;
        if let Ok(guard) = self.handle.try_lock()
            && let Some(handle) = &*guard
        {
            match handle.at_once(work) {
                Ok(done) => return done,
                Err(back) => work = back,
            }
        }
        self.with(py, work)
    }

    /// The same for the usual event, whose names are known: `None`, and nothing has changed, for
    /// another one.
    #[inline]
    fn at_once<R>(
        &self,
        x: &Bound<'_, PyAny>,
        work: impl FnOnce(&mut Live, &[Box<str>]) -> Option<PyResult<R>>,
    ) -> Option<PyResult<R>> {
        let dict = x.cast::<PyDict>().ok()?;
        let guard = self.handle.try_lock().ok()?;
        let done = guard.as_ref()?.at_once(|live, path| {
            if live.heavy || !live.door.read_known(dict) {
                return None;
            }
            work(live, path)
        });
        done.ok().flatten()
    }

    pub fn learn(&self, x: &Bound<'_, PyAny>, lesson: Lesson<'_, '_>, w: f64) -> PyResult<()> {
        let py = x.py();
        let quick = self.at_once(x, |live, path| work::learn_known(py, live, path, lesson, w));
        quick.unwrap_or_else(|| {
            self.with(py, |live, path| work::learn(py, live, path, x, lesson, w))
        })
    }

    pub fn predict<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let quick = self.at_once(x, |live, path| {
            let predicted = work::predict_row(live, path);
            Some(predicted.and_then(|predicted| work::shown(py, &live.door, &predicted)))
        });
        if let Some(done) = quick {
            return done;
        }
        self.with(py, |live, path| {
            live.door.read(x)?;
            let predicted = work::predict(py, live, path)?;
            work::shown(py, &live.door, &predicted)
        })
    }

    pub fn predict_proba<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = x.py();
        self.with(py, |live, path| {
            live.door.read(x)?;
            let predicted = work::predict(py, live, path)?;
            work::shown_proba(py, &live.door, &predicted)
        })
    }

    pub fn transform<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        whole: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = x.py();
        self.with(py, |live, path| {
            live.door.read(x)?;
            work::transform(py, live, path, whole)
        })
    }
}

fn parsed(spec: &str) -> PyResult<serde_json::Value> {
    serde_json::from_str(spec).map_err(|e| PyValueError::new_err(format!("a spec is JSON: {e}")))
}

/// What `__getstate__` keeps of a core: spec, state, names, odd keys and labels.
type Kept = (String, Py<PyBytes>, Py<PyBytes>, Vec<(u32, Py<PyAny>)>, Vec<Py<PyAny>>);

#[pymethods]
impl Native {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::empty()
    }

    /// Makes the estimator that a spec says.
    fn _build(&self, spec: &str) -> PyResult<()> {
        let catalog = Catalog::builtin();
        let root = catalog.builder().build(&parsed(spec)?).map_err(|e| crate::refused(&e))?;
        self.set(Some(Handle::new(Live::new(root))));
        Ok(())
    }

    /// True once there is a core.
    fn _is_built(&self) -> bool {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Lets go of the core.
    fn _drop(&self) {
        self.set(None);
    }

    /// The whole spec as JSON, defaults included.
    fn _spec(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |live, path| Ok(live.part(path)?.0.estimator().spec().to_string()))
    }

    /// What River shows under this name; a `KeyError` when there is nothing.
    fn _attribute<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let found = self.with(py, |live, path| attributes::attribute(py, live, path, name))?;
        found.ok_or_else(|| pyo3::exceptions::PyKeyError::new_err(name.to_owned()))
    }

    /// Puts numbers in the place of what is shown under this name. False where it can't be set.
    fn _set_attribute(
        &self,
        py: Python<'_>,
        name: &str,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        self.with(py, |live, path| attributes::set_attribute(live, path, name, value))
    }

    /// This object shows a part of another one's core from here on. False where the whole has no
    /// live part of this name.
    fn _become_part(&self, py: Python<'_>, whole: &Bound<'_, Self>, name: &str) -> PyResult<bool> {
        let below = whole.get().handle()?.part(py, name)?;
        let found = below.is_some();
        if found {
            self.set(below);
        }
        Ok(found)
    }

    /// The same for an object that may have learned already: the part goes on from there.
    fn _join(&self, py: Python<'_>, whole: &Bound<'_, Self>, name: &str) -> PyResult<bool> {
        let Some(mut below) = whole.get().handle()?.part(py, name)? else { return Ok(false) };
        let (_, state, names, keys, labels) = self.keep(py)?;
        below.with(py, |live, path| {
            let (part, door) = live.part(path)?;
            let state = state.bind(py).as_bytes();
            let mut loader = Loader::new(state, saved::FORMAT);
            loader.child(part.estimator()).map_err(|e| crate::refused(&e))?;
            if door.is_fresh() {
                door.load_names(names.bind(py).as_bytes()).map_err(|e| crate::refused(&e))?;
                for (id, key) in keys {
                    door.set_key(id, key);
                }
                for label in labels {
                    door.labels.intern(label.bind(py))?;
                }
            }
            Ok(())
        })?;
        self.set(Some(below));
        Ok(true)
    }

    /// Makes this object's core of the others' cores, which become its parts: a `Pipeline` or a
    /// `TransformerUnion`. False, and nothing has changed, when they can't be one core.
    fn _fuse(&self, py: Python<'_>, kind: &str, parts: Vec<Bound<'_, Native>>) -> PyResult<bool> {
        let mut handles = Vec::with_capacity(parts.len());
        for part in &parts {
            match part.get().handle() {
                Ok(handle) => handles.push(handle),
                Err(_) => return Ok(false),
            }
        }
        let (last, union) = (handles.len().wrapping_sub(1), kind == "TransformerUnion");
        let fits = move |i: usize, any: &Any| match any {
            Any::Transformer(_) => true,
            Any::Classifier(_)
            | Any::Regressor(_)
            | Any::AnomalyDetector(_)
            | Any::Clusterer(_) => !union && i == last,
            _ => false,
        };
        let fused = Handle::fuse(py, &mut handles, fits, |roots| {
            if union {
                her_learn::compose::transformer_union::TransformerUnion::of(roots)
            } else {
                her_learn::compose::pipeline::of(roots)
            }
        })?;
        let done = fused.is_some();
        if done {
            self.set(fused);
        }
        Ok(done)
    }

    /// All that a copy of this part needs.
    #[pyo3(name = "_keep")]
    fn keep(&self, py: Python<'_>) -> PyResult<Kept> {
        self.with(py, |live, path| {
            let mut state = Vec::new();
            let (part, _) = live.part(path)?;
            let estimator = part.estimator();
            let spec = estimator.spec().to_string();
            saved::put_child(&mut state, estimator);
            let names = live.door.snapshot(py, live.version);
            let keys = live.door.odd_keys(py);
            let labels = live.door.labels.objects().iter().map(|l| l.clone_ref(py)).collect();
            Ok((spec, PyBytes::new(py, &state).unbind(), names, keys, labels))
        })
    }

    /// Takes over what [`keep`](Self::keep) kept, with the parameters of `spec`.
    fn _restore(&self, py: Python<'_>, spec: &str, kept: Kept) -> PyResult<()> {
        let (_, state, names, keys, labels) = kept;
        let catalog = Catalog::builtin();
        let mut root = catalog.builder().build(&parsed(spec)?).map_err(|e| crate::refused(&e))?;
        let mut loader = Loader::new(state.bind(py).as_bytes(), saved::FORMAT);
        loader.child(root.estimator_mut()).map_err(|e| crate::refused(&e))?;
        let mut live = Live::new(root);
        live.door.load_names(names.bind(py).as_bytes()).map_err(|e| crate::refused(&e))?;
        for (id, key) in keys {
            live.door.set_key(id, key);
        }
        for label in labels {
            live.door.labels.intern(label.bind(py))?;
        }
        self.set(Some(Handle::new(live)));
        Ok(())
    }

    /// The model as a file or a server has it: estimator, names and classes.
    fn _to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(py, |live, path| {
            let (part, door) = live.part(path)?;
            let binary = matches!(&part, Part::Classifier(c) if !c.multiclass());
            let binary = binary.then_some([Label::Bool(false), Label::Bool(true)]);
            let classes = binary.as_ref().map_or(door.labels.names(), |both| both);
            let bytes = her_learn::model::save_parts(part.estimator(), &door.names, classes);
            Ok(PyBytes::new(py, &bytes))
        })
    }

    /// Takes over the model in the bytes of `_to_bytes`, or of an identity.
    fn _from_bytes(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        self.set(Some(Handle::from_bytes(py, bytes)?));
        Ok(())
    }

    /// Learns all rows of an Arrow stream in their order; `y` holds a target for each.
    #[pyo3(signature = (frame, y = None))]
    fn _learn_frame(
        &self,
        frame: &Bound<'_, PyAny>,
        y: Option<&Bound<'_, PyList>>,
    ) -> PyResult<()> {
        let py = frame.py();
        self.with(py, |live, path| frame::learn(py, live, path, frame, y))
    }

    /// The predictions for all rows: bytes of doubles, or a list of labels.
    fn _predict_frame<'py>(&self, frame: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = frame.py();
        self.with(py, |live, path| frame::predict(py, live, path, frame))
    }

    /// The probabilities for all rows: bytes of doubles by label.
    fn _predict_proba_frame<'py>(&self, frame: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = frame.py();
        self.with(py, |live, path| frame::predict_proba(py, live, path, frame))
    }

    /// What all rows are turned into: bytes of doubles by feature.
    fn _transform_frame<'py>(&self, frame: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = frame.py();
        self.with(py, |live, path| frame::transform(py, live, path, frame))
    }

    /// Bytes of memory that the estimator's state and names take, about.
    fn _state_bytes(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |live, path| {
            let mut state = Vec::new();
            live.part(path)?.0.estimator().save(&mut state);
            Ok(state.len() + live.door.names.len() * 48)
        })
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident { $($methods:tt)* })*) => {$(
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
    )*};
}

kinds! {
    /// Features to features.
    Transformer {
        /// Update with a set of features `x`.
        fn learn_one(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
            slf.as_super().get().learn(x, Lesson::None, 1.0)
        }

        /// Transform a set of features `x`.
        fn transform_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyDict>> {
            slf.as_super().get().transform(x, false)
        }

        /// The same with whole numbers as `int`, where River has them.
        fn _transform_whole<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyDict>> {
            slf.as_super().get().transform(x, true)
        }
    }

    /// Features to classes.
    Classifier {
        /// Update with a set of features `x` and a label `y`.
        #[pyo3(signature = (x, y, w = 1.0))]
        fn learn_one(
            slf: &Bound<'_, Self>,
            x: &Bound<'_, PyAny>,
            y: &Bound<'_, PyAny>,
            w: f64,
        ) -> PyResult<()> {
            slf.as_super().get().learn(x, Lesson::Label(y), w)
        }

        /// Predict the label of a set of features `x`.
        fn predict_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            slf.as_super().get().predict(x)
        }

        /// Predict the probability of each label for a set of features `x`.
        fn predict_proba_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyDict>> {
            slf.as_super().get().predict_proba(x)
        }

        #[getter]
        fn _multiclass(slf: &Bound<'_, Self>) -> PyResult<bool> {
            let py = slf.py();
            slf.as_super().get().with(py, |live, path| {
                let part = live.part(path)?.0;
                Ok(matches!(part, Part::Classifier(c) if c.multiclass()))
            })
        }
    }

    /// Features to a number.
    Regressor {
        /// Update with a set of features `x` and a number `y`.
        #[pyo3(signature = (x, y, w = 1.0))]
        fn learn_one(
            slf: &Bound<'_, Self>,
            x: &Bound<'_, PyAny>,
            y: &Bound<'_, PyAny>,
            w: f64,
        ) -> PyResult<()> {
            slf.as_super().get().learn(x, Lesson::Label(y), w)
        }

        /// Predict the number of a set of features `x`.
        fn predict_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            slf.as_super().get().predict(x)
        }
    }

    /// Features to an anomaly score.
    AnomalyDetector {
        /// Update with a set of features `x`.
        fn learn_one(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
            slf.as_super().get().learn(x, Lesson::None, 1.0)
        }

        /// How unusual a set of features `x` is: the higher, the more.
        fn score_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            slf.as_super().get().predict(x)
        }
    }

    /// Features to the number of a group.
    Clusterer {
        /// Update with a set of features `x`.
        #[pyo3(signature = (x, w = 1.0))]
        fn learn_one(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>, w: f64) -> PyResult<()> {
            slf.as_super().get().learn(x, Lesson::None, w)
        }

        /// The number of the group that a set of features `x` belongs to.
        fn predict_one<'py>(
            slf: &Bound<'py, Self>,
            x: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            slf.as_super().get().predict(x)
        }
    }

    /// A rule that turns gradients into steps.
    Optimizer {
        /// The weights `w` after a step against the gradients `g`; without gradients, as they are
        /// to be when a gradient is taken.
        #[pyo3(signature = (w, g = None))]
        fn _move<'py>(
            slf: &Bound<'py, Self>,
            w: &Bound<'py, PyDict>,
            g: Option<&Bound<'py, PyDict>>,
        ) -> PyResult<Bound<'py, PyDict>> {
            let py = slf.py();
            slf.as_super().get().with(py, |live, path| attributes::optimize(py, live, path, w, g))
        }
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Native>()?;
    module.add_class::<Transformer>()?;
    module.add_class::<Classifier>()?;
    module.add_class::<Regressor>()?;
    module.add_class::<AnomalyDetector>()?;
    module.add_class::<Clusterer>()?;
    module.add_class::<Optimizer>()
}
