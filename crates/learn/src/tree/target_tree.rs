//! A regressor's Hoeffding tree: what `HoeffdingTreeRegressor` is, and what forests hold many of.

use serde::{Deserialize, Serialize};

use super::arena::{Branch, GONE, Leaf, Node, NodeId, Tree};
use super::criterion::hoeffding_bound;
use super::limits::Limits;
use super::models::Models;
use super::moments::Moments;
use super::search_tree::Failure;
use super::split::{Candidate, Step, best_two};
use super::target_leaf::TargetLeaf;
use super::target_observer::TargetSplitter;
use super::watch::Detectors;
use super::work::{Drawn, Work};
use crate::error::Result;
use crate::estimator::Attribute;
use crate::features::{Context, FeatureId, Features, Names};
use crate::params::check_range;
use crate::saved::{self, Loader};

/// How a leaf predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetPrediction {
    /// The mean of the targets.
    Mean,
    /// What the leaf's model says.
    Model,
    /// Whichever of both was closer lately in this leaf.
    Adaptive,
}

/// What a regressor's tree is told.
pub(crate) struct TargetConfig {
    pub limits: Limits,
    pub grace_period: f64,
    pub delta: f64,
    pub tau: f64,
    pub leaf_prediction: TargetPrediction,
    pub models: Models,
    pub model_selector_decay: f64,
    pub nominal_attributes: Vec<String>,
    pub splitter: TargetSplitter,
    pub min_samples_split: f64,
    pub binary_split: bool,
    pub remove_poor_attrs: bool,
    pub merit_preprune: bool,
    /// How many features a leaf may watch, drawn at its first event; all when there is none.
    pub max_features: Option<usize>,
}

impl TargetConfig {
    /// Refuses what lies outside of its range.
    pub fn check(&self) -> Result<()> {
        check_range("grace_period", self.grace_period, 1.0, 1e9)?;
        check_range("delta", self.delta, 1e-300, 1.0)?;
        check_range("tau", self.tau, 0.0, 1e9)?;
        check_range("model_selector_decay", self.model_selector_decay, 0.0, 1.0)?;
        check_range("min_samples_split", self.min_samples_split, 0.0, 1e9)
    }

    pub fn has_models(&self) -> bool {
        self.leaf_prediction != TargetPrediction::Mean
    }

    pub fn splits_many_ways(&self) -> bool {
        matches!(self.splitter, TargetSplitter::Slots { multiway: true, .. }) && !self.binary_split
    }

    pub fn radius(&self) -> f64 {
        if let TargetSplitter::Slots { radius, .. } = self.splitter { radius } else { 1.0 }
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct TargetTree {
    pub tree: Tree<TargetLeaf>,
    #[serde(skip)]
    work: Work,
}

impl TargetTree {
    /// Appends the state, the leaves' models and the nodes' detectors included.
    pub fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, self);
        for model in self.tree.leaves().filter_map(|leaf| leaf.model.as_deref()) {
            saved::put_child(out, model);
        }
        for detector in self.tree.watches().filter_map(|watch| watch.detector.as_deref()) {
            saved::put_child(out, detector);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    pub fn load(
        &mut self,
        cfg: &TargetConfig,
        detectors: Option<&Detectors>,
        from: &mut Loader<'_>,
    ) -> Result<()> {
        *self = from.get()?;
        if cfg.has_models() {
            for leaf in self.tree.leaves_mut() {
                from.child(&mut **leaf.model.insert(cfg.models.make()))?;
            }
        }
        if let Some(detectors) = detectors {
            for watch in self.tree.watches_mut() {
                from.child(&mut **watch.detector.insert(detectors.make()))?;
            }
        }
        Ok(())
    }

    /// Notes the weight of an event, and that there is a root; returns it.
    pub fn begin(&mut self, cfg: &TargetConfig, w: f64, detectors: Option<&Detectors>) -> NodeId {
        self.tree.weight_seen += w;
        if let Some(root) = self.tree.root {
            return root;
        }
        let root = self.add_leaf(cfg, 0, detectors);
        self.tree.root = Some(root);
        self.tree.n_active = 1;
        root
    }

    /// Adds a leaf that has seen nothing and that nothing leads to yet.
    pub fn add_leaf(
        &mut self,
        cfg: &TargetConfig,
        depth: u32,
        detectors: Option<&Detectors>,
    ) -> NodeId {
        let model = cfg.has_models().then(|| cfg.models.make());
        let watch = detectors.map(Detectors::watch);
        self.tree.add(Node::Leaf(TargetLeaf::new(Moments::default(), depth, model, watch)))
    }

    /// Makes a child for a value that a branch does not know yet; returns it and its place.
    pub fn sprout(
        &mut self,
        cfg: &TargetConfig,
        at: NodeId,
        x: &Features,
        detectors: Option<&Detectors>,
    ) -> (usize, NodeId) {
        let depth = self.tree.branch(at).map_or(0, |b| b.depth + 1);
        let leaf = self.add_leaf(cfg, depth, detectors);
        self.tree.n_active += 1;
        let Some(branch) = self.tree.branch_mut(at) else { return (0, leaf) };
        branch.split.extend(branch.feature, x);
        branch.children.push(leaf);
        (branch.children.len() - 1, leaf)
    }

    /// Learns from one event. `drawn` is where leaves draw their features from when
    /// [`TargetConfig::max_features`] says how many.
    pub fn learn_one_with(
        &mut self,
        cfg: &TargetConfig,
        x: &Features,
        y: f64,
        w: f64,
        drawn: Drawn<'_>,
        cx: &mut Context<'_>,
    ) {
        if w <= 0.0 {
            return;
        }
        let root = self.begin(cfg, w, None);
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
        self.tree.leaf(arrival.node).is_some_and(TargetLeaf::draws)
    }

    fn grow(&mut self, cfg: &TargetConfig, id: NodeId, parent: Option<(NodeId, usize)>) {
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
        cfg: &TargetConfig,
        id: NodeId,
        parent: Option<(NodeId, usize)>,
        detectors: Option<&Detectors>,
    ) -> bool {
        let Some(leaf) = self.tree.leaf_mut(id) else { return false };
        leaf.candidates(cfg, &mut self.work);
        let Some((best, second)) = best_two(&self.work.candidates) else { return false };
        if let Some(second) = second {
            let bound = hoeffding_bound(1.0, cfg.delta, leaf.total_weight());
            let ratio = second / best.merit;
            if cfg.remove_poor_attrs && best.merit > 0.0 {
                disable_poor(leaf, &self.work.candidates, best.merit, ratio - 2.0 * bound);
            }
            let wins = best.merit > 0.0 && (ratio < 1.0 - bound || bound < cfg.tau);
            if !wins {
                if best.merit > 0.0 && second > 0.0 {
                    let failure = Failure { best: best.merit, ratio, bound };
                    leaf.prune(cfg, &failure, &mut self.work);
                }
                return false;
            }
        }
        let branched = match leaf.split(cfg, &best, &mut self.work) {
            None => {
                leaf.deactivate();
                self.tree.n_inactive += 1;
                self.tree.n_active -= 1;
                false
            }
            Some((split, after)) => {
                let branch = self.branch(cfg, id, &best, split, after, detectors);
                let new = self.tree.add(Node::Branch(branch));
                self.tree.replace(parent, new);
                true
            }
        };
        self.tree.enforce_limit(&cfg.limits);
        branched
    }

    /// A branch in place of a leaf, whose model and errors its children inherit.
    fn branch(
        &mut self,
        cfg: &TargetConfig,
        id: NodeId,
        best: &Candidate,
        split: super::split::Split,
        after: Vec<Moments>,
        detectors: Option<&Detectors>,
    ) -> Branch<Moments> {
        let mut children = Vec::with_capacity(after.len());
        let (mut stats, mut depth) = (Moments::default(), 0);
        self.tree.n_active += after.len() as i64 - 1;
        for moments in after {
            let Some(leaf) = self.tree.leaf(id) else { continue };
            (stats, depth) = (leaf.stats, leaf.depth);
            let model = leaf.model.as_deref().map(|model| cfg.models.copy(model));
            let watch = detectors.map(Detectors::watch);
            let mut child = TargetLeaf::new(moments, depth + 1, model, watch);
            child.mean_errors = leaf.mean_errors;
            child.model_errors = leaf.model_errors;
            children.push(self.tree.add(Node::Leaf(child)));
        }
        let feature = best.feature.unwrap_or(GONE);
        let watch = detectors.map(Detectors::watch);
        Branch { feature, split, depth, children, stats, watch, alternate: None }
    }

    pub fn predict_one(&self, cfg: &TargetConfig, x: &Features, cx: &mut Context<'_>) -> f64 {
        let Some(root) = self.tree.root else {
            // What the models refuse is refused from the first event on.
            if cfg.has_models() {
                cfg.models.first().predict_one(x, cx);
            }
            return 0.0;
        };
        self.tree.leaf(self.tree.leaf_for(root, x)).map_or(0.0, |leaf| leaf.predict(cfg, x, cx))
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.tree.forget(gone);
    }

    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.tree.attribute(name, names)
    }
}

fn disable_poor(leaf: &mut TargetLeaf, candidates: &[Candidate], best: f64, least: f64) {
    for c in candidates {
        if let Some(id) = c.feature
            && c.merit / best < least
        {
            leaf.disable(id);
        }
    }
}
