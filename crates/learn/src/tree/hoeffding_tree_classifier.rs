//! `HoeffdingTreeClassifier`: a decision tree that splits a leaf once enough events have shown
//! which split is the best.
//!
//! A leaf counts classes and, by class, keeps a normal distribution of each number and the weight
//! of each value of a text. Every `grace_period` events the best split of each feature is measured.
//! By Hoeffding's bound, `ε = √(R² ln(1/δ) / 2n)`, the best one is the right one with probability
//! `1 − δ` when it leads by more than `ε`; when `ε < tau` it is as good as the next.
//!
//! **Shape** numbers, and texts as nominal values, in; any number of classes. **Cost** a leaf takes
//! 64 bytes a class and feature; an event walks down to one leaf, and costs a few operations a
//! class and feature there. **Errors** none beyond the parameters'.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 1e-3}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..2000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > 50.0 && b > 30.0);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 1850, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Hulten, G., Spencer, L., Domingos, P., 2001. Mining time-changing data streams, KDD;
//! Holmes, G., Kirkby, R., Pfahringer, B., 2005. Stress-testing Hoeffding trees, PKDD (adaptive
//! leaves). River, `tree/hoeffding_tree_classifier.py`.

use super::class_tree::{ClassTree, Settings};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names};
use crate::params::check_range;

use super::class_leaf::Prediction;
use super::criterion::Criterion;
use super::splitter::ClassSplitter;

crate::params! {
    /// Parameters of [`HoeffdingTreeClassifier`].
    pub struct Params {
        /// How much weight a leaf takes between two looks for a split.
        grace_period: u32 = 200,
        /// How deep the tree may become, 1,000 when left out.
        max_depth: Option<u32> = None,
        /// How a split is measured: `gini`, `info_gain` or `hellinger` (two classes).
        split_criterion: Criterion = Criterion::InfoGain,
        /// The probability that a split is not the best one, above 0 and below 1.
        delta: f64 = 1e-7,
        /// Below this bound the best split is taken although another one is close.
        tau: f64 = 0.05,
        /// How leaves predict: `mc` by the shares of their classes, `nb` by naive Bayes, `nba` by
        /// the one that was right more often.
        leaf_prediction: Prediction = Prediction::Adaptive,
        /// The weight from which on a leaf of `nb` uses naive Bayes.
        nb_threshold: u32 = 0,
        /// Names of numbers that are values to be told apart, not quantities.
        nominal_attributes: Option<Vec<String>> = None,
        /// How numbers are split: `GaussianSplitter`, with how many thresholds it tries.
        splitter: ClassSplitter = ClassSplitter::default(),
        /// Whether nominal features part in two only.
        binary_split: bool = false,
        /// The share of the weight that two parts of a split at least must have.
        min_branch_fraction: f64 = 0.01,
        /// A leaf whose heaviest class has a larger share looks for no split.
        max_share_to_split: f64 = 0.99,
        /// Memory that the tree may take, in MiB.
        max_size: f64 = 100.0,
        /// After how much weight the memory is looked at.
        memory_estimate_period: u32 = 1_000_000,
        /// Whether to stop growing when memory runs out; else leaves of little promise rest.
        stop_mem_management: bool = false,
        /// Whether features that are far behind are left out of a leaf (of `mc`).
        remove_poor_attrs: bool = false,
        /// Whether not to split is one of the choices.
        merit_preprune: bool = true,
    }
}

impl Params {
    /// The same as settings of a tree.
    pub(crate) fn settings(&self) -> Result<Settings> {
        check_range("delta", self.delta, f64::MIN_POSITIVE, 1.0)?;
        check_range("tau", self.tau, 0.0, f64::MAX)?;
        check_range("min_branch_fraction", self.min_branch_fraction, 0.0, 1.0)?;
        check_range("max_share_to_split", self.max_share_to_split, 0.0, 1.0)?;
        check_range("max_size", self.max_size, 0.0, 1e6)?;
        check_range("memory_estimate_period", f64::from(self.memory_estimate_period), 1.0, 4e9)?;
        Ok(Settings {
            grace_period: f64::from(self.grace_period),
            depth_max: self.max_depth.unwrap_or(super::DEPTH_MAX).min(super::DEPTH_MAX),
            criterion: self.split_criterion,
            delta: self.delta,
            tau: self.tau,
            prediction: self.leaf_prediction,
            nb_threshold: f64::from(self.nb_threshold),
            nominal_attributes: self.nominal_attributes.clone().unwrap_or_default(),
            n_splits: self.splitter.n_splits()?,
            binary_split: self.binary_split,
            share_min: self.min_branch_fraction,
            share_max: self.max_share_to_split,
            bytes_max: self.max_size * f64::from(1 << 20),
            memory_period: f64::from(self.memory_estimate_period),
            stop_mem_management: self.stop_mem_management,
            remove_poor_attrs: self.remove_poor_attrs,
            merit_preprune: self.merit_preprune,
        })
    }
}

/// See the module's documentation.
pub struct HoeffdingTreeClassifier {
    params: Params,
    settings: Settings,
    state: ClassTree,
}

crate::estimator! {
    HoeffdingTreeClassifier in "tree" as Classifier, version 1, name "HoeffdingTreeClassifier",
    "A decision tree that splits a leaf once its events have shown how",
    example = serde_json::json!({"HoeffdingTreeClassifier": {
        "grace_period": 20, "delta": 0.1, "max_depth": 1, "binary_split": true}}),
    forget = |state: &mut ClassTree, gone: &[FeatureId]| state.forget(gone),
    attribute = |model: &HoeffdingTreeClassifier, name: &str, names: &Names<'_>| {
        model.state.attribute(name, names)
    },
}

impl HoeffdingTreeClassifier {
    /// A tree that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        let settings = params.settings()?;
        Ok(Self { params, settings, state: ClassTree::default() })
    }
}

impl Classifier for HoeffdingTreeClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.state.learn(&self.settings, x, y, w, None, cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.state.predict(&self.settings, x, proba, cx);
    }
}
