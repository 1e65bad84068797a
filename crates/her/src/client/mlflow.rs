//! An MLflow tracking server over its REST API: a run for each branch of an identity.
//!
//! A run is found again by its tags, so that exports of one identity are the steps of one curve.

use std::time::Duration;

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use ureq::Agent;

use super::kind::Cause;

/// Bytes that MLflow takes as the value of a tag or of a parameter.
const VALUE_MAX: usize = 5_000;
/// Metrics in one call, as MLflow bounds them.
const BATCH_MAX: usize = 1_000;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// A tracking server.
pub struct Tracking {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// What a run is told.
pub struct Export<'a> {
    /// The experiment that holds the run; made if it is not there.
    pub experiment: &'a str,
    /// The identity's card.
    pub card: &'a Value,
    /// The card as Markdown.
    pub markdown: &'a str,
    /// When, in milliseconds since 1970.
    pub now_ms: u64,
}

impl Tracking {
    /// A server by its address, and the token that it may want.
    pub fn new(url: &str, token: Option<String>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER))
            .build();
        let base = url.trim_end_matches('/').to_owned();
        Self { agent: config.into(), base, token }
    }

    /// Logs metrics, parameters, tags and the card. Answers the experiment and the run.
    pub fn export(&self, export: &Export<'_>) -> Result<Value> {
        let experiment = self.experiment(export.experiment)?;
        let run = self.run(&experiment, export)?;
        let (id, artifacts) = (text(&run, "run_id")?, text(&run, "artifact_uri")?);
        let metrics = metrics(export.card, export.now_ms);
        for batch in metrics.chunks(BATCH_MAX) {
            self.log(&json!({ "run_id": id, "metrics": batch }))?;
        }
        self.log(&json!({ "run_id": id, "tags": tags(export) }))?;
        let json = export.card.to_string();
        let mut kept = self.artifact(&artifacts, "card.json", &json)?;
        kept &= self.artifact(&artifacts, "card.md", export.markdown)?;
        Ok(json!({
            "experiment_id": experiment,
            "run_id": id,
            "metrics": metrics.len(),
            "card_kept": kept,
        }))
    }

    fn experiment(&self, name: &str) -> Result<String> {
        let path = format!("experiments/get-by-name?experiment_name={}", super::encoded(name));
        match self.api(&path, None) {
            Ok(found) => text(&found["experiment"], "experiment_id"),
            Err(e) if e.kind == ErrorKind::NotFound => {
                let made = self.api("experiments/create", Some(&json!({ "name": name })))?;
                text(&made, "experiment_id")
            }
            Err(e) => Err(e),
        }
    }

    /// The run of this branch, found again or begun.
    fn run(&self, experiment: &str, export: &Export<'_>) -> Result<Value> {
        let card = export.card;
        let (name, branch) = (text(card, "name")?, text(&card["lineage"], "branch")?);
        let filter = format!("tags.`her.branch` = '{branch}' and tags.`her.identity` = '{name}'");
        let search = json!({
            "experiment_ids": [experiment], "filter": filter, "max_results": 1,
        });
        let found = self.api("runs/search", Some(&search))?;
        if let Some(info) = found["runs"].get(0).map(|run| run["info"].clone()) {
            return Ok(info);
        }
        let made = self.api(
            "runs/create",
            Some(&json!({
                "experiment_id": experiment,
                "run_name": name,
                "start_time": export.now_ms,
                "tags": [
                    { "key": "her.branch", "value": branch },
                    { "key": "her.identity", "value": name },
                ],
            })),
        )?;
        let info = made["run"]["info"].clone();
        let params = json!([
            { "key": "spec", "value": cut(&card["model"]["spec"].to_string()) },
            { "key": "task", "value": card["model"]["task"] },
            { "key": "licence", "value": card["licence"] },
        ]);
        self.log(&json!({ "run_id": text(&info, "run_id")?, "params": params }))?;
        Ok(info)
    }

    fn log(&self, batch: &Value) -> Result<()> {
        self.api("runs/log-batch", Some(batch)).map(drop)
    }

    /// Keeps a file with the run; false when the server has no store that it serves itself.
    fn artifact(&self, uri: &str, name: &str, body: &str) -> Result<bool> {
        let Some(path) = uri.strip_prefix("mlflow-artifacts:") else { return Ok(false) };
        let path = path.trim_start_matches('/');
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{path}/{name}", self.base);
        self.read(self.agent.put(url), body).map(|_| true)
    }

    fn api(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/api/2.0/mlflow/{path}", self.base);
        let text = if let Some(body) = body {
            let request = self.agent.post(url).header("content-type", "application/json");
            self.read(request, &body.to_string())?
        } else {
            self.answer(self.authorized(self.agent.get(url)).call())?
        };
        serde_json::from_str(&text).map_err(|e| {
            let message = format!("{} answers no JSON to {path}: {e}", self.base);
            Error::new(ErrorKind::Unavailable, message)
        })
    }

    fn authorized<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn read(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        body: &str,
    ) -> Result<String> {
        self.answer(self.authorized(request).send(body))
    }

    fn answer(
        &self,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<String> {
        let unreachable = |e: ureq::Error| {
            let message = format!("the tracking server {} gives no answer: {e}", self.base);
            Error::new(ErrorKind::Unavailable, message).because(Cause::Unreachable)
        };
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        let why = told["message"].as_str().unwrap_or(&text).trim();
        let message = format!("the tracking server {} answers {status}: {why}", self.base);
        let kind = match status {
            404 => ErrorKind::NotFound,
            400..500 => ErrorKind::Invalid,
            _ => ErrorKind::Unavailable,
        };
        let error = Error::new(kind, message);
        Err(if matches!(status, 401 | 403) { error.because(Cause::Refused) } else { error })
    }
}

/// The figures of a card as metrics at the step of its version.
fn metrics(card: &Value, now_ms: u64) -> Vec<Value> {
    let mut all: Vec<(String, f64)> = Vec::new();
    for who in ["online", "online_since_shadow", "frozen_shadow"] {
        for window in ["since_birth", "rolling"] {
            let scores = card["metrics"][who][window]["scores"].as_object();
            for (name, value) in scores.into_iter().flatten() {
                if let Some(value) = value.as_f64() {
                    all.push((format!("{who}/{window}/{name}"), value));
                }
            }
        }
    }
    let counts = [
        ("learned", &card["data"]["learned"]),
        ("late_labels", &card["data"]["late_labels"]),
        ("bits_saved", &card["metrics"]["bits_saved"]),
        ("drift_alarms", &card["drift"]["alarms"]),
        ("weights", &card["model"]["weights"]),
    ];
    let counts = counts.iter().filter_map(|(name, v)| Some(((*name).to_owned(), v.as_f64()?)));
    all.extend(counts);
    let step = &card["version"];
    all.into_iter()
        .map(
            |(key, value)| json!({ "key": key, "value": value, "timestamp": now_ms, "step": step }),
        )
        .collect()
}

/// `mlflow.note.content` is what MLflow's page shows as a run's description.
fn tags(export: &Export<'_>) -> Value {
    let card = export.card;
    json!([
        { "key": "mlflow.note.content", "value": cut(export.markdown) },
        { "key": "her.version", "value": card["version"].to_string() },
        { "key": "her.digest", "value": card["head"]["digest"] },
    ])
}

/// As much as a value may be.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE_MAX)]
}

fn text(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| {
        Error::new(ErrorKind::Unavailable, format!("the tracking server tells no {key}"))
    })
}
