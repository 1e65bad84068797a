//! What an exchange with eight peers costs the learner, and what a million numbers cost: the time
//! of the turn, which is all that holds learning up. Rows share a shape, as those of a stream do,
//! or each has its own, as those of single requests do.
//!
//! `cargo run --profile quick -p her-identity --example exchange_cost`

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measurement")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Codec, Exchange, Origin, Part, Peer, Shared};
use her_identity::turn::{Desk, State};
use her_learn::row::{Kind, Shape};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

const PEERS: u8 = 8;
const ROUNDS: u32 = 10;

struct Node {
    state: State,
    me: Origin,
    desk: Desk,
    shape: Arc<Shape>,
    shared: bool,
    at: u64,
}

fn shape(width: usize) -> Arc<Shape> {
    let columns = (0..width).map(|k| (format!("feature_{k}"), Kind::Number));
    Arc::new(Shape::new(columns).unwrap())
}

impl Node {
    fn new(n: u8, width: usize, shared: bool) -> Self {
        let birth = Birth::from_json(&json!(["StandardScaler", "LogisticRegression"])).unwrap();
        let state = State::born(birth, &Catalog::builtin()).unwrap();
        let me = Origin { peer: Peer { key: [n; 32], identity: IdentityId([n; 16]) }, life: 1 };
        let (desk, at) = (Desk::default(), u64::from(n) << 40);
        Self { state, me, desk, shape: shape(width), shared, at }
    }

    fn turn(&mut self, what: What) {
        let event = Event { at_ms: 1, request: None, what };
        self.state.turn(&event, &mut self.desk).unwrap();
    }

    fn learn(&mut self, events: u64) {
        for _ in 0..events {
            self.at += 1;
            let width = self.shape.len();
            if !self.shared {
                self.shape = shape(width);
            }
            let mut row = Row::new(Arc::clone(&self.shape));
            for k in 0..width {
                let x = (self.at.wrapping_mul(7919 + k as u64) >> 5) % 1009;
                row.push_number(x as f64 / 100.0);
            }
            let target = Target::Bool((self.at.wrapping_mul(7919) >> 5) % 1009 > 500);
            self.turn(What::Learn { row, target, weight: 1.0 });
        }
    }

    fn exchange(&mut self, parts: Vec<Part>) -> f64 {
        let mut exchange = Exchange::new(self.me, Codec::I8);
        exchange.parts = parts;
        let begin = Instant::now();
        self.turn(What::Sync(Box::new(exchange)));
        begin.elapsed().as_secs_f64()
    }

    fn told(&self, theirs: &BTreeMap<Origin, u64>) -> Vec<Part> {
        let missing = self.state.shared().unwrap().missing(theirs);
        let part = |(origin, row): (&Origin, &Arc<her_identity::sync::Row>)| {
            Part::whole(*origin, row, Box::new([0; 64]))
        };
        missing.map(part).collect()
    }
}

fn main() {
    println!(
        "rows share a shape  width  numbers a row  ms an exchange, {PEERS} peers: share of 1 s"
    );
    for shared in [true, false] {
        for width in [10, 30, 100, 1000] {
            measure(width, shared);
        }
    }
}

fn measure(width: usize, shared: bool) {
    let mut node = Node::new(0, width, shared);
    let mut peers: Vec<Node> = (1..=PEERS).map(|n| Node::new(n, width, shared)).collect();
    let mut spent = 0.0;
    for round in 0..=ROUNDS {
        node.learn(300);
        let mut parts = Vec::new();
        for peer in &mut peers {
            peer.learn(20);
            peer.exchange(Vec::new());
            let have = node.state.shared().map(Shared::vector).unwrap_or_default();
            parts.extend(peer.told(&have));
        }
        let took = node.exchange(parts);
        // The first makes room for all rows.
        if round > 0 {
            spent += took;
        }
    }
    let ms = spent / f64::from(ROUNDS) * 1e3;
    let numbers = node.state.shared().unwrap().rows()[&node.me].sums.len();
    println!("{shared:>18}  {width:>5}  {numbers:>13}  {ms:>8.2}: {:.2} %", ms / 10.0);
    let million = ms / (numbers as f64 * f64::from(PEERS + 1)) * 1e6;
    println!("{million:>47.0} ms for a million numbers, weighing and all");
}
