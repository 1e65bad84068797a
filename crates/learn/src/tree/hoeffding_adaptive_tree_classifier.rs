//! `HoeffdingAdaptiveTreeClassifier`: a Hoeffding tree that replaces what has gone out of date.
//!
//! Each node watches its errors for a change. A branch whose errors rise lets an alternate grow,
//! and the one with clearly fewer errors stays: they are compared by the bound
//! `√(2 e (1 − e) ln(2 / switch_significance) (1/n₁ + 1/n₂))`. Each leaf learns an event as often
//! as a Poisson draw of mean 1 says, at least once. A leaf's vote is divided by its squared error.
//!
//! **Shape** numbers, and texts as nominal attributes; any number of classes. **Cost** that of
//! `HoeffdingTreeClassifier`, and a drift detector and a prediction for each node on the way down.
//! **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"HoeffdingAdaptiveTreeClassifier": {"grace_period": 50, "delta": 1e-3}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..3000_u32 {
//!     let a = f64::from(i * 7919 % 101);
//!     // After 1,500 events the classes change places.
//!     let y = Target::Bool((a > 50.0) != (i >= 1500));
//!     model.step(&Row::from_json(&json!({"a": a}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(i >= 2500 && p.class() == model.class_of(&y));
//! }
//! assert!(right > 450, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Bifet, A., Gavaldà, R., 2009. Adaptive learning from evolving data streams, IDA,
//! section 4. River, `tree/hoeffding_adaptive_tree_classifier.py` and `tree/nodes/hatc_nodes.py`.

use serde_json::Value;

use super::adaptive::{AdaptiveConfig, Progress};
use super::adaptive_class::ClassLearner;
use super::class_tree::{ClassConfig, ClassTree, LeafPrediction};
use super::criterion::SplitCriterion;
use super::limits::Limits;
use super::splitters::class_splitter;
use super::watch::Detectors;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`HoeffdingAdaptiveTreeClassifier`].
    pub struct Params {
        /// The weight of events that a leaf waits between two attempts to split, 1 or more.
        grace_period: u32 = 200,
        /// How deep the tree may become, 0 to 980; 980 when left out.
        max_depth: Option<u32> = None,
        /// What splits are measured by: `info_gain`, `gini` or `hellinger` (two classes).
        split_criterion: SplitCriterion = SplitCriterion::InfoGain,
        /// How probable a wrong split may be, above 0 and at most 1.
        delta: f64 = 1e-7,
        /// A bound below which the best split is taken although others are as good, 0 or more.
        tau: f64 = 0.05,
        /// How leaves predict: by their majority (`mc`), naive Bayes (`nb`), or the better (`nba`).
        leaf_prediction: LeafPrediction = LeafPrediction::Adaptive,
        /// The weight of events from which on `nb` uses naive Bayes, 0 or more.
        nb_threshold: u32 = 0,
        /// The names of numbers that are categories. Texts always are.
        nominal_attributes: Option<Vec<String>> = None,
        /// How numbers are summarised: `GaussianSplitter` when left out.
        splitter: Option<Spec> = None,
        /// Whether leaves learn an event as often as chance will.
        bootstrap_sampling: bool = true,
        /// How many errors a branch and its alternate need before they are compared, 0 or more.
        drift_window_threshold: u32 = 300,
        /// Watches the errors of each node: `ADWIN` when left out.
        drift_detector: Option<Spec> = None,
        /// How probable a wrong replacement may be, above 0 and at most 1.
        switch_significance: f64 = 0.05,
        /// Whether nominal attributes may only split in two.
        binary_split: bool = false,
        /// The share of events that at least two branches of a split must get, 0 to 1.
        min_branch_fraction: f64 = 0.01,
        /// A leaf of which one class has a larger share than this does not split, 0 to 1.
        max_share_to_split: f64 = 0.99,
        /// The size that the tree may have, in MiB by our own estimate.
        max_size: f64 = 100.0,
        /// The weight of events between two looks at the size, 1 or more.
        memory_estimate_period: u32 = 1_000_000,
        /// Whether the tree stops growing for good once it is too large.
        stop_mem_management: bool = false,
        /// Without effect here, as in River: naive Bayes needs poor attributes too.
        remove_poor_attrs: bool = false,
        /// Whether not to split competes with the splits.
        merit_preprune: bool = true,
        /// Fixes how often leaves learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "HoeffdingAdaptiveTreeClassifier",
    module: "tree",
    kind: Kind::Classifier,
    version: 1,
    summary: "A Hoeffding tree that replaces what has gone out of date",
    merge: Statement::Member("trees of peers differ in structure"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build: |value, builder| {
        let tree = HoeffdingAdaptiveTreeClassifier::new(params::read(value)?, builder)?;
        Ok(Any::Classifier(Box::new(tree)))
    },
    example: || {
        serde_json::json!({"HoeffdingAdaptiveTreeClassifier":
            {"grace_period": 50, "delta": 0.01, "max_depth": 1, "seed": 42,
             "drift_detector": "PageHinkley"}})
    },
};

/// See the module's documentation.
pub struct HoeffdingAdaptiveTreeClassifier {
    params: Params,
    cfg: ClassConfig,
    adaptive: AdaptiveConfig,
    state: ClassTree,
    progress: Progress,
}

impl HoeffdingAdaptiveTreeClassifier {
    /// A tree that has seen nothing.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        let p = params.clone();
        let cfg = ClassConfig {
            limits: Limits::new(
                p.max_depth,
                p.max_size,
                p.memory_estimate_period,
                p.stop_mem_management,
            )?,
            grace_period: f64::from(p.grace_period),
            criterion: p.split_criterion,
            delta: p.delta,
            tau: p.tau,
            leaf_prediction: p.leaf_prediction,
            nb_threshold: f64::from(p.nb_threshold),
            nominal_attributes: p.nominal_attributes.unwrap_or_default(),
            splitter: class_splitter(p.splitter.as_ref())?,
            binary_split: p.binary_split,
            min_branch_fraction: p.min_branch_fraction,
            max_share_to_split: p.max_share_to_split,
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
        Ok(Self { params, cfg, adaptive, state: ClassTree::default(), progress })
    }
}

impl Estimator for HoeffdingAdaptiveTreeClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let given = self.params.drift_detector.as_ref();
        let drift_detector = given.map(|_| self.adaptive.detectors.spec().clone());
        params::write(&Params { drift_detector, ..self.params.clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.progress);
        self.state.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.progress = from.get()?;
        self.state.load(Some(&self.adaptive.detectors), from)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.state.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.progress.with_tree(name, self.state.attribute(name, names))
    }
}

impl Classifier for HoeffdingAdaptiveTreeClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let Self { cfg, adaptive, state: trees, progress, .. } = self;
        ClassLearner { trees, cfg, adaptive, progress, x, y, w, cx, changed: false }.run();
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.state.predict_by_errors(&self.cfg, x, proba, cx);
    }
}
