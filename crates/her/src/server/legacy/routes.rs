//! What a copy answers: the reading half of the server's routes, its own state, and 409.

use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use her_identity::format::LEGACY_MANIFEST_FILE;
use her_identity::journal::IdentityId;
use her_identity::legacy::Frozen;
use her_identity::turn::Desk;
use her_identity::{Error, turn};
use her_learn::Row;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{broken, refuse};
use super::{Copy, work};
use crate::isolate::escapes::NAMES;
use crate::server::answer::{self, Answer, Asked, At, Top};
use crate::server::body;
use crate::server::problem::Problem;
use crate::wire;

/// Lines of a log that are read at one time.
const LINES_MAX: usize = 10_000;

type Shared = State<Arc<Copy>>;

/// The routes that would change something.
const CHANGES: [&str; 11] = [
    "learn", "label", "freeze", "rewind", "forget", "fork", "tag", "snapshot", "leave", "talk",
    "ws",
];

/// The router.
pub(super) fn router(copy: Arc<Copy>) -> Router {
    let of = |rest: &str| format!("/v1/identities/{{name}}{rest}");
    let mut router = Router::new()
        .route("/healthz", get(health))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(health))
        .route("/status", get(status))
        .route("/status/escapes", post(escapes))
        .route("/manifest", get(manifest))
        .route("/v1/identities", get(list))
        .route(&of(""), get(show).put(changed))
        .route(&of("/predict"), post(predict))
        .route(&of("/at/{version}"), get(at))
        .route(&of("/at/{version}/predict"), post(predict_at))
        .route(&of("/model"), get(model))
        .route(&of("/at/{version}/model"), get(model_at))
        .route(&of("/log"), get(log))
        .route(&of("/verify"), post(verify));
    for change in CHANGES {
        router = router.route(&of(&format!("/{change}")), any(changed));
    }
    router
        .fallback(|uri: Uri| async move {
            if uri.path().starts_with("/openai/") {
                return Problem::no_route(
                    "a copy tells what texts cost (predict), but it does not speak: ask the living \
                     identity for it, as NAME@VERSION, where /status says that it went",
                );
            }
            Problem::no_route(format!(
                "a copy has no route {}; it answers /status, /manifest and, below \
                 /v1/identities/NAME, predict, log, at/VERSION, model and verify",
                uri.path()
            ))
        })
        .method_not_allowed_fallback(|| async { Problem::method("another method") })
        .with_state(copy)
}

/// `GET /healthz`: fine, or why not.
async fn health(State(copy): Shared) -> Response<Body> {
    match copy.seal.fault() {
        None => "ready\n".into_response(),
        Some(why) => broken(&why).into_response(),
    }
}

/// `GET /status`.
async fn status(State(copy): Shared) -> Response<Body> {
    let fine = copy.seal.fault().is_none();
    let status = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::json(status, &told(&copy))
}

/// `?only=`: the name of one way out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    only: Option<String>,
}

/// `POST /status/escapes`: tries to break out again, now, on the thread that does the work. All
/// ways, or with `?only=NAME` one of them, of which alone it tells then.
async fn escapes(State(copy): Shared, Asked(Only { only }): Asked<Only>) -> Answer {
    if let Some(name) = only.as_deref().filter(|name| !NAMES.contains(name)) {
        return Err(Problem::malformed(format!(
            "there is no escape {name:?}; only is one of {}",
            NAMES.join(", ")
        )));
    }
    let (trying, one) = (Arc::clone(&copy), only.is_some());
    let tried = copy.worker.run(move |_| Ok(trying.try_to_break_out(only.as_deref()))).await?;
    let said = match &tried[..] {
        [tried] if one => tried.to_json(),
        _ => told(&copy),
    };
    Ok(answer::json(StatusCode::OK, &said))
}

/// Everything about this process and its copy.
fn told(copy: &Copy) -> Value {
    let manifest = copy.frozen.manifest();
    let mut said = json!({
        "name": manifest.name,
        "identity": manifest.identity.to_string(),
        "version": manifest.version,
        "epoch": manifest.epoch,
        "chain": manifest.chain,
        "state": manifest.state,
        "left_ms": manifest.left_ms,
        "code": manifest.code,
        "owner": manifest.owner,
        "book": manifest.book,
        "manifest": copy.seal.to_json(),
        "golden": copy.frozen.golden(),
        "branches": manifest.branches,
        "token": copy.token.is_some(),
    });
    if let (Value::Object(said), Value::Object(isolation)) = (&mut said, copy.isolation()) {
        said.extend(isolation);
    }
    said
}

/// `GET /manifest`: its bytes, whose BLAKE3 is the seal.
async fn manifest(State(copy): Shared) -> Answer {
    let path = copy.frozen.dir().join(LEGACY_MANIFEST_FILE);
    let bytes = std::fs::read(&path);
    let bytes = bytes.map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    Ok(answer::raw(StatusCode::OK, bytes))
}

/// Refuses every name but the one.
fn known(copy: &Copy, name: &str) -> Result<(), Problem> {
    let own = &copy.frozen.manifest().name;
    if name == own {
        return Ok(());
    }
    Err(Error::not_found(format!("there is no identity named {name:?} here, but {own:?}")).into())
}

/// `GET /v1/identities`: one line.
async fn list(State(copy): Shared) -> Response<Body> {
    let manifest = copy.frozen.manifest();
    let state = copy.frozen.state();
    let line = json!({
        "name": manifest.name, "version": manifest.version, "task": state.model().task(),
        "learned": state.figures().learned, "frozen": true, "legacy": true,
    });
    answer::json(StatusCode::OK, &json!({ "identities": [line], "next": null }))
}

/// `?branch=&top=`, `?branch=&from=&limit=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfBranch {
    branch: Option<String>,
    from: Option<u64>,
    limit: Option<usize>,
    top: Option<usize>,
}

impl OfBranch {
    fn id(&self) -> Result<Option<IdentityId>, Problem> {
        Ok(self.branch.as_deref().map(str::parse).transpose()?)
    }
}

/// `GET …/{name}`.
async fn show(State(copy): Shared, At(name): At<String>, Asked(top): Asked<Top>) -> Answer {
    known(&copy, &name)?;
    let mut card = card(&copy.frozen, copy.frozen.state(), top.get());
    card["epoch"] = copy.frozen.manifest().epoch.into();
    card["durable_version"] = copy.frozen.manifest().version.into();
    let record = wire::record(copy.frozen.record(), &copy.frozen.heads());
    if let (Value::Object(card), Value::Object(record)) = (&mut card, record) {
        card.extend(record);
    }
    card["journal"] = copy.frozen.dir().display().to_string().into();
    Ok(answer::card(StatusCode::OK, &card))
}

fn card(frozen: &Frozen, state: &turn::State, top: usize) -> Value {
    let mut card = wire::state(state, top);
    card["name"] = frozen.manifest().name.clone().into();
    // Whether it was frozen or not when it was left: here it is.
    card["frozen"] = true.into();
    card["legacy"] = true.into();
    card["owner"] = json!(frozen.manifest().owner);
    card
}

/// The row of a question. One with an id would have to be remembered.
async fn question(copy: &Copy, request: Request<Body>) -> Result<Option<Row>, Problem> {
    let map = body::object(request, &copy.limits, &["x", "id", "client", "n"]).await?;
    if map.get("id").is_some_and(|id| !id.is_null()) {
        return Ok(None);
    }
    let Some(x) = map.get("x") else {
        return Err(Problem::malformed("a prediction needs x, an object such as {\"a\": 1.5}"));
    };
    Ok(Some(Row::from_json(x)?))
}

fn said(version: u64, given: &turn::Answer) -> Response<Body> {
    let said = json!({ "version": version, "prediction": wire::prediction(given) });
    answer::card(StatusCode::OK, &said)
}

/// `POST …/predict`.
async fn predict(State(copy): Shared, At(name): At<String>, request: Request<Body>) -> Answer {
    known(&copy, &name)?;
    let Some(row) = question(&copy, request).await? else { return Ok(refuse(&copy)) };
    let mut desk = copy.desk.lock().unwrap_or_else(PoisonError::into_inner);
    let given = copy.frozen.predict(&row, &mut desk)?;
    Ok(said(copy.frozen.manifest().version, &given))
}

/// `GET …/at/{version}`.
async fn at(
    State(copy): Shared,
    At((name, version)): At<(String, u64)>,
    Asked(asked): Asked<OfBranch>,
) -> Answer {
    known(&copy, &name)?;
    let (branch, top) = (asked.id()?, asked.top.unwrap_or(20).min(LINES_MAX));
    let look = move |past: &mut work::Past| {
        let frozen = Arc::clone(&past.frozen);
        past.at(branch, version).map(|still| card(&frozen, still, top))
    };
    Ok(answer::card(StatusCode::OK, &copy.worker.run(look).await?))
}

/// `POST …/at/{version}/predict`.
async fn predict_at(
    State(copy): Shared,
    At((name, version)): At<(String, u64)>,
    Asked(asked): Asked<OfBranch>,
    request: Request<Body>,
) -> Answer {
    known(&copy, &name)?;
    let branch = asked.id()?;
    let Some(row) = question(&copy, request).await? else { return Ok(refuse(&copy)) };
    let ask =
        move |past: &mut work::Past| past.at(branch, version)?.predict(&row, &mut Desk::default());
    Ok(said(version, &copy.worker.run(ask).await?))
}

/// `GET …/model`.
async fn model(State(copy): Shared, At(name): At<String>) -> Answer {
    known(&copy, &name)?;
    let bytes = copy.frozen.state().model().save();
    let version = copy.frozen.manifest().version;
    Ok(answer::of_version(answer::stream("application/octet-stream", bytes.into()), version))
}

/// `GET …/at/{version}/model`.
async fn model_at(
    State(copy): Shared,
    At((name, version)): At<(String, u64)>,
    Asked(asked): Asked<OfBranch>,
) -> Answer {
    known(&copy, &name)?;
    let branch = asked.id()?;
    let save = move |past: &mut work::Past| Ok(past.at(branch, version)?.model().save());
    let bytes = copy.worker.run(save).await?;
    Ok(answer::of_version(answer::stream("application/octet-stream", bytes.into()), version))
}

/// `GET …/log`.
async fn log(State(copy): Shared, At(name): At<String>, Asked(asked): Asked<OfBranch>) -> Answer {
    known(&copy, &name)?;
    let branch = asked.id()?;
    let from = asked.from.unwrap_or(1).max(1);
    let limit = asked.limit.unwrap_or(1_000).min(LINES_MAX);
    let read = move |past: &mut work::Past| past.frozen.log(branch, from, limit);
    let lines = copy.worker.run(read).await?;
    let mut out = Vec::new();
    for line in &lines {
        // Writing into a buffer does not fail.
        let _ = serde_json::to_writer(&mut out, line);
        out.push(b'\n');
    }
    let version = copy.frozen.manifest().version;
    Ok(answer::of_version(answer::stream("application/x-ndjson", out.into()), version))
}

/// `POST …/verify`.
async fn verify(
    State(copy): Shared,
    At(name): At<String>,
    Asked(asked): Asked<OfBranch>,
) -> Answer {
    known(&copy, &name)?;
    let branch = asked.id()?;
    let found = copy.worker.run(move |past| past.frozen.verify(branch)).await?;
    Ok(answer::card(StatusCode::OK, &wire::verified(&found)))
}

/// Every route that would change something.
async fn changed(State(copy): Shared, At(name): At<String>) -> Answer {
    known(&copy, &name)?;
    Ok(refuse(&copy))
}
