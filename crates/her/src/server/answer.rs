//! What handlers share: how they read paths and queries, run blocking work, and answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use her_identity::{House, Result as HouseResult};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::App;
use super::problem::Problem;

/// What a handler gives.
pub(crate) type Answer = Result<Response<Body>, Problem>;

/// The header with the version that an answer is of.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("her-version");

/// The parts of a path, refused as a problem.
pub(crate) struct At<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(found)) => Ok(Self(found)),
            Err(e) => Err(Problem::malformed(format!("path: {}", e.body_text()))),
        }
    }
}

/// A query, refused as a problem.
pub(crate) struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(found)) => Ok(Self(found)),
            Err(e) => {
                use std::error::Error;
                let why = e.source().map_or_else(|| e.to_string(), ToString::to_string);
                Err(Problem::malformed(format!("query: {}", why.replace('`', "'"))))
            }
        }
    }
}

/// `?top=`: how many of the largest weights to show.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Top {
    top: Option<usize>,
}

impl Top {
    /// The number, bounded.
    pub fn get(&self) -> usize {
        self.top.unwrap_or(20).min(10_000)
    }
}

impl App {
    /// Runs work that waits for the disk or a learner; bounded, so that a flood of it leaves
    /// threads for nothing else to starve on.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&House) -> HouseResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.blocking).acquire_owned().await;
        let place = place.map_err(|_| Problem::closing("the server is closing; try again"))?;
        let house = Arc::clone(&self.house);
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&house);
            drop((house, place));
            result
        });
        match done.await {
            Ok(result) => Ok(result?),
            Err(e) => Err(her_identity::Error::new(
                her_identity::ErrorKind::Internal,
                format!("the work on this request ended badly: {e}"),
            )
            .into()),
        }
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    raw(status, value.to_string().into_bytes())
}

/// An answer in JSON that is written already.
pub(crate) fn raw(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer that goes on, a line at a time.
pub(crate) fn stream(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same answer with the version that it is of.
pub(crate) fn of_version(mut response: Response<Body>, version: u64) -> Response<Body> {
    response.headers_mut().insert(VERSION, HeaderValue::from(version));
    response
}

/// An answer in JSON whose member `version` is told in its head too.
pub(crate) fn card(status: StatusCode, value: &Value) -> Response<Body> {
    let response = json(status, value);
    match value["version"].as_u64() {
        Some(version) => of_version(response, version),
        None => response,
    }
}
