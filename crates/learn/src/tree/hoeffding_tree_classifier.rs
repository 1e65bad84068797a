//! `HoeffdingTreeClassifier`: a decision tree that splits once a split has proven itself.
//!
//! A leaf collects statistics and splits by the attribute of the best merit `G₁`, once it is ahead
//! of the second best by more than the Hoeffding bound, or the bound itself is small:
//! `G₁ − G₂ > ε` or `ε < tau`, with `ε = √(R² ln(1/delta) / 2n)` after `n` events, where `R` is the
//! range of the merit.
//!
//! **Shape** numbers, and texts as nominal attributes; any number of classes. An event that lacks
//! the attribute of a branch takes the branch that got most events. **Cost** an event costs the
//! way down and one leaf's statistics: by default a normal distribution per class and number, 52
//! bytes each. A leaf tells at most 512 values of a nominal attribute apart. The size is looked at
//! after each split and every `memory_estimate_period` events; above `max_size` the least
//! promising leaves keep the weights of their classes only. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 1e-5}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > 50.0 && b > 30.0);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(i >= 500 && p.class() == model.class_of(&y));
//! }
//! assert!(right > 400, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Hulten, G., Spencer, L., Domingos, P., 2001. Mining time-changing data streams, KDD,
//! section 2. Kirkby, R., 2007. Improving Hoeffding trees, PhD thesis, University of Waikato.
//! River, `tree/hoeffding_tree_classifier.py`.

use super::class_tree::{ClassConfig, ClassTree, LeafPrediction};
use super::criterion::SplitCriterion;
use super::limits::Limits;
use super::splitters::class_splitter;
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names};
use crate::params::Spec;

crate::params! {
    /// Parameters of [`HoeffdingTreeClassifier`].
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
        /// Whether `mc` leaves stop watching attributes that are far behind the best.
        remove_poor_attrs: bool = false,
        /// Whether not to split competes with the splits.
        merit_preprune: bool = true,
    }
}

impl Params {
    /// What a tree of these parameters is told; for forests too.
    pub(crate) fn config(&self) -> Result<ClassConfig> {
        let limits = Limits::new(
            self.max_depth,
            self.max_size,
            self.memory_estimate_period,
            self.stop_mem_management,
        )?;
        let cfg = ClassConfig {
            limits,
            grace_period: f64::from(self.grace_period),
            criterion: self.split_criterion,
            delta: self.delta,
            tau: self.tau,
            leaf_prediction: self.leaf_prediction,
            nb_threshold: f64::from(self.nb_threshold),
            nominal_attributes: self.nominal_attributes.clone().unwrap_or_default(),
            splitter: class_splitter(self.splitter.as_ref())?,
            binary_split: self.binary_split,
            min_branch_fraction: self.min_branch_fraction,
            max_share_to_split: self.max_share_to_split,
            remove_poor_attrs: self.remove_poor_attrs,
            merit_preprune: self.merit_preprune,
            max_features: None,
        };
        cfg.check()?;
        Ok(cfg)
    }
}

/// See the module's documentation.
pub struct HoeffdingTreeClassifier {
    params: Params,
    cfg: ClassConfig,
    state: ClassTree,
}

crate::estimator! {
    HoeffdingTreeClassifier in "tree" as Classifier, version 1, name "HoeffdingTreeClassifier",
    "A decision tree that splits once a split has proven itself",
    example = serde_json::json!({"HoeffdingTreeClassifier":
        {"grace_period": 50, "delta": 0.01, "max_depth": 1}}),
    forget = |state: &mut ClassTree, gone: &[FeatureId]| state.forget(gone),
    attribute = |tree: &HoeffdingTreeClassifier, name: &str, names: &Names<'_>| {
        tree.state.attribute(name, names)
    },
    merge = member "trees of peers differ in structure",
}

impl HoeffdingTreeClassifier {
    /// A tree that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        let cfg = params.config()?;
        Ok(Self { params, cfg, state: ClassTree::default() })
    }
}

impl Classifier for HoeffdingTreeClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.state.learn_one_with(&self.cfg, x, y, w, None, cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.state.predict_proba_one(&self.cfg, x, proba, cx);
    }
}
