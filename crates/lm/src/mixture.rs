//! A learner that is never much worse than its frozen self.
//!
//! Each token is predicted three ways: by the base alone, with what was learned, and by the latter
//! with a share of what was just said. Weights that follow how well each did make one prediction
//! of the three. Costs one more forward pass than a [`Learner`] alone.

use crate::error::Result;
use crate::forward::{Cache, Pass, Want};
use crate::learner::Learner;
use crate::recall::Recall;
use crate::shares::Shares;
use crate::weights::Base;

/// How much of the third prediction is what was just said.
const RECALLED: f64 = 0.1;

/// What some tokens cost, in bits, by who predicted them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bits {
    /// How many were predicted.
    pub scored: usize,
    /// By the base alone.
    pub frozen: f64,
    /// With what was learned.
    pub learned: f64,
    /// That, with a share of what was just said.
    pub recalled: f64,
    /// By the mixture of the three.
    pub mixed: f64,
    /// The most that the mixture had cost above the base, after any token.
    pub regret: f64,
}

/// A learner and what stands beside it.
#[derive(Clone)]
pub struct Mixture {
    learner: Learner,
    frozen: Cache,
    recall: Recall,
    shares: Shares,
    bits: Bits,
}

impl Mixture {
    /// A mixture around a learner that begins a context.
    pub fn new(mut learner: Learner) -> Self {
        learner.begin_anew();
        Self {
            learner,
            frozen: Cache::default(),
            recall: Recall::default(),
            shares: Shares::default(),
            bits: Bits::default(),
        }
    }

    /// The learner.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// What all tokens so far cost.
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// How much each prediction counts now: the base, the learner, the learner with what was just
    /// said; together 1.
    pub fn weights(&self) -> [f64; 3] {
        self.shares.0
    }

    /// Predicts tokens, and learns each chunk before it goes on.
    ///
    /// # Errors
    /// When a token is none of the model's; then nothing has changed.
    pub fn read(&mut self, base: &Base, tokens: &[u32]) -> Result<()> {
        let Self { learner, frozen, recall, shares, bits } = self;
        let mut look = |seen: &Seen<'_>| -> Result<()> {
            let beside = beside(base, frozen, seen)?;
            let recalled = recall.step(&seen.pass.states, seen.targets);
            for ((frozen, learned), recalled) in beside.iter().zip(seen.nats).zip(recalled) {
                let learned = libm::exp(-learned);
                let recalled = (1.0 - RECALLED) * learned + RECALLED * recalled;
                let given = [libm::exp(-frozen), learned, recalled];
                bits.add(given, shares.step(given));
            }
            Ok(())
        };
        learner.read_with(base, tokens, true, &mut look).map(|_| ())
    }

    /// Forgets the context and what was just said, as between two conversations.
    pub fn begin_anew(&mut self) {
        self.learner.begin_anew();
        self.frozen.clear();
        self.recall.clear();
    }
}

impl Bits {
    fn add(&mut self, given: [f64; 3], mixed: f64) {
        let cost = |p: f64| -libm::log2(p.max(f64::MIN_POSITIVE));
        self.scored += 1;
        self.frozen += cost(given[0]);
        self.learned += cost(given[1]);
        self.recalled += cost(given[2]);
        self.mixed += cost(mixed);
        self.regret = self.regret.max(self.mixed - self.frozen);
    }
}

/// A chunk that a learner has just predicted, and not learned yet.
pub(crate) struct Seen<'a> {
    /// What the learner's cache holds from before.
    pub context: &'a [u32],
    pub inputs: &'a [u32],
    pub targets: &'a [u32],
    pub pass: &'a Pass,
    /// What each target cost the learner.
    pub nats: &'a [f64],
}

/// What each target costs the base alone, with the same context.
fn beside(base: &Base, cache: &mut Cache, seen: &Seen<'_>) -> Result<Vec<f64>> {
    // The learner has cut its context in half: so does this.
    if cache.len() != seen.context.len() {
        base.read_again(None, cache, seen.context)?;
    }
    base.read(None, cache, seen.inputs, Want::All)?.score(seen.targets)
}
