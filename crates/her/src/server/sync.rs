//! Thought-sync over HTTP: pacts, exchanges, what each peer contributed and how it is read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::migrate::Node;
use her_identity::sync::Shared;
use her_identity::{Error, House};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Answer, At};
use super::audit::noted;
use super::body;
use super::problem::Problem;
use crate::sync::{Merit, Pact, Syncs, Wish, name_of, speech};

async fn read<T: serde::de::DeserializeOwned>(
    app: &App,
    request: Request<Body>,
) -> Result<T, Problem> {
    serde_json::from_value(body::json(request, &app.limits).await?)
        .map_err(|e| Problem::from(Error::invalid(format!("the body: {e}"))))
}

/// `POST …/peers`.
pub(super) async fn agree(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Wish = read(&app, request).await?;
    let syncs = Arc::clone(&app.syncs);
    let agreed = app.blocking(move |_| syncs.agree(&name, &wish)).await?;
    let mut note = format!("{} with {}", agreed.pact.identity, name_of(&agreed.pact));
    if let Some(added) = &agreed.added {
        note = format!("{note}, key {}", added.key);
    }
    let mut said = json!(agreed.pact);
    said["peer"] = name_of(&agreed.pact).into();
    said["added"] = json!(agreed.added);
    said["away"] = json!(agreed.away);
    said["there"] = agreed.there.into();
    Ok(noted(answer::json(StatusCode::OK, &said), note))
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
    let (syncs, peer) = (Arc::clone(&app.syncs), wish.peer.clone());
    app.blocking(move |_| syncs.end(&name, &wish.peer)).await?;
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
    let syncs = Arc::clone(&app.syncs);
    let peer = app.blocking(move |_| syncs.retract(&name, &wish.peer)).await?;
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
    let syncs = Arc::clone(&app.syncs);
    let reports = app
        .blocking(move |house| {
            house.record(&name)?;
            let pacts = match &wish.peer {
                Some(peer) => vec![syncs.find(&name, peer)?],
                None => syncs.pacts(&name),
            };
            if pacts.is_empty() {
                return Err(Error::not_found(format!(
                    "{name} has no peer; `her peer add {name} PEER` makes a pact"
                )));
            }
            let mut reports = Vec::new();
            let one = pacts.len() == 1;
            for pact in &pacts {
                match syncs.sync(pact) {
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
    let syncs = Arc::clone(&app.syncs);
    let said = app.blocking(move |house| told(house, Some(&syncs), &name)).await?;
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
    let with: Vec<Value> = pacts.iter().map(|pact| pact_told(syncs, name, pact)).collect();
    let mut said = json!({
        "name": name,
        "merge": merge,
        "merge_text": merge.text(),
        "contract": hex(&contract),
        "url": syncs.and_then(Syncs::url),
        "pacts": with,
        "hash": null,
        "uncontributed_events": uncontributed,
        "contributions": [],
        "steps": null,
        "retracted": [],
    });
    if let Some(shared) = &shared {
        said["hash"] = hex(&shared.hash()).into();
        said["steps"] = if shared.together().mean { "mean" } else { "sum" }.into();
        said["contributions"] = contributions(shared, syncs, name).into();
        let retracted = shared.retracted().iter();
        said["retracted"] = retracted.map(ToString::to_string).collect::<Vec<_>>().into();
    }
    Ok(said)
}

fn pact_told(syncs: Option<&Syncs>, name: &str, pact: &Pact) -> Value {
    let mut said = json!(pact);
    let peer = name_of(pact);
    let tally = syncs.map(|syncs| syncs.tally(name, &peer)).unwrap_or_default();
    said["link_bytes_s"] = json!(tally.link_bytes_s());
    said["since_start"] = json!(tally);
    said["last_day"] = json!(syncs.map(|syncs| syncs.used(name, &peer)));
    let known = syncs.and_then(|syncs| syncs.nodes().get(&pact.node));
    said["key"] = json!(known.as_ref().map(|(node, _)| node.key));
    said["at"] = json!(known.as_ref().and_then(|(node, _)| node.at.as_ref()));
    said["added"] = json!(known.as_ref().map(|(_, listed)| !listed));
    said["peer"] = peer.into();
    said
}

/// What a peer was worth, and what its bytes would have taken to say and to speak.
fn worth(merit: &Merit) -> Value {
    let mut said = json!(merit);
    let bytes = merit.bytes as f64;
    said["nats_per_kb"] = json!(merit.nats_per_kb());
    said["say_s"] = speech::say_s(bytes).into();
    said["speak_s"] = speech::speak_s(bytes).into();
    said
}

fn contributions(shared: &Shared, syncs: Option<&Syncs>, name: &str) -> Vec<Value> {
    let row = |(origin, row): (&her_identity::sync::Origin, &Arc<her_identity::sync::Row>)| {
        let mine = shared.is_mine(&origin.peer);
        let trust = shared.trust().get(&origin.peer);
        let others = syncs.filter(|_| !mine);
        json!({
            "peer": origin.peer.to_string(),
            "node": hex(&origin.peer.key),
            "node_name": others.and_then(|s| s.nodes().name_of(Node(origin.peer.key))),
            "life": format!("{:016x}", origin.life),
            "mine": mine,
            "seq": row.seq,
            "events": row.events,
            "cells": row.sums.len(),
            "norm": row.sums.norm(),
            "heard": row.heard,
            "weight": if mine { json!("whole") } else { json!(shared.read_as(&origin.peer)) },
            "weighed_events": trust.map(|t| t.events),
            "losses": trust.map(|t| t.losses),
            "worth": others.map(|syncs| worth(&syncs.merit(name, &origin.peer))),
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
