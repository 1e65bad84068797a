//! How long learning stands still while an identity moves between two processes, as its clients see
//! it: from the last acknowledgement of one node to the first of the other. Beside it a sync of the
//! same disk in the same minute, and how long predictions were refused beside a round trip.
//! `cargo bench -p her --bench departure -- MOVES`

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "a bench")]
#![allow(dead_code, reason = "what the test needs of the same parts")]

#[path = "../tests/departures/load.rs"]
mod load;
#[path = "../tests/departures/places.rs"]
mod places;
#[path = "../tests/support/tongue.rs"]
mod tongue;
#[path = "../tests/departures/wire.rs"]
mod wire;

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use load::Load;
use places::{PATIENCE, Site, Two};

/// Features of one event while the state is made large.
const PER_EVENT: u64 = 5_000;
/// Predictions a second, in all cases.
const ASKED: f64 = 10_000.0;
/// Clients that learn, and that ask.
const CLIENTS: [&str; 4] = ["one", "two", "three", "four"];

fn grow(two: &Two, weights: u64) {
    for first in (0..weights).step_by(PER_EVENT as usize) {
        let x: Map<String, Value> = (first..(first + PER_EVENT).min(weights))
            .map(|i| (format!("w{i}"), json!(1.0)))
            .collect();
        let event = json!({ "x": x, "y": first.is_multiple_of(2) });
        let said = two.ask(0, "POST", "/v1/identities/sam/learn", Some(&event), PATIENCE);
        assert_eq!(said.as_ref().map(|said| said.0), Some(200), "{said:?}");
    }
    let said = two.ask(0, "POST", "/v1/identities/sam/snapshot", None, PATIENCE);
    assert_eq!(said.map(|said| said.0), Some(202));
}

/// The largest file of a directory and all below it: the snapshot, where the state is large.
fn largest(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => largest(&entry.path()),
        _ => entry.metadata().map_or(0, |data| data.len()),
    };
    entries.map(size).max().unwrap_or(0)
}

fn percentile(all: &mut [f64], q: f64) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(((all.len().max(1) - 1) as f64 * q).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Milliseconds of writing and syncing a few bytes.
fn syncs_ms(dir: &Path) -> Vec<f64> {
    let mut file = std::fs::File::create(dir.join("sync")).unwrap();
    let mut once = || {
        let begin = Instant::now();
        file.write_all(&[1; 512]).unwrap();
        file.sync_data().unwrap();
        begin.elapsed().as_secs_f64() * 1e3
    };
    (0..50).map(|_| once()).collect()
}

/// Milliseconds of a prediction, asked and answered, by somebody who waits for each.
fn round_trip_ms(two: &Two, at: usize) -> f64 {
    let mut all: Vec<f64> = (0..50)
        .map(|_| {
            let begin = Instant::now();
            let x = json!({ "x": { "a": 1, "b": 2 } });
            let said = two.ask(at, "POST", "/v1/identities/sam/predict", Some(&x), PATIENCE);
            assert_eq!(said.map(|said| said.0), Some(200));
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    percentile(&mut all, 0.5)
}

/// Moves it once. True when another node acknowledged in the end; that both sides compare the whole
/// state afterwards is not waited for.
fn moves(two: &Two, load: &Load<'_>) -> bool {
    let owner = two.owner();
    let turns = load.turn().1;
    let begin = Instant::now();
    // The comparison of large states after the last move from here may be under way still.
    while !matches!(two.depart(owner), Some((202, _))) {
        assert!(begin.elapsed() < PATIENCE, "it can't depart: {:?}", two.departures(owner));
        std::thread::sleep(Duration::from_millis(100));
    }
    while load.turn().1 == turns {
        std::thread::sleep(Duration::from_millis(20));
        let said = two.departures(owner).unwrap_or_default();
        let ended = said["departures"][0]["outcome"].as_str();
        if ended.is_some_and(|outcome| outcome != "COMPLETED") {
            return false;
        }
        assert!(begin.elapsed() < PATIENCE, "{said}");
    }
    true
}

fn measure(weights: u64, per_s: u64, tries: usize) {
    let spec = json!({
        "model": ["StandardScaler", "LogisticRegression"],
        "shadow_after": 1_000_000_000, "names_max": 1 << 24,
    });
    let two = Two::begin([Site::here(), Site::here()], "", &spec);
    let rtt = round_trip_ms(&two, 0);
    grow(&two, weights);
    let load = Load::new(&two);
    let mut syncs = syncs_ms(two.dirs[0].parent().unwrap());
    let mut done = 0;
    let (mut refused, begin) = (Vec::new(), Instant::now());
    std::thread::scope(|scope| {
        for client in CLIENTS {
            let (load, rate) = (&load, per_s as f64 / CLIENTS.len() as f64);
            scope.spawn(move || load.learner(client, rate));
            scope.spawn(move || load.asker(ASKED / CLIENTS.len() as f64));
        }
        std::thread::sleep(Duration::from_secs(1));
        for _ in 0..tries {
            load.refused_us.store(0, Relaxed);
            done += usize::from(moves(&two, &load));
            std::thread::sleep(Duration::from_millis(200));
            refused.push(load.refused_us.load(Relaxed) as f64 / 1e3);
        }
        load.stop.store(true, Relaxed);
    });
    let seconds = begin.elapsed().as_secs_f64();
    syncs.extend(syncs_ms(two.dirs[0].parent().unwrap()));
    let sync = percentile(&mut syncs, 0.5);
    let mut pauses: Vec<f64> = load.pauses_us().iter().map(|us| *us as f64 / 1e3).collect();
    let half = percentile(&mut pauses, 0.5);
    println!(
        "| {:.1} MB | {per_s} | {:.0} | {:.0} | {done} of {tries} | {half:.1} | {:.1} | {:.1} | {:.0} × \
         {sync:.2} | {:.1} | {:.1} | {rtt:.1} |",
        largest(&two.dirs[0].join("snapshots")).max(1) as f64 / 1e6,
        load.learned.load(Relaxed) as f64 / seconds,
        load.predicted.load(Relaxed) as f64 / seconds,
        percentile(&mut pauses, 0.99),
        percentile(&mut pauses, 1.0),
        half / sync,
        percentile(&mut refused, 0.5),
        percentile(&mut refused, 1.0),
    );
}

fn main() {
    let moves = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(60_usize);
    println!(
        "| state | asked/s | learned/s | predicted/s | moves | pause p50 ms | p99 | max | in syncs \
         | refused p50 ms | max | round trip ms |\n|{}",
        "---:|".repeat(12)
    );
    // A large state travels for seconds, so it moves less often.
    let few = moves.div_ceil(5);
    measure(0, 10_000, moves);
    measure(26_000, 10_000, moves);
    measure(0, 40_000, moves);
    measure(2_450_000, 10_000, few);
}
