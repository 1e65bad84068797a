//! Departures between houses whose machines make other bits of the same events: the state itself
//! goes, is the same to the bit where it arrives, and both the report and `verify` say so.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use her_identity::event::Birth;
use her_identity::house::{House, Span};
use her_identity::legacy::Frozen;
use her_identity::migrate::{
    Ask, Bounds, Control, Departure, Followers, Host, Link, Node, Outcome, Report, Told,
};
use her_identity::{Error, ErrorKind, Result};
use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{Any, ClassId, Classifier, Estimator};
use her_learn::features::{Context, Features};
use her_learn::saved::Loader;
use her_learn::{Catalog, saved};
use serde_json::{Value, json};

use crate::departing::{A, B, End, From, Net, bytes, check, client, depart, learn, settle, teach};

mod departing;

const C: Node = Node([3; 32]);

/// In which order a machine adds.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Forwards,
    Backwards,
}

/// Sums what it saw, in the order of its machine: the bits of a sum hang on that.
struct Sums {
    order: Order,
    sum: f64,
}

static ENTRIES: &[Entry] = &[Entry {
    name: "Sums",
    module: "test",
    kind: Kind::Classifier,
    version: 1,
    summary: "Adds as its machine adds",
    merge: her_learn::merge::Statement::Member("it counts for itself"),
    params: &[],
    defaults: || json!({}),
    build: |_: Value, builder: &Builder<'_>| {
        let order = *builder.lent::<Order>().unwrap();
        Ok(Any::Classifier(Box::new(Sums { order, sum: 0.0 })))
    },
    example: || json!("Sums"),
}];

impl Estimator for Sums {
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
}

impl Classifier for Sums {
    fn multiclass(&self) -> bool {
        false
    }
    fn learn_one(&mut self, x: &Features, y: ClassId, _: f64, _: &mut Context<'_>) {
        let terms: Vec<f64> = x.iter().map(|(_, value)| (value + f64::from(y)) / 3.0).collect();
        let add = |sum: f64, term: &f64| (sum + term) * 0.999;
        self.sum = match self.order {
            Order::Forwards => terms.iter().fold(self.sum, add),
            Order::Backwards => terms.iter().rev().fold(self.sum, add),
        };
    }
    fn predict_proba_one(&self, _: &Features, proba: &mut Vec<f64>, _: &mut Context<'_>) {
        let p = 0.5 + 0.5 * self.sum / (1.0 + self.sum.abs());
        proba.extend([1.0 - p, p]);
    }
}

/// What the machines of a test say of themselves.
type Names = fn(Order) -> fn() -> String;

fn told_apart(order: Order) -> fn() -> String {
    match order {
        Order::Forwards => || "forwards".to_owned(),
        Order::Backwards => || "backwards".to_owned(),
    }
}

fn catalog(order: Order, names: Names) -> Catalog {
    let all = Catalog::builtin().with(ENTRIES).lend(Arc::new(order));
    all.with_arithmetic(["Sums"], names(order))
}

fn open(dir: &Path, me: Node) -> Arc<Host> {
    open_named(dir, me, told_apart)
}

/// A adds forwards, all others backwards.
fn open_named(dir: &Path, me: Node, names: Names) -> Arc<Host> {
    let order = if me == A { Order::Forwards } else { Order::Backwards };
    departing::open(&dir.join(me.0[0].to_string()), me, catalog(order, names))
}

fn birth() -> Birth {
    let sums = json!({"model": "Sums", "shadow_after": 50, "snapshot_every": 1000});
    Birth::from_json(&sums).unwrap()
}

fn with_sam(dir: &Path) -> (Arc<Net>, Arc<Host>, Arc<Host>) {
    let net = Arc::new(Net::default());
    for me in [A, B] {
        net.put(open(dir, me));
    }
    net.host(A).house().create("sam", &birth()).unwrap();
    (Arc::clone(&net), net.host(A), net.host(B))
}

fn expect_shipped(report: &Report) {
    assert_eq!((report.outcome, report.verified), (Outcome::Completed, Some(true)), "{report:?}");
    let said = report.by_state.as_ref().unwrap().to_string();
    assert!(said.starts_with("shipped as state: the arithmetic of the two machines"), "{said}");
    assert!(said.contains("forwards") && said.contains("backwards"), "{said}");
    assert!(report.figures.state > 0, "{report:?}");
}

/// What is verified from which version on.
fn verified(house: &House, name: &str) -> (u64, u64) {
    let found = house.verify(name).unwrap();
    let said = found.why.as_deref().unwrap_or_default();
    assert_eq!(said.contains("was shipped from a machine of another arithmetic"), found.from > 0);
    (found.from, found.version)
}

#[test]
fn the_state_moves_under_load_and_is_the_same_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, _) = with_sam(dir.path());
    teach(&a, 0, 700);
    let link = From(Arc::clone(&net), A);
    let dry = Departure::rehearse(&a, &link, "sam", B).unwrap();
    assert_eq!(dry.outcome, Outcome::Ready);
    let would = dry.by_state.unwrap();
    let both = (would.here.as_deref(), would.there.as_deref());
    assert_eq!(both, (Some("forwards"), Some("backwards")));

    let stop = AtomicBool::new(false);
    let (told, sealed) = std::thread::scope(|scope| {
        let _end = End(&stop);
        let clients: Vec<_> = ["one", "two"]
            .into_iter()
            .map(|name| (name, scope.spawn(|| client(&net, name, &stop))))
            .collect();
        let mut sealed = Vec::new();
        for (from, to) in [(A, B), (B, A), (A, B)] {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let report = depart(&net, from, to);
            expect_shipped(&report);
            sealed.push(report.figures.sealed_at);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let told = clients.into_iter().map(|(name, c)| (name.to_owned(), c.join().unwrap()));
        (told.collect(), sealed)
    });
    let b = net.host(B);
    check(&b, &told);
    let at = sealed[2];
    let (on_a, on_b) = (a.house().at("sam", at).unwrap(), b.house().at("sam", at).unwrap());
    assert_eq!(on_a.save(), on_b.save());
    let early = |host: &Host| host.house().at("sam", 600).unwrap().save();
    assert_ne!(early(&a), early(&b), "these machines do make other bits of the same events");

    let record = b.house().record("sam").unwrap();
    let shipped = record.shipped(u64::MAX).unwrap();
    assert_eq!(shipped.version, at);
    assert!(shipped.to_string().ends_with("made by forwards, goes on by backwards"), "{shipped}");
    assert_eq!(record.branches[0].shipped.len(), 3, "each move is written down");
    let head = b.house().head("sam").unwrap().seq;
    assert_eq!(verified(b.house(), "sam"), (at, head));
}

#[test]
fn a_restart_at_the_target_goes_on_from_what_was_shipped() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 650);
    expect_shipped(&depart(&net, A, B));
    let shipped = bytes(&b);
    assert_eq!(shipped, a.house().at("sam", 651).unwrap().save());
    teach(&b, 700, 2_000);
    let (before, version) = (bytes(&b), b.house().head("sam").unwrap().seq);
    drop((net.hosts.write().unwrap().remove(&B), b));
    let b = open(dir.path(), B);
    net.put(Arc::clone(&b));
    assert_eq!(settle(&net), B);
    assert_eq!(bytes(&b), before);
    assert_eq!(b.house().at("sam", 651).unwrap().save(), shipped, "it is kept");
    assert_eq!(verified(b.house(), "sam"), (651, version));
    let again = b.house().submit_wait("sam", vec![learn(b.house(), 1_999, "c")]).unwrap();
    assert!(again[0].as_ref().unwrap().duplicate, "its numbers are known still");
}

/// A link over which nobody hears that it owns the identity.
struct Ungranted(From);

impl Link for Ungranted {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        if matches!(ask, Ask::Grant { .. }) {
            return Err(Error::new(ErrorKind::Unavailable, "lost on the way"));
        }
        self.0.ask(to, ask)
    }
}

#[test]
fn a_target_that_dies_before_the_grant_has_the_state_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 300);
    let (link, control) = (Ungranted(From(Arc::clone(&net), A)), Control::default());
    let bounds = Bounds::default();
    let report = Departure::run(&a, &link, "sam", B, bounds, &control, &|_, _| {}).unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
    drop((net.hosts.write().unwrap().remove(&B), b));
    let b = open(dir.path(), B);
    net.put(Arc::clone(&b));
    assert_eq!(settle(&net), B);
    assert_eq!(bytes(&b), a.house().at("sam", 301).unwrap().save());
    assert_eq!(b.house().record("sam").unwrap().shipped(301).unwrap().version, 301);
    teach(&b, 300, 400);
    assert_eq!(verified(b.house(), "sam"), (301, 401));
}

/// A link that changes the state on its way, where it is sent at the seal.
struct Changed(From);

impl Link for Changed {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        let mut ask = ask.clone();
        if let Ask::Snapshot { bytes, .. } = &mut ask {
            bytes[30] ^= 1;
        }
        self.0.ask(to, &ask)
    }
}

#[test]
fn what_is_not_the_same_is_refused_and_it_learns_on() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, _) = with_sam(dir.path());
    teach(&a, 0, 400);
    let (link, control) = (Changed(From(Arc::clone(&net), A)), Control::default());
    let bounds = Bounds::default();
    let report = Departure::run(&a, &link, "sam", B, bounds, &control, &|_, _| {}).unwrap();
    assert_eq!(report.outcome, Outcome::DigestMismatch, "{report:?}");
    teach(&a, 400, 450);
    assert_eq!(verified(a.house(), "sam"), (0, 451));
    // What came to nothing is in nobody's way.
    expect_shipped(&depart(&net, A, B));
    assert_eq!(verified(net.host(B).house(), "sam"), (451, 451));
}

/// A link over which both sides never come to agree.
struct Silent(From);

impl Link for Silent {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        if matches!(ask, Ask::Agree { .. }) {
            return Err(Error::new(ErrorKind::Unavailable, "lost on the way"));
        }
        self.0.ask(to, ask)
    }
}

#[test]
fn states_of_departures_that_came_to_nothing_do_not_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    let id = a.house().record("sam").unwrap().current;
    for n in [100, 200, 300] {
        teach(&a, n - 100, n);
        let (link, control) = (Silent(From(Arc::clone(&net), A)), Control::default());
        let bounds = Bounds::default();
        let report = Departure::run(&a, &link, "sam", B, bounds, &control, &|_, _| {}).unwrap();
        assert_eq!(report.outcome, Outcome::TargetLost, "{report:?}");
        assert!(b.house().has_snapshot(id, n + 1, true));
    }
    expect_shipped(&depart(&net, A, B));
    let there = |version: &u64| b.house().has_snapshot(id, *version, true);
    let kept: Vec<u64> = [101, 201, 301].into_iter().filter(there).collect();
    assert_eq!(kept, [301]);
}

#[test]
fn machines_that_say_the_same_and_make_other_bits_do_not_agree() {
    let dir = tempfile::tempdir().unwrap();
    let net = Arc::new(Net::default());
    let same: Names = |_| || "one for all".to_owned();
    for me in [A, B] {
        net.put(open_named(dir.path(), me, same));
    }
    let a = net.host(A);
    a.house().create("sam", &birth()).unwrap();
    // Fewer events than make a snapshot: the target replays all of them.
    teach(&a, 0, 150);
    let report = depart(&net, A, B);
    assert_eq!((report.outcome, report.by_state), (Outcome::DigestMismatch, None));
    teach(&a, 150, 160);
    assert_eq!(verified(a.house(), "sam"), (0, 161));
}

#[test]
fn who_went_on_from_a_shipped_state_moves_on_by_replay() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    let c = open(dir.path(), C);
    net.put(Arc::clone(&c));
    teach(&a, 0, 300);
    expect_shipped(&depart(&net, A, B));
    teach(&b, 300, 900);
    let report = depart(&net, B, C);
    assert_eq!((report.outcome, report.verified), (Outcome::Completed, Some(true)), "{report:?}");
    assert_eq!(report.by_state, None, "both add backwards");
    assert_eq!(bytes(&c), b.house().at("sam", 901).unwrap().save());
    let at = |host: &Host| host.house().at("sam", 400).unwrap().save();
    assert_eq!(at(&b), at(&c), "the past since then is the same as well");
    assert_eq!(verified(c.house(), "sam"), (301, 901));
}

#[test]
fn a_former_owner_takes_what_was_shipped_before_what_it_made_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 300);
    expect_shipped(&depart(&net, A, B));
    teach(&b, 300, 600);
    // A is told what B learns, and folds it for a look: to other bits.
    Followers::default().tend(&b, &From(Arc::clone(&net), B));
    assert_eq!(a.house().head("sam").unwrap().seq, 601);
    assert_ne!(bytes(&a), bytes(&b));
    expect_shipped(&depart(&net, B, A));
    assert_eq!(bytes(&a), b.house().at("sam", 601).unwrap().save());
    teach(&a, 600, 700);
    assert_eq!(verified(a.house(), "sam"), (601, 701));
}

#[test]
fn branches_copies_and_what_forgets_go_on_from_a_shipped_state() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, b) = with_sam(dir.path());
    teach(&a, 0, 300);
    a.house().rewind("sam", 250).unwrap();
    teach(&a, 300, 350);
    expect_shipped(&depart(&net, A, B));
    let shipped = b.house().head("sam").unwrap().seq;
    teach(&b, 350, 500);
    let house = b.house();
    let head = house.head("sam").unwrap().seq;
    assert_eq!(verified(house, "sam"), (shipped, head));

    house.fork("sam", "late", Some(head - 10)).unwrap();
    assert_eq!(verified(house, "late"), (shipped, head - 9));
    house.fork("sam", "early", Some(shipped - 5)).unwrap();
    // The state that its branch began with was shipped as well.
    assert_eq!(verified(house, "early"), (250, shipped - 4));

    let left = house.leave("sam", None, None, None).unwrap();
    let frozen = Frozen::open(&left.dir, catalog(Order::Backwards, told_apart), None).unwrap();
    let found = frozen.verify(None).unwrap();
    assert_eq!((found.from, found.version), (shipped, head));

    let gone = Span { from: head - 20, to: head - 10 };
    let version = house.forget("sam", gone, true).unwrap().version;
    assert_eq!(verified(house, "sam"), (gone.from - 1, version));
    let before = bytes(&b);
    drop((net.hosts.write().unwrap().remove(&B), b));
    let b = open(dir.path(), B);
    assert_eq!(bytes(&b), before);
}

#[test]
fn a_machine_that_cannot_build_the_model_says_so_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (net, a, _) = with_sam(dir.path());
    net.put(departing::open(&dir.path().join("c"), C, Catalog::builtin()));
    let link = From(Arc::clone(&net), A);
    let dry = Departure::rehearse(&a, &link, "sam", C).unwrap();
    assert_eq!(dry.outcome, Outcome::TargetNotReady);
    assert!(dry.why.unwrap().contains("there is no estimator \"Sums\""));
    assert_eq!(depart(&net, A, C).outcome, Outcome::TargetNotReady);
    assert!(net.host(C).house().arrivals().unwrap().is_empty());
}
