//! `…/learn`: one event, or a stream of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::turn::{Answer as Given, Reply};
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::answer::{self, Answer, Asked, At};
use super::body;
use super::ndjson;
use super::predict::{kind_of, single};
use super::problem::Problem;
use crate::wire;

/// `?client=&n=`: the numbers of a stream's lines, so that it can be sent again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered {
    pub client: Option<Box<str>>,
    pub n: Option<u64>,
}

/// `POST …/learn`.
pub(super) async fn learn(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(numbered): Asked<Numbered>,
    request: Request<Body>,
) -> Answer {
    let kind = body::media_type(request.headers());
    let numbers = match (numbered.client, numbered.n) {
        (Some(client), n) => Some((client, n.unwrap_or(0))),
        (None, None) => None,
        (None, Some(_)) => {
            return Err(Problem::malformed("query: n numbers the requests of a client; say both"));
        }
    };
    match kind.as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            ndjson::stream(&app, name, numbers, request).await
        }
        "" | "application/json" => {
            let value = body::json(request, &app.limits).await?;
            let mut event = wire::event(&app.house, &value)?;
            if let Some((client, n)) = numbers {
                event.request = Some(her_identity::event::Request { client, n });
            }
            let kind = kind_of(&event);
            single(&app, &name, event, kind).await
        }
        other => Err(Problem::media_type(format!(
            "the content type is {other:?}; send one event as application/json, or a stream, a \
             line an event, as application/x-ndjson"
        ))),
    }
}

/// `GET …/clients/{client}`.
pub(super) async fn client(
    State(app): State<Arc<App>>,
    At((name, client)): At<(String, String)>,
) -> Answer {
    let asked = client.clone();
    let newest = app.blocking(move |house| house.newest_request(&name, &asked)).await?;
    Ok(answer::json(StatusCode::OK, &json!({ "client": client, "newest": newest })))
}

/// A reply as [`wire::reply`] makes it, written without anything in between.
pub(super) fn write_reply(reply: &Reply, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"version\":");
    number(&reply.version, out);
    match &reply.answer {
        None => {}
        Some(Given::None) => out.extend_from_slice(b",\"prediction\":null"),
        Some(Given::Value(v)) => {
            out.extend_from_slice(b",\"prediction\":{\"value\":");
            number(v, out);
            out.push(b'}');
        }
        Some(Given::Binary(p)) => {
            let label: &[u8] = if *p > 0.5 { b"true" } else { b"false" };
            out.extend_from_slice(b",\"prediction\":{\"label\":");
            out.extend_from_slice(label);
            out.extend_from_slice(b",\"proba\":{\"false\":");
            number(&(1.0 - p), out);
            out.extend_from_slice(b",\"true\":");
            number(p, out);
            out.extend_from_slice(b"}}");
        }
        Some(classes @ Given::Classes(_)) => {
            out.extend_from_slice(b",\"prediction\":");
            number(&wire::prediction(classes), out);
        }
    }
    if reply.duplicate {
        out.extend_from_slice(b",\"duplicate\":true");
    }
    if reply.drift {
        out.extend_from_slice(b",\"drift\":true");
    }
    out.push(b'}');
}

/// What is not finite becomes null, as in all our JSON.
fn number(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    // Writing numbers into a buffer does not fail.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use her_learn::Label;
    use serde_json::Value;

    #[test]
    fn replies_are_those_of_the_wire() {
        let classes = vec![(Label::Text("a".into()), 0.25), (Label::Text("b\"c".into()), 0.75)];
        let answers = [
            None,
            Some(Given::None),
            Some(Given::Value(-1.5e300)),
            Some(Given::Value(0.1)),
            Some(Given::Binary(0.3)),
            Some(Given::Binary(1.0)),
            Some(Given::Binary(f64::NAN)),
            Some(Given::Classes(classes)),
            Some(Given::Classes(Vec::new())),
        ];
        for answer in answers {
            for (duplicate, drift) in [(false, false), (true, false), (false, true)] {
                let reply = Reply { version: 1 << 60, answer: answer.clone(), duplicate, drift };
                let mut out = Vec::new();
                write_reply(&reply, &mut out);
                let said: Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(said, wire::reply(&reply), "{reply:?}");
            }
        }
    }
}
