//! Thought-sync over HTTP: pacts, exchanges, what each peer contributed and how it is read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::sync::{Codec, Shared};
use her_identity::{Error, ErrorKind, House};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, At};
use super::audit::noted;
use super::body;
use super::departs::departs;
use super::problem::Problem;
use crate::depart::Departs;
use crate::sync::{Pact, Syncs, name_of};

type Both = (Arc<Syncs>, Arc<Departs>);

fn both(app: &App) -> Result<Both, Problem> {
    let departs = departs(app)?;
    // A server that knows nodes has both.
    let syncs = app.syncs.clone();
    let none = || Error::new(ErrorKind::Internal, "a server with nodes exchanges nothing");
    Ok((syncs.ok_or_else(none)?, departs))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// NODE, or NODE/IDENTITY.
    peer: String,
    #[serde(default)]
    every_s: Option<f64>,
    #[serde(default)]
    codec: Option<Codec>,
    #[serde(default = "yes")]
    weigh: bool,
}

fn yes() -> bool {
    true
}

async fn read<T: serde::de::DeserializeOwned>(
    app: &App,
    request: Request<Body>,
) -> Result<T, Problem> {
    serde_json::from_value(body::json(request, &app.limits).await?)
        .map_err(|e| Problem::from(Error::invalid(format!("the body: {e}"))))
}

/// The node and the identity of NODE or NODE/IDENTITY; the node must be known.
fn split(departs: &Departs, name: &str, peer: &str) -> her_identity::Result<(String, String)> {
    let (node, with) = peer.rsplit_once('/').map_or((peer, name), |(node, with)| {
        // A URL has slashes of its own.
        if departs.peers().find(peer).is_ok() { (peer, name) } else { (node, with) }
    });
    Ok((departs.peers().find(node)?.name.clone(), with.to_owned()))
}

/// `POST …/peers`.
pub(super) async fn agree(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Wish = read(&app, request).await?;
    let (syncs, departs) = both(&app)?;
    let pact = app
        .blocking(move |_| {
            let (node, with) = split(&departs, &name, &wish.peer)?;
            let codec = wish.codec.unwrap_or_default();
            let pact = Pact {
                identity: name,
                node,
                with,
                every_s: wish.every_s,
                codec,
                weigh: wish.weigh,
            };
            syncs.agree(pact.clone())?;
            Ok(pact)
        })
        .await?;
    let note = format!("{} with {}", pact.identity, name_of(&pact));
    Ok(noted(answer::json(StatusCode::OK, &json!(pact)), note))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    peer: String,
}

/// `POST …/peers/remove`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Named = read(&app, request).await?;
    let (syncs, departs) = both(&app)?;
    let peer = wish.peer.clone();
    app.blocking(move |_| {
        let (node, with) = split(&departs, &name, &wish.peer)?;
        syncs.end(&name, &node, &with)
    })
    .await?;
    let said = json!({ "removed": peer });
    Ok(noted(answer::json(StatusCode::OK, &said), format!("no more with {peer}")))
}

/// `POST …/peers/retract`.
pub(super) async fn retract(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Named = read(&app, request).await?;
    // What came by a book is taken out where no other node is known, too.
    let late = Arc::clone(&app.late);
    let peer = app.blocking(move |_| late.get()?.retract(&name, &wish.peer)).await?;
    let said = json!({ "retracted": peer.to_string() });
    Ok(noted(answer::json(StatusCode::OK, &said), format!("what {peer} contributed")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Now {
    #[serde(default)]
    peer: Option<String>,
}

/// `POST …/sync`: exchanges now, with one peer or with all.
pub(super) async fn sync(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Now = read(&app, request).await?;
    let (syncs, departs) = both(&app)?;
    let reports = app
        .blocking(move |house| {
            house.record(&name)?;
            let mut pacts = syncs.pacts(&name);
            if let Some(peer) = &wish.peer {
                let (node, with) = split(&departs, &name, peer)?;
                pacts.retain(|pact| pact.is(&name, &node, &with));
            }
            if pacts.is_empty() {
                return Err(Error::not_found(format!(
                    "{name} has no such peer; `her peer add {name} NODE` makes a pact"
                )));
            }
            let mut reports = Vec::new();
            let one = pacts.len() == 1;
            for pact in &pacts {
                match syncs.sync(departs.peers(), pact) {
                    Ok(report) => reports.push(json!(report)),
                    Err(e) if one => return Err(e),
                    Err(e) => {
                        reports.push(json!({ "peer": name_of(pact), "error": e.message }));
                    }
                }
            }
            Ok(reports)
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &json!({ "exchanges": reports })))
}

/// `GET …/peers`.
pub(super) async fn list(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let syncs = app.syncs.clone();
    let said = app.blocking(move |house| told(house, syncs.as_deref(), &name)).await?;
    Ok(answer::json(StatusCode::OK, &said))
}

/// An identity's peers, as programs and the page read them.
pub(super) fn told(
    house: &House,
    syncs: Option<&Syncs>,
    name: &str,
) -> her_identity::Result<Value> {
    let look = move |identity: &her_identity::identity::Identity| {
        let state = identity.state();
        let (merge, events) = (state.model().merge(), state.uncontributed_events());
        (state.shared().cloned(), merge, state.contract_hash(), events)
    };
    let (shared, merge, contract, uncontributed) = house.look(name, look)?;
    let pacts = syncs.map(|syncs| syncs.pacts(name)).unwrap_or_default();
    let with: Vec<Value> = pacts
        .iter()
        .map(|pact| {
            let mut said = json!(pact);
            let tally = syncs.map(|syncs| syncs.tally(name, &name_of(pact)));
            said["peer"] = name_of(pact).into();
            said["since_start"] = json!(tally.unwrap_or_default());
            said
        })
        .collect();
    let mut said = json!({
        "name": name,
        "merge": merge,
        "merge_text": merge.text(),
        "contract": hex(&contract),
        "pacts": with,
        "hash": null,
        "uncontributed_events": uncontributed,
        "contributions": [],
        "retracted": [],
    });
    if let Some(shared) = &shared {
        said["hash"] = hex(&shared.hash()).into();
        said["contributions"] = contributions(shared).into();
        let retracted = shared.retracted().iter();
        said["retracted"] = retracted.map(ToString::to_string).collect::<Vec<_>>().into();
    }
    Ok(said)
}

fn contributions(shared: &Shared) -> Vec<Value> {
    let row = |(origin, row): (&her_identity::sync::Origin, &Arc<her_identity::sync::Row>)| {
        let mine = shared.is_mine(&origin.peer);
        let trust = shared.trust().get(&origin.peer);
        json!({
            "peer": origin.peer.to_string(),
            "node": hex(&origin.peer.key),
            "life": format!("{:016x}", origin.life),
            "mine": mine,
            "seq": row.seq,
            "events": row.events,
            "cells": row.sums.len(),
            "norm": row.sums.norm(),
            "weight": if mine { json!("whole") } else { json!(trust.map(|t| t.weight)) },
            "weighed_events": trust.map(|t| t.events),
            "losses": trust.map(|t| t.losses),
        })
    };
    shared.rows().iter().map(row).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
