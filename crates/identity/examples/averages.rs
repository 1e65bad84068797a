//! Our half of `bench/averages_beside.py`: the events and how they are split, as files, and what
//! identities that exchange them lose, in nats an event.
//!
//! `cargo run --profile quick -p her-identity --example averages -- FOLDER`, after
//! `cargo xtask data`. The splits, orders and rounds are those of
//! `crates/learn/tests/merging_laws.rs`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use her_identity::event::{Birth, Event as Turn, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Codec, Content, Exchange, Origin, Part, Peer};
use her_identity::sync::{Row as Contribution, Shared};
use her_identity::turn::{Desk, State};
use her_learn::row::{Kind, Row, Shape};
use her_learn::stream::Event;
use her_learn::{Catalog, Model, Prediction, Scratch, Target};
use serde_json::{Value, json};
use splits::{PEERS, Split, mix, rounds, shuffled, split};

#[path = "../../learn/tests/recordings/mod.rs"]
mod recordings;
#[path = "../../learn/tests/splits/mod.rs"]
mod splits;

/// Name, events, how many of them are held out, orders.
const STREAMS: [(&str, usize, usize, u64); 2] =
    [("phishing", 1250, 250, 6), ("tweets", 4196, 896, 1)];
/// What has to be new, as a share of what was learned, before peers exchange; 8 events at least.
const SHARES: [f64; 2] = [0.1, 1.0];

fn specs() -> [(&'static str, Value); 3] {
    let steps = |lr: f64| json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": lr}}, "intercept_lr": lr}});
    [
        ("bayes", json!("BayesianLogisticRegression")),
        ("sgd 0.1", steps(0.1)),
        ("sgd 0.01", steps(0.01)),
    ]
}

/// Texts as the numbers that a hasher of 64 places makes of their words: a step of size 2 from
/// weights of 0 is the event itself.
fn numbers(
    event: &Event,
    catalog: &Catalog,
    shapes: &mut BTreeMap<Vec<String>, Arc<Shape>>,
) -> Row {
    if !event.row.has_texts() {
        return event.row.clone();
    }
    let hasher = json!({"FeatureHasher": {"n_features": 64, "seed": 7}});
    let step = json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": 2.0}}}});
    let mut model = Model::new(&json!(["BagOfWords", hasher, step]), catalog).unwrap();
    model.learn(&event.row, &Target::Bool(true), 1.0, &mut Scratch::default()).unwrap();
    let mut cells = BTreeMap::new();
    model.weights(&mut |key, weight| {
        if let Some(name) = key.feature.and_then(|id| model.names().name(id)) {
            cells.insert(name.to_owned(), weight);
        }
    });
    cells.retain(|_, value| *value != 0.0);
    let names: Vec<String> = cells.keys().cloned().collect();
    let shape = shapes.entry(names).or_insert_with_key(|names| {
        let columns = names.iter().map(|name| (name.as_str(), Kind::Number));
        Arc::new(Shape::new(columns).unwrap())
    });
    let mut row = Row::new(Arc::clone(shape));
    for value in cells.values() {
        row.push_number(*value);
    }
    row
}

struct One {
    state: State,
    me: Origin,
    desk: Desk,
    sent: Option<Arc<Contribution>>,
}

impl One {
    fn new(n: usize, spec: &Value, catalog: &Catalog) -> Self {
        let state = State::born(Birth::from_json(spec).unwrap(), catalog).unwrap();
        let n = n as u8;
        let me = Origin { peer: Peer { key: [n; 32], identity: IdentityId([n; 16]) }, life: 1 };
        Self { state, me, desk: Desk::default(), sent: None }
    }

    fn turn(&mut self, what: What) {
        self.state.turn(&Turn { at_ms: 1, request: None, what }, &mut self.desk).unwrap();
    }

    fn learn(&mut self, event: &Event) {
        let (row, target) = (event.row.clone(), event.target.clone().unwrap());
        self.turn(What::Learn { row, target, weight: 1.0 });
    }

    fn exchange(&mut self, parts: &[Part], weigh: bool) {
        // Four rows of the largest model fit into an event.
        for parts in parts.chunks(4) {
            let mut exchange = Exchange::new(self.me, Codec::I8);
            (exchange.parts, exchange.weigh) = (parts.to_vec(), weigh);
            self.turn(What::Sync(Box::new(exchange)));
        }
    }

    fn contribute(&mut self, weigh: bool) {
        let mut exchange = Exchange::new(self.me, Codec::I8);
        exchange.weigh = weigh;
        self.turn(What::Sync(Box::new(exchange)));
    }

    fn row(&self) -> Option<&Arc<Contribution>> {
        self.state.shared().and_then(|shared| shared.rows().get(&self.me))
    }

    /// The own row, whole, and the bytes of what came to it since it was sent last.
    fn tell(&mut self) -> (Option<Part>, usize) {
        let Some(row) = self.row().cloned() else { return (None, 0) };
        let whole = Part::whole(self.me, &row, Box::new([0; 64]));
        let mut bytes = whole.to_bytes().len();
        if let Some(old) = self.sent.replace(Arc::clone(&row)) {
            let mut sums = row.sums.clone();
            sums.sub(&old.sums);
            sums.trim();
            let content = Content::Sums(sums);
            let step = Part { from: old.seq, content, ..whole.clone() };
            bytes = bytes.min(if old.seq == row.seq { 0 } else { step.to_bytes().len() });
        }
        (Some(whole), bytes)
    }

    fn loss(&mut self, event: &Event, p: &mut Prediction, scratch: &mut Scratch) -> f64 {
        let model = self.state.model();
        model.predict(&event.row, p, scratch).unwrap();
        let class = model.class_of(event.target.as_ref().unwrap()).unwrap();
        -her_learn::math::ln(p.proba[class as usize].max(1e-12))
    }
}

/// How peers exchange.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Never,
    All,
    Weighed,
}

#[derive(Default)]
struct Told {
    test: f64,
    prequential: f64,
    rounds: usize,
    bytes: usize,
}

fn live(spec: &Value, learn: &[Event], test: &[Event], of: &[usize], how: How, share: f64) -> Told {
    let catalog = Catalog::builtin();
    let peers = of.iter().max().map_or(1, |last| last + 1);
    let mut all: Vec<One> = (0..peers).map(|n| One::new(n, spec, &catalog)).collect();
    let (mut p, mut scratch) = (Prediction::default(), Scratch::default());
    let mut told = Told::default();
    let rounds = rounds(learn.len(), share);
    for (i, event) in learn.iter().enumerate() {
        let one = &mut all[of[i]];
        told.prequential += one.loss(event, &mut p, &mut scratch) / learn.len() as f64;
        one.learn(event);
        if how == How::Never || rounds.binary_search(&(i + 1)).is_err() {
            continue;
        }
        told.rounds += 1;
        let mut parts = Vec::new();
        for one in &mut all {
            one.contribute(how == How::Weighed);
            let (part, bytes) = one.tell();
            told.bytes += bytes;
            parts.extend(part);
        }
        for one in &mut all {
            let others = parts.iter().filter(|part| part.origin != one.me);
            let others: Vec<Part> = others.cloned().collect();
            one.exchange(&others, how == How::Weighed);
        }
    }
    let test_loss = test.iter().map(|event| all[0].loss(event, &mut p, &mut scratch));
    told.test = test_loss.sum::<f64>() / test.len() as f64;
    told.bytes /= told.rounds.max(1) * peers;
    told
}

/// Four peers that learn without pause, while their rows are on their way and some never come: how
/// many updates nobody has in the end.
fn lost(window: u64, dropped: u64) -> (u64, u64) {
    let (catalog, spec) = (Catalog::builtin(), json!("MultinomialNB"));
    let mut all: Vec<One> = (0..4).map(|n| One::new(n, &spec, &catalog)).collect();
    let mut events = 0;
    let mut learn = |one: &mut One, n: u64| {
        for _ in 0..n {
            let row = Row::from_json(&json!({ format!("word {}", events % 50): 1.0 })).unwrap();
            let event =
                Event { row, target: Some(Target::Bool(events % 3 == 0)), id: None, weight: 1.0 };
            one.learn(&event);
            events += 1;
        }
    };
    for round in 0..20 {
        for one in &mut all {
            learn(one, 512 - window);
        }
        for one in &mut all {
            one.contribute(false);
        }
        let parts: Vec<Part> = all.iter_mut().filter_map(|one| one.tell().0).collect();
        for one in &mut all {
            learn(one, window);
        }
        for (n, one) in (0..).zip(&mut all) {
            if mix(round * 4 + n) % 100 >= dropped {
                let others = parts.iter().filter(|part| part.origin != one.me).cloned();
                one.exchange(&others.collect::<Vec<_>>(), false);
            }
        }
    }
    for one in &mut all {
        one.contribute(false);
    }
    let parts: Vec<Part> = all.iter_mut().filter_map(|one| one.tell().0).collect();
    all[0].exchange(&parts, false);
    let rows = all[0].state.shared().map(Shared::rows).unwrap();
    (events, events - rows.values().map(|row| row.events).sum::<u64>())
}

fn main() {
    let folder = std::env::args().nth(1).expect("name a folder to write to");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut ours = std::fs::File::create(folder.join("ours.ndjson")).unwrap();
    let mut say = |line: Value| {
        writeln!(ours, "{line}").unwrap();
        println!("{line}");
    };
    let catalog = Catalog::builtin();
    for (stream, n, held_out, seeds) in STREAMS {
        for seed in 0..seeds {
            let mut events = shuffled(stream, n, seed);
            let (learn, _) = events.split_at(n - held_out);
            let splits: Vec<(usize, Split, Vec<usize>)> = PEERS
                .iter()
                .flat_map(|&peers| Split::ALL.map(|how| (peers, how, split(learn, peers, how))))
                .collect();
            let mut shapes = BTreeMap::new();
            for event in &mut events {
                event.row = numbers(event, &catalog, &mut shapes);
            }
            write_events(&folder.join(format!("{stream}-{seed}.ndjson")), &events, &splits);
            let (learn, test) = events.split_at(n - held_out);
            for (model, spec) in specs() {
                let mut tell = |peers: usize, how: &str, who: &str, share: f64, told: Told| {
                    say(json!({
                        "stream": stream, "seed": seed, "model": model, "peers": peers,
                        "split": how, "who": who, "share": share, "test": told.test,
                        "prequential": told.prequential, "rounds": told.rounds,
                        "sent": told.bytes,
                    }));
                };
                let one = vec![0; learn.len()];
                let pooled = live(&spec, learn, test, &one, How::Never, 1.0);
                tell(1, "-", "pooled", 0.0, pooled);
                for (peers, split, of) in &splits {
                    let name = format!("{split:?}").to_lowercase();
                    let solo = live(&spec, learn, test, of, How::Never, 1.0);
                    tell(*peers, &name, "solo", 0.0, solo);
                    for share in SHARES {
                        let all = live(&spec, learn, test, of, How::All, share);
                        tell(*peers, &name, "sum", share, all);
                        let weighed = live(&spec, learn, test, of, How::Weighed, share);
                        tell(*peers, &name, "weighed", share, weighed);
                    }
                }
            }
        }
    }
    for (window, dropped) in [(0, 0), (5, 0), (51, 0), (0, 20), (51, 20)] {
        let (events, lost) = lost(window, dropped);
        say(json!({"window": window, "dropped": dropped, "events": events, "lost": lost}));
    }
}

/// An event a line: features, label, and who learns it in each split.
fn write_events(path: &Path, events: &[Event], splits: &[(usize, Split, Vec<usize>)]) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for (i, event) in events.iter().enumerate() {
        let of: serde_json::Map<String, Value> = splits
            .iter()
            .filter_map(|(peers, how, of)| {
                let name = format!("{peers} {}", format!("{how:?}").to_lowercase());
                Some((name, (*of.get(i)?).into()))
            })
            .collect();
        let y = event.target == Some(Target::Bool(true));
        writeln!(file, "{}", json!({"x": event.row.to_json(), "y": y, "of": of})).unwrap();
    }
    file.flush().unwrap();
}
