//! A second pass over the newest events: exact wherever it is replayed, and of no figure.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use her_identity::ErrorKind;
use her_identity::event::{Birth, Event, What};
use her_identity::house::{Config, House};
use her_identity::turn::{Again, State};
use her_learn::{Catalog, Row, Target};
use serde_json::{Value, json};

fn open(dir: &Path) -> House {
    let mut config = Config::new(dir);
    config.shards = 1;
    config.journal.segment_bytes = 1 << 20;
    House::open(config, Catalog::builtin()).unwrap()
}

fn birth(rehearse: u32) -> Birth {
    Birth::from_json(&json!({
        "model": ["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}],
        "shadow_after": 50, "snapshot_every": 1000, "rehearse": rehearse,
    }))
    .unwrap()
}

fn row(i: u64) -> Row {
    Row::from_json(&json!({"a": (i * 7919) % 101, "b": (i * 104_729) % 103})).unwrap()
}

fn learn(house: &House, i: u64) -> Event {
    let target = Target::Bool((i * 7919) % 101 > (i * 104_729) % 103);
    house.event(What::Learn { row: row(i), target, weight: 1.0 + (i % 3) as f64 })
}

fn stream(house: &House, name: &str, from: u64, to: u64) {
    let events = (from..to).map(|i| learn(house, i)).collect();
    assert!(house.submit_wait(name, events).unwrap().iter().all(Result::is_ok));
}

fn one(house: &House, name: &str, what: What) -> her_identity::Result<u64> {
    house.submit_wait(name, vec![house.event(what)]).unwrap().remove(0).map(|r| r.version)
}

fn look<T: Send + 'static>(house: &House, look: fn(&State) -> T) -> T {
    house.look("sam", move |identity| look(identity.state())).unwrap()
}

fn figures(state: &State) -> Value {
    state.figures().to_json(state.model().task())
}

fn rehearse(house: &House, again: Again) -> her_identity::Result<u64> {
    one(house, "sam", What::Rehearse { from: again.from, to: again.to })
}

/// Learns, passes over it twice in steps, with late labels and a rewind between.
fn live(house: &House) {
    house.create("sam", &birth(32)).unwrap();
    stream(house, "sam", 0, 100);
    one(house, "sam", What::Remember { key: "k".into(), row: row(7) }).unwrap();
    one(house, "sam", What::Label { key: "k".into(), target: Target::Bool(true) }).unwrap();
    let mut passed = Vec::new();
    while let Some(again) = look(house, |s| s.to_rehearse(10)) {
        passed.push(again.events);
        rehearse(house, again).unwrap();
        assert!(passed.len() <= 4, "it begins again: {again:?}");
    }
    assert_eq!(passed, [10, 10, 10, 2]);
    stream(house, "sam", 100, 120);
    rehearse(house, look(house, |s| s.to_rehearse(64)).unwrap()).unwrap();
}

#[test]
fn a_replay_gives_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    live(&house);
    let before = look(&house, State::save);
    house.verify("sam").unwrap();
    // A branch in the middle has the same events to pass over, and goes on alike.
    house.fork("sam", "eve", Some(104)).unwrap();
    let next = |name: &str| house.look(name, |i| i.state().to_rehearse(10)).unwrap();
    assert_eq!(house.at("sam", 104).unwrap().to_rehearse(10), next("eve"));
    stream(&house, "eve", 5, 9);
    house.verify("eve").unwrap();
    house.close();
    // From the snapshot of the end, and from none at all.
    let house = open(dir.path());
    assert_eq!(look(&house, State::save), before);
    house.verify("sam").unwrap();
    house.close();
    std::fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let house = open(dir.path());
    assert_eq!(look(&house, State::save), before);
    house.close();
}

#[test]
fn it_learns_and_no_figure_counts_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(64)).unwrap();
    stream(&house, "sam", 0, 100);
    let (before, weights) = (look(&house, figures), look(&house, |s| s.model().save()));
    let again = look(&house, |s| s.to_rehearse(64)).unwrap();
    assert_eq!(again, Again { from: 38, to: 101, events: 64 });
    assert_eq!(rehearse(&house, again).unwrap(), 102);
    let mut after = look(&house, figures);
    assert_eq!(after["rehearsed"], 64);
    after["rehearsed"] = 0.into();
    assert_eq!(after, before, "scores, drift, path and counts are of the first pass");
    assert_ne!(look(&house, |s| s.model().save()), weights, "but the model learned");
    let line = house.log("sam", 102, 1).unwrap().remove(0);
    let told = (&line["event"], &line["from"], &line["to"]);
    assert_eq!(told, (&json!("rehearse"), &json!(38), &json!(101)));
    // Each event a second time, and no third.
    assert_eq!(look(&house, |s| s.to_rehearse(64)), None);
    assert_eq!(rehearse(&house, again).unwrap_err().kind, ErrorKind::Invalid);
    stream(&house, "sam", 100, 101);
    let next = look(&house, |s| s.to_rehearse(64));
    assert_eq!(next, Some(Again { from: 103, to: 103, events: 1 }));
    house.close();
}

#[test]
fn what_can_not_be_passed_over_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(8)).unwrap();
    stream(&house, "sam", 0, 20);
    let before = look(&house, State::save);
    for (from, to) in [(2, 9), (13, 21), (14, 22), (21, 14), (0, 0), (14, u64::MAX)] {
        let refused = one(&house, "sam", What::Rehearse { from, to }).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Invalid, "{from} to {to}");
    }
    assert_eq!(look(&house, State::save), before);
    one(&house, "sam", What::Freeze).unwrap();
    assert_eq!(look(&house, |s| s.to_rehearse(8)), None);
    let frozen = one(&house, "sam", What::Rehearse { from: 14, to: 21 }).unwrap_err();
    assert_eq!(frozen.kind, ErrorKind::Frozen);
    assert!(Birth::from_json(&json!({"model": "LinearRegression", "rehearse": 257})).is_err());
    house.close();
}

#[test]
fn without_the_option_nothing_is_kept_and_nothing_written() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth(0)).unwrap();
    stream(&house, "sam", 0, 20);
    assert_eq!(look(&house, |s| s.to_rehearse(8)), None);
    let refused = one(&house, "sam", What::Rehearse { from: 2, to: 3 }).unwrap_err();
    assert!(refused.message.contains("its spec says no rehearse"), "{refused}");
    let size = |house: &House| look(house, |s| s.save().len());
    let plain = size(&house);
    house.create("eve", &birth(8)).unwrap();
    stream(&house, "eve", 0, 20);
    let kept = house.look("eve", |i| i.state().save().len()).unwrap();
    assert!(kept > plain + 8 * 16, "{kept} {plain}");
    assert_eq!(house.head("sam").unwrap().seq, 21);
    house.close();
}

#[test]
fn rows_that_are_kept_have_a_bound_in_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    let birth = json!({"model": ["BagOfWords", "LogisticRegression"], "rehearse": 256});
    house.create("sam", &Birth::from_json(&birth).unwrap()).unwrap();
    let long = "word ".repeat(10_000);
    for i in 0..60 {
        let row = Row::from_json(&json!({ "text": long })).unwrap();
        let what = What::Learn { row, target: Target::Bool(i % 2 == 0), weight: 1.0 };
        one(&house, "sam", what).unwrap();
    }
    let again = look(&house, |s| s.to_rehearse(256)).unwrap();
    assert!((10..=20).contains(&again.events), "{again:?}");
    house.verify("sam").unwrap();
    house.close();
}
