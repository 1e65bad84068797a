//! `POST …/nearest`: what an identity remembers that is most like a query.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::App;
use super::answer::{self, Answer, At};
use super::body;
use super::problem::Problem;
use crate::nearest::{K, Memories, Question};

/// The handler.
pub(super) async fn nearest(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["query", "k", "modality", "at"]).await?;
    let (asked, at) = (question(&map)?, body::version_of(&map, "at")?);
    let memories = app.blocking(move |house| Memories::of_identity(house, &name, at)).await?;
    let place = if memories.is_slow() { Some(app.stage.core().await?) } else { None };
    let told = app
        .blocking(move |_| {
            let told = memories.nearest(&asked);
            drop(place);
            told
        })
        .await?;
    Ok(answer::card(StatusCode::OK, &told))
}

fn question(map: &Map<String, Value>) -> Result<Question, Problem> {
    let modality = match map.get("modality") {
        None | Some(Value::Null) => None,
        Some(_) => Some(body::text(map, "modality")?.to_owned()),
    };
    let k = match map.get("k") {
        None | Some(Value::Null) => K,
        Some(k) => k.as_u64().ok_or_else(|| {
            Problem::malformed(format!("k must be a whole number from 1 on, got {k}"))
        })?,
    };
    Ok(Question { query: body::text(map, "query")?.to_owned(), k, modality })
}
