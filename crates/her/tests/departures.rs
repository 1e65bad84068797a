//! Departures between two processes of `her serve` that are killed and stopped at random moments:
//! the checker looks at what clients were told, and at the journal of whoever owns the identity in
//! the end. `HER_DEPARTURE_ROUNDS=100 cargo test -p her --test departures` is the long run.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use her::node::of_dir;
use serde_json::{Value, json};
use ureq::Agent;

/// Long enough for a loaded machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_mins(2);

struct Place {
    dir: PathBuf,
    http: String,
    node: String,
}

struct Two {
    _dir: tempfile::TempDir,
    places: [Place; 2],
}

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn agent() -> Agent {
    let limit = Some(Duration::from_secs(5));
    let config = Agent::config_builder().timeout_global(limit).http_status_as_error(false);
    config.build().into()
}

impl Two {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = |name| Place { dir: dir.path().join(name), http: free(), node: free() };
        let places = [place("a"), place("b")];
        let keys = [0, 1].map(|i: usize| of_dir(&places[i].dir).unwrap().node);
        for (i, place) in places.iter().enumerate() {
            let other = &places[1 - i];
            let settings = format!(
                "listen = \"{}\"\nshards = 1\nsegment_mib = 1\ndrain_s = 5\n[node]\nlisten = \
                 \"{}\"\n[nodes.{}]\nkey = \"{}\"\nat = \"{}\"\nurl = \"http://{}\"\n",
                place.http,
                place.node,
                ["b", "a"][i],
                keys[1 - i],
                other.node,
                other.http
            );
            std::fs::write(place.dir.join("her.toml"), settings).unwrap();
        }
        Self { _dir: dir, places }
    }

    fn start(&self, i: usize) -> Child {
        let place = &self.places[i];
        let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
        command.arg("serve").arg("--data-dir").arg(&place.dir).arg("--config");
        command.arg(place.dir.join("her.toml")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let begin = Instant::now();
        while !matches!(agent().get(format!("http://{}/livez", place.http)).call(), Ok(r) if r.status() == 200)
        {
            assert!(begin.elapsed() < PATIENCE, "node {i} does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    fn ask(&self, i: usize, path: &str, body: Option<&Value>) -> Option<(u16, String)> {
        let place = &self.places[i];
        let token = std::fs::read_to_string(place.dir.join("token")).ok()?;
        let (url, bearer) =
            (format!("http://{}{path}", place.http), format!("Bearer {}", token.trim()));
        let said = match body {
            None => agent().get(url).header("authorization", bearer).call(),
            Some(body) => agent()
                .post(url)
                .header("authorization", bearer)
                .header("content-type", "application/json")
                .send(body.to_string()),
        };
        let mut said = said.ok()?;
        Some((said.status().as_u16(), said.body_mut().read_to_string().ok()?))
    }

    fn place(&self, i: usize) -> Option<String> {
        let (status, text) = self.ask(i, "/v1/identities/sam/departures", None)?;
        if status != 200 {
            return None;
        }
        let said: Value = serde_json::from_str(&text).ok()?;
        Some(said["place"]["at"].as_str()?.to_owned())
    }

    /// The node that owns sam, once there is one.
    fn owner(&self) -> usize {
        let begin = Instant::now();
        loop {
            let places = [self.place(0), self.place(1)];
            let at: Vec<usize> = (0..2).filter(|i| places[*i].as_deref() == Some("here")).collect();
            assert!(at.len() < 2, "two nodes own it");
            if let [owner] = at[..] {
                return owner;
            }
            assert!(begin.elapsed() < PATIENCE, "nobody owns it: {places:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn event(client: &str, n: u64) -> Value {
    let (a, b) = ((n * 7919) % 101, (n * 104_729) % 103);
    json!({ "x": { "a": a, "b": b }, "y": a > b, "client": client, "n": n })
}

/// Learns numbered events at whichever node answers, again until each is acknowledged.
fn client(two: &Two, name: &str, stop: &AtomicBool, done: &AtomicU64) -> BTreeMap<u64, u64> {
    let (mut told, mut n, mut at) = (BTreeMap::new(), 0, 0);
    while !stop.load(Ordering::Relaxed) {
        match two.ask(at, "/v1/identities/sam/learn", Some(&event(name, n))) {
            Some((200, text)) => {
                let said: Value = serde_json::from_str(&text).unwrap();
                let again = said["duplicate"] == true;
                told.insert(n, if again { 0 } else { said["version"].as_u64().unwrap() });
                n += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Some((422 | 400, text)) => panic!("{text}"),
            _ => {
                at = 1 - at;
                std::thread::sleep(Duration::from_millis(3));
            }
        }
    }
    told
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn mixed(seed: u64) -> u64 {
    let z = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11
}

/// Ends the clients, also when a check fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Processes([Option<Child>; 2]);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.0.iter_mut().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One departure, with one of the two killed or stopped somewhere in it.
fn round(two: &Two, processes: &mut Processes, seed: u64) -> String {
    let owner = two.owner();
    let to = ["b", "a"][owner];
    let began = two.ask(owner, "/v1/identities/sam/depart", Some(&json!({ "to": to })));
    std::thread::sleep(Duration::from_millis(mixed(seed) % 30));
    let hit = (mixed(seed + 1_000) % 2) as usize;
    match mixed(seed + 2_000) % 4 {
        0 => {}
        1 => {
            let child = processes.0[hit].as_ref().unwrap();
            signal(child, "-STOP");
            std::thread::sleep(Duration::from_millis(300));
            signal(child, "-CONT");
        }
        _ => {
            let mut child = processes.0[hit].take().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            processes.0[hit] = Some(two.start(hit));
        }
    }
    let Some((202, job)) = began else { return format!("{began:?}") };
    let job: Value = serde_json::from_str(&job).unwrap();
    let begin = Instant::now();
    loop {
        let path = format!("/v1/departures/{}", job["id"].as_str().unwrap());
        if let Some((200, text)) = two.ask(owner, &path, None) {
            let job: Value = serde_json::from_str(&text).unwrap();
            if let Some(outcome) = job["outcome"].as_str() {
                return outcome.to_owned();
            }
        }
        assert!(begin.elapsed() < PATIENCE, "a departure does not end: {job}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The versions at which numbered events lie in a journal, which is dense.
fn journal(two: &Two, owner: usize) -> BTreeMap<(String, u64), u64> {
    let (mut at, mut from) = (BTreeMap::new(), 1);
    loop {
        let path = format!("/v1/identities/sam/log?from={from}&limit=1000");
        let (status, text) = two.ask(owner, &path, None).unwrap();
        assert_eq!(status, 200, "{text}");
        if text.is_empty() {
            return at;
        }
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["version"], from, "the journal is dense");
            if let (Some(client), Some(n)) = (line["client"].as_str(), line["n"].as_u64()) {
                let twice = at.insert((client.to_owned(), n), from);
                assert_eq!(twice, None, "{client}'s {n} was done twice");
            }
            from += 1;
        }
    }
}

#[test]
fn moves_between_processes_that_are_killed_lose_nothing_and_double_nothing() {
    let rounds = std::env::var("HER_DEPARTURE_ROUNDS").ok().and_then(|n| n.parse().ok());
    let two = Two::new();
    let mut processes = Processes([Some(two.start(0)), Some(two.start(1))]);
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 100});
    let place = &two.places[0];
    let token = std::fs::read_to_string(place.dir.join("token")).unwrap();
    let url = format!("http://{}/v1/identities/sam", place.http);
    let bearer = format!("Bearer {}", token.trim());
    let put = agent().put(url).header("authorization", bearer);
    assert_eq!(put.content_type("application/json").send(spec.to_string()).unwrap().status(), 201);
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut outcomes = BTreeMap::new();
    let told: Vec<(&str, BTreeMap<u64, u64>)> = std::thread::scope(|scope| {
        let _end = End(&stop);
        let clients: Vec<_> = ["one", "two"]
            .into_iter()
            .map(|name| (name, scope.spawn(|| client(&two, name, &stop, &done))))
            .collect();
        for seed in 0..rounds.unwrap_or(8) {
            *outcomes.entry(round(&two, &mut processes, seed)).or_insert(0) += 1;
            // Learning goes on after each, whatever came of it.
            let (before, begin) = (done.load(Ordering::Relaxed), Instant::now());
            while done.load(Ordering::Relaxed) < before + 4 {
                assert!(begin.elapsed() < PATIENCE, "nothing is learned after round {seed}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().map(|(name, client)| (name, client.join().unwrap())).collect()
    });
    let owner = two.owner();
    let at = journal(&two, owner);
    let mut acked = 0;
    for (client, told) in &told {
        for (n, version) in told {
            let there = at.get(&((*client).to_owned(), *n)).copied();
            assert!(there.is_some(), "{client}'s {n} was acknowledged and is lost");
            assert!(*version == 0 || there == Some(*version), "{client}'s {n} lies elsewhere");
            acked += 1;
        }
    }
    let (status, text) = two.ask(owner, "/v1/identities/sam/verify", Some(&json!({}))).unwrap();
    assert_eq!(status, 200, "{text}");
    println!("{acked} acknowledged events; departures: {outcomes:?}");
    assert!(acked > 0 && outcomes.contains_key("COMPLETED"), "{outcomes:?}");
    let left = Path::new(&two.places[0].dir).join("legacy");
    assert!(left.exists() || two.places[1].dir.join("legacy").exists(), "a copy stays behind");
}
