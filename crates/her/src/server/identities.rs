//! `/v1/identities`: made, listed, shown.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::event::Birth;
use her_identity::{House, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, Asked, At, Top};
use super::auth::granted;
use super::body;
use super::problem::Problem;
use crate::wire;

/// `PUT /v1/identities/{name}`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let spec = body::json(request, &app.limits).await?;
    let card = made(&app, name, move |house, name| {
        house.create(name, &Birth::from_json(&spec)?).map(drop)
    })
    .await?;
    Ok(answer::card(StatusCode::CREATED, &card))
}

/// Makes an identity, if its token may have one more, and gives its card.
pub(super) async fn made(
    app: &Arc<App>,
    name: String,
    make: impl FnOnce(&House, &str) -> Result<()> + Send + 'static,
) -> std::result::Result<Value, Problem> {
    let room = Arc::clone(app);
    let token = granted::token();
    app.blocking(move |house| {
        let one_at_a_time = room.door.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(problem) = room.door.room(token.as_ref(), &house.names()) {
            return Ok(Err(problem));
        }
        make(house, &name)?;
        drop(one_at_a_time);
        // The house outlives the drain only while nobody else holds what it is part of.
        drop(room);
        wire::card(house, &name, 0).map(Ok)
    })
    .await?
}

/// `?limit=&after=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

/// `GET /v1/identities`: names in order, so that the next page begins after the last name.
pub(super) async fn list(State(app): State<Arc<App>>, Asked(page): Asked<Page>) -> Answer {
    let limit = page.limit.unwrap_or(1_000).min(10_000);
    let granted = granted();
    let list = app
        .blocking(move |house| {
            let mut names = house.names();
            // Nobody hears of what they may not see.
            names.retain(|name| granted.as_ref().is_some_and(|granted| granted.covers(name)));
            let begin = page.after.map_or(0, |after| names.partition_point(|n| *n <= after));
            let end = names.len().min(begin + limit);
            let lines: Vec<_> = names[begin..end]
                .iter()
                // One identity that can't be read must not hide the others.
                .map(|name| {
                    wire::line(house, name)
                        .unwrap_or_else(|e| json!({ "name": name, "error": e.to_string() }))
                })
                .collect();
            let next = names.get(end).and(names[begin..end].last());
            Ok(json!({ "identities": lines, "next": next }))
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &list))
}

/// `GET /v1/identities/{name}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(top): Asked<Top>,
) -> Answer {
    let card = app.blocking(move |house| wire::card(house, &name, top.get())).await?;
    Ok(answer::card(StatusCode::OK, &card))
}

/// `GET /v1/identities/{name}/alarms`.
pub(super) async fn alarms(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let look = move |house: &her_identity::House| {
        house.look(&name, |identity| wire::alarms(identity.state()))
    };
    Ok(answer::card(StatusCode::OK, &app.blocking(look).await?))
}

/// `GET /v1/identities/{name}/chart`.
pub(super) async fn chart(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(top): Asked<Top>,
) -> Answer {
    let top = top.get();
    let look = move |house: &her_identity::House| {
        house.look(&name, move |identity| wire::chart(identity.state(), top))
    };
    Ok(answer::card(StatusCode::OK, &app.blocking(look).await?))
}
