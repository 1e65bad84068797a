//! The past of an identity, and what is done with it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::identity::Identity;
use her_identity::legacy::Owner;
use her_identity::turn::Desk;
use her_learn::Row;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::answer::{self, Answer, Asked, At, Top};
use super::audit::noted;
use super::auth::granted;
use super::body;
use super::identities::made;
use super::problem::Problem;
use crate::wire;

/// Events of one look into the journal: what a reader of a log or of a tail holds in memory.
pub(super) const PAGE: usize = 64;

/// `?from=&limit=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: Option<u64>,
    limit: Option<usize>,
}

/// `GET …/log`.
pub(super) async fn log(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(range): Asked<Range>,
) -> Answer {
    let version = app.house.head(&name)?.seq;
    let from = range.from.unwrap_or(1).max(1);
    let mut left = range.limit.unwrap_or(1_000);
    // The first page before the answer begins, so that its error is an answer of its own.
    let mut page = page(&app, &name, from, left).await?;
    let (send, receive) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::spawn(async move {
        while let Some(last) = page.last().and_then(|line| line["version"].as_u64()) {
            left -= page.len().min(left);
            if send.send(Ok(Bytes::from(lines(&page)))).await.is_err() || left == 0 {
                return;
            }
            page = match self::page(&app, &name, last + 1, left).await {
                Ok(page) => page,
                Err(problem) => {
                    // Half a log that looks whole would lie: the answer breaks off.
                    let _ = send.send(Err(std::io::Error::other(problem.detail))).await;
                    return;
                }
            };
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receive));
    Ok(answer::of_version(answer::stream("application/x-ndjson", body), version))
}

/// Events from a version on, at most a page.
pub(super) async fn page(
    app: &App,
    name: &str,
    from: u64,
    limit: usize,
) -> Result<Vec<Value>, Problem> {
    let name = name.to_owned();
    app.blocking(move |house| house.log(&name, from, limit.min(PAGE))).await
}

fn lines(page: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in page {
        // Writing into a buffer does not fail.
        let _ = serde_json::to_writer(&mut out, line);
        out.push(b'\n');
    }
    out
}

/// `GET …/at/{version}`.
pub(super) async fn at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
    Asked(top): Asked<Top>,
) -> Answer {
    let card = app
        .blocking(move |house| {
            let mut card = wire::state(&house.at(&name, version)?, top.get());
            card["name"] = name.into();
            Ok(card)
        })
        .await?;
    Ok(answer::card(StatusCode::OK, &card))
}

/// `GET …/at/{version}/model`.
pub(super) async fn model_at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
) -> Answer {
    let bytes = app.blocking(move |house| Ok(house.at(&name, version)?.model().save())).await?;
    Ok(answer::of_version(answer::stream("application/octet-stream", bytes.into()), version))
}

/// `GET …/model`.
pub(super) async fn model(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let look = |identity: &Identity| (identity.state().model().save(), identity.state().version());
    let (bytes, version) = app.blocking(move |house| house.look(&name, look)).await?;
    Ok(answer::of_version(answer::stream("application/octet-stream", bytes.into()), version))
}

/// `POST …/at/{version}/predict`.
pub(super) async fn predict_at(
    State(app): State<Arc<App>>,
    At((name, version)): At<(String, u64)>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["x"]).await?;
    let Some(x) = map.get("x") else {
        return Err(Problem::malformed("a prediction needs x, an object such as {\"a\": 1.5}"));
    };
    let row = Row::from_json(x)?;
    let said = app
        .blocking(move |house| {
            let given = house.at(&name, version)?.predict(&row, &mut Desk::default())?;
            Ok(json!({ "version": version, "prediction": wire::prediction(&given) }))
        })
        .await?;
    Ok(answer::card(StatusCode::OK, &said))
}

/// `?from=&to=&top=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: u64,
    to: Option<u64>,
    top: Option<usize>,
}

/// `GET …/diff`.
pub(super) async fn diff(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(between): Asked<Between>,
) -> Answer {
    let top = between.top.unwrap_or(20).min(10_000);
    let diff = app
        .blocking(move |house| {
            let to = between.to.map_or_else(|| house.head(&name).map(|h| h.seq), Ok)?;
            house.diff(&name, between.from, to, top)
        })
        .await?;
    Ok(answer::of_version(
        answer::json(StatusCode::OK, &diff),
        diff["to"].as_u64().unwrap_or_default(),
    ))
}

/// `POST …/fork`.
pub(super) async fn fork(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["name", "version"]).await?;
    let (new, version) = (body::text(&map, "name")?.to_owned(), body::version(&map)?);
    if let Some(granted) = granted() {
        granted.may(&new)?;
    }
    let note = format!("new identity {new}");
    let card = made(&app, new, move |house, new| house.fork(&name, new, version).map(drop)).await?;
    Ok(noted(answer::card(StatusCode::CREATED, &card), note))
}

/// `POST …/rewind`.
pub(super) async fn rewind(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["version"]).await?;
    let Some(version) = body::version(&map)? else {
        return Err(Problem::malformed("rewind needs the version to go back to"));
    };
    let card = app
        .blocking(move |house| {
            house.rewind(&name, version)?;
            wire::card(house, &name, 0)
        })
        .await?;
    Ok(noted(answer::card(StatusCode::OK, &card), format!("to version {version}")))
}

/// `POST …/freeze`.
pub(super) async fn freeze(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let version = app.blocking(move |house| house.freeze(&name)).await?;
    Ok(answer::card(StatusCode::OK, &json!({ "version": version, "frozen": true })))
}

/// `POST …/leave`: a copy in the data directory. Where files are written is not for a client to
/// say.
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["version", "owner"]).await?;
    let version = body::version(&map)?;
    let owner: Option<Owner> = match map.get("owner") {
        None | Some(Value::Null) => None,
        Some(owner) => Some(Owner::deserialize(owner).map_err(|e| {
            Problem::malformed(format!("owner must be {{\"url\": text, \"epoch\": number}}: {e}"))
        })?),
    };
    let left = app.blocking(move |house| house.leave(&name, version, None, owner)).await?;
    let note = format!("copy in {}", left.dir.display());
    Ok(noted(answer::card(StatusCode::OK, &wire::left(&left)), note))
}

/// `GET /v1/legacy`: the copies that this house left.
pub(super) async fn legacy(State(app): State<Arc<App>>) -> Answer {
    let copies = app.blocking(her_identity::House::legacy).await?;
    Ok(answer::json(StatusCode::OK, &wire::copies(&copies)))
}

/// `POST …/tag`.
pub(super) async fn tag(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let map = body::object(request, &app.limits, &["tag", "version"]).await?;
    let (tag, version) = (body::text(&map, "tag")?.to_owned(), body::version(&map)?);
    let told = tag.clone();
    let version = app.blocking(move |house| house.tag(&name, &tag, version)).await?;
    let answer = answer::card(StatusCode::OK, &json!({ "tag": told, "version": version }));
    Ok(noted(answer, format!("tag {told}")))
}

/// `POST …/snapshot`: written with the next commit, so it is only accepted here.
pub(super) async fn snapshot(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let version = app
        .blocking(move |house| {
            house.snapshot(&name)?;
            house.head(&name).map(|h| h.seq)
        })
        .await?;
    Ok(answer::card(StatusCode::ACCEPTED, &json!({ "asked": true, "version": version })))
}

/// `POST …/verify`.
pub(super) async fn verify(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let found = app.blocking(move |house| house.verify(&name)).await?;
    Ok(answer::card(StatusCode::OK, &wire::verified(&found)))
}
