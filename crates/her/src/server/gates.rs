//! Gates over HTTP: rules, why and why not, recorded figures, an operator's yes; and the thread
//! that steps them.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use her_identity::{Error, House, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, Asked, At};
use super::audit::noted;
use super::problem::Problem;
use crate::gates::service::Around;
use crate::gates::{log, record};

/// How often figures are read and rules stepped.
const TICK: Duration = Duration::from_secs(1);

/// The thread that steps the gates.
pub(super) struct Running {
    thread: JoinHandle<()>,
    /// Dropped to end it.
    alive: Sender<()>,
}

impl Running {
    /// Steps the gates of a server that has some.
    pub fn start(app: &Arc<App>) -> Result<Option<Self>> {
        if app.gates.rules.is_empty() {
            return Ok(None);
        }
        let (alive, ends) = channel();
        let app = Arc::clone(app);
        let run = move || {
            let around = Around {
                house: &app.house,
                waits: &|| app.channels.waits(),
                counted: &|gate, why| app.metrics.gate(gate, why),
            };
            loop {
                let begin = app.house.clock().monotonic_ns();
                app.gates.tick(&around);
                let took = app.house.clock().monotonic_ns().saturating_sub(begin);
                let rest = TICK.saturating_sub(Duration::from_nanos(took));
                if ends.recv_timeout(rest) != Err(RecvTimeoutError::Timeout) {
                    return app.gates.finish();
                }
            }
        };
        let thread = std::thread::Builder::new().name("her-gates".into()).spawn(run);
        let thread = thread.map_err(|e| Error::io("starting the thread of the gates", e))?;
        Ok(Some(Self { thread, alive }))
    }

    /// Ends it, and waits for what it does.
    pub fn stop(self) {
        let Self { thread, alive } = self;
        drop(alive);
        // A panic of it was printed; what else there is to close is closed all the same.
        let _ = thread.join();
    }
}

/// `GET /v1/gates`.
pub(super) async fn rules(State(app): State<Arc<App>>) -> Answer {
    Ok(answer::json(StatusCode::OK, &app.gates.told()))
}

/// `?gate=&history=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    gate: Option<String>,
    history: Option<usize>,
}

/// `GET …/gates`: each rule, its figures, its decision and why not, and what it decided before.
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(which): Asked<Which>,
) -> Answer {
    let history = which.history.unwrap_or(20).min(1_000);
    let of = Arc::clone(&app);
    let said =
        app.blocking(move |house| seen(&of, house, &name, which.gate.as_deref(), history)).await?;
    Ok(answer::json(StatusCode::OK, &said))
}

/// The gates over an identity with their newest decisions, for the API and for the page.
pub(super) fn seen(
    app: &App,
    house: &House,
    name: &str,
    gate: Option<&str>,
    history: usize,
) -> Result<Value> {
    house.record(name)?;
    let mut said = app.gates.explain(name, house.clock().now_ms());
    if let (Some(gate), Some(gates)) = (gate, said["gates"].as_array_mut()) {
        gates.retain(|told| told["name"] == *gate);
        if gates.is_empty() {
            let why = format!("no gate {gate:?} is over the identity {name:?}");
            return Err(Error::not_found(why));
        }
    }
    let newest = log::newest(house.dir(), name, gate, history)?;
    said["history"] = newest.into_iter().rev().map(without_state).collect();
    Ok(said)
}

/// A decision without what only the gate itself reads.
fn without_state(mut record: Value) -> Value {
    if let Some(members) = record.as_object_mut() {
        for of_the_file in ["state", "hash", "n", "rule"] {
            members.remove(of_the_file);
        }
    }
    record
}

/// `GET …/gates/figures`: what was recorded, for a replay.
pub(super) async fn figures(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let text = app.blocking(move |house| {
        house.record(&name)?;
        record::text(house.dir(), &name)
    });
    Ok(answer::stream("application/x-ndjson", text.await?.into()))
}

/// `POST …/gates/{gate}/approve`.
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    At((name, gate)): At<(String, String)>,
) -> Answer {
    say_yes(&app, &name, &gate).await?;
    let said = json!({ "identity": name, "gate": gate, "approved": true });
    Ok(noted(answer::json(StatusCode::OK, &said), format!("gate {gate}")))
}

/// Says yes for an operator.
pub(super) async fn say_yes(
    app: &Arc<App>,
    name: &str,
    gate: &str,
) -> std::result::Result<(), Problem> {
    let (of, name, gate) = (Arc::clone(app), name.to_owned(), gate.to_owned());
    app.blocking(move |house| {
        house.record(&name)?;
        of.gates.approve(&name, &gate)
    })
    .await
}
