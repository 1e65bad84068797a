//! What a run comes to.

use std::collections::BTreeMap;

use her_gate::Why;
use serde::Serialize;

use crate::herd::{CUT, HELD};
use crate::pause::{BETWEEN, Between, Calibration, MEASURED, Measured, Pause};
use crate::world::World;
use crate::{NOT_CLAIMED, Planet};

/// Samples of a run.
pub(crate) const SAMPLES: u64 = 360;

/// What a run comes to. Times are seconds since the beginning unless their name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The same for the same planet and the same seed.
    pub hash: String,
    /// What all draws came from.
    pub seed: u64,
    /// How long it lived.
    pub simulated_s: f64,
    /// Nodes.
    pub nodes: usize,
    /// Identities.
    pub identities: usize,
    /// Events that were simulated: looks of nodes, changed rates, gates stepped, moves.
    pub events: u64,
    /// Each rule.
    pub rules: BTreeMap<String, OfRule>,
    /// Moves that rules made.
    pub moves: u64,
    /// Bytes of state that they sent.
    pub moved_bytes: f64,
    /// Moves back to the node before within a cool-down; one is enough for the run to fail.
    pub flaps: u64,
    /// Moves back to the node before, later.
    pub moved_back: u64,
    /// Takeovers from lost regions.
    pub takeovers: u64,
    /// Bytes of state that they read.
    pub taken_bytes: f64,
    /// Tries to take over for which no node was found; each is tried again.
    pub no_heir: u64,
    /// The pauses of moves.
    pub pause_ms: Quantiles,
    /// Time that identities could not learn.
    pub unavailable: Unavailable,
    /// Share of the identities whose learning a move ever held up for more than 50 ms.
    pub ever_paused_over_50_ms: f64,
    /// Share of the identities that were ever without an owner, for their region was lost.
    pub ever_without_owner: f64,
    /// Share of all updates that came faster than their node could learn.
    pub over_capacity: f64,
    /// What happened, in order.
    pub happened: Vec<Happened>,
    /// The losses of regions.
    pub losses: Vec<Loss>,
    /// How it went.
    pub samples: Vec<Sample>,
    /// What was checked, and held.
    pub checks: Checks,
    /// The model of a pause, and how far it is from what was measured.
    pub pause_model: PauseModel,
    /// What this says nothing about.
    pub not_claimed: Vec<&'static str>,
}

/// What one rule did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OfRule {
    /// Moves that came to be.
    pub moves: u64,
    /// Moves that a lost region ended.
    pub aborted: u64,
    /// Acts that placement or the limit of moves at a time refused; each is tried again.
    pub refused: u64,
    /// What it would have done: its mode is a dry run.
    pub dry_runs: u64,
    /// Evaluations by what was decided.
    pub decisions: BTreeMap<&'static str, u64>,
}

/// Quantiles, of values within 2 % of each other; 0 when there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Half are less.
    pub p50: f64,
    /// 99 of 100 are less.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
}

/// Identity-seconds without learning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Unavailable {
    /// While moving. Predictions go on.
    pub moves_s: f64,
    /// Without an owner, after the loss of a region. Nothing answers.
    pub losses_s: f64,
}

/// Something that the planet's file says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Happened {
    /// When.
    pub at_s: f64,
    /// What, in few words.
    pub what: String,
}

/// The loss of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loss {
    /// Its name.
    pub region: String,
    /// When it was lost.
    pub at_s: f64,
    /// Identities that had no owner then.
    pub identities: u64,
    /// Those of them that were only found when the region came back.
    pub came_back: u64,
    /// How long until the last had an owner; none when that did not come to be.
    pub absorbed_s: Option<f64>,
    /// How long until no more nodes had too much to do than before, up to one in a hundred; none
    /// when that did not come to be.
    pub settled_s: Option<f64>,
}

/// How it is at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// When.
    pub at_s: f64,
    /// The load of the nodes that are there.
    pub load: Load,
    /// Identities without an owner.
    pub without_owner: u64,
    /// Moves since the sample before.
    pub moves: u64,
    /// Takeovers since the sample before.
    pub takeovers: u64,
}

/// How much nodes have to do, over what they can: 1 is as much as they can.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// The mean of the nodes.
    pub mean: f64,
    /// 99 of 100 nodes have less.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
    /// The 99th percentile over the mean.
    pub imbalance: f64,
    /// Share of the nodes that have more to do than they can.
    pub over: f64,
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// Times that all identities were counted and each had one owner.
    pub one_owner_each: u64,
    /// Moves whose budgets were counted again.
    pub moves_within_budget: u64,
    /// Moves that were looked at for a move back within a cool-down.
    pub moves_without_flap: u64,
}

/// How pauses were drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PauseModel {
    /// Its settings.
    pub settings: Pause,
    /// What it is compared with.
    pub measured: Vec<Measured>,
    /// Moves between two processes, that it is compared with too.
    pub between: Vec<Between>,
    /// Its greatest errors.
    pub error: Calibration,
}

/// What a run adds up as it goes.
#[derive(Default)]
pub(crate) struct Tally {
    pub events: u64,
    pub decisions: Vec<[u64; Why::ALL.len()]>,
    pub moves: Vec<u64>,
    pub aborted: Vec<u64>,
    pub refused: Vec<u64>,
    pub dry_runs: Vec<u64>,
    pub moved_bytes: f64,
    pub flaps: u64,
    pub moved_back: u64,
    pub takeovers: u64,
    pub taken_bytes: f64,
    pub no_heir: u64,
    pub paused_s: f64,
    pub without_owner_s: f64,
    pub updates: f64,
    pub over: f64,
    pub counted: u64,
    pauses: Pauses,
}

/// Pauses by their length, each class 2 % longer than the one before.
#[derive(Default)]
struct Pauses {
    classes: BTreeMap<i32, u64>,
    max: f64,
}

const CLASS: f64 = 50.0;

impl Pauses {
    fn add(&mut self, ms: f64) {
        let class = (libm::log(ms.max(1e-6)) * CLASS).floor() as i32;
        *self.classes.entry(class).or_default() += 1;
        self.max = self.max.max(ms);
    }

    fn quantiles(&self) -> Quantiles {
        let all: u64 = self.classes.values().sum();
        let of = |share: f64| {
            let wanted = (all as f64 * share).ceil() as u64;
            let mut so_far = 0;
            let class = self.classes.iter().find(|(_, n)| {
                so_far += **n;
                so_far >= wanted
            });
            class.map_or(0.0, |(class, _)| {
                libm::exp((f64::from(*class) + 1.0) / CLASS).min(self.max)
            })
        };
        Quantiles { p50: of(0.5), p99: of(0.99), max: self.max }
    }
}

impl Tally {
    pub fn new(rules: usize) -> Self {
        let zeros = || vec![0; rules];
        Self {
            decisions: vec![[0; Why::ALL.len()]; rules],
            moves: zeros(),
            aborted: zeros(),
            refused: zeros(),
            dry_runs: zeros(),
            ..Self::default()
        }
    }

    pub fn move_of(&mut self, rule: usize, pause_ms: f64, bytes: f64) {
        self.moves[rule] += 1;
        self.moved_bytes += bytes;
        self.paused_s += pause_ms / 1e3;
        self.pauses.add(pause_ms);
    }

    fn of_rule(&self, i: usize) -> OfRule {
        let decisions = Why::ALL.iter().map(|why| (why.name(), self.decisions[i][*why as usize]));
        OfRule {
            moves: self.moves[i],
            aborted: self.aborted[i],
            refused: self.refused[i],
            dry_runs: self.dry_runs[i],
            decisions: decisions.filter(|(_, n)| *n > 0).collect(),
        }
    }
}

impl World<'_> {
    /// The load of the nodes that are there.
    pub(crate) fn loads(&self) -> Load {
        let there = self.nodes.iter().filter(|node| node.up);
        let mut loads: Vec<f64> = there.map(|node| node.load_now(&self.factors)).collect();
        loads.sort_unstable_by(f64::total_cmp);
        let Some(max) = loads.last().copied() else {
            return Load { mean: 0.0, p99: 0.0, max: 0.0, imbalance: 0.0, over: 0.0 };
        };
        let n = loads.len();
        let mean = loads.iter().sum::<f64>() / n as f64;
        let p99 = loads[(n - 1) * 99 / 100];
        let over = loads.iter().filter(|load| **load > 1.0).count() as f64 / n as f64;
        let imbalance = if mean > 0.0 { p99 / mean } else { 0.0 };
        Load { mean, p99, max, imbalance, over }
    }

    /// Looks at the whole.
    pub(crate) fn sample(&mut self) {
        let load = self.loads();
        let (moves, takeovers) = (self.tally.moves.iter().sum(), self.tally.takeovers);
        let (before, taken_before) = self.sampled;
        self.sampled = (moves, takeovers);
        let now_ms = self.now_ms;
        for loss in &mut self.losses {
            if loss.absorbed_ms.is_some() && load.over <= loss.over_before + 0.01 {
                loss.settled_ms.get_or_insert(now_ms);
            }
        }
        self.samples.push(Sample {
            at_s: now_ms as f64 / 1e3,
            load,
            without_owner: self.losses.iter().map(|loss| loss.left).sum(),
            moves: moves - before,
            takeovers: takeovers - taken_before,
        });
    }

    /// The end.
    pub(crate) fn report(mut self) -> Report {
        self.sample();
        self.never_found();
        for sample in self.samples.clone() {
            self.hash(&[sample.at_s.to_bits(), sample.load.mean.to_bits(), sample.without_owner]);
        }
        let decided: Vec<u64> = self.tally.decisions.iter().flatten().copied().collect();
        self.hash(&decided);
        let planet: &Planet = self.planet;
        let tally = &self.tally;
        let moves = tally.moves.iter().sum();
        let identities = self.herd.node.len();
        let share = |flag| self.herd.count(flag) as f64 / identities as f64;
        let rules = planet.rules.iter().enumerate();
        let since = |loss: &crate::takeover::LossAt, ms: u64| (ms - loss.at_ms) as f64 / 1e3;
        let losses = self.losses.iter().map(|loss| Loss {
            region: planet.regions[loss.region].name.clone(),
            at_s: loss.at_ms as f64 / 1e3,
            identities: loss.identities,
            came_back: loss.came_back,
            absorbed_s: loss.absorbed_ms.map(|ms| since(loss, ms)),
            settled_s: loss.settled_ms.map(|ms| since(loss, ms)),
        });
        Report {
            hash: format!("{:016x}", self.hashed),
            seed: planet.seed,
            simulated_s: planet.duration_ms as f64 / 1e3,
            nodes: self.nodes.len(),
            identities,
            events: tally.events + tally.decisions.iter().flatten().sum::<u64>(),
            rules: rules.map(|(i, (name, _))| (name.clone(), tally.of_rule(i))).collect(),
            moves,
            moved_bytes: tally.moved_bytes,
            flaps: tally.flaps,
            moved_back: tally.moved_back,
            takeovers: tally.takeovers,
            taken_bytes: tally.taken_bytes,
            no_heir: tally.no_heir,
            pause_ms: tally.pauses.quantiles(),
            unavailable: Unavailable { moves_s: tally.paused_s, losses_s: tally.without_owner_s },
            ever_paused_over_50_ms: share(HELD),
            ever_without_owner: share(CUT),
            over_capacity: if tally.updates > 0.0 { tally.over / tally.updates } else { 0.0 },
            happened: planet.happened.clone(),
            losses: losses.collect(),
            checks: Checks {
                one_owner_each: tally.counted,
                moves_within_budget: self.log.len() as u64,
                moves_without_flap: moves,
            },
            pause_model: PauseModel {
                settings: planet.pause,
                measured: MEASURED.to_vec(),
                between: BETWEEN.to_vec(),
                error: planet.pause.calibration(),
            },
            not_claimed: NOT_CLAIMED.to_vec(),
            samples: self.samples,
        }
    }
}
