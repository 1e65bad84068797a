//! `ARFClassifier`: adaptive random forest, trees that look at random features, learn events as
//! often as chance will, and are replaced when their errors change.
//!
//! Every tree learns an event with a weight drawn from a Poisson distribution of mean
//! `lambda_value`, and each of its leaves looks at `max_features` features drawn for it. A warning
//! lets a new tree grow in the background; at a drift it takes the old one's place. Votes are
//! weighted by each tree's `metric` so far. With a `seed`, all draws are River's.
//!
//! **Shape** that of `HoeffdingTreeClassifier`. **Cost** `n_models` trees, some with another one
//! in the background. **Errors** those of the parameters.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"ARFClassifier": {"n_models": 5, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > b);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 850, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gomes, H.M. et al., 2017. Adaptive random forests for evolving data stream
//! classification, Machine Learning 106. River, `forest/adaptive_random_forest.py`.

use serde_json::{Value, json};

use super::adaptive::{Forest, Grown, Member, Settings};
use crate::catalog::{Builder, Entry, Kind};
use crate::ensemble::{add_votes, share_out};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::metrics::Observation;
use crate::model::{Label, most_probable};
use crate::parallel::collect;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};
use crate::tree::class_leaf::ClassLeaf;
use crate::tree::class_tree::{ClassConfig, ClassTree, LeafPrediction};
use crate::tree::criterion::SplitCriterion;
use crate::tree::hoeffding_tree_classifier;

crate::params! {
    /// Parameters of [`ARFClassifier`].
    pub struct Params {
        /// How many trees, 1 to 1,000.
        n_models: usize = 10,
        /// How many features a leaf looks at: `sqrt`, `log2`, a number, a share of all, or all of
        /// them when null.
        max_features: Value = json!("sqrt"),
        /// The mean of the weight with which a tree learns an event, 1 to 1,000.
        lambda_value: u32 = 6,
        /// The figure by which trees vote.
        metric: Spec = Spec::name("Accuracy"),
        /// Whether all trees vote alike.
        disable_weighted_vote: bool = false,
        /// What finds that a tree has become wrong; `NoDrift` for nothing.
        drift_detector: Spec = Spec(json!({"ADWIN": {"delta": 0.001}})),
        /// What finds it early, so that a new tree can begin to grow; `NoDrift` for nothing.
        warning_detector: Spec = Spec(json!({"ADWIN": {"delta": 0.01}})),
        /// How much weight a leaf takes between two looks for a split.
        grace_period: u32 = 50,
        /// How deep a tree may become, 0 to 980; 980 when left out.
        max_depth: Option<u32> = None,
        /// How a split is measured: `gini`, `info_gain` or `hellinger` (two classes).
        split_criterion: SplitCriterion = SplitCriterion::InfoGain,
        /// The probability that a split is not the best one, above 0 and below 1.
        delta: f64 = 0.01,
        /// Below this bound the best split is taken although another one is close.
        tau: f64 = 0.05,
        /// How leaves predict: `mc`, `nb` or `nba`.
        leaf_prediction: LeafPrediction = LeafPrediction::Adaptive,
        /// The weight from which on a leaf of `nb` uses naive Bayes.
        nb_threshold: u32 = 0,
        /// Names of numbers that are values to be told apart, not quantities.
        nominal_attributes: Option<Vec<String>> = None,
        /// How numbers are summarised: `GaussianSplitter` when left out.
        splitter: Option<Spec> = None,
        /// Whether nominal features part in two only.
        binary_split: bool = false,
        /// The share of the weight that two parts of a split at least must have.
        min_branch_fraction: f64 = 0.01,
        /// A leaf whose heaviest class has a larger share looks for no split.
        max_share_to_split: f64 = 0.99,
        /// Memory that a tree may take, in MiB.
        max_size: f64 = 100.0,
        /// After how much weight the memory is looked at.
        memory_estimate_period: u32 = 2_000_000,
        /// Whether to stop growing when memory runs out; else leaves of little promise rest.
        stop_mem_management: bool = false,
        /// Whether features that are far behind are left out of a leaf (of `mc`).
        remove_poor_attrs: bool = false,
        /// Whether not to split is one of the choices.
        merit_preprune: bool = true,
        /// Fixes all draws; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "ARFClassifier",
    module: "forest",
    kind: Kind::Classifier,
    version: 1,
    summary: "Trees that look at random features and are replaced when their errors change",
    merge: Statement::Member("trees of peers differ in structure"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        json!({"ARFClassifier": {
            "n_models": 3, "max_depth": 1, "binary_split": true, "seed": 42}})
    },
};

/// See the module's documentation.
pub struct ARFClassifier {
    params: Params,
    forest: Forest<ClassTree>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    Ok(Any::Classifier(Box::new(ARFClassifier::new(params, builder)?)))
}

impl ARFClassifier {
    /// A forest that has seen nothing.
    pub fn new(mut params: Params, builder: &Builder<'_>) -> Result<Self> {
        let cfg = tree_params(&params).config()?;
        let mut settings = Settings {
            n_models: params.n_models,
            max_features: &params.max_features,
            lambda_value: params.lambda_value,
            metric: &mut params.metric,
            drift_detector: &mut params.drift_detector,
            warning_detector: &mut params.warning_detector,
            seed: params.seed,
            others: &Spec(Value::Null),
        };
        let forest = Forest::new(&mut settings, cfg, false, builder)?;
        Ok(Self { params, forest })
    }
}

impl Grown for ClassTree {
    type Config = ClassConfig;

    fn max_features(cfg: &mut ClassConfig) -> &mut Option<usize> {
        &mut cfg.max_features
    }

    fn features(cfg: &ClassConfig) -> Option<usize> {
        cfg.max_features
    }

    fn save(member: &Member<Self>, out: &mut Vec<u8>) {
        let counts = (member.n_drifts, member.n_warnings);
        saved::put(out, &(&member.tree, &member.background, counts));
    }

    fn load(member: &mut Member<Self>, _: &ClassConfig, from: &mut Loader<'_>) -> Result<()> {
        (member.tree, member.background, (member.n_drifts, member.n_warnings)) = from.get()?;
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.forget(gone);
    }

    fn draws(&self, x: &Features) -> bool {
        self.draws(x)
    }

    fn is_settled(&self) -> bool {
        self.tree.is_settled(ClassLeaf::has_drawn)
    }

    fn leaves(&self) -> u64 {
        (self.tree.n_active + self.tree.n_inactive) as u64
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.attribute(name, names)
    }
}

/// The parameters of one tree.
fn tree_params(p: &Params) -> hoeffding_tree_classifier::Params {
    hoeffding_tree_classifier::Params {
        grace_period: p.grace_period,
        max_depth: p.max_depth,
        split_criterion: p.split_criterion,
        delta: p.delta,
        tau: p.tau,
        leaf_prediction: p.leaf_prediction,
        nb_threshold: p.nb_threshold,
        nominal_attributes: p.nominal_attributes.clone(),
        splitter: p.splitter.clone(),
        binary_split: p.binary_split,
        min_branch_fraction: p.min_branch_fraction,
        max_share_to_split: p.max_share_to_split,
        max_size: p.max_size,
        memory_estimate_period: p.memory_estimate_period,
        stop_mem_management: p.stop_mem_management,
        remove_poor_attrs: p.remove_poor_attrs,
        merit_preprune: p.merit_preprune,
    }
}

/// The most probable class; of equals the one whose label comes first, as in River's trees.
fn voted(proba: &[f64], classes: &[Label]) -> Option<ClassId> {
    let best = most_probable(proba)?;
    let most = proba[best as usize];
    let equals = (best..).zip(&proba[best as usize..]).filter(|(_, p)| **p == most);
    equals.map(|(class, _)| class).min_by_key(|class| classes.get(*class as usize))
}

impl Estimator for ARFClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.forest.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.forest.load(from)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.forest.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.forest.attribute(name, names)
    }
}

impl Classifier for ARFClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        self.forest.begin(x);
        let mut none = vec![(); self.params.n_models];
        self.forest.turns(&mut none, (x, w), cx, |member, (), (k, mut drawn), all, cx| {
            let mut proba = cx.take_floats();
            member.tree.predict_proba_one(all.cfg, x, &mut proba, cx);
            let classes = cx.classes();
            // A tree that has seen nothing is wrong.
            let predicted = voted(&proba, classes).unwrap_or(ClassId::from(y == 0));
            if proba.is_empty() {
                proba.resize(1 + predicted.max(y) as usize, f64::NAN);
                proba[predicted as usize] = 1.0;
            }
            let seen = Observation::Class { y, proba: &proba, predicted, classes };
            member.metric.update(seen, 1.0);
            cx.give_floats(proba);
            if k <= 0.0 {
                return;
            }
            if let Some(tree) = &mut member.background {
                tree.learn_one_with(all.cfg, x, y, k, drawn.as_deref_mut(), cx);
            }
            member.tree.learn_one_with(all.cfg, x, y, k, drawn, cx);
            member.watch(f64::from(u8::from(predicted != y)), all.guards);
        });
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        if !self.forest.begun() {
            return;
        }
        let Forest { cfg, members, together, .. } = &self.forest;
        let predict = |member: &Member<ClassTree>, one: &mut Vec<f64>, cx: &mut Context<'_>| {
            member.tree.predict_proba_one(cfg, x, one, cx);
            let figure = if self.params.disable_weighted_vote { 1.0 } else { member.metric.get() };
            if figure > 0.0 {
                for p in one.iter_mut() {
                    *p *= figure;
                }
            }
        };
        collect(together, members, cx, predict, |one| add_votes(proba, one, 1.0));
        share_out(proba);
    }
}
