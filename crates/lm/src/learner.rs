//! The loop: predict the next tokens, then learn them, with the weights that came of all before.

mod saved;

use serde::{Deserialize, Serialize};

pub(crate) use saved::{Before, Saved};

use crate::adam::Adam;
use crate::adapter::{Adapter, Spec};
use crate::context::{Context, Slid};
use crate::error::{Result, wrong};
use crate::forward::{PASS_MAX, Pass, Want};
use crate::narrow::{self, Narrow};
use crate::weights::Base;

/// How an identity learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// After how many tokens the weights move, 1 to [`PASS_MAX`].
    pub chunk: usize,
    /// How many tokens of context it sees at most; when they are full, the oldest eighth goes. At
    /// least twice the chunk, at most what the base takes.
    pub window: usize,
    /// How far a weight moves by one update, above 0 and at most 1.
    pub rate: f32,
    /// The longest gradient that is taken as it is, above 0.
    pub clip: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { chunk: 32, window: 512, rate: 2e-3, clip: 1.0 }
    }
}

impl Settings {
    fn check(&self, base: &Base) -> Result<()> {
        let Self { chunk, window, rate, clip } = *self;
        if chunk == 0 || chunk > PASS_MAX {
            return wrong(format!("the chunk is {chunk}, but must be within 1 and {PASS_MAX}"));
        }
        if window < 2 * chunk || window > base.config.context {
            return wrong(format!(
                "the window is {window}, but must be within twice the chunk, {}, and the {} tokens \
                 that the base takes",
                2 * chunk,
                base.config.context
            ));
        }
        if !(rate > 0.0 && rate <= 1.0) {
            return wrong(format!("the rate is {rate}, but must be above 0 and at most 1"));
        }
        if !(clip > 0.0 && clip.is_finite()) {
            return wrong(format!("the clip is {clip}, but must be a number above 0"));
        }
        Ok(())
    }
}

/// How many of the first tokens of a context stay for good: much of the attention goes there, and
/// without them predictions fall apart (Xiao et al. 2024, Efficient streaming language models with
/// attention sinks, §3).
const FIRST: usize = 4;
/// In how many slides a window passes by.
const SLIDES: usize = 8;

/// The least share of its rate that a learner goes back to.
const SLOWEST: f32 = 1.0 / 1024.0;

/// What came of reading some tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// How many tokens were predicted. The very first token of a life has nothing before it and is
    /// only context.
    pub scored: usize,
    /// What they cost all together, in bits, each before it was learned.
    pub bits: f64,
    /// How many updates were made.
    pub updates: u64,
    /// How many were left out since their gradient was no number.
    pub skipped: u64,
}

/// An identity's share of a model that never stops learning: what it learned, and what it has just
/// read.
#[derive(Clone)]
pub struct Learner {
    settings: Settings,
    adapter: Adapter,
    adam: Adam,
    context: Context,
    /// The tokens in the context.
    read: Vec<u32>,
    /// The newest token: predicted, but not in the context yet.
    newest: Option<u32>,
    /// Whether nothing was learned since it last rested.
    rested: bool,
    life: Life,
}

/// What a learner did in its life.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// How far a weight moves by one update now.
    pub rate: f32,
    pub updates: u64,
    /// Updates that were left out, as their gradient was no number.
    pub skipped: u64,
    /// Tokens that were learned.
    pub tokens: u64,
    /// The lengths of all steps together.
    pub path: f64,
}

/// What came of predicting a chunk.
pub(crate) struct Predicted {
    /// What the context let go of before.
    pub slid: Option<Slid>,
    pub inputs: Vec<u32>,
    pub pass: Pass,
    /// What each target cost, in nats.
    pub nats: Vec<f64>,
}

impl Learner {
    /// A learner that has read nothing.
    ///
    /// # Errors
    /// When the settings or the spec are out of their ranges.
    pub fn new(base: &Base, spec: Spec, settings: Settings) -> Result<Self> {
        settings.check(base)?;
        let adapter = Adapter::new(&base.config, spec)?;
        let adam = Adam::new(adapter.learned().len());
        let life = Life { rate: settings.rate, updates: 0, skipped: 0, tokens: 0, path: 0.0 };
        let context = Context::default();
        let (read, newest, rested) = (vec![], None, false);
        Ok(Self { settings, adapter, adam, context, read, newest, rested, life })
    }

    /// What it has learned.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// How it learns.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// How many updates it made in its life.
    pub fn updates(&self) -> u64 {
        self.life.updates
    }

    pub(crate) fn life(&self) -> Life {
        self.life
    }

    /// The tokens in the context.
    pub(crate) fn seen(&self) -> &[u32] {
        &self.read
    }

    /// Predicts tokens, chunk by chunk, and with `learn` learns each chunk before it goes on.
    ///
    /// # Errors
    /// When a token is none of the model's; then nothing has changed.
    pub fn read(&mut self, base: &Base, tokens: &[u32], learn: bool) -> Result<Reading> {
        let mut reading = Reading::default();
        for targets in self.begin(base, tokens)?.chunks(self.settings.chunk) {
            let Predicted { inputs, pass, nats, .. } = self.predict(base, targets, learn)?;
            reading.scored += targets.len();
            reading.bits += nats.iter().sum::<f64>() / std::f64::consts::LN_2;
            if learn {
                let learned = self.learn(base, pass, targets)?;
                reading.updates += u64::from(learned);
                reading.skipped += u64::from(!learned);
            }
            self.take(inputs, targets);
        }
        Ok(reading)
    }

    /// Takes the very first token of a context as one; gives the others, which can be predicted.
    pub(crate) fn begin<'a>(&mut self, base: &Base, tokens: &'a [u32]) -> Result<&'a [u32]> {
        self.adapter.fits(&base.config)?;
        if let Some(t) = tokens.iter().find(|t| **t as usize >= base.config.vocab) {
            return wrong(format!("token {t} is none of the model's {}", base.config.vocab));
        }
        match tokens.split_first() {
            Some((first, others)) if self.newest.is_none() => {
                self.newest = Some(*first);
                Ok(others)
            }
            _ => Ok(tokens),
        }
    }

    /// Predicts a chunk. It has to be [taken](Self::take) before the next one.
    pub(crate) fn predict(
        &mut self,
        base: &Base,
        targets: &[u32],
        learn: bool,
    ) -> Result<Predicted> {
        let slid = self.slide(base, targets.len());
        if self.context.len() != self.read.len() {
            self.context.again(base, Some(&self.adapter), &self.read)?;
        }
        let before = targets[..targets.len() - 1].iter().copied();
        let inputs: Vec<u32> = self.newest.into_iter().chain(before).collect();
        let want = if learn { Want::Lesson } else { Want::All };
        let mut pass = self.context.read(base, Some(&self.adapter), &inputs, want)?;
        let nats = pass.score(targets)?;
        Ok(Predicted { slid, inputs, pass, nats })
    }

    /// Learns the chunk that was just predicted. Gives false when it was left out, as its gradient
    /// is no number.
    pub(crate) fn learn(&mut self, base: &Base, pass: Pass, targets: &[u32]) -> Result<bool> {
        let gradient = base.gradient(&self.adapter, self.context.cache(), pass, targets)?;
        self.rested = false;
        let (weights, rate, clip) =
            (self.adapter.learned_mut(), self.life.rate, self.settings.clip);
        let Some(length) = self.adam.step(weights, gradient, rate, clip) else {
            self.life.skipped += 1;
            return Ok(false);
        };
        self.life.updates += 1;
        self.life.tokens += targets.len() as u64;
        self.life.path += f64::from(length);
        Ok(true)
    }

    /// Makes a chunk that was predicted part of the context.
    pub(crate) fn take(&mut self, inputs: Vec<u32>, targets: &[u32]) {
        // Only now: the backward pass has seen the keys and values as they were.
        self.context.round();
        self.read.extend(inputs);
        self.newest = targets.last().copied();
    }

    /// Makes room for `more` tokens: lets go of the oldest but for the very first.
    fn slide(&mut self, base: &Base, more: usize) -> Option<Slid> {
        let window = self.settings.window;
        let over = (self.read.len() + more).saturating_sub(window);
        if over == 0 {
            return None;
        }
        if self.context.len() != self.read.len() {
            self.cut();
            return None;
        }
        let part = window / SLIDES;
        let slid = Slid { kept: FIRST.min(part), gone: over.max(part) };
        self.read.drain(slid.kept..slid.kept + slid.gone);
        self.context.slide(&base.config, slid);
        Some(slid)
    }

    /// Leaves half a window at most, the newest, to be read again with the weights of now.
    fn cut(&mut self) {
        let old = self.read.len().saturating_sub(self.settings.window / 2);
        self.read.drain(..old);
        self.context = Context::default();
    }

    /// Takes its small form, for a time without words: what was learned as a byte a number, the
    /// optimiser roughly, of the context half a window at most, to be read again when it goes on.
    /// Twice is the same as once.
    pub fn rest(&mut self) {
        self.cut();
        let weights = self.adapter.learned_mut();
        let all = weights.len();
        narrow::round(weights, all);
        self.adam.rest();
        self.rested = true;
    }

    /// What was learned, rounded to a byte a number.
    pub(crate) fn rounded(&self) -> Narrow {
        let weights = self.adapter.learned();
        Narrow::pack(weights, weights.len())
    }

    /// Goes back to other weights, with steps half as long from then on.
    pub(crate) fn go_back(&mut self, weights: &[f32]) {
        self.adapter.learned_mut().copy_from_slice(weights);
        self.adam.stand();
        self.context = Context::default();
        self.life.rate = (self.life.rate * 0.5).max(self.settings.rate * SLOWEST);
    }

    /// Takes other weights. Gives by how much each has moved.
    pub(crate) fn become_of(&mut self, weights: impl Iterator<Item = f32>) -> Vec<f32> {
        let mine = self.adapter.learned_mut();
        let moved: Vec<f32> = mine
            .iter_mut()
            .zip(weights)
            .map(|(mine, new)| new - std::mem::replace(mine, new))
            .collect();
        // Those of one that rests are saved as bytes, which tell only what was rounded to them.
        self.rested &= moved.iter().all(|x| *x == 0.0);
        moved
    }

    /// Keeps a share of what was learned.
    pub(crate) fn shrink(&mut self, share: f32) {
        // Not by a product where nothing shall be left: what is no number would stay.
        let shrunk = |x: &mut f32| *x = if share > 0.0 { *x * share } else { 0.0 };
        self.adapter.learned_mut().iter_mut().for_each(shrunk);
    }

    /// Doubles a rate that was halved. Gives whether it was.
    pub(crate) fn quicken(&mut self) -> bool {
        let slow = self.life.rate < self.settings.rate;
        if slow {
            self.life.rate = (self.life.rate * 2.0).min(self.settings.rate);
        }
        slow
    }

    /// Forgets the context, as between two conversations; what was learned stays.
    pub fn begin_anew(&mut self) {
        self.context = Context::default();
        self.read.clear();
        self.newest = None;
    }
}
