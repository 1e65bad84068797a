//! Departures between real houses, over a link that loses questions and answers: nothing that
//! was acknowledged is lost, nothing is done twice, and the life stays the same bit for bit.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use her_identity::ErrorKind;
use her_identity::Result;
use her_identity::event::Birth;
use her_identity::house::Place;
use her_identity::migrate::{
    Ask, Bounds, Control, Departure, Followers, Host, Link, Node, Outcome, Told,
};
use her_learn::{Catalog, Row};
use serde_json::json;

use crate::departing::{A, B, End, From, Net, bytes, check, client, depart, learn, settle, teach};

mod departing;

fn open(dir: &Path, me: Node) -> Arc<Host> {
    departing::open(dir, me, Catalog::builtin())
}

fn birth() -> Birth {
    Birth::from_json(&json!({
        "model": ["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}],
        "shadow_after": 50, "snapshot_every": 1000,
    }))
    .unwrap()
}

/// A link that takes its time when both sides compare what they have.
struct Slow(From);

impl Link for Slow {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        if matches!(ask, Ask::Agree { .. }) {
            std::thread::sleep(std::time::Duration::from_millis(2_100));
        }
        self.0.ask(to, ask)
    }
}

fn two(dir: &Path) -> Arc<Net> {
    let net = Arc::new(Net::default());
    net.put(open(&dir.join("a"), A));
    net.put(open(&dir.join("b"), B));
    net
}

#[test]
fn a_life_moves_and_comes_back_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let net = two(dir.path());
    let a = net.host(A);
    a.house().create("sam", &birth()).unwrap();
    for n in 0..2_500 {
        a.house().submit_wait("sam", vec![learn(a.house(), n, "c")]).unwrap();
    }
    a.house().tag("sam", "young", Some(40)).unwrap();
    a.house().rewind("sam", 2_000).unwrap();
    a.house().submit_wait("sam", vec![learn(a.house(), 2_600, "c")]).unwrap();
    let before = bytes(&a);

    let dry = Departure::rehearse(&a, &From(Arc::clone(&net), A), "sam", B).unwrap();
    assert_eq!(dry.outcome, Outcome::Ready, "{dry:?}");
    assert!(net.host(B).house().names().is_empty() && a.house().place("sam") == Place::Here);

    let report = depart(&net, A, B);
    assert_eq!((report.outcome, report.verified), (Outcome::Completed, Some(true)), "{report:?}");
    let b = net.host(B);
    assert_eq!(bytes(&b), before);
    assert_eq!(b.house().record("sam").unwrap().tags["young"], 40);
    let verified = b.house().verify("sam").unwrap();
    assert_eq!(verified.version, 2_002);
    // What was a duplicate is one still: the table of request numbers came along.
    let again = b.house().submit_wait("sam", vec![learn(b.house(), 2_600, "c")]).unwrap();
    assert!(again[0].as_ref().unwrap().duplicate);
    let moved = a.house().submit_wait("sam", vec![learn(a.house(), 2_601, "c")]).unwrap_err();
    assert_eq!(moved.kind, ErrorKind::Moved);
    assert!(moved.message.contains(&B.to_string()), "{moved}");
    assert_eq!(a.house().at("sam", 2_002).unwrap().save(), before, "its past stays readable");

    b.house().submit_wait("sam", vec![learn(b.house(), 2_601, "c")]).unwrap();
    // A fork of what was left behind shares its past with the one that lives there already.
    a.house().fork("sam", "eve", Some(2_001)).unwrap();
    a.house().submit_wait("eve", vec![learn(a.house(), 2_700, "c")]).unwrap();
    let link = From(Arc::clone(&net), A);
    let (bounds, control) = (Bounds::default(), Control::default());
    let report = Departure::run(&a, &link, "eve", B, bounds, &control, &|_, _| {}).unwrap();
    assert_eq!((report.outcome, report.verified), (Outcome::Completed, Some(true)), "{report:?}");
    b.house().verify("eve").unwrap();
    b.house().submit_wait("sam", vec![learn(b.house(), 2_602, "c")]).unwrap();

    let report = depart(&net, B, A);
    assert_eq!((report.outcome, report.verified), (Outcome::Completed, Some(true)), "{report:?}");
    assert!(report.figures.bytes < 2_000, "only what was learned there comes back: {report:?}");
    assert_eq!(a.house().verify("sam").unwrap().version, 2_004);
}

#[test]
fn moves_under_load_over_a_bad_link_lose_nothing_and_double_nothing() {
    let seeds = std::env::var("HER_DEPARTURE_SEEDS").ok().and_then(|n| n.parse().ok());
    let (mut completed, mut aborted, mut lost) = (0, 0, 0);
    for seed in 0..seeds.unwrap_or(6) {
        let dir = tempfile::tempdir().unwrap();
        let net = two(dir.path());
        *net.seed.lock().unwrap() = seed * 7 + 1;
        net.host(A).house().create("sam", &birth()).unwrap();
        let stop = AtomicBool::new(false);
        let told = std::thread::scope(|scope| {
            let _end = End(&stop);
            let clients: Vec<_> = ["one", "two", "three"]
                .into_iter()
                .map(|name| (name, scope.spawn(|| client(&net, name, &stop))))
                .collect();
            net.lost_in.store(12, Ordering::Relaxed);
            let mut at = A;
            for _ in 0..6 {
                let to = if at == A { B } else { A };
                match depart(&net, at, to).outcome {
                    Outcome::Completed => completed += 1,
                    _ => aborted += 1,
                }
                net.lost_in.store(0, Ordering::Relaxed);
                at = settle(&net);
                net.lost_in.store(12, Ordering::Relaxed);
            }
            stop.store(true, Ordering::Relaxed);
            let told = clients.into_iter();
            told.map(|(name, c)| (name.to_owned(), c.join().unwrap())).collect()
        });
        lost += net.lost.load(Ordering::Relaxed);
        net.lost_in.store(0, Ordering::Relaxed);
        let owner = settle(&net);
        check(&net.host(owner), &told);
        net.host(owner).house().verify("sam").unwrap();
    }
    println!("{completed} moves, {aborted} aborts, {lost} messages lost");
    assert!(completed > 0 && lost > 0, "{completed} moves, {aborted} aborts, {lost} lost");
}

#[test]
fn a_restart_asks_the_register_and_takes_a_fresh_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let net = two(dir.path());
    net.host(A).house().create("sam", &birth()).unwrap();
    assert_eq!(depart(&net, A, B).outcome, Outcome::Completed);
    let epoch = net.host(B).house().head("sam").unwrap().epoch;

    // Both go down; B comes up first, and its home is away.
    net.hosts.write().unwrap().clear();
    let b = open(&dir.path().join("b"), B);
    net.put(Arc::clone(&b));
    assert_eq!(b.watch(&From(Arc::clone(&net), B)), 1);
    let refused = b.house().submit_wait("sam", vec![learn(b.house(), 1, "c")]).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    let row = Row::from_json(&json!({"a": 1})).unwrap();
    assert!(b.house().predict_wait("sam", row).is_ok(), "it predicts all the while");

    net.put(open(&dir.path().join("a"), A));
    assert_eq!(settle(&net), B);
    b.house().submit_wait("sam", vec![learn(b.house(), 1, "c")]).unwrap();
    assert!(b.house().head("sam").unwrap().epoch > epoch);

    // With the register at home, B needs nobody.
    b.bring_home("sam", &From(Arc::clone(&net), B)).unwrap();
    drop(b);
    net.hosts.write().unwrap().clear();
    let b = open(&dir.path().join("b"), B);
    assert_eq!(b.watch_alone(), 0);
    b.house().submit_wait("sam", vec![learn(b.house(), 2, "c")]).unwrap();
    // A knows where the cell went.
    net.put(Arc::clone(&b));
    net.put(open(&dir.path().join("a"), A));
    assert_eq!(settle(&net), B);
    assert!(matches!(net.host(A).house().place("sam"), Place::Moved(cell) if cell.owner == B));
}

#[test]
fn what_stands_in_the_way_has_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let net = two(dir.path());
    let (a, b) = (net.host(A), net.host(B));
    a.house().create("sam", &birth()).unwrap();
    b.house().create("sam", &birth()).unwrap();
    let report = depart(&net, A, B);
    assert_eq!(report.outcome, Outcome::NameTaken, "{report:?}");
    assert!(report.why.unwrap().contains("another identity named \"sam\""));
    let report = depart(&net, A, Node([9; 32]));
    assert_eq!(report.outcome, Outcome::TargetNotReady, "{report:?}");
    a.house().submit_wait("sam", vec![learn(a.house(), 1, "c")]).unwrap();
    let control = Control::default();
    control.cancel();
    let link = From(Arc::clone(&net), A);
    let report =
        Departure::run(&a, &link, "sam", B, Bounds::default(), &control, &|_, _| {}).unwrap();
    assert_eq!(report.outcome, Outcome::Cancelled);
    a.house().submit_wait("sam", vec![learn(a.house(), 2, "c")]).unwrap();
    a.house().verify("sam").unwrap();

    // A target that takes too long once learning is held: it stays, and learns on.
    a.house().fork("sam", "eve", None).unwrap();
    let (slow, control) = (Slow(From(net, A)), Control::default());
    let report =
        Departure::run(&a, &slow, "eve", B, Bounds::default(), &control, &|_, _| {}).unwrap();
    assert_eq!(report.outcome, Outcome::LagTooHigh, "{report:?}");
    a.house().submit_wait("eve", vec![learn(a.house(), 3, "c")]).unwrap();
    a.house().verify("eve").unwrap();
}

/// Two nodes, and an identity at the first.
fn with_sam(dir: &Path) -> (Arc<Net>, Arc<Host>, Arc<Host>) {
    let net = two(dir);
    let (a, b) = (net.host(A), net.host(B));
    a.house().create("sam", &birth()).unwrap();
    (net, a, b)
}

#[test]
fn the_node_that_it_left_follows_until_the_register_is_home() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 100);
    assert_eq!(depart(&net, A, B).outcome, Outcome::Completed);
    let left = a.house().head("sam").unwrap().seq;
    let (link, mut followers) = (From(Arc::clone(&net), B), Followers::default());
    net.lost_in.store(3, Ordering::Relaxed);
    for round in 1..20 {
        teach(&b, round * 100, round * 100 + 100);
        followers.tend(&b, &link);
    }
    net.lost_in.store(0, Ordering::Relaxed);
    assert!(net.lost.load(Ordering::Relaxed) > 5, "answers were lost meanwhile");
    let followed = followers.tend(&b, &link)["sam"];
    let newest = b.house().head("sam").unwrap();
    assert!(newest.seq > left + 1_000);
    assert_eq!((followed.by, followed.version), (A, newest.seq));
    assert_eq!(a.house().head("sam").unwrap(), newest, "one chain");
    // It still belongs to the other.
    assert!(matches!(a.house().place("sam"), Place::Moved(cell) if cell.owner == B));
    let event = learn(a.house(), 9_999, "c");
    let refused = a.house().submit_wait("sam", vec![event]).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Moved);

    // The way back is short.
    let report = depart(&net, B, A);
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.why);
    // A snapshot, and hardly a frame of the 1,900 events.
    let state = bytes(&a).len() as u64;
    assert!(report.figures.bytes < state + 4_096, "{} of {state}", report.figures.bytes);
    teach(&a, 5_000, 5_010);
    assert!(Followers::default().tend(&a, &From(Arc::clone(&net), A)).is_empty(), "home is here");
}

#[test]
fn who_adopts_what_it_followed_loses_nothing_that_had_come() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 10);
    assert_eq!(depart(&net, A, B).outcome, Outcome::Completed);
    teach(&b, 100, 400);
    Followers::default().tend(&b, &From(Arc::clone(&net), B));
    net.hosts.write().unwrap().remove(&B);
    drop(b);
    let head = a.house().adopt("sam", A).unwrap();
    assert!(head.seq > 300, "{head:?}");
    let state = a.house().look("sam", |identity| identity.state().version()).unwrap();
    assert_eq!(state, head.seq);
    let again = learn(a.house(), 399, "c");
    let reply = a.house().submit_wait("sam", vec![again]).unwrap().remove(0).unwrap();
    assert!(reply.duplicate, "its numbers came along");
}

#[test]
fn nobody_but_the_owner_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    assert_eq!(depart(&net, A, B).outcome, Outcome::Completed);
    teach(&b, 0, 10);
    let before = a.house().head("sam").unwrap();
    // The same words, said by a node that does not own it.
    let stranger = From(Arc::clone(&net), Node([9; 32]));
    assert!(Followers::default().tend(&b, &stranger).is_empty());
    assert_eq!(a.house().head("sam").unwrap(), before);
    assert!(Followers::default().tend(&b, &From(Arc::clone(&net), B)).contains_key("sam"));
}
