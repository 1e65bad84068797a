//! `KNNRegressor`: the targets of the events nearest to this one, among the last that came.
//!
//! The `n_neighbors` nearest are averaged, as their mean, as their median, or as a mean weighted by
//! `1 / distance`. An event that came before gives its target.
//!
//! Distances add up over all features, so put `StandardScaler` or `MinMaxScaler` before it.
//!
//! **Shape** numbers in, a number out; 0 before anything was learned. **Cost** memory for the
//! engine's window: 12 bytes a feature of each event kept. `LazySearch` measures every one of them
//! for an event, `SWINN` some hundreds. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let engine = json!({"LazySearch": {"window_size": 100}});
//! let spec = json!({"KNNRegressor": {"engine": engine, "aggregation_method": "weighted_mean"}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut error) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..300 {
//!     let (a, b) = (f64::from(i * 37 % 101) / 50.0, f64::from(i * 61 % 97) / 50.0);
//!     let x = Row::from_json(&json!({"a": a, "b": b}))?;
//!     model.step(&x, &Target::Number(a * b), 1.0, &mut p, &mut s)?;
//!     error += if i < 100 { 0.0 } else { (p.value.unwrap() - a * b).abs() / 200.0 };
//! }
//! assert!(error < 0.25, "{error}"); // of targets up to 4
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** as of `KNNClassifier`; River, `neighbors/knn_regressor.py`.

use serde::{Deserialize, Serialize};

use super::TINY;
use super::engine::{Engine, Index};
use super::window::Near;
use crate::error::Result;
use crate::estimator::Regressor;
use crate::features::{Context, FeatureId, Features};
use crate::params::check_range;

/// How the neighbors' targets become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean.
    Mean,
    /// Their median; it takes every event alike, whatever its weight.
    Median,
    /// Their mean, each weighted by `1 / distance`.
    WeightedMean,
}

crate::params! {
    /// Parameters of [`KNNRegressor`].
    pub struct Params {
        /// How many neighbors are averaged, 1 to 1,000.
        n_neighbors: usize = 5,
        /// How events are kept and searched: `SWINN` or `LazySearch`, with parameters.
        engine: Engine = Engine::default(),
        /// `mean`, `median` or `weighted_mean`.
        aggregation_method: Aggregation = Aggregation::Mean,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    index: Index,
}

/// See the module's documentation.
pub struct KNNRegressor {
    params: Params,
    state: State,
}

crate::estimator! {
    KNNRegressor in "neighbors" as Regressor, version 1, name "KNNRegressor",
    "The targets of the nearest events, among the last that came",
    example = serde_json::json!({"KNNRegressor": {"n_neighbors": 3, "engine": {"SWINN": {
        "graph_k": 5, "maxlen": 50, "warm_up": 20, "seed": 42}}}}),
    forget = |state: &mut State, gone: &[FeatureId]| state.index.forget(gone),
    merge = member "a window of a peer's own events",
}

impl KNNRegressor {
    /// A regressor that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("n_neighbors", params.n_neighbors as f64, 1.0, 1000.0)?;
        params.engine.check()?;
        Ok(Self { params, state: State::default() })
    }

    /// The mean of the neighbors' targets, each counted as `weight` says.
    fn mean(&self, near: &[Near], weight: impl Fn(&Near) -> f64) -> f64 {
        let window = &self.state.index.window;
        let (mut sum, mut total) = (0.0, 0.0);
        for n in near {
            let w = weight(n) * window.weight(n.at);
            sum += w * window.target(n.at);
            total += w;
        }
        sum / total
    }

    fn median(&self, near: &[Near], cx: &mut Context<'_>) -> f64 {
        let mut targets = cx.take_floats();
        targets.extend(near.iter().map(|n| self.state.index.window.target(n.at)));
        targets.sort_unstable_by(f64::total_cmp);
        let middle = targets.len() / 2;
        let upper = targets[middle];
        let median =
            if targets.len() % 2 == 1 { upper } else { targets[middle - 1].midpoint(upper) };
        cx.give_floats(targets);
        median
    }
}

impl Regressor for KNNRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w > 0.0 {
            self.state.index.append(&self.params.engine, x, y, w, cx);
        }
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "KNNRegressor");
        let (p, index) = (&self.params, &self.state.index);
        let mut near = cx.take_near();
        index.search(&p.engine, x, p.n_neighbors, &mut near, cx);
        let value = match (near.first(), p.aggregation_method) {
            (None, _) => 0.0,
            (Some(n), _) if n.distance == 0.0 => index.window.target(n.at),
            (_, Aggregation::Mean) => self.mean(&near, |_| 1.0),
            (_, Aggregation::Median) => self.median(&near, cx),
            (_, Aggregation::WeightedMean) => self.mean(&near, |n| 1.0 / n.distance.max(TINY)),
        };
        cx.give_near(near);
        value
    }
}
