//! How an adaptive regressor's tree learns: River's `AdaLeafRegressor` and `AdaBranchRegressor`.

use super::adaptive::{AdaptiveConfig, Progress};
use super::arena::{Leaf, NodeId};
use super::moments::Moments;
use super::split::Step;
use super::target_tree::{TargetConfig, TargetTree};
use super::watch::Change;
use crate::features::{Context, Features};
use crate::math;

/// One event on its way down.
pub(crate) struct TargetLearner<'a, 'c> {
    pub trees: &'a mut TargetTree,
    pub cfg: &'a TargetConfig,
    pub adaptive: &'a AdaptiveConfig,
    pub progress: &'a mut Progress,
    pub x: &'a Features,
    pub y: f64,
    pub w: f64,
    pub cx: &'a mut Context<'c>,
    /// True once nodes may have been left behind.
    pub changed: bool,
}

type Parent = Option<(NodeId, usize)>;

impl TargetLearner<'_, '_> {
    pub fn run(mut self) {
        let root = self.trees.begin(self.cfg, self.w, Some(&self.adaptive.detectors));
        self.node(root, None);
        if self.changed {
            self.trees.tree.sweep();
        }
        self.trees.tree.after_event(&self.cfg.limits);
    }

    fn node(&mut self, id: NodeId, parent: Parent) {
        if self.trees.tree.leaf(id).is_some() {
            self.leaf(id, parent);
        } else {
            self.branch(id, parent);
        }
    }

    /// How far off a leaf would be.
    fn error_of(&mut self, id: NodeId) -> f64 {
        let leaf = self.trees.tree.leaf(id);
        let predicted = leaf.map_or(0.0, |leaf| leaf.predict(self.cfg, self.x, self.cx));
        (self.y - predicted).abs()
    }

    fn leaf(&mut self, id: NodeId, parent: Parent) {
        let error = self.error_of(id);
        let w = self.progress.weight(self.adaptive, self.w);
        let (cfg, x, y) = (self.cfg, self.x, self.y);
        let Some(leaf) = self.trees.tree.leaf_mut(id) else { return };
        if let Some(watch) = &mut leaf.watch {
            watch.update(error);
        }
        leaf.learn(cfg, x, y, w, None, self.cx);
        let seen = leaf.total_weight();
        if seen - leaf.tried_at < cfg.grace_period || !leaf.active {
            return;
        }
        if leaf.depth >= cfg.limits.max_depth {
            leaf.deactivate();
            self.trees.tree.n_inactive += 1;
            self.trees.tree.n_active -= 1;
            return;
        }
        if !self.trees.tree.growth_allowed {
            return;
        }
        self.changed |= self.trees.attempt(cfg, id, parent, Some(&self.adaptive.detectors));
        if let Some(leaf) = self.trees.tree.leaf_mut(id) {
            leaf.tried_at = seen;
        }
    }

    fn branch(&mut self, id: NodeId, parent: Parent) {
        let leaf = self.trees.tree.leaf_for(id, self.x);
        let error = self.error_of(leaf);
        let Some(branch) = self.trees.tree.branch_mut(id) else { return };
        branch.stats.update(self.y, self.w);
        let (depth, alternate) = (branch.depth, branch.alternate);
        let change = branch.watch.as_mut().map_or(Change::None, |watch| watch.update(error));
        match alternate {
            None if change == Change::Worse => self.sprout_alternate(id, depth),
            None => {}
            Some(alternate) => self.compare(id, alternate, parent),
        }
        if let Some(alternate) = self.trees.tree.branch(id).and_then(|b| b.alternate) {
            // As in River, an alternate that splits takes the place of its branch.
            self.node(alternate, parent);
        }
        let Some(branch) = self.trees.tree.branch(id) else { return };
        let (at, child) = match branch.step(self.x) {
            Step::Child(at) => (at, branch.children[at]),
            Step::Unseen => self.trees.sprout(self.cfg, id, self.x, Some(&self.adaptive.detectors)),
            Step::Missing => self.trees.tree.most_used(id),
        };
        self.node(child, Some((id, at)));
    }

    fn sprout_alternate(&mut self, id: NodeId, depth: u32) {
        let leaf = self.trees.add_leaf(self.cfg, depth, Some(&self.adaptive.detectors));
        if let Some(branch) = self.trees.tree.branch_mut(id) {
            branch.alternate = Some(leaf);
            if let Some(watch) = &mut branch.watch {
                watch.error = Moments::default();
            }
        }
        self.progress.n_alternate += 1;
    }

    /// Keeps the better of a branch and its alternate, once both have seen enough and differ.
    fn compare(&mut self, id: NodeId, alternate: NodeId, parent: Parent) {
        let (old, new) = (self.trees.tree.errors(id), self.trees.tree.errors(alternate));
        let window = self.adaptive.drift_window_threshold;
        if new.n <= window || old.n <= window {
            return;
        }
        let deviation = (new.variance() / new.n + old.variance() / old.n).sqrt();
        let z = (new.mean - old.mean) / deviation;
        let p = 1.0 + math::erf(-z.abs() / std::f64::consts::SQRT_2);
        // Without any deviation there is nothing to compare by.
        if deviation == 0.0 || p > self.adaptive.switch_significance {
            return;
        }
        if new.mean < old.mean {
            self.progress.n_pruned += self.trees.tree.switch(id, parent);
            self.progress.n_switch += 1;
        } else {
            self.progress.n_pruned += 1 + self.trees.tree.drop_alternate(id);
        }
        self.changed = true;
    }
}

impl TargetTree {
    /// The mean of what all leaves of an event say.
    pub fn predict_mean(&self, cfg: &TargetConfig, x: &Features, cx: &mut Context<'_>) -> f64 {
        let Some(root) = self.tree.root else { return self.predict_one(cfg, x, cx) };
        let (mut sum, mut n) = (0.0, 0.0);
        self.tree.each_leaf_for(root, x, &mut |leaf| {
            sum += leaf.predict(cfg, x, cx);
            n += 1.0;
        });
        sum / n
    }
}
