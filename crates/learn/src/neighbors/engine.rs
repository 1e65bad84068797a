//! The search engines that `KNNClassifier` and `KNNRegressor` take as a parameter.
//!
//! | engine | finds | keeps |
//! |---|---|---|
//! | `LazySearch` | the nearest, by looking at all | the last `window_size` events |
//! | `SWINN` | nearly the nearest, along a graph | the last `maxlen`, each with `graph_k` edges |
//!
//! `SWINN` looks at all events until `warm_up` are there. A spec names an engine alone,
//! `"LazySearch"`, or with parameters, `{"LazySearch": {"window_size": 500}}`.
//!
//! ```
//! use her_learn::neighbors::Engine;
//! let engine: Engine = serde_json::from_str(r#"{"LazySearch": {"window_size": 9}}"#).unwrap();
//! assert!(matches!(engine, Engine::LazySearch(p) if p.window_size == 9));
//! ```
//!
//! **Source** River, `neighbors/lazy.py` and `neighbors/ann/swinn.py`.

use serde::{Deserialize, Serialize};

use super::swinn::Graph;
use super::window::{Near, Window, point};
use crate::error::{Error, Result};
use crate::features::{Context, FeatureId, Features};
use crate::params::check_range;

/// How a distance is measured; a feature that one of the events lacks is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub enum Distance {
    /// `√Σ (a − b)²`.
    #[serde(rename = "euclidean_distance")]
    Euclidean {},
    /// `(Σ |a − b|ᵖ)^(1/p)`.
    #[serde(rename = "minkowski_distance")]
    Minkowski {
        /// The power, 1 to 100.
        p: f64,
    },
}

crate::optim::named_forms!(Distance);

crate::params! {
    /// Parameters of `LazySearch`.
    pub struct LazyParams {
        /// How many events are kept, 1 to 100,000.
        window_size: usize = 50,
        /// Without effect, as in River: the models there store every event without asking for it.
        min_distance_keep: f64 = 0.0,
        /// `"euclidean_distance"` or `{"minkowski_distance": {"p": 1}}`; Euclid's when left out.
        dist_func: Option<Distance> = None,
    }
}

crate::params! {
    /// Parameters of `SWINN`.
    pub struct SwinnParams {
        /// How many edges leave an event, 1 to 1,000 and less than `warm_up`.
        graph_k: usize = 20,
        /// `"euclidean_distance"` or `{"minkowski_distance": {"p": 1}}`; Euclid's when left out.
        dist_func: Option<Distance> = None,
        /// How many events are kept, 1 to 100,000.
        maxlen: usize = 1000,
        /// How many events come before the graph is made, 2 to `maxlen`.
        warm_up: usize = 500,
        /// How many neighbors of an event are joined at once, 1 to 10,000; 50 when left out.
        max_candidates: Option<usize> = None,
        /// Refining stops when fewer than this share of the edges changed, 0 to 1.
        delta: f64 = 0.0001,
        /// With which probability an edge that others make redundant is dropped, 0 to 1.
        prune_prob: f64 = 0.0,
        /// How often the graph is refined at most, 1 to 1,000.
        n_iters: usize = 10,
        /// Fixes the draws; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// A search engine with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Engine {
    /// Along a graph of neighbors.
    SWINN(SwinnParams),
    /// All events, one by one.
    LazySearch(LazyParams),
}

crate::optim::named_forms!(Engine);

impl Default for Engine {
    fn default() -> Self {
        Self::SWINN(SwinnParams::default())
    }
}

impl Engine {
    /// Refuses parameters outside of their ranges.
    pub fn check(&self) -> Result<()> {
        if let Some(Distance::Minkowski { p }) = self.dist_func() {
            check_range("p", *p, 1.0, 100.0)?;
        }
        match self {
            Self::LazySearch(p) => {
                check_range("window_size", p.window_size as f64, 1.0, 1e5)?;
                check_range("min_distance_keep", p.min_distance_keep, f64::MIN, f64::MAX)
            }
            Self::SWINN(p) => {
                check_range("maxlen", p.maxlen as f64, 1.0, 1e5)?;
                check_range("warm_up", p.warm_up as f64, 2.0, p.maxlen as f64)?;
                check_range("graph_k", p.graph_k as f64, 1.0, 1000.0)?;
                check_range("max_candidates", p.max_candidates() as f64, 1.0, 1e4)?;
                check_range("delta", p.delta, 0.0, 1.0)?;
                check_range("prune_prob", p.prune_prob, 0.0, 1.0)?;
                check_range("n_iters", p.n_iters as f64, 1.0, 1000.0)?;
                if p.graph_k < p.warm_up {
                    return Ok(());
                }
                Err(Error::new(format!(
                    "graph_k must be less than warm_up, {}, got {}",
                    p.warm_up, p.graph_k
                )))
            }
        }
    }

    fn dist_func(&self) -> Option<&Distance> {
        match self {
            Self::LazySearch(p) => p.dist_func.as_ref(),
            Self::SWINN(p) => p.dist_func.as_ref(),
        }
    }

    /// How distances are measured.
    pub fn distance(&self) -> Distance {
        self.dist_func().copied().unwrap_or(Distance::Euclidean {})
    }
}

impl SwinnParams {
    /// River's rule, which gives 50 whatever `graph_k` is.
    pub fn max_candidates(&self) -> usize {
        self.max_candidates.unwrap_or(50)
    }
}

/// What an engine keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Index {
    /// The events kept.
    pub window: Window,
    /// `SWINN`'s, once it has warmed up.
    graph: Option<Graph>,
}

impl Index {
    /// Stores an event.
    pub fn append(&mut self, engine: &Engine, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        match engine {
            Engine::LazySearch(p) => self.window.push(x, y, w, p.window_size),
            Engine::SWINN(p) => {
                let Some(graph) = &mut self.graph else {
                    self.window.push(x, y, w, p.maxlen);
                    if self.window.len() >= p.warm_up {
                        self.graph = Some(Graph::new(&self.window, p, cx));
                    }
                    return;
                };
                graph.append(&mut self.window, x, (y, w), p, cx);
            }
        }
    }

    /// Writes the `k` nearest events into `out`, nearest first.
    pub fn search(
        &self,
        engine: &Engine,
        x: &Features,
        k: usize,
        out: &mut Vec<Near>,
        cx: &mut Context<'_>,
    ) {
        match (&self.graph, engine) {
            (Some(graph), Engine::SWINN(p)) if self.window.len() > p.warm_up => {
                graph.search(&self.window, point(x), k, engine.distance(), out, cx);
            }
            _ => self.window.scan(point(x), k, engine.distance(), out),
        }
    }

    /// Forgets features.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.window.forget(gone);
    }
}
