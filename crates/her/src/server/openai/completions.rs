//! `POST /openai/v1/completions`: a text, and how it goes on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use her_learn::row::limits::TEXT_BYTES;
use her_lm::Message;
use serde_json::Value;

use super::asked::Asked;
use super::errors::{Refused, Told};
use super::fields::{Fields, kind};
use super::reply::{Form, answered};
use crate::server::{App, accept};

/// The handler.
pub(in crate::server) async fn complete(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Told {
    let client = accept::client(&request);
    let mut fields = Fields::of(request, &app.limits).await?;
    let asked = Asked::read(&mut fields)?;
    let prompt = prompt(fields.value("prompt"))?;
    let rest = (fields.rest(), client);
    answered(&app, Form::Text, asked, vec![Message::new("", prompt)], rest).await
}

fn prompt(given: Option<Value>) -> Result<String, Refused> {
    let wrong = |why: String| Err(Refused::param("prompt", why));
    let text = match given {
        Some(Value::String(text)) => text,
        Some(Value::Array(mut list)) => match (list.pop(), list.is_empty()) {
            (Some(Value::String(text)), true) => text,
            (Some(Value::String(_)), false) => {
                return wrong("several texts at once are not supported; ask for each".into());
            }
            _ => return wrong("must be a text; tokens are not supported".into()),
        },
        Some(other) => return wrong(format!("must be a text, got {}", kind(&other))),
        None => return wrong("must be a text".into()),
    };
    match text.len() {
        0 => wrong("must not be empty".into()),
        n if n > TEXT_BYTES => wrong(format!("has {n} bytes, at most {TEXT_BYTES} are allowed")),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_text_is_taken_and_nothing_else() {
        assert_eq!(prompt(Some(json!("a"))).unwrap(), "a");
        assert_eq!(prompt(Some(json!(["a"]))).unwrap(), "a");
        for bad in [json!(""), json!([]), json!(["a", "b"]), json!([1, 2]), json!([[1]]), json!(7)]
        {
            assert!(prompt(Some(bad.clone())).is_err(), "{bad}");
        }
        assert!(prompt(None).is_err());
    }
}
