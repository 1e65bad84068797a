//! Departures through either door. They are the work of a server.

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::local::Local;
use super::remote::{self, Remote};

/// What verbs may ask about departures.
pub trait DepartDoor {
    /// Sends an identity to another node, as `POST …/depart` takes it; answers a job.
    fn depart(&self, name: &str, wish: &Value) -> Result<Value>;
    /// A departure by its id.
    fn departure(&self, id: &str) -> Result<Value>;
    /// All departures from this node, newest first.
    fn departures(&self) -> Result<Vec<Value>>;
    /// Ends a departure before its commit.
    fn cancel(&self, id: &str) -> Result<Value>;
    /// Takes the register of an identity that arrived home.
    fn complete(&self, name: &str) -> Result<Value>;
    /// Owns an identity by an operator's word.
    fn adopt(&self, name: &str) -> Result<Value>;
    /// This node and those that it knows.
    fn nodes(&self) -> Result<Value>;
}

impl DepartDoor for Remote {
    fn depart(&self, name: &str, wish: &Value) -> Result<Value> {
        self.post(&remote::of(name, "/depart"), wish)
    }

    fn departure(&self, id: &str) -> Result<Value> {
        remote::parse(&self.get(&format!("/v1/departures/{}", super::encoded(id)), &[])?)
    }

    fn departures(&self) -> Result<Vec<Value>> {
        let said = remote::parse(&self.get("/v1/departures", &[])?)?;
        Ok(said["departures"].as_array().cloned().unwrap_or_default())
    }

    fn cancel(&self, id: &str) -> Result<Value> {
        self.post(&format!("/v1/departures/{}/cancel", super::encoded(id)), &json!({}))
    }

    fn complete(&self, name: &str) -> Result<Value> {
        self.post(&remote::of(name, "/complete"), &json!({}))
    }

    fn adopt(&self, name: &str) -> Result<Value> {
        self.post(&remote::of(name, "/adopt"), &json!({}))
    }

    fn nodes(&self) -> Result<Value> {
        remote::parse(&self.get("/v1/nodes", &[])?)
    }
}

fn needs_a_server<T>() -> Result<T> {
    let told = "departures are a server's work, and none runs over this data directory; start \
                `her serve`";
    Err(Error::new(ErrorKind::Unavailable, told))
}

impl DepartDoor for Local {
    fn depart(&self, name: &str, _: &Value) -> Result<Value> {
        self.house().record(name)?;
        needs_a_server()
    }

    fn departure(&self, _: &str) -> Result<Value> {
        needs_a_server()
    }

    fn departures(&self) -> Result<Vec<Value>> {
        needs_a_server()
    }

    fn cancel(&self, _: &str) -> Result<Value> {
        needs_a_server()
    }

    fn complete(&self, _: &str) -> Result<Value> {
        needs_a_server()
    }

    fn adopt(&self, _: &str) -> Result<Value> {
        needs_a_server()
    }

    fn nodes(&self) -> Result<Value> {
        needs_a_server()
    }
}
