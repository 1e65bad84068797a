//! What other nodes may ask of this one: who is let in, and how far.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use her_identity::migrate::Node;

/// How far a node is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// It may ask for everything that nodes ask: it is in the settings.
    All,
    /// It may exchange what was learned, and nothing else: it was added while the server ran.
    Sync,
}

/// Nodes that may come in, by their keys. The list may change while they are here: each call is
/// held against it, also on connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Guests(RwLock<BTreeMap<Node, Right>>);

impl Guests {
    /// How far a node is let in; none for a node that is not.
    pub fn right(&self, node: Node) -> Option<Right> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&node).copied()
    }

    /// Another list from now on.
    pub fn set(&self, nodes: BTreeMap<Node, Right>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = nodes;
    }
}
