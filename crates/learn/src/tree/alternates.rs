//! Trees that grow beside a branch, to take its place.

use super::arena::{Leaf, Node, NodeId, Tree};
use super::moments::Moments;
use super::split::Step;
use crate::features::Features;

impl<L: Leaf> Tree<L> {
    /// Lends the leaf of an event, and before it those of the alternates on the way.
    pub fn each_leaf_for(&self, from: NodeId, x: &Features, lend: &mut dyn FnMut(&L)) {
        let mut at = from;
        loop {
            match self.node(at) {
                Node::Leaf(leaf) => return lend(leaf),
                Node::Branch(branch) => {
                    if let Some(alternate) = branch.alternate {
                        self.each_leaf_for(alternate, x, lend);
                    }
                    at = match branch.step(x) {
                        Step::Child(i) => branch.children[i],
                        Step::Missing | Step::Unseen => self.most_used(at).1,
                    };
                }
                Node::Free => return,
            }
        }
    }

    /// Takes a branch's leaves out of the counts, and its alternates away; returns how many.
    pub fn kill_children(&mut self, id: NodeId) -> i64 {
        let mut pruned = 0;
        let n = self.branch(id).map_or(0, |b| b.children.len());
        for i in 0..n {
            let Some(child) = self.branch(id).map(|b| b.children[i]) else { break };
            match &mut self.nodes[child as usize] {
                Node::Leaf(leaf) if leaf.is_active() => self.n_active -= 1,
                Node::Leaf(_) => self.n_inactive -= 1,
                Node::Branch(branch) => {
                    if let Some(alternate) = branch.alternate.take() {
                        pruned += 1 + self.kill_children(alternate);
                    }
                    pruned += self.kill_children(child);
                }
                Node::Free => {}
            }
        }
        pruned
    }

    /// Puts a branch's alternate in its place. The branch goes on to learn from the event at
    /// hand, as River's does.
    pub fn switch(&mut self, id: NodeId, parent: Option<(NodeId, usize)>) -> i64 {
        let Some(alternate) = self.branch(id).and_then(|b| b.alternate) else { return 0 };
        let leaves = |tree: &Self, id| tree.count(id).leaves as i64;
        self.n_active += leaves(self, alternate) - leaves(self, id);
        let pruned = self.kill_children(id);
        self.replace(parent, alternate);
        if parent.is_some()
            && let Some(branch) = self.branch_mut(id)
        {
            branch.alternate = None;
        }
        pruned
    }

    /// Takes a branch's alternate away.
    pub fn drop_alternate(&mut self, id: NodeId) -> i64 {
        let alternate = self.branch_mut(id).and_then(|b| b.alternate.take());
        alternate.map_or(0, |alternate| self.kill_children(alternate))
    }

    /// The errors of a node of an adaptive tree.
    pub fn errors(&self, id: NodeId) -> Moments {
        let watch = match self.node(id) {
            Node::Leaf(leaf) => leaf.watch(),
            Node::Branch(branch) => branch.watch.as_deref(),
            Node::Free => None,
        };
        watch.map_or_else(Moments::default, |watch| watch.error)
    }
}
