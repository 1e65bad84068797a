//! `…/learned`: what a language identity learned of what was said to it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, Asked, At};
use crate::talk::{learned_of, spans::Span};

/// `?top=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Top {
    top: Option<usize>,
}

/// `GET …/learned`.
pub(super) async fn learned(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Top>,
) -> Answer {
    let most = asked.top.unwrap_or(5).min(100);
    let place = app.stage.place().await?;
    let (spans, version) = app
        .blocking(move |house| {
            let found = learned_of(house, &name, most);
            drop(place);
            found
        })
        .await?;
    let spans: Vec<Value> = spans.iter().map(Span::to_json).collect();
    Ok(answer::card(StatusCode::OK, &json!({ "version": version, "spans": spans })))
}
