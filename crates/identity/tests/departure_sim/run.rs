//! One seed from birth to the last check.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use her_identity::migrate::plant;
use her_identity::simulated;

use crate::faults::{Faults, host};
use crate::world::{Bug, DESKS, HOUSES, Outside, PLACES, World};
use crate::{check, node, people};

/// A step of the simulation, in milliseconds.
const STEP_MS: u64 = 1;
/// Simulated milliseconds in which all must be well again once the faults are over.
const CALM_MS: u64 = 20_000;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Summary {
    pub hash: [u8; 32],
    pub acked: u64,
    pub reads: u64,
    /// Reads of versions that were not durable yet.
    pub early: u64,
    pub given_up: u64,
    pub outcomes: BTreeMap<String, u32>,
    pub faults: BTreeMap<&'static str, u32>,
    pub simulated: Duration,
}

impl Summary {
    pub fn add(&mut self, other: &Self) {
        self.acked += other.acked;
        self.reads += other.reads;
        self.early += other.early;
        self.given_up += other.given_up;
        self.simulated += other.simulated;
        for (outcome, n) in &other.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += n;
        }
        for (fault, n) in &other.faults {
            *self.faults.entry(fault).or_default() += n;
        }
    }
}

/// Runs a seed; an error is the invariant that did not hold.
pub fn run(seed: u64, bug: Option<Bug>, shows: bool) -> Result<Summary, String> {
    let world = World::new(seed, bug, shows);
    simulated::enter(Some(Rc::new(Outside(Rc::clone(&world)))));
    plant(world.planted());
    world.trace(format_args!("seed {seed} {:?}", world.mix));
    let ended = drive(seed, &world);
    // What is lost says more than that somebody waits.
    let ended = match &ended {
        Err(wrong) if !wrong.starts_with("I11") => ended,
        _ => check::all(&world).and(ended),
    };
    world.machines.iter().for_each(|machine| drop(machine.host.borrow_mut().take()));
    simulated::enter(None);
    plant(None);
    ended?;
    let history = world.history.borrow();
    Ok(Summary {
        hash: world.hash(),
        acked: history.learned.len() as u64,
        reads: history.reads.len() as u64,
        early: history.reads.iter().filter(|read| read.version > read.durable).count() as u64,
        given_up: history.given_up,
        outcomes: history.outcomes.clone(),
        faults: history.faults.clone(),
        simulated: world.now(),
    })
}

fn drive(seed: u64, world: &Rc<World>) -> Result<(), String> {
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .epoch(std::time::UNIX_EPOCH)
        .simulation_duration(Duration::from_hours(1))
        .tick_duration(Duration::from_millis(STEP_MS))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(world.mix.way_ms))
        .udp_capacity(4_096)
        .enable_random_order()
        .build();
    for place in 0..HOUSES {
        let of = Rc::clone(world);
        sim.host(world.machines[place].name.clone(), move || node::run(Rc::clone(&of), place));
    }
    for desk in 0..DESKS {
        sim.client(host(world, HOUSES + desk), people::run(Rc::clone(world), desk));
    }
    let mut faults = Faults::new(world);
    let (mut now, mut born, mut calm) = (0, 0, 0);
    while world.content.get() < people::PEOPLE || departing(world) {
        world.set_now(Duration::from_millis(now));
        sim.step().map_err(|e| format!("a host ended: {e}"))?;
        now += STEP_MS;
        if let Some(wrong) = world.wrong.take() {
            return Err(wrong);
        }
        check::one_owner(world)?;
        match (world.born.get(), world.calm.get()) {
            (false, _) if now > CALM_MS => return Err("I11: it was never born".to_owned()),
            (false, _) => born = now,
            (true, false) if now - born > world.mix.chaos_ms => {
                faults.calm(&mut sim);
                calm = now;
            }
            (true, false) => faults.step(&mut sim, now),
            (true, true) if now - calm > CALM_MS => {
                let (content, departing) = (world.content.get(), departing(world));
                let what = format!("{content} of {} people are content", people::PEOPLE);
                return Err(format!("I11: {what}, departing: {departing}"));
            }
            (true, true) => {}
        }
    }
    Ok(())
}

/// Whether a departure is under way: each ends in a named state.
fn departing(world: &World) -> bool {
    world.machines[..PLACES].iter().any(|machine| machine.departing.get() > 0)
}
