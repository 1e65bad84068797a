//! The classes of a model as Python objects.

use her_learn::Label;
use her_learn::estimator::ClassId;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

/// Class ids to labels and back. Labels are whatever Python can hash.
#[derive(Default)]
pub struct Labels {
    objects: Vec<Py<PyAny>>,
    names: Vec<Label>,
    ids: Option<Py<PyDict>>,
}

impl Labels {
    /// How many classes are known.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// The label of a class.
    pub fn object<'py>(&self, py: Python<'py>, class: usize) -> Bound<'py, PyAny> {
        self.objects.get(class).map_or_else(|| py.None().into_bound(py), |o| o.bind(py).clone())
    }

    /// All labels, by class.
    pub fn objects(&self) -> &[Py<PyAny>] {
        &self.objects
    }

    /// All labels as models name them.
    pub fn names(&self) -> &[Label] {
        &self.names
    }

    /// The class of a label that is one of the first objects met.
    #[inline]
    pub fn known(&self, label: &Bound<'_, PyAny>) -> Option<ClassId> {
        let at = self.objects.iter().take(16).position(|o| o.as_ptr() == label.as_ptr())?;
        Some(at as ClassId)
    }

    /// The class of a label; `None` for one that is new.
    pub fn find(&self, label: &Bound<'_, PyAny>) -> PyResult<Option<ClassId>> {
        if let Some(class) = self.known(label) {
            return Ok(Some(class));
        }
        let Some(ids) = &self.ids else { return Ok(None) };
        let found = ids.bind(label.py()).get_item(label)?;
        found.map(|id| id.extract()).transpose()
    }

    /// The class of a label, which is new or known.
    pub fn intern(&mut self, label: &Bound<'_, PyAny>) -> PyResult<ClassId> {
        if let Some(class) = self.find(label)? {
            return Ok(class);
        }
        let py = label.py();
        let class = self.objects.len() as ClassId;
        let ids = self.ids.get_or_insert_with(|| PyDict::new(py).unbind());
        ids.bind(py).set_item(label, class)?;
        self.objects.push(label.clone().unbind());
        self.names.push(name(label)?);
        Ok(class)
    }
}

/// A label as a model names it. One that Python takes for the same as a whole number, such as
/// numpy's `True` or `1.0`, is named as that number; another one that no file can hold by its
/// `repr`.
pub fn name(label: &Bound<'_, PyAny>) -> PyResult<Label> {
    if let Ok(b) = label.cast::<PyBool>() {
        return Ok(Label::Bool(b.is_true()));
    }
    if let Some(i) = label.cast::<PyInt>().ok().and_then(|i| i.extract::<i64>().ok()) {
        return Ok(Label::Int(i));
    }
    if let Ok(text) = label.cast::<PyString>() {
        return Ok(Label::Text(text.to_cow()?.into()));
    }
    let hash = label.hash()?;
    if label.eq(hash).unwrap_or(false) {
        return Ok(Label::Int(hash as i64));
    }
    Ok(Label::Text(label.repr()?.to_cow()?.into()))
}

/// A label that a model names, as a Python object.
pub fn object<'py>(py: Python<'py>, label: &Label) -> PyResult<Bound<'py, PyAny>> {
    Ok(match label {
        Label::Bool(b) => PyBool::new(py, *b).to_owned().into_any(),
        Label::Int(i) => i.into_pyobject(py)?.into_any(),
        Label::Text(t) => PyString::new(py, t).into_any(),
    })
}
