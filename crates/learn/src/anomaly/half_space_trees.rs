//! `HalfSpaceTrees`: how few events lately fell where this one falls.
//!
//! Each tree halves the space of features again and again, at random, before it has seen data.
//! Events are counted in every node on their way down; when `window_size` events are counted, the
//! counts become the reference. The score is `1 − Σ r·2ᵈ / max`, with `r` the reference count of
//! the node at depth `d`: near 1 where events were rare. A walk ends at a node of fewer than a
//! tenth of a window. An event without the feature of a node goes where more events went.
//!
//! Features should lie within `limits`, else between 0 and 1: put `MinMaxScaler` before it. The
//! trees know the features of the first event that has any, in the order of their names; with a
//! `seed`, they are River's.
//!
//! **Shape** numbers in, a score between 0 and 1 out; 0 during the first window. **Cost**
//! `n_trees · 2^(height + 1)` nodes of 24 bytes; `n_trees · height` comparisons an event.
//! **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"HalfSpaceTrees": {"n_trees": 5, "height": 3, "window_size": 3, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for x in [0.5, 0.45, 0.43, 0.44, 0.445, 0.45] {
//!     let x = Row::from_json(&json!({"x": x}))?;
//!     model.learn(&x, &Target::Bool(true), 1.0, &mut s)?;
//! }
//! let mut score = |x: f64| {
//!     model.predict(&Row::from_json(&json!({"x": x})).unwrap(), &mut p, &mut s).unwrap();
//!     p.value.unwrap()
//! };
//! assert!(score(0.0) > score(0.45));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Tan, S.C., Ting, K.M., Liu, T.F., 2011. Fast anomaly detection for streaming data,
//! IJCAI, algorithms 1 to 3. River, `anomaly/hst.py`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::AnomalyDetector;
use crate::features::{Context, FeatureId, Features, Names};
use crate::rng::Rng;

crate::params! {
    /// Parameters of [`HalfSpaceTrees`].
    pub struct Params {
        /// How many trees, 1 to 1,000.
        n_trees: usize = 10,
        /// How often a tree halves the space, 1 to 15.
        height: usize = 8,
        /// How many events make a reference, 1 or more.
        window_size: u32 = 250,
        /// Between which numbers a feature lies, by its name; 0 and 1 for those left out.
        limits: Option<BTreeMap<String, (f64, f64)>> = None,
        /// Fixes the trees; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// A place in a tree; the children of node `i` are `2i + 1` and `2i + 2`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Node {
    threshold: f64,
    /// The feature to compare; [`GONE`] once it was forgotten, and in leaves.
    feature: FeatureId,
    /// Events counted in the window under way.
    now: u32,
    /// Events counted in the last whole window.
    reference: u32,
}

const GONE: FeatureId = FeatureId::MAX;

/// How many trees are walked together: their loads wait for memory together, where one tree after
/// the other would wait for each level in turn. A number known to the compiler, so that the walks
/// stay in registers; trees left over go five together, or alone.
const ABREAST: usize = 10;

/// Thresholds keep this share of a range away from its ends.
const PADDING: f64 = 0.15;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    /// All trees, one after the other, each a whole binary tree.
    nodes: Vec<Node>,
    counter: u32,
    /// True once a whole window was counted.
    ready: bool,
}

/// See the module's documentation.
pub struct HalfSpaceTrees {
    params: Params,
    state: State,
}

crate::estimator! {
    HalfSpaceTrees in "anomaly" as AnomalyDetector, version 1, name "HalfSpaceTrees",
    "How few events lately fell where this one falls",
    example = serde_json::json!({"HalfSpaceTrees": {"n_trees": 5, "height": 4,
        "window_size": 20, "seed": 42}}),
    forget = |state: &mut State, gone: &[FeatureId]| {
        for node in &mut state.nodes {
            if gone.binary_search(&node.feature).is_ok() {
                node.feature = GONE;
            }
        }
    },
    merge = member
        "masses are those of a peer's own last window, and trees differ with the order of features",
}

impl HalfSpaceTrees {
    /// Trees that are drawn when the first event comes.
    pub fn new(params: Params) -> Result<Self> {
        let within = |name: &str, value: usize, high: usize| {
            crate::params::check_range(name, value as f64, 1.0, high as f64)
        };
        within("n_trees", params.n_trees, 1000)?;
        within("height", params.height, 15)?;
        within("window_size", params.window_size as usize, u32::MAX as usize)?;
        for (name, (low, high)) in params.limits.iter().flatten() {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(Error::new(format!(
                    "limits[{name:?}] must be two finite numbers, the smaller first, got {low} \
                     and {high}"
                )));
            }
        }
        Ok(Self { params, state: State::default() })
    }

    /// How many nodes a tree has.
    fn size(&self) -> usize {
        (2 << self.params.height) - 1
    }

    fn at<'a>(&self, x: &'a Features) -> At<'a> {
        At { x, run: x.run(), height: self.params.height, size: self.size() }
    }

    fn grow(&mut self, x: &Features, names: &Names<'_>) {
        let mut features: Vec<(&str, FeatureId)> =
            x.ids().iter().map(|&id| (names.name(id), id)).collect();
        features.sort_unstable();
        let limits = self.params.limits.as_ref();
        let ranges: Vec<(FeatureId, f64, f64)> = features
            .iter()
            .map(|&(name, id)| {
                let &(low, high) = limits.and_then(|l| l.get(name)).unwrap_or(&(0.0, 1.0));
                (id, low, high)
            })
            .collect();
        let mut rng = Rng::new(u64::from(self.params.seed.unwrap_or(0)));
        let size = self.size();
        self.state.nodes =
            vec![Node { feature: GONE, ..Node::default() }; size * self.params.n_trees];
        for tree in self.state.nodes.chunks_exact_mut(size) {
            halve(tree, 0, &mut ranges.clone(), &mut rng);
        }
    }
}

/// An event at a tree's nodes.
struct At<'a> {
    x: &'a Features,
    run: Option<usize>,
    height: usize,
    /// How many nodes a tree has.
    size: usize,
}

impl At<'_> {
    /// The node below `at` that the event goes to.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would cost more than the step does")]
    fn below(&self, tree: &[Node], at: usize, node: Node) -> usize {
        let feature = node.feature as usize;
        let value = match self.run {
            Some(first) => self.x.values().get(feature.wrapping_sub(first)).copied(),
            None => self.x.get(node.feature),
        };
        let left = 2 * at + 1;
        let right = match value {
            #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN goes right")]
            Some(value) => !(value < node.threshold),
            None => tree[left].now < tree[left + 1].now,
        };
        left + usize::from(right)
    }

    /// Counts the event in `N` trees, and in those after them together again; what is left is
    /// fewer than `N`.
    #[inline]
    fn count<'n, const N: usize>(&self, nodes: &'n mut [Node]) -> &'n mut [Node] {
        let mut groups = nodes.chunks_exact_mut(self.size * N);
        for trees in &mut groups {
            let mut at = [0; N];
            for _ in 0..self.height {
                for (i, at) in at.iter_mut().enumerate() {
                    let tree = &mut trees[i * self.size..][..self.size];
                    tree[*at].now += 1;
                    *at = self.below(tree, *at, tree[*at]);
                }
            }
            for (i, at) in at.into_iter().enumerate() {
                trees[i * self.size + at].now += 1;
            }
        }
        groups.into_remainder()
    }

    /// The sum over all trees; `None` where `below` does not know how a walk goes on.
    #[inline]
    fn sum<B>(&self, nodes: &[Node], few: u32, below: B) -> Option<f64>
    where
        B: Fn(&[Node], usize, Node) -> Option<usize>,
    {
        let mut score = 0.0;
        let rest = self.add::<ABREAST, B>(nodes, few, &mut score, &below)?;
        let rest = self.add::<5, B>(rest, few, &mut score, &below)?;
        self.add::<1, B>(rest, few, &mut score, &below)?;
        Some(score)
    }

    /// Adds to `score` what `N` trees at a time say; what is left is fewer than `N`.
    #[inline]
    fn add<'n, const N: usize, B>(
        &self,
        nodes: &'n [Node],
        few: u32,
        score: &mut f64,
        below: &B,
    ) -> Option<&'n [Node]>
    where
        B: Fn(&[Node], usize, Node) -> Option<usize>,
    {
        let groups = nodes.chunks_exact(self.size * N);
        let rest = groups.remainder();
        for trees in groups {
            // A walk that has ended goes on and counts nothing: no branch depends on where it is.
            // Whole numbers below 2⁴⁸ add up exactly, so that the sums are River's.
            let (mut at, mut sum, mut open) = ([0; N], [0_u64; N], [u32::MAX; N]);
            for depth in 0..self.height {
                for i in 0..N {
                    let tree = &trees[i * self.size..][..self.size];
                    let node = tree[at[i]];
                    sum[i] += u64::from(node.reference & open[i]) << depth;
                    open[i] = if node.reference >= few { open[i] } else { 0 };
                    at[i] = below(tree, at[i], node)?;
                }
                if open.iter().all(|&open| open == 0) {
                    break;
                }
            }
            // Tree after tree, as River adds them.
            for i in 0..N {
                let leaf = trees[i * self.size + at[i]].reference & open[i];
                *score += (sum[i] + (u64::from(leaf) << self.height)) as f64;
            }
        }
        Some(rest)
    }
}

/// Gives the node at `at` and all below it their thresholds, left first, as River draws them.
fn halve(tree: &mut [Node], at: usize, ranges: &mut [(FeatureId, f64, f64)], rng: &mut Rng) {
    if 2 * at + 1 >= tree.len() {
        return;
    }
    let weights: Vec<f64> = ranges.iter().map(|(_, low, high)| high - low).collect();
    let on = rng.weighted_choice(&weights);
    let (feature, low, high) = ranges[on];
    let threshold = rng.uniform(low + PADDING * (high - low), high - PADDING * (high - low));
    tree[at].feature = feature;
    tree[at].threshold = threshold;
    ranges[on] = (feature, low, threshold);
    halve(tree, 2 * at + 1, ranges, rng);
    ranges[on] = (feature, threshold, high);
    halve(tree, 2 * at + 2, ranges, rng);
    ranges[on] = (feature, low, high);
}

impl AnomalyDetector for HalfSpaceTrees {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        if self.state.nodes.is_empty() {
            if x.ids().is_empty() {
                return;
            }
            self.grow(x, &cx.names);
        }
        let at = self.at(x);
        let rest = at.count::<ABREAST>(&mut self.state.nodes);
        let rest = at.count::<5>(rest);
        at.count::<1>(rest);
        self.state.counter += 1;
        if self.state.counter == self.params.window_size {
            for node in &mut self.state.nodes {
                node.reference = std::mem::take(&mut node.now);
            }
            self.state.ready = true;
            self.state.counter = 0;
        }
    }

    fn score_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "HalfSpaceTrees");
        if !self.state.ready {
            return 0.0;
        }
        let window = f64::from(self.params.window_size);
        // A whole number is at least a tenth of a window when it is at least the next whole one.
        let few = (0.1 * window).ceil() as u32;
        let (at, nodes) = (self.at(x), &self.state.nodes);
        // The usual event has every feature, in a run: what else there is, is found out slowly.
        let (first, values) = (x.run(), x.values());
        let dense = |_: &[Node], at: usize, node: Node| {
            let place = (node.feature as usize).wrapping_sub(first?);
            #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN goes right")]
            let right = !(*values.get(place)? < node.threshold);
            Some(2 * at + 1 + usize::from(right))
        };
        let score = at.sum(nodes, few, dense);
        let any = |tree: &[Node], place: usize, node: Node| Some(at.below(tree, place, node));
        let score = score.or_else(|| at.sum(nodes, few, any)).unwrap_or_default();
        1.0 - score / (self.params.n_trees as f64 * window * at.size as f64)
    }
}
