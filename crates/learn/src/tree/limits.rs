//! How deep and how large a tree may become.

use super::arena::{Leaf, Node, NodeId, Tree};
use crate::error::Result;
use crate::params::check_range;

/// River's tree stops before Python's recursion does.
const DEPTH_MAX: u32 = 980;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub max_depth: u32,
    pub max_bytes: f64,
    /// The weight of events between two looks at the size.
    pub period: f64,
    pub stop_mem_management: bool,
}

impl Limits {
    pub fn new(
        max_depth: Option<u32>,
        max_size: f64,
        memory_estimate_period: u32,
        stop_mem_management: bool,
    ) -> Result<Self> {
        check_range("max_size", max_size, 0.0, 1e6)?;
        check_range("memory_estimate_period", f64::from(memory_estimate_period), 1.0, 1e9)?;
        if let Some(depth) = max_depth {
            check_range("max_depth", f64::from(depth), 0.0, f64::from(DEPTH_MAX))?;
        }
        Ok(Self {
            max_depth: max_depth.unwrap_or(DEPTH_MAX),
            max_bytes: max_size * 1_048_576.0,
            period: f64::from(memory_estimate_period),
            stop_mem_management,
        })
    }
}

impl<L: Leaf> Tree<L> {
    fn bytes(&self) -> usize {
        let nodes = self.nodes.iter().map(|node| match node {
            Node::Leaf(leaf) => leaf.bytes(),
            Node::Branch(branch) => branch.children.len() * size_of::<NodeId>(),
            Node::Free => 0,
        });
        nodes.sum::<usize>() + self.nodes.len() * size_of::<Node<L>>()
    }

    /// Deactivates the least promising leaves while the tree is too large, and activates others
    /// while it is not: River's rule over our own count of bytes.
    pub fn enforce_limit(&mut self, limits: &Limits) {
        let size = self.bytes() as f64;
        let full = size > limits.max_bytes;
        if limits.stop_mem_management && (self.n_inactive > 0 || full) {
            self.growth_allowed = false;
            return;
        }
        let (mut active, mut inactive) = ((0.0, 0.0), (0.0, 0.0));
        for leaf in self.leaves() {
            let sums = if leaf.is_active() { &mut active } else { &mut inactive };
            sums.0 += 1.0;
            sums.1 += leaf.bytes() as f64;
        }
        let mean = |(n, sum): (f64, f64)| if n > 0.0 { sum / n } else { 0.0 };
        let (each, each_inactive) = (mean(active), mean(inactive));
        let leaves = active.0 + inactive.0;
        let overhead = (size - active.1 - inactive.1).max(0.0);
        let fits = |n: f64| overhead + n * each + (leaves - n) * each_inactive <= limits.max_bytes;
        let (mut off, mut on) = (0, 0);
        if fits(leaves) {
            for leaf in self.leaves_mut().filter(|l| !l.is_active() && l.depth() < limits.max_depth)
            {
                leaf.activate();
                on += 1;
            }
        } else {
            let mut kept = 0usize;
            while fits(kept as f64 + 1.0) {
                kept += 1;
            }
            let mut order: Vec<&mut L> = self.leaves_mut().collect();
            order.sort_by(|a, b| a.promise().total_cmp(&b.promise()));
            let cut = order.len() - kept.min(order.len());
            for (i, leaf) in order.into_iter().enumerate() {
                if i < cut && leaf.is_active() {
                    leaf.deactivate();
                    off += 1;
                } else if i >= cut && !leaf.is_active() && leaf.depth() < limits.max_depth {
                    leaf.activate();
                    on += 1;
                }
            }
        }
        self.n_active += on - off;
        self.n_inactive += off - on;
    }

    /// After every event: checks the size once in a while.
    #[inline]
    pub fn after_event(&mut self, limits: &Limits) {
        if self.weight_seen % limits.period == 0.0 && self.bytes() as f64 > limits.max_bytes {
            self.enforce_limit(limits);
        }
    }
}
