//! Where a Python event becomes features: names are looked up once for events of the same keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use her_learn::estimator::ClassId;
use her_learn::features::{FeatureId, Features, Names, Overlay, Pool, Vocabulary};
use her_learn::row::{Kind, Row, Shape as RowShape, limits};
use her_learn::saved::{self, Loader};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};

use crate::NotNative;
use crate::labels::Labels;
use crate::values::{Value, name_of, value_of};

/// The name under which an event that is a text alone is known.
const TEXT: &str = "text";

/// The keys of the event before, when all of them were known and held numbers.
#[derive(Default)]
struct Shape {
    /// Empty when they are the door's keys from the first one on.
    keys: Vec<Py<PyAny>>,
    ids: Vec<FeatureId>,
    generation: u64,
    sorted: bool,
}

/// The ids of a frame's columns.
#[derive(Default)]
struct Resolved {
    shape: Arc<RowShape>,
    generation: u64,
    /// True when all of them are known for good.
    known: bool,
    numbers: Vec<FeatureId>,
    texts: Vec<FeatureId>,
    sorted: bool,
}

/// Names, labels and buffers of one core.
pub struct Door {
    pub names: Vocabulary,
    pub labels: Labels,
    /// The event at hand.
    pub x: Features,
    pub overlay: Overlay,
    pub pool: Pool,
    pub floats: Vec<f64>,
    /// The weight of each pair of a true and a predicted class that a metric was told.
    pub pairs: BTreeMap<(ClassId, ClassId), f64>,
    /// How many pairs there were.
    pub seen: i64,
    /// The objects that features were named by, by id; none where a text says it all.
    keys: Vec<Option<Py<PyAny>>>,
    /// The same for names that only the event at hand has.
    passing: Vec<(FeatureId, Py<PyAny>)>,
    shape: Shape,
    resolved: Resolved,
    /// The names as bytes, and the version of the core at which they were read.
    snapshot: Option<(u64, Py<PyBytes>)>,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            names: Vocabulary::new(Vocabulary::CAP_DEFAULT),
            labels: Labels::default(),
            x: Features::default(),
            overlay: Overlay::default(),
            pool: Pool::default(),
            floats: Vec::new(),
            pairs: BTreeMap::new(),
            seen: 0,
            keys: Vec::new(),
            passing: Vec::new(),
            shape: Shape::default(),
            resolved: Resolved::default(),
            snapshot: None,
        }
    }
}

impl Door {
    /// True when no name was met and no class.
    pub fn is_fresh(&self) -> bool {
        self.names.is_empty() && self.labels.len() == 0
    }

    /// The names as bytes.
    pub fn saved_names(&self) -> Vec<u8> {
        let mut out = Vec::new();
        saved::put(&mut out, &self.names);
        out
    }

    /// The same, as an object that stays the same one until something is learned.
    pub fn snapshot(&mut self, py: Python<'_>, version: u64) -> Py<PyBytes> {
        if let Some((at, bytes)) = &self.snapshot
            && *at == version
        {
            return bytes.clone_ref(py);
        }
        let bytes = PyBytes::new(py, &self.saved_names()).unbind();
        self.snapshot = Some((version, bytes.clone_ref(py)));
        bytes
    }

    /// Takes over names that [`saved_names`](Self::saved_names) wrote.
    pub fn load_names(&mut self, bytes: &[u8]) -> her_learn::Result<()> {
        let mut loader = Loader::new(bytes, saved::FORMAT);
        self.names = loader.get()?;
        loader.finish()?;
        self.names.rebuild_index();
        self.shape = Shape::default();
        self.resolved = Resolved::default();
        Ok(())
    }

    /// The keys that are no texts, with the ids of their features.
    pub fn odd_keys(&self, py: Python<'_>) -> Vec<(FeatureId, Py<PyAny>)> {
        let odd = self.keys.iter().enumerate();
        odd.filter_map(|(id, key)| Some((id as FeatureId, key.as_ref()?)))
            .filter(|(_, key)| !key.bind(py).is_instance_of::<PyString>())
            .map(|(id, key)| (id, key.clone_ref(py)))
            .collect()
    }

    /// Gives features the objects that they are named by.
    pub fn set_key(&mut self, id: FeatureId, key: Py<PyAny>) {
        let at = id as usize;
        if self.keys.len() <= at {
            self.keys.resize_with(at + 1, || None);
        }
        self.keys[at] = Some(key);
    }

    /// Forgets what ids were named by, after the vocabulary gave them to other names.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if let Some(key) = self.keys.get_mut(id as usize) {
                *key = None;
            }
        }
    }

    /// Reads an event; nothing at the door changes by it but buffers.
    #[inline]
    pub fn read(&mut self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(dict) = event.cast::<PyDict>()
            && self.read_known(dict)
        {
            return Ok(());
        }
        self.read_any(event, false)
    }

    /// Reads an event whose keys are those of the event before, and which holds numbers. Runs no
    /// Python code.
    #[inline]
    pub fn read_known(&mut self, dict: &Bound<'_, PyDict>) -> bool {
        let shape = &self.shape;
        let n = shape.ids.len();
        if dict.len() != n
            || shape.generation != self.names.generation()
            || n == 0
            || !self.passing.is_empty()
        {
            return false;
        }
        let values = self.x.refill(&shape.ids);
        let read = if shape.keys.is_empty() {
            crate::dict::read_numbers(dict, self.keys.iter().take(n).flatten(), values)
        } else {
            crate::dict::read_numbers(dict, shape.keys.iter(), values)
        };
        // One pass without a branch for each number.
        let odd = values.iter().fold(0, |odd, v| odd | u32::from(!v.is_finite()));
        if !read || odd != 0 {
            return false;
        }
        if !shape.sorted {
            self.x.sort();
        }
        self.overlay.clear();
        true
    }

    /// Reads any event. While learning, new names are known from then on.
    #[cold]
    fn read_any(&mut self, event: &Bound<'_, PyAny>, learn: bool) -> PyResult<()> {
        self.x.clear();
        self.overlay.clear();
        self.passing.clear();
        if let Ok(text) = event.cast::<PyString>() {
            let text = text.to_cow()?;
            let id = self.id(TEXT, None, learn)?;
            check_text(TEXT, &text)?;
            self.x.push_text(id, &text);
            return Ok(());
        }
        let mut ids = Vec::new();
        let mut numbers = true;
        if let Ok(dict) = event.cast::<PyDict>() {
            check_count(dict.len())?;
            for (key, value) in dict.iter() {
                numbers &= self.take(&key, &value, learn, &mut ids)?;
            }
        } else if let Ok(mapping) = event.cast::<PyMapping>() {
            check_count(mapping.len()?)?;
            for item in mapping.items()?.iter() {
                let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
                numbers &= self.take(&key, &value, learn, &mut ids)?;
            }
        } else {
            return Err(NotNative::new_err(format!(
                "an event is a dict of features (or a text), got {}",
                event.get_type().name()?
            )));
        }
        self.x.sort();
        if numbers && self.overlay.is_empty() && event.is_instance_of::<PyDict>() {
            self.keep_shape(event.cast::<PyDict>()?, ids);
        }
        Ok(())
    }

    /// Remembers the keys of an event whose names are all known.
    fn keep_shape(&mut self, dict: &Bound<'_, PyDict>, ids: Vec<FeatureId>) {
        let keys: Vec<Py<PyAny>> = dict.keys().iter().map(Bound::unbind).collect();
        if keys.len() == ids.len() {
            let sorted = ids.is_sorted();
            let is_known = |(at, (key, &id)): (usize, (&Py<PyAny>, &FeatureId))| {
                let known = self.keys.get(at).and_then(Option::as_ref);
                at == id as usize && known.is_some_and(|known| known.is(key))
            };
            let keys =
                if keys.iter().zip(&ids).enumerate().all(is_known) { Vec::new() } else { keys };
            self.shape = Shape { keys, ids, generation: self.names.generation(), sorted };
        }
    }

    /// Takes one feature in. Says whether it was a number.
    fn take(
        &mut self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        learn: bool,
        ids: &mut Vec<FeatureId>,
    ) -> PyResult<bool> {
        let value = value_of(key, value)?;
        if matches!(value, Value::Missing) {
            return Ok(false);
        }
        let name = name_of(key)?;
        let odd = (!key.is_instance_of::<PyString>()).then_some(key);
        let id = self.id(&name, odd, learn)?;
        if odd.is_none() {
            self.refuse_other(id, key, &name)?;
            self.remember(id, key);
        }
        match value {
            Value::Number(number) => {
                self.x.push(id, number);
                ids.push(id);
                Ok(true)
            }
            Value::Text(text) => {
                check_text(&name, &text)?;
                self.x.push_text(id, &text);
                Ok(false)
            }
            Value::Missing => Ok(false),
        }
    }

    /// Keeps the object by which a feature is named, for the events that come out again.
    fn remember(&mut self, id: FeatureId, key: &Bound<'_, PyAny>) {
        if id >= self.names.end() {
            self.passing.push((id, key.clone().unbind()));
        } else if self.keys.get(id as usize).is_none_or(Option::is_none) {
            self.set_key(id, key.clone().unbind());
        }
    }

    /// The id of a name. Two keys that are not equal, such as `3` and `"3"`, may not share one.
    fn id(
        &mut self,
        name: &str,
        odd: Option<&Bound<'_, PyAny>>,
        learn: bool,
    ) -> PyResult<FeatureId> {
        if name.len() > limits::NAME_BYTES {
            let start: String = name.chars().take(40).collect();
            return Err(PyValueError::new_err(format!(
                "the feature name starting with {start:?} has {} bytes, at most {} are allowed",
                name.len(),
                limits::NAME_BYTES
            )));
        }
        let id = if learn {
            self.names.intern(name)
        } else {
            Names::Predict(&self.names, &mut self.overlay).id(name)
        };
        if let Some(key) = odd {
            self.refuse_other(id, key, name)?;
            self.remember(id, key);
        }
        Ok(id)
    }

    /// Refuses a key that is not equal to the one whose name it shares.
    fn refuse_other(&self, id: FeatureId, key: &Bound<'_, PyAny>, name: &str) -> PyResult<()> {
        let Some(Some(known)) = self.keys.get(id as usize) else { return Ok(()) };
        let known = known.bind(key.py());
        if known.as_ptr() == key.as_ptr() || known.eq(key)? {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "the features {} and {} have the same name {name:?} in this model; rename one of them",
            known.repr()?,
            key.repr()?
        )))
    }

    /// Makes every name of the event at hand known.
    pub fn admit(&mut self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.overlay.is_empty() {
            return Ok(());
        }
        self.read_any(event, true)?;
        // A model knows the names of its events before long: the room for others goes back.
        self.overlay = Overlay::default();
        self.passing = Vec::new();
        Ok(())
    }

    /// Reads a row whose columns' names were looked up for the row before, if they are the same.
    pub fn read_row(&mut self, row: &Row) {
        self.x.clear();
        self.overlay.clear();
        self.passing.clear();
        let (shape, generation) = (row.shape(), self.names.generation());
        let r = &self.resolved;
        if r.generation == generation && Arc::ptr_eq(&r.shape, shape) && r.known {
            self.x.assign(&r.numbers, row.numbers());
            for (&id, text) in r.texts.iter().zip(row.texts()) {
                self.x.push_text(id, text);
            }
            if !r.sorted {
                self.x.sort();
            }
            return;
        }
        self.look_up(row);
    }

    /// Makes every name of the row at hand known.
    pub fn admit_row(&mut self, row: &Row) {
        if self.overlay.is_empty() {
            return;
        }
        for (name, _) in row.shape().columns() {
            self.names.intern(name);
        }
        self.x.clear();
        self.overlay = Overlay::default();
        self.passing = Vec::new();
        self.look_up(row);
    }

    #[cold]
    fn look_up(&mut self, row: &Row) {
        let mut found = Resolved { shape: Arc::clone(row.shape()), ..Resolved::default() };
        let mut names = Names::Predict(&self.names, &mut self.overlay);
        let (mut numbers, mut texts) = (row.numbers().iter(), row.texts());
        for (name, kind) in row.shape().columns() {
            let id = names.id(name);
            match kind {
                Kind::Number => {
                    found.numbers.push(id);
                    self.x.push(id, numbers.next().copied().unwrap_or_default());
                }
                Kind::Text => {
                    found.texts.push(id);
                    self.x.push_text(id, texts.next().unwrap_or_default());
                }
            }
        }
        self.x.sort();
        found.sorted = [&found.numbers, &found.texts].iter().all(|ids| ids.is_sorted());
        found.generation = self.names.generation();
        found.known = self.overlay.is_empty();
        self.resolved = found;
    }

    /// The object that names a feature.
    pub fn key<'py>(&mut self, py: Python<'py>, id: FeatureId) -> Bound<'py, PyAny> {
        if let Some(Some(key)) = self.keys.get(id as usize)
            && id < self.names.end()
        {
            return key.bind(py).clone();
        }
        if let Some((_, key)) = self.passing.iter().find(|(known, _)| *known == id) {
            return key.bind(py).clone();
        }
        let name = Names::Predict(&self.names, &mut self.overlay);
        let key = PyString::new(py, name.name(id)).into_any();
        if id < self.names.end() {
            self.set_key(id, key.clone().unbind());
        }
        key
    }

    /// The object that names a feature, when the model knows that name.
    pub fn key_named<'py>(&mut self, py: Python<'py>, name: &str) -> Bound<'py, PyAny> {
        match self.names.find(name) {
            Some(id) => self.key(py, id),
            None => PyString::new(py, name).into_any(),
        }
    }
}

fn check_count(n: usize) -> PyResult<()> {
    if n <= limits::FEATURES {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "an event has {n} features, at most {} are allowed; split it or hash it first",
        limits::FEATURES
    )))
}

fn check_text(name: &str, text: &str) -> PyResult<()> {
    if text.len() <= limits::TEXT_BYTES {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "feature {name:?} is a text of {} bytes, at most {} are allowed; cut it",
        text.len(),
        limits::TEXT_BYTES
    )))
}
