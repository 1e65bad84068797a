//! Gates through either door. They are stepped by a server; a house that is opened here tells what
//! they decided and recorded while one ran.

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::local::Local;
use super::remote::{self, Remote};
use crate::gates::{log, record};

/// What verbs may ask about gates.
pub trait GateDoor {
    /// The rules of the server, as `GET /v1/gates` tells them; none where no server runs.
    fn gates(&self) -> Result<Option<Value>>;
    /// The gates over an identity, as `GET …/gates` tells them, with so many past decisions.
    fn gates_of(&self, name: &str, history: usize) -> Result<Value>;
    /// The recorded figures of an identity, as `GET …/gates/figures` tells them.
    fn recorded(&self, name: &str) -> Result<String>;
    /// Says yes to what a gate asks for.
    fn approve(&self, name: &str, gate: &str) -> Result<Value>;
}

impl GateDoor for Remote {
    fn gates(&self) -> Result<Option<Value>> {
        remote::parse(&self.get("/v1/gates", &[])?).map(Some)
    }

    fn gates_of(&self, name: &str, history: usize) -> Result<Value> {
        let query = [("history", history.to_string())];
        remote::parse(&self.get(&remote::of(name, "/gates"), &query)?)
    }

    fn recorded(&self, name: &str) -> Result<String> {
        self.get(&remote::of(name, "/gates/figures"), &[])
    }

    fn approve(&self, name: &str, gate: &str) -> Result<Value> {
        let path = remote::of(name, &format!("/gates/{}/approve", super::encoded(gate)));
        self.post(&path, &json!({}))
    }
}

impl GateDoor for Local {
    fn gates(&self) -> Result<Option<Value>> {
        Ok(None)
    }

    fn gates_of(&self, name: &str, history: usize) -> Result<Value> {
        let house = self.house();
        house.record(name)?;
        let newest = log::newest(house.dir(), name, None, history)?;
        let newest: Vec<Value> = newest.into_iter().rev().collect();
        Ok(json!({ "identity": name, "gates": [], "figures": {}, "history": newest }))
    }

    fn recorded(&self, name: &str) -> Result<String> {
        self.house().record(name)?;
        record::text(self.house().dir(), name)
    }

    fn approve(&self, name: &str, _gate: &str) -> Result<Value> {
        self.house().record(name)?;
        let told = "gates are stepped by a server, and none runs over this data directory; start \
                    `her serve`";
        Err(Error::new(ErrorKind::Unavailable, told))
    }
}
