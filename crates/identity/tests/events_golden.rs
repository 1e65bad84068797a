//! Events and states as they were first written: every later build opens them, for ever.
//!
//! With `HER_WRITE_GOLDEN=1` the files of the newest formats are written, and no older ones: a new
//! format gets a new name.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};

use her_identity::event::{Batch, Birth, Event, Request, What, decode};
use her_identity::figures::ALARMS_KEPT;
use her_identity::journal::IdentityId;
use her_identity::sync::shared::hash_of;
use her_identity::sync::{Closing, Codec, Content, Exchange, Origin, Part, Peer, Piece};
use her_identity::turn::{Desk, State};
use her_learn::merge::{Fixed, Key, Sums};
use her_learn::{Catalog, Label, Row, Target};
use serde_json::json;

fn golden(name: &str, written: &[u8]) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, written).unwrap();
    }
    std::fs::read(&path).unwrap()
}

fn row(i: u64) -> Row {
    Row::from_json(&json!({"a": i as f64 / 3.0, "b": (i % 7) as f64, "word": "blå"})).unwrap()
}

fn birth(rehearse: u32) -> Birth {
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 20,
                      "licence": "MIT", "rehearse": rehearse});
    Birth::from_json(&spec).unwrap()
}

fn event(at_ms: u64, what: What) -> Event {
    Event { at_ms, request: None, what }
}

/// Every kind of the first format.
fn first() -> Vec<Event> {
    let target = |text: &str| Target::Text(text.into());
    let asked = Request { client: "watch".into(), n: 300 };
    vec![
        event(1, What::Born(Box::new(birth(0)))),
        event(2, What::Branched { parent: IdentityId([7; 16]), version: 1 << 40 }),
        event(3, What::Learn { row: row(1), target: Target::Bool(true), weight: 1.0 }),
        event(4, What::Learn { row: row(2), target: Target::Number(-0.5), weight: 2.5 }),
        event(5, What::Learn { row: Row::default(), target: Target::None, weight: 1.0 }),
        Event { request: Some(asked), ..event(6, What::Remember { key: "k".into(), row: row(3) }) },
        event(7, What::Label { key: "k".into(), target: target("rød") }),
        event(1 << 41, What::Freeze),
    ]
}

/// An exchange that may read steps as their mean.
fn means() -> What {
    let What::Sync(mut exchange) = sync() else { panic!("sync") };
    exchange.means = true;
    What::Sync(exchange)
}

/// A contribution by events, and one that came so.
fn told() -> What {
    let mut lesson = Batch::default();
    for i in 4..7 {
        let (row, target) = (row(i), Target::Bool(i % 2 == 0));
        assert!(lesson.push(&event(0, What::Learn { row, target, weight: i as f64 / 4.0 })));
    }
    let What::Sync(mut exchange) = sync() else { panic!("sync") };
    exchange.codec = Codec::Events;
    exchange.parts[0].content = Content::Events(lesson.take().into());
    What::Sync(exchange)
}

/// What one peer contributed comes to another one, with everything else that may come with it.
fn sync() -> What {
    let peer = |n: u8| Peer { key: [n; 32], identity: IdentityId([n + 1; 16]) };
    let sums = |x: f64| -> Sums {
        let key = |class| Key {
            tensor: "1/weights".into(),
            class,
            feature: Some("blå".into()),
            other: None,
        };
        let cell = |x| Box::from([Fixed::of(x)]);
        [(key(None), cell(x)), (key(Some(Label::Text("rød".into()))), cell(-x / 3.0))]
            .into_iter()
            .collect()
    };
    let part = Part {
        origin: Origin { peer: peer(1), life: 1 << 60 },
        from: 0,
        to: 300,
        events: 299,
        hash: hash_of(&sums(0.5)),
        content: Content::Sums(sums(0.5)),
        signature: Box::new([5; 64]),
    };
    What::Sync(Box::new(Exchange {
        me: Origin { peer: peer(3), life: 4 },
        codec: Codec::I4,
        weigh: true,
        means: false,
        parts: vec![part],
        retract: vec![peer(7)],
        left: vec![peer(9)],
        closing: Some(Closing { version: 70, events: 3, learned: sums(1e9) }),
        inherited: true,
    }))
}

/// The first bytes of an exchange that has more of them.
fn piece() -> Piece {
    let bytes: Vec<u8> = (0..200_u8).collect();
    Piece { at: 0, of: 400_000, bytes: bytes.into() }
}

fn payload(events: &[Event]) -> Vec<u8> {
    let mut batch = Batch::default();
    assert!(events.iter().all(|event| batch.push(event)));
    batch.take()
}

fn read(payload: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    decode(payload, &mut Vec::new(), &mut |event| {
        events.push(event);
        Ok(())
    })
    .unwrap();
    events
}

#[test]
fn events_of_every_format_are_read_and_written_alike() {
    let first = first();
    let second =
        [&first[2..5], &[event(9, What::Rehearse { from: 2, to: 1 << 33 })], &first[7..]].concat();
    let third = [&second[1..4], &[event(10, What::Rest)], &second[4..]].concat();
    let fourth = [&third[1..3], &[event(11, sync())], &third[3..]].concat();
    let fifth = [&fourth[1..], &[event(12, told())], &third[3..]].concat();
    let sixth = [&fifth[1..], &[event(13, What::Piece(piece()))], &third[3..]].concat();
    let seventh = [&sixth[1..], &[event(14, means())], &third[3..]].concat();
    let all = [
        ("events-v1.bin", 1, &first),
        ("events-v2.bin", 2, &second),
        ("events-v3.bin", 3, &third),
        ("events-v4.bin", 4, &fourth),
        ("events-v5.bin", 5, &fifth),
        ("events-v6.bin", 6, &sixth),
        ("events-v7.bin", 7, &seventh),
    ];
    for (name, version, events) in all {
        let written = payload(events);
        let bytes = golden(name, &written);
        assert_eq!(bytes[0], version, "{name}");
        assert_eq!(read(&bytes), *events, "{name}");
        assert_eq!(bytes, written, "{name}: the same events give the same bytes for ever");
    }
    // An event that did not fit leaves no mark on the frame before it.
    let mut batch = Batch::default();
    let much = Row::from_json(&json!({ "text": "x".repeat(60_000) })).unwrap();
    let learn = What::Learn { row: much, target: Target::None, weight: 1.0 };
    while batch.push(&event(1, learn.clone())) {}
    assert_eq!(batch.take()[0], 1);
    let newer = [8, 0];
    let refused = decode(&newer, &mut Vec::new(), &mut |_| Ok(())).unwrap_err();
    assert_eq!(refused.kind, her_identity::ErrorKind::Unsupported);
}

fn numbers(i: u64) -> Row {
    Row::from_json(&json!({"a": (i * 7919) % 101, "b": 1})).unwrap()
}

/// A life whose truth turns round often, so that there are alarms.
fn life(rehearse: u32, events: u64) -> State {
    let (catalog, mut desk) = (Catalog::builtin(), Desk::default());
    let mut state = State::born(birth(rehearse), &catalog).unwrap();
    for i in 0..events {
        let truth = ((i * 7919) % 101 > 50) != (i / 400 % 2 == 0);
        let what = What::Learn { row: numbers(i), target: Target::Bool(truth), weight: 1.0 };
        state.turn(&event(1_000 + i, what), &mut desk).unwrap();
        if i % 10 == 9
            && let Some(again) = state.to_rehearse(8)
        {
            let what = What::Rehearse { from: again.from, to: again.to };
            state.turn(&event(1_000 + i, what), &mut desk).unwrap();
        }
    }
    let asks = What::Remember { key: "k".into(), row: numbers(1) };
    state.turn(&event(9, asks), &mut desk).unwrap();
    state
}

#[test]
fn states_of_every_format_are_loaded_and_go_on() {
    let catalog = Catalog::builtin();
    let (plain, full) = (life(0, 60), life(16, 1_500));
    assert!(plain.figures().more.alarms.is_empty() && !full.figures().more.alarms.is_empty());
    assert!(full.figures().more.rehearsed > 1_000);
    let mut shared = life(0, 60);
    let What::Sync(mut exchange) = sync() else { unreachable!("it is one") };
    (exchange.closing, exchange.inherited) = (None, false);
    shared.turn(&event(10, What::Sync(exchange)), &mut Desk::default()).unwrap();
    assert_eq!(shared.shared().unwrap().rows().len(), 2);
    // One that has weighed what its peers tell together.
    let mut together = life(0, 60);
    for i in 0..30 {
        if i % 10 == 0 {
            let What::Sync(mut exchange) = means() else { unreachable!("it is one") };
            (exchange.closing, exchange.inherited) = (None, false);
            together.turn(&event(10, What::Sync(exchange)), &mut Desk::default()).unwrap();
        }
        let what = What::Learn { row: numbers(i), target: Target::Bool(i % 3 == 0), weight: 1.0 };
        together.turn(&event(11, what), &mut Desk::default()).unwrap();
    }
    assert!(together.shared().unwrap().together().judged.events > 16.0);
    let mut pieces = life(0, 60);
    pieces.turn(&event(10, What::Piece(piece())), &mut Desk::default()).unwrap();
    let all = [
        ("state-v1.bin", plain),
        ("state-later.bin", full),
        ("state-shared.bin", shared),
        ("state-together.bin", together),
        ("state-pieces.bin", pieces),
    ];
    for (name, mut state) in all {
        let bytes = golden(name, &state.save());
        let mut loaded = State::load(&bytes, &catalog).unwrap();
        assert_eq!(loaded.save(), state.save(), "{name}: what was saved is what is lived again");
        let mut desk = Desk::default();
        let late = What::Label { key: "k".into(), target: Target::Bool(true) };
        for what in [late, What::Freeze] {
            let next = event(20, what);
            let (one, other) = (state.turn(&next, &mut desk), loaded.turn(&next, &mut desk));
            assert_eq!(one.unwrap(), other.unwrap());
        }
        assert_eq!(loaded.save(), state.save(), "{name}");
    }
}

#[test]
fn the_newest_alarms_are_kept_with_their_times() {
    let state = life(0, 150_000);
    let (figures, alarms) = (state.figures(), &state.figures().more.alarms);
    assert!(figures.drift_alarms > ALARMS_KEPT as u64, "{}", figures.drift_alarms);
    assert_eq!(alarms.len(), ALARMS_KEPT);
    assert_eq!(alarms.back().unwrap().version, figures.drift_last);
    assert!(alarms.iter().zip(alarms.iter().skip(1)).all(|(a, b)| a.version < b.version));
    assert!(alarms.iter().all(|a| a.at_ms == 1_000 + a.version - 2));
}
