//! `…/card`: an identity's model card, told from its journal.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::App;
use super::answer::{self, Answer, Asked, At};
use crate::card;

/// `?format=&seconds=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    format: Option<Format>,
    seconds: Option<u64>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Markdown,
}

/// `GET …/card`.
pub(super) async fn card(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(how): Asked<How>,
    headers: HeaderMap,
) -> Answer {
    let patience = how.seconds.map_or(card::PATIENCE, Duration::from_secs).min(card::PATIENCE_MAX);
    let card = app.blocking(move |house| card::card(house, &name, patience)).await?;
    let wanted = headers.get(ACCEPT).and_then(|a| a.to_str().ok());
    let markdown = wanted.is_some_and(|wanted| wanted.trim_start().starts_with("text/markdown"));
    let format = how.format.unwrap_or(if markdown { Format::Markdown } else { Format::Json });
    let mut response = answer::card(StatusCode::OK, &card);
    if format == Format::Markdown {
        *response.body_mut() = Body::from(card::markdown(&card));
        let text = HeaderValue::from_static("text/markdown; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
    }
    Ok(response)
}
