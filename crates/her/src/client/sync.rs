//! Thought-sync through either door. It is the work of a server; what was contributed can be read
//! without one.

use her_identity::Result;
use serde_json::Value;

use super::local::Local;
use super::remote::{self, Remote};

/// What verbs may ask about peers.
pub trait SyncDoor {
    /// With whom an identity exchanges, as `GET …/peers` tells it.
    fn peers(&self, name: &str) -> Result<Value>;
    /// What `POST …/peers`, `…/peers/remove`, `…/peers/retract` and `…/sync` take and give.
    fn peers_do(&self, name: &str, what: &str, wish: &Value) -> Result<Value>;
}

impl SyncDoor for Remote {
    fn peers(&self, name: &str) -> Result<Value> {
        remote::parse(&self.get(&remote::of(name, "/peers"), &[])?)
    }

    fn peers_do(&self, name: &str, what: &str, wish: &Value) -> Result<Value> {
        self.post(&remote::of(name, what), wish)
    }
}

impl SyncDoor for Local {
    fn peers(&self, name: &str) -> Result<Value> {
        crate::server::peers_told(self.house(), name)
    }

    fn peers_do(&self, name: &str, what: &str, wish: &Value) -> Result<Value> {
        super::books::without_server(self, name, what, wish)
    }
}
