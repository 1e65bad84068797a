//! One answer while it is spoken.

use std::sync::Arc;

use her_identity::{Error, Result};
use her_lm::{Cache, Manner, Said, Sampler, Shared, Teller, Voice};

use super::How;
use super::kept::{Keeps, Kept};
use super::speaker::{Ended, Speaker, Spoken, invalid, random};

/// An answer on its way: a voice, its chance, and what makes text of its tokens.
pub(super) struct Utterance {
    pub shared: Arc<Shared>,
    pub voice: Voice,
    pub sampler: Sampler,
    teller: Teller,
    /// How many tokens it may have, and how many it has.
    most: usize,
    tokens: usize,
    keeps: Option<Keeps>,
}

/// What a token brought.
pub(super) struct Step {
    /// Text that is new; often none.
    text: String,
    /// Tokens that were said so far.
    tokens: usize,
    pub ended: Option<Ended>,
}

impl Utterance {
    /// An answer to a prompt, of which as much is read as was kept.
    pub fn new(
        speaker: &Speaker,
        prompt: &[u32],
        how: &How,
        kept: Option<&Arc<Kept>>,
    ) -> Result<Self> {
        let most = speaker.room(prompt.len(), how)?;
        let seed = how.seed.map_or_else(random, Ok)?;
        let base = &speaker.shared().model.base;
        let keeps = kept.map(|kept| Keeps {
            kept: Arc::clone(kept),
            by: speaker.weights(),
            prompt: prompt.to_vec(),
        });
        let cache = keeps.as_ref().and_then(|k| k.kept.take(&base.config, &k.by, prompt));
        let read = cache.as_ref().map_or(0, Cache::len);
        let mut voice = speaker.voice(cache.unwrap_or_default());
        voice.listen(base, &prompt[read..]).map_err(invalid)?;
        Ok(Self {
            shared: Arc::clone(speaker.shared()),
            voice,
            sampler: Sampler::new(Manner { seed, ..how.manner }).map_err(invalid)?,
            teller: Teller::new(how.stops.clone()).map_err(invalid)?,
            most,
            tokens: 0,
            keeps,
        })
    }

    /// How much memory its context takes at most, in bytes.
    pub fn memory(&self) -> usize {
        (self.voice.heard() + self.most) * self.shared.model.base.config.token_memory()
    }

    /// Reads a slice of the prompt.
    pub fn read_some(&mut self) -> Result<()> {
        let read = self.voice.read_some(&self.shared.model.base);
        read.map_err(|e| self.spoiled(e))
    }

    /// What went wrong. Nothing is kept of what it was wrong with.
    fn spoiled(&mut self, e: her_lm::Error) -> Error {
        self.keeps = None;
        invalid(e)
    }

    /// Takes what the voice said.
    pub fn take(&mut self, said: her_lm::Result<Said>) -> Result<Step> {
        let token = said.map_err(|e| self.spoiled(e))?.token;
        let told = self.teller.take(&self.shared.model.tokens, token).map_err(invalid)?;
        self.tokens += 1;
        let mut step = Step { text: told.text, tokens: self.tokens, ended: None };
        if told.end.is_some() {
            step.ended = Some(Ended::Stop);
        } else if self.tokens >= self.most {
            step.text += &self.teller.finish();
            step.ended = Some(Ended::Length);
        }
        Ok(step)
    }

    /// Keeps what was read for the next turn, once nothing is said any more.
    pub fn keep(&mut self) {
        if let Some(Keeps { kept, by, prompt }) = self.keeps.take() {
            let voice = std::mem::replace(&mut self.voice, Voice::new(None));
            kept.keep(&self.shared.model.base.config, by, prompt, voice.into_cache());
        }
    }
}

impl Drop for Utterance {
    fn drop(&mut self) {
        self.keep();
    }
}

impl Step {
    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.ended.is_none()
    }
}

impl Spoken {
    /// Nothing, after so many tokens.
    pub(super) fn nothing(prompt_tokens: usize) -> Self {
        Self { text: String::new(), prompt_tokens, tokens: 0, ended: Ended::Gone }
    }

    /// Adds a step and tells it; says whether it goes on.
    pub(super) fn goes_on(&mut self, step: &Step, tell: &mut dyn FnMut(&str) -> bool) -> bool {
        self.tokens = step.tokens;
        self.text += &step.text;
        if !tell(&step.text) {
            return false;
        }
        self.ended = step.ended.unwrap_or(self.ended);
        step.ended.is_none()
    }
}
