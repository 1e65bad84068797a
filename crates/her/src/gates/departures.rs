//! Who moves identities to other nodes, as gates see them.

use her_gate::Why;
use her_gate::placement::Node;
use her_gate::rule::Leave;

/// A move that a gate wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The identity.
    pub identity: String,
    /// The name of the node that it goes to: one of [`Departures::nodes`].
    pub to: String,
    /// What stays behind.
    pub leave: Leave,
}

/// Moves identities.
pub trait Departures: Send + Sync {
    /// The other nodes that are known, as they are now.
    fn nodes(&self) -> Vec<Node>;
    /// When an identity came to this node, in milliseconds since 1970; none for one born here.
    fn arrived_ms(&self, identity: &str) -> Option<u64>;
    /// Moves an identity, and returns when the move has ended: what to say about it, or why it
    /// did not come to be.
    fn begin(&self, departure: &Departure) -> Result<String, (Why, String)>;
}

/// A server without other nodes.
pub struct Nowhere;

impl Departures for Nowhere {
    fn nodes(&self) -> Vec<Node> {
        Vec::new()
    }

    fn arrived_ms(&self, _identity: &str) -> Option<u64> {
        None
    }

    fn begin(&self, departure: &Departure) -> Result<String, (Why, String)> {
        Err((Why::TargetNotReady, format!("no node named {} is configured", departure.to)))
    }
}
