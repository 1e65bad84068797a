//! Departures between two processes of `her serve` under load, which are killed and stopped at
//! named points: a checker looks at what clients were told, and at the journals in the end.
//!
//! `HER_DEPARTURE_ROUNDS=100 cargo test -p her --test departures -- --nocapture` is the long run;
//! `HER_DEPARTURE_RATE` is how many events and how many predictions a second are asked for.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

#[path = "departures/cases.rs"]
mod cases;
#[path = "departures/history.rs"]
mod history;
#[path = "departures/load.rs"]
mod load;
#[path = "departures/net.rs"]
mod net;
#[path = "departures/places.rs"]
mod places;
#[path = "support/tongue.rs"]
mod tongue;
#[path = "departures/wire.rs"]
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use her_identity::journal::Digest;
use serde_json::{Value, json};

use cases::{Case, Side};
use history::History;
use load::{Load, Seen, Told};
use net::{Cut, Net};
use places::{PATIENCE, Site, Two};

const CLIENTS: [&str; 2] = ["one", "two"];
/// How often a departure is tried until its points are reached.
const TRIES: usize = 5;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Ends the clients, also when a check fails.
struct End<'a, 'b>(&'a Load<'b>);

impl Drop for End<'_, '_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Relaxed);
    }
}

/// Runs `work` while clients learn and ask; gives what they saw.
fn under_load(two: &Two, rate: u64, work: impl FnOnce(&Load<'_>)) -> History {
    let load = Load::new(two);
    let rate = rate as f64 / CLIENTS.len() as f64;
    let begin = Instant::now();
    let mut history = History { reads: two.reads, ..History::default() };
    std::thread::scope(|scope| {
        let _end = End(&load);
        let load = &load;
        let learners = CLIENTS.map(|name| scope.spawn(move || load.learner(name, rate)));
        let askers = CLIENTS.map(|_| scope.spawn(move || load.asker(rate)));
        work(load);
        load.stop.store(true, Relaxed);
        let told: Vec<Vec<Told>> = learners.into_iter().map(|l| l.join().unwrap()).collect();
        let seen: Vec<Vec<Seen>> = askers.into_iter().map(|a| a.join().unwrap()).collect();
        history.clients = CLIENTS.map(str::to_owned).into_iter().zip(told).collect();
        history.seen = seen.concat();
    });
    let seconds = begin.elapsed().as_secs_f64();
    let per_s = |n: u64| n as f64 / seconds;
    println!(
        "{:.0} events and {:.0} predictions a second for {seconds:.0} s",
        per_s(load.learned.load(Relaxed)),
        per_s(load.predicted.load(Relaxed)),
    );
    history
}

/// Ends both processes and checks everything.
fn check(two: &Two, mut history: History) -> History {
    let owner = two.owner();
    two.kill(0);
    two.kill(1);
    history.read(&two.dirs[owner], &two.dirs[1 - owner]).unwrap();
    println!("{:?}", history.check().unwrap());
    history
}

/// What is done while a process stands still at a point: `stop MS` is no more than a while.
fn wait(_at: usize, ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Starts what has ended, and lets go on what was stopped at a point.
fn tend(two: &Two, woken: &mut [usize; 2], meanwhile: &dyn Fn(usize, u64)) {
    for (i, woken) in woken.iter_mut().enumerate() {
        let hits = two.hits(i);
        for hit in hits.iter().skip(*woken) {
            if let Some(ms) = hit.split(" stop ").nth(1) {
                meanwhile(i, ms.parse().unwrap());
                two.signal(i, "-CONT");
            }
        }
        *woken = hits.len();
        if two.has_ended(i) {
            two.kill(i);
            two.start(i);
        }
    }
}

/// How the newest departure from a node ended, once it has.
fn outcome(two: &Two, from: usize, id: Option<&str>) -> Option<String> {
    let said = two.departures(from)?;
    let all = said["departures"].as_array()?;
    let job = all.iter().find(|job| id.is_none_or(|id| job["id"] == id))?;
    job["outcome"].as_str().map(str::to_owned)
}

/// Which of the two nodes a side is. The register stays where the identity was born.
fn node(side: Side, owner: usize) -> usize {
    match side {
        Side::Source => owner,
        Side::Target => 1 - owner,
        Side::Home => 0,
    }
}

/// One departure in which points are reached at which something happens to a process. Gives how
/// it ended, and the points that were reached.
fn depart(
    two: &Two,
    owner: usize,
    case: &Case,
    meanwhile: &dyn Fn(usize, u64),
) -> (String, Vec<String>) {
    two.clear();
    let mut armed = [Vec::new(), Vec::new()];
    for (side, point, act) in case {
        armed[node(*side, owner)].push(format!("{point} {act}"));
    }
    for (i, points) in armed.iter().enumerate().filter(|(_, points)| !points.is_empty()) {
        two.arm(i, points);
    }
    let newest = |two: &Two| -> Option<Value> {
        let said = two.departures(owner)?;
        Some(said["departures"][0]["id"].clone())
    };
    let before = newest(two);
    let begun = two.depart(owner);
    let mut id = begun.filter(|(status, _)| *status == 202).map(|(_, job)| job["id"].clone());
    let (begin, mut woken) = (Instant::now(), [0, 0]);
    loop {
        tend(two, &mut woken, meanwhile);
        // A process that was killed before it answered knows by its file what it was asked.
        if id.is_none() {
            id = newest(two).filter(|id| before.as_ref() != Some(id) && id.is_string());
        }
        if let Some(outcome) = id.as_ref().and_then(|id| outcome(two, owner, id.as_str())) {
            let hits = [two.hits(0), two.hits(1)].concat();
            return (outcome, hits);
        }
        let waited = begin.elapsed();
        assert!(waited < PATIENCE, "I11: {case:?} does not end: {:?}", two.departures(owner));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A departure with faults, and a plain one if that was not completed: the identity moves.
fn round(two: &Two, case: &Case, meanwhile: &dyn Fn(usize, u64)) -> (String, Vec<String>) {
    let owner = two.owner();
    let (outcome, mut hits) = depart(two, owner, case, meanwhile);
    let mut last = outcome.clone();
    let begin = Instant::now();
    while two.owner() == owner {
        assert!(begin.elapsed() < PATIENCE, "I11: after {case:?} it can't depart: {last}");
        // What was armed and never reached must not be reached now.
        last = depart(two, owner, &Vec::new(), &wait).0;
        hits.extend(two.hits(owner));
    }
    (outcome, hits)
}

/// Learning and predicting go on at whoever owns it now.
fn goes_on(two: &Two, load: &Load<'_>, after: &Case) {
    let begin = Instant::now();
    let owner = two.owner() as u8;
    let (learned, predicted) = (load.learned.load(Relaxed), load.predicted.load(Relaxed));
    while load.turn().0 != Some(owner)
        || load.learned.load(Relaxed) < learned + 4
        || load.predicted.load(Relaxed) < predicted + 4
    {
        let waited = begin.elapsed();
        assert!(waited < PATIENCE, "I11: after {after:?} nothing is learned at {owner}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn spec() -> Value {
    json!({ "model": ["StandardScaler", "LogisticRegression"], "shadow_after": 100 })
}

#[test]
fn moves_between_processes_that_are_killed_lose_nothing_and_double_nothing() {
    let rounds = number("HER_DEPARTURE_ROUNDS", 24) as usize;
    let two = Two::begin([Site::here(), Site::here()], "segment_mib = 4", &spec());
    let cases = cases::all();
    let (mut outcomes, mut reached) = (BTreeMap::new(), BTreeSet::new());
    let mut missed = Vec::new();
    let history = under_load(&two, number("HER_DEPARTURE_RATE", 10_000), |load| {
        for i in 0..rounds {
            // A short run takes of everything something, and another part in the way back.
            let case = &cases[i * cases.len().max(rounds) / rounds % cases.len()];
            if cases::needs_home_at_target(case) && two.owner() == 0 {
                round(&two, &Vec::new(), &wait);
            }
            let (outcome, hits) = round(&two, case, &wait);
            *outcomes.entry(outcome).or_insert(0) += 1;
            for (_, point, act) in case {
                let armed = format!("{point} {act}");
                if hits.contains(&armed) {
                    reached.insert(armed);
                } else {
                    missed.push(armed);
                }
            }
            goes_on(&two, load, case);
        }
        let (_, moves) = load.turn();
        let mut pauses = load.pauses_us();
        pauses.sort_unstable();
        let half = pauses.get(pauses.len() / 2).map_or(0, |us| us / 1000);
        println!("half of the pauses, with faults and restarts, were below {half} ms");
        println!("{moves} moves in {rounds} rounds: {outcomes:?}");
        println!("{} points reached, missed {missed:?}", reached.len());
        assert!(moves >= rounds, "each round is a move: {moves} of {rounds}");
    });
    assert!(missed.is_empty(), "points that were not reached: {missed:?}");
    let history = check(&two, history);
    assert!(outcomes.contains_key("COMPLETED"), "{outcomes:?}");
    a_planted_fault_is_seen(&history);
}

/// As above, for an identity that reads: its events take long, and another thread works on it.
#[test]
fn moves_of_an_identity_that_reads_lose_nothing_while_it_is_talked_to() {
    let two = Two::begin([Site::here(), Site::here()], "segment_mib = 4", &tongue::spec());
    let cases: [Case; 6] = [
        Vec::new(),
        vec![(Side::Source, "learner:sealed", "kill")],
        vec![(Side::Target, "target:Frames:done", "kill")],
        vec![(Side::Source, "source:Send:done", "stop 300")],
        vec![(Side::Home, "register:written", "kill")],
        vec![(Side::Target, "learner:owns", "kill")],
    ];
    let mut outcomes = BTreeMap::new();
    let history = under_load(&two, number("HER_DEPARTURE_TEXTS", 60), |load| {
        for case in &cases {
            // One that is given up early, as where the target lags, reaches no point: again then.
            // One that comes to its end must have.
            let mut tries = (0..TRIES).map(|_| round(&two, case, &wait));
            let (outcome, hits) = tries
                .find(|(outcome, hits)| outcome == "COMPLETED" || !hits.is_empty())
                .expect("a departure gets as far as its point");
            assert_eq!(hits.is_empty(), case.is_empty(), "{case:?} was not reached: {outcome}");
            *outcomes.entry(outcome).or_insert(0) += 1;
            goes_on(&two, load, case);
        }
        println!("{} moves: {outcomes:?}", load.turn().1);
    });
    let history = check(&two, history);
    assert!(outcomes.contains_key("COMPLETED"), "{outcomes:?}");
    a_planted_fault_is_seen(&history);
}

/// The newest departure from a node, once it has ended.
fn departed(two: &Two, from: usize) -> Value {
    let outcome = depart(two, from, &Vec::new(), &wait).0;
    assert_eq!(outcome, "COMPLETED");
    two.departures(from).unwrap()["departures"][0].clone()
}

/// Somebody who says one thing after the other, numbered, to whoever owns the identity, until told
/// to stop. Gives how many were acknowledged, and the version of the last.
fn talk(two: &Two, stop: &AtomicBool, said: &AtomicU64) -> (u64, u64) {
    let (mut at, mut version) = (0, 0);
    while !stop.load(Relaxed) {
        let n = said.load(Relaxed);
        let path = format!("/v1/identities/sam/learn?client=one&n={n}");
        let features: Value = serde_json::from_str(&load::features(n, true)).unwrap();
        match two.ask(at, "POST", &path, Some(&json!({ "x": features })), PATIENCE) {
            Some((200, answer)) => {
                let answer: Value = serde_json::from_str(&answer).unwrap();
                version = answer["version"].as_u64().unwrap();
                said.store(n + 1, Relaxed);
            }
            _ => at = 1 - at,
        }
    }
    (said.load(Relaxed), version)
}

/// There and back between this machine's processor and one without its instructions, while
/// somebody talks: matrix products have other bits there, so the state itself moves.
#[test]
#[ignore = "needs qemu-user on x86-64; `cargo xtask test` runs it"]
fn moves_between_processors_of_other_instructions_take_the_state() {
    let emulated = Site { cpu: Some("Nehalem"), ..Site::here() };
    let two = Two::begin([Site::here(), emulated], "segment_mib = 4", &tongue::spec());
    let (stop, said) = (AtomicBool::new(false), AtomicU64::new(0));
    let hears = |more: u64| {
        let (begin, before) = (Instant::now(), said.load(Relaxed));
        while said.load(Relaxed) < before + more {
            assert!(begin.elapsed() < PATIENCE, "nothing more is heard after {before}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let ((all, version), jobs) = std::thread::scope(|scope| {
        let talking = scope.spawn(|| talk(&two, &stop, &said));
        let mut jobs = Vec::new();
        for from in [0, 1] {
            hears(6);
            jobs.push(departed(&two, from));
            hears(6);
        }
        stop.store(true, Relaxed);
        (talking.join().unwrap(), jobs)
    });
    for job in &jobs {
        println!("{}", job["by_state"]);
        let kernels = ["here", "there"].map(|side| job["by_state"][side].to_string());
        assert_eq!(kernels.iter().filter(|k| k.contains("scalar")).count(), 1, "{job}");
    }
    // Each was heard once: whatever else is in the journal tells of the moves.
    let ask = |method, what: &str| {
        let path = format!("/v1/identities/sam{what}");
        let answer = two.ask(0, method, &path, Some(&json!({})), PATIENCE).unwrap();
        assert_eq!(answer.0, 200, "{answer:?}");
        serde_json::from_str::<Value>(&answer.1).unwrap()
    };
    assert_eq!(ask("GET", "/clients/one")["newest"], all - 1);
    let card = ask("GET", "");
    assert_eq!(card["version"], version, "{card}");
    assert_eq!(card["figures"]["learned"], all, "{card}");
    let verified = ask("POST", "/verify");
    println!("{verified}");
    let (from, why) = (verified["from"].as_u64().unwrap(), verified["why"].to_string());
    assert!((1..version).contains(&from) && why.contains("was shipped from"), "{verified}");
}

/// What is cut, and where: the point, the way, and how long until it is mended.
type Lost = (Side, &'static str, (Side, Cut), u64);

/// In a link that is cut for 700 ms TCP sends again; 2.6 s are longer than learning may be held,
/// and 7 s longer than an answer may take.
const LOST: [Lost; 12] = [
    (Side::Source, "source:Hello", (Side::Source, Cut::Silent), 700),
    (Side::Source, "source:Send", (Side::Source, Cut::Blackhole), 700),
    (Side::Target, "target:Frames:done", (Side::Target, Cut::Silent), 700),
    (Side::Source, "source:Warm", (Side::Source, Cut::Down), 700),
    (Side::Source, "source:Seal:done", (Side::Target, Cut::Silent), 700),
    (Side::Target, "target:Agree:done", (Side::Target, Cut::Blackhole), 7000),
    (Side::Source, "source:Agree", (Side::Source, Cut::Silent), 2600),
    (Side::Source, "source:Commit", (Side::Source, Cut::Silent), 7000),
    (Side::Home, "register:written", (Side::Home, Cut::Silent), 7000),
    (Side::Source, "source:Commit:done", (Side::Source, Cut::Down), 2600),
    (Side::Source, "source:Grant", (Side::Source, Cut::Blackhole), 700),
    (Side::Target, "target:Grant:done", (Side::Target, Cut::Silent), 2600),
];

#[test]
#[ignore = "makes network namespaces, which only root may; `cargo xtask test` runs it"]
fn moves_between_namespaces_whose_links_are_cut_one_way_lose_nothing() {
    let passes = number("HER_DEPARTURE_PASSES", 1);
    let net = Net::new();
    let two = Two::begin(net.sites(), "segment_mib = 4\ninsecure = true", &spec());
    let mut outcomes = BTreeMap::new();
    let history = under_load(&two, number("HER_DEPARTURE_RATE", 10_000), |load| {
        for (side, point, (from, cut), ms) in (0..passes).flat_map(|_| LOST) {
            // One way of cutting means something only where the register is on the other side.
            if side == Side::Home && two.owner() == 0 {
                round(&two, &Vec::new(), &wait);
            }
            let owner = two.owner();
            let from = node(from, owner);
            let case: Case = vec![(side, point, "stop 0")];
            let cut_while_it_goes_on = |at: usize, _ms| {
                net.cut(from, cut, false);
                two.signal(at, "-CONT");
                std::thread::sleep(Duration::from_millis(ms));
                net.cut(from, cut, true);
            };
            let (outcome, hits) = round(&two, &case, &cut_while_it_goes_on);
            assert!(!hits.is_empty(), "{point} was not reached");
            println!("{point}, {cut:?} from {from} of owner {owner} for {ms} ms: {outcome}");
            *outcomes.entry(outcome).or_insert(0) += 1;
            goes_on(&two, load, &case);
            // Then a client's requests get lost, and their answers do not.
            let owner = two.owner();
            net.cut_clients(owner, false);
            std::thread::sleep(Duration::from_millis(300));
            net.cut_clients(owner, true);
            goes_on(&two, load, &case);
        }
        println!("{} moves: {outcomes:?}", load.turn().1);
    });
    check(&two, history);
}

/// The checker finds what is wrong in a history that was right.
fn a_planted_fault_is_seen(history: &History) {
    let spoilt = |spoil: &dyn Fn(&mut History), invariant: &str| {
        let mut history = history.clone();
        spoil(&mut history);
        let found = history.check().expect_err(invariant);
        assert!(found.starts_with(invariant), "{invariant} was planted, {found} was found");
    };
    let middle = history.lines.len() / 2;
    let middle =
        (middle..history.lines.len()).find(|i| history.lines[*i].request.is_some()).unwrap();
    let request = history.lines[middle].request;
    let (client, n) = request.map(|(client, n)| (client, n as usize)).unwrap();
    spoilt(&|h| h.lines.truncate(middle), "I1");
    spoilt(&|h| h.lines[middle + 1].request = request, "I2");
    spoilt(&|h| h.lines[middle].request = None, "I2");
    spoilt(&|h| h.clients[client].1[n].version = 1, "I2");
    spoilt(&|h| h.clients[client].1[n].sent_us = u64::MAX - 1, "I3");
    spoilt(&|h| h.lines[middle].epoch += 1_000_000, "I4");
    spoilt(&|h| h.seen.iter_mut().for_each(|seen| seen.digest ^= 1), "I6");
    spoilt(&|h| h.chains[1][0].1 = Digest::default(), "I7");
    let told =
        |h: &mut History| h.clients[0].1.iter_mut().find(|t| t.version > 0).unwrap().node ^= 1;
    spoilt(&|h| told(h), "I12");
}
