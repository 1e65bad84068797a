//! Every interleaving of a small world with the departure's own code: two nodes, one register,
//! clients that write, crashes, requests that are lost or arrive after their caller gave up.
//!
//! What is searched for is a write that is acknowledged on top of a log which lacks, or disorders,
//! one that was acknowledged before: a lost update. The search proves itself on planted bugs.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use her_identity::journal::{Digest, Head};
use her_identity::migrate::{
    Bounds, Next, Next as Step, Node, Planted, Saw, Source, Staged, plant,
};

/// Answers that are lost let epochs grow without end: worlds beyond this one are not followed.
const EPOCHS: u64 = 6;

/// What the search may spend.
#[derive(Clone, Copy)]
struct Budget {
    writes: u8,
    crashes: u8,
    departures: u8,
    late: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bug {
    None,
    ResumeOnARead,
    BootWithoutAFreshEpoch,
    WritesWhileSealed,
    GrantOfAnyIncarnation,
    CommitWithoutAgreement,
}

/// What a node is to the identity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Role {
    Owner(u64),
    Departing {
        source: Source,
        next: Next,
        epoch: u64,
        nonce: u64,
    },
    /// Its process knows only its disk: the register must say what it is.
    Waiting,
    /// It read that it owns the identity at this epoch, and asks for a fresh one.
    Activating(u64),
    Moved,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Place {
    role: Role,
    staged: Option<Staged>,
    log: Vec<u8>,
}

/// A message that its sender gave up on, and that arrives all the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
enum Late {
    Cas { expected: u64, owner: usize },
    Grant { from: usize, nonce: u64, epoch: u64 },
    Frames { from: usize, nonce: u64, log: Vec<u8> },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    nodes: [Place; 2],
    cell: (usize, u64),
    acked: Vec<u8>,
    late: Vec<Late>,
    spent: [u8; 4],
    nonces: u64,
}

fn node(i: usize) -> Node {
    Node([i as u8 + 1; 32])
}

fn head(log: &[u8]) -> (Head, [u8; 32]) {
    let mut digest = [0; 16];
    digest[..log.len()].copy_from_slice(log);
    (Head { seq: log.len() as u64, epoch: 1, digest: Digest(digest) }, [0; 32])
}

const WRITES: usize = 0;
const CRASHES: usize = 1;
const DEPARTURES: usize = 2;
const LATE: usize = 3;

struct Search {
    bug: Bug,
    budget: [u8; 4],
}

impl Search {
    fn new(bug: Bug, budget: Budget) -> Self {
        let budget = [budget.writes, budget.crashes, budget.departures, budget.late];
        Self { bug, budget }
    }

    /// Looks at everything that can happen; gives the number of states, or the way to a lost
    /// update.
    fn run(&self) -> Result<usize, String> {
        plant((self.bug == Bug::ResumeOnARead).then_some(Planted::ResumeOnARead));
        let place = |role, log: &[u8]| Place { role, staged: None, log: log.to_vec() };
        let first = World {
            nodes: [place(Role::Owner(1), &[]), place(Role::Moved, &[])],
            cell: (0, 1),
            acked: Vec::new(),
            late: Vec::new(),
            spent: [0; 4],
            nonces: 0,
        };
        let mut seen = HashSet::from([print(&first)]);
        let mut todo = VecDeque::from([first]);
        while let Some(world) = todo.pop_front() {
            for next in self.after(&world)? {
                if next.cell.1 <= EPOCHS && seen.insert(print(&next)) {
                    todo.push_back(next);
                }
            }
        }
        Ok(seen.len())
    }

    fn after(&self, world: &World) -> Result<Vec<World>, String> {
        let mut out = Vec::new();
        for i in 0..2 {
            self.write(world, i, &mut out)?;
            self.crash(world, i, &mut out);
            self.begin(world, i, &mut out);
            self.step(world, i, &mut out);
            self.watch(world, i, &mut out);
        }
        for at in 0..world.late.len() {
            let mut next = world.clone();
            let late = next.late.remove(at);
            self.arrives(&mut next, &late);
            out.push(next);
        }
        Ok(out)
    }

    fn spend(&self, world: &World, what: usize) -> Option<World> {
        (world.spent[what] < self.budget[what]).then(|| {
            let mut next = world.clone();
            next.spent[what] += 1;
            next
        })
    }

    /// A client writes where learning goes on, and is acknowledged.
    fn write(&self, world: &World, i: usize, out: &mut Vec<World>) -> Result<(), String> {
        let learns = match &world.nodes[i].role {
            Role::Owner(_) => true,
            // Until the seal is done, events come.
            Role::Departing { source, next, .. } => {
                source.learns() || *next == Step::Seal || self.bug == Bug::WritesWhileSealed
            }
            _ => false,
        };
        let Some(mut next) = self.spend(world, WRITES).filter(|_| learns) else { return Ok(()) };
        if next.nodes[i].log != next.acked {
            return Err(format!("node {i} acknowledges on top of a lost update: {world:#?}"));
        }
        let id = next.spent[WRITES];
        next.nodes[i].log.push(id);
        next.acked.push(id);
        out.push(next);
        Ok(())
    }

    fn crash(&self, world: &World, i: usize, out: &mut Vec<World>) {
        if world.nodes[i].role == Role::Moved && world.nodes[i].staged.is_none() {
            return;
        }
        let Some(mut next) = self.spend(world, CRASHES) else { return };
        // The disk keeps the log and that something was staged; agreements were in memory.
        next.nonces += 1;
        let nonce = next.nonces;
        let place = &mut next.nodes[i];
        place.staged = place.staged.as_ref().map(|_| Staged::new(node(1 - i), nonce));
        place.role = Role::Waiting;
        out.push(next);
    }

    fn begin(&self, world: &World, i: usize, out: &mut Vec<World>) {
        let Role::Owner(epoch) = world.nodes[i].role else { return };
        let Some(mut next) = self.spend(world, DEPARTURES) else { return };
        let bounds = Bounds { seal_lag: 0, patience: 0, throttles: 0 };
        let source = Source::new(node(i), node(1 - i), epoch, bounds);
        let step = source.begin();
        next.nodes[i].role = Role::Departing { source, next: step, epoch, nonce: 0 };
        out.push(next);
    }

    /// The departing side takes its step: it succeeds, or no answer comes, and then it was done,
    /// is done later, or never.
    fn step(&self, world: &World, i: usize, out: &mut Vec<World>) {
        let Role::Departing { next: step, .. } = world.nodes[i].role else { return };
        match step {
            Step::End(_) => {
                let mut next = world.clone();
                ended(&mut next, i);
                out.push(next);
            }
            Step::Seal | Step::Throttle => answer(world.clone(), i, Saw::Done, out),
            Step::Unseal { epoch } | Step::StepDown { epoch, .. } => {
                let mut next = world.clone();
                set_epoch(&mut next, i, epoch);
                answer(next, i, Saw::Done, out);
            }
            Step::Read => {
                let (owner, epoch) = world.cell;
                answer(world.clone(), i, Saw::Cell(node(owner), epoch), out);
            }
            Step::Hello | Step::Send | Step::Warm | Step::Agree => self.to_target(world, i, out),
            Step::Commit { epoch } => self.cas(world, i, epoch, 1 - i, out),
            Step::Reclaim { epoch } => self.cas(world, i, epoch, i, out),
            Step::Grant { epoch } => {
                let late = Late::Grant { from: i, nonce: nonce_of(world, i), epoch };
                let mut next = world.clone();
                self.arrives(&mut next, &late);
                answer(next, i, Saw::Done, out);
                answer(world.clone(), i, Saw::Lost, out);
                self.later(world, i, late, out);
            }
        }
    }

    fn to_target(&self, world: &World, i: usize, out: &mut Vec<World>) {
        let Role::Departing { next: step, nonce, .. } = world.nodes[i].role else { return };
        answer(world.clone(), i, Saw::Lost, out);
        let mut next = world.clone();
        if step == Step::Hello {
            // The target must not own the identity, nor be busy with it.
            if !matches!(next.nodes[1 - i].role, Role::Moved) {
                return;
            }
            next.nonces += 1;
            let nonce = next.nonces;
            next.nodes[1 - i].staged = Some(Staged::new(node(i), nonce));
            set_nonce(&mut next, i, nonce);
            return answer(next, i, Saw::Done, out);
        }
        let log = next.nodes[i].log.clone();
        let ours = &mut next.nodes[1 - i];
        let Some(staged) = &mut ours.staged else { return };
        let saw = match step {
            Step::Warm => Saw::Done,
            Step::Send => {
                let frames = Late::Frames { from: i, nonce, log: log.clone() };
                self.later(world, i, frames, out);
                match staged.more(node(i), nonce) {
                    Ok(()) if log.starts_with(&ours.log) => {
                        ours.log = log;
                        Saw::Lag(0)
                    }
                    _ => Saw::Differs,
                }
            }
            _ => {
                if log.starts_with(&ours.log) && staged.more(node(i), nonce).is_ok() {
                    ours.log.clone_from(&log);
                }
                match staged.agree(node(i), nonce, head(&ours.log), head(&log)) {
                    Ok(()) => Saw::Done,
                    Err(_) => Saw::Differs,
                }
            }
        };
        let saw = if self.bug == Bug::CommitWithoutAgreement && step == Step::Agree {
            // The end of the log is taken for agreed before it is sent.
            next.nodes[1 - i].log.clone_from(&world.nodes[1 - i].log);
            Saw::Done
        } else {
            saw
        };
        // The answer gets lost on its way back as well.
        answer(next.clone(), i, Saw::Lost, out);
        answer(next, i, saw, out);
    }

    fn cas(&self, world: &World, i: usize, expected: u64, owner: usize, out: &mut Vec<World>) {
        let mut next = world.clone();
        let saw = match cas(&mut next, expected, owner) {
            Ok(epoch) => Saw::Set(epoch),
            Err((owner, epoch)) => Saw::Cell(node(owner), epoch),
        };
        answer(next.clone(), i, saw, out);
        answer(next, i, Saw::Lost, out);
        answer(world.clone(), i, Saw::Lost, out);
        self.later(world, i, Late::Cas { expected, owner }, out);
    }

    fn later(&self, world: &World, i: usize, late: Late, out: &mut Vec<World>) {
        if let Some(mut next) = self.spend(world, LATE) {
            next.late.push(late);
            next.late.sort();
            answer(next, i, Saw::Lost, out);
        }
    }

    fn arrives(&self, world: &mut World, late: &Late) {
        match late {
            Late::Cas { expected, owner } => {
                let _ = cas(world, *expected, *owner);
            }
            Late::Grant { from, nonce, epoch } => {
                let place = &mut world.nodes[1 - from];
                let Some(staged) = &mut place.staged else { return };
                let any = self.bug == Bug::GrantOfAnyIncarnation;
                if staged.grant(node(*from), *nonce).is_ok() || any {
                    place.staged = None;
                    place.role = Role::Owner(*epoch);
                }
            }
            Late::Frames { from, nonce, log } => {
                let place = &mut world.nodes[1 - from];
                let Some(staged) = &mut place.staged else { return };
                if staged.more(node(*from), *nonce).is_ok() && log.starts_with(&place.log) {
                    place.log.clone_from(log);
                }
            }
        }
    }

    /// A node that waits, or that has something staged, looks into the register.
    fn watch(&self, world: &World, i: usize, out: &mut Vec<World>) {
        let place = &world.nodes[i];
        match place.role {
            Role::Waiting | Role::Moved
                if place.staged.is_some() || place.role == Role::Waiting =>
            {
                let mut next = world.clone();
                let (owner, epoch) = world.cell;
                next.nodes[i].role = match owner == i {
                    true if self.bug == Bug::BootWithoutAFreshEpoch => Role::Owner(epoch),
                    true => Role::Activating(epoch),
                    false => Role::Moved,
                };
                out.push(next);
            }
            Role::Activating(expected) => {
                let mut next = world.clone();
                next.nodes[i].role = match cas(&mut next, expected, i) {
                    Ok(epoch) => {
                        next.nodes[i].staged = None;
                        Role::Owner(epoch)
                    }
                    Err(_) => Role::Waiting,
                };
                out.push(next.clone());
                // The answer is lost, or the request is late.
                next.nodes[i] = Place { role: Role::Waiting, ..world.nodes[i].clone() };
                out.push(next);
                if let Some(mut next) = self.spend(world, LATE) {
                    next.nodes[i].role = Role::Waiting;
                    next.late.push(Late::Cas { expected, owner: i });
                    next.late.sort();
                    out.push(next);
                }
            }
            _ => {}
        }
    }
}

fn answer(mut world: World, i: usize, saw: Saw, out: &mut Vec<World>) {
    if let Role::Departing { source, next, .. } = &mut world.nodes[i].role {
        *next = source.saw(saw);
        out.push(world);
    }
}

fn ended(world: &mut World, i: usize) {
    let Role::Departing { source, epoch, .. } = &world.nodes[i].role else { return };
    let (epoch, moved) = (*epoch, source.stepped_down().is_some());
    assert!(moved || source.learns(), "a departure ends while the identity is sealed");
    world.nodes[i].role = if moved { Role::Moved } else { Role::Owner(epoch) };
}

fn cas(world: &mut World, expected: u64, owner: usize) -> Result<u64, (usize, u64)> {
    if world.cell.1 != expected {
        return Err(world.cell);
    }
    world.cell = (owner, expected + 1);
    Ok(expected + 1)
}

fn set_epoch(world: &mut World, i: usize, to: u64) {
    if let Role::Departing { epoch, .. } = &mut world.nodes[i].role {
        *epoch = to;
    }
}

fn set_nonce(world: &mut World, i: usize, to: u64) {
    if let Role::Departing { nonce, .. } = &mut world.nodes[i].role {
        *nonce = to;
    }
}

fn nonce_of(world: &World, i: usize) -> u64 {
    match world.nodes[i].role {
        Role::Departing { nonce, .. } => nonce,
        _ => 0,
    }
}

/// 128 bits stand for a world; two of them alike by chance is less likely than a broken disk.
fn print(world: &World) -> (u64, u64) {
    let mut one = DefaultHasher::new();
    world.hash(&mut one);
    let mut two = DefaultHasher::new();
    (0x9e37u16, world).hash(&mut two);
    (one.finish(), two.finish())
}

const SMALL: Budget = Budget { writes: 2, crashes: 1, departures: 2, late: 1 };

#[test]
fn no_interleaving_loses_an_update() {
    let budget = SMALL;
    let states = Search::new(Bug::None, budget).run().unwrap_or_else(|way| panic!("{way}"));
    println!("{states} states");
    assert!(states > 10_000, "only {states} states were reached: the world is too small");
}

#[test]
fn the_search_finds_planted_bugs() {
    let back_and_forth = Budget { writes: 3, crashes: 0, departures: 3, late: 1 };
    let bugs = [
        (Bug::ResumeOnARead, SMALL),
        (Bug::BootWithoutAFreshEpoch, SMALL),
        (Bug::WritesWhileSealed, SMALL),
        (Bug::GrantOfAnyIncarnation, back_and_forth),
        (Bug::CommitWithoutAgreement, SMALL),
    ];
    for (bug, budget) in bugs {
        let found = Search::new(bug, budget).run();
        assert!(found.is_err(), "{bug:?} was not found in {found:?} states");
    }
    let states = Search::new(Bug::None, back_and_forth).run();
    println!("{states:?} states back and forth");
    assert!(states.is_ok(), "{states:?}");
}
