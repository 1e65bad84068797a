//! The members of a request, taken one by one. What is left at the end was not understood.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Map, Value};

use super::errors::Refused;
use crate::config::Limits;
use crate::server::body;
use crate::server::problem::Problem;

/// Members that are told back as ignored.
const IGNORED_MAX: usize = 32;

/// The members that were not taken yet. Null is as good as absent.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The members of a body.
    pub async fn of(request: Request<Body>, limits: &Limits) -> Result<Self, Refused> {
        match body::json(request, limits).await? {
            Value::Object(map) => Ok(Self(map)),
            other => {
                Err(Problem::malformed(format!("the body must be an object, got {}", kind(&other)))
                    .into())
            }
        }
    }

    /// A member as it is.
    pub fn value(&mut self, name: &'static str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, Refused> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(Refused::param(name, format!("must be a text, got {}", kind(&other))))
            }
        }
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Refused> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => {
                Err(Refused::param(name, format!("must be true or false, got {}", kind(&other))))
            }
        }
    }

    /// A number within a range.
    pub fn number(
        &mut self,
        name: &'static str,
        low: f64,
        high: f64,
    ) -> Result<Option<f64>, Refused> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match value.as_f64().filter(|x| (low..=high).contains(x)) {
            Some(x) => Ok(Some(x)),
            None => Err(Refused::param(
                name,
                format!("must be a number from {low} to {high}, got {}", short(&value)),
            )),
        }
    }

    /// A whole number within a range.
    pub fn whole(
        &mut self,
        name: &'static str,
        low: u64,
        high: u64,
    ) -> Result<Option<u64>, Refused> {
        let Some(value) = self.value(name) else { return Ok(None) };
        // 3.0 is a whole number in JSON.
        let whole = value.as_f64().filter(|x| x.fract() == 0.0 && *x >= 0.0).map(|x| x as u64);
        match value.as_u64().or(whole).filter(|n| (low..=high).contains(n)) {
            Some(n) => Ok(Some(n)),
            None => Err(Refused::param(
                name,
                format!("must be a whole number from {low} to {high}, got {}", short(&value)),
            )),
        }
    }

    /// Refuses a member that we can't do, unless its value says that it is not wanted.
    pub fn cannot(&mut self, name: &'static str, neutral: &[Value]) -> Result<(), Refused> {
        let is_none = |value: &Value| {
            value.is_null()
                || *value == Value::Bool(false)
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty)
                || neutral.contains(value)
        };
        match self.0.remove(name) {
            Some(value) if !is_none(&value) => Err(Refused::param(
                name,
                format!("this is not supported here; leave it out (got {})", short(&value)),
            )
            .with_code("unsupported_parameter")),
            _ => Ok(()),
        }
    }

    /// The names of what was not taken: it had no effect, and the answer says so.
    pub fn rest(self) -> Vec<String> {
        let rest = self.0.into_iter().filter(|(_, value)| !value.is_null());
        rest.map(|(name, _)| name.chars().take(64).collect()).take(IGNORED_MAX).collect()
    }
}

/// A value for a message: the start of it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What sort of value this is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        let Value::Object(map) = value else { panic!("{value}") };
        Fields(map)
    }

    #[test]
    fn members_are_taken_once_and_checked() {
        let mut f = fields(json!({ "a": 1.5, "b": 3.0, "c": null, "d": "x", "e": true, "z": [] }));
        assert_eq!(f.number("a", 0.0, 2.0).unwrap(), Some(1.5));
        assert_eq!(f.whole("b", 1, 3).unwrap(), Some(3));
        assert_eq!(f.text("c").unwrap(), None);
        assert_eq!(f.text("d").unwrap().as_deref(), Some("x"));
        assert_eq!(f.flag("e").unwrap(), Some(true));
        f.cannot("z", &[]).unwrap();
        assert!(f.rest().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |value: Value, take: fn(&mut Fields) -> Result<(), Refused>, says: &str| {
            let told = take(&mut fields(value)).unwrap_err().frame();
            assert_eq!(told["error"]["param"], "a");
            assert!(told["error"]["message"].as_str().unwrap().contains(says), "{told}");
        };
        check(json!({ "a": 3 }), |f| f.number("a", 0.0, 2.0).map(drop), "from 0 to 2, got 3");
        check(json!({ "a": 1.5 }), |f| f.whole("a", 0, 2).map(drop), "whole number");
        check(json!({ "a": -1 }), |f| f.whole("a", 0, 2).map(drop), "got -1");
        check(json!({ "a": true }), |f| f.whole("a", 0, 2).map(drop), "got true");
        check(json!({ "a": 1 }), |f| f.text("a").map(drop), "a text, got a number");
        check(json!({ "a": "true" }), |f| f.flag("a").map(drop), "got a text");
        check(json!({ "a": [1] }), |f| f.cannot("a", &[]), "not supported");
        check(json!({ "a": 2 }), |f| f.cannot("a", &[json!(1)]), "not supported");
    }
}
