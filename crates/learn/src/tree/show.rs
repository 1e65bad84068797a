//! What River's trees show: counts, and the nodes for those who draw them.

use std::collections::VecDeque;

use super::arena::{Leaf, Node, NodeId, Tree};
use crate::estimator::Attribute;
use crate::features::Names;

impl<L: Leaf> Tree<L> {
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
        let mut open: VecDeque<(NodeId, Option<(usize, usize)>)> =
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
