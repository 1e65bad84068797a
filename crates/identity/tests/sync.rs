//! What peers contribute ends in the same bytes everywhere, and nothing is lost or counted twice.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Closing, Codec, Content, Exchange, Origin, Part, Peer, Shared, Weight};
use her_identity::turn::{Desk, State};
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
        let her_identity::turn::Answer::Classes(classes) = answer else { panic!("{answer:?}") };
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

#[test]
fn eight_peers_end_in_the_same_bytes_whatever_the_network_does() {
    let spec = json!("MultinomialNB");
    let mut chance = Chance(7);
    let mut nodes: Vec<Node> = (0..8).map(|n| Node::new(n, &spec)).collect();
    let mut learned = Vec::new();
    let mut backup = None;
    for round in 0..60_u64 {
        for node in &mut nodes {
            for _ in 0..chance.below(4) {
                let i = learned.len() as u64;
                learned.push(i);
                node.learn(i);
            }
        }
        if round == 20 {
            // Node 3 is copied here, with something that it has not told yet, and comes back as it
            // was then.
            nodes[3].exchange(Vec::new());
            let i = learned.len() as u64;
            learned.push(i);
            nodes[3].learn(i);
            backup = Some((nodes[3].state.save(), nodes[3].me));
        }
        if round == 40 {
            let (bytes, me) = backup.take().unwrap();
            let state = State::load(&bytes, &Catalog::builtin()).unwrap();
            // What it had learned and told somebody comes back from them; it told all.
            nodes[3].exchange(Vec::new());
            let told = nodes[3].for_peer(&BTreeMap::new());
            nodes[5].exchange(told);
            nodes[3] = Node { state, me: Origin { life: 2, ..me }, codec: Codec::Exact };
            let closing = nodes[3].closing();
            let i = learned.len() as u64;
            learned.push(i);
            nodes[3].learn(i);
            let mut exchange = Exchange::new(nodes[3].me, Codec::Exact);
            (exchange.weigh, exchange.closing) = (false, Some(closing));
            nodes[3].turn(What::Sync(Box::new(exchange)));
        }
        for a in 0..8_usize {
            let b = chance.below(8) as usize;
            // The halves are cut off from one another for a while; most contacts fail anyway.
            let cut = (25..45).contains(&round) && (a < 4) != (b < 4);
            if a == b || cut || chance.below(10) < 6 {
                continue;
            }
            let mut parts = nodes[a].for_peer(&nodes[b].vector());
            // Repeated, and in another order.
            parts.extend(parts.clone().into_iter().rev().collect::<Vec<_>>());
            nodes[b].exchange(parts);
        }
    }
    for node in &mut nodes {
        node.exchange(Vec::new());
    }
    let mut rounds = 0;
    while nodes.iter().any(|node| node.hash() != nodes[0].hash()) {
        rounds += 1;
        assert!(rounds <= 40, "no agreement after {rounds} rounds");
        for a in 0..8_usize {
            let b = chance.below(8) as usize;
            if a != b && chance.below(10) >= 6 {
                let parts = nodes[a].for_peer(&nodes[b].vector());
                nodes[b].exchange(parts);
            }
        }
    }
    let want = pooled(&spec, learned.iter().copied());
    for node in &nodes {
        assert_eq!(node.seen(), learned.len() as u64, "every update is there once");
        assert_alike(&node.state, &want);
    }
}

/// Jubatus lost what arrived between taking the difference and its acknowledgement: issue 840.
#[test]
fn jubatus_840_updates_while_a_contribution_is_on_its_way_are_kept() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    let mut peer = Node::new(2, &json!("MultinomialNB"));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let on_its_way = node.for_peer(&BTreeMap::new());
    (10..20).for_each(|i| node.learn(i));
    peer.exchange(on_its_way);
    node.exchange(peer.for_peer(&node.vector()));
    peer.exchange(node.for_peer(&peer.vector()));
    assert_eq!((peer.seen(), node.seen()), (20, 20));
    assert_alike(&peer.state, &node.state);
}

/// Jubatus counted twice, or parted for ever, when a broadcast reached only some: issue 470.
#[test]
fn jubatus_470_a_contribution_that_reached_only_some_is_counted_once_by_all() {
    let mut nodes: Vec<Node> = (0..3).map(|n| Node::new(n, &json!("MultinomialNB"))).collect();
    (0..9).for_each(|i| nodes[0].learn(i));
    nodes[0].exchange(Vec::new());
    let parts = nodes[0].for_peer(&BTreeMap::new());
    // It reaches one of two, and is sent to both again, as nobody knows.
    nodes[1].exchange(parts.clone());
    for n in [1, 2, 1] {
        nodes[n].exchange(parts.clone());
    }
    assert_eq!(nodes.iter().map(Node::seen).collect::<Vec<_>>(), [9, 9, 9]);
    assert!(nodes.iter().all(|node| node.hash() == nodes[0].hash()));
}

#[test]
fn a_peer_that_was_retracted_leaves_no_bit_behind() {
    let spec = json!("MultinomialNB");
    let mut with = Node::new(1, &spec);
    let mut without = Node::new(1, &spec);
    let mut other = Node::new(2, &spec);
    (0..30).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    (30..60).for_each(|i| {
        with.learn(i);
        without.learn(i);
    });
    with.exchange(other.for_peer(&BTreeMap::new()));
    without.exchange(Vec::new());
    assert_ne!(opinions(&with.state), opinions(&without.state));
    let mut exchange = Exchange::new(with.me, Codec::Exact);
    exchange.retract.push(other.me.peer);
    with.turn(What::Sync(Box::new(exchange)));
    without.exchange(Vec::new());
    assert_eq!(opinions(&with.state), opinions(&without.state), "to the bit");
    assert_eq!(with.hash(), without.hash());
    // It does not come back by itself.
    with.exchange(other.for_peer(&with.vector()));
    assert_eq!(with.hash(), without.hash());
}

#[test]
fn what_was_rewound_is_taken_back_from_every_peer() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let then = node.state.save();
    (10..20).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    peer.exchange(node.for_peer(&BTreeMap::new()));
    assert_eq!(peer.seen(), 20);
    // It goes back, by which its branch has another id, and learns something else.
    let before = node.me.peer;
    node.state = State::load(&then, &Catalog::builtin()).unwrap();
    node.me.peer.identity = IdentityId([77; 16]);
    (20..25).for_each(|i| node.learn(i));
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left.push(before);
    node.turn(What::Sync(Box::new(exchange)));
    peer.exchange(node.for_peer(&peer.vector()));
    node.exchange(peer.for_peer(&node.vector()));
    assert_eq!((peer.seen(), node.seen()), (15, 15));
    assert_eq!(peer.hash(), node.hash());
    assert_alike(&peer.state, &pooled(&spec, (0..10).chain(20..25)));
}

/// What an identity learned before it moved to another node stays its own through a rewind there.
#[test]
fn a_rewind_after_a_move_keeps_what_was_learned_before_the_move() {
    let spec = json!("MultinomialNB");
    let mut node = Node::new(1, &spec);
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    node.me.peer.key = [9; 32];
    (10..15).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let before = node.me.peer;
    node.me.peer.identity = IdentityId([77; 16]);
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left.push(before);
    node.turn(What::Sync(Box::new(exchange)));
    assert_alike(&node.state, &pooled(&spec, 0..15));
}

#[test]
fn a_state_that_shares_is_saved_and_loaded_to_the_bit() {
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let mut node = Node::new(1, &spec);
    let mut other = Node::new(2, &spec);
    let learn = |node: &mut Node, from: u64| {
        for i in from..from + 40 {
            let row = Row::from_json(&json!({"a": (i * 7919 % 101) as f64, "b": (i % 7) as f64}));
            let target = Target::Bool(i * 7919 % 101 > 50);
            node.turn(What::Learn { row: row.unwrap(), target, weight: 1.0 });
        }
    };
    node.codec = Codec::I8;
    learn(&mut node, 0);
    learn(&mut other, 1000);
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    learn(&mut node, 40);
    let bytes = node.state.save();
    let mut loaded = Node {
        state: State::load(&bytes, &Catalog::builtin()).unwrap(),
        me: node.me,
        codec: node.codec,
    };
    assert_eq!(loaded.state.save(), bytes);
    for node in [&mut node, &mut loaded] {
        let mut exchange = Exchange::new(node.me, node.codec);
        exchange.weigh = true;
        node.turn(What::Sync(Box::new(exchange)));
        learn(node, 80);
    }
    assert_eq!(node.state.save(), loaded.state.save());
    let trust = node.state.shared().unwrap().trust()[&other.me.peer];
    assert!(trust.events > 39.0, "{trust:?}");
}

/// A process that was killed begins a new life: what it had not told is told once.
#[test]
fn a_new_life_tells_what_the_former_one_did_not() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    (10..15).for_each(|i| node.learn(i));
    let closing = node.closing();
    node.me.life = 2;
    (15..18).for_each(|i| node.learn(i));
    let mut exchange = Exchange::new(node.me, Codec::I4);
    exchange.closing = Some(closing.clone());
    node.turn(What::Sync(Box::new(exchange.clone())));
    peer.exchange(node.for_peer(&BTreeMap::new()));
    let rows = peer.state.shared().unwrap().rows().values();
    assert_eq!(rows.map(|row| row.events).collect::<Vec<_>>(), [15, 3]);
    assert_alike(&peer.state, &pooled(&spec, 0..18));
    // Its present life can't be closed at a version that it has passed.
    let error = node.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
    assert!(error.unwrap_err().message.contains("no former life"));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    let mut other = Node::new(2, &json!("MultinomialNB"));
    (0..9).for_each(|i| {
        node.learn(i);
        other.learn(i + 100);
    });
    other.exchange(Vec::new());
    let part = other.for_peer(&BTreeMap::new()).remove(0);
    let before = node.state.save();
    let mut refused = |parts: Vec<Part>| {
        let mut exchange = Exchange::new(node.me, Codec::Exact);
        exchange.parts = parts;
        let error = node.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(node.state.save(), before);
        error.unwrap_err().message
    };
    let other_hash = Part { hash: [9; 32], ..part.clone() };
    assert!(refused(vec![other_hash]).contains("not what its origin signed"));
    assert!(refused(vec![part.clone(); 65]).contains("an exchange of 65 parts"));
    let tree = Node::new(3, &json!("HoeffdingTreeClassifier"));
    let mut exchange = Exchange::new(tree.me, Codec::Exact);
    exchange.parts = vec![part];
    let mut state = tree.state;
    let error = state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
    assert!(error.unwrap_err().message.contains("send its peers the events"));
}

#[test]
fn parts_and_exchanges_come_back_from_their_bytes_and_damage_is_refused() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    (0..50).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let part = node.for_peer(&BTreeMap::new()).remove(0);
    let bytes = part.to_bytes();
    assert_eq!(Part::from_bytes(&bytes).unwrap(), part);
    for at in 0..bytes.len() {
        // Whatever it is, it does not come in as something that was signed.
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        if let Ok(other) = Part::from_bytes(&damaged) {
            let mut peer = Node::new(2, &json!("MultinomialNB"));
            let same = other.content == part.content;
            let mut exchange = Exchange::new(peer.me, Codec::Exact);
            exchange.parts.push(other);
            let turned =
                peer.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
            assert!(same || turned.is_err() || peer.seen() == 0, "byte {at}");
        }
        assert!(Part::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}

/// What a peer that has `theirs` gets, as events where the newest contribution is of events.
fn by_events(node: &Node, theirs: &BTreeMap<Origin, u64>) -> Vec<Part> {
    let lesson = node.state.lesson().expect("a contribution by events");
    let mut parts = node.for_peer(theirs);
    let part = parts.iter_mut().find(|part| part.origin == lesson.origin).unwrap();
    assert_eq!((lesson.from, lesson.to), (theirs.get(&node.me).copied().unwrap_or(0), part.to));
    (part.from, part.content) = (lesson.from, Content::Events(lesson.events.clone()));
    parts
}

#[test]
fn events_told_become_the_same_rows_as_sums() {
    for spec in [
        json!("MultinomialNB"),
        json!({"pipeline": ["StandardScaler", "LogisticRegression"]}),
        json!("BayesianLinearRegression"),
    ] {
        let spec = if spec.is_string() { spec } else { spec["pipeline"].clone() };
        let binary = spec.is_array();
        let learn = |node: &mut Node, i: u64| {
            let (row, target) = row(i);
            let target = match &spec {
                _ if binary => Target::Bool(i.is_multiple_of(3)),
                spec if *spec == json!("MultinomialNB") => target,
                _ => Target::Number(i as f64 / 7.0),
            };
            let weight = if i.is_multiple_of(4) { 2.0 } else { 1.0 };
            node.turn(What::Learn { row, target, weight });
        };
        let mut nodes = [1, 2, 3].map(|n| Node::new(n, &spec));
        for node in &mut nodes {
            node.exchange(Vec::new());
        }
        for round in 0..4_u64 {
            for (n, node) in (0_u64..).zip(&mut nodes) {
                (0..20 + round).for_each(|i| learn(node, 1_000 * n + 100 * round + i));
                node.codec = if round == 3 { Codec::F32 } else { Codec::Events };
            }
            let [a, b, c] = &mut nodes;
            a.exchange(Vec::new());
            // The one learns what it is told, the other takes the sums.
            let told = if round == 3 {
                assert!(a.state.lesson().is_none());
                a.for_peer(&b.vector())
            } else {
                by_events(a, &b.vector())
            };
            b.exchange(told);
            c.exchange(a.for_peer(&c.vector()));
            assert_eq!(
                b.state.shared().unwrap().rows()[&a.me].hash,
                a.state.shared().unwrap().rows()[&a.me].hash,
                "{spec}"
            );
            // By events, who learned nothing contributes nothing: what rounding left stays.
            for node in &mut nodes {
                node.codec = Codec::Events;
            }
            for (from, to) in [(1, 0), (2, 0), (0, 1), (0, 2), (2, 1), (1, 2)] {
                let parts = nodes[from].for_peer(&nodes[to].vector());
                nodes[to].exchange(parts);
            }
            assert_eq!(nodes[0].hash(), nodes[1].hash(), "round {round} of {spec}");
            assert_eq!(nodes[0].hash(), nodes[2].hash(), "round {round} of {spec}");
        }
    }
}

#[test]
fn events_that_are_told_wrongly_are_refused() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    node.exchange(Vec::new());
    (0..9).for_each(|i| node.learn(i));
    node.codec = Codec::Events;
    node.exchange(Vec::new());
    let part = by_events(&node, &peer.vector()).remove(0);
    let before = peer.state.save();
    let written = |events: &[Event]| {
        let mut batch = her_identity::event::Batch::default();
        assert!(events.iter().all(|event| batch.push(event)));
        batch.take()
    };
    let mut refused = |events: Vec<u8>| {
        let content = Content::Events(events.into());
        let mut exchange = Exchange::new(peer.me, Codec::Exact);
        exchange.parts = vec![Part { content, ..part.clone() }];
        let error = peer.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(peer.state.save(), before);
        error.unwrap_err().message
    };
    let learn = |i| {
        let (row, target) = row(i);
        event(What::Learn { row, target, weight: 1.0 })
    };
    let eight: Vec<Event> = (0..8).map(learn).collect();
    assert!(refused(written(&eight)).contains("not what its origin signed"));
    // No frame of ours holds so many.
    let (one, two) = (written(&[learn(1)]), written(&[learn(1), learn(1)]));
    let many = [&one[..], &two[one.len()..].repeat(256)].concat();
    assert!(refused(many).contains("more than 256 events"));
    assert!(refused(written(&[event(What::Freeze)])).contains("none of learning"));
    let (row, _) = row(1);
    let number = What::Learn { row, target: Target::Number(0.5), weight: 1.0 };
    assert!(!refused(written(&[event(number)])).is_empty());
    let exchange = Exchange { parts: vec![part], ..Exchange::new(peer.me, Codec::Exact) };
    peer.turn(What::Sync(Box::new(exchange)));
    assert_eq!(peer.seen(), 9, "as it was told, it is taken");
}

#[test]
fn more_events_than_one_part_takes_go_as_numbers_and_offers_tell_what_they_keep() {
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let mut node = Node::new(1, &spec);
    let learn = |node: &mut Node, i: u64| {
        let row = Row::from_json(&json!({ "a": (i * 7919 % 13) as f64, "b": 1.0 })).unwrap();
        let target = Target::Bool(i * 7919 % 13 > 6);
        node.turn(What::Learn { row, target, weight: 1.0 });
    };
    node.exchange(Vec::new());
    assert!(node.state.offers(&mut Desk::default()).unwrap().iter().all(|o| o.gain_kept.is_none()));
    (0..200).for_each(|i| learn(&mut node, i));
    let offers = node.state.offers(&mut Desk::default()).unwrap();
    let kept = |codec| offers.iter().find(|o| o.codec == codec).unwrap().gain_kept.unwrap();
    assert_eq!(offers.len(), 6);
    assert_eq!(kept(Codec::Exact), 1.0);
    assert!(kept(Codec::F32) > 0.9999 && kept(Codec::Events) > 0.97, "{}", kept(Codec::Events));
    assert!(kept(Codec::TopK) < kept(Codec::I8));
    (200..300).for_each(|i| learn(&mut node, i));
    let offers = node.state.offers(&mut Desk::default()).unwrap();
    assert!(offers.iter().all(|offer| offer.codec != Codec::Events), "300 events are too many");
    node.codec = Codec::Events;
    node.exchange(Vec::new());
    assert!(node.state.lesson().is_none());
}

/// What a peer without sums learned from one version up to another, for others to learn.
fn lived(node: &Node, from: u64, events: std::ops::Range<u64>) -> Part {
    let all: Vec<_> = events.clone().map(row).collect();
    let told = all.iter().map(|(row, target)| (row, target, 1.0));
    let content = Content::lived(told).unwrap();
    let hash = content.hash_after(from, [0; 32]);
    let (_, _, to) = *node.state.shared().unwrap().spans().last().unwrap();
    let (events, signature) = (events.end - events.start, Box::new([0; 64]));
    Part { origin: node.me, from, to, events, content, hash, signature }
}

#[test]
fn events_that_were_lived_are_learned_once_and_in_order() {
    let spec = json!({"KNNClassifier": {"n_neighbors": 3}});
    let (mut a, mut b) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..20).for_each(|i| a.learn(i));
    a.exchange(Vec::new());
    let first = lived(&a, 0, 0..20);
    (20..30).for_each(|i| a.learn(i));
    a.exchange(Vec::new());
    let second = lived(&a, first.to, 20..30);
    assert_eq!(a.state.shared().unwrap().spans(), [(a.me, 0, second.to)]);
    // One that comes too early waits to be told again; one that comes twice is learned once.
    b.exchange(vec![first.clone()]);
    let gap = Part {
        from: first.to + 3,
        hash: Content::hash_after(&second.content, first.to + 3, [0; 32]),
        ..second.clone()
    };
    b.exchange(vec![gap]);
    assert_eq!(b.seen(), 20);
    b.exchange(vec![second.clone(), first.clone(), second.clone()]);
    b.exchange(vec![second.clone()]);
    assert_eq!(b.seen(), 30);
    assert_eq!(opinions(&a.state), opinions(&b.state));
    assert_eq!(b.state.figures().learned, 0, "what others lived through is not its own");
    // A saved state knows what it has heard, and does not tell it on.
    let saved = State::load(&b.state.save(), &Catalog::builtin()).unwrap();
    assert_eq!(saved.shared(), b.state.shared());
    assert_eq!(saved.shared().unwrap().missing(&BTreeMap::new()).count(), 0);
    // What was not signed so is refused before anything is learned.
    let before = b.state.save();
    let mut refused = |part: Part| {
        let mut exchange = Exchange::new(b.me, Codec::Exact);
        exchange.parts = vec![part];
        let error = b.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(b.state.save(), before);
        error.unwrap_err().message
    };
    assert!(refused(Part { from: 1, ..first.clone() }).contains("not what their origin signed"));
    assert!(refused(Part { events: 21, ..first.clone() }).contains("20 events as 21"));
    let (number, _) = row(3);
    let other = Content::lived([(&number, &Target::Number(0.5), 1.0)].into_iter()).unwrap();
    let hash = other.hash_after(0, [0; 32]);
    let other = Part { content: other, hash, events: 1, ..first.clone() };
    assert!(refused(other).contains("another task"));
    // A retracted peer is not heard.
    let mut exchange = Exchange::new(b.me, Codec::Exact);
    exchange.retract = vec![a.me.peer];
    b.turn(What::Sync(Box::new(exchange)));
    let before = opinions(&b.state);
    b.exchange(vec![first]);
    assert_eq!((b.seen(), opinions(&b.state)), (0, before));
}

#[test]
fn a_branch_of_one_without_sums_goes_on_where_the_former_ends() {
    let mut node = Node::new(1, &json!("HoeffdingTreeClassifier"));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    (10..15).for_each(|i| node.learn(i));
    let version = node.state.version();
    node.turn(What::Branched { parent: node.me.peer.identity, version });
    let former = node.me;
    (15..18).for_each(|i| node.learn(i));
    node.me.peer.identity = IdentityId([77; 16]);
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left = vec![former.peer];
    node.turn(What::Sync(Box::new(exchange)));
    let shared = node.state.shared().unwrap();
    assert_eq!(shared.spans(), [(former, 0, version), (node.me, version, node.state.version())]);
    let events = |origin| shared.rows()[origin].events;
    assert_eq!((events(&former), events(&node.me)), (15, 3));
}

/// Who only listened has no row. Its next life can exchange all the same, and so can that of one
/// that learned and was never asked.
#[test]
fn a_life_that_contributed_nothing_is_closed_too() {
    let spec = json!("MultinomialNB");
    let (mut node, mut other) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..5).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    let begin = |node: &mut Node, learned: Option<u64>| {
        let closing = node.closing();
        node.me.life += 1;
        if let Some(i) = learned {
            node.learn(i);
        }
        let mut exchange = Exchange::new(node.me, Codec::Exact);
        (exchange.closing, exchange.weigh) = (Some(closing), false);
        exchange.parts = other.for_peer(&BTreeMap::new());
        node.turn(What::Sync(Box::new(exchange)));
        node.state.shared().unwrap().rows().iter().map(|(o, r)| (o.life, r.events)).collect()
    };
    let rows: Vec<(u64, u64)> = begin(&mut node, Some(50));
    assert_eq!(rows, [(2, 1), (1, 5)], "the life that only listened has no row");
    node.me.life = 3;
    node.exchange(Vec::new());
    node.learn(51);
    let rows: Vec<(u64, u64)> = begin(&mut node, None);
    assert_eq!(rows, [(2, 1), (3, 1), (1, 5)], "what the third one learned is told as its own");
    assert_alike(&node.state, &pooled(&spec, (0..5).chain([50, 51])));
}

/// Its row of that number is with peers already: it does not change under them.
#[test]
fn a_life_that_ended_when_it_contributed_leaves_its_row_as_it_is() {
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    for i in 0..20_u64 {
        let x = Row::from_json(&json!({ "a": i * 37 % 101, "b": i % 7 })).unwrap();
        let target = Target::Bool(i * 37 % 101 > 50);
        node.turn(What::Learn { row: x, target, weight: 1.0 });
    }
    node.codec = Codec::I8;
    node.exchange(Vec::new());
    assert!(!node.state.shared().unwrap().residue().is_empty(), "rounding took something off");
    peer.exchange(node.for_peer(&BTreeMap::new()));
    let mut exchange = Exchange::new(Origin { life: 2, ..node.me }, Codec::Exact);
    exchange.closing = Some(node.closing());
    node.turn(What::Sync(Box::new(exchange)));
    assert!(node.state.shared().unwrap().residue().is_empty());
    peer.exchange(node.for_peer(&peer.vector()));
    assert_eq!(peer.hash(), node.hash());
}

/// Read whole by an exchange that does not weigh, it is read on until own events speak.
#[test]
fn a_peer_that_is_read_whole_stays_so_until_own_events_speak_against_it() {
    let spec = json!("MultinomialNB");
    let (mut node, mut other) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..40).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    assert_alike(&node.state, &pooled(&spec, 0..40));
    node.learn(41);
    node.turn(What::Sync(Box::new(Exchange::new(node.me, Codec::Exact))));
    let trust = node.state.shared().unwrap().trust()[&other.me.peer];
    assert_eq!((trust.weight, trust.events), (Weight::Whole, 1.0));
    assert_alike(&node.state, &pooled(&spec, (0..40).chain([41])));
}
