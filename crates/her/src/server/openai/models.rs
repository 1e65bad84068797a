//! `/openai/v1/models`: the identities that speak.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use her_identity::House;
use serde_json::{Value, json};

use super::asked::Whom;
use super::errors::{Refused, Told};
use crate::server::App;
use crate::server::answer::{self, At};
use crate::server::auth::granted;
use crate::talk::speaker;

/// Models of one answer; this protocol knows no pages.
const MODELS_MAX: usize = 10_000;

/// `GET /openai/v1/models`.
pub(in crate::server) async fn list(State(app): State<Arc<App>>) -> Told {
    let granted = granted();
    let models = app
        .blocking(move |house| {
            let names = house.names().into_iter();
            let covers = |name: &String| granted.as_ref().is_none_or(|g| g.covers(name));
            let mut models = Vec::new();
            for name in names.filter(covers) {
                // One that can't be read now is left out, and the others are told.
                if models.len() < MODELS_MAX && speaker::speaks(house, &name).unwrap_or(false) {
                    models.extend(model(house, &name, None));
                }
            }
            Ok(models)
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &json!({ "object": "list", "data": models })))
}

/// `GET /openai/v1/models/{model}`.
pub(in crate::server) async fn one(State(app): State<Arc<App>>, At(model): At<String>) -> Told {
    let whom = Whom::read(&model)?;
    let asked = whom.clone();
    let found = app
        .blocking(move |house| {
            if !speaker::speaks(house, &asked.name)? {
                return Err(speaker::mute(&asked.name));
            }
            self::model(house, &asked.name, asked.version)
        })
        .await;
    match found {
        Ok(found) => Ok(answer::json(StatusCode::OK, &found)),
        Err(problem) if problem.status == StatusCode::NOT_FOUND => {
            Err(Refused::no_model(problem.detail))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn model(house: &House, name: &str, version: Option<u64>) -> her_identity::Result<Value> {
    let record = house.record(name)?;
    let head = house.head(name)?.seq;
    if let Some(version) = version.filter(|v| *v > head) {
        return Err(her_identity::Error::not_found(format!(
            "{name} has no version {version}; its newest durable one is {head}"
        )));
    }
    let created = record.branches.first().map_or(0, |b| b.created_ms / 1000);
    let id = version.map_or_else(|| name.to_owned(), |v| format!("{name}@{v}"));
    Ok(json!({
        "id": id,
        "object": "model",
        "created": created,
        "owned_by": "heraclitus",
        "her": { "version": version.unwrap_or(head) },
    }))
}
