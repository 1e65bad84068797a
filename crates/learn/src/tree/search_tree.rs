//! A binary search tree over the values of a number, with the target's moments: River's
//! `EBSTSplitter` and, over rounded values, `TEBSTSplitter`.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::criterion::variance_reduction;
use super::moments::Moments;

const NONE: u32 = u32::MAX;
/// Values that are told apart; later ones count where they would have been put.
const NODES_MAX: usize = 65_536;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Node {
    value: f64,
    /// Of the targets whose number is at most the value, as far as they came by here.
    below: Moments,
    left: u32,
    right: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SearchTree {
    nodes: Vec<Node>,
    /// The first node that is not used; its `left` is the next such.
    free: u32,
    used: u32,
    root: u32,
}

impl Default for SearchTree {
    fn default() -> Self {
        Self { nodes: Vec::new(), free: NONE, used: 0, root: NONE }
    }
}

/// What a failed attempt to split knew: which split points are not worth keeping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub best: f64,
    /// The second best merit as a share of the best.
    pub ratio: f64,
    pub bound: f64,
}

/// A step of a walk in the order of values.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Walk {
    Descend(u32),
    Visit(u32),
    Enter(u32),
    Leave(u32),
}

/// A node on the way back from its children.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    node: u32,
    parent: u32,
    is_left: bool,
    phase: u8,
    entered: bool,
}

impl SearchTree {
    pub fn bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>()
    }

    pub fn update(&mut self, value: f64, y: f64, w: f64) {
        let mut at = self.root;
        let mut last = None;
        while at != NONE {
            let node = &mut self.nodes[at as usize];
            if value > node.value {
                last = Some((at, true));
                at = node.right;
                continue;
            }
            node.below.update(y, w);
            if value == node.value {
                return;
            }
            last = Some((at, false));
            at = node.left;
        }
        if self.used as usize >= NODES_MAX {
            return;
        }
        let mut node = Node { value, below: Moments::default(), left: NONE, right: NONE };
        node.below.update(y, w);
        self.used += 1;
        let new = self.free;
        let new = if let Some(unused) = self.nodes.get_mut(new as usize) {
            self.free = unused.left;
            *unused = node;
            new
        } else {
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        };
        match last {
            None => self.root = new,
            Some((at, true)) => self.nodes[at as usize].right = new,
            Some((at, false)) => self.nodes[at as usize].left = new,
        }
    }

    /// Lends each value in rising order, with the target's moments on both sides.
    pub fn each(
        &self,
        before: &Moments,
        walk: &mut Vec<Walk>,
        mut lend: impl FnMut(f64, [Moments; 2]),
    ) {
        walk.clear();
        if self.root != NONE {
            walk.push(Walk::Descend(self.root));
        }
        let mut passed = Moments::default();
        while let Some(step) = walk.pop() {
            match step {
                Walk::Descend(at) => {
                    let node = &self.nodes[at as usize];
                    if node.right != NONE {
                        walk.push(Walk::Leave(at));
                        walk.push(Walk::Descend(node.right));
                        walk.push(Walk::Enter(at));
                    }
                    walk.push(Walk::Visit(at));
                    if node.left != NONE {
                        walk.push(Walk::Descend(node.left));
                    }
                }
                Walk::Enter(at) => passed = passed.plus(&self.nodes[at as usize].below),
                Walk::Leave(at) => passed = passed.minus(&self.nodes[at as usize].below),
                Walk::Visit(at) => {
                    let node = &self.nodes[at as usize];
                    let left = node.below.plus(&passed);
                    lend(node.value, [left, before.minus(&left)]);
                }
            }
        }
    }

    /// Drops split points that are much worse than the best, from the leaves up.
    pub fn prune(
        &mut self,
        before: &Moments,
        min_samples: f64,
        failure: &Failure,
        frames: &mut Vec<Frame>,
    ) {
        frames.clear();
        let frame =
            |node, parent, is_left| Frame { node, parent, is_left, phase: 0, entered: false };
        if self.root != NONE {
            frames.push(frame(self.root, NONE, true));
        }
        let mut passed = Moments::default();
        let mut bad = false;
        while let Some(top) = frames.last_mut() {
            let (left, right) = {
                let node = &self.nodes[top.node as usize];
                (node.left, node.right)
            };
            if top.phase == 0 {
                top.phase = 1;
                bad = true;
                if left != NONE {
                    let parent = top.node;
                    frames.push(frame(left, parent, true));
                }
                continue;
            }
            if top.phase == 1 {
                if !bad {
                    frames.pop();
                    continue;
                }
                top.phase = 2;
                if right != NONE {
                    passed = passed.plus(&self.nodes[top.node as usize].below);
                    top.entered = true;
                    let parent = top.node;
                    frames.push(frame(right, parent, false));
                }
                continue;
            }
            let done = *top;
            frames.pop();
            let below = self.nodes[done.node as usize].below;
            if done.entered {
                passed = passed.minus(&below);
            }
            if bad {
                let left = below.plus(&passed);
                let merit = variance_reduction(before, &[left, before.minus(&left)], min_samples);
                bad = merit / failure.best < failure.ratio - 2.0 * failure.bound;
                if bad {
                    self.unlink(&done);
                }
            }
        }
    }

    fn unlink(&mut self, gone: &Frame) {
        match self.nodes.get_mut(gone.parent as usize) {
            None => self.root = NONE,
            Some(parent) if gone.is_left => parent.left = NONE,
            Some(parent) => parent.right = NONE,
        }
        self.nodes[gone.node as usize].left = self.free;
        self.free = gone.node;
        self.used -= 1;
    }
}

/// Room for the longest number with 15 places after the point.
struct Printed {
    bytes: [u8; 352],
    len: usize,
}

impl Write for Printed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// Python's `round(v, digits)`: the nearest decimal, an exact half to the even one.
pub(crate) fn round(v: f64, digits: u32) -> f64 {
    let power = crate::math::pow(10.0, f64::from(digits));
    let scaled = v * power;
    let whole = scaled.round_ties_even();
    // Where the product is no tie, and small enough to be whole, its rounding is the decimal's.
    if scaled.abs() < 1e15 && ((scaled - whole).abs() - 0.5).abs() > 1e-3 {
        return whole / power;
    }
    let mut printed = Printed { bytes: [0; 352], len: 0 };
    if write!(printed, "{v:.*}", digits as usize).is_err() {
        return v;
    }
    let text = std::str::from_utf8(&printed.bytes[..printed.len]).unwrap_or_default();
    text.parse().unwrap_or(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_pythons() {
        for (v, digits, want) in [
            (0.25, 1, 0.2),
            (0.35, 1, 0.3),
            (2.675, 2, 2.67),
            (-1.25, 1, -1.2),
            (1.05, 1, 1.1),
            (1e300, 1, 1e300),
            (0.5, 0, 0.0),
            (1.5, 0, 2.0),
            (43.84213, 1, 43.8),
        ] {
            assert_eq!(round(v, digits), want, "{v} to {digits}");
        }
    }
}
