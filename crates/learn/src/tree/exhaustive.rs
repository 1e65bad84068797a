//! A binary search tree over the values of a number, with counts by class on both sides of each:
//! River's `ExhaustiveSplitter`.

use serde::{Deserialize, Serialize};

use super::dist::{Dist, add};
use super::work::Work;
use crate::estimator::ClassId;

const NONE: u32 = u32::MAX;
/// Values that are told apart; later ones count where they would have been put.
const NODES_MAX: usize = 65_536;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Node {
    value: f64,
    /// Of the events that came by here, those up to the value and those above.
    below: Dist,
    above: Dist,
    left: u32,
    right: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ValueTree(Vec<Node>);

/// A node to be visited: its depth, whether it is a left child, and its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    node: u32,
    depth: usize,
    is_left: bool,
    parent: u32,
}

/// What River's `d.update(Counter(d) − Counter(other))` does: a class that would get 0 or less
/// keeps what it has.
fn subtract(from: &mut Dist, other: &Dist) {
    for (class, w) in from {
        let minus = other.iter().find(|(c, _)| c == class).map_or(0.0, |&(_, w)| w);
        let rest = *w - minus;
        if rest > 0.0 {
            *w = rest;
        }
    }
}

/// What River's `d.update(Counter(d) + Counter(other))` does.
fn merge(into: &mut Dist, other: &Dist) {
    for &(class, w) in other {
        if w > 0.0 {
            add(into, class, w);
        }
    }
}

impl ValueTree {
    pub fn bytes(&self) -> usize {
        let counts = self.0.iter().map(|n| (n.below.len() + n.above.len()) * 16).sum::<usize>();
        counts + self.0.len() * size_of::<Node>()
    }

    pub fn learn(&mut self, value: f64, class: ClassId, w: f64) {
        let new = self.0.len() as u32;
        let full = self.0.len() >= NODES_MAX;
        let mut at = 0;
        while let Some(node) = self.0.get_mut(at as usize) {
            if value > node.value {
                add(&mut node.above, class, w);
                if node.right == NONE && !full {
                    node.right = new;
                }
                at = node.right;
                continue;
            }
            add(&mut node.below, class, w);
            if value == node.value {
                return;
            }
            if node.left == NONE && !full {
                node.left = new;
            }
            at = node.left;
        }
        if !full {
            let below = vec![(class, w)];
            self.0.push(Node { value, below, above: Dist::new(), left: NONE, right: NONE });
        }
    }

    /// Lends each value as a threshold, with the weights by class on both sides, from the root
    /// down.
    pub fn each_threshold(&self, work: &mut Work, lend: &mut dyn FnMut(f64, &[Dist])) {
        work.visits.clear();
        if !self.0.is_empty() {
            work.visits.push(Visit { node: 0, depth: 0, is_left: false, parent: NONE });
        }
        while let Some(visit) = work.visits.pop() {
            let node = &self.0[visit.node as usize];
            // Each level of the tree has two distributions; those of the level above are the
            // parent's.
            let own = 2 * visit.depth;
            if work.levels.len() < own + 2 {
                work.levels.resize_with(own + 2, Dist::new);
            }
            let (parents, own) = work.levels.split_at_mut(own);
            let [left, right] = &mut own[..2] else { break };
            left.clear();
            right.clear();
            let Some([.., parent_left, parent_right]) = Some(&*parents).filter(|p| p.len() > 1)
            else {
                merge(left, &node.below);
                merge(right, &node.above);
                lend(node.value, &own[..2]);
                self.push_children(visit, work);
                continue;
            };
            merge(left, parent_left);
            merge(right, parent_right);
            if visit.is_left {
                work.rest.clear();
                merge(&mut work.rest, &self.0[visit.parent as usize].below);
                subtract(&mut work.rest, &node.below);
                subtract(&mut work.rest, &node.above);
                subtract(left, &node.above);
                merge(right, &node.above);
                merge(right, &work.rest);
                subtract(left, &work.rest);
            } else {
                merge(left, &node.below);
                subtract(right, &node.below);
            }
            lend(node.value, &own[..2]);
            self.push_children(visit, work);
        }
    }

    fn push_children(&self, visit: Visit, work: &mut Work) {
        let (node, depth) = (&self.0[visit.node as usize], visit.depth + 1);
        for (child, is_left) in [(node.right, false), (node.left, true)] {
            if child != NONE {
                work.visits.push(Visit { node: child, depth, is_left, parent: visit.node });
            }
        }
    }
}
