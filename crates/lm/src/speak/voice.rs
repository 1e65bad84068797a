//! A voice: hears tokens, says the next ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::sampler::Sampler;
use crate::adapter::Adapter;
use crate::error::{Error, Result, wrong};
use crate::forward::{Cache, Part, Products, Want};
use crate::math;
use crate::weights::Base;

/// How many tokens of what is heard are read at once: a slice. The cuts are part of the bits, so
/// who is read among others is cut in the same places as who is read alone.
pub const SLICE: usize = 32;
/// For how many of the likeliest tokens a voice tells how likely they were.
pub const LIKELY_MAX: usize = 20;

/// One conversation's place: what was learned, and what was heard and said.
///
/// It holds what was learned as it was when the voice was made, for 46 KB a token of context of
/// SmolLM2-135M; other identities that learn meanwhile do not change what it says.
#[derive(Clone)]
pub struct Voice {
    adapter: Option<Arc<Adapter>>,
    cache: Cache,
    /// The tokens of the context that are not in the cache yet.
    pending: Vec<u32>,
    /// What could come next, once all of the context is in the cache; else empty.
    logits: Vec<f32>,
}

/// A token that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Which.
    pub token: u32,
    /// How likely the model held it, as a natural logarithm, whatever the manner made of it.
    pub logprob: f64,
    /// The likeliest tokens with theirs, the likeliest first; as many as were asked for.
    pub likely: Vec<(u32, f64)>,
}

impl Voice {
    /// A voice that has heard nothing. Without an adapter the base itself speaks.
    pub fn new(adapter: Option<Arc<Adapter>>) -> Self {
        Self { adapter, cache: Cache::default(), pending: vec![], logits: vec![] }
    }

    /// A voice that goes on where somebody stopped reading: `cache` holds what was read, `newest`
    /// came after it.
    pub fn with(adapter: Option<Arc<Adapter>>, cache: Cache, newest: Option<u32>) -> Self {
        Self { adapter, cache, pending: newest.into_iter().collect(), logits: vec![] }
    }

    /// How many tokens the context holds.
    pub fn heard(&self) -> usize {
        self.cache.len() + self.pending.len()
    }

    /// For how many tokens more the context has room.
    pub fn room(&self, base: &Base) -> usize {
        base.config.context.saturating_sub(self.heard())
    }

    /// Takes tokens into the context, however many there is room for, and reads them.
    ///
    /// # Errors
    /// When there is no room for all, or one is none of the model's; then nothing was heard.
    pub fn hear(&mut self, base: &Base, tokens: &[u32]) -> Result<()> {
        self.listen(base, tokens)?;
        self.think(base)
    }

    /// The same without reading them: [`read_some`](Self::read_some) does, slice by slice, so that
    /// others can speak between two of them.
    ///
    /// # Errors
    /// As [`hear`](Self::hear).
    pub fn listen(&mut self, base: &Base, tokens: &[u32]) -> Result<()> {
        let (n, room) = (tokens.len(), self.room(base));
        if n > room {
            return wrong(format!(
                "{n} tokens more are too long a context: the model takes {}, and {} are there: \
                 leave the oldest out",
                base.config.context,
                self.heard()
            ));
        }
        if let Some(t) = tokens.iter().find(|t| **t as usize >= base.config.vocab) {
            return wrong(format!("token {t} is none of the model's {}", base.config.vocab));
        }
        if n > 0 {
            self.logits.clear();
            self.pending.extend_from_slice(tokens);
        }
        Ok(())
    }

    /// Whether there is more to read than the one token that a pass with others takes in.
    pub fn reads(&self) -> bool {
        self.pending.len() > 1
    }

    /// Reads a slice of what is pending, at most [`SLICE`] tokens.
    ///
    /// # Errors
    /// When what was learned or heard is not of this base; a panic is told as an error too. The
    /// voice says nothing any more then.
    pub fn read_some(&mut self, base: &Base) -> Result<()> {
        guarded(|| self.slice(base))
    }

    /// What it has read of the context, to go on from there [another time](Self::with).
    pub fn into_cache(self) -> Cache {
        self.cache
    }

    /// Says the next token, which becomes context, and how likely it and the `likely` likeliest
    /// ones were, of which there are at most [`LIKELY_MAX`].
    ///
    /// # Errors
    /// When nothing was heard, the context is full, or what was learned gives no numbers.
    pub fn say(&mut self, base: &Base, sampler: &mut Sampler, likely: usize) -> Result<Said> {
        self.think(base)?;
        self.choose(base, sampler, likely)
    }

    /// Each says its next token, with its own sampler: the same ones as alone where all maps have
    /// weights of few bits. One pass for all of them costs less than one each, since the weights
    /// are read once. Who [has more to read](Self::reads) reads all of it first.
    ///
    /// What is wrong with one, a panic too, is told of that one, and the others say what they
    /// would have said.
    pub fn say_together(
        base: &Base,
        voices: &mut [(&mut Self, &mut Sampler)],
        likely: usize,
    ) -> Vec<Result<Said>> {
        if guarded(|| Self::think_together(base, voices)).is_err() {
            // One of them is not of this base, or broke the pass: each has its own.
            for (voice, _) in voices.iter_mut() {
                voice.cache.truncate(&base.config, voice.cache.len());
            }
        }
        let choose = |(voice, sampler): &mut (&mut Self, &mut Sampler)| {
            guarded(|| voice.say(base, sampler, likely))
        };
        voices.iter_mut().map(choose).collect()
    }

    /// Reads the newest token of each that has just one, up to its logits.
    fn think_together(base: &Base, voices: &mut [(&mut Self, &mut Sampler)]) -> Result<()> {
        let (mut parts, mut logits) = (Vec::new(), Vec::new());
        for (voice, _) in voices.iter_mut().filter(|(voice, _)| voice.pending.len() == 1) {
            parts.push(Part {
                adapter: voice.adapter.as_deref(),
                cache: &mut voice.cache,
                tokens: &voice.pending,
            });
            logits.push(&mut voice.logits);
        }
        let pass = base.read_parts(&mut parts, Want::Last, Products::Low)?;
        for (to, row) in logits.into_iter().zip(pass.logits.chunks_exact(base.config.vocab)) {
            row.clone_into(to);
        }
        for (voice, _) in voices.iter_mut().filter(|(voice, _)| voice.pending.len() == 1) {
            voice.pending.clear();
        }
        Ok(())
    }

    /// Reads what is pending, up to the logits after it.
    fn think(&mut self, base: &Base) -> Result<()> {
        while !self.pending.is_empty() {
            self.slice(base)?;
        }
        Ok(())
    }

    /// Reads a slice of what is pending; the last one up to the logits after it.
    fn slice(&mut self, base: &Base) -> Result<()> {
        let n = self.pending.len().min(SLICE);
        if n == 0 {
            return Ok(());
        }
        let want = if n == self.pending.len() { Want::Last } else { Want::Context };
        let adapter = self.adapter.as_deref();
        let pass = base.read_low(adapter, &mut self.cache, &self.pending[..n], want)?;
        self.pending.drain(..n);
        self.logits = pass.logits;
        Ok(())
    }

    /// Chooses the next token by the logits.
    fn choose(&mut self, base: &Base, sampler: &mut Sampler, likely: usize) -> Result<Said> {
        if self.logits.is_empty() {
            return wrong("nothing was heard yet: a voice says what comes after something");
        }
        if self.room(base) == 0 {
            return wrong(format!(
                "the context is full: the model takes {} tokens, and all are there: go on with a \
                 shorter one",
                base.config.context
            ));
        }
        if likely > LIKELY_MAX {
            return wrong(format!("{likely} likely tokens are asked for; at most {LIKELY_MAX}"));
        }
        if self.logits.iter().any(|x| !x.is_finite()) {
            return wrong("what was learned gives logits that are no numbers: roll it back");
        }
        let logits = std::mem::take(&mut self.logits);
        let token = sampler.pick(&logits);
        let said = tell(&logits, token, likely);
        self.pending.push(token);
        Ok(said)
    }
}

/// Tells a panic as an error: it is of one voice, and others share the thread.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        let words = words.unwrap_or_else(|| "no words".into());
        Err(Error(format!("this voice broke off ({words}): ask again; it is a mistake of ours")))
    })
}

/// How likely a token and the likeliest ones are.
fn tell(logits: &[f32], token: u32, likely: usize) -> Said {
    let max = math::max(logits);
    let mut shares = logits.to_vec();
    let all = math::softmax(&mut shares, max);
    let log = |token: u32| f64::from(logits[token as usize] - max) - all;
    let mut best: Vec<u32> = Vec::new();
    if likely > 0 {
        best.extend(0..logits.len() as u32);
        let order = |a: &u32, b: &u32| {
            let (x, y) = (logits[*a as usize], logits[*b as usize]);
            y.total_cmp(&x).then(a.cmp(b))
        };
        let n = likely.min(best.len());
        best.select_nth_unstable_by(n - 1, order);
        best.truncate(n);
        best.sort_unstable_by(order);
    }
    Said { token, logprob: log(token), likely: best.into_iter().map(|t| (t, log(t))).collect() }
}
