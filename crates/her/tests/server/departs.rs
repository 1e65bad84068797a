//! Departures between servers: over real sockets, with plain clients that know nothing of it.

#![allow(clippy::disallowed_methods, reason = "a test waits, and not for ever")]

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use her::client::remote::Remote;
use her::client::{Door, Item, Told};
use her::config::{Settings, gates};
use her::node::{Peer, of_dir};
use her::server::Server;
use her_identity::event::What;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{PATIENCE, Running, settings};
use super::person::Person;

/// A port that was free a moment ago.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Where two nodes will be found.
pub struct Plan {
    dirs: [TempDir; 2],
    nodes: [String; 2],
    http: [String; 2],
}

impl Plan {
    pub fn new() -> Self {
        let dir = || tempfile::tempdir().unwrap();
        Self { dirs: [dir(), dir()], nodes: [free(), free()], http: [free(), free()] }
    }

    fn peer(&self, i: usize) -> Peer {
        Peer {
            name: ["a", "b"][i].to_owned(),
            key: of_dir(self.dirs[i].path()).unwrap().node,
            at: Some(self.nodes[i].clone()),
            url: Some(format!("http://{}", self.http[i])),
        }
    }

    fn settings(&self, i: usize) -> Settings {
        let node = format!("node.listen={}", self.nodes[i]);
        let mut settings = settings(self.dirs[i].path(), &[&node]);
        settings.listen = self.http[i].parse().unwrap();
        settings.nodes = vec![self.peer(1 - i)];
        settings
    }

    /// The text of a new token of a node.
    fn token(&self, i: usize, args: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_her"));
        command.args(["token", "new"]).args(args).arg("--data-dir").arg(self.dirs[i].path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn start(&self, i: usize) -> Node {
        let server = Server::start(&self.settings(i)).unwrap();
        Node { running: running(self.dirs[i].path(), server) }
    }
}

fn running(dir: &Path, server: Server) -> Running {
    let token = std::fs::read_to_string(dir.join("token")).unwrap().trim().to_owned();
    // The plan keeps the directory; what Running removes is another one.
    let other = tempfile::tempdir().unwrap();
    Running { addr: server.addr(), server: Some(server), dir: other, token }
}

pub struct Node {
    pub running: Running,
}

impl Node {
    fn job(&self, id: &str) -> Value {
        self.running.get(&format!("/v1/departures/{id}")).json()
    }

    /// Lets sam depart and waits for the end.
    pub fn depart(&self, to: &str) -> Value {
        let said = self.running.post("/v1/identities/sam/depart", &json!({ "to": to }));
        assert_eq!(said.status, 202, "{}", said.text());
        let id = said.json()["id"].as_str().unwrap().to_owned();
        let begin = Instant::now();
        loop {
            let job = self.job(&id);
            if !job["outcome"].is_null() {
                return job;
            }
            assert!(begin.elapsed() < PATIENCE, "{job}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn stop(mut self) {
        self.running.server.take().unwrap().stop();
    }
}

fn event(n: u64) -> Value {
    json!({ "x": { "a": n % 17, "b": n % 13 }, "y": n.is_multiple_of(2), "client": "c", "n": n })
}

#[test]
fn a_plain_client_learns_on_through_moves_and_loses_nothing() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 20});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    let stop = AtomicBool::new(false);
    let acked = std::thread::scope(|scope| {
        let learner = scope.spawn(|| {
            let (mut acked, mut n) = (Vec::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let said = a.running.post("/v1/identities/sam/learn", &event(n));
                match said.status {
                    200 => {
                        acked.push((n, said.json()));
                        n += 1;
                    }
                    // Told to come again; the number makes that safe.
                    429 | 503 => std::thread::sleep(Duration::from_millis(2)),
                    other => panic!("{other}: {}", said.text()),
                }
            }
            acked
        });
        let predictor = scope.spawn(|| {
            let mut asked = 0;
            while !stop.load(Ordering::Relaxed) {
                let said = a.running.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
                assert!([200, 503].contains(&said.status), "{}", said.text());
                asked += u32::from(said.status == 200);
            }
            asked
        });
        for _ in 0..3 {
            let job = a.depart("b");
            assert_eq!(job["outcome"], "COMPLETED", "{job}");
            assert_eq!(job["verified"], true, "{job}");
            std::thread::sleep(Duration::from_millis(50));
            let job = b.depart("a");
            assert_eq!(job["outcome"], "COMPLETED", "{job}");
        }
        stop.store(true, Ordering::Relaxed);
        assert!(predictor.join().unwrap() > 0);
        learner.join().unwrap()
    });
    assert!(acked.len() > 10, "{} events in all moves", acked.len());
    let log = a.running.get("/v1/identities/sam/log?limit=100000").lines();
    let mut at = std::collections::BTreeMap::new();
    for line in &log {
        if let Some(n) = line["n"].as_u64() {
            assert_eq!(at.insert(n, line["version"].clone()), None, "{n} was done twice");
        }
    }
    for (n, said) in &acked {
        let there = at.get(n).unwrap_or_else(|| panic!("{n} was acknowledged and is lost"));
        assert!(said["duplicate"] == true || *there == said["version"], "{n}: {said} at {there}");
    }
    assert_eq!(a.running.post("/v1/identities/sam/verify", &json!({})).status, 200);
    a.stop();
    b.stop();
}

#[test]
fn who_asks_the_former_node_is_handed_on_or_told_where_to_ask() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    assert_eq!(b.running.get("/v1/identities/sam").status, 404);
    let dry = a.running.post("/v1/identities/sam/depart", &json!({"to": "b", "dry_run": true}));
    assert_eq!((dry.status, &dry.json()["outcome"]), (200, &json!("READY")), "{}", dry.text());
    assert_eq!(a.depart("b")["outcome"], "COMPLETED");

    let said = a.running.post("/v1/identities/sam/learn", &event(1));
    assert_eq!(said.status, 200, "{}", said.text());
    let url = format!("http://{}", plan.http[1]);
    assert_eq!(said.header("her-owner"), Some(url.as_str()));
    assert!(said.header("her-epoch").is_some());
    let card = a.running.get("/v1/identities/sam");
    assert_eq!(card.json()["version"], said.json()["version"]);
    // What lies here is read here, and stays.
    assert!(!a.running.get("/v1/identities/sam/log").lines().is_empty());
    let place = a.running.get("/v1/identities/sam/departures").json();
    assert_eq!(place["place"]["at"], "moved", "{place}");
    assert_eq!(place["departures"][0]["outcome"], "COMPLETED");
    // What it learns there comes here as well, until the register is taken home.
    let begin = Instant::now();
    while a.running.get("/v1/identities/sam/log").lines().len() < 2 {
        assert!(begin.elapsed() < PATIENCE, "the node that it left is not kept up to date");
        std::thread::sleep(Duration::from_millis(50));
    }

    let mut wire = a.running.connect();
    let head = a.running.head("POST", "/v1/identities/sam/predict");
    let body = r#"{"x":{"a":1}}"#;
    wire.send(&format!("{head}her-follow: 1\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let said = wire.said();
    said.refused(421, "moved", "ask http://");
    assert_eq!(said.json()["owner"]["url"], url);

    let rewound = a.running.post("/v1/identities/sam/rewind", &json!({"version": 1}));
    assert_eq!(rewound.status, 200, "an operator is handed on as well: {}", rewound.text());
    a.stop();
    b.stop();
}

/// Our own client, as the command line and Python have it.
fn client(plan: &Plan, node: &Node) -> Remote {
    let url = format!("http://{}", plan.http[0]);
    Remote::trusting(&url, Some(node.running.token.clone()), None).unwrap()
}

#[test]
fn our_own_client_follows_in_the_middle_of_a_stream() {
    let plan = Plan::new();
    for dir in &plan.dirs {
        std::fs::write(dir.path().join("token"), "a-token-that-both-nodes-know\n").unwrap();
    }
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    let (stop, door) = (AtomicBool::new(false), client(&plan, &a));
    let acked = std::thread::scope(|scope| {
        let learner = scope.spawn(|| {
            let (mut n, mut acked) = (0, Vec::new());
            let mut next = || {
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                n += 50;
                Ok(Some((n - 50..n).map(numbered).collect()))
            };
            let mut told = |n, said: her_identity::Result<Told>| acked.push((n, said.unwrap()));
            door.feed("sam", &mut next, &mut told).unwrap();
            acked
        });
        for _ in 0..3 {
            assert_eq!(a.depart("b")["outcome"], "COMPLETED");
            assert_eq!(b.depart("a")["outcome"], "COMPLETED");
        }
        assert_eq!(a.depart("b")["outcome"], "COMPLETED");
        std::thread::sleep(Duration::from_millis(50));
        stop.store(true, Ordering::Relaxed);
        learner.join().unwrap()
    });
    a.stop();
    // The first node is gone, and nobody hands anything on.
    let said = door.predict("sam", &json!({"a": 1}), None).unwrap();
    assert_eq!(said["version"], acked.len() + 1, "as many versions as lines, and its birth");
    let log = door.log("sam", 1, 1_000_000).unwrap();
    let learned: Vec<u64> = log.iter().filter_map(|line| line["n"].as_u64()).collect();
    assert_eq!(learned, acked.iter().map(|(n, _)| *n).collect::<Vec<_>>(), "once each, in order");
    b.stop();
}

fn numbered(n: u64) -> Item {
    let row = her_learn::Row::from_json(&event(n)["x"]).unwrap();
    let target = her_learn::Target::from_json(&event(n)["y"]).unwrap();
    let request = Some(her_identity::event::Request { client: "c".into(), n });
    Item { line: n, request, what: What::Learn { row, target, weight: 1.0 } }
}

#[test]
fn a_client_whom_the_owner_does_not_know_is_handed_on() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    let door = client(&plan, &a);
    assert_eq!(a.depart("b")["outcome"], "COMPLETED");
    for n in 0..3 {
        let said = door.events("sam", &[event(n)]).unwrap().remove(0).unwrap();
        assert_eq!(said["version"], n + 2, "{said}");
    }
    let metrics = b.running.get("/metrics").text();
    let refused: Vec<&str> = metrics.lines().filter(|l| l.contains("status=\"401\"")).collect();
    assert!(matches!(refused[..], [one] if one.ends_with(" 1")), "shown once: {refused:?}");
    a.stop();
    b.stop();
}

#[test]
fn a_token_reaches_no_further_on_another_node() {
    let plan = Plan::new();
    let token = plan.token(0, &["--scope", "predict"]);
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    assert_eq!(a.depart("b")["outcome"], "COMPLETED");
    let said = a.running.post("/v1/identities/sam/learn", &event(1));
    assert_eq!(said.status, 200, "{}", said.text());
    let ask = |path: &str, body: &Value| super::locks::by(&a.running, &token, "POST", path, body);
    let body = json!({"inputs": [
        {"name": "a", "shape": [1], "datatype": "FP64", "data": [1.0]},
        {"name": "y", "shape": [1], "datatype": "BOOL", "data": [true]},
    ]});
    let said = ask("/v2/models/sam/infer", &body);
    assert_eq!(said.status, 403, "{}", said.text());
    let said = ask("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    assert_eq!(said.status, 200, "{}", said.text());
    assert_eq!(b.running.version(), 2);
    a.stop();
    b.stop();
}

#[test]
fn a_restart_finds_its_identities_and_its_departures_again() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    assert_eq!(a.depart("b")["outcome"], "COMPLETED");
    a.running.post("/v1/identities/sam/learn", &event(1));
    let complete = b.running.post("/v1/identities/sam/complete", &json!({}));
    assert_eq!(complete.status, 200, "{}", complete.text());
    b.stop();
    a.stop();
    // The register is at home: b needs nobody.
    let b = plan.start(1);
    let said = b.running.post("/v1/identities/sam/learn", &event(2));
    assert_eq!(said.status, 200, "{}", said.text());
    let a = plan.start(0);
    let begin = Instant::now();
    loop {
        let said = a.running.post("/v1/identities/sam/learn", &event(3));
        if said.status == 200 {
            break;
        }
        assert_eq!(said.status, 503, "{}", said.text());
        assert!(begin.elapsed() < PATIENCE);
    }
    assert_eq!(b.running.version(), 4);
    a.stop();
    b.stop();
}

#[test]
fn a_node_that_is_not_on_the_list_learns_nothing() {
    let plan = Plan::new();
    let stranger = Plan::new();
    let mut settings = plan.settings(0);
    settings.nodes = vec![stranger.peer(0)];
    let server = Server::start(&settings).unwrap();
    let a = Node { running: running(plan.dirs[0].path(), server) };
    // b knows a, and a does not know b.
    let b = plan.start(1);
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(b.running.put("/v1/identities/sam", &spec).status, 201);
    let job = b.depart("a");
    assert_eq!(job["outcome"], "TARGET_NOT_READY", "{job}");
    assert_eq!(b.running.post("/v1/identities/sam/learn", &event(1)).status, 200);
    let unknown = b.running.post("/v1/identities/sam/depart", &json!({"to": "nobody"}));
    unknown.refused(404, "not_found", "no node \"nobody\" is in the settings (known: a)");
    let mut wire = std::net::TcpStream::connect(&plan.nodes[0]).unwrap();
    wire.set_read_timeout(Some(PATIENCE)).unwrap();
    std::io::Write::write_all(&mut wire, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = std::io::Read::read_to_end(&mut wire, &mut said);
    assert!(!String::from_utf8_lossy(&said).contains("HTTP"), "it speaks TLS only");
    a.stop();
    b.stop();
}

#[test]
fn a_person_who_talks_is_told_where_it_went_and_goes_on_there() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    let mut person = Person::new(&a.running, "");
    let said = person.says(&json!({"n": 1, "x": {"a": 1}, "y": true}));
    assert_eq!(said["version"], 2, "{said}");
    assert_eq!(a.depart("b")["outcome"], "COMPLETED");
    let (last, code) = person.hears_the_end();
    assert_eq!((code, last["parked"].as_str()), (1012, Some("moved")), "{last}");
    assert_eq!(last["moved"]["url"], format!("http://{}", plan.http[1]));
    // The session came along: the message that was answered is not taken twice.
    let mut there = Person::back(&b.running, last["resume"].as_str().unwrap(), 1);
    let again = there.says(&json!({"n": 1, "x": {"a": 1}, "y": true}));
    assert_eq!(b.running.version(), 2, "{again}");
    let said = there.says(&json!({"n": 2, "x": {"a": 2}, "y": false}));
    assert_eq!(said["version"], 3, "{said}");
    a.stop();
    b.stop();
}

#[test]
fn a_gate_lets_it_depart_to_a_higher_tier() {
    let plan = Plan::new();
    let mut there = plan.settings(1);
    there.tier = 1;
    let b = Node { running: running(plan.dirs[1].path(), Server::start(&there).unwrap()) };
    let mut here = plan.settings(0);
    let rule = "[gate.up]\nwhen = 'version > 2 && tier < max_tier'\nmode = 'act'\n\
                do = { migrate = { to = 'tier+1', leave = 'legacy' } }";
    here.gates = gates::of_text("the test", rule).unwrap();
    let a = Node { running: running(plan.dirs[0].path(), Server::start(&here).unwrap()) };
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    for n in 0..5 {
        assert_eq!(a.running.post("/v1/identities/sam/learn", &event(n)).status, 200);
    }
    let begin = Instant::now();
    let place = || a.running.get("/v1/identities/sam/departures").json();
    while place()["place"]["at"] != "moved" || place()["departures"][0]["outcome"].is_null() {
        assert!(begin.elapsed() < PATIENCE, "{}", place());
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = place();
    assert_eq!(said["departures"][0]["outcome"], "COMPLETED", "{said}");
    assert!(said["departures"][0]["left"].is_string(), "a copy stays behind: {said}");
    assert_eq!(b.running.version(), 6);
    a.stop();
    b.stop();
}

#[test]
fn a_departure_that_was_under_way_waits_for_the_register_and_goes_on() {
    let plan = Plan::new();
    let (a, b) = (plan.start(0), plan.start(1));
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(a.running.put("/v1/identities/sam", &spec).status, 201);
    let mut job = a.depart("b");
    a.stop();
    b.stop();
    // As a process leaves it that was killed on the way back.
    job["to"] = "a".into();
    job["node"] = json!(plan.peer(0).key);
    for key in ["outcome", "ended_ms", "why", "left", "verified", "step"] {
        job[key] = Value::Null;
    }
    let dir = plan.dirs[1].path().join("departures");
    std::fs::create_dir_all(&dir).unwrap();
    let id = job["id"].as_str().unwrap().to_owned();
    std::fs::write(dir.join(format!("{id}.json")), job.to_string()).unwrap();

    // The register lies with a, which is away: sam waits, and so does its departure.
    let b = plan.start(1);
    std::thread::sleep(Duration::from_millis(600));
    let place = b.running.get("/v1/identities/sam/departures").json();
    assert_eq!(place["place"]["at"], "waiting", "{place}");
    let a = plan.start(0);
    let begin = Instant::now();
    while b.job(&id)["outcome"].is_null() {
        assert!(begin.elapsed() < PATIENCE, "{}", b.job(&id));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(b.job(&id)["outcome"], "COMPLETED", "{}", b.job(&id));
    assert_eq!(a.running.post("/v1/identities/sam/learn", &event(1)).status, 200);
    a.stop();
    b.stop();
}
