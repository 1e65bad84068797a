//! What goes wrong, and when: drawn from the seed, and healed at the end.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use her_identity::disk::Crash;
use turmoil::Sim;

use crate::world::{DESKS, HOUSES, World};

/// A kind of fault with the time of its next.
struct Plan {
    every: u64,
    next: u64,
}

impl Plan {
    fn new(every: u64) -> Self {
        Self { every, next: 0 }
    }

    fn is_due(&mut self, world: &World, now: u64) -> bool {
        if self.every == 0 || now < self.next {
            return false;
        }
        let first = self.next == 0;
        self.next = now + world.lots.between(self.every / 2, self.every * 3 / 2);
        !first
    }
}

#[derive(Clone, Copy)]
enum Heal {
    Bounce(usize),
    Repair(usize, usize),
    Release(usize, usize),
    Disk(usize),
}

/// See the module.
pub struct Faults {
    world: Rc<World>,
    crash: Plan,
    cut: Plan,
    hold: Plan,
    disk: Plan,
    clock: Plan,
    heals: Vec<(u64, Heal)>,
    /// Pairs of hosts that are cut or held, and houses that are down.
    cut_off: BTreeSet<(usize, usize)>,
    down: BTreeSet<usize>,
}

/// All hosts by number: houses, then desks.
pub fn host(world: &World, i: usize) -> String {
    world.machines.get(i).map_or_else(|| format!("desk{}", i - HOUSES), |m| m.name.clone())
}

impl Faults {
    pub fn new(world: &Rc<World>) -> Self {
        let mix = world.mix;
        Self {
            world: Rc::clone(world),
            crash: Plan::new(mix.crash_every),
            cut: Plan::new(mix.cut_every),
            hold: Plan::new(mix.hold_every),
            disk: Plan::new(mix.disk_every),
            clock: Plan::new(mix.clock_every),
            heals: Vec::new(),
            cut_off: BTreeSet::new(),
            down: BTreeSet::new(),
        }
    }

    /// Between two steps of the simulation, at `now` milliseconds.
    pub fn step(&mut self, sim: &mut Sim<'_>, now: u64) {
        let world = Rc::clone(&self.world);
        for (_, heal) in self.heals.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>() {
            self.heal(sim, heal);
        }
        if let Some(place) = world.doomed.take() {
            self.crash(sim, now, place);
        }
        if self.crash.is_due(&world, now) {
            self.crash(sim, now, world.lots.below(HOUSES));
        }
        if self.cut.is_due(&world, now) {
            self.cut(sim, now);
        }
        if self.hold.is_due(&world, now) {
            self.hold(sim, now);
        }
        if self.disk.is_due(&world, now) {
            self.disk(now);
        }
        if self.clock.is_due(&world, now) {
            self.clock();
        }
    }

    /// The end of all faults.
    pub fn calm(&mut self, sim: &mut Sim<'_>) {
        for (_, heal) in std::mem::take(&mut self.heals) {
            self.heal(sim, heal);
        }
        (0..HOUSES).for_each(|place| self.heal(sim, Heal::Disk(place)));
        self.world.calm.set(true);
        self.world.trace(format_args!("calm"));
    }

    fn heal(&mut self, sim: &mut Sim<'_>, heal: Heal) {
        match heal {
            Heal::Bounce(place) => {
                self.down.remove(&place);
                sim.bounce(host(&self.world, place));
            }
            Heal::Repair(a, b) | Heal::Release(a, b) => {
                let (one, two) = (host(&self.world, a), host(&self.world, b));
                if matches!(heal, Heal::Release(..)) {
                    sim.release(one, two);
                } else {
                    sim.repair_oneway(one.clone(), two.clone());
                    sim.repair_oneway(two.clone(), one.clone());
                    sim.repair(one, two);
                }
                self.cut_off.remove(&(a, b));
            }
            Heal::Disk(place) => {
                let disk = self.world.machines[place].disk.borrow();
                disk.set_capacity(None);
                disk.full_after(None);
                disk.fail_syncs(0);
                disk.fail_writes(0);
            }
        }
    }

    fn later(&mut self, now: u64, most: u64, heal: Heal) {
        self.heals.push((now + self.world.lots.between(20, most), heal));
    }

    fn crash(&mut self, sim: &mut Sim<'_>, now: u64, place: usize) {
        if !self.down.insert(place) {
            return;
        }
        let lots = &self.world.lots;
        let mode = match lots.below(3) {
            0 => Crash::KeepAll,
            1 => Crash::DropUnsynced,
            _ => Crash::Sectors(lots.draw()),
        };
        let machine = &self.world.machines[place];
        self.world.fault("crash", format_args!("of {} {mode:?}", machine.name));
        // The image first: what the dying process still writes goes to the old disk.
        let after = machine.disk.borrow().crashed(mode);
        *machine.disk.borrow_mut() = after;
        machine.host.borrow_mut().take();
        sim.crash(machine.name.clone());
        self.later(now, 1_500, Heal::Bounce(place));
    }

    /// Two hosts that are neither cut off from each other nor held.
    fn pair(&mut self) -> Option<(usize, usize)> {
        let lots = &self.world.lots;
        let (a, b) = (lots.below(HOUSES), lots.below(HOUSES + DESKS));
        let pair = (a.min(b), a.max(b));
        (a != b && self.cut_off.insert(pair)).then_some(pair)
    }

    fn cut(&mut self, sim: &mut Sim<'_>, now: u64) {
        let all = self.world.lots.one_in(4);
        // One house from all others, or one way or both between two.
        let pairs: Vec<(usize, usize)> = if all {
            let place = self.world.lots.below(HOUSES);
            let others = (0..HOUSES + DESKS).filter(|other| *other != place);
            let pairs = others.map(|other| (place.min(other), place.max(other)));
            pairs.filter(|pair| self.cut_off.insert(*pair)).collect()
        } else {
            self.pair().into_iter().collect()
        };
        let way = self.world.lots.below(3);
        for (a, b) in pairs {
            let (one, two) = (host(&self.world, a), host(&self.world, b));
            self.world.fault("cut", format_args!("{one} {two} {way}"));
            match way {
                0 => sim.partition(one, two),
                1 => sim.partition_oneway(one, two),
                _ => sim.partition_oneway(two, one),
            }
            self.later(now, 1_500, Heal::Repair(a, b));
        }
    }

    /// Messages wait on their way, and come all at once.
    fn hold(&mut self, sim: &mut Sim<'_>, now: u64) {
        if let Some((a, b)) = self.pair() {
            let (one, two) = (host(&self.world, a), host(&self.world, b));
            self.world.fault("hold", format_args!("{one} {two}"));
            sim.hold(one, two);
            self.later(now, 1_500, Heal::Release(a, b));
        }
    }

    fn disk(&mut self, now: u64) {
        let place = self.world.lots.below(HOUSES);
        let lots = &self.world.lots;
        let machine = &self.world.machines[place];
        let disk = machine.disk.borrow().clone();
        let (what, n) = (lots.below(5), lots.between(1, 4) as u32);
        self.world.fault("disk", format_args!("{} {what} {n}", machine.name));
        match what {
            0 => disk.fail_syncs(n),
            1 => disk.fail_writes(n),
            2 => disk.short_write(n as usize * 16),
            3 => disk.full_after(Some(u64::from(n) * 64)),
            _ => {
                let paths = disk.paths();
                let used = paths.iter().map(|path| disk.bytes(path).map_or(0, |b| b.len() as u64));
                disk.set_capacity(Some(used.sum()));
            }
        }
        self.later(now, 1_000, Heal::Disk(place));
    }

    /// The wall clock jumps an hour; or a process stood still for three seconds.
    fn clock(&mut self) {
        let lots = &self.world.lots;
        let machine = &self.world.machines[lots.below(HOUSES)];
        let what = lots.below(4);
        self.world.fault("clock", format_args!("{} {what}", machine.name));
        let hour = 3_600_000;
        match what {
            0 => machine.clock.wall_ms.store(hour, Ordering::Relaxed),
            1 => machine.clock.wall_ms.store(-hour, Ordering::Relaxed),
            2 => machine.clock.wall_ms.store(0, Ordering::Relaxed),
            _ => drop(machine.clock.leap_ns.fetch_add(3_000_000_000, Ordering::Relaxed)),
        }
    }
}
