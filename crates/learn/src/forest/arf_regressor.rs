//! `ARFRegressor`: adaptive random forest for numbers, trees that look at random features, learn
//! events as often as chance will, and are replaced when their errors change.
//!
//! Every tree learns an event with a weight drawn from a Poisson distribution of mean
//! `lambda_value`, and each of its leaves looks at `max_features` features drawn for it. A tree's
//! error `e = y − ŷ` goes to its detectors as `(e + 3σ) / 6σ`, with `σ²` the variance of its
//! errors so far, and as 0.5 while there is none. A warning lets a new tree grow in the
//! background; at a drift it takes the old one's place. The trees' median or mean is predicted; a
//! mean may be weighted by each tree's `metric` mᵢ so far, with the weights `Σm − mᵢ`, or `mᵢ`
//! where a large one is good. With a `seed`, all draws are River's.
//!
//! **Shape** that of `HoeffdingTreeRegressor`. **Cost** `n_models` trees, some with another one
//! in the background. **Errors** those of the parameters and of the leaf model.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"ARFRegressor": {"n_models": 5, "seed": 42}}]);
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
//! **Source** Gomes, H.M., Barddal, J.P., Ferreira, L.E.B., Bifet, A., 2018. Adaptive random
//! forests for data stream regression, ESANN. River, `forest/adaptive_random_forest.py`.

use serde_json::{Value, json};

use super::adaptive::{Forest, Grown, Member, Settings};
use crate::catalog::{Builder, Entry, Kind};
use crate::ensemble::srp_regressor::{AggregationMethod, median};
use crate::error::Result;
use crate::estimator::{Any, Attribute, Estimator, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::metrics::Observation;
use crate::parallel::numbers;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};
use crate::stats::var;
use crate::tree::hoeffding_tree_regressor;
use crate::tree::target_leaf::TargetLeaf;
use crate::tree::target_tree::{TargetConfig, TargetPrediction, TargetTree};

crate::params! {
    /// Parameters of [`ARFRegressor`].
    pub struct Params {
        /// How many trees, 1 to 1,000.
        n_models: usize = 10,
        /// How many features a leaf looks at: `sqrt`, `log2`, a number, a share of all, or all of
        /// them when null.
        max_features: Value = json!("sqrt"),
        /// What is made of the trees' predictions: `mean` or `median`.
        aggregation_method: AggregationMethod = AggregationMethod::Median,
        /// The mean of the weight with which a tree learns an event, 1 to 1,000.
        lambda_value: u32 = 6,
        /// The figure by which the mean of predictions may be weighted.
        metric: Spec = Spec::name("MSE"),
        /// Whether all trees count alike; they always do in a median.
        disable_weighted_vote: bool = true,
        /// What finds that a tree has become wrong; `NoDrift` for nothing.
        drift_detector: Spec = Spec(json!({"ADWIN": {"delta": 0.001}})),
        /// What finds it early, so that a new tree can begin to grow; `NoDrift` for nothing.
        warning_detector: Spec = Spec(json!({"ADWIN": {"delta": 0.01}})),
        /// How much weight a leaf takes between two looks for a split.
        grace_period: u32 = 50,
        /// How deep a tree may become, 0 to 980; 980 when left out.
        max_depth: Option<u32> = None,
        /// How probable a wrong split may be, above 0 and at most 1.
        delta: f64 = 0.01,
        /// Below this bound the best split is taken although another one is close.
        tau: f64 = 0.05,
        /// How leaves predict: by the `mean`, their `model`, or the better of both (`adaptive`).
        leaf_prediction: TargetPrediction = TargetPrediction::Adaptive,
        /// The leaves' model: any regressor; `LinearRegression` when left out.
        leaf_model: Option<Spec> = None,
        /// How much of its past errors `adaptive` keeps from event to event, 0 to 1.
        model_selector_decay: f64 = 0.95,
        /// Names of numbers that are values to be told apart, not quantities.
        nominal_attributes: Option<Vec<String>> = None,
        /// How numbers are summarised: `TEBSTSplitter` when left out.
        splitter: Option<Spec> = None,
        /// The weight of events that each branch of a split must get, 0 or more.
        min_samples_split: u32 = 5,
        /// Whether nominal features part in two only.
        binary_split: bool = false,
        /// Memory that a tree may take, in MiB.
        max_size: f64 = 500.0,
        /// After how much weight the memory is looked at.
        memory_estimate_period: u32 = 2_000_000,
        /// Whether to stop growing when memory runs out; else leaves of little promise rest.
        stop_mem_management: bool = false,
        /// Whether features that are far behind are left out of a leaf.
        remove_poor_attrs: bool = false,
        /// Whether not to split is one of the choices.
        merit_preprune: bool = true,
        /// Fixes all draws; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "ARFRegressor",
    module: "forest",
    kind: Kind::Regressor,
    version: 1,
    summary: "Trees for numbers that look at random features and are replaced when they go wrong",
    merge: Statement::Member("trees of peers differ in structure"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        json!(["StandardScaler", {"ARFRegressor": {
            "n_models": 3, "max_depth": 1, "binary_split": true, "seed": 42}}])
    },
};

/// See the module's documentation.
pub struct ARFRegressor {
    params: Params,
    forest: Forest<TargetTree>,
    /// By member: the errors that it ever made, those of the trees before it too.
    errors: Vec<var::State>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    Ok(Any::Regressor(Box::new(ARFRegressor::new(params, builder)?)))
}

impl ARFRegressor {
    /// A forest that has seen nothing.
    pub fn new(mut params: Params, builder: &Builder<'_>) -> Result<Self> {
        let cfg = tree_params(&params).config(builder)?;
        let leaf_model = cfg.models.spec().clone();
        params.leaf_model = params.leaf_model.map(|_| leaf_model.clone());
        let mut settings = Settings {
            n_models: params.n_models,
            max_features: &params.max_features,
            lambda_value: params.lambda_value,
            metric: &mut params.metric,
            drift_detector: &mut params.drift_detector,
            warning_detector: &mut params.warning_detector,
            seed: params.seed,
            others: &leaf_model,
        };
        let forest = Forest::new(&mut settings, cfg, true, builder)?;
        let errors = vec![var::State::default(); params.n_models];
        Ok(Self { params, forest, errors })
    }

    /// The mean of the trees' predictions, weighted if that is wanted.
    fn mean(&self, predictions: &[f64], cx: &mut Context<'_>) -> f64 {
        let plain = || predictions.iter().sum::<f64>() / predictions.len() as f64;
        if self.params.disable_weighted_vote {
            return plain();
        }
        let mut weights = cx.take_floats();
        let members = &self.forest.members;
        weights.extend(members.iter().map(|member| member.metric.get()));
        if members.first().is_some_and(|member| !member.metric.bigger_is_better()) {
            let sum: f64 = weights.iter().sum();
            for weight in &mut weights {
                *weight = sum - *weight;
            }
        }
        for weight in &mut weights {
            *weight = weight.max(0.0);
        }
        let total: f64 = weights.iter().sum();
        let sum: f64 = predictions.iter().zip(&weights).map(|(p, weight)| p * weight).sum();
        cx.give_floats(weights);
        // Without an error, or with one tree, there is nothing to weigh by.
        if total > 0.0 && sum.is_finite() { sum / total } else { plain() }
    }
}

impl Grown for TargetTree {
    type Config = TargetConfig;

    fn max_features(cfg: &mut TargetConfig) -> &mut Option<usize> {
        &mut cfg.max_features
    }

    fn features(cfg: &TargetConfig) -> Option<usize> {
        cfg.max_features
    }

    fn save(member: &Member<Self>, out: &mut Vec<u8>) {
        saved::put(out, &(member.background.is_some(), member.n_drifts, member.n_warnings));
        for tree in [Some(&member.tree), member.background.as_ref()].into_iter().flatten() {
            tree.save(out);
        }
    }

    fn load(member: &mut Member<Self>, cfg: &TargetConfig, from: &mut Loader<'_>) -> Result<()> {
        let behind: bool;
        (behind, member.n_drifts, member.n_warnings) = from.get()?;
        member.tree.load(cfg, None, from)?;
        member.background = behind.then(Self::default);
        member.background.as_mut().map_or(Ok(()), |tree| tree.load(cfg, None, from))
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.forget(gone);
    }

    fn draws(&self, x: &Features) -> bool {
        self.draws(x)
    }

    fn is_settled(&self) -> bool {
        self.tree.is_settled(TargetLeaf::has_drawn)
    }

    fn leaves(&self) -> u64 {
        (self.tree.n_active + self.tree.n_inactive) as u64
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.attribute(name, names)
    }
}

/// The parameters of one tree.
fn tree_params(p: &Params) -> hoeffding_tree_regressor::Params {
    hoeffding_tree_regressor::Params {
        grace_period: p.grace_period,
        max_depth: p.max_depth,
        delta: p.delta,
        tau: p.tau,
        leaf_prediction: p.leaf_prediction,
        leaf_model: p.leaf_model.clone(),
        model_selector_decay: p.model_selector_decay,
        nominal_attributes: p.nominal_attributes.clone(),
        splitter: p.splitter.clone(),
        min_samples_split: p.min_samples_split,
        binary_split: p.binary_split,
        max_size: p.max_size,
        memory_estimate_period: p.memory_estimate_period,
        stop_mem_management: p.stop_mem_management,
        remove_poor_attrs: p.remove_poor_attrs,
        merit_preprune: p.merit_preprune,
    }
}

/// Where an error lies among all so far: 0 to 1 for those within three deviations.
fn normalized(errors: &mut var::State, error: f64) -> f64 {
    if error.is_finite() {
        errors.update_weighted(error, 1.0);
    }
    let deviation = errors.get(1).sqrt();
    let place = (error + 3.0 * deviation) / (6.0 * deviation);
    if place.is_finite() { place } else { 0.5 }
}

impl Estimator for ARFRegressor {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.forest.save(out);
        saved::put(out, &self.errors);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.forest.load(from)?;
        self.errors = from.get()?;
        self.errors.resize(self.params.n_models, var::State::default());
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.forest.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.forest.attribute(name, names)
    }
}

impl Regressor for ARFRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        self.forest.begin(x);
        self.forest.turns(
            &mut self.errors,
            (x, w),
            cx,
            |member, errors, (k, mut drawn), all, cx| {
                let predicted = member.tree.predict_one(all.cfg, x, cx);
                member.metric.update(Observation::Value { y, predicted }, 1.0);
                if k <= 0.0 {
                    return;
                }
                if let Some(tree) = &mut member.background {
                    tree.learn_one_with(all.cfg, x, y, k, drawn.as_deref_mut(), cx);
                }
                member.tree.learn_one_with(all.cfg, x, y, k, drawn, cx);
                member.watch(normalized(errors, y - predicted), all.guards);
            },
        );
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let mut predictions = cx.take_floats();
        let Forest { cfg, members, together, .. } = &self.forest;
        numbers(together, members, &mut predictions, cx, |member, cx| {
            member.tree.predict_one(cfg, x, cx)
        });
        let value = match self.params.aggregation_method {
            AggregationMethod::Mean => self.mean(&predictions, cx),
            AggregationMethod::Median => median(&mut predictions),
        };
        cx.give_floats(predictions);
        value
    }
}
