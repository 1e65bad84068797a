//! One door to identities: a house opened here ([`local`]), or a server elsewhere ([`remote`]).
//!
//! The verbs of the command line speak to [`Door`] and do not know which of the two it is.

use her_identity::Result;
use serde_json::Value;

/// What a verb may ask. All answers are the JSON of [`crate::wire`].
pub trait Door {
    /// A new identity; answers its card.
    fn create(&self, name: &str, spec: &Value) -> Result<Value>;
    /// All identities, a line each.
    fn list(&self) -> Result<Vec<Value>>;
    /// An identity's card, with this many top weights; at a past version if one is given.
    fn show(&self, name: &str, version: Option<u64>, top: usize) -> Result<Value>;
    /// A prediction, by a past version if one is given.
    fn predict(&self, name: &str, x: &Value, version: Option<u64>) -> Result<Value>;
    /// Events as in [`crate::wire::event`]; durable when this returns, one answer per event.
    fn events(&self, name: &str, events: &[Value]) -> Result<Vec<Result<Value>>>;
    /// Events from a version on.
    fn log(&self, name: &str, from: u64, limit: usize) -> Result<Vec<Value>>;
    /// A new branch at a version takes the name.
    fn rewind(&self, name: &str, version: u64) -> Result<Value>;
    /// A new identity that goes on from a version.
    fn fork(&self, name: &str, new_name: &str, version: Option<u64>) -> Result<Value>;
    /// Learns no more.
    fn freeze(&self, name: &str) -> Result<Value>;
    /// Gives a version a name.
    fn tag(&self, name: &str, tag: &str, version: Option<u64>) -> Result<Value>;
    /// What changed between two versions.
    fn diff(&self, name: &str, from: u64, to: u64, top: usize) -> Result<Value>;
    /// Replays from birth and compares.
    fn verify(&self, name: &str) -> Result<Value>;
    /// Writes a snapshot with the next commit.
    fn snapshot(&self, name: &str) -> Result<Value>;
}
