//! `POST /openai/v1/chat/completions`: a conversation, told as a whole each time.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use her_learn::row::limits::TEXT_BYTES;
use her_lm::{MESSAGES_MAX, Message};
use serde_json::{Map, Value};

use super::asked::Asked;
use super::errors::{Refused, Told};
use super::fields::{Fields, kind};
use super::reply::{Form, answered};
use crate::server::{App, accept};

/// The handler.
pub(in crate::server) async fn chat(State(app): State<Arc<App>>, request: Request<Body>) -> Told {
    let client = accept::client(&request);
    let mut fields = Fields::of(request, &app.limits).await?;
    let asked = Asked::read(&mut fields)?;
    let messages = messages(fields.value("messages"))?;
    let rest = (fields.rest(), client);
    answered(&app, Form::Chat, asked, messages, rest).await
}

fn wrong(why: impl std::fmt::Display) -> Refused {
    Refused::param("messages", why)
}

fn messages(given: Option<Value>) -> Result<Vec<Message>, Refused> {
    let Some(Value::Array(list)) = given else {
        return Err(wrong(
            "must be an array of messages such as {\"role\": \"user\", \"content\": \"hello\"}",
        ));
    };
    if list.is_empty() || list.len() > MESSAGES_MAX {
        let n = list.len();
        return Err(wrong(format!("there are {n}, but must be from 1 to {MESSAGES_MAX}")));
    }
    let read = |(i, value): (usize, Value)| match value {
        Value::Object(map) => message(map).map_err(|why| wrong(format!("message {i}: {why}"))),
        other => Err(wrong(format!("message {i} must be an object, got {}", kind(&other)))),
    };
    list.into_iter().enumerate().map(read).collect()
}

fn message(mut map: Map<String, Value>) -> Result<Message, String> {
    let role = match map.get("role").and_then(Value::as_str) {
        Some("user") => "user",
        Some("assistant") => "assistant",
        Some("system" | "developer") => "system",
        Some(other) => {
            return Err(format!(
                "the role {other:?} is not supported: system, developer, user, assistant"
            ));
        }
        None => return Err("role must be system, developer, user or assistant".into()),
    };
    for name in ["tool_calls", "function_call", "audio"] {
        if map.get(name).is_some_and(|v| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty()))
        {
            return Err(format!("{name} is not supported here; leave it out"));
        }
    }
    let content = match map.remove("content") {
        Some(Value::String(text)) => text,
        Some(Value::Array(parts)) => parts.iter().map(part).collect::<Result<String, _>>()?,
        Some(Value::Null) | None => return Err("content is missing".into()),
        Some(other) => return Err(format!("content must be a text, got {}", kind(&other))),
    };
    if content.len() > TEXT_BYTES {
        let n = content.len();
        return Err(format!("it has {n} bytes, at most {TEXT_BYTES} are allowed"));
    }
    if content.trim().is_empty() && role == "user" {
        return Err("it says nothing".into());
    }
    Ok(Message::new(role, content))
}

/// The text of a part of a message.
fn part(part: &Value) -> Result<String, String> {
    match part.get("type").and_then(Value::as_str) {
        Some("text") => match part.get("text") {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err("a part of type text needs a text".into()),
        },
        Some(other) => {
            Err(format!("parts of type {other:?} are not supported: this reads text only"))
        }
        None => Err("a part of a content is an object with a type".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_are_read() {
        let given = json!([
            { "role": "developer", "content": "be kind" },
            { "role": "user", "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }], "name": "x" },
            { "role": "assistant", "content": "c", "tool_calls": [] },
        ]);
        let all = messages(Some(given)).unwrap();
        let want = [("system", "be kind"), ("user", "ab"), ("assistant", "c")];
        assert_eq!(all, want.map(|(role, text)| Message::new(role, text)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |given: Value, says: &str| {
            let told = messages(Some(given)).unwrap_err().frame()["error"].clone();
            assert_eq!(told["param"], "messages");
            assert!(told["message"].as_str().unwrap().contains(says), "{told}");
        };
        check(json!([]), "from 1 to");
        check(json!("hello"), "must be an array");
        check(json!([1]), "message 0 must be an object");
        check(
            json!([{ "role": "user", "content": "a" }, { "role": "tool", "content": "b" }]),
            "message 1: the role \"tool\"",
        );
        check(json!([{ "role": "user" }]), "content is missing");
        check(json!([{ "role": "user", "content": " " }]), "says nothing");
        check(json!([{ "content": "a" }]), "role must be");
        check(json!([{ "role": "user", "content": [{ "type": "image_url" }] }]), "image_url");
        check(json!([{ "role": "assistant", "content": "a", "tool_calls": [1] }]), "tool_calls");
        check(json!([{ "role": "user", "content": "a".repeat(TEXT_BYTES + 1) }]), "65537 bytes");
    }
}
