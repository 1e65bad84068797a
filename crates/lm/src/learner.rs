//! The loop: predict the next tokens, then learn them, with the weights that came of all before.

use serde::{Deserialize, Serialize};

use crate::adam::Adam;
use crate::adapter::{Adapter, Spec};
use crate::error::{Error, Result, wrong};
use crate::forward::{Cache, PASS_MAX, Pass, Want};
use crate::mixture::Seen;
use crate::weights::Base;

/// Who is shown what was predicted.
type Look<'a> = dyn FnMut(&Seen<'_>) -> Result<()> + 'a;

/// How an identity learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// After how many tokens the weights move, 1 to [`PASS_MAX`].
    pub chunk: usize,
    /// How many tokens of context it sees at most; when they are full, it goes on with the newer
    /// half. At least twice the chunk, at most what the base takes.
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
    cache: Cache,
    /// The tokens in the cache.
    read: Vec<u32>,
    /// The newest token: predicted, but not in the cache yet.
    newest: Option<u32>,
}

/// All of it that is kept. The cache is made anew from the tokens.
#[derive(Serialize, Deserialize)]
struct Saved {
    settings: Settings,
    spec: Spec,
    learned: Vec<f32>,
    adam: Adam,
    read: Vec<u32>,
    newest: Option<u32>,
}

/// What saved bytes begin with; the last two bytes are the version.
const MAGIC: [u8; 8] = *b"herlm\0\x01\0";

impl Learner {
    /// A learner that has read nothing.
    ///
    /// # Errors
    /// When the settings or the spec are out of their ranges.
    pub fn new(base: &Base, spec: Spec, settings: Settings) -> Result<Self> {
        settings.check(base)?;
        let adapter = Adapter::new(&base.config, spec)?;
        let adam = Adam::new(adapter.learned().len());
        Ok(Self { settings, adapter, adam, cache: Cache::default(), read: vec![], newest: None })
    }

    /// What it has learned.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// How many updates it made in its life.
    pub fn updates(&self) -> u64 {
        self.adam.steps
    }

    /// Predicts tokens, chunk by chunk, and with `learn` learns each chunk before it goes on.
    ///
    /// # Errors
    /// When a token is none of the model's; then nothing has changed.
    pub fn read(&mut self, base: &Base, tokens: &[u32], learn: bool) -> Result<Reading> {
        self.read_with(base, tokens, learn, &mut |_| Ok(()))
    }

    /// The same; `look` is shown each chunk after it was predicted and before it is learned.
    pub(crate) fn read_with(
        &mut self,
        base: &Base,
        tokens: &[u32],
        learn: bool,
        look: &mut Look<'_>,
    ) -> Result<Reading> {
        self.adapter.fits(&base.config)?;
        if let Some(t) = tokens.iter().find(|t| **t as usize >= base.config.vocab) {
            return wrong(format!("token {t} is none of the model's {}", base.config.vocab));
        }
        let mut reading = Reading::default();
        let mut rest = tokens;
        if self.newest.is_none() {
            let Some((first, others)) = tokens.split_first() else { return Ok(reading) };
            (self.newest, rest) = (Some(*first), others);
        }
        for targets in rest.chunks(self.settings.chunk) {
            if self.cache.len() + targets.len() > self.settings.window {
                self.rest(base)?;
            }
            let before = targets[..targets.len() - 1].iter().copied();
            let inputs: Vec<u32> = self.newest.into_iter().chain(before).collect();
            let want = if learn { Want::Lesson } else { Want::All };
            let mut pass = base.read(Some(&self.adapter), &mut self.cache, &inputs, want)?;
            let nats = pass.score(targets)?;
            let context = &self.read;
            look(&Seen { context, inputs: &inputs, targets, pass: &pass, nats: &nats })?;
            reading.scored += targets.len();
            reading.bits += nats.iter().sum::<f64>() / std::f64::consts::LN_2;
            if learn {
                self.learn(base, pass, targets, &mut reading)?;
            }
            self.read.extend(inputs);
            self.newest = targets.last().copied();
        }
        Ok(reading)
    }

    fn learn(
        &mut self,
        base: &Base,
        pass: Pass,
        targets: &[u32],
        reading: &mut Reading,
    ) -> Result<()> {
        let gradient = base.gradient(&self.adapter, &self.cache, pass, targets)?;
        let Settings { rate, clip, .. } = self.settings;
        if self.adam.step(self.adapter.learned_mut(), &gradient, rate, clip) {
            reading.updates += 1;
        } else {
            reading.skipped += 1;
        }
        Ok(())
    }

    /// Goes on with the newer half of the window at most, read again with the weights of now.
    /// Happens by itself when the window is full.
    pub fn rest(&mut self, base: &Base) -> Result<()> {
        let old = self.read.len().saturating_sub(self.settings.window / 2);
        self.read.drain(..old);
        base.read_again(Some(&self.adapter), &mut self.cache, &self.read)
    }

    /// Forgets the context, as between two conversations; what was learned stays.
    pub fn begin_anew(&mut self) {
        self.cache.clear();
        self.read.clear();
        self.newest = None;
    }

    /// All of it as bytes. A learner that is loaded from them goes on to the bit as this one does
    /// after a [`rest`](Self::rest): who saves in the middle of a window rests first.
    pub fn save(&self) -> Result<Vec<u8>> {
        let saved = Saved {
            settings: self.settings,
            spec: self.adapter.spec(),
            learned: self.adapter.learned().to_vec(),
            adam: self.adam.clone(),
            read: self.read.clone(),
            newest: self.newest,
        };
        let body = postcard::to_allocvec(&saved).map_err(|e| Error(format!("saving: {e}")))?;
        let sum = crc32c::crc32c(&body).to_le_bytes();
        Ok([&MAGIC[..], &sum[..], &body[..]].concat())
    }

    /// A learner from its bytes.
    ///
    /// # Errors
    /// When the bytes are damaged or were saved with another base.
    pub fn load(base: &Base, bytes: &[u8]) -> Result<Self> {
        let damaged = |what: &str| Error(format!("the saved learner {what}: take an older one"));
        let rest =
            bytes.strip_prefix(&MAGIC).ok_or_else(|| damaged("is none, or of another version"))?;
        let (sum, body) = rest.split_first_chunk::<4>().ok_or_else(|| damaged("is cut off"))?;
        if u32::from_le_bytes(*sum) != crc32c::crc32c(body) {
            return Err(damaged("is damaged"));
        }
        let saved: Saved = postcard::from_bytes(body).map_err(|_| damaged("is damaged"))?;
        let mut learner = Self::new(base, saved.spec, saved.settings)?;
        let numbers = learner.adapter.learned().len();
        let vocab = base.config.vocab;
        let known = saved.read.iter().chain(&saved.newest).all(|t| (*t as usize) < vocab);
        if saved.learned.len() != numbers || !saved.adam.fits(numbers) || !known {
            return wrong("the learner was saved with a base of another shape: give that one");
        }
        learner.adapter.learned_mut().copy_from_slice(&saved.learned);
        (learner.adam, learner.read, learner.newest) = (saved.adam, saved.read, saved.newest);
        learner.rest(base)?;
        Ok(learner)
    }
}
