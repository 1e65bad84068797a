//! A life in a house: learn, be asked, be labelled late, be closed, come back, go back.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use her_identity::event::{Birth, Event, Request, What};
use her_identity::house::{Config, House};
use her_identity::{ErrorKind, Result};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

fn open(dir: &Path) -> House {
    let mut config = Config::new(dir);
    config.shards = 2;
    config.journal.segment_bytes = 1 << 20;
    House::open(config, Catalog::builtin()).unwrap()
}

fn birth() -> Birth {
    Birth::from_json(&json!({
        "model": ["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}],
        "shadow_after": 50, "snapshot_every": 1000,
    }))
    .unwrap()
}

fn row(i: u64) -> Row {
    Row::from_json(&json!({"a": (i * 7919) % 101, "b": (i * 104_729) % 103})).unwrap()
}

fn truth(i: u64) -> Target {
    Target::Bool((i * 7919) % 101 > (i * 104_729) % 103)
}

fn learn(house: &House, i: u64) -> Event {
    house.event(What::Learn { row: row(i), target: truth(i), weight: 1.0 })
}

fn submit(house: &House, name: &str, events: Vec<Event>) -> Vec<Result<u64>> {
    let replies = house.submit_wait(name, events).unwrap();
    replies.into_iter().map(|r| r.map(|r| r.version)).collect()
}

fn stream(house: &House, name: &str, from: u64, to: u64) -> u64 {
    let mut version = 0;
    for chunk in (from..to).collect::<Vec<_>>().chunks(100) {
        let events = chunk.iter().map(|&i| learn(house, i)).collect();
        version = *submit(house, name, events).last().unwrap().as_ref().unwrap();
    }
    version
}

fn bytes(house: &House, name: &str) -> Vec<u8> {
    house.look(name, |identity| identity.state().save()).unwrap()
}

#[test]
fn a_life_goes_on_where_it_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    assert_eq!(stream(&house, "sam", 0, 2500), 2501);
    let before = bytes(&house, "sam");
    house.close();

    let house = open(dir.path());
    assert_eq!(bytes(&house, "sam"), before, "the same bits come back");
    assert_eq!(stream(&house, "sam", 2500, 2600), 2601);
    let verified = house.verify("sam").unwrap();
    assert_eq!((verified.version, verified.events), (2601, 2600 + 1));
    assert!(verified.snapshots >= 1);
    assert_eq!(verified.chain, house.head("sam").unwrap().digest.to_string());
    let (figures, task) =
        house.look("sam", |i| (i.state().figures().clone(), i.state().model().task())).unwrap();
    assert_eq!(figures.learned, 2600);
    assert!(figures.live.mean_second().unwrap() > 0.9, "{}", figures.to_json(task));
    assert!(figures.path.length() > 0.0);
}

#[test]
fn an_identity_comes_back_without_any_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    stream(&house, "sam", 0, 1500);
    let before = bytes(&house, "sam");
    house.close();
    std::fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let house = open(dir.path());
    assert_eq!(bytes(&house, "sam"), before);
}

#[test]
fn any_past_version_comes_back_and_a_branch_goes_on_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    stream(&house, "sam", 0, 700);
    let at_701 = bytes(&house, "sam");
    stream(&house, "sam", 700, 1333);
    assert_eq!(house.at("sam", 701).unwrap().save(), at_701, "bit for bit");
    assert_eq!(house.at("sam", 555).unwrap().version(), 555);

    house.rewind("sam", 701).unwrap();
    assert_eq!(house.head("sam").unwrap().seq, 702);
    assert_eq!(stream(&house, "sam", 9000, 9100), 802);
    house.fork("sam", "ada", Some(400)).unwrap();
    assert_eq!(stream(&house, "ada", 0, 10), 411);
    house.verify("sam").unwrap();
    house.verify("ada").unwrap();
    let log = house.log("sam", 699, 6).unwrap();
    let versions: Vec<_> = log.iter().map(|l| l["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [699, 700, 701, 702, 703, 704]);
    assert_eq!(log[3]["event"], "branched");
    let diff = house.diff("sam", 300, 750, 5).unwrap();
    assert!(diff["distance"].as_f64().unwrap() > 0.0);
    house.close();

    let house = open(dir.path());
    assert_eq!(house.head("sam").unwrap().seq, 802);
    assert_eq!(house.record("sam").unwrap().branches.len(), 2, "nothing is deleted");
    assert_eq!(house.at("sam", 701).unwrap().save(), at_701);
    house.verify("sam").unwrap();
}

#[test]
fn a_label_may_come_late_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    stream(&house, "sam", 0, 100);
    let ask = house.event(What::Remember { key: "q1".into(), row: row(5) });
    submit(&house, "sam", vec![ask]).remove(0).unwrap();
    house.close();

    let house = open(dir.path());
    let label = |key: &str| house.event(What::Label { key: key.into(), target: truth(5) });
    submit(&house, "sam", vec![label("q1")]).remove(0).unwrap();
    let before = bytes(&house, "sam");
    let again = submit(&house, "sam", vec![label("q1"), label("q2")]);
    assert_eq!(again[0].as_ref().unwrap_err().kind, ErrorKind::Gone);
    assert_eq!(again[1].as_ref().unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(bytes(&house, "sam"), before, "a refused event changes nothing");
    let figures = house.look("sam", |i| i.state().figures().clone()).unwrap();
    assert_eq!((figures.learned, figures.labelled), (101, 1));
    house.verify("sam").unwrap();
}

#[test]
fn a_retry_is_applied_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    let numbered = |house: &House, n: u64| Event {
        request: Some(Request { client: "phone".into(), n }),
        ..learn(house, n)
    };
    let replies = house.submit_wait("sam", vec![numbered(&house, 1), numbered(&house, 1)]).unwrap();
    let duplicates: Vec<bool> = replies.iter().map(|r| r.as_ref().unwrap().duplicate).collect();
    assert_eq!(duplicates, [false, true]);
    house.close();
    let house = open(dir.path());
    let replies = house.submit_wait("sam", vec![numbered(&house, 1), numbered(&house, 2)]).unwrap();
    let duplicates: Vec<bool> = replies.iter().map(|r| r.as_ref().unwrap().duplicate).collect();
    assert_eq!(duplicates, [true, false]);
    assert_eq!(house.look("sam", |i| i.state().figures().learned).unwrap(), 2);
}

#[test]
fn refused_events_leave_the_identity_bit_identical() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    stream(&house, "sam", 0, 100);
    let before = bytes(&house, "sam");
    let text = Row::from_json(&json!({"a": 1, "city": "Delft"})).unwrap();
    let bad = vec![
        house.event(What::Learn { row: row(1), target: Target::Number(0.5), weight: 1.0 }),
        house.event(What::Learn { row: row(1), target: Target::Text("x".into()), weight: 1.0 }),
        house.event(What::Learn { row: row(1), target: truth(1), weight: f64::NAN }),
        house.event(What::Learn { row: row(1), target: Target::None, weight: 1.0 }),
        house.event(What::Learn { row: text, target: truth(1), weight: 1.0 }),
        house.event(What::Remember { key: "".into(), row: row(1) }),
    ];
    let n = bad.len();
    let refused = submit(&house, "sam", bad);
    assert_eq!(refused.iter().filter(|r| r.is_err()).count(), n);
    for r in refused {
        assert_eq!(r.unwrap_err().kind, ErrorKind::Invalid);
    }
    assert_eq!(bytes(&house, "sam"), before);
    assert_eq!(house.head("sam").unwrap().seq, 101);
}

#[test]
fn frozen_identities_predict_and_learn_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    stream(&house, "sam", 0, 100);
    house.freeze("sam").unwrap();
    let refused = submit(&house, "sam", vec![learn(&house, 1)]).remove(0);
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Frozen);
    house.predict_wait("sam", row(3)).unwrap();
    house.fork("sam", "eve", None).unwrap();
    submit(&house, "eve", vec![learn(&house, 1)]).remove(0).unwrap();
    house.verify("eve").unwrap();
}

#[test]
fn mistakes_in_names_and_specs_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    let kind = |r: Result<her_identity::house::Record>| r.unwrap_err().kind;
    assert_eq!(kind(house.create("../x", &birth())), ErrorKind::Invalid);
    let unknown = Birth::from_json(&json!("LogisticRegresion")).unwrap();
    let error = house.create("sam", &unknown).unwrap_err();
    assert!(error.message.contains("did you mean LogisticRegression"), "{error}");
    house.create("sam", &birth()).unwrap();
    assert_eq!(kind(house.create("sam", &birth())), ErrorKind::Exists);
    assert_eq!(house.submit_wait("tom", vec![]).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(house.at("sam", 99).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(house.rewind("sam", 0).unwrap_err().kind, ErrorKind::Invalid);
    let second = House::open(Config::new(dir.path()), Catalog::builtin());
    assert_eq!(second.err().map(|e| e.kind), Some(ErrorKind::Busy));
}

/// A classifier that panics on command, to see that a panic stays where it is.
mod brittle {
    use her_learn::catalog::{Entry, Kind};
    use her_learn::estimator::{Any, ClassId, Classifier, Estimator};
    use her_learn::features::{Context, Features};
    use her_learn::saved::{self, Loader};

    #[derive(Default)]
    pub struct Brittle(u64);

    pub const ENTRIES: &[Entry] = &[Entry {
        name: "Brittle",
        module: "tests",
        kind: Kind::Classifier,
        version: 1,
        summary: "Panics when it learns from a weight of 13",
        merge: her_learn::merge::Statement::Member("it counts for itself"),
        params: &[],
        defaults: || serde_json::json!({}),
        build: |_, _| Ok(Any::Classifier(Box::new(Brittle::default()))),
        example: || serde_json::json!("Brittle"),
    }];

    impl Estimator for Brittle {
        fn entry(&self) -> &'static Entry {
            &ENTRIES[0]
        }
        fn params(&self) -> serde_json::Value {
            serde_json::json!({})
        }
        fn save(&self, out: &mut Vec<u8>) {
            saved::put(out, &self.0);
        }
        fn load(&mut self, from: &mut Loader<'_>) -> her_learn::Result<()> {
            self.0 = from.get()?;
            Ok(())
        }
    }

    impl Classifier for Brittle {
        fn multiclass(&self) -> bool {
            false
        }
        fn learn_one(&mut self, _: &Features, _: ClassId, w: f64, _: &mut Context<'_>) {
            self.0 += 1;
            assert!(w != 13.0, "thirteen");
        }
        fn predict_proba_one(&self, _: &Features, proba: &mut Vec<f64>, _: &mut Context<'_>) {
            proba.extend([0.5, 0.5]);
        }
    }
}

#[test]
fn a_panic_poisons_one_identity_which_comes_back_by_replay() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path());
    config.shards = 1;
    config.journal.segment_bytes = 1 << 20;
    let house = House::open(config, Catalog::builtin().with(brittle::ENTRIES)).unwrap();
    house.create("brittle", &Birth::from_json(&json!("Brittle")).unwrap()).unwrap();
    house.create("sam", &birth()).unwrap();
    let event =
        |w: f64| house.event(What::Learn { row: row(1), target: Target::Bool(true), weight: w });
    submit(&house, "brittle", vec![event(1.0), event(2.0)]);
    let replies = submit(&house, "brittle", vec![event(3.0), event(13.0), event(4.0)]);
    assert_eq!(replies[0].as_ref().unwrap(), &4, "what was applied before it is durable");
    assert_eq!(replies[1].as_ref().unwrap_err().kind, ErrorKind::Poisoned);
    assert_eq!(replies.len(), 2);
    // The house and the other identity go on; the poisoned one is replayed and learns again.
    assert_eq!(stream(&house, "sam", 0, 10), 11);
    assert_eq!(submit(&house, "brittle", vec![event(5.0)])[0].as_ref().unwrap(), &5);
    assert_eq!(house.verify("brittle").unwrap().events, 5);
}

#[test]
fn identities_that_rest_on_disk_come_back_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path());
    config.shards = 1;
    config.resident_max = 4;
    config.journal.segment_bytes = 1 << 20;
    let house = House::open(config, Catalog::builtin()).unwrap();
    for i in 0..20 {
        house.create(&format!("n{i}"), &birth()).unwrap();
    }
    for round in 0..3 {
        for i in 0..20 {
            let name = format!("n{i}");
            let version = stream(&house, &name, round * 10, round * 10 + 10);
            assert_eq!(version, 1 + (round + 1) * 10);
        }
    }
    for i in 0..20 {
        house.verify(&format!("n{i}")).unwrap();
    }
}

#[test]
fn a_full_queue_takes_nothing_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    let too_many = her_identity::shard::QUEUE_EVENTS_MAX + 1;
    let events = (0..too_many as u64).map(|i| learn(&house, i)).collect();
    let error = house.submit_wait("sam", events).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
    assert_eq!(house.head("sam").unwrap().seq, 1, "none of them was taken");
    assert_eq!(stream(&house, "sam", 0, 10), 11, "and the next are");
}

#[test]
fn a_peek_wakes_nobody_and_predictions_are_timed() {
    let dir = tempfile::tempdir().unwrap();
    let peek = |house: &House| {
        let (tell, told) = std::sync::mpsc::channel();
        house
            .peek("sam", move |found| tell.send(found.map(|i| i.state().version())).unwrap())
            .unwrap();
        told.recv().unwrap()
    };
    let house = open(dir.path());
    house.create("sam", &birth()).unwrap();
    submit(&house, "sam", vec![learn(&house, 1)]).remove(0).unwrap();
    assert_eq!(peek(&house), Some(2));
    assert_eq!(house.predictions().times().count(), 0);
    house.predict_wait("sam", row(3)).unwrap();
    assert_eq!(house.predictions().times().count(), 1);
    house.close();

    let house = open(dir.path());
    assert_eq!((peek(&house), peek(&house)), (None, None));
    house.predict_wait("sam", row(3)).unwrap();
    assert_eq!(peek(&house), Some(2));
    assert_eq!(house.peek("tom", |_| {}).unwrap_err().kind, ErrorKind::NotFound);
}
