//! Two houses and more, the way between them, and clients that follow an identity.

#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use her_identity::event::{Event, Request, What};
use her_identity::house::{Config, House, Place};
use her_identity::migrate::{Ask, Bounds, Control, Departure, Host, Link, Node, Report, Told};
use her_identity::{Error, ErrorKind, Result};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

pub const A: Node = Node([1; 32]);
pub const B: Node = Node([2; 32]);

pub fn open(dir: &Path, me: Node, catalog: Catalog) -> Arc<Host> {
    let mut config = Config::new(dir);
    config.shards = 1;
    config.journal.segment_bytes = 1 << 20;
    let house = House::open(config, catalog).unwrap();
    Arc::new(Host::new(Arc::new(house), me))
}

pub fn learn(house: &House, n: u64, client: &str) -> Event {
    let x = json!({"a": (n * 7919) % 101, "b": (n * 104_729) % 103});
    let target = Target::Bool((n * 7919) % 101 > (n * 104_729) % 103);
    let row = Row::from_json(&x).unwrap();
    let mut event = house.event(What::Learn { row, target, weight: 1.0 });
    event.request = Some(Request { client: client.into(), n });
    event
}

/// Nodes in one process. A seed draws which questions and which answers are lost.
#[derive(Default)]
pub struct Net {
    pub hosts: RwLock<BTreeMap<Node, Arc<Host>>>,
    pub lost_in: AtomicU64,
    pub lost: AtomicU64,
    pub seed: Mutex<u64>,
}

impl Net {
    fn loses(&self) -> bool {
        let one_in = self.lost_in.load(Ordering::Relaxed);
        if one_in == 0 {
            return false;
        }
        let mut x = self.seed.lock().unwrap();
        *x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let loses = (*x >> 33).is_multiple_of(one_in);
        self.lost.fetch_add(u64::from(loses), Ordering::Relaxed);
        loses
    }

    pub fn host(&self, node: Node) -> Arc<Host> {
        Arc::clone(&self.hosts.read().unwrap()[&node])
    }

    pub fn put(&self, host: Arc<Host>) {
        self.hosts.write().unwrap().insert(host.me(), host);
    }
}

pub struct From(pub Arc<Net>, pub Node);

impl Link for From {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        let lost = || Error::new(ErrorKind::Unavailable, "lost on the way");
        let host = self.0.hosts.read().unwrap().get(&to).cloned().ok_or_else(lost)?;
        if self.0.loses() {
            return Err(lost());
        }
        let told = host.answer(self.1, ask.clone());
        if self.0.loses() { Err(lost()) } else { Ok(told) }
    }
}

pub fn depart(net: &Arc<Net>, from: Node, to: Node) -> Report {
    let (host, link) = (net.host(from), From(Arc::clone(net), from));
    let control = Control::default();
    Departure::run(&host, &link, "sam", to, Bounds::default(), &control, &|_, _| {}).unwrap()
}

pub fn bytes(host: &Host) -> Vec<u8> {
    host.house().look("sam", |identity| identity.state().save()).unwrap()
}

/// What a client was told: its number, the version it was applied at, and by whom.
pub type Acked = Vec<(u64, u64)>;

/// Learns numbered events wherever the identity is, again until each is acknowledged.
pub fn client(net: &Net, name: &str, stop: &AtomicBool) -> Acked {
    let (mut acked, mut n, mut at) = (Vec::new(), 0, A);
    while !stop.load(Ordering::Relaxed) {
        let host = net.host(at);
        let event = learn(host.house(), n, name);
        let told = host.house().submit_wait("sam", vec![event]);
        match told.and_then(|mut replies| replies.remove(0)) {
            Ok(reply) => {
                acked.push((n, if reply.duplicate { 0 } else { reply.version }));
                n += 1;
            }
            Err(e) if e.kind == ErrorKind::Busy => std::thread::yield_now(),
            Err(_) => {
                at = if at == A { B } else { A };
                std::thread::yield_now();
            }
        }
    }
    acked
}

/// The journal holds each acknowledged event once, at the version that was told, and no number
/// twice; its versions are dense and its epochs never fall.
pub fn check(host: &Host, told: &BTreeMap<String, Acked>) {
    let house = host.house();
    let head = house.head("sam").unwrap().seq;
    let log = house.log("sam", 1, usize::MAX >> 1).unwrap();
    assert_eq!(log.len() as u64, head);
    let (mut seen, mut epoch) = (BTreeMap::new(), 0);
    for (i, line) in log.iter().enumerate() {
        let version = i as u64 + 1;
        assert_eq!(line["version"], version);
        assert!(line["epoch"].as_u64().unwrap() >= epoch, "the epoch falls at {version}");
        epoch = line["epoch"].as_u64().unwrap();
        if let (Some(client), Some(n)) = (line["client"].as_str(), line["n"].as_u64()) {
            let twice = seen.insert((client.to_owned(), n), version);
            assert_eq!(twice, None, "{client}'s {n} was done twice");
        }
    }
    for (client, acked) in told {
        for (n, version) in acked {
            let at = seen.get(&(client.clone(), *n)).copied();
            assert!(at.is_some(), "{client}'s {n} was acknowledged and is lost");
            assert!(*version == 0 || at == Some(*version), "{client}'s {n} lies elsewhere");
        }
    }
}

/// Ends the clients, also when a check fails.
pub struct End<'a>(pub &'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub fn settle(net: &Arc<Net>) -> Node {
    for _ in 0..200 {
        for node in [A, B] {
            net.host(node).watch(&From(Arc::clone(net), node));
        }
        let here = |node: &Node| {
            let host = net.host(*node);
            host.house().record("sam").is_ok() && host.house().place("sam") == Place::Here
        };
        let owners: Vec<Node> = [A, B].into_iter().filter(here).collect();
        assert!(owners.len() < 2, "two nodes own it");
        if let [owner] = owners[..] {
            return owner;
        }
    }
    panic!("nobody owns it, though all answers come through");
}

/// Learns so many events where the identity lives.
pub fn teach(host: &Host, from: u64, to: u64) {
    for n in from..to {
        let event = learn(host.house(), n, "c");
        host.house().submit_wait("sam", vec![event]).unwrap().remove(0).unwrap();
    }
}
