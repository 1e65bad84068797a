//! One message of a channel: what it asks for, and which scope that wants.

use her_learn::{Row, Target};
use serde_json::{Map, Value, json};

use crate::config::Limits;
use crate::locks::scope::Scope;
use crate::server::body;
use crate::server::problem::Problem;

/// One message, read and checked.
#[derive(Debug)]
pub(super) struct Message {
    pub n: u64,
    /// Words that a person said.
    pub words: u64,
    pub act: Act,
}

/// What is asked for.
#[derive(Debug)]
pub(super) enum Act {
    Ask(Row),
    Learn(Row, Target),
    Label(u64, Target),
}

const MEMBERS: [&str; 5] = ["n", "x", "say", "of", "y"];

impl Act {
    /// What a token must be allowed to do for it.
    pub fn wants(&self) -> Scope {
        match self {
            Self::Ask(_) => Scope::Predict,
            Self::Learn(..) => Scope::Learn,
            Self::Label(..) => Scope::Label,
        }
    }
}

impl Message {
    /// A message from an object: `{"n", "x" or "say"}` asks, with `y` it is learned from, and
    /// `{"n", "of", "y"}` tells the truth about message `of`.
    pub fn read(mut map: Map<String, Value>, say_as: &str) -> Result<Self, Problem> {
        if let Some(unknown) = map.keys().find(|k| !MEMBERS.contains(&k.as_str())) {
            return Err(Problem::malformed(format!(
                "unknown member {unknown:?} in a message; allowed are {}",
                MEMBERS.join(", ")
            )));
        }
        let n = number(&map, "n")?
            .filter(|n| *n > 0)
            .ok_or_else(|| Problem::malformed("a message has a number n, from 1 on and rising"))?;
        let y = map.get("y").map(Target::from_json).transpose()?;
        let (row, words) = features(&mut map, say_as)?;
        let act = match (row, number(&map, "of")?, y) {
            (Some(row), None, None) => Act::Ask(row),
            (Some(row), None, Some(y)) => Act::Learn(row, y),
            (None, Some(of), Some(y)) => Act::Label(of, y),
            _ => {
                return Err(Problem::malformed(
                    "a message needs x or say (asks; with y learns), or of and y (the truth about \
                     message number of)",
                ));
            }
        };
        Ok(Self { n, words, act })
    }
}

/// The features of a message: `x`, and what is said as one more.
fn features(map: &mut Map<String, Value>, say_as: &str) -> Result<(Option<Row>, u64), Problem> {
    let (mut x, mut words) = (map.remove("x"), 0);
    if let Some(said) = map.remove("say") {
        let Value::String(said) = said else {
            return Err(Problem::malformed(format!("say must be a text, got {said}")));
        };
        words = said.split_whitespace().count() as u64;
        let all = x.get_or_insert_with(|| json!({}));
        if let Some(all) = all.as_object_mut()
            && all.insert(say_as.to_owned(), said.into()).is_some()
        {
            return Err(Problem::malformed(format!(
                "what is said becomes the feature {say_as:?}, and x has one of that name too"
            )));
        }
    }
    Ok((x.as_ref().map(Row::from_json).transpose()?, words))
}

fn number(map: &Map<String, Value>, name: &str) -> Result<Option<u64>, Problem> {
    let Some(value) = map.get(name) else { return Ok(None) };
    value.as_u64().map(Some).ok_or_else(|| {
        Problem::malformed(format!("{name} must be a whole number of 0 or more, got {value}"))
    })
}

/// The object in a frame or body.
pub(super) fn object(bytes: &[u8], limits: &Limits) -> Result<Map<String, Value>, Problem> {
    match body::parse(bytes, limits)? {
        Value::Object(map) => Ok(map),
        other => Err(Problem::malformed(format!(
            "a message is an object such as {{\"n\": 1, \"say\": \"hello\"}}, got {other}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Message, Problem> {
        let Value::Object(map) = serde_json::from_str(text).unwrap() else { panic!("{text}") };
        Message::read(map, "text")
    }

    #[test]
    fn messages_are_read() {
        let asks = read(r#"{"n":1,"say":"is it  raining"}"#).unwrap();
        assert_eq!((asks.n, asks.words), (1, 3));
        let Act::Ask(row) = asks.act else { panic!("{asks:?}") };
        assert_eq!(row.text("text"), Some("is it  raining"));
        let both = read(r#"{"n":2,"say":"yes","x":{"a":1},"y":true}"#).unwrap();
        let Act::Learn(row, Target::Bool(true)) = both.act else { panic!("{both:?}") };
        assert_eq!((row.number("a"), row.text("text")), (Some(1.0), Some("yes")));
        assert!(matches!(read(r#"{"n":3,"of":1,"y":"no"}"#).unwrap().act, Act::Label(1, _)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, says: &str| {
            let problem = read(text).unwrap_err();
            assert!(problem.detail.contains(says), "{text}: {}", problem.detail);
        };
        check(r#"{"say":"a"}"#, "number n");
        check(r#"{"n":0,"say":"a"}"#, "from 1");
        check(r#"{"n":"1","say":"a"}"#, "whole number");
        check(r#"{"n":1}"#, "needs x or say");
        check(r#"{"n":1,"of":2}"#, "needs x or say");
        check(r#"{"n":1,"of":2,"y":true,"say":"a"}"#, "needs x or say");
        check(r#"{"n":1,"say":7}"#, "must be a text");
        check(r#"{"n":1,"say":"a","x":{"text":"b"}}"#, "of that name too");
        check(r#"{"n":1,"sya":"a"}"#, "unknown member");
        check(r#"{"n":1,"x":[]}"#, "");
    }
}
