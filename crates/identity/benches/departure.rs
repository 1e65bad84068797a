//! How long learning stands still while an identity departs: two houses on one disk, one process,
//! no network between them; a learner at a given rate, and a predictor. Prints, for states of
//! several sizes, the pause (seal to step-down) and the longest gap between acknowledgements around
//! it, beside what a sync of the same disk takes in the same minute. At last the same for houses
//! that say that their arithmetic differs, so that the state itself is sent in the pause.
//!
//! `cargo bench -p her-identity --bench departure -- DIR`

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measuring program"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use her_identity::event::{Birth, Event, Request, What};
use her_identity::house::{Config, House};
use her_identity::migrate::{Ask, Bounds, Control, Departure, Host, Link, Node, Outcome, Told};
use her_identity::{Error, ErrorKind, Result};
use her_learn::{Catalog, Row, Target};
use serde_json::{Value, json};

const NODES: [Node; 2] = [Node([1; 32]), Node([2; 32])];
const MOVES: usize = 60;
/// Events that are handed in at once.
const BATCH: u64 = 20;

struct Net(BTreeMap<Node, Arc<Host>>, Node);

impl Link for Net {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        let away = || Error::new(ErrorKind::Unavailable, "no such node");
        Ok(self.0.get(&to).ok_or_else(away)?.answer(self.1, ask.clone()))
    }
}

fn host(dir: &Path, me: Node, arithmetic: Option<fn() -> String>) -> Arc<Host> {
    let mut config = Config::new(dir);
    config.shards = 1;
    let mut catalog = Catalog::builtin();
    if let Some(here) = arithmetic {
        catalog = catalog.with_arithmetic(["LogisticRegression"], here);
    }
    Arc::new(Host::new(Arc::new(House::open(config, catalog).unwrap()), me))
}

fn event(house: &House, n: u64) -> Event {
    let x = json!({"a": (n * 7919) % 101, "b": (n * 104_729) % 103});
    let row = Row::from_json(&x).unwrap();
    let mut event =
        house.event(What::Learn { row, target: Target::Bool(n.is_multiple_of(3)), weight: 1.0 });
    event.request = Some(Request { client: "bench".into(), n });
    event
}

/// Events with so many new names, so that the state grows to a size.
fn grow(house: &House, weights: u64) {
    let per_event = 1_000;
    for first in (0..weights).step_by(per_event) {
        let x: serde_json::Map<String, Value> = (first..(first + per_event as u64).min(weights))
            .map(|i| (format!("w{i}"), json!(1.0)))
            .collect();
        let row = Row::from_json(&Value::Object(x)).unwrap();
        let learn = house.event(What::Learn {
            row,
            target: Target::Bool(first.is_multiple_of(2)),
            weight: 1.0,
        });
        house.submit_wait("sam", vec![learn]).unwrap().remove(0).unwrap();
    }
    house.snapshot("sam").unwrap();
}

fn percentile(all: &mut [f64], q: f64) -> f64 {
    all.sort_by(f64::total_cmp);
    all[((all.len() - 1) as f64 * q).round() as usize]
}

/// Milliseconds of writing and syncing a few bytes.
fn sync_ms(dir: &Path) -> Vec<f64> {
    let mut file = std::fs::File::create(dir.join("sync")).unwrap();
    let mut once = || {
        let begin = Instant::now();
        file.write_all(&[1; 512]).unwrap();
        file.sync_data().unwrap();
        begin.elapsed().as_secs_f64() * 1e3
    };
    (0..100).map(|_| once()).collect()
}

struct Load {
    stop: AtomicBool,
    done: AtomicU64,
    /// When the last acknowledgement was, and the longest time between two since it was asked.
    gaps: Mutex<(Instant, f64)>,
}

/// Learns at a rate, wherever the identity is.
fn learner(hosts: &[Arc<Host>; 2], load: &Load, per_s: u64) {
    let (mut n, mut at, begin) = (0, 0, Instant::now());
    while !load.stop.load(Ordering::Relaxed) {
        let due = (begin.elapsed().as_secs_f64() * per_s as f64) as u64;
        if n >= due {
            std::thread::sleep(Duration::from_micros(200));
            continue;
        }
        let house = hosts[at].house();
        let events = (n..n + BATCH).map(|n| event(house, n)).collect();
        match house.submit_wait("sam", events) {
            Ok(_) => {
                n += BATCH;
                load.done.store(n, Ordering::Relaxed);
                let mut gaps = load.gaps.lock().unwrap();
                gaps.1 = gaps.1.max(gaps.0.elapsed().as_secs_f64() * 1e3);
                gaps.0 = Instant::now();
            }
            Err(e) if e.kind == ErrorKind::Busy => std::thread::yield_now(),
            Err(_) => at = 1 - at,
        }
    }
}

fn measure(dir: &Path, weights: u64, per_s: u64, by_state: bool) {
    let place = dir.join(format!("{weights}-{per_s}-{by_state}"));
    let names: [fn() -> String; 2] = [|| "one".to_owned(), || "two".to_owned()];
    let names = names.map(|name| by_state.then_some(name));
    let hosts =
        [host(&place.join("a"), NODES[0], names[0]), host(&place.join("b"), NODES[1], names[1])];
    let all: BTreeMap<_, _> = hosts.iter().map(|h| (h.me(), Arc::clone(h))).collect();
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 1_000_000,
        "names_max": 1 << 24});
    hosts[0].house().create("sam", &Birth::from_json(&spec).unwrap()).unwrap();
    grow(hosts[0].house(), weights);
    let bytes = hosts[0].house().look("sam", |i| i.state().save().len()).unwrap();
    let load = Load {
        stop: AtomicBool::new(false),
        done: AtomicU64::new(0),
        gaps: Mutex::new((Instant::now(), 0.0)),
    };
    let (mut pauses, mut gaps, mut failed) = (Vec::new(), Vec::new(), 0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| learner(&hosts, &load, per_s));
        std::thread::sleep(Duration::from_millis(300));
        for i in 0..MOVES {
            let (from, to) = (i % 2, (i + 1) % 2);
            let link = Net(all.clone(), NODES[from]);
            load.gaps.lock().unwrap().1 = 0.0;
            let control = Control::default();
            let report = Departure::run(
                &hosts[from],
                &link,
                "sam",
                NODES[to],
                Bounds::default(),
                &control,
                &|_, _| {},
            )
            .unwrap();
            if report.outcome != Outcome::Completed || report.by_state.is_some() != by_state {
                failed += 1;
                println!("{report:?}");
                break;
            }
            std::thread::sleep(Duration::from_millis(30));
            pauses.push(report.figures.sealed_ns as f64 / 1e6);
            gaps.push(load.gaps.lock().unwrap().1);
        }
        load.stop.store(true, Ordering::Relaxed);
    });
    let rate = load.done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
    let mut syncs = sync_ms(dir);
    let sync = percentile(&mut syncs, 0.5);
    let p = |all: &mut Vec<f64>, q| if all.is_empty() { f64::NAN } else { percentile(all, q) };
    println!(
        "{bytes:>11} bytes{}, {per_s:>6}/s asked, {rate:>6.0}/s learned, {} moves, {failed} \
         failed: pause p50 {:.2} p99 {:.2} max {:.2} ms ({:.1} syncs of {sync:.2} ms); gap p50 \
         {:.2} max {:.2} ms",
        if by_state { " by state" } else { "" },
        pauses.len(),
        p(&mut pauses, 0.5),
        p(&mut pauses, 0.99),
        p(&mut pauses, 1.0),
        p(&mut pauses, 0.5) / sync,
        p(&mut gaps, 0.5),
        p(&mut gaps, 1.0),
    );
}

fn main() {
    let dir = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let dir = dir.unwrap_or_else(|| "target/bench-departure".to_owned());
    let dir = Path::new(&dir);
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).unwrap();
    for (weights, per_s) in [(10, 10_000), (20_000, 10_000), (1_000_000, 10_000), (10, 40_000)] {
        measure(dir, weights, per_s, false);
    }
    for weights in [10, 300_000] {
        measure(dir, weights, 1_000, true);
    }
    let _ = std::fs::remove_dir_all(dir);
}
