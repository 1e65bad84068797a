//! `HoeffdingTreeRegressor`: a decision tree for numbers that splits once a split has proven
//! itself.
//!
//! A leaf splits by the attribute that reduces the target's variance most, `r₁`, once the second
//! best reduces it by clearly less, or the Hoeffding bound is small: `r₂ / r₁ < 1 − ε` or
//! `ε < tau`, with `ε = √(ln(1/delta) / 2n)`. A leaf answers with its targets' mean or with a model
//! that learns from its events; children inherit the model.
//!
//! **Shape** numbers, and texts as nominal attributes if the leaf model takes them. An event that
//! lacks the attribute of a branch takes the branch that got most events. **Cost** an event costs
//! the way down, the leaf's model, and a search tree of values per number, by default rounded to
//! one place: 48 bytes a value, at most 65,536 values. A leaf tells at most 512 values of a nominal
//! attribute apart. The size is looked at after each split and every `memory_estimate_period`
//! events; above `max_size` the deepest leaves stop preparing splits. **Errors** those of the
//! leaf model.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"HoeffdingTreeRegressor": {"grace_period": 100}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut off) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = if a > 50.0 { 40.0 } else { 10.0 };
//!     let x = Row::from_json(&json!({"a": a, "b": b}))?;
//!     model.step(&x, &Target::Number(y), 1.0, &mut p, &mut s)?;
//!     off += if i < 500 { 0.0 } else { (p.value.unwrap_or(0.0) - y).abs() };
//! }
//! assert!(off / 500.0 < 2.0, "{}", off / 500.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Ikonomovska, E., Gama, J., Džeroski, S., 2011. Learning model trees from evolving
//! data streams. Data Mining and Knowledge Discovery 23(1). River,
//! `tree/hoeffding_tree_regressor.py`.

use serde_json::Value;

use super::limits::Limits;
use super::models::Models;
use super::splitters::target_splitter;
use super::target_tree::{TargetConfig, TargetPrediction, TargetTree};
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, Estimator, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::params::{self, Spec};
use crate::saved::Loader;

crate::params! {
    /// Parameters of [`HoeffdingTreeRegressor`].
    pub struct Params {
        /// The weight of events that a leaf waits between two attempts to split, 1 or more.
        grace_period: u32 = 200,
        /// How deep the tree may become, 0 to 980; 980 when left out.
        max_depth: Option<u32> = None,
        /// How probable a wrong split may be, above 0 and at most 1.
        delta: f64 = 1e-7,
        /// A bound below which the best split is taken although others are as good, 0 or more.
        tau: f64 = 0.05,
        /// How leaves predict: by the `mean`, their `model`, or the better of both (`adaptive`).
        leaf_prediction: TargetPrediction = TargetPrediction::Adaptive,
        /// The leaves' model: any regressor; `LinearRegression` when left out.
        leaf_model: Option<Spec> = None,
        /// How much of its past errors `adaptive` keeps from event to event, 0 to 1.
        model_selector_decay: f64 = 0.95,
        /// The names of numbers that are categories. Texts always are.
        nominal_attributes: Option<Vec<String>> = None,
        /// How numbers are summarised: `TEBSTSplitter` when left out.
        splitter: Option<Spec> = None,
        /// The weight of events that each branch of a split must get, 0 or more.
        min_samples_split: u32 = 5,
        /// Whether splits may only be in two.
        binary_split: bool = false,
        /// The size that the tree may have, in MiB by our own estimate.
        max_size: f64 = 500.0,
        /// The weight of events between two looks at the size, 1 or more.
        memory_estimate_period: u32 = 1_000_000,
        /// Whether the tree stops growing for good once it is too large.
        stop_mem_management: bool = false,
        /// Whether leaves stop watching attributes that are far behind the best.
        remove_poor_attrs: bool = false,
        /// Whether not to split competes with the splits.
        merit_preprune: bool = true,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "HoeffdingTreeRegressor",
    module: "tree",
    kind: Kind::Regressor,
    version: 1,
    summary: "A decision tree for numbers that splits once a split has proven itself",
    merge: Statement::Member("trees of peers differ in structure"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build: |value, builder| {
        Ok(Any::Regressor(Box::new(HoeffdingTreeRegressor::new(params::read(value)?, builder)?)))
    },
    example: || {
        serde_json::json!(["StandardScaler", {"HoeffdingTreeRegressor":
            {"grace_period": 50, "delta": 0.01, "max_depth": 1}}])
    },
};

/// See the module's documentation.
pub struct HoeffdingTreeRegressor {
    params: Params,
    cfg: TargetConfig,
    state: TargetTree,
}

impl HoeffdingTreeRegressor {
    /// A tree that has seen nothing.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        let cfg = params.config(builder)?;
        Ok(Self { params, cfg, state: TargetTree::default() })
    }
}

impl Params {
    /// What a tree is told.
    pub(crate) fn config(&self, builder: &Builder<'_>) -> Result<TargetConfig> {
        let p = self.clone();
        let limits =
            Limits::new(p.max_depth, p.max_size, p.memory_estimate_period, p.stop_mem_management)?;
        let model = p.leaf_model.unwrap_or_else(|| Spec::name("LinearRegression"));
        let cfg = TargetConfig {
            limits,
            grace_period: f64::from(p.grace_period),
            delta: p.delta,
            tau: p.tau,
            leaf_prediction: p.leaf_prediction,
            models: Models::new(&model, builder)?,
            model_selector_decay: p.model_selector_decay,
            nominal_attributes: p.nominal_attributes.unwrap_or_default(),
            splitter: target_splitter(p.splitter.as_ref())?,
            min_samples_split: f64::from(p.min_samples_split),
            binary_split: p.binary_split,
            remove_poor_attrs: p.remove_poor_attrs,
            merit_preprune: p.merit_preprune,
            max_features: None,
        };
        cfg.check()?;
        Ok(cfg)
    }
}

impl Estimator for HoeffdingTreeRegressor {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let leaf_model = self.params.leaf_model.as_ref().map(|_| self.cfg.models.spec().clone());
        params::write(&Params { leaf_model, ..self.params.clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.state.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.state.load(&self.cfg, None, from)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.state.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.state.attribute(name, names)
    }
}

impl Regressor for HoeffdingTreeRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.state.learn_one_with(&self.cfg, x, y, w, None, cx);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.state.predict_one(&self.cfg, x, cx)
    }
}
