//! How an adaptive classifier's tree learns: River's `AdaLeafClassifier` and
//! `AdaBranchClassifier`.

use super::adaptive::{AdaptiveConfig, Progress};
use super::arena::{Leaf, NodeId};
use super::class_tree::{ClassConfig, ClassTree};
use super::dist::{Dist, add, arg_max};
use super::moments::Moments;
use super::split::Step;
use super::watch::Change;
use crate::estimator::ClassId;
use crate::features::{Context, Features};
use crate::math;

/// One event on its way down.
pub(crate) struct ClassLearner<'a, 'c> {
    pub trees: &'a mut ClassTree,
    pub cfg: &'a ClassConfig,
    pub adaptive: &'a AdaptiveConfig,
    pub progress: &'a mut Progress,
    pub x: &'a Features,
    pub y: ClassId,
    pub w: f64,
    pub cx: &'a mut Context<'c>,
    /// True once nodes may have been left behind.
    pub changed: bool,
}

type Parent = Option<(NodeId, usize)>;

impl ClassLearner<'_, '_> {
    pub fn run(mut self) {
        let detectors = Some(&self.adaptive.detectors);
        let root = self.trees.begin(self.cfg, self.y, self.w, detectors);
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

    /// 1 when a leaf would predict the event wrongly.
    fn error_of(&mut self, id: NodeId) -> f64 {
        let Some(leaf) = self.trees.tree.leaf(id) else { return 1.0 };
        let mut votes = self.cx.take_floats();
        leaf.predict(self.cfg, self.x, &mut votes, self.cx);
        let best = arg_max(votes.iter().copied());
        self.cx.give_floats(votes);
        let right = best.is_some_and(|at| leaf.stats[at].0 == self.y);
        f64::from(u8::from(!right))
    }

    fn leaf(&mut self, id: NodeId, parent: Parent) {
        let w = self.progress.weight(self.adaptive, self.w);
        let error = self.error_of(id);
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
        add(&mut branch.stats, self.y, self.w);
        let (depth, alternate) = (branch.depth, branch.alternate);
        let change = branch.watch.as_mut().map_or(Change::None, |watch| watch.update(error));
        if change == Change::Worse {
            self.sprout_alternate(id, depth);
        } else if let Some(alternate) = alternate {
            self.compare(id, alternate, parent);
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
        let detectors = Some(&self.adaptive.detectors);
        let leaf = self.trees.add_leaf(self.cfg, Dist::new(), depth, detectors);
        if let Some(branch) = self.trees.tree.branch_mut(id) {
            self.changed |= branch.alternate.is_some();
            branch.alternate = Some(leaf);
            if let Some(watch) = &mut branch.watch {
                watch.error = Moments::default();
            }
        }
        self.progress.n_alternate += 1;
    }

    /// Keeps the better of a branch and its alternate, once both have seen enough.
    fn compare(&mut self, id: NodeId, alternate: NodeId, parent: Parent) {
        let (old, new) = (self.trees.tree.errors(id), self.trees.tree.errors(alternate));
        let window = self.adaptive.drift_window_threshold;
        if new.n <= window || old.n <= window {
            return;
        }
        let n = 1.0 / new.n + 1.0 / old.n;
        let log = math::ln(2.0 / self.adaptive.switch_significance);
        let bound = (2.0 * old.mean * (1.0 - old.mean) * log * n).sqrt();
        if bound < old.mean - new.mean {
            self.progress.n_pruned += self.trees.tree.switch(id, parent);
            self.progress.n_switch += 1;
            self.changed = true;
        } else if bound < new.mean - old.mean {
            self.progress.n_pruned += 1 + self.trees.tree.drop_alternate(id);
            self.changed = true;
        }
    }
}

impl ClassTree {
    /// A probability per class by all leaves of an event, each divided by its squared error.
    pub fn predict_by_errors(
        &self,
        cfg: &ClassConfig,
        x: &Features,
        proba: &mut Vec<f64>,
        cx: &mut Context<'_>,
    ) {
        let Some(root) = self.tree.root else { return };
        self.zeros(proba);
        let mut votes = cx.take_floats();
        self.tree.each_leaf_for(root, x, &mut |leaf| {
            leaf.predict(cfg, x, &mut votes, cx);
            let error = leaf.watch().map_or(0.0, |watch| watch.error.mean);
            let factor = votes.iter().sum::<f64>() * error * error;
            let scale = if factor == 0.0 { 1.0 } else { 1.0 / factor };
            for (&(class, _), vote) in leaf.stats.iter().zip(&votes) {
                proba[class as usize] += vote * scale;
            }
        });
        cx.give_floats(votes);
        let sum: f64 = proba.iter().filter(|p| !p.is_nan()).sum();
        if sum > 0.0 && sum.is_finite() {
            let scale = 1.0 / sum;
            for p in proba {
                *p *= scale;
            }
        } else {
            proba.clear();
        }
    }
}
