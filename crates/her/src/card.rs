//! A card for an identity, told from its journal: what it is, what it saw, how well it does.
//!
//! Its life is lived again to find when each feature came and went and when drift was noticed;
//! a long life may be told in part, and the card says up to where.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use her_identity::event::{Event, What};
use her_identity::{House, Result};
use her_learn::row::Shape;
use her_learn::{Row, Target};
use serde_json::{Map, Value, json};

use crate::{when, wire};

mod markdown;

pub use markdown::markdown;

/// Features and classes that a card lists; of more it says that there are.
const LISTED_MAX: usize = 10_000;
/// Drift alarms that a card lists, the newest.
const ALARMS_MAX: usize = 1_000;
/// Events between two looks at the clock.
const LOOK_EVERY: u64 = 256;

/// How long telling a life may take when nobody says.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that may be asked for.
pub const PATIENCE_MAX: Duration = Duration::from_mins(5);

/// When something was there.
#[derive(Debug, Clone, Copy)]
struct Seen {
    first: (u64, u64),
    last: (u64, u64),
    events: u64,
}

impl Seen {
    fn new(at: (u64, u64)) -> Self {
        Self { first: at, last: at, events: 0 }
    }

    fn again(&mut self, at: (u64, u64)) {
        self.last = at;
        self.events += 1;
    }

    fn to_json(self, name: &str) -> Value {
        json!({
            "name": name,
            "events": self.events,
            "first_version": self.first.0,
            "first": when::machine(self.first.1),
            "last_version": self.last.0,
            "last": when::machine(self.last.1),
        })
    }
}

/// Names in a bounded table.
#[derive(Default)]
struct Table {
    places: BTreeMap<Box<str>, usize>,
    seen: Vec<Seen>,
    /// True once a name found no room.
    is_full: bool,
}

impl Table {
    fn place(&mut self, name: &str, at: (u64, u64)) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if self.seen.len() >= LISTED_MAX {
            self.is_full = true;
            return None;
        }
        self.places.insert(name.into(), self.seen.len());
        self.seen.push(Seen::new(at));
        Some(self.seen.len() - 1)
    }

    fn to_json(&self) -> Value {
        self.places.iter().map(|(name, place)| self.seen[*place].to_json(name)).collect()
    }
}

/// What a life held.
#[derive(Default)]
struct Life {
    learned: u64,
    asked: u64,
    labelled: u64,
    features: Table,
    classes: Table,
    /// The least, the greatest and the sum of numbers that were learned.
    numbers: Option<(f64, f64, f64, u64)>,
    alarms: std::collections::VecDeque<Value>,
    times: Option<(u64, u64)>,
    born_ms: u64,
    frozen: Option<(u64, u64)>,
    /// The columns of the last shape, so that events of one shape need no names.
    shape: Option<Arc<Shape>>,
    columns: Vec<Option<usize>>,
}

impl Life {
    fn hear(&mut self, version: u64, event: &Event, drift: bool) {
        let at = (version, event.at_ms);
        match &event.what {
            What::Born(_) => self.born_ms = event.at_ms,
            What::Learn { row, target, .. } => {
                self.learned += 1;
                self.row(row, at);
                self.target(target, at);
            }
            What::Remember { row, .. } => {
                self.asked += 1;
                self.row(row, at);
            }
            What::Label { target, .. } => {
                self.labelled += 1;
                self.target(target, at);
            }
            What::Freeze => self.frozen = Some(at),
            What::Branched { .. } => self.frozen = None,
            What::Rehearse { .. } | What::Rest | What::Sync(_) | What::Piece(_) => {}
        }
        if drift {
            if self.alarms.len() == ALARMS_MAX {
                self.alarms.pop_front();
            }
            self.alarms.push_back(json!({ "version": version, "at": when::machine(event.at_ms) }));
        }
    }

    fn row(&mut self, row: &Row, at: (u64, u64)) {
        let first = self.times.map_or(at.1, |t| t.0);
        self.times = Some((first, at.1));
        if !self.shape.as_ref().is_some_and(|shape| Arc::ptr_eq(shape, row.shape())) {
            let names = row.shape().columns().iter();
            self.columns = names.map(|(name, _)| self.features.place(name, at)).collect();
            self.shape = Some(Arc::clone(row.shape()));
        }
        for place in self.columns.iter().flatten() {
            self.features.seen[*place].again(at);
        }
    }

    fn target(&mut self, target: &Target, at: (u64, u64)) {
        let name = match target {
            Target::Number(v) => {
                let (low, high, sum, n) = self.numbers.unwrap_or((*v, *v, 0.0, 0));
                self.numbers = Some((low.min(*v), high.max(*v), sum + v, n + 1));
                return;
            }
            Target::Bool(b) => if *b { "true" } else { "false" }.into(),
            Target::Text(text) => text.clone(),
            Target::None => return,
        };
        if let Some(place) = self.classes.place(&name, at) {
            self.classes.seen[place].again(at);
        }
    }

    fn data(&self) -> Value {
        let mut data = json!({
            "learned": self.learned,
            "kept_for_a_label": self.asked,
            "late_labels": self.labelled,
            "features": self.features.to_json(),
            "features_complete": !self.features.is_full,
            "classes": self.classes.to_json(),
            "classes_complete": !self.classes.is_full,
        });
        if let Some((low, high, sum, n)) = self.numbers {
            data["numbers"] = json!({ "min": low, "max": high, "mean": sum / n as f64, "n": n });
        }
        data
    }
}

/// The card of an identity as it is durable now.
pub fn card(house: &House, name: &str, patience: Duration) -> Result<Value> {
    let record = house.record(name)?;
    let head = house.head(name)?;
    let clock = house.clock();
    let end = clock.monotonic_ns().saturating_add(patience.as_nanos() as u64);
    let mut life = Life::default();
    let reached = house.retell(name, head.seq, &mut |version, event, drift| {
        life.hear(version, event, drift);
        let over = version.is_multiple_of(LOOK_EVERY) && clock.monotonic_ns() >= end;
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let state = house.look(name, |identity| {
        let state = identity.state();
        (wire::state(state, 20), state.birth().clone())
    });
    let (state, birth) = state?;
    let figures = &state["figures"];
    let born = record.branches.first().map_or(0, |b| b.created_ms);
    Ok(json!({
        "name": name,
        "version": state["version"],
        "about": birth.options.about,
        "licence": birth.options.licence.as_deref().unwrap_or("not stated"),
        "written": when::machine(clock.now_ms()),
        "head": { "version": head.seq, "epoch": head.epoch, "digest": head.digest.to_string() },
        "model": {
            "task": state["task"],
            "spec": state["spec"],
            "weights": state["weights"],
            "top_weights": state["top_weights"],
            "options": state["options"],
            "frozen": state["frozen"],
        },
        "dates": {
            "born": when::machine(if life.born_ms > 0 { life.born_ms } else { born }),
            "first_event": life.times.map(|t| when::machine(t.0)),
            "last_learned": figures["last_ms"].as_u64().filter(|t| *t > 0).map(when::machine),
            "frozen": life.frozen.map(|(version, ms)| json!({
                "version": version, "at": when::machine(ms),
            })),
        },
        "data": life.data(),
        "metrics": metrics(figures),
        "drift": {
            "detector": "ADWIN on the loss of each prediction before its label was learned",
            "alarms": figures["drift_alarms"],
            "last_version": figures["drift_last_version"],
            "history": life.alarms,
        },
        "lineage": lineage(&wire::record(&record, &house.branch_heads(name)?)),
        "peers": [],
        "retold": { "to_version": reached, "complete": reached >= head.seq },
    }))
}

/// Scores with their windows, beside those of the frozen shadow.
fn metrics(figures: &Value) -> Value {
    let score = |figure: &str| {
        let score = &figures[figure];
        let mut out = Map::new();
        for (window, events) in [("since_birth", "events"), ("rolling", "rolling_events")] {
            if score[window].is_object() {
                let named = json!({ "events": score[events], "scores": score[window] });
                out.insert(window.to_owned(), named);
            }
        }
        Value::Object(out)
    };
    json!({
        "how": "each event was predicted before it was learned",
        "online": score("online"),
        "online_since_shadow": score("online_since_shadow"),
        "frozen_shadow": score("shadow"),
        "bits_saved": figures["bits_saved"],
    })
}

fn lineage(record: &Value) -> Value {
    let branches = record["branches"].as_array().into_iter().flatten().map(|b| {
        json!({
            "id": b["id"],
            "created": b["created_ms"].as_u64().map(when::machine),
            "parent": b["parent"],
            "alive": b["id"] == record["branch"],
        })
    });
    json!({ "branch": record["branch"], "branches": branches.collect::<Vec<_>>(),
            "tags": record["tags"] })
}
