//! `AMFRegressor`: trees that grow at random times and weigh every node by how well it predicted.
//!
//! A node predicts the mean of its targets. A tree mixes the nodes on the event's way from the
//! leaf up, `p ← ½w·p_node + (1 − ½w)·p`, with weights that fall exponentially with `step` times
//! half of a node's squared errors: the exact mixture over all prunings of the tree. The forest
//! averages its trees. With a `seed`, it is River's to the last split.
//!
//! Features should lie between 0 and 1, for boxes are measured by the sum over all features: put
//! `MinMaxScaler` before it. An event without the feature of a node goes to the heavier child.
//!
//! **Shape** numbers in, a number out; 0 before anything was learned. **Cost** an event walks down
//! each tree twice, over nodes of 88 bytes and 16 bytes a feature. A tree stops to grow at
//! `max_nodes`, else 65,536 nodes, and when its features would take 32 MiB; features that first
//! come then are not split on. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"AMFRegressor": {"n_estimators": 5, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut error) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..500 {
//!     let a = f64::from(i * 37 % 100) / 100.0;
//!     let y = if a < 0.3 || a > 0.8 { 5.0 } else { -5.0 };
//!     let x = Row::from_json(&json!({"a": a}))?;
//!     model.step(&x, &Target::Number(y), 1.0, &mut p, &mut s)?;
//!     error += if i < 200 { 0.0 } else { (p.value.unwrap() - y).abs() / 300.0 };
//! }
//! assert!(error < 0.5, "{error}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Mourtada, J., Gaïffas, S., Scornet, E., 2021. AMF: aggregated Mondrian forests for
//! online learning, JRSS B 83(3). River, `forest/aggregated_mondrian_forest.py`.

use serde::{Deserialize, Serialize};

use super::mondrian::{Event, NODES_MAX, Rules, Target, Tree, plant};
use crate::error::Result;
use crate::estimator::{Attribute, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::parallel::{Together, each, numbers};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AMFRegressor`].
    pub struct Params {
        /// How many trees, 1 to 1,000.
        n_estimators: usize = 10,
        /// How fast the weight of a node falls with its squared errors, 0 to 1,000.
        step: f64 = 1.0,
        /// Mixes all nodes on an event's way; without, its leaf alone predicts.
        use_aggregation: bool = true,
        /// A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
        max_nodes: Option<u32> = None,
        /// Fixes the trees; as 0 when left out.
        seed: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    trees: Vec<Tree>,
    /// Events learned from.
    iteration: u64,
}

/// See the module's documentation.
pub struct AMFRegressor {
    params: Params,
    state: State,
    together: Together,
}

crate::estimator! {
    AMFRegressor in "forest" as Regressor, version 1, name "AMFRegressor",
    "Trees that grow at random times and weigh their nodes by how well they predicted",
    example = serde_json::json!(["MinMaxScaler", {"AMFRegressor": {"n_estimators": 3,
        "max_nodes": 41, "seed": 42}}]),
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.trees.iter_mut().for_each(|tree| tree.forget(gone));
    },
    attribute = |model: &AMFRegressor, name: &str, _names: &Names<'_>| match name {
        "iteration" => Some(Attribute::Int(model.state.iteration as i64)),
        _ => None,
    },
    merge = member "trees of peers differ in structure",
}

/// One event's target; a node's only number is the mean.
#[derive(Clone, Copy)]
struct Number {
    y: f64,
    w: f64,
}

impl Target for Number {
    fn numbers(self) -> usize {
        1
    }

    fn weight(self) -> f64 {
        self.w
    }

    #[inline]
    fn is_settled(self, _n: f64, _mean: &[f64]) -> bool {
        false
    }

    #[inline]
    fn loss(self, _n: f64, mean: &[f64]) -> f64 {
        let error = mean[0] - self.y;
        error * error / 2.0
    }

    #[inline]
    fn learn(self, n: f64, mean: &mut [f64]) {
        mean[0] += (self.w / n) * (self.y - mean[0]);
    }
}

impl AMFRegressor {
    /// A forest of trees that are roots.
    pub fn new(params: Params) -> Result<Self> {
        check_range("n_estimators", params.n_estimators as f64, 1.0, 1000.0)?;
        check_range("step", params.step, 0.0, 1000.0)?;
        check_range("max_nodes", f64::from(params.max_nodes.unwrap_or(NODES_MAX)), 1.0, 1e7)?;
        let trees = plant(params.n_estimators, params.seed);
        let state = State { trees, iteration: 0 };
        Ok(Self { params, state, together: Together::new(true) })
    }
}

impl Regressor for AMFRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let rules = Rules {
            step: self.params.step,
            use_aggregation: self.params.use_aggregation,
            max_nodes: self.params.max_nodes.unwrap_or(NODES_MAX),
        };
        let event = Event::new(x);
        let spell = self.together.spell(self.state.trees.len());
        each(&spell, self.state.trees.iter_mut(), cx, |_, tree, cx| {
            tree.learn(event, Number { y, w }, &rules, &cx.names);
        });
        self.state.iteration += 1;
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "AMFRegressor");
        if self.state.iteration == 0 {
            return 0.0;
        }
        let event = Event::new(x);
        let mut all = cx.take_floats();
        numbers(&self.together, &self.state.trees, &mut all, cx, |tree, _| {
            let mut at = tree.find(event);
            let mut mixed = tree.seen(at).1[0];
            if self.params.use_aggregation {
                while let Some((above, share)) = tree.above(at) {
                    mixed = share * tree.seen(above).1[0] + (1.0 - share) * mixed;
                    at = above;
                }
            }
            mixed
        });
        let sum = all.iter().fold(0.0, |sum, mixed| sum + mixed);
        cx.give_floats(all);
        sum / self.state.trees.len() as f64
    }
}
