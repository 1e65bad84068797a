//! `AMFClassifier`: trees that grow at random times and weigh every node by how well it predicted.
//!
//! A node predicts `(count + dirichlet) / (n + dirichlet · classes)` for each class. A tree mixes
//! the nodes on the event's way from the leaf up, `p ← ½w·p_node + (1 − ½w)·p`, with weights that
//! fall exponentially with `step` times a node's log-loss: the exact mixture over all prunings of
//! the tree. The forest averages its trees. With a `seed`, it is River's to the last split.
//!
//! Features should lie between 0 and 1, for boxes are measured by the sum over all features: put
//! `MinMaxScaler` before it. An event without the feature of a node goes to the heavier child.
//!
//! **Shape** numbers in, any number of classes out. **Cost** an event walks down each tree twice,
//! over nodes of 80 bytes, 16 bytes a feature and 8 a class. A tree stops to grow at `max_nodes`,
//! else 65,536 nodes, and when its features and classes would take 32 MiB; features that first
//! come then are not split on. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"AMFClassifier": {"n_estimators": 5, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..500 {
//!     let (a, b) = (f64::from(i * 37 % 100) / 100.0, f64::from(i * 61 % 90) / 90.0);
//!     let y = (a > 0.5) != (b > 0.5); // no line parts these classes
//!     let x = Row::from_json(&json!({"a": a, "b": b}))?;
//!     model.step(&x, &Target::Bool(y), 1.0, &mut p, &mut s)?;
//!     right += u32::from(i >= 200 && (p.positive() > 0.5) == y);
//! }
//! assert!(right > 270, "{right} of 300");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Mourtada, J., Gaïffas, S., Scornet, E., 2021. AMF: aggregated Mondrian forests for
//! online learning, JRSS B 83(3). River, `forest/aggregated_mondrian_forest.py`.

use serde::{Deserialize, Serialize};

use super::mondrian::{Event, NODES_MAX, Rules, Target, Tree, plant};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features};
use crate::math;
use crate::parallel::{Together, collect, each};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AMFClassifier`].
    pub struct Params {
        /// How many trees, 1 to 1,000.
        n_estimators: usize = 10,
        /// How fast the weight of a node falls with its log-loss, 0 to 1,000.
        step: f64 = 1.0,
        /// Mixes all nodes on an event's way; without, its leaf alone predicts.
        use_aggregation: bool = true,
        /// What a class has before it was met, above 0 to 1,000; 1 / classes is a good choice.
        dirichlet: f64 = 0.5,
        /// Splits nodes that have met one class only, too.
        split_pure: bool = false,
        /// A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
        max_nodes: Option<u32> = None,
        /// Fixes the trees; as 0 when left out.
        seed: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    trees: Vec<Tree>,
    /// True for the classes that were learned from.
    met: Vec<bool>,
}

/// See the module's documentation.
pub struct AMFClassifier {
    params: Params,
    state: State,
    together: Together,
}

crate::estimator! {
    AMFClassifier in "forest" as Classifier, version 1, name "AMFClassifier",
    "Trees that grow at random times and weigh their nodes by how well they predicted",
    example = serde_json::json!(["MinMaxScaler", {"AMFClassifier": {"n_estimators": 3,
        "max_nodes": 41, "seed": 42}}]),
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.trees.iter_mut().for_each(|tree| tree.forget(gone));
    },
    merge = member "trees of peers differ in structure",
}

/// One event's class.
#[derive(Clone, Copy)]
struct Class {
    y: usize,
    w: f64,
    dirichlet: f64,
    /// How many classes were met, and how many numbers they take.
    n_classes: f64,
    end: usize,
    split_pure: bool,
}

impl Target for Class {
    fn numbers(self) -> usize {
        self.end
    }

    fn weight(self) -> f64 {
        self.w
    }

    #[inline]
    fn is_settled(self, n: f64, counts: &[f64]) -> bool {
        !self.split_pure && n == counts[self.y]
    }

    #[inline]
    fn loss(self, n: f64, counts: &[f64]) -> f64 {
        -math::ln((counts[self.y] + self.dirichlet) / (n + self.dirichlet * self.n_classes))
    }

    #[inline]
    fn learn(self, _n: f64, counts: &mut [f64]) {
        counts[self.y] += self.w;
    }
}

impl AMFClassifier {
    /// A forest of trees that are roots.
    pub fn new(params: Params) -> Result<Self> {
        check_range("n_estimators", params.n_estimators as f64, 1.0, 1000.0)?;
        check_range("step", params.step, 0.0, 1000.0)?;
        check_range("dirichlet", params.dirichlet, 1e-300, 1000.0)?;
        check_range("max_nodes", f64::from(params.max_nodes.unwrap_or(NODES_MAX)), 1.0, 1e7)?;
        let trees = plant(params.n_estimators, params.seed);
        let state = State { trees, met: Vec::new() };
        Ok(Self { params, state, together: Together::new(true) })
    }
}

impl Classifier for AMFClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let (State { trees, met }, p) = (&mut self.state, &self.params);
        let y = y as usize;
        if met.len() <= y {
            met.resize(y + 1, false);
        }
        met[y] = true;
        let rules = Rules {
            step: p.step,
            use_aggregation: p.use_aggregation,
            max_nodes: p.max_nodes.unwrap_or(NODES_MAX),
        };
        let class = Class {
            y,
            w,
            dirichlet: p.dirichlet,
            n_classes: met.iter().filter(|&&met| met).count() as f64,
            end: met.len(),
            split_pure: p.split_pure,
        };
        let event = Event::new(x);
        let spell = self.together.spell(trees.len());
        each(&spell, trees.iter_mut(), cx, |_, tree, cx| {
            tree.learn(event, class, &rules, &cx.names);
        });
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "AMFClassifier");
        let State { trees, met } = &self.state;
        if met.is_empty() {
            return;
        }
        let event = Event::new(x);
        proba.resize(met.len(), 0.0);
        let (dirichlet, n_trees) = (self.params.dirichlet, trees.len() as f64);
        let prior = dirichlet * met.iter().filter(|&&met| met).count() as f64;
        let predict = |tree: &Tree, mixed: &mut Vec<f64>, _: &mut Context<'_>| {
            let mut at = tree.find(event);
            let (n, counts) = tree.seen(at);
            mixed.extend(counts.iter().map(|c| (c + dirichlet) / (n + prior)));
            if self.params.use_aggregation {
                while let Some((above, share)) = tree.above(at) {
                    let (n, counts) = tree.seen(above);
                    let (own, rest) = (share / (n + prior), 1.0 - share);
                    for (mixed, count) in mixed.iter_mut().zip(counts) {
                        *mixed = own * (count + dirichlet) + rest * *mixed;
                    }
                    at = above;
                }
            }
        };
        collect(&self.together, trees, cx, predict, |mixed| {
            let chances = mixed.iter().zip(met).map(|(p, &met)| if met { *p } else { 0.0 });
            let sum = n_trees * chances.sum::<f64>();
            for (p, mixed) in proba.iter_mut().zip(mixed) {
                *p += mixed / sum;
            }
        });
        for (p, &met) in proba.iter_mut().zip(met) {
            if !met {
                *p = f64::NAN;
            }
        }
    }
}
