//! What there is to ask: the server and its models.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use her_identity::{Error, House};
use her_learn::{Label, Task};
use serde_json::{Value, json};

use super::super::App;
use super::super::answer::{self, Answer, At};
use super::super::problem::Problem;
use super::outputs;

/// The newest events in which a model's inputs are looked up: it has no schema but its stream.
const LOOK_BACK: u64 = 64;

/// `GET /v2`.
pub(in super::super) async fn server() -> axum::response::Response {
    let said = json!({
        "name": "heraclitus",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data", "late_labels", "learning"],
    });
    answer::json(StatusCode::OK, &said)
}

/// `GET /v2/models/{name}`.
pub(in super::super) async fn model(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    described(&app, name, None).await
}

/// `GET /v2/models/{name}/versions/{version}`.
pub(in super::super) async fn model_at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
) -> Answer {
    described(&app, name, Some(version)).await
}

async fn described(app: &App, name: String, version: Option<u64>) -> Answer {
    let described = app
        .blocking(move |house| {
            let head = house.head(&name)?.seq;
            let version = is_there(&name, version, head)?;
            let (task, classes) = house.look(&name, |identity| {
                let model = identity.state().model();
                (model.task(), model.classes().to_vec())
            })?;
            let inputs = inputs(house, &name, version)?;
            Ok((describe(&name, version, &inputs, task, &classes), version))
        })
        .await?;
    Ok(answer::of_version(answer::json(StatusCode::OK, &described.0), described.1))
}

fn describe(name: &str, version: u64, inputs: &Value, task: Task, classes: &[Label]) -> Value {
    json!({
        "name": name,
        "versions": [version.to_string()],
        "platform": "heraclitus",
        "inputs": inputs,
        "outputs": outputs::described(task, classes),
    })
}

/// The features of the newest events up to a version, as one column each.
fn inputs(house: &House, name: &str, version: u64) -> her_identity::Result<Value> {
    let from = version.saturating_sub(LOOK_BACK - 1).max(1);
    let mut names: BTreeMap<String, &'static str> = BTreeMap::new();
    for line in house.log(name, from, (version + 1 - from) as usize)? {
        for (name, value) in line["x"].as_object().into_iter().flatten() {
            let datatype = if value.is_string() { "BYTES" } else { "FP64" };
            names.insert(name.clone(), datatype);
        }
    }
    let one = |(name, datatype)| json!({ "name": name, "datatype": datatype, "shape": [-1] });
    Ok(names.into_iter().map(one).collect())
}

fn is_there(name: &str, version: Option<u64>, head: u64) -> her_identity::Result<u64> {
    match version {
        None => Ok(head),
        Some(version) if (1..=head).contains(&version) => Ok(version),
        Some(version) => Err(Error::not_found(format!(
            "{name} has no version {version}; its newest durable one is {head}"
        ))),
    }
}

/// `GET /v2/models/{name}/ready`.
pub(in super::super) async fn ready(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    is_ready(&app, name, None).await
}

/// `GET /v2/models/{name}/versions/{version}/ready`.
pub(in super::super) async fn ready_at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
) -> Answer {
    is_ready(&app, name, Some(version)).await
}

async fn is_ready(app: &App, name: String, version: Option<u64>) -> Answer {
    let said = app
        .blocking(move |house| {
            is_there(&name, version, house.head(&name)?.seq)?;
            Ok(json!({ "name": name, "ready": true }))
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &said))
}

/// What a model predicts. It is the same for all its life.
pub(super) async fn task(app: &App, name: &str) -> Result<Task, Problem> {
    let name = name.to_owned();
    app.blocking(move |house| house.look(&name, |identity| identity.state().model().task())).await
}
