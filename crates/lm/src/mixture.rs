//! A learner that is never much worse than its frozen self.
//!
//! Each token is predicted three ways: by the base alone, with what was learned, and by the latter
//! with a share of what was just said. Weights that follow how well each did make one prediction
//! of the three. Costs one more forward pass than a [`Learner`] alone.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use crate::adapter::Adapter;
use crate::context::Context;
use crate::error::{Error, Result, wrong};
use crate::figures::{Bits, Figures, Tally};
use crate::forward::Want;
use crate::gate::Gate;
use crate::guard::{Guard, Retention};
use crate::learner::{self, Learner, Predicted};
use crate::math;
use crate::narrow::Narrow;
use crate::recall::Recall;
use crate::shares::Shares;
use crate::weights::Base;

/// A learner and what stands beside it.
#[derive(Clone)]
pub struct Mixture {
    learner: Learner,
    frozen: Context,
    recall: Recall,
    gate: Gate,
    shares: Shares,
    guard: Guard,
    tally: Tally,
}

/// All of it that is kept.
#[derive(Serialize, Deserialize)]
struct Saved {
    learner: learner::Saved,
    recall: Recall,
    gate: Gate,
    shares: Shares,
    guard: Guard,
    tally: Tally,
    frozen: Vec<Narrow>,
}

/// The same as version 2 of the format has it: there the base's context was read again from the
/// tokens, as it is now when such bytes go on.
#[derive(Deserialize)]
struct Before {
    learner: learner::Before,
    recall: Recall,
    gate: Gate,
    shares: Shares,
    guard: Guard,
    tally: Tally,
}

impl From<Before> for Saved {
    fn from(before: Before) -> Self {
        let Before { learner, recall, gate, shares, guard, tally } = before;
        let (learner, frozen) = (learner.into(), Vec::new());
        Self { learner, recall, gate, shares, guard, tally, frozen }
    }
}

/// What saved bytes begin with, before two bytes of the version.
const MAGIC: [u8; 6] = *b"herlm\0";
const VERSION: [u8; 2] = [3, 0];
const VERSION_BEFORE: [u8; 2] = [2, 0];

impl Mixture {
    /// A mixture around a learner that begins a context.
    pub fn new(mut learner: Learner) -> Self {
        learner.begin_anew();
        Self {
            learner,
            frozen: Context::default(),
            recall: Recall::default(),
            gate: Gate::default(),
            shares: Shares::default(),
            guard: Guard::default(),
            tally: Tally::default(),
        }
    }

    /// The learner.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// What it has learned, as far as it is trusted: B multiplied with the weights of both
    /// predictions that it has a part in.
    pub fn trusted(&self) -> Adapter {
        let mut adapter = self.learner.adapter().clone();
        let trust = (1.0 - self.shares.0[0]) as f32;
        for number in adapter.learned_mut() {
            *number *= trust;
        }
        adapter
    }

    /// What all tokens that were learned so far cost.
    pub fn bits(&self) -> Bits {
        self.tally.bits
    }

    /// Its life in numbers.
    pub fn figures(&self) -> Figures {
        let life = self.learner.life();
        let weights = self.learner.adapter().learned();
        Figures {
            bits: self.tally.bits,
            recent: self.tally.recent(),
            weights: self.shares.0,
            tokens: life.tokens,
            updates: life.updates,
            skipped: life.skipped,
            norm: f64::from(math::dot(weights, weights)).sqrt(),
            path: life.path,
            retention: self.retention(),
            spans: self.tally.spans.clone(),
        }
    }

    /// How well it keeps what its base could do.
    pub fn retention(&self) -> Retention {
        self.guard.retention(self.learner.life().rate)
    }

    /// How much each prediction counts now: the base, the learner, the learner with what was just
    /// said; together 1.
    pub fn weights(&self) -> [f64; 3] {
        self.shares.0
    }

    /// Predicts tokens, and with `learn` learns each chunk before it goes on; without, as with its
    /// own words, they are only scored and become context. Gives what these tokens cost; the very
    /// first one of a context has nothing before it and costs nothing.
    ///
    /// # Errors
    /// When a token is none of the model's; then nothing has changed.
    pub fn read(&mut self, base: &Base, tokens: &[u32], learn: bool) -> Result<Bits> {
        let mut cost = Bits::default();
        let chunk = self.learner.settings().chunk;
        for targets in self.learner.begin(base, tokens)?.chunks(chunk) {
            let predicted = self.learner.predict(base, targets, learn)?;
            let frozen = self.beside(base, &predicted, targets)?;
            self.weigh(&predicted, &frozen, targets, learn, &mut cost);
            let learned = learn && self.learner.learn(base, predicted.pass, targets)?;
            self.learner.take(predicted.inputs, targets);
            if learn {
                self.guard.watch(base, &mut self.learner, learned)?;
            }
        }
        cost.regret = self.tally.bits.regret;
        Ok(cost)
    }

    /// What each target costs the base alone, with the same context, in nats.
    fn beside(&mut self, base: &Base, predicted: &Predicted, targets: &[u32]) -> Result<Vec<f64>> {
        let tokens = self.learner.seen();
        if let Some(slid) = predicted.slid
            && self.frozen.len() == tokens.len() + slid.gone
        {
            self.frozen.slide(&base.config, slid);
        }
        if self.frozen.len() != tokens.len() {
            self.frozen.again(base, None, tokens)?;
        }
        let mut pass = self.frozen.read(base, None, &predicted.inputs, Want::All)?;
        self.frozen.round();
        pass.score(targets)
    }

    /// Adds what a chunk cost, and with `learn` takes note of it.
    fn weigh(
        &mut self,
        predicted: &Predicted,
        frozen: &[f64],
        targets: &[u32],
        learn: bool,
        cost: &mut Bits,
    ) {
        let recalled = if learn {
            self.recall.step(&predicted.pass.states, targets)
        } else {
            self.recall.clone().step(&predicted.pass.states, targets)
        };
        let (mut shares, mut gate) = (self.shares, self.gate);
        for ((frozen, learned), recalled) in frozen.iter().zip(&predicted.nats).zip(recalled) {
            let learned = libm::exp(-learned);
            let recalled = recalled.map_or(learned, |recalled| gate.step(learned, recalled));
            let given = [libm::exp(-frozen), learned, recalled];
            let mixed = shares.step(given);
            cost.add(given, mixed);
            if learn {
                self.tally.add(given, mixed);
            }
        }
        if learn {
            let gain = |(frozen, learned): (&f64, &f64)| (frozen - learned) / LN_2;
            let gains: Vec<f64> = frozen.iter().zip(&predicted.nats).map(gain).collect();
            let before = self.tally.bits.scored - gains.len() as u64;
            self.tally.look(before, targets, &gains);
            (self.shares, self.gate) = (shares, gate);
        }
    }

    /// Takes other weights, from peers: nothing that was read before changes its meaning, and the
    /// optimiser goes on as it was. The guard's way back leads to what peers know now too.
    pub fn become_of(&mut self, weights: impl Iterator<Item = f32>) {
        let moved = self.learner.become_of(weights);
        if moved.iter().any(|x| *x != 0.0) {
            self.guard.follow(&moved);
        }
    }

    /// Takes its small form, for a time without words: what was learned as a byte a number, the
    /// optimiser roughly, and of the context the newest tokens, which are read again when it goes
    /// on. That changes what comes after, so it has its place in a journal. Twice is the same as
    /// once.
    pub fn rest(&mut self) {
        self.learner.rest();
        self.guard.rest();
        self.frozen = Context::default();
    }

    /// Forgets the context and what was just said, as between two conversations.
    pub fn begin_anew(&mut self) {
        self.learner.begin_anew();
        self.frozen = Context::default();
        self.recall.clear();
    }

    /// All of it as bytes. A mixture that is loaded from them goes on to the bit as this one, at
    /// any point.
    ///
    /// # Errors
    /// None is known.
    pub fn save(&self) -> Result<Vec<u8>> {
        let saved = Saved {
            learner: self.learner.save(),
            recall: self.recall.clone(),
            gate: self.gate,
            shares: self.shares,
            guard: self.guard.clone(),
            tally: self.tally.clone(),
            frozen: self.frozen.pack(),
        };
        let body = postcard::to_allocvec(&saved).map_err(|e| Error(format!("saving: {e}")))?;
        let sum = crc32c::crc32c(&body).to_le_bytes();
        Ok([&MAGIC[..], &VERSION[..], &sum[..], &body[..]].concat())
    }

    /// A mixture from its bytes.
    ///
    /// # Errors
    /// When the bytes are damaged or were saved with another base.
    pub fn load(base: &Base, bytes: &[u8]) -> Result<Self> {
        let damaged =
            |what: &str| Error(format!("the saved language model {what}: take an older one"));
        let rest = bytes.strip_prefix(&MAGIC).and_then(|rest| rest.split_first_chunk::<2>());
        let (version, rest) = rest.ok_or_else(|| damaged("is none"))?;
        let (sum, body) = rest.split_first_chunk::<4>().ok_or_else(|| damaged("is cut off"))?;
        if u32::from_le_bytes(*sum) != crc32c::crc32c(body) {
            return Err(damaged("is damaged"));
        }
        let saved = match *version {
            VERSION => postcard::take_from_bytes(body),
            VERSION_BEFORE => postcard::take_from_bytes(body)
                .map(|(before, rest): (Before, _)| (Saved::from(before), rest)),
            _ => return Err(damaged("is of another version")),
        };
        let (saved, rest) = saved.map_err(|_| damaged("is damaged"))?;
        let vocab = base.config.vocab;
        if !rest.is_empty() || saved.recall.tokens().iter().any(|t| *t as usize >= vocab) {
            return wrong(
                "the language model was saved with a base of another shape: give that one",
            );
        }
        let tokens = saved.learner.tokens();
        let load = || -> Result<(Learner, Context)> {
            saved.recall.check(base.config.width)?;
            saved.shares.check()?;
            saved.gate.check()?;
            saved.tally.check(vocab)?;
            let learner = Learner::load(base, saved.learner)?;
            saved.guard.check(learner.adapter().learned().len())?;
            let frozen = Context::unpack(&base.config, &saved.frozen, tokens)?;
            Ok((learner, frozen))
        };
        let (learner, frozen) = load().map_err(|e| {
            Error(format!(
                "the language model was saved with a base of another shape ({}): give that one",
                e.0
            ))
        })?;
        let Saved { recall, gate, shares, guard, tally, .. } = saved;
        Ok(Self { learner, frozen, recall, gate, shares, guard, tally })
    }
}
