//! A house on a disk that fills up, fails, and recovers.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use her_identity::ErrorKind;
use her_identity::disk::{Crash, FaultyDisk};
use her_identity::event::{Birth, Event, What};
use her_identity::house::{Config, House};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

fn open(disk: &FaultyDisk) -> House {
    let mut config = Config::new("/house");
    config.shards = 1;
    config.journal.disk = Arc::new(disk.clone());
    config.journal.segment_bytes = 64 << 10;
    config.journal.background = false;
    House::open(config, Catalog::builtin()).unwrap()
}

fn learn(house: &House, i: u64) -> Event {
    let row = Row::from_json(&json!({"a": i % 17, "b": i % 5})).unwrap();
    house.event(What::Learn { row, target: Target::Bool(i % 17 > 8), weight: 1.0 })
}

fn birth() -> Birth {
    Birth::from_json(&json!(["StandardScaler", "LogisticRegression"])).unwrap()
}

#[test]
fn a_full_disk_refuses_writes_serves_reads_and_recovers() {
    let disk = FaultyDisk::new();
    let house = open(&disk);
    house.create("sam", &birth()).unwrap();
    let mut acknowledged = 0;
    disk.full_after(Some(100 << 10));
    let error = loop {
        match house.submit_wait("sam", (0..50).map(|i| learn(&house, i)).collect()) {
            Ok(replies) => acknowledged += replies.into_iter().flatten().count() as u64,
            Err(e) => break e,
        }
        assert!(acknowledged < 1_000_000, "the disk never filled up");
    };
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert!(acknowledged > 0);
    // Reads go on, at the last durable version; nothing unacknowledged is in it.
    let row = Row::from_json(&json!({"a": 1, "b": 2})).unwrap();
    assert_eq!(house.predict_wait("sam", row).unwrap().1, acknowledged + 1);
    assert_eq!(house.head("sam").unwrap().seq, acknowledged + 1);
    // Space returns, learning goes on.
    disk.full_after(None);
    let replies = house.submit_wait("sam", vec![learn(&house, 1)]).unwrap();
    assert_eq!(replies[0].as_ref().unwrap().version, acknowledged + 2);
    house.verify("sam").unwrap();
}

#[test]
fn a_failed_sync_acknowledges_nothing_that_a_power_cut_takes() {
    let disk = FaultyDisk::new();
    let house = open(&disk);
    house.create("sam", &birth()).unwrap();
    let mut acknowledged = 1;
    for i in 0..40 {
        if i % 7 == 3 {
            disk.fail_syncs(1);
        }
        if let Ok(replies) = house.submit_wait("sam", vec![learn(&house, i)])
            && let Ok(reply) = &replies[0]
        {
            acknowledged = reply.version;
        }
    }
    assert!(acknowledged > 20, "{acknowledged}");
    let after = disk.crashed(Crash::DropUnsynced);
    drop(house);
    let house = open(&after);
    assert!(house.head("sam").unwrap().seq >= acknowledged);
    house.verify("sam").unwrap();
}

/// Events that were applied while a commit failed are dropped with it, and so is their count:
/// else a shard that had reached its bound would never take an event again.
#[test]
fn a_shard_that_fails_at_its_bound_takes_events_again() {
    let disk = FaultyDisk::new();
    let house = open(&disk);
    house.create("sam", &birth()).unwrap();
    disk.full_after(Some(0));
    let (tell, told) = std::sync::mpsc::channel();
    // The first fills a take of its own; the second is applied while the first is committed.
    let many = her_identity::shard::COMMIT_EVENTS_MAX as u64 + 1000;
    let made = [256, many].map(|n| (0..n).map(|i| learn(&house, i)).collect::<Vec<_>>());
    for events in made {
        let tell = tell.clone();
        house.submit("sam", events, Box::new(move |r| tell.send(r.is_ok()).unwrap())).unwrap();
    }
    assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [false, false]);
    disk.full_after(None);
    let (tell, told) = std::sync::mpsc::channel();
    let events = vec![learn(&house, 1)];
    house.submit("sam", events, Box::new(move |r| tell.send(r.is_ok()).unwrap())).unwrap();
    let answered = told.recv_timeout(std::time::Duration::from_secs(20));
    assert_eq!(answered, Ok(true), "the shard takes no events any more");
}
