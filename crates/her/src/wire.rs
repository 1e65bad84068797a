//! What identities say, as JSON: one place for the server, the command line and the client.

use std::collections::HashMap;

use her_identity::event::{Event, What, limits};
use her_identity::figures::{ALARMS_KEPT, Alarm};
use her_identity::house::{Branch, Forgotten, House, Record, Verified, weight_name};
use her_identity::identity::Identity;
use her_identity::journal::IdentityId;
use her_identity::legacy::Left;
use her_identity::legacy::register::Copied;
use her_identity::turn::{Answer, Reply, State};
use her_identity::{Error, Result};
use her_learn::{Model, Row, Target};
use serde_json::{Map, Value, json};

mod language;

pub use language::language;

/// A prediction: `{"label", "proba"}` for classes, `{"value"}` for numbers, null without opinion.
pub fn prediction(answer: &Answer) -> Value {
    match answer {
        Answer::None => Value::Null,
        Answer::Value(v) => json!({ "value": v }),
        Answer::Binary(p) => {
            json!({ "label": *p > 0.5, "proba": { "false": 1.0 - p, "true": p } })
        }
        Answer::Classes(classes) => {
            let mut best: Option<&(her_learn::Label, f64)> = None;
            for class in classes {
                if best.is_none_or(|b| class.1 > b.1) {
                    best = Some(class);
                }
            }
            let proba: Map<String, Value> =
                classes.iter().map(|(label, p)| (label.to_string(), (*p).into())).collect();
            json!({ "label": best.map(|(label, _)| label.to_json()), "proba": proba })
        }
    }
}

/// What an event gave.
pub fn reply(reply: &Reply) -> Value {
    let mut out = json!({ "version": reply.version });
    if let Some(answer) = &reply.answer {
        out["prediction"] = prediction(answer);
    }
    if reply.duplicate {
        out["duplicate"] = true.into();
    }
    if reply.drift {
        out["drift"] = true.into();
    }
    out
}

/// A state in full: what `show` prints.
pub fn state(state: &State, top: usize) -> Value {
    let model = state.model();
    let (weights, count) = top_weights(model, top);
    let weights: Map<String, Value> =
        weights.into_iter().map(|(name, w)| (name, w.into())).collect();
    let mut card = json!({
        "version": state.version(),
        "task": model.task(),
        "spec": model.spec(),
        "options": state.birth().options,
        "classes": model.classes().iter().map(her_learn::Label::to_json).collect::<Vec<_>>(),
        "features": model.names().len(),
        "weights": count,
        "top_weights": weights,
        "waiting_for_a_label": state.waiting(),
        "frozen": state.is_frozen(),
        "figures": state.figures().to_json(model.task()),
    });
    if let Some(language) = language(state) {
        card["language"] = language;
    }
    if let Some(memory) = crate::nearest::counts(state) {
        card["memory"] = memory;
    }
    card
}

/// The largest weights by absolute value, then by name; and how many there are. Only these get
/// their names made: this runs on a learner's thread, and a model may have a million.
fn top_weights(model: &Model, top: usize) -> (Vec<(String, f64)>, usize) {
    let mut all = Vec::new();
    model.weights(&mut |key, w| all.push((key, w)));
    let count = all.len();
    if top < count && top > 0 {
        let (_, least, _) = all.select_nth_unstable_by(top - 1, |a, b| larger(a.1, b.1));
        let least = least.1;
        // Those as large as the least one stay too: their names decide.
        all.retain(|(_, w)| larger(*w, least).is_le());
    }
    if top == 0 {
        all.clear();
    }
    let mut named: Vec<(String, f64)> =
        all.into_iter().map(|(key, w)| (weight_name(model, key), w)).collect();
    named.sort_by(|a, b| larger(a.1, b.1).then_with(|| a.0.cmp(&b.0)));
    named.truncate(top);
    (named, count)
}

fn larger(a: f64, b: f64) -> std::cmp::Ordering {
    b.abs().total_cmp(&a.abs())
}

/// What the charts draw: the losses over the whole life in buckets, and the largest weights beside
/// those of the frozen shadow. `shadow_from` is the number of scored events before its first.
pub fn chart(state: &State, top: usize) -> Value {
    let figures = state.figures();
    let (weights, _) = top_weights(state.model(), top);
    let mut frozen = HashMap::new();
    if let Some(shadow) = state.shadow() {
        shadow.weights(&mut |key, w| {
            frozen.insert(weight_name(shadow, key), w);
        });
    }
    let weights: Vec<Value> = weights
        .into_iter()
        .map(|(name, w)| {
            let shadow = state.shadow().map(|_| frozen.get(&name).copied().unwrap_or(0.0));
            json!({ "weight": name, "is": w, "shadow": shadow })
        })
        .collect();
    json!({
        "version": state.version(),
        "scored": figures.live.n(),
        "shadow_from": figures.live.n().saturating_sub(figures.shadow.n()),
        "loss": figures.loss_series.to_json(),
        "shadow_loss": figures.shadow_series.to_json(),
        "weights": weights,
    })
}

/// The newest drift alarms, newest first, with how many there were.
pub fn alarms(state: &State) -> Value {
    let figures = state.figures();
    let one = |alarm: &Alarm| json!({ "version": alarm.version, "at_ms": alarm.at_ms });
    json!({
        "version": state.version(),
        "raised": figures.drift_alarms,
        "kept": ALARMS_KEPT,
        "alarms": figures.more.alarms.iter().rev().map(one).collect::<Vec<_>>(),
    })
}

/// An identity's card: its record and its live state.
pub fn card(house: &House, name: &str, top: usize) -> Result<Value> {
    Ok(portrait(house, name, top, |_| ())?.0)
}

/// The card, and what else is to be seen of the same version.
pub fn portrait<T: Send + 'static>(
    house: &House,
    name: &str,
    top: usize,
    also: impl FnOnce(&State) -> T + Send + 'static,
) -> Result<(Value, T)> {
    let record = house.record(name)?;
    let (mut card, epoch, also) = house.look(name, move |identity: &Identity| {
        let now = identity.state();
        (state(now, top), identity.head().epoch, also(now))
    })?;
    card["name"] = record.name.clone().into();
    card["epoch"] = epoch.into();
    card["durable_version"] = house.head(name)?.seq.into();
    if let Some(relived) = house.forgetting(name) {
        card["forgetting"] = json!(relived);
    }
    merge(&mut card, self::record(&record, &house.branch_heads(name)?));
    card["journal"] = house.dir().display().to_string().into();
    Ok((card, also))
}

/// One line of a list.
pub fn line(house: &House, name: &str) -> Result<Value> {
    let card = card(house, name, 0)?;
    let figures = &card["figures"];
    Ok(json!({
        "name": name,
        "version": card["version"],
        "task": card["task"],
        "learned": figures["learned"],
        "online": figures["online"]["rolling"],
        "shadow": figures["shadow"]["rolling"],
        "bits_saved": figures["bits_saved"],
        "drift_alarms": figures["drift_alarms"],
        "frozen": card["frozen"],
    }))
}

/// What is written down about a name, with the durable head of each branch.
pub fn record(record: &Record, heads: &[(IdentityId, u64)]) -> Value {
    let head = |id| heads.iter().find(|(of, _)| *of == id).map(|(_, head)| *head);
    let branch = |b: &Branch| {
        let mut told = json!({
            "id": b.id.to_string(),
            "created_ms": b.created_ms,
            "head": head(b.id),
            "parent": b.parent.map(|p| json!({
                "id": p.id.to_string(),
                "version": p.version,
            })),
        });
        if let Some(forgot) = b.forgot {
            told["forgot"] = json!(forgot);
        }
        if !b.shipped.is_empty() {
            told["shipped"] = json!(b.shipped);
        }
        told
    };
    let mut told = json!({
        "branch": record.current.to_string(),
        "branches": record.branches.iter().map(branch).collect::<Vec<_>>(),
        "tags": record.tags,
    });
    if let Some(shipped) = record.shipped(u64::MAX) {
        told["shipped"] = shipped.to_string().into();
    }
    told
}

/// What was forgotten, and in words what of it is left somewhere.
pub fn forgotten(name: &str, told: &Forgotten) -> Value {
    let mut left = Vec::new();
    match &told.erased {
        None => left.push(format!(
            "branch {} keeps what was struck, on disk and in its snapshots",
            told.branch
        )),
        Some(erased) => {
            left.push(format!(
                "the frames of {} branches stay in segment files that identities of this data \
                 directory share; to be rid of them, move the identities to a new data directory \
                 (her depart) and delete this one",
                erased.frames_of.len()
            ));
            left.extend(
                erased.shared_with.iter().map(|other| {
                    format!("{other} was forked from the same life; let it forget too")
                }),
            );
            let copy = |dir: &String| format!("the copy in {dir} may hold it; delete it");
            left.extend(erased.copies.iter().map(copy));
        }
    }
    left.extend(told.may_return.iter().map(|client| {
        format!("the newest of client {client} was struck: what it sends again is learned again")
    }));
    let mut value = json!(told);
    value["name"] = name.into();
    value["left"] = left.into();
    value
}

/// A copy that was left behind.
pub fn left(left: &Left) -> Value {
    let manifest = &left.manifest;
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "epoch": manifest.epoch,
        "dir": left.dir.display().to_string(),
        "manifest": left.digest,
        "files": manifest.files.len(),
        "bytes": manifest.files.iter().map(|file| file.bytes).sum::<u64>(),
        "owner": manifest.owner,
        "left_ms": manifest.left_ms,
        "again": left.again,
    })
}

/// The copies of a register.
pub fn copies(copies: &[Copied]) -> Value {
    let told = copies.iter().map(|copy| {
        json!({
            "name": copy.name,
            "identity": copy.identity.to_string(),
            "version": copy.version,
            "epoch": copy.epoch,
            "dir": copy.dir.display().to_string(),
            "manifest": copy.manifest,
            "owner": copy.owner,
            "left_ms": copy.left_ms,
        })
    });
    json!({ "copies": told.collect::<Vec<_>>() })
}

/// What `verify` found.
pub fn verified(v: &Verified) -> Value {
    json!({
        "verified": true,
        "version": v.version,
        "from": v.from,
        "why": v.why,
        "events": v.events,
        "snapshots_compared": v.snapshots,
        "chain": v.chain,
        "state": v.state,
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// What an event may say.
const KNOWN: [&str; 6] = ["x", "y", "id", "w", "client", "n"];

/// The event that a JSON object `{"x", "y"?, "id"?, "w"?}` asks for: with `id` and `x`, predict
/// and wait for a label; with `id` and `y`, a late label; else learn. A model that needs labels
/// refuses an event without `y`.
pub fn event(house: &House, body: &Value) -> Result<Event> {
    let Some(map) = body.as_object() else {
        return Err(Error::invalid(format!(
            "an event is an object such as {{\"x\": {{\"a\": 1}}, \"y\": true}}, got {body}"
        )));
    };
    if let Some(unknown) = map.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err(Error::invalid(format!(
            "unknown field {unknown:?} in an event; allowed are {}",
            KNOWN.join(", ")
        )));
    }
    let refused = |e: her_learn::Error| Error::invalid(e.to_string());
    let target = map
        .get("y")
        .filter(|y| !y.is_null())
        .map(Target::from_json)
        .transpose()
        .map_err(refused)?;
    let row = map.get("x").map(Row::from_json).transpose().map_err(refused)?;
    let key = match map.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.as_str().into()),
        Some(other) => {
            return Err(Error::invalid(format!("id must be a string, got {other}")));
        }
    };
    let weight = match map.get("w") {
        None => 1.0,
        Some(w) => w
            .as_f64()
            .ok_or_else(|| Error::invalid(format!("w must be a number of 0 or more, got {w}")))?,
    };
    let what = match (row, target, key) {
        (Some(row), target, None) => {
            What::Learn { row, target: target.unwrap_or(Target::None), weight }
        }
        (Some(row), None, Some(key)) => What::Remember { key, row },
        (None, Some(target), Some(key)) => What::Label { key, target },
        (Some(_), Some(_), Some(_)) => {
            return Err(Error::invalid(
                "an event with x, y and id is ambiguous: leave out id to learn now, or y to be \
                 asked again by id",
            ));
        }
        _ => {
            return Err(Error::invalid(
                "an event needs x (learn; with y where labels are learned), x and id (predict, label later) or id and y \
                 (a late label)",
            ));
        }
    };
    let mut event = house.event(what);
    if let Some(client) = map.get("client") {
        let n = map.get("n").and_then(Value::as_u64);
        let (Some(client), Some(n)) = (client.as_str(), n) else {
            return Err(Error::invalid(format!(
                "a numbered request has a client of at most {} bytes and a whole number n",
                limits::CLIENT_BYTES
            )));
        };
        event.request = Some(her_identity::event::Request { client: client.into(), n });
    }
    event.check()?;
    Ok(event)
}
