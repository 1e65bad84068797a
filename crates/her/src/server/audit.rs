//! What is written into the audit log of a request, and who reads that log.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, Asked, VERSION};
use super::auth::Granted;
use super::problem::Problem;
use crate::locks::audit::{self, Deed};
use crate::locks::scope::Scope;

/// What a handler adds to the record of its request.
#[derive(Clone)]
pub(super) struct Note(pub String);

/// The same answer with a note for the audit log.
pub(super) fn noted(mut response: Response<Body>, note: String) -> Response<Body> {
    response.extensions_mut().insert(Note(note));
    response
}

/// A record that waits for what comes of its request.
pub(super) struct Pending(Deed);

/// The record of a request, if requests of its kind are recorded: those that want `admin` and
/// change something.
pub(super) fn begin(app: &App, granted: &Granted, method: &Method) -> Option<Pending> {
    if granted.scope != Scope::Admin || matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    granted.route?;
    let head = granted.name.as_ref().and_then(|name| app.house.head(name).ok());
    Some(Pending(Deed {
        by: granted.by().to_owned(),
        from: Some(granted.visit.from.to_string()),
        what: granted.id.to_owned(),
        identity: granted.name.clone(),
        before: head.map(|head| head.seq),
        ..Deed::default()
    }))
}

/// Writes the record before the answer leaves.
pub(super) async fn end(app: &App, pending: Pending, response: Response<Body>) -> Response<Body> {
    let Pending(mut deed) = pending;
    let status = response.status();
    // A form of the page is answered by the way to the page that shows what was done.
    let fine = status.is_success() || status == StatusCode::SEE_OTHER;
    deed.outcome = if fine { "done".into() } else { format!("refused {}", status.as_u16()) };
    let version = response.headers().get(VERSION).and_then(|v| v.to_str().ok()?.parse().ok());
    deed.after = version.filter(|_| fine);
    deed.note = response.extensions().get::<Note>().map(|note| note.0.clone());
    let written =
        app.blocking(move |house| audit::append(house.dir(), house.clock().now_ms(), &deed)).await;
    match written {
        Ok(()) => response,
        // What was refused was not done, and its own answer says more.
        Err(_) if !fine => response,
        Err(problem) => problem.not_audited().into_response(),
    }
}

/// `?from=&limit=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: Option<u64>,
    limit: Option<usize>,
}

/// `GET /v1/audit`: records from a number on; without one, the last of them.
pub(super) async fn records(State(app): State<Arc<App>>, Asked(range): Asked<Range>) -> Answer {
    let limit = range.limit.unwrap_or(100).min(1_000);
    let said = app
        .blocking(move |house| {
            let (kept, found) = match range.from {
                None => audit::newest(house.dir(), limit)?,
                Some(from) => {
                    let mut kept: Vec<Value> = Vec::new();
                    let found = audit::look(house.dir(), &[], &mut |record| {
                        if record["n"].as_u64() >= Some(from) && kept.len() < limit {
                            kept.push(record);
                        }
                    })?;
                    (kept, found)
                }
            };
            Ok(json!({
                "records": kept,
                "head": { "n": found.records, "hash": found.hash.to_hex().as_str() },
            }))
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &said))
}

impl Problem {
    /// What was asked is done, but its record is not written.
    fn not_audited(mut self) -> Self {
        self.detail = format!(
            "it was done, but the audit log could not be written; see to that first: {}",
            self.detail
        );
        self
    }
}
