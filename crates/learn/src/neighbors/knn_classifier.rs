//! `KNNClassifier`: the classes of the events nearest to this one, among the last that came.
//!
//! Each of the `n_neighbors` nearest votes for its class with `1 / distance`, or with 1 when
//! `weighted` is false. Votes are divided by their sum, or go through a softmax. An event that came
//! before decides alone. A class that is not among the neighbors has 0.
//!
//! Distances add up over all features, so put `StandardScaler` or `MinMaxScaler` before it.
//!
//! **Shape** numbers in, any number of classes out. **Cost** memory for the engine's window: 12
//! bytes a feature of each event kept. `LazySearch` measures every one of them for an event,
//! `SWINN` some hundreds. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let engine = json!({"LazySearch": {"window_size": 100}});
//! let spec = json!(["StandardScaler", {"KNNClassifier": {"engine": engine}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..400 {
//!     let (a, b) = (i * 37 % 101, i * 61 % 97);
//!     let y = Target::Bool((a > 50) != (b > 48)); // no line parts these classes
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(i >= 100 && Target::Bool(p.positive() > 0.5) == y);
//! }
//! assert!(right > 250, "{right} of 300");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Mastelini, S.M., Veloso, B., Halford, M., de Carvalho, A., Gama, J., 2024. SWINN:
//! efficient nearest neighbor search in sliding windows using graphs, Information Fusion 101.
//! River, `neighbors/knn_classifier.py`.

use serde::{Deserialize, Serialize};

use super::TINY;
use super::engine::{Engine, Index};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`KNNClassifier`].
    pub struct Params {
        /// How many neighbors vote, 1 to 1,000.
        n_neighbors: usize = 5,
        /// How events are kept and searched: `SWINN` or `LazySearch`, with parameters.
        engine: Engine = Engine::default(),
        /// A vote counts `1 / distance`; else 1.
        weighted: bool = true,
        /// After how many events classes that left the window are dropped; never when 0.
        cleanup_every: u32 = 0,
        /// Votes go through a softmax; else they are divided by their sum.
        softmax: bool = false,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    index: Index,
    /// True for the classes that were met and not dropped.
    classes: Vec<bool>,
    /// Events since classes were dropped.
    since_cleanup: u32,
}

/// See the module's documentation.
pub struct KNNClassifier {
    params: Params,
    state: State,
}

crate::estimator! {
    KNNClassifier in "neighbors" as Classifier, version 1, name "KNNClassifier",
    "The classes of the nearest events, among the last that came",
    example = serde_json::json!({"KNNClassifier": {"n_neighbors": 3, "cleanup_every": 20,
        "engine": {"LazySearch": {"window_size": 30}}}}),
    forget = |state: &mut State, gone: &[FeatureId]| state.index.forget(gone),
    merge = member "a window of a peer's own events",
}

impl KNNClassifier {
    /// A classifier that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("n_neighbors", params.n_neighbors as f64, 1.0, 1000.0)?;
        params.engine.check()?;
        Ok(Self { params, state: State::default() })
    }

    /// Drops the classes that left the window.
    fn clean_up_classes(&mut self) {
        let State { index, classes, .. } = &mut self.state;
        classes.fill(false);
        for &y in index.window.targets() {
            classes[y as usize] = true;
        }
    }

    /// Adds up the votes, which are 0 before, or gives all to an event that came before.
    fn vote(&self, x: &Features, votes: &mut [f64], cx: &mut Context<'_>) -> bool {
        let Params { n_neighbors, engine, weighted, .. } = &self.params;
        let index = &self.state.index;
        let mut near = cx.take_near();
        index.search(engine, x, *n_neighbors, &mut near, cx);
        let same = near.first().is_some_and(|n| n.distance == 0.0);
        let voters = if same { &near[..1] } else { &near[..] };
        for n in voters {
            let vote = if *weighted && !same { 1.0 / n.distance.max(TINY) } else { 1.0 };
            votes[index.window.target(n.at) as usize] += vote * index.window.weight(n.at);
        }
        cx.give_near(near);
        same
    }
}

impl Classifier for KNNClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let State { index, classes, since_cleanup } = &mut self.state;
        index.append(&self.params.engine, x, f64::from(y), w, cx);
        if classes.len() <= y as usize {
            classes.resize(y as usize + 1, false);
        }
        classes[y as usize] = true;
        if self.params.cleanup_every > 0 {
            *since_cleanup += 1;
            if *since_cleanup == self.params.cleanup_every {
                *since_cleanup = 0;
                self.clean_up_classes();
            }
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "KNNClassifier");
        let classes = &self.state.classes;
        if classes.is_empty() {
            return;
        }
        proba.resize(classes.len(), 0.0);
        let same = self.vote(x, proba, cx);
        if self.params.softmax && !same {
            let most = proba.iter().copied().fold(0.0, f64::max);
            for p in proba.iter_mut() {
                *p = math::exp(*p - most);
            }
        }
        for (p, &there) in proba.iter_mut().zip(classes) {
            *p = if there { *p } else { f64::NAN };
        }
        let sum: f64 = proba.iter().filter(|p| !p.is_nan()).sum();
        for p in proba {
            *p /= sum;
        }
    }
}
