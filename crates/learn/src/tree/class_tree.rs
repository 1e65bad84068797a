//! A classifier's Hoeffding tree: what `HoeffdingTreeClassifier` is, and what forests hold many of.

use serde::{Deserialize, Serialize};

use super::arena::{Branch, Leaf, Node, NodeId, Tree};
use super::class_leaf::ClassLeaf;
use super::criterion::{SplitCriterion, hoeffding_bound};
use super::dist::{Dist, is_pure};
use super::limits::Limits;
use super::observers::ClassSplitter;
use super::split::{Candidate, Step, best_two};
use super::watch::Detectors;
use super::work::{Drawn, Work};
use crate::error::Result;
use crate::estimator::{Attribute, ClassId};
use crate::features::{Context, FeatureId, Features, Names};
use crate::params::check_range;
use crate::saved::{self, Loader};

/// How a leaf predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeafPrediction {
    /// By its classes' shares.
    #[serde(rename = "mc")]
    Majority,
    /// By naive Bayes.
    #[serde(rename = "nb")]
    Bayes,
    /// By whichever of both was right more often in this leaf.
    #[serde(rename = "nba")]
    Adaptive,
}

/// What a classifier's tree is told.
#[derive(Debug, Clone)]
pub(crate) struct ClassConfig {
    pub limits: Limits,
    pub grace_period: f64,
    pub criterion: SplitCriterion,
    pub delta: f64,
    pub tau: f64,
    pub leaf_prediction: LeafPrediction,
    pub nb_threshold: f64,
    pub nominal_attributes: Vec<String>,
    pub splitter: ClassSplitter,
    pub binary_split: bool,
    pub min_branch_fraction: f64,
    pub max_share_to_split: f64,
    pub remove_poor_attrs: bool,
    pub merit_preprune: bool,
    /// How many features a leaf may watch, drawn at its first event; all when there is none.
    pub max_features: Option<usize>,
}

impl ClassConfig {
    /// Refuses what lies outside of its range.
    pub fn check(&self) -> Result<()> {
        check_range("grace_period", self.grace_period, 1.0, 1e9)?;
        check_range("delta", self.delta, 1e-300, 1.0)?;
        check_range("tau", self.tau, 0.0, 1e9)?;
        check_range("nb_threshold", self.nb_threshold, 0.0, 1e15)?;
        check_range("min_branch_fraction", self.min_branch_fraction, 0.0, 1.0)?;
        check_range("max_share_to_split", self.max_share_to_split, 0.0, 1.0)
    }
}

/// A tree and the classes that it met.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct ClassTree {
    pub tree: Tree<ClassLeaf>,
    /// By class: whether it came.
    pub met: Vec<bool>,
    #[serde(skip)]
    work: Work,
}

impl ClassTree {
    /// Appends the state, the nodes' detectors included.
    pub fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, self);
        for detector in self.tree.watches().filter_map(|watch| watch.detector.as_deref()) {
            saved::put_child(out, detector);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    pub fn load(&mut self, detectors: Option<&Detectors>, from: &mut Loader<'_>) -> Result<()> {
        *self = from.get()?;
        if let Some(detectors) = detectors {
            for watch in self.tree.watches_mut() {
                from.child(&mut **watch.detector.insert(detectors.make()))?;
            }
        }
        Ok(())
    }

    /// Notes the class and the weight of an event, and that there is a root; returns it.
    pub fn begin(
        &mut self,
        cfg: &ClassConfig,
        y: ClassId,
        w: f64,
        detectors: Option<&Detectors>,
    ) -> NodeId {
        let class = y as usize;
        if self.met.len() <= class {
            self.met.resize(class + 1, false);
        }
        self.met[class] = true;
        self.tree.weight_seen += w;
        if let Some(root) = self.tree.root {
            return root;
        }
        let root = self.add_leaf(cfg, Dist::new(), 0, detectors);
        self.tree.root = Some(root);
        self.tree.n_active = 1;
        root
    }

    /// Adds a leaf that nothing leads to yet.
    pub fn add_leaf(
        &mut self,
        cfg: &ClassConfig,
        stats: Dist,
        depth: u32,
        detectors: Option<&Detectors>,
    ) -> NodeId {
        let watch = detectors.map(Detectors::watch);
        self.tree.add(Node::Leaf(ClassLeaf::new(cfg, stats, depth, watch)))
    }

    /// Makes a child for a value that a branch does not know yet; returns it and its place.
    pub fn sprout(
        &mut self,
        cfg: &ClassConfig,
        at: NodeId,
        x: &Features,
        detectors: Option<&Detectors>,
    ) -> (usize, NodeId) {
        let depth = self.tree.branch(at).map_or(0, |b| b.depth + 1);
        let leaf = self.add_leaf(cfg, Dist::new(), depth, detectors);
        self.tree.n_active += 1;
        let Some(branch) = self.tree.branch_mut(at) else { return (0, leaf) };
        branch.split.extend(branch.feature, x);
        branch.children.push(leaf);
        (branch.children.len() - 1, leaf)
    }

    /// Learns from one event. `drawn` is where leaves draw their features from when
    /// [`ClassConfig::max_features`] says how many.
    pub fn learn_one_with(
        &mut self,
        cfg: &ClassConfig,
        x: &Features,
        y: ClassId,
        w: f64,
        drawn: Drawn<'_>,
        cx: &mut Context<'_>,
    ) {
        if w <= 0.0 {
            return;
        }
        let root = self.begin(cfg, y, w, None);
        let mut arrival = self.tree.descend(root, x);
        let straight = arrival.stuck.is_none();
        while let Some(stuck) = arrival.stuck {
            if stuck == Step::Unseen {
                arrival.node = self.sprout(cfg, arrival.node, x, None).1;
                break;
            }
            let (_, child) = self.tree.most_used(arrival.node);
            arrival = self.tree.descend(child, x);
        }
        let id = arrival.node;
        if let Some(leaf) = self.tree.leaf_mut(id) {
            leaf.learn(cfg, x, y, w, drawn, cx);
            // As in River, only an event that found its way attempts a split.
            if straight && self.tree.growth_allowed {
                self.grow(cfg, id, arrival.parent);
            }
        }
        self.tree.after_event(&cfg.limits);
    }

    /// True when learning from this event would draw a leaf's features.
    pub fn draws(&self, x: &Features) -> bool {
        let Some(root) = self.tree.root else { return true };
        let mut arrival = self.tree.descend(root, x);
        while let Some(stuck) = arrival.stuck {
            if stuck == Step::Unseen {
                return true;
            }
            let (_, child) = self.tree.most_used(arrival.node);
            arrival = self.tree.descend(child, x);
        }
        self.tree.leaf(arrival.node).is_some_and(ClassLeaf::draws)
    }

    fn grow(&mut self, cfg: &ClassConfig, id: NodeId, parent: Option<(NodeId, usize)>) {
        let Some(leaf) = self.tree.leaf_mut(id).filter(|leaf| leaf.active) else { return };
        if leaf.depth >= cfg.limits.max_depth {
            leaf.deactivate();
            self.tree.n_active -= 1;
            self.tree.n_inactive += 1;
            return;
        }
        let seen = leaf.total_weight();
        if seen - leaf.tried_at >= cfg.grace_period {
            if self.attempt(cfg, id, parent, None) {
                self.tree.remove(id);
            } else if let Some(leaf) = self.tree.leaf_mut(id) {
                leaf.tried_at = seen;
            }
        }
    }

    /// Tries to split a leaf; true when a branch took its place. The leaf itself stays behind,
    /// and nothing leads to it any more.
    pub fn attempt(
        &mut self,
        cfg: &ClassConfig,
        id: NodeId,
        parent: Option<(NodeId, usize)>,
        detectors: Option<&Detectors>,
    ) -> bool {
        let Some(leaf) = self.tree.leaf_mut(id) else { return false };
        if is_pure(&leaf.stats) {
            return false;
        }
        leaf.candidates(cfg, &mut self.work);
        let Some((best, second)) = best_two(&self.work.candidates) else { return false };
        let mut wins = true;
        if let Some(second) = second {
            let range = cfg.criterion.range(&leaf.stats);
            let bound = hoeffding_bound(range, cfg.delta, leaf.total_weight());
            wins = best.merit - second > bound || bound < cfg.tau;
            // Naive Bayes needs the poor ones too.
            if cfg.remove_poor_attrs
                && cfg.leaf_prediction == LeafPrediction::Majority
                && detectors.is_none()
            {
                disable_poor(leaf, &self.work.candidates, best.merit, bound);
            }
        }
        if !wins {
            return false;
        }
        let branched = match leaf.split(&best, &mut self.work) {
            None => {
                leaf.deactivate();
                self.tree.n_inactive += 1;
                self.tree.n_active -= 1;
                false
            }
            Some((split, after)) => {
                let (stats, depth) = (leaf.stats.clone(), leaf.depth);
                let n = after.len() as i64;
                let children = after
                    .into_iter()
                    .map(|d| self.add_leaf(cfg, d, depth + 1, detectors))
                    .collect();
                let feature = best.feature.unwrap_or(super::arena::GONE);
                let watch = detectors.map(Detectors::watch);
                let branch =
                    Branch { feature, split, depth, children, stats, watch, alternate: None };
                let new = self.tree.add(Node::Branch(branch));
                self.tree.n_active += n - 1;
                self.tree.replace(parent, new);
                true
            }
        };
        self.tree.enforce_limit(&cfg.limits);
        branched
    }

    /// A probability per class; nothing while nothing was learned.
    pub fn predict_proba_one(
        &self,
        cfg: &ClassConfig,
        x: &Features,
        proba: &mut Vec<f64>,
        cx: &mut Context<'_>,
    ) {
        let Some(root) = self.tree.root else { return };
        let Some(leaf) = self.tree.leaf(self.tree.leaf_for(root, x)) else { return };
        let mut votes = cx.take_floats();
        leaf.predict(cfg, x, &mut votes, cx);
        if !votes.is_empty() {
            self.zeros(proba);
            for (&(class, _), p) in leaf.stats.iter().zip(&votes) {
                proba[class as usize] = *p;
            }
        }
        cx.give_floats(votes);
    }

    /// A 0 for each class that was met.
    pub fn zeros(&self, proba: &mut Vec<f64>) {
        proba.clear();
        proba.extend(self.met.iter().map(|&met| if met { 0.0 } else { f64::NAN }));
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.tree.forget(gone);
    }

    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.tree.attribute(name, names)
    }
}

fn disable_poor(leaf: &mut ClassLeaf, candidates: &[Candidate], best: f64, bound: f64) {
    for c in candidates {
        if let Some(id) = c.feature
            && best - c.merit > bound
        {
            leaf.disable(id);
        }
    }
}
