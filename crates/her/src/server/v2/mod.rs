//! The Open Inference Protocol V2, which stock clients of model servers speak: JSON, and Triton's
//! binary tensors behind it.
//!
//! An identity is a model and its versions are the model's. The `id` of a request that only asks
//! is the key by which a label may come late; an input `y` is learned.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use her_identity::turn::{Answer as Given, Desk, Reply};
use her_identity::{Error, ErrorKind};
use her_learn::{Row, Task};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::answer::{self, Answer, At};
use super::auth::granted;
use super::body;
use super::metrics::EventKind;
use super::problem::Problem;
use crate::locks::scope::Scope;

mod datatype;
pub(super) mod models;
mod outputs;
mod request;
mod rows;

use outputs::Answered;
use request::Infer;
use rows::{Asked, Happening};

/// Why a request can't be read.
type Refusal = String;

/// Rows of one request: they wait for the learner together.
const ROWS_MAX: usize = 4_096;

/// Predictions of one request that wait for the learner at one time.
const AT_ONCE: usize = 64;

/// How many bytes of a body are JSON; the others are tensors.
const JSON_BYTES: HeaderName = HeaderName::from_static("inference-header-content-length");

/// What the rows became, and the version after the last one.
#[derive(Default)]
struct Done {
    version: u64,
    answers: Vec<Given>,
    drift: bool,
    duplicate: bool,
}

/// A refusal as this protocol tells it: `{"error": text}`.
pub(super) fn flat(response: Response<Body>) -> Response<Body> {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    let body = json!({ "error": problem.detail }).to_string();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Response::from_parts(parts, Body::from(body))
}

/// `POST /v2/models/{name}/infer`.
pub(super) async fn infer(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let infer = read(&app, request).await?;
    let n = infer.rows().map_err(Problem::malformed)?;
    let done = match rows::asked(&app.house, &infer, n)? {
        Asked::Predict(rows) => predict(&app, &name, rows).await?,
        Asked::Happens { events, asked, kind } => {
            may(&app, kind, events.len()).await?;
            match app.gate.submit_all(&app.house, &name, events).await {
                // A frozen identity remembers nothing, and still gives its opinion.
                Ok(replies) if kind == Happening::Remember && all_frozen(&replies) => {
                    predict(&app, &name, asked).await?
                }
                Ok(replies) => happened(&app, replies, kind)?,
                Err(problem) => {
                    app.metrics.refused(&problem);
                    return Err(problem);
                }
            }
        }
    };
    said(&app, &name, &infer, &done).await
}

/// This route does what others do, and so asks of a token what they ask.
async fn may(app: &App, kind: Happening, events: usize) -> Result<(), Problem> {
    let Some(granted) = granted() else { return Ok(()) };
    granted.wants(match kind {
        Happening::Remember => Scope::Predict,
        Happening::Learn => Scope::Learn,
        Happening::Label => Scope::Label,
    })?;
    let quota = app.door.updates_of_stream(granted.token.as_ref(), events).await;
    quota.inspect_err(|problem| app.metrics.refused(problem))
}

/// `POST /v2/models/{name}/versions/{version}/infer`.
pub(super) async fn infer_at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
    request: Request<Body>,
) -> Answer {
    let infer = read(&app, request).await?;
    let n = infer.rows().map_err(Problem::malformed)?;
    let rows = match rows::asked(&app.house, &infer, n)? {
        Asked::Predict(rows) => rows,
        Asked::Happens { asked, kind: Happening::Remember, .. } => asked,
        Asked::Happens { .. } => {
            return Err(Error::invalid(
                "a past version learns no more; leave out the version to learn, or the target to \
                 ask",
            )
            .into());
        }
    };
    let asked = name.clone();
    let done = app
        .blocking(move |house| {
            let (state, mut desk) = (house.at(&asked, version)?, Desk::default());
            let answers = rows.iter().map(|row| state.predict(row, &mut desk));
            let answers = answers.collect::<Result<_, _>>()?;
            Ok(Done { version, answers, ..Done::default() })
        })
        .await?;
    said(&app, &name, &infer, &done).await
}

/// The JSON of a body and the tensors behind it.
async fn read(app: &App, request: Request<Body>) -> Result<Infer, Problem> {
    let headers = request.headers();
    let kind = body::media_type(headers);
    if !matches!(kind.as_str(), "" | "application/json" | "application/octet-stream") {
        return Err(Problem::media_type(format!(
            "the content type is {kind:?}; send application/json, or application/octet-stream \
             with tensors behind the JSON"
        )));
    }
    let coded = headers.get(CONTENT_ENCODING);
    if let Some(coded) = coded.filter(|c| !c.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::media_type(format!("the body is {coded:?}; send it uncompressed")));
    }
    let json_bytes = headers.get(JSON_BYTES).map(|value| {
        let length = value.to_str().ok().and_then(|text| text.parse::<usize>().ok());
        length.ok_or_else(|| {
            Problem::malformed(format!("{JSON_BYTES} must be a number of bytes, got {value:?}"))
        })
    });
    let json_bytes = json_bytes.transpose()?;
    let bytes = body::whole(request, &app.limits).await?;
    let (json, rest) =
        bytes.split_at_checked(json_bytes.unwrap_or(bytes.len())).ok_or_else(|| {
            let length = bytes.len();
            Problem::malformed(format!("the body has {length} bytes, fewer than {JSON_BYTES} says"))
        })?;
    Infer::read(&body::parse(json, &app.limits)?, rest).map_err(Problem::malformed)
}

/// Predictions by the newest applied state, a few of them at a time.
async fn predict(app: &App, name: &str, rows: Vec<Row>) -> Result<Done, Problem> {
    let (mut answers, mut version) = (Vec::with_capacity(rows.len()), 0);
    let mut rows = rows.into_iter();
    loop {
        let waiting: Vec<_> = rows
            .by_ref()
            .take(AT_ONCE)
            .map(|row| {
                let (tell, told) = oneshot::channel();
                // Whoever asked may have gone by the time the learner answers.
                app.house.predict(name, row, Box::new(move |result| drop(tell.send(result))));
                told
            })
            .collect();
        if waiting.is_empty() {
            return Ok(Done { version, answers, ..Done::default() });
        }
        for told in waiting {
            let closing = |_| Error::new(ErrorKind::Unavailable, "the house is closing; try again");
            let (answer, of) = told.await.map_err(closing)??;
            answers.push(answer);
            version = of;
        }
    }
}

fn all_frozen(replies: &[her_identity::Result<Reply>]) -> bool {
    replies.iter().all(|r| r.as_ref().is_err_and(|e| e.kind == ErrorKind::Frozen))
}

/// What became of the rows of a request. This protocol has one error for all of them, so it says
/// which rows were taken.
fn happened(
    app: &App,
    replies: Vec<her_identity::Result<Reply>>,
    kind: Happening,
) -> Result<Done, Problem> {
    let n = replies.len();
    let taken = replies.iter().filter(|r| r.as_ref().is_ok_and(|r| !r.duplicate)).count();
    app.metrics.events(
        match kind {
            Happening::Learn => EventKind::Learn,
            Happening::Remember => EventKind::Predict,
            Happening::Label => EventKind::Label,
        },
        taken as u64,
    );
    let mut done = Done { answers: Vec::with_capacity(n), ..Done::default() };
    let mut wrong = None;
    for (i, reply) in replies.into_iter().enumerate() {
        match reply {
            Ok(reply) => {
                done.version = reply.version;
                done.drift |= reply.drift;
                done.duplicate |= reply.duplicate;
                done.answers.push(reply.answer.unwrap_or(Given::None));
            }
            Err(e) => {
                let problem = Problem::from(&e);
                app.metrics.refused(&problem);
                wrong.get_or_insert((i, problem));
            }
        }
    }
    let Some((i, mut problem)) = wrong else { return Ok(done) };
    if n > 1 {
        problem.detail = format!("row {i}: {}; {taken} of {n} rows were taken", problem.detail);
    }
    Err(problem)
}

async fn said(app: &App, name: &str, infer: &Infer, done: &Done) -> Answer {
    let told = done.answers.iter().find_map(|answer| match answer {
        Given::None => None,
        Given::Binary(_) => Some(Task::Binary),
        Given::Classes(_) => Some(Task::Multiclass),
        Given::Value(_) => Some(Task::Regression),
    });
    let task = match told {
        Some(task) => task,
        None => models::task(app, name).await?,
    };
    let answered = outputs::outputs(infer, task, &done.answers).map_err(Problem::malformed)?;
    let Answered { outputs, bytes } = answered;
    let mut said = json!({ "model_name": name, "model_version": done.version.to_string() });
    if let Some(id) = &infer.id {
        said["id"] = id.as_str().into();
    }
    let flags = [("drift", done.drift), ("duplicate", done.duplicate)];
    let flags: serde_json::Map<String, Value> =
        flags.iter().filter(|f| f.1).map(|f| (f.0.to_owned(), true.into())).collect();
    if !flags.is_empty() {
        said["parameters"] = flags.into();
    }
    said["outputs"] = outputs.into();
    let mut text = said.to_string().into_bytes();
    let json_bytes = text.len();
    let binary = bytes.is_some();
    text.extend(bytes.unwrap_or_default());
    let mut response = answer::of_version(answer::raw(StatusCode::OK, text), done.version);
    if binary {
        let headers = response.headers_mut();
        headers.insert(JSON_BYTES, HeaderValue::from(json_bytes));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    Ok(response)
}

/// A sign of life, without a body as stock clients expect none.
pub(super) async fn live() -> Response<Body> {
    answer::json(StatusCode::OK, &json!({ "live": true }))
}

/// Whether new work is welcome.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response<Body> {
    if *app.stopping.borrow() {
        return Problem::closing("the server is closing").into_response();
    }
    answer::json(StatusCode::OK, &json!({ "ready": true }))
}
