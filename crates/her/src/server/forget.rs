//! `POST …/forget`: a life without some of what it learned.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::house::Span;
use serde_json::{Map, Value};

use super::App;
use super::answer::{self, Answer, At};
use super::audit::noted;
use super::body;
use super::problem::Problem;
use crate::wire;

/// Answers once the life was lived again; the card tells meanwhile how far it is.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let known = ["from", "to", "erase", "dry_run"];
    let map = body::object(request, &app.limits, &known).await?;
    let Some(from) = body::version_of(&map, "from")? else {
        return Err(Problem::malformed("forget needs from, the first version to forget"));
    };
    let range = Span { from, to: body::version_of(&map, "to")?.unwrap_or(from) };
    let (erase, dry_run) = (flag(&map, "erase")?, flag(&map, "dry_run")?);
    let told = app
        .blocking(move |house| {
            if dry_run {
                return Ok(wire::forgotten(&name, &house.would_forget(&name, range)?));
            }
            Ok(wire::forgotten(&name, &house.forget(&name, range, erase)?))
        })
        .await?;
    let note = match (dry_run, erase) {
        (true, _) => format!("dry run, versions {} to {}", range.from, range.to),
        (false, true) => format!("versions {} to {}, erased", range.from, range.to),
        (false, false) => format!("versions {} to {}", range.from, range.to),
    };
    Ok(noted(answer::card(StatusCode::OK, &told), note))
}

fn flag(map: &Map<String, Value>, name: &str) -> Result<bool, Problem> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(v) => v
            .as_bool()
            .ok_or_else(|| Problem::malformed(format!("{name} must be true or false, got {v}"))),
    }
}
