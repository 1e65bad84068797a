//! `HoeffdingAdaptiveTreeRegressor`: a Hoeffding tree for numbers that replaces what has gone out
//! of date.
//!
//! Each node watches its absolute errors for a change. A branch whose errors rise lets an alternate
//! grow. Once both have seen enough, and their mean errors differ by a two-sided test with
//! `z = (e₁ − e₂) / √(s₁²/n₁ + s₂²/n₂)`, the better one stays. Each leaf learns an event as often
//! as a Poisson draw of mean 1 says, at least once. The leaf and the alternates on the way down are
//! averaged.
//!
//! **Shape** numbers, and texts as nominal attributes if the leaf model takes them. **Cost** that
//! of `HoeffdingTreeRegressor`, and a drift detector and a prediction for each node on the way
//! down. **Errors** those of the leaf model.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"HoeffdingAdaptiveTreeRegressor":
//!     {"grace_period": 50, "delta": 1e-3, "leaf_prediction": "mean"}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut off) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..4000_u32 {
//!     let a = f64::from(i * 7919 % 101);
//!     // After 2,000 events the levels change places.
//!     let y = if (a > 50.0) != (i >= 2000) { 40.0 } else { 10.0 };
//!     let x = Row::from_json(&json!({"a": a}))?;
//!     model.step(&x, &Target::Number(y), 1.0, &mut p, &mut s)?;
//!     off += if i < 3500 { 0.0 } else { (p.value.unwrap_or(0.0) - y).abs() };
//! }
//! assert!(off / 500.0 < 8.0, "{}", off / 500.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Bifet, A., Gavaldà, R., 2009. Adaptive learning from evolving data streams, IDA.
//! River, `tree/hoeffding_adaptive_tree_regressor.py` and `tree/nodes/hatr_nodes.py`.

use serde_json::Value;

use super::adaptive::{AdaptiveConfig, Progress};
use super::adaptive_target::TargetLearner;
use super::limits::Limits;
use super::models::Models;
use super::splitters::target_splitter;
use super::target_tree::{TargetConfig, TargetPrediction, TargetTree};
use super::watch::Detectors;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, Estimator, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`HoeffdingAdaptiveTreeRegressor`].
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
        /// Whether leaves learn an event as often as chance will.
        bootstrap_sampling: bool = true,
        /// How many errors a branch and its alternate need before they are compared, 0 or more.
        drift_window_threshold: u32 = 300,
        /// Watches the errors of each node: `ADWIN` when left out.
        drift_detector: Option<Spec> = None,
        /// How probable a wrong replacement may be, above 0 and at most 1.
        switch_significance: f64 = 0.05,
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
        /// Fixes how often leaves learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "HoeffdingAdaptiveTreeRegressor",
    module: "tree",
    kind: Kind::Regressor,
    version: 1,
    summary: "A Hoeffding tree for numbers that replaces what has gone out of date",
    merge: Statement::Member("trees of peers differ in structure"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build: |value, builder| {
        let tree = HoeffdingAdaptiveTreeRegressor::new(params::read(value)?, builder)?;
        Ok(Any::Regressor(Box::new(tree)))
    },
    example: || {
        serde_json::json!(["StandardScaler", {"HoeffdingAdaptiveTreeRegressor":
            {"grace_period": 50, "delta": 0.01, "max_depth": 1, "seed": 42,
             "drift_detector": "PageHinkley"}}])
    },
};

/// See the module's documentation.
pub struct HoeffdingAdaptiveTreeRegressor {
    params: Params,
    cfg: TargetConfig,
    adaptive: AdaptiveConfig,
    state: TargetTree,
    progress: Progress,
}

impl HoeffdingAdaptiveTreeRegressor {
    /// A tree that has seen nothing.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        let p = params.clone();
        let model = p.leaf_model.unwrap_or_else(|| Spec::name("LinearRegression"));
        let cfg = TargetConfig {
            limits: Limits::new(
                p.max_depth,
                p.max_size,
                p.memory_estimate_period,
                p.stop_mem_management,
            )?,
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
        let detector = p.drift_detector.unwrap_or_else(|| Spec::name("ADWIN"));
        let adaptive = AdaptiveConfig {
            detectors: Detectors::new(&detector, builder)?,
            bootstrap_sampling: p.bootstrap_sampling,
            drift_window_threshold: f64::from(p.drift_window_threshold),
            switch_significance: p.switch_significance,
        };
        adaptive.check()?;
        let progress = Progress::new(p.seed);
        Ok(Self { params, cfg, adaptive, state: TargetTree::default(), progress })
    }
}

impl Estimator for HoeffdingAdaptiveTreeRegressor {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let leaf_model = self.params.leaf_model.as_ref().map(|_| self.cfg.models.spec().clone());
        let given = self.params.drift_detector.as_ref();
        let drift_detector = given.map(|_| self.adaptive.detectors.spec().clone());
        params::write(&Params { leaf_model, drift_detector, ..self.params.clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.progress);
        self.state.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.progress = from.get()?;
        self.state.load(&self.cfg, Some(&self.adaptive.detectors), from)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.state.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.progress.with_tree(name, self.state.attribute(name, names))
    }
}

impl Regressor for HoeffdingAdaptiveTreeRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let Self { cfg, adaptive, state: trees, progress, .. } = self;
        TargetLearner { trees, cfg, adaptive, progress, x, y, w, cx, changed: false }.run();
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.state.predict_mean(&self.cfg, x, cx)
    }
}
