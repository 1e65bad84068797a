//! The tree that all Hoeffding trees share: nodes in one vector, referred to by number.
//!
//! A classifier's and a regressor's tree differ in their leaves only. The forests hold the same
//! trees, and hand in what is theirs: a random source, and how many features a leaf may watch.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::moments::Moments;
use super::split::{Split, Step};
use super::watch::Watch;
use crate::estimator::Attribute;
use crate::features::{FeatureId, Features, Names};

/// The number of a node.
pub(crate) type NodeId = u32;

/// What a leaf must be able to do for the tree around it.
pub(crate) trait Leaf: Send + Sync + Serialize + DeserializeOwned {
    /// The summary of the target that a branch keeps of the leaf it was.
    type Stats: Clone + Send + Sync + Serialize + DeserializeOwned;

    fn depth(&self) -> u32;
    fn stats(&self) -> &Self::Stats;
    fn total_weight(&self) -> f64;
    fn is_active(&self) -> bool;
    /// Starts to watch features, from nothing.
    fn activate(&mut self);
    /// Gives up what was watched.
    fn deactivate(&mut self);
    /// The smaller, the less likely it splits.
    fn promise(&self) -> f64;
    fn bytes(&self) -> usize;
    fn forget(&mut self, gone: &[FeatureId]);
    /// A summary of the target for people.
    fn show(stats: &Self::Stats) -> Attribute;
    fn watch_mut(&mut self) -> Option<&mut Watch>;
    fn watch(&self) -> Option<&Watch>;
}

/// A node that sends events on.
#[derive(Serialize, Deserialize)]
pub(crate) struct Branch<S> {
    /// The feature that decides; [`GONE`] once its name was forgotten.
    pub feature: FeatureId,
    pub split: Split,
    pub depth: u32,
    pub children: Vec<NodeId>,
    pub stats: S,
    /// Of adaptive trees.
    pub watch: Option<Box<Watch>>,
    /// The tree that grows to replace this branch, of adaptive trees.
    pub alternate: Option<NodeId>,
}

/// The id of no feature.
pub(crate) const GONE: FeatureId = FeatureId::MAX;
/// How many branches a node may have: a value that comes later takes the most used one.
pub(crate) const CHILDREN_MAX: usize = 512;

impl<S> Branch<S> {
    #[inline]
    pub fn step(&self, x: &Features) -> Step {
        self.split.step(self.feature, x)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Node<L: Leaf> {
    #[serde(bound = "")]
    Leaf(L),
    #[serde(bound = "")]
    Branch(Branch<L::Stats>),
    Free,
}

/// Where an event ends on its way down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arrival {
    pub node: NodeId,
    /// The branch above, and which of its children this is.
    pub parent: Option<(NodeId, usize)>,
    /// Why it ended at a branch, if it did.
    pub stuck: Option<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Tree<L: Leaf> {
    nodes: Vec<Node<L>>,
    free: Vec<NodeId>,
    pub root: Option<NodeId>,
    pub n_active: i64,
    pub n_inactive: i64,
    pub growth_allowed: bool,
    /// The weight of all events learned.
    pub weight_seen: f64,
}

impl<L: Leaf> Default for Tree<L> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            root: None,
            n_active: 0,
            n_inactive: 0,
            growth_allowed: true,
            weight_seen: 0.0,
        }
    }
}

impl<L: Leaf> Tree<L> {
    pub fn add(&mut self, node: Node<L>) -> NodeId {
        if let Some(id) = self.free.pop() {
            self.nodes[id as usize] = node;
            return id;
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    #[inline]
    pub fn node(&self, id: NodeId) -> &Node<L> {
        &self.nodes[id as usize]
    }

    #[inline]
    pub fn leaf(&self, id: NodeId) -> Option<&L> {
        if let Node::Leaf(leaf) = self.node(id) { Some(leaf) } else { None }
    }

    #[inline]
    pub fn leaf_mut(&mut self, id: NodeId) -> Option<&mut L> {
        if let Node::Leaf(leaf) = &mut self.nodes[id as usize] { Some(leaf) } else { None }
    }

    #[inline]
    pub fn branch(&self, id: NodeId) -> Option<&Branch<L::Stats>> {
        if let Node::Branch(branch) = self.node(id) { Some(branch) } else { None }
    }

    pub fn branch_mut(&mut self, id: NodeId) -> Option<&mut Branch<L::Stats>> {
        if let Node::Branch(branch) = &mut self.nodes[id as usize] { Some(branch) } else { None }
    }

    /// Every leaf there is, alternates' too, in the order of their numbers.
    pub fn leaves_mut(&mut self) -> impl Iterator<Item = &mut L> {
        self.nodes
            .iter_mut()
            .filter_map(|n| if let Node::Leaf(leaf) = n { Some(leaf) } else { None })
    }

    /// Every leaf there is, alternates' too, in the order of their numbers.
    pub fn leaves(&self) -> impl Iterator<Item = &L> {
        self.nodes.iter().filter_map(|n| if let Node::Leaf(leaf) = n { Some(leaf) } else { None })
    }

    /// What adaptive trees watch, in the order of the nodes' numbers.
    pub fn watches_mut(&mut self) -> impl Iterator<Item = &mut Watch> {
        self.nodes.iter_mut().filter_map(|node| match node {
            Node::Leaf(leaf) => leaf.watch_mut(),
            Node::Branch(branch) => branch.watch.as_deref_mut(),
            Node::Free => None,
        })
    }

    /// What adaptive trees watch, in the order of the nodes' numbers.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Leaf(leaf) => leaf.watch(),
            Node::Branch(branch) => branch.watch.as_deref(),
            Node::Free => None,
        })
    }

    /// Follows an event down until it is at a leaf, or at a branch that does not know where to.
    #[inline]
    pub fn descend(&self, from: NodeId, x: &Features) -> Arrival {
        let mut at = Arrival { node: from, parent: None, stuck: None };
        while let Node::Branch(branch) = self.node(at.node) {
            match branch.step(x) {
                Step::Child(i) => {
                    at.parent = Some((at.node, i));
                    at.node = branch.children[i];
                }
                stuck => {
                    at.stuck = Some(stuck);
                    break;
                }
            }
        }
        at
    }

    /// The leaf of an event: a branch that does not know where to takes its most used child.
    #[inline]
    pub fn leaf_for(&self, from: NodeId, x: &Features) -> NodeId {
        let mut at = self.descend(from, x);
        while at.stuck.is_some() {
            let (_, child) = self.most_used(at.node);
            at = self.descend(child, x);
        }
        at.node
    }

    /// The child of a branch that got the most weight, the first of equals.
    pub fn most_used(&self, id: NodeId) -> (usize, NodeId) {
        let Some(branch) = self.branch(id) else { return (0, id) };
        let weights = branch.children.iter().map(|&child| self.total_weight(child));
        let at = super::dist::arg_max(weights).unwrap_or(0);
        (at, branch.children[at])
    }

    pub fn total_weight(&self, id: NodeId) -> f64 {
        match self.node(id) {
            Node::Leaf(leaf) => leaf.total_weight(),
            Node::Branch(b) => b.children.iter().map(|&child| self.total_weight(child)).sum(),
            Node::Free => 0.0,
        }
    }

    /// Puts a node where a child, or the root, was. What was there stays until
    /// [`sweep`](Self::sweep).
    pub fn replace(&mut self, parent: Option<(NodeId, usize)>, new: NodeId) {
        match parent {
            None => self.root = Some(new),
            Some((parent, at)) => {
                if let Some(branch) = self.branch_mut(parent) {
                    branch.children[at] = new;
                }
            }
        }
    }

    /// Gives a node's place free.
    pub fn remove(&mut self, id: NodeId) {
        self.nodes[id as usize] = Node::Free;
        self.free.push(id);
    }

    /// Frees every node that the root does not lead to.
    pub fn sweep(&mut self) {
        let mut kept = vec![false; self.nodes.len()];
        let mut open: Vec<NodeId> = self.root.into_iter().collect();
        while let Some(id) = open.pop() {
            kept[id as usize] = true;
            if let Node::Branch(branch) = self.node(id) {
                open.extend(&branch.children);
                open.extend(branch.alternate);
            }
        }
        for (id, kept) in kept.iter().enumerate() {
            if !kept && !matches!(self.nodes[id], Node::Free) {
                self.remove(id as NodeId);
            }
        }
    }

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

    pub fn forget(&mut self, gone: &[FeatureId]) {
        for node in &mut self.nodes {
            match node {
                Node::Leaf(leaf) => leaf.forget(gone),
                Node::Branch(branch) if gone.binary_search(&branch.feature).is_ok() => {
                    branch.feature = GONE;
                }
                _ => {}
            }
        }
    }

    /// Nodes, branches and leaves below and with this node, and its height.
    pub fn count(&self, id: NodeId) -> Counts {
        match self.node(id) {
            Node::Branch(branch) => {
                let mut sum = Counts { branches: 1, leaves: 0, height: 0 };
                for &child in &branch.children {
                    let below = self.count(child);
                    sum.branches += below.branches;
                    sum.leaves += below.leaves;
                    sum.height = sum.height.max(below.height);
                }
                sum.height += 1;
                sum
            }
            _ => Counts { branches: 0, leaves: 1, height: 1 },
        }
    }

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

    /// What River's trees show under a name.
    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let counts = self.root.map(|root| self.count(root));
        let int = |n: Option<u64>| n.map_or(Attribute::None, |n| Attribute::Int(n as i64));
        Some(match name {
            "n_nodes" => int(counts.map(|c| c.branches + c.leaves)),
            "n_branches" => int(counts.map(|c| c.branches)),
            "n_leaves" => int(counts.map(|c| c.leaves)),
            "height" => int(Some(counts.map_or(0, |c| c.height))),
            "n_active_leaves" => Attribute::Int(self.n_active),
            "n_inactive_leaves" => Attribute::Int(self.n_inactive),
            "total_observed_weight" => Attribute::Float(self.weight_seen),
            "structure" => self.structure(names),
            "summary" => {
                let keys = [
                    "n_nodes",
                    "n_branches",
                    "n_leaves",
                    "n_active_leaves",
                    "n_inactive_leaves",
                    "height",
                    "total_observed_weight",
                ];
                let pairs = keys
                    .iter()
                    .filter_map(|k| self.attribute(k, names).map(|value| ((*k).to_owned(), value)));
                Attribute::Map(pairs.collect())
            }
            _ => return None,
        })
    }

    /// The nodes from the root down, level by level: River's `to_dataframe`, and what is needed
    /// to draw the tree.
    fn structure(&self, names: &Names<'_>) -> Attribute {
        let mut list: Vec<Attribute> = Vec::new();
        // Node, its parent's place in the list, which child it is.
        let mut open: std::collections::VecDeque<(NodeId, Option<(usize, usize)>)> =
            self.root.map(|root| (root, None)).into_iter().collect();
        while let Some((id, parent)) = open.pop_front() {
            let at = list.len();
            let mut map: Vec<(String, Attribute)> = Vec::new();
            let mut put = |key: &str, value: Attribute| map.push((key.to_owned(), value));
            let (parent_at, child) = parent.unzip();
            let place = |p: Option<usize>| p.map_or(Attribute::None, |p| Attribute::Int(p as i64));
            put("parent", place(parent_at));
            put("branch", place(child));
            put("total_weight", Attribute::Float(self.total_weight(id)));
            match self.node(id) {
                Node::Leaf(leaf) => {
                    put("is_leaf", Attribute::Bool(true));
                    put("depth", Attribute::Int(i64::from(leaf.depth())));
                    put("is_active", Attribute::Bool(leaf.is_active()));
                    put("stats", L::show(leaf.stats()));
                }
                Node::Branch(branch) => {
                    let feature = names.name(branch.feature);
                    put("is_leaf", Attribute::Bool(false));
                    put("depth", Attribute::Int(i64::from(branch.depth)));
                    put("feature", Attribute::Text(feature.to_owned()));
                    branch.split.show(feature, &mut put);
                    put("stats", L::show(&branch.stats));
                    for (i, &child) in branch.children.iter().enumerate() {
                        open.push_back((child, Some((at, i))));
                    }
                }
                Node::Free => {}
            }
            list.push(Attribute::Map(map));
        }
        Attribute::List(list)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub branches: u64,
    pub leaves: u64,
    pub height: u64,
}
