//! Specs: which estimators they name, and what the catalogue says of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use her_learn::Catalog;
use her_learn::catalog::Entry;
use pyo3::prelude::*;
use serde_json::Value;

/// What has to be known of an estimator before it is given an event.
#[derive(Clone, Copy, Default)]
pub struct Nature {
    /// One event may take as long as it takes to let other threads run.
    pub heavy: bool,
    /// Refuses some events that hold nothing but numbers.
    pub picky: bool,
}

impl Nature {
    fn of(entry: &Entry) -> Self {
        let heavy = matches!(entry.module, "forest" | "ensemble" | "neighbors");
        let picky = matches!(
            entry.name,
            "PolynomialExtender"
                | "MultinomialNB"
                | "ComplementNB"
                | "BayesianLinearRegression"
                | "BayesianLogisticRegression"
        );
        Self { heavy, picky }
    }

    /// What holds for some estimator that a spec names, at any depth.
    pub fn of_spec(spec: &Value) -> Self {
        let mut found = Self::default();
        found.look_at(spec);
        found
    }

    fn look_at(&mut self, spec: &Value) {
        match spec {
            Value::String(name) => self.look_up(name),
            Value::Array(items) => {
                for item in items {
                    self.look_at(item);
                }
            }
            Value::Object(map) => {
                for (name, value) in map {
                    self.look_up(name);
                    self.look_at(value);
                }
            }
            _ => {}
        }
    }

    fn look_up(&mut self, name: &str) {
        if let Some(nature) = ODD.get(name) {
            self.heavy |= nature.heavy;
            self.picky |= nature.picky;
        }
    }
}

/// The estimators of which something has to be known.
static ODD: LazyLock<BTreeMap<&'static str, Nature>> = LazyLock::new(|| {
    let all = Catalog::builtin();
    let all = all.entries().map(|entry| (entry.name, Nature::of(entry)));
    all.filter(|(_, nature)| nature.heavy || nature.picky).collect()
});

/// Every row of the catalogue as JSON: what the Python classes are generated from.
#[pyfunction]
fn catalog() -> String {
    let rows = Catalog::builtin().entries().map(row).collect();
    Value::Array(rows).to_string()
}

fn row(entry: &'static Entry) -> Value {
    let docs = entry.params.iter();
    let params = docs.map(|p| serde_json::json!({"name": p.name, "type": p.ty, "doc": p.doc}));
    serde_json::json!({
        "name": entry.name,
        "module": entry.module,
        "kind": entry.kind,
        "summary": entry.summary,
        "params": params.collect::<Vec<_>>(),
        "defaults": (entry.defaults)(),
    })
}

/// A loss, to be asked for values outside of a model.
#[pyclass(frozen, module = "heraclitus._native")]
pub struct Loss(her_learn::optim::Loss);

#[pymethods]
impl Loss {
    #[new]
    fn new(spec: &str) -> PyResult<Self> {
        let loss = serde_json::from_str(spec);
        loss.map(Self).map_err(|e| pyo3::exceptions::PyValueError::new_err(e.to_string()))
    }

    /// The loss of a raw prediction.
    fn value(&self, y_true: f64, y_pred: f64) -> f64 {
        self.0.value(y_true, y_pred)
    }

    /// Its derivative by the raw prediction.
    fn gradient(&self, y_true: f64, y_pred: f64) -> f64 {
        self.0.gradient(y_true, y_pred)
    }

    /// What a raw prediction means: a probability for binary losses.
    fn mean(&self, y_pred: f64) -> f64 {
        self.0.mean(y_pred)
    }
}

/// A scheduler, to be asked for rates outside of a model.
#[pyclass(frozen, module = "heraclitus._native")]
pub struct Rate(her_learn::optim::LearningRate);

#[pymethods]
impl Rate {
    #[new]
    fn new(spec: &str) -> PyResult<Self> {
        let rate = serde_json::from_str(spec);
        rate.map(Self).map_err(|e| pyo3::exceptions::PyValueError::new_err(e.to_string()))
    }

    /// The rate of step `t`, counted from 0.
    fn get(&self, t: u64) -> f64 {
        self.0.get(t)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Loss>()?;
    module.add_class::<Rate>()?;
    module.add_function(wrap_pyfunction!(catalog, module)?)
}
