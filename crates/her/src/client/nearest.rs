//! Memories through either door.

use her_identity::Result;
use serde_json::Value;

use super::local::Local;
use super::remote::{self, Remote};
use crate::nearest::{Memories, Question};

/// What verbs may ask about memories.
pub trait NearestDoor {
    /// The memories most like a query, by a past version if one is given, as `POST …/nearest`
    /// tells them.
    fn nearest(&self, name: &str, asked: &Question, at: Option<u64>) -> Result<Value>;
}

impl NearestDoor for Remote {
    fn nearest(&self, name: &str, asked: &Question, at: Option<u64>) -> Result<Value> {
        self.post(&remote::of(name, "/nearest"), &asked.to_json(at))
    }
}

impl NearestDoor for Local {
    fn nearest(&self, name: &str, asked: &Question, at: Option<u64>) -> Result<Value> {
        Memories::of_identity(self.house(), name, at)?.nearest(asked)
    }
}
