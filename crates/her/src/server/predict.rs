//! `…/predict` and `…/label`: asked now, told the truth later.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::event::{Event, What};
use her_identity::turn;
use her_identity::{Error, ErrorKind};
use her_learn::Row;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::answer::{self, Answer, Asked, At};
use super::auth::granted;
use super::body;
use super::learn;
use super::metrics::EventKind;
use super::problem::Problem;
use crate::wire;

/// How long `min_version` waits to be reached, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(5);

/// `?min_version=`: read what one wrote.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtLeast {
    min_version: Option<u64>,
}

/// `POST …/predict`.
pub(super) async fn predict(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(at_least): Asked<AtLeast>,
    request: Request<Body>,
) -> Answer {
    let limits = &app.limits;
    let map = body::object(request, limits, &["x", "id", "client", "n"]).await?;
    let min = at_least.min_version.unwrap_or(0);
    if map.contains_key("id") {
        if min > 0 {
            reach(&app, &name, None, min).await?;
        }
        let event = wire::event(&app.house, &Value::Object(map))?;
        return single(&app, &name, event, EventKind::Predict).await;
    }
    let Some(x) = map.get("x") else {
        return Err(Problem::malformed("a prediction needs x, an object such as {\"a\": 1.5}"));
    };
    let row = Row::from_json(x)?;
    let (given, version) = reach(&app, &name, Some(row), min).await?;
    let said = json!({ "version": version, "prediction": wire::prediction(&given) });
    Ok(answer::card(StatusCode::OK, &said))
}

/// A prediction by a version that is not older than `min`.
async fn reach(
    app: &App,
    name: &str,
    row: Option<Row>,
    min: u64,
) -> Result<(turn::Answer, u64), Problem> {
    let row = row.unwrap_or_default();
    // The first look may bring the identity back from disk, which takes as long as it takes.
    let first = once(app, name, row.clone()).await?;
    if first.1 >= min {
        return Ok(first);
    }
    let look = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let (given, version) = once(app, name, row.clone()).await?;
            if version >= min {
                return Ok((given, version));
            }
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(result) => result,
        Err(_) => Err(Problem::behind(format!(
            "{name:?} has not reached version {min} within {} s; its durable version is {}",
            PATIENCE.as_secs(),
            app.house.head(name)?.seq
        ))),
    }
}

async fn once(app: &App, name: &str, row: Row) -> Result<(turn::Answer, u64), Problem> {
    let (tell, told) = oneshot::channel();
    // Whoever asked may have gone by the time the learner answers.
    app.house.predict(name, row, Box::new(move |result| drop(tell.send(result))));
    let closing = |_| Error::new(ErrorKind::Unavailable, "the house is closing; try again");
    Ok(told.await.map_err(closing)??)
}

/// `POST …/label`.
pub(super) async fn label(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["id", "y", "client", "n"]).await?;
    if !(map.contains_key("id") && map.contains_key("y")) {
        return Err(Problem::malformed("a label needs id and y"));
    }
    let event = wire::event(&app.house, &Value::Object(map))?;
    single(&app, &name, event, EventKind::Label).await
}

/// One event, durable when this returns.
pub(super) async fn single(app: &App, name: &str, event: Event, kind: EventKind) -> Answer {
    let quota = app.door.updates(granted::token().as_ref());
    quota.inspect_err(|problem| app.metrics.refused(problem))?;
    match app.gate.submit_one(&app.house, name, event).await {
        Ok(reply) => {
            if !reply.duplicate {
                app.metrics.events(kind, 1);
            }
            let mut out = Vec::with_capacity(128);
            learn::write_reply(&reply, &mut out);
            Ok(answer::of_version(answer::raw(StatusCode::OK, out), reply.version))
        }
        Err(problem) => {
            app.metrics.refused(&problem);
            Err(problem)
        }
    }
}

/// The kind of an event that came through a door for all of them.
pub(super) fn kind_of(event: &Event) -> EventKind {
    match event.what {
        What::Remember { .. } => EventKind::Predict,
        What::Label { .. } => EventKind::Label,
        What::Learn { .. }
        | What::Born(_)
        | What::Branched { .. }
        | What::Freeze
        | What::Rehearse { .. }
        | What::Rest
        | What::Sync(_)
        | What::Piece(_) => EventKind::Learn,
    }
}
