//! What seeds of the simulation found, each as small as it can be told: two real houses without
//! threads, and a disk that fails at one step.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use her_identity::clock::ManualClock;
use her_identity::disk::FaultyDisk;
use her_identity::event::{Event, Request, What};
use her_identity::house::{Config, House, Place};
use her_identity::migrate::{
    Ask, Bounds, Control, Departure, Followers, Host, Link, Next, Node, Outcome, Report, Told,
};
use her_identity::turn::Reply;
use her_identity::{Error, ErrorKind, Result, simulated};
use her_learn::{Catalog, Target};

use crate::node::{birth, row};
use crate::world::{Lots, NAME};

const A: Node = Node([1; 32]);
const B: Node = Node([2; 32]);
/// A departure rests for longer before it tries again.
const REST_MS: u64 = 100;

type Hosts = Mutex<BTreeMap<Node, Arc<Host>>>;
/// Hears each question before it is asked, and says whether its answer is lost.
type Hear = Box<dyn Fn(Node, &Ask) -> bool + Send + Sync>;

/// What happens while somebody waits for so many milliseconds or more.
type Nap = Arc<Mutex<Option<(u64, Box<dyn FnOnce() + Send>)>>>;

/// Two houses on one thread: who waits lets all of them commit.
struct Two {
    hosts: Arc<Hosts>,
    disks: BTreeMap<Node, FaultyDisk>,
    nap: Nap,
}

struct Alone {
    hosts: Arc<Hosts>,
    lots: Lots,
    sleeps: RefCell<u32>,
    nap: Nap,
}

impl simulated::World for Alone {
    fn random(&self, bytes: &mut [u8]) {
        self.lots.fill(bytes);
    }

    fn sleep(&self, ms: u64) {
        let nap = self.nap.lock().unwrap().take_if(|(least, _)| ms >= *least);
        if let Some((_, nap)) = nap {
            nap();
        }
        *self.sleeps.borrow_mut() += 1;
        assert!(*self.sleeps.borrow() < 10_000, "it waits for ever");
        let hosts: Vec<_> = self.hosts.lock().unwrap().values().cloned().collect();
        while hosts.iter().any(|host| host.house().commit()) {}
    }
}

struct From<'a> {
    two: &'a Two,
    me: Node,
    hear: Hear,
}

impl Link for From<'_> {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        let host = Arc::clone(&self.two.hosts.lock().unwrap()[&to]);
        let is_lost = (self.hear)(to, ask);
        let told = host.answer(self.me, ask.clone());
        let lost = || Error::new(ErrorKind::Unavailable, "lost on the way");
        if is_lost { Err(lost()) } else { Ok(told) }
    }
}

impl Two {
    fn new() -> Self {
        let hosts = Arc::new(Hosts::default());
        let (sleeps, nap) = (RefCell::default(), Nap::default());
        let (lots, naps) = (Lots::new(7), Arc::clone(&nap));
        let world = Alone { hosts: Arc::clone(&hosts), lots, sleeps, nap: naps };
        simulated::enter(Some(Rc::new(world)));
        let disks = BTreeMap::from([(A, FaultyDisk::new()), (B, FaultyDisk::new())]);
        let two = Self { hosts, disks, nap };
        two.open(A);
        two.open(B);
        two.host(A).house().create(NAME, &birth()).unwrap();
        two
    }

    fn open(&self, me: Node) {
        let mut config = Config::new(Path::new("/house"));
        config.shards = 1;
        config.journal.disk = Arc::new(self.disks[&me].clone());
        config.journal.clock = Arc::new(ManualClock::new(1_000));
        config.journal.segment_bytes = 32 << 10;
        config.journal.background = false;
        let house = House::open(config, Catalog::builtin()).unwrap();
        self.hosts.lock().unwrap().insert(me, Arc::new(Host::new(Arc::new(house), me)));
    }

    fn host(&self, node: Node) -> Arc<Host> {
        Arc::clone(&self.hosts.lock().unwrap()[&node])
    }

    fn link(
        &self,
        me: Node,
        hear: impl Fn(Node, &Ask) -> bool + Send + Sync + 'static,
    ) -> From<'_> {
        From { two: self, me, hear: Box::new(hear) }
    }

    fn depart(&self, from: Node, to: Node, tell: impl Fn(Next) + Sync) -> Report {
        self.depart_over(&self.link(from, |_, _| false), to, tell)
    }

    fn depart_over(&self, link: &From<'_>, to: Node, tell: impl Fn(Next) + Sync) -> Report {
        let (host, control) = (self.host(link.me), Control::default());
        let tell = |next, _: &_| tell(next);
        Departure::run(&host, link, NAME, to, Bounds::default(), &control, &tell).unwrap()
    }

    fn learns(&self, node: Node, n: u64) {
        let told = submit(self.host(node).house(), n);
        assert!(!answer(self.host(node).house(), &told).unwrap().duplicate);
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        self.hosts.lock().unwrap().clear();
        simulated::enter(None);
    }
}

type Answered = Receiver<Result<Vec<Result<Reply>>>>;

/// Hands an event in; it is not committed yet.
fn submit(house: &House, n: u64) -> Answered {
    let (tell, told) = channel();
    let what = What::Learn { row: row(n), target: Target::Bool(n.is_multiple_of(3)), weight: 1.0 };
    let request = Some(Request { client: "c".into(), n });
    let event = Event { request, ..house.event(what) };
    house.submit(NAME, vec![event], Box::new(move |result| drop(tell.send(result)))).unwrap();
    told
}

fn answer(house: &House, told: &Answered) -> Result<Reply> {
    while house.commit() {}
    told.recv().unwrap().and_then(|mut replies| replies.remove(0))
}

#[test]
fn a_seal_that_fails_ends_under_a_fresh_epoch() {
    let two = Two::new();
    (1..20).for_each(|n| two.learns(A, n));
    let (house, disk) = (two.host(A), two.disks[&A].clone());
    let waits = Mutex::new(None);
    let report = two.depart(A, B, |next| match next {
        // What was applied can't become durable.
        Next::Seal => {
            disk.fail_syncs(100);
            *waits.lock().unwrap() = Some(submit(house.house(), 20));
        }
        Next::Reclaim { .. } => disk.fail_syncs(0),
        _ => {}
    });
    assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
    assert!(!report.why.unwrap().contains("not the owner"), "an owner stays one");
    let waits = waits.into_inner().unwrap().unwrap();
    assert!(answer(house.house(), &waits).is_err());
    assert_eq!(house.house().place(NAME), Place::Here);
    let (head, before) = (house.house().head(NAME).unwrap(), report.figures.epoch);
    assert_eq!(head.epoch, before, "it learns on under the epoch that the abort took");
    two.learns(A, 21);
    // The epoch of the abort is the one that the next departure gives away.
    let report = two.depart(A, B, |_| {});
    assert_eq!((report.outcome, report.figures.epoch), (Outcome::Completed, before + 1));
    two.learns(B, 22);
    two.host(B).house().verify(NAME).unwrap();
}

/// Seed 102: the identity learnt on, and was "departing" until the next start.
#[test]
fn an_activation_that_failed_is_tried_again_though_an_event_came_between() {
    let two = Two::new();
    (1..20).for_each(|n| two.learns(A, n));
    let (house, disk) = (two.host(A), two.disks[&A].clone());
    let link = two.link(A, move |_, ask| matches!(ask, Ask::Agree { .. }));
    let report = two.depart_over(&link, B, |next| {
        if let Next::Unseal { .. } = next {
            disk.full_after(Some(0));
            let (disk, house) = (disk.clone(), Arc::clone(&house));
            *two.nap.lock().unwrap() = Some((
                REST_MS,
                Box::new(move || {
                    disk.full_after(None);
                    assert!(answer(house.house(), &submit(house.house(), 20)).is_ok());
                }),
            ));
        }
    });
    assert_eq!(report.outcome, Outcome::TargetLost, "{report:?}");
    assert!(two.nap.lock().unwrap().is_none(), "it rested once");
    assert_eq!(house.house().place(NAME), Place::Here);
    assert_eq!(house.house().head(NAME).unwrap().epoch, report.figures.epoch);
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
}

/// Seed 127: each of two nodes said that the other one has the cell.
#[test]
fn a_cell_that_is_handed_back_and_lost_on_the_way_is_found() {
    let two = Two::new();
    let never = |_: Node, _: &Ask| false;
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
    two.host(B).bring_home(NAME, &two.link(B, never)).unwrap();
    assert_eq!(two.depart(B, A, |_| {}).outcome, Outcome::Completed);
    let lost = two.link(A, |_, ask| matches!(ask, Ask::Hand { .. }));
    assert!(two.host(A).bring_home(NAME, &lost).is_err());
    two.hosts.lock().unwrap().remove(&A);
    two.open(A);
    assert_eq!(two.host(A).watch(&two.link(A, never)), 0);
    two.learns(A, 1);
}

/// Seed 787: no departure was completed any more, as the record named the home before.
#[test]
fn the_commit_finds_a_cell_that_was_handed_on() {
    let two = Two::new();
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
    let lost = two.link(B, |_, ask| matches!(ask, Ask::Hand { .. }));
    assert!(two.host(B).bring_home(NAME, &lost).is_err());
    assert_eq!(two.depart(B, A, |_| {}).outcome, Outcome::Completed);
    two.learns(A, 1);
}

/// Seed 337: the retry was acknowledged, and what it repeated was lost.
#[test]
fn a_retry_fails_with_what_it_repeats() {
    let two = Two::new();
    two.learns(A, 1);
    let host = two.host(A);
    // While one is written, the others come together.
    let before = submit(host.house(), 9);
    let (first, retry) = (submit(host.house(), 2), submit(host.house(), 2));
    let (third, again) = (submit(host.house(), 3), submit(host.house(), 3));
    assert!(host.house().commit() && before.recv().unwrap().is_ok());
    two.disks[&A].full_after(Some(0));
    for told in [first, retry, third, again] {
        let error = answer(host.house(), &told).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Full, "{error}");
    }
    two.disks[&A].full_after(None);
    two.learns(A, 2);
    assert!(answer(host.house(), &submit(host.house(), 2)).unwrap().duplicate);
}

/// Seed 490: the source's journal held an event that no other node ever got.
#[test]
fn a_seal_does_not_stand_on_a_write_of_which_nothing_is_known() {
    let two = Two::new();
    for (from, to) in [(A, B), (B, A)] {
        assert_eq!(two.depart(from, to, |_| {}).outcome, Outcome::Completed);
    }
    (1..20).for_each(|n| two.learns(A, n));
    let (host, disk) = (two.host(A), two.disks[&A].clone());
    // The write, and opening anew after it.
    disk.fail_syncs(3);
    let unknown = submit(host.house(), 20);
    assert!(answer(host.house(), &unknown).is_err());
    disk.fail_syncs(0);
    let report = two.depart(A, B, |_| {});
    assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
    let report = two.depart(A, B, |_| {});
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
    two.learns(B, 21);
    let report = two.depart(B, A, |_| {});
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
    two.host(A).house().verify(NAME).unwrap();
}

/// Seed 8: whoever looked at what was left of an earlier stay made the next arrival differ.
#[test]
fn a_look_while_frames_arrive_does_not_hold_the_state_back() {
    let two = Two::new();
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
    (1..20).for_each(|n| two.learns(B, n));
    let (nap, host) = (Arc::clone(&two.nap), two.host(A));
    let link = two.link(B, move |_, ask| {
        if matches!(ask, Ask::Frames { warm: false, .. }) {
            let host = Arc::clone(&host);
            let look = move || drop(host.house().look(NAME, |_| ()));
            *nap.lock().unwrap() = Some((0, Box::new(look)));
        }
        false
    });
    let report = two.depart_over(&link, A, |_| {});
    assert!(two.nap.lock().unwrap().is_none(), "somebody looked");
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
}

/// The same where it is kept up to date after it left.
#[test]
fn a_look_at_what_is_followed_does_not_hold_it_back() {
    let two = Two::new();
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
    let (nap, host) = (Arc::clone(&two.nap), two.host(A));
    let link = two.link(B, move |_, ask| {
        if matches!(ask, Ask::Tail { frames, .. } if !frames.is_empty()) {
            let host = Arc::clone(&host);
            let look = move || drop(host.house().look(NAME, |_| ()));
            *nap.lock().unwrap() = Some((0, Box::new(look)));
        }
        false
    });
    let mut followers = Followers::default();
    for n in 1..4 {
        two.learns(B, n);
        let newest = two.host(B).house().head(NAME).unwrap();
        let followed = followers.tend(&two.host(B), &link);
        assert_eq!(followed.get(NAME).map(|f| f.version), Some(newest.seq), "round {n}");
        assert!(two.nap.lock().unwrap().is_none(), "somebody looked");
        assert_eq!(two.host(A).house().head(NAME).unwrap(), newest);
    }
    assert_eq!(two.depart(B, A, |_| {}).outcome, Outcome::Completed);
}

/// Seed 126: the new owner was made a follower again, and nobody learned.
#[test]
fn a_late_question_does_not_make_a_follower_of_the_owner() {
    let two = Two::new();
    let (nap, host) = (Arc::clone(&two.nap), two.host(B));
    let hello = Mutex::new(None);
    let link = two.link(A, move |_, ask| {
        match ask {
            Ask::Hello { .. } => *hello.lock().unwrap() = Some(ask.clone()),
            Ask::Grant { .. } => {
                let (host, late) = (Arc::clone(&host), hello.lock().unwrap().take().unwrap());
                let late = move || {
                    let told = host.answer(A, late);
                    assert!(matches!(told, Told::Refused(Outcome::Fenced, _)), "{told:?}");
                };
                *nap.lock().unwrap() = Some((0, Box::new(late)));
            }
            _ => {}
        }
        false
    });
    let report = two.depart_over(&link, B, |_| {});
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
    assert!(two.nap.lock().unwrap().is_none(), "it came while the target took over");
    two.learns(B, 1);
    assert_eq!(two.depart(B, A, |_| {}).outcome, Outcome::Completed);
}

/// Seed 1976: a departure that heard of its end late made a node the owner that was none.
#[test]
fn who_is_not_the_owner_does_not_stay() {
    let two = Two::new();
    assert_eq!(two.depart(A, B, |_| {}).outcome, Outcome::Completed);
    let error = two.host(A).house().stay(NAME, 2).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced);
    assert!(matches!(two.host(A).house().place(NAME), Place::Moved(_)));
}

/// A register on a full disk is read, and can't be written.
#[test]
fn an_abort_rests_while_its_own_register_is_full() {
    let two = Two::new();
    (1..20).for_each(|n| two.learns(A, n));
    let disk = two.disks[&A].clone();
    let asked = AtomicU32::new(0);
    let link = two.link(A, move |_, ask| matches!(ask, Ask::Agree { .. }));
    let report = two.depart_over(&link, B, |next| {
        if let Next::Reclaim { .. } = next {
            let n = asked.fetch_add(1, Ordering::Relaxed);
            assert!(n < 10, "it asks again and again");
            if n == 0 {
                disk.full_after(Some(0));
                let disk = disk.clone();
                *two.nap.lock().unwrap() = Some((REST_MS, Box::new(move || disk.full_after(None))));
            }
        }
    });
    assert_eq!(report.outcome, Outcome::TargetLost, "{report:?}");
    two.learns(A, 20);
}
