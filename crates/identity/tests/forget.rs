//! What was forgotten has never been: the state is to the bit that of who never saw it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use her_identity::ErrorKind;
use her_identity::event::{Birth, Event, Request, What};
use her_identity::house::{Config, House, Span};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

fn open(dir: &Path) -> House {
    let mut config = Config::new(dir);
    config.shards = 2;
    config.journal.segment_bytes = 1 << 20;
    House::open(config, Catalog::builtin()).unwrap()
}

fn birth(model: &serde_json::Value) -> Birth {
    Birth::from_json(&json!({
        "model": model, "shadow_after": 50, "snapshot_every": 1000, "rehearse": 32,
    }))
    .unwrap()
}

fn classifier() -> serde_json::Value {
    json!(["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}])
}

fn row(i: u64) -> Row {
    Row::from_json(&json!({"a": (i * 7919) % 101, "b": (i * 104_729) % 103})).unwrap()
}

/// An event of a time that two lives share, with a request number.
fn event(i: u64, what: What) -> Event {
    let client = format!("client-{}", i % 3).into();
    Event { at_ms: 1_000 + i * 10, request: Some(Request { client, n: i + 1 }), what }
}

fn learn(i: u64) -> Event {
    let target = Target::Bool((i * 7919) % 101 > (i * 104_729) % 103);
    event(i, What::Learn { row: row(i), target, weight: 1.0 + (i % 2) as f64 })
}

fn ask(i: u64, key: &str) -> Event {
    event(i, What::Remember { key: key.into(), row: row(i) })
}

fn label(i: u64, key: &str) -> Event {
    event(i, What::Label { key: key.into(), target: Target::Bool(i.is_multiple_of(2)) })
}

fn again(i: u64, from: u64, to: u64) -> Event {
    event(i, What::Rehearse { from, to })
}

fn live(house: &House, name: &str, events: &[Event]) {
    for reply in house.submit_wait(name, events.to_vec()).unwrap() {
        reply.unwrap();
    }
}

fn bytes(house: &House, name: &str) -> Vec<u8> {
    house.look(name, |identity| identity.state().save()).unwrap()
}

fn span(from: u64, to: u64) -> Span {
    Span { from, to }
}

/// A life with everything that hangs on versions, keys and numbers. Versions begin at 2.
fn life() -> Vec<Event> {
    let mut all: Vec<Event> = (0..60).map(learn).collect(); // 2..=61
    all.push(ask(60, "before")); // 62: labelled within what is struck
    all.push(ask(61, "waits")); // 63: labelled after it
    all.extend((62..70).map(learn)); // 64..=71
    all.push(ask(70, "inside")); // 72: struck
    all.push(label(71, "before")); // 73: struck
    all.extend((72..75).map(learn)); // 74..=76
    all.push(again(75, 70, 75)); // 77: ends within what is struck
    all.extend((76..80).map(learn)); // 78..=81
    all.push(label(80, "inside")); // 82: its prediction is gone
    all.push(label(81, "waits")); // 83
    all.push(ask(82, "before")); // 84: waits still in the new life
    all.push(label(83, "before")); // 85: what it labels is not asked there
    all.push(again(84, 76, 83)); // 86
    all.extend((85..95).map(learn)); // 87..=96
    all.push(ask(95, "open")); // 97
    all
}

/// The same without versions 72 to 79.
fn without() -> Vec<Event> {
    let all = life();
    let mut rest: Vec<Event> = all[..70].to_vec(); // ..=71
    rest.push(again(75, 70, 71)); // 72
    rest.extend_from_slice(&all[78..80]); // 80, 81 are 73, 74
    rest.push(label(81, "waits")); // 75
    rest.push(again(84, 73, 75)); // 76
    rest.extend_from_slice(&all[85..]);
    rest
}

#[test]
fn a_life_without_is_that_of_who_never_saw_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    let others = [
        classifier(),
        json!({"HoeffdingTreeClassifier": {"grace_period": 10}}),
        json!(["StandardScaler", {"ARFClassifier": {"n_models": 3, "seed": 7}}]),
    ];
    for (i, model) in others.iter().enumerate() {
        let (name, other) = (format!("sam-{i}"), format!("never-{i}"));
        house.create(&name, &birth(model)).unwrap();
        house.create(&other, &birth(model)).unwrap();
        live(&house, &name, &life());
        house.tag(&name, "early", Some(40)).unwrap();
        house.tag(&name, "struck", Some(76)).unwrap();
        house.tag(&name, "late", Some(96)).unwrap();
        live(&house, &other, &without());
        let would = house.would_forget(&name, span(72, 79)).unwrap();
        let done = house.forget(&name, span(72, 79), false).unwrap();
        assert_eq!(bytes(&house, &name), bytes(&house, &other), "{model}");
        // Five learned, two of them after the second pass, one asked and one labelled.
        assert_eq!((done.struck, done.left_out, done.kept), (7, 3, 71));
        assert_eq!((would.struck, would.kept, would.was), (7, 71, 97));
        assert_eq!((done.was, done.version), (97, 87));
        assert!(done.may_return.is_empty(), "all went on: {:?}", done.may_return);
        let tags = house.record(&name).unwrap().tags.clone();
        let tags: Vec<(&str, u64)> = tags.iter().map(|(k, v)| (&**k, *v)).collect();
        assert_eq!(tags, [("early", 40), ("late", 86), ("struck", 71)]);
        // It lives on: numbers that were done are not done again, those that were struck may be.
        let replies = house.submit_wait(&name, vec![learn(94), learn(72)]).unwrap();
        assert!(replies[0].as_ref().unwrap().duplicate);
        assert!(!replies[1].as_ref().unwrap().duplicate);
        live(&house, &name, &[label(200, "open")]);
        house.verify(&name).unwrap();
        let log = house.log(&name, 60, 100).unwrap();
        assert_eq!(log.len(), 89 - 59, "dense from version to version");
        assert!(log.iter().enumerate().all(|(i, line)| line["version"] == 60 + i as u64));
    }
    let before: Vec<_> = (0..3).map(|i| bytes(&house, &format!("sam-{i}"))).collect();
    house.close();
    let house = open(dir.path());
    let after: Vec<_> = (0..3).map(|i| bytes(&house, &format!("sam-{i}"))).collect();
    assert!(before == after, "the same bits come back");
    // What was struck is in the branch before, until it is erased.
    let past = house.record("sam-0").unwrap();
    assert_eq!(past.branches.len(), 2);
    assert_eq!(past.branches[1].forgot, Some(span(72, 79)));
}

#[test]
fn the_newest_may_be_forgotten_and_who_resends_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(&classifier())).unwrap();
    let all: Vec<Event> = (0..30).map(learn).collect();
    live(&house, "sam", &all);
    let early = house.at("sam", 21).unwrap().save();
    let done = house.forget("sam", span(22, 31), false).unwrap();
    assert_eq!((done.version, done.struck), (21, 10));
    assert_eq!(done.may_return, ["client-0", "client-1", "client-2"]);
    assert_eq!(bytes(&house, "sam"), early);
    house.close();
    let house = open(dir.path());
    assert_eq!(bytes(&house, "sam"), early, "a branch without an event of its own");
    live(&house, "sam", &all[20..22]);
    house.verify("sam").unwrap();
    // Everything from birth on, and a rewind after a forgetting.
    house.rewind("sam", 22).unwrap();
    live(&house, "sam", &[learn(40)]);
    house.forget("sam", span(1, 24), false).unwrap();
    house.verify("sam").unwrap();
    assert_eq!(house.at("sam", 2).unwrap().figures().learned, 0);
}

#[test]
fn a_freeze_that_a_branch_undid_stays_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("old", &birth(&classifier())).unwrap();
    live(&house, "old", &(0..10).map(learn).collect::<Vec<_>>());
    house.freeze("old").unwrap();
    house.fork("old", "sam", None).unwrap();
    live(&house, "sam", &(10..20).map(learn).collect::<Vec<_>>());
    let refused = house.forget("old", span(2, 3), false).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Frozen);
    for erase in [false, true] {
        house.forget("sam", span(4, 5), erase).unwrap();
        house.verify("sam").unwrap();
    }
    assert_eq!(house.look("sam", |i| i.state().figures().learned).unwrap(), 16);
}

#[test]
fn what_is_erased_is_gone_and_what_is_left_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    for name in ["sam", "never"] {
        house.create(name, &birth(&classifier())).unwrap();
    }
    live(&house, "sam", &life());
    live(&house, "never", &without());
    house.fork("sam", "eve", Some(90)).unwrap();
    house.rewind("sam", 97).unwrap();
    let old = house.record("sam").unwrap();
    let snapshots = |branch: usize| {
        let dir = dir.path().join("snapshots").join(old.branches[branch].id.to_string());
        dir.read_dir().map_or(0, Iterator::count)
    };
    assert_eq!(snapshots(1), 1, "that of its beginning");
    let done = house.forget("sam", span(72, 79), true).unwrap();
    let erased = done.erased.clone().unwrap();
    assert_eq!((erased.branches, erased.frames_of.len()), (2, 2));
    assert_eq!(erased.shared_with, ["eve"], "a fork has the same past");
    assert_eq!(snapshots(1), 0);
    let record = house.record("sam").unwrap();
    assert_eq!((record.branches.len(), record.branches[0].parent), (1, None));
    // The branch of the rewind is an event of its life, told in the journal of its own.
    let found = house.verify("sam").unwrap();
    assert_eq!((found.version, found.events), (88, 88));
    let learned = |name: &str| house.look(name, |i| i.state().figures().learned).unwrap();
    assert_eq!(learned("sam"), learned("never"));
    let weights = |name: &str| house.look(name, |i| i.state().model().save()).unwrap();
    assert_eq!(weights("sam"), weights("never"));
    house.verify("eve").unwrap();
    // The fork forgets as well: nobody shares what is left, and the rest of it goes.
    let done = house.forget("eve", span(72, 79), true).unwrap();
    assert_eq!(done.erased.unwrap().shared_with, [""; 0]);
    assert_eq!(snapshots(0), 0);
    house.close();
    open(dir.path()).verify("sam").unwrap();
}

#[test]
fn what_comes_meanwhile_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(&classifier())).unwrap();
    let first: Vec<Event> = (0..3_000).map(learn).collect();
    first.chunks(200).for_each(|chunk| live(&house, "sam", chunk));
    let done = AtomicBool::new(false);
    let taken = std::thread::scope(|scope| {
        let talk = |who: u64| {
            let (house, done) = (&house, &done);
            scope.spawn(move || {
                let mut n = 0;
                while !done.load(Ordering::Relaxed) {
                    n += 1;
                    let request = Some(Request { client: format!("talker-{who}").into(), n });
                    let event = Event { request, ..learn(who * 1_000_000 + n) };
                    let reply = house.submit_wait("sam", vec![event]).unwrap().remove(0).unwrap();
                    assert!(!reply.duplicate);
                }
                n
            })
        };
        let talkers = [talk(1), talk(2)];
        for i in 0..6 {
            // Of the first life only: what the talkers say stays.
            house.forget("sam", span(100 + i, 109 + i), i == 4).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        talkers.map(|t| t.join().unwrap())
    });
    let learned = house.look("sam", |i| i.state().figures().learned).unwrap();
    assert_eq!(learned, 3_000 - 60 + taken[0] + taken[1]);
    for (who, n) in [(1, taken[0]), (2, taken[1])] {
        assert_eq!(house.newest_request("sam", &format!("talker-{who}")).unwrap(), Some(n));
    }
    assert_eq!(house.forgetting("sam"), None);
    house.verify("sam").unwrap();
}

#[test]
fn a_range_that_means_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(&classifier())).unwrap();
    live(&house, "sam", &[learn(1), learn(2), again(3, 2, 3)]);
    let before = bytes(&house, "sam");
    for (range, kind, part) in [
        (span(0, 2), ErrorKind::Invalid, "versions begin at 1"),
        (span(3, 2), ErrorKind::Invalid, "no range"),
        (span(2, 5), ErrorKind::NotFound, "no version 5"),
        (span(1, 1), ErrorKind::Invalid, "learned nothing"),
        (span(4, 4), ErrorKind::Invalid, "learned nothing"),
    ] {
        for refused in [house.would_forget("sam", range), house.forget("sam", range, true)] {
            let error = refused.unwrap_err();
            assert_eq!(error.kind, kind, "{range:?}");
            assert!(error.message.contains(part), "{}", error.message);
        }
    }
    assert_eq!(house.forget("nobody", span(1, 1), false).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(bytes(&house, "sam"), before);
    assert_eq!(house.record("sam").unwrap().branches.len(), 1);
}
