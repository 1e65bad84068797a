//! The planet as it lives: what is due next, and one look of a node after the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Result;
use crate::check::{Planet, What};
use crate::flight::{Bug, Flight};
use crate::herd::{Herd, Key, Levels};
use crate::invariants::Begun;
use crate::node::{self, Node};
use crate::report::{Report, SAMPLES, Sample, Tally};
use crate::rng::{Rng, mix};
use crate::rules::{Ledger, Places, Watching};
use crate::takeover::LossAt;

/// Linux takes the mean of the load over about this time, in milliseconds.
const LOAD_OVER_MS: f64 = 60_000.0;
/// How often all identities are counted, beside at the beginning, at the end and at each loss.
const COUNTED_EVERY_MS: u64 = 3_600_000;

/// What becomes due.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    Happens(What),
    Arrives(Flight),
}

/// Something that becomes due; of two at the same time, what was scheduled first comes first.
struct Entry {
    at_ms: u64,
    number: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}

pub(crate) struct World<'a> {
    pub planet: &'a Planet,
    pub now_ms: u64,
    pub rng: Rng,
    pub places: Places,
    pub levels: Levels,
    pub herd: Herd,
    pub nodes: Vec<Node>,
    pub rules: Vec<Watching>,
    pub ledgers: Vec<Ledger>,
    /// What the rates of those born in each region are multiplied by, now.
    pub factors: [f64; 16],
    /// What a node's load loses of its past at each look.
    fade: f64,
    queue: BinaryHeap<Reverse<Entry>>,
    scheduled: u64,
    pub losses: Vec<LossAt>,
    /// Takeovers under way.
    pub taking_over: u32,
    pub log: Vec<Begun>,
    pub tally: Tally,
    pub samples: Vec<Sample>,
    /// Moves and takeovers that the newest sample knew of.
    pub sampled: (u64, u64),
    pub hashed: u64,
    #[cfg_attr(not(test), allow(dead_code, reason = "tests plant mistakes"))]
    pub bug: Option<Bug>,
}

/// Lives the hours of a planet.
///
/// # Errors
///
/// [`crate::Error::Broken`] when a check fails: an identity without exactly one owner, a budget
/// that was not kept, a move back within a cool-down.
pub fn run(planet: &Planet) -> Result<Report> {
    World::new(planet).live()
}

impl<'a> World<'a> {
    pub(crate) fn new(planet: &'a Planet) -> Self {
        let mut rng = Rng::new(mix(planet.seed));
        let places = Places::new();
        let nodes = node::nodes(planet, &mut rng);
        let rules = planet.rules.iter().map(|(_, rule)| Watching::new(rule, &places)).collect();
        let ledgers = planet.rules.iter().map(|(_, rule)| Ledger::new(rule, nodes.len())).collect();
        let mut world = Self {
            planet,
            now_ms: 0,
            rng,
            places,
            levels: Levels::new(&planet.identities),
            herd: Herd::new(planet.identities.count as usize),
            nodes,
            rules,
            ledgers,
            factors: [1.0; 16],
            fade: libm::exp(-(planet.step_ms as f64) / LOAD_OVER_MS),
            queue: BinaryHeap::new(),
            scheduled: 0,
            losses: Vec::new(),
            taking_over: 0,
            log: Vec::new(),
            tally: Tally::new(planet.rules.len()),
            samples: Vec::new(),
            sampled: (0, 0),
            hashed: planet.seed,
            bug: None,
        };
        world.be_born();
        world.see_the_hour();
        for node in &mut world.nodes {
            node.load = node.load_now(&world.factors);
        }
        for (at_ms, what) in &planet.events {
            world.schedule(*at_ms, Due::Happens(*what));
        }
        world
    }

    /// Everybody, each in a region by its share and on a node by its cores.
    fn be_born(&mut self) {
        let planet = self.planet;
        let mut of_region: Vec<Vec<(f64, u32)>> = vec![Vec::new(); planet.regions.len()];
        let alike = planet.nodes.iter().flat_map(|n| std::iter::repeat_n(n, n.count as usize));
        for (j, nodes) in alike.enumerate().filter(|(_, nodes)| !nodes.empty) {
            let of = &mut of_region[self.nodes[j].region];
            let before = of.last().map_or(0.0, |(sum, _)| *sum);
            of.push((before + f64::from(nodes.cores), j as u32));
        }
        let mut regions = Vec::new();
        for region in &planet.regions {
            regions
                .push((regions.last().map_or(0.0, |(sum, _)| *sum) + region.share, regions.len()));
        }
        for id in 0..planet.identities.count {
            let home = pick(&regions, &mut self.rng);
            let j = pick(&of_region[home], &mut self.rng);
            let wait = self.rng.below(16) as u8;
            let key = Key::new(self.levels.draw_rate(&mut self.rng), home as u8, wait);
            let size = self.rng.below(256) as u8;
            let i = id as usize;
            self.herd.size[i] = size;
            self.herd.node[i] = j;
            self.herd.slot[i] = self.nodes[j as usize].push(id, key, size, &self.levels);
        }
    }

    pub(crate) fn live(mut self) -> Result<Report> {
        self.counted()?;
        let (step_ms, nodes) = (self.planet.step_ms, self.nodes.len() as u64);
        let every_ms = (self.planet.duration_ms / SAMPLES).max(step_ms);
        let (mut sampled_ms, mut counted_ms) = (0, 0);
        for look in 0.. {
            let j = (look % nodes) as usize;
            // Nodes look one after the other: no two see the same moment.
            let at_ms = look / nodes * step_ms + j as u64 * step_ms / nodes;
            if at_ms >= self.planet.duration_ms {
                break;
            }
            self.catch_up(at_ms)?;
            if j == 0 {
                self.see_the_hour();
                if at_ms >= sampled_ms {
                    self.sample();
                    self.takeovers_in_budget()?;
                    sampled_ms += every_ms;
                }
                if at_ms >= counted_ms + COUNTED_EVERY_MS {
                    self.counted()?;
                    counted_ms = at_ms;
                }
            }
            self.look(j)?;
        }
        self.catch_up(self.planet.duration_ms)?;
        self.counted()?;
        self.budgets()?;
        Ok(self.report())
    }

    fn counted(&mut self) -> Result<()> {
        self.census()?;
        self.tally.counted += 1;
        Ok(())
    }

    pub(crate) fn schedule(&mut self, at_ms: u64, due: Due) {
        self.queue.push(Reverse(Entry { at_ms, number: self.scheduled, due }));
        self.scheduled += 1;
    }

    /// All that is due until then.
    fn catch_up(&mut self, until_ms: u64) -> Result<()> {
        while let Some(Reverse(next)) = self.queue.peek() {
            if next.at_ms > until_ms {
                break;
            }
            let (at_ms, due) = (next.at_ms, next.due);
            self.queue.pop();
            self.now_ms = at_ms;
            self.tally.events += 1;
            match due {
                Due::Arrives(flight) => self.arrive(flight)?,
                Due::Happens(what) => {
                    match what {
                        What::Lost(region) => self.lose(region as usize),
                        What::Back(region) => self.come_back(region as usize),
                    }
                    self.counted()?;
                }
            }
        }
        self.now_ms = until_ms;
        Ok(())
    }

    /// The hour of each region.
    fn see_the_hour(&mut self) {
        let now_ms = self.now_ms;
        let mut changed = false;
        for (factor, region) in self.factors.iter_mut().zip(&self.planet.regions) {
            let now = region.factor(now_ms);
            changed |= *factor != now;
            *factor = now;
        }
        if changed {
            self.rules.iter_mut().for_each(Watching::forget);
        }
    }

    /// One look of a node: at its load, and of its gates at all figures.
    fn look(&mut self, j: usize) -> Result<()> {
        self.tally.events += 1;
        if !self.nodes[j].up {
            self.take_over_from(j);
            return Ok(());
        }
        self.change_rates(j);
        let node = &mut self.nodes[j];
        let load = node.load_now(&self.factors);
        node.load = load + (node.load - load) * self.fade;
        let could = node.capacity * self.planet.step_ms as f64 / 1e3;
        self.tally.updates += load * could;
        self.tally.over += (load - 1.0).max(0.0) * could;
        self.step_gates(j)
    }

    /// Some of a node's identities have another rate from now on.
    fn change_rates(&mut self, j: usize) {
        let node = &mut self.nodes[j];
        let share = self.planet.step_ms as f64 / self.planet.identities.change as f64;
        let mut left = node.members.len() as f64 * share;
        loop {
            left -= self.rng.gap();
            if left < 0.0 {
                return;
            }
            let slot = self.rng.below(node.members.len());
            let (old, rate) = (node.keys[slot], self.levels.draw_rate(&mut self.rng));
            let new = old.with_rate(rate);
            node.keys[slot] = new;
            let sum = &mut node.rates[new.home()];
            *sum = *sum - self.levels.rate[old.rate()] + self.levels.rate[new.rate()];
            self.tally.events += 1;
        }
    }

    /// Adds something that happened to the hash of the run.
    pub(crate) fn hash(&mut self, words: &[u64]) {
        for word in [self.now_ms].iter().chain(words) {
            self.hashed = mix(self.hashed ^ word).wrapping_add(*word);
        }
    }
}

/// One of those whose running sums of weights these are.
fn pick<T: Copy>(sums: &[(f64, T)], rng: &mut Rng) -> T {
    let (all, last) = sums[sums.len() - 1];
    let at = rng.share() * all;
    sums.get(sums.partition_point(|(sum, _)| *sum < at)).map_or(last, |(_, of)| *of)
}
