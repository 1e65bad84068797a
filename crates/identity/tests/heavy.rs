//! Identities whose events take long: others go on, and they lose nothing.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use her_identity::ErrorKind;
use her_identity::disk::FaultyDisk;
use her_identity::event::{Birth, Event, What};
use her_identity::house::{Config, House};
use her_identity::turn::Reply;
use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{AnomalyDetector, Any, Estimator};
use her_learn::features::{Context, Features};
use her_learn::saved::Loader;
use her_learn::{Catalog, Row, Target, saved};
use serde_json::{Value, json};

/// How far events may go that wait, and how far they came; and how many models are in memory.
#[derive(Default)]
struct Gate(Mutex<(u32, u32)>, Condvar, AtomicUsize);

impl Gate {
    fn open(&self, to: u32) {
        self.0.lock().unwrap().0 = to;
        self.1.notify_all();
    }

    fn wait(&self, at: u32) {
        let mut both = self.0.lock().unwrap();
        both.1 = at;
        self.1.notify_all();
        drop(self.1.wait_while(both, |both| both.0 < at).unwrap());
    }

    fn is_reached(&self, at: u32) {
        let both = self.0.lock().unwrap();
        drop(self.1.wait_while(both, |both| both.1 < at).unwrap());
    }
}

/// Takes as long for an event as the gate says that the event names in `wait`.
struct Slow {
    gate: Arc<Gate>,
    sum: u64,
}

static ENTRIES: &[Entry] = &[Entry {
    name: "Slow",
    module: "test",
    kind: Kind::AnomalyDetector,
    version: 1,
    summary: "Takes long",
    merge: her_learn::merge::Statement::Member("it counts for itself"),
    params: &[],
    defaults: || json!({}),
    build: |_: Value, builder: &Builder<'_>| {
        let gate = builder.lent::<Gate>().unwrap();
        gate.2.fetch_add(1, Ordering::SeqCst);
        Ok(Any::AnomalyDetector(Box::new(Slow { gate, sum: 1 })))
    },
    example: || json!("Slow"),
}];

impl Drop for Slow {
    fn drop(&mut self) {
        self.gate.2.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Estimator for Slow {
    fn entry(&self) -> &'static Entry {
        &ENTRIES[0]
    }
    fn params(&self) -> Value {
        json!({})
    }
    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.sum);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> her_learn::Result<()> {
        self.sum = from.get()?;
        Ok(())
    }
    fn rest(&mut self) -> bool {
        self.sum /= 2;
        true
    }
}

impl AnomalyDetector for Slow {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        for (id, value) in x.iter() {
            match cx.names.name(id) {
                "wait" => self.gate.wait(value as u32),
                "panic" => panic!("asked to"),
                _ => self.sum = self.sum.wrapping_mul(31) + value as u64,
            }
        }
    }
    fn score_one(&self, _: &Features, _: &mut Context<'_>) -> f64 {
        self.sum as f64
    }
}

fn open(dir: &Path, gate: &Arc<Gate>, disk: Option<&FaultyDisk>) -> House {
    let mut config = Config::new(dir);
    config.shards = 1;
    config.journal.segment_bytes = 64 << 10;
    if let Some(disk) = disk {
        config.journal.disk = Arc::new(disk.clone());
        config.journal.background = false;
    }
    House::open(config, Catalog::builtin().with_heavy(ENTRIES).lend(Arc::clone(gate))).unwrap()
}

fn births(house: &House) {
    house.create("slow", &Birth::from_json(&json!("Slow")).unwrap()).unwrap();
    house.create("light", &Birth::from_json(&json!("LogisticRegression")).unwrap()).unwrap();
}

fn event(house: &House, row: &Value) -> Event {
    let row = Row::from_json(row).unwrap();
    house.event(What::Learn { row, target: Target::Bool(true), weight: 1.0 })
}

type Replies = her_identity::Result<Vec<her_identity::Result<Reply>>>;

fn submit(house: &House, name: &str, rows: &[Value]) -> Receiver<Replies> {
    let (tell, told) = channel();
    let events = rows.iter().map(|row| event(house, row)).collect();
    house.submit(name, events, Box::new(move |replies| tell.send(replies).unwrap())).unwrap();
    told
}

fn versions(told: &Receiver<Replies>) -> Vec<u64> {
    told.recv().unwrap().unwrap().into_iter().map(|reply| reply.unwrap().version).collect()
}

fn version(house: &House) -> u64 {
    house.look("slow", |identity| identity.state().version()).unwrap()
}

#[test]
fn others_learn_and_predict_while_a_heavy_one_is_at_work() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    let slow = submit(&house, "slow", &[json!({"wait": 1, "a": 5})]);
    gate.is_reached(1);
    let (tell, predicted) = channel();
    let row = Row::from_json(&json!({"a": 1})).unwrap();
    house.predict("slow", row.clone(), Box::new(move |answer| tell.send(answer).unwrap()));
    for i in 0..100 {
        let told = submit(&house, "light", &[json!({"a": i}), json!({"a": i + 1})]);
        assert_eq!(versions(&told), [2 * i + 2, 2 * i + 3]);
        assert_eq!(house.predict_wait("light", row.clone()).unwrap().1, 2 * i + 3);
    }
    house
        .peek("slow", |identity| assert!(identity.is_none(), "it is with another thread"))
        .unwrap();
    assert!(matches!(slow.try_recv(), Err(TryRecvError::Empty)));
    assert!(matches!(predicted.try_recv(), Err(TryRecvError::Empty)));
    gate.open(1);
    assert_eq!(versions(&slow), [2]);
    let (answer, version) = predicted.recv().unwrap().unwrap();
    assert_eq!((version, answer), (2, her_identity::turn::Answer::Value(36.0)));
    assert_eq!(house.verify("slow").unwrap().version, 2);
}

#[test]
fn a_look_waits_for_one_event_only_and_what_changes_keeps_its_order() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    let rows = [json!({"wait": 1, "a": 5}), json!({"wait": 2}), json!({"a": 7})];
    let first = submit(&house, "slow", &rows);
    let second = submit(&house, "slow", &[json!({"a": 9})]);
    gate.is_reached(1);
    let (tell, seen) = channel();
    let done = move |found: her_identity::Result<u64>| tell.send(found.unwrap()).unwrap();
    house.look_then("slow", |identity| identity.state().version(), done).unwrap();
    // The learner has met the look once it has met this.
    versions(&submit(&house, "light", &[json!({"a": 1})]));
    gate.open(1);
    assert_eq!(seen.recv().unwrap(), 2, "between the first and the second event");
    assert!(matches!(first.try_recv(), Err(TryRecvError::Empty)), "all or nothing is told");
    gate.open(2);
    assert_eq!((versions(&first), versions(&second)), (vec![2, 3, 4], vec![5]));
    house.close();
    // Who leaves memory rests first, once, and is brought back by the thread for heavy ones.
    let house = open(dir.path(), &gate, None);
    let bytes = |house: &House| house.look("slow", |identity| identity.state().save()).unwrap();
    let rested = bytes(&house);
    assert_eq!(house.verify("slow").unwrap().version, 6);
    house.close();
    let house = open(dir.path(), &gate, None);
    assert_eq!((version(&house), bytes(&house)), (6, rested));
}

#[test]
fn a_panic_poisons_it_alone_and_it_comes_back() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    let rows = [json!({"a": 5}), json!({"panic": 1}), json!({"a": 7})];
    let replies = submit(&house, "slow", &rows).recv().unwrap().unwrap();
    assert_eq!(replies[0].as_ref().unwrap().version, 2);
    assert_eq!(replies[1].as_ref().unwrap_err().kind, ErrorKind::Poisoned);
    assert_eq!(replies.len(), 2);
    let told = submit(&house, "slow", &[json!({"a": 7})]);
    let version = match told.recv().unwrap() {
        Ok(mut replies) => replies.remove(0).unwrap().version,
        // What came before the panic was on its way to the disk still.
        Err(e) => {
            assert_eq!(e.kind, ErrorKind::Poisoned);
            versions(&submit(&house, "slow", &[json!({"a": 7})]))[0]
        }
    };
    assert_eq!(version, 3);
    house.verify("slow").unwrap();
}

#[test]
fn what_the_journal_did_not_take_is_undone_while_it_is_away() {
    let (disk, gate) = (FaultyDisk::new(), Arc::<Gate>::default());
    let house = open(Path::new("/house"), &gate, Some(&disk));
    births(&house);
    let told = submit(&house, "slow", &[json!({"wait": 1, "a": 5}), json!({"wait": 2, "a": 6})]);
    gate.is_reached(1);
    let (tell, seen) = channel();
    let done = move |found: her_identity::Result<u64>| tell.send(found.unwrap()).unwrap();
    house.look_then("slow", |identity| identity.state().version(), done).unwrap();
    // The learner has met the look once it has met this.
    versions(&submit(&house, "light", &[json!({"a": 1})]));
    disk.full_after(Some(0));
    gate.open(1);
    assert_eq!(seen.recv().unwrap(), 2);
    // The first event's frame is refused by the disk; that is known once another's is as well.
    let light = submit(&house, "light", &[json!({"a": 1})]).recv().unwrap();
    assert_eq!(light.unwrap_err().kind, ErrorKind::Full);
    gate.open(2);
    assert_eq!(told.recv().unwrap().unwrap_err().kind, ErrorKind::Full);
    disk.full_after(None);
    assert_eq!(version(&house), 1, "nothing of it is left");
    assert_eq!(versions(&submit(&house, "slow", &[json!({"a": 7})])), [2]);
    house.verify("slow").unwrap();
}

#[test]
fn what_waits_for_it_is_bounded_and_is_done_before_the_house_closes() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    let first = submit(&house, "slow", &[json!({"wait": 1})]);
    gate.is_reached(1);
    let many = vec![json!({"a": 1}); 4096];
    let second = submit(&house, "slow", &many);
    let third = submit(&house, "slow", &[json!({"a": 1})]);
    assert_eq!(third.recv().unwrap().unwrap_err().kind, ErrorKind::Busy);
    let closing = std::thread::spawn(move || house.close());
    gate.open(1);
    closing.join().unwrap();
    assert_eq!((versions(&first), versions(&second).len()), (vec![2], 4096));
    assert_eq!(version(&open(dir.path(), &gate, None)), 4099, "it rests in the end");
}

#[test]
fn resting_is_an_event_of_models_that_have_a_form_for_it() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    submit(&house, "slow", &[json!({"a": 5})]).recv().unwrap().unwrap();
    let rest = |name| house.submit_wait(name, vec![house.event(What::Rest)]).unwrap().remove(0);
    assert_eq!(rest("slow").unwrap().version, 3);
    let row = Row::default();
    let (answer, _) = house.predict_wait("slow", row).unwrap();
    assert_eq!(answer, her_identity::turn::Answer::Value(18.0));
    let refused = rest("light").unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(house.verify("slow").unwrap().version, 3);
}

#[test]
fn one_that_rests_leaves_memory_though_nobody_else_comes() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::<Gate>::default());
    let house = open(dir.path(), &gate, None);
    births(&house);
    for sum in [5, 7] {
        submit(&house, "slow", &[json!({"a": sum})]).recv().unwrap().unwrap();
        house.submit_wait("slow", vec![house.event(What::Rest)]).unwrap().remove(0).unwrap();
        for _ in 0..500 {
            if gate.2.load(Ordering::SeqCst) == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(gate.2.load(Ordering::SeqCst), 0, "it is in memory after 5 s");
    }
    assert_eq!(house.verify("slow").unwrap().version, 5);
}
