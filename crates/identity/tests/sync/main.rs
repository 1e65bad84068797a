//! What peers contribute ends in the same bytes everywhere, and nothing is lost or counted twice.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod contents;
mod lived;
mod lives;
mod network;

use std::collections::BTreeMap;

use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Closing, Codec, Content, Exchange, Origin, Part, Peer, Shared};
use her_identity::sync::{Together, Weight};
use her_identity::turn::{Answer, Desk, State};
use her_learn::{Catalog, Row, Target};
use serde_json::{Value, json};

/// A state with the name of its origin, and without a house.
#[derive(Debug)]
struct Node {
    state: State,
    me: Origin,
    codec: Codec,
}

fn origin(n: u8, life: u64) -> Origin {
    Origin { peer: Peer { key: [n; 32], identity: IdentityId([n; 16]) }, life }
}

fn event(what: What) -> Event {
    Event { at_ms: 1_000, request: None, what }
}

fn row(i: u64) -> (Row, Target) {
    let words = ["river", "flows", "twice", "same", "never", "man"];
    let a = words[(i * 7919 % 6) as usize];
    let b = words[(i * 104_729 % 5) as usize];
    let row = Row::from_json(&json!({ a: 1.0, b: (i % 3) as f64 + 1.0 })).unwrap();
    (row, Target::Text(["yes", "no", "maybe"][(i * 31 % 3) as usize].into()))
}

impl Node {
    fn new(n: u8, spec: &Value) -> Self {
        let birth = Birth::from_json(spec).unwrap();
        let state = State::born(birth, &Catalog::builtin()).unwrap();
        Self { state, me: origin(n, 1), codec: Codec::Exact }
    }

    fn turn(&mut self, what: What) {
        self.state.turn(&event(what), &mut Desk::default()).unwrap();
    }

    fn learn(&mut self, i: u64) {
        let (row, target) = row(i);
        self.turn(What::Learn { row, target, weight: 1.0 });
    }

    fn exchange(&mut self, parts: Vec<Part>) {
        let mut exchange = Exchange::new(self.me, self.codec);
        exchange.parts = parts;
        exchange.weigh = false;
        self.turn(What::Sync(Box::new(exchange)));
    }

    /// How far its former life has come, if a new one begins now.
    fn closing(&self) -> Closing {
        Closing {
            version: self.state.version(),
            events: self.state.uncontributed_events(),
            learned: self.state.unpublished(),
        }
    }

    /// What somebody with this vector misses.
    fn for_peer(&self, theirs: &BTreeMap<Origin, u64>) -> Vec<Part> {
        let Some(shared) = self.state.shared() else { return Vec::new() };
        let parts = shared
            .missing(theirs)
            .map(|(origin, row)| Part::whole(*origin, row, Box::new([0; 64])));
        parts.collect()
    }

    fn vector(&self) -> BTreeMap<Origin, u64> {
        self.state.shared().map(Shared::vector).unwrap_or_default()
    }

    fn hash(&self) -> [u8; 32] {
        self.state.shared().unwrap().hash()
    }

    fn seen(&self) -> u64 {
        self.state.shared().unwrap().rows().values().map(|row| row.events).sum()
    }
}

/// A cheap generator of well-mixed numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn pooled(spec: &Value, events: impl Iterator<Item = u64>) -> State {
    let mut one = Node::new(99, spec);
    events.for_each(|i| one.learn(i));
    one.state
}

/// Probabilities by name, of rows that were not learned.
fn opinions(state: &State) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for i in 5_000..5_040 {
        let answer = state.predict(&row(i).0, &mut Desk::default()).unwrap();
        let Answer::Classes(classes) = answer else { panic!("{answer:?}") };
        let mut named: Vec<(String, f64)> =
            classes.into_iter().map(|(label, p)| (label.to_string(), p)).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        all.extend(named);
    }
    all
}

/// The classes came in another order, so the last bit may differ.
fn assert_alike(a: &State, b: &State) {
    for (a, b) in opinions(a).iter().zip(&opinions(b)) {
        assert_eq!(a.0, b.0);
        assert!((a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
    }
}
