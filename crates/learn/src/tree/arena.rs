//! A tree as a list of nodes: how an event finds its leaf, whatever the leaves do.

use serde::{Deserialize, Serialize};

use super::branch::{Branch, GONE, NodeId};
use crate::estimator::Attribute;
use crate::features::{FeatureId, Features, Names};

/// What grows at the end of branches.
pub trait Leaf {
    /// The weight of the events that came here.
    fn weight(&self) -> f64;
    /// How many branches are above.
    fn depth(&self) -> u32;
    /// False once it has stopped to look for splits.
    fn is_active(&self) -> bool;
    /// Begins to look for splits again, from nothing.
    fn activate(&mut self);
    /// Stops to look for splits, and forgets what it had seen of features.
    fn deactivate(&mut self);
    /// How much could be won by a split: leaves of little promise are deactivated first.
    fn promise(&self) -> f64;
    /// Bytes of memory, about.
    fn bytes(&self) -> usize;
    /// Forgets features.
    fn forget(&mut self, gone: &[FeatureId]);
}

/// A branch or a leaf.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Node<L> {
    /// A test.
    Branch(Branch),
    /// An end.
    Leaf(L),
}

/// Nodes by their place; the root is the first one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Arena<L> {
    nodes: Vec<Node<L>>,
    /// Leaves that look for splits.
    pub active: u32,
    /// Leaves that do not.
    pub inactive: u32,
    /// False once memory has ended the growth.
    pub grows: bool,
    /// The weight of all events.
    pub weight: f64,
}

/// Limits on memory, as the parameters have them.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Bytes that the tree may take.
    pub bytes_max: f64,
    /// After how much weight the size is looked at again.
    pub period: f64,
    /// Whether to stop growing instead of deactivating leaves.
    pub stop: bool,
    /// The depth at which leaves stay as they are.
    pub depth_max: u32,
}

impl<L> Default for Arena<L> {
    fn default() -> Self {
        Self { nodes: Vec::new(), active: 0, inactive: 0, grows: true, weight: 0.0 }
    }
}

impl<L: Leaf> Arena<L> {
    /// True before the first event.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A new node; its place.
    pub fn add(&mut self, node: Node<L>) -> NodeId {
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    /// A node.
    pub fn node(&self, at: NodeId) -> &Node<L> {
        &self.nodes[at as usize]
    }

    /// A node, to be changed.
    pub fn node_mut(&mut self, at: NodeId) -> &mut Node<L> {
        &mut self.nodes[at as usize]
    }

    /// The leaf at a place.
    pub fn leaf_mut(&mut self, at: NodeId) -> Option<&mut L> {
        match &mut self.nodes[at as usize] {
            Node::Leaf(leaf) => Some(leaf),
            Node::Branch(_) => None,
        }
    }

    /// The weight of the leaves below a node.
    pub fn weight_of(&self, at: NodeId) -> f64 {
        match self.node(at) {
            Node::Leaf(leaf) => leaf.weight(),
            Node::Branch(branch) => branch.children.iter().map(|&c| self.weight_of(c)).sum(),
        }
    }

    /// The child that most events went to, the first of equals.
    pub fn most_travelled(&self, branch: &Branch) -> usize {
        let (mut best, mut most) = (0, f64::NEG_INFINITY);
        for (answer, &child) in branch.children.iter().enumerate() {
            let weight = self.weight_of(child);
            if weight > most {
                (best, most) = (answer, weight);
            }
        }
        best
    }

    /// The leaf that an event is predicted by. Where a branch has no answer for it, the event goes
    /// where most went.
    #[inline]
    pub fn leaf_for(&self, x: &Features) -> Option<&L> {
        let mut node = self.nodes.first()?;
        loop {
            match node {
                Node::Leaf(leaf) => return Some(leaf),
                Node::Branch(branch) => {
                    let answer = branch.answer(x).unwrap_or_else(|| self.most_travelled(branch));
                    node = self.node(branch.children[answer]);
                }
            }
        }
    }

    /// From a node down as far as an event has answers: to a leaf, or to a branch without one.
    #[inline]
    pub fn walk(&self, x: &Features, mut at: NodeId) -> NodeId {
        while let Node::Branch(branch) = self.node(at) {
            let Some(answer) = branch.answer(x) else { break };
            at = branch.children[answer];
        }
        at
    }

    /// The leaf for an event that stopped at a branch: a new one where the branch takes new
    /// answers, made by `make` for its depth; else where most events went, and on from there.
    pub fn beyond(
        &mut self,
        x: &Features,
        mut at: NodeId,
        mut make: impl FnMut(u32) -> L,
    ) -> NodeId {
        loop {
            let new = self.nodes.len() as NodeId;
            match &mut self.nodes[at as usize] {
                Node::Leaf(_) => return at,
                Node::Branch(branch) => {
                    if branch.new_answer(x) {
                        let leaf = make(branch.depth + 1);
                        branch.children.push(new);
                        self.nodes.push(Node::Leaf(leaf));
                        self.active += 1;
                        return new;
                    }
                }
            }
            if let Node::Branch(branch) = self.node(at) {
                let child = branch.children[self.most_travelled(branch)];
                at = self.walk(x, child);
            }
        }
    }

    /// Takes a leaf out of the search for splits.
    pub fn deactivate(&mut self, at: NodeId) {
        if let Some(leaf) = self.leaf_mut(at)
            && leaf.is_active()
        {
            leaf.deactivate();
            self.active -= 1;
            self.inactive += 1;
        }
    }

    /// Puts a branch in the place of a leaf, with these leaves below it.
    pub fn split(
        &mut self,
        at: NodeId,
        feature: FeatureId,
        test: super::branch::Test,
        leaves: Vec<L>,
    ) {
        let depth = match self.node(at) {
            Node::Leaf(leaf) => leaf.depth(),
            Node::Branch(branch) => branch.depth,
        };
        self.active = self.active + leaves.len() as u32 - 1;
        let children = leaves.into_iter().map(|leaf| self.add(Node::Leaf(leaf))).collect();
        *self.node_mut(at) = Node::Branch(Branch { feature, test, children, depth });
    }

    /// The places of all leaves, from left to right.
    pub fn leaves(&self) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut open: Vec<NodeId> = if self.is_empty() { Vec::new() } else { vec![0] };
        while let Some(at) = open.pop() {
            match self.node(at) {
                Node::Leaf(_) => found.push(at),
                Node::Branch(branch) => open.extend(branch.children.iter().rev()),
            }
        }
        found
    }

    fn promise(&self, at: NodeId) -> f64 {
        match self.node(at) {
            Node::Leaf(leaf) => leaf.promise(),
            Node::Branch(_) => 0.0,
        }
    }

    /// River's rule after every split: as many leaves are active as the memory allows, those of
    /// the most promise.
    pub fn keep_within(&mut self, memory: &Memory) {
        let over = self.bytes() as f64 > memory.bytes_max;
        if (self.inactive > 0 || over) && memory.stop {
            self.grows = false;
            return;
        }
        if self.inactive == 0 && !over {
            return;
        }
        let mut leaves = self.leaves();
        leaves.sort_by(|a, b| self.promise(*a).total_cmp(&self.promise(*b)));
        let mut left = memory.bytes_max;
        let mut cutoff = leaves.len();
        for (i, &at) in leaves.iter().enumerate().rev() {
            let Node::Leaf(leaf) = self.node(at) else { continue };
            left -= leaf.bytes() as f64;
            if left < 0.0 {
                break;
            }
            cutoff = i;
        }
        for (i, &at) in leaves.iter().enumerate() {
            if i < cutoff {
                self.deactivate(at);
            } else if let Some(leaf) = self.leaf_mut(at)
                && !leaf.is_active()
                && leaf.depth() < memory.depth_max
            {
                leaf.activate();
                self.active += 1;
                self.inactive -= 1;
            }
        }
    }

    /// Looks at the size now and then.
    pub fn look_at_size(&mut self, memory: &Memory, w: f64) {
        let before = (self.weight / memory.period).floor();
        self.weight += w;
        if (self.weight / memory.period).floor() > before && self.bytes() as f64 > memory.bytes_max
        {
            self.keep_within(memory);
        }
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        let node = size_of::<Node<L>>();
        let of = |n: &Node<L>| match n {
            Node::Leaf(leaf) => node + leaf.bytes(),
            Node::Branch(branch) => node + branch.children.len() * 4,
        };
        self.nodes.iter().map(of).sum()
    }

    /// Forgets features, everywhere.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for node in &mut self.nodes {
            match node {
                Node::Leaf(leaf) => leaf.forget(gone),
                Node::Branch(branch) => {
                    if gone.binary_search(&branch.feature).is_ok() {
                        branch.feature = GONE;
                    }
                }
            }
        }
    }

    /// How many branches there are.
    fn branches(&self) -> usize {
        self.nodes.iter().filter(|n| matches!(n, Node::Branch(_))).count()
    }

    /// The longest way to a leaf, in nodes below the root.
    pub fn height(&self) -> usize {
        let depth = |n: &Node<L>| match n {
            Node::Leaf(leaf) => leaf.depth(),
            Node::Branch(branch) => branch.depth,
        };
        let deepest = self.nodes.iter().map(depth).max().unwrap_or(0);
        let top = self.nodes.first().map_or(0, depth);
        (deepest - top) as usize
    }

    /// What River shows of a tree.
    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let count = |n: usize| {
            if self.is_empty() { Attribute::None } else { Attribute::Int(n as i64) }
        };
        Some(match name {
            "n_nodes" => count(self.nodes.len()),
            "n_branches" => count(self.branches()),
            "n_leaves" => count(self.nodes.len() - self.branches()),
            "n_active_leaves" => Attribute::Int(self.active.into()),
            "n_inactive_leaves" => Attribute::Int(self.inactive.into()),
            "height" => Attribute::Int(self.height() as i64),
            "summary" => {
                let parts = [
                    "n_nodes",
                    "n_branches",
                    "n_leaves",
                    "n_active_leaves",
                    "n_inactive_leaves",
                    "height",
                ];
                let shown = parts
                    .iter()
                    .filter_map(|part| Some(((*part).to_owned(), self.attribute(part, names)?)));
                let total = ("total_observed_weight".to_owned(), Attribute::Float(self.weight));
                Attribute::Map(shown.chain([total]).collect())
            }
            "structure" => self.structure(names),
            _ => return None,
        })
    }

    /// Every node: what is asked or how much came, and where it hangs.
    fn structure(&self, names: &Names<'_>) -> Attribute {
        let text = |t: String| Attribute::Text(t);
        let mut rows = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let mut row = vec![
                ("node".to_owned(), Attribute::Int(at as i64)),
                ("weight".to_owned(), Attribute::Float(self.weight_of(at as NodeId))),
            ];
            if let Node::Branch(branch) = node {
                let feature = if branch.feature == GONE { "?" } else { names.name(branch.feature) };
                row.push(("feature".to_owned(), text(feature.to_owned())));
                let answers = (0..branch.children.len()).map(|i| text(branch.shown(i, feature)));
                row.push(("answers".to_owned(), Attribute::List(answers.collect())));
                let children = branch.children.iter().map(|&c| Attribute::Int(c.into()));
                row.push(("children".to_owned(), Attribute::List(children.collect())));
            }
            rows.push(Attribute::Map(row));
        }
        Attribute::List(rows)
    }
}
