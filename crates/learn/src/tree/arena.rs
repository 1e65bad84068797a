//! The tree that all Hoeffding trees share: nodes in one vector, referred to by number.
//!
//! A classifier's and a regressor's tree differ in their leaves only. The forests hold the same
//! trees, and hand in what is theirs: a random source, and how many features a leaf may watch.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::split::{Split, Step};
use super::watch::Watch;
use crate::estimator::Attribute;
use crate::features::{FeatureId, Features};

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
    pub(super) nodes: Vec<Node<L>>,
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

    /// True when there is nothing but leaves that `has_drawn` is true of, and no branch makes a
    /// child for a new value.
    pub fn is_settled(&self, has_drawn: impl Fn(&L) -> bool) -> bool {
        self.root.is_some()
            && self.nodes.iter().all(|node| match node {
                Node::Leaf(leaf) => has_drawn(leaf),
                Node::Branch(branch) => matches!(branch.split, Split::AtMost(_) | Split::Equals(_)),
                Node::Free => true,
            })
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub branches: u64,
    pub leaves: u64,
    pub height: u64,
}
