//! What was read of conversations, kept from one turn to the next.
//!
//! A client sends its whole conversation each time, and most of the time to the first word goes
//! into reading it. What was read holds for the weights that read it, to the bit: so it is kept
//! where nothing is learned between two turns, and known again by a digest of the weights. Only
//! whole slices are kept, since other cuts would give other last bits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use her_lm::{Cache, Config, SLICE};

/// Bytes that are kept; who was not heard for longest goes first.
const BYTES: usize = 256 << 20;

/// What a base and an adapter are known by: a digest of both.
pub(super) type Weights = [u8; 32];

/// Beginnings of conversations, the newest last.
pub(super) struct Kept {
    bytes: usize,
    all: Mutex<VecDeque<Beginning>>,
}

struct Beginning {
    by: Weights,
    tokens: Vec<u32>,
    cache: Cache,
}

impl Default for Kept {
    fn default() -> Self {
        Self { bytes: BYTES, all: Mutex::default() }
    }
}

/// How many tokens two texts have in common at their beginning, in whole slices.
fn common(a: &[u32], b: &[u32]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    same / SLICE * SLICE
}

impl Kept {
    /// What was read of the beginning of a prompt by the same weights; no other turn has it then.
    /// At least one token of the prompt is left to read.
    pub fn take(&self, config: &Config, by: &Weights, prompt: &[u32]) -> Option<Cache> {
        let prompt = prompt.split_last()?.1;
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let of = all.iter().enumerate().filter(|(_, one)| one.by == *by);
        let (best, i) = of.map(|(i, one)| (common(&one.tokens, prompt), i)).max()?;
        // Another conversation, which only begins the same, stays.
        if best == 0 || best * 2 < all[i].tokens.len() {
            return None;
        }
        let mut cache = all.remove(i)?.cache;
        cache.truncate(config, best);
        Some(cache)
    }

    /// Keeps what was read of a prompt by these weights.
    pub fn keep(&self, config: &Config, by: Weights, mut tokens: Vec<u32>, mut cache: Cache) {
        let read = cache.len().min(tokens.len()) / SLICE * SLICE;
        tokens.truncate(read);
        cache.truncate(config, read);
        if read == 0 || cache.memory() > self.bytes {
            return;
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.by != by || !tokens.starts_with(&one.tokens));
        all.push_back(Beginning { by, tokens, cache });
        let mut bytes: usize = all.iter().map(|one| one.cache.memory()).sum();
        while bytes > self.bytes {
            bytes -= all.pop_front().map_or(bytes, |one| one.cache.memory());
        }
    }
}

/// A prompt that is kept when its answer ends, as far as it was read.
pub(super) struct Keeps {
    pub kept: Arc<Kept>,
    pub by: Weights,
    pub prompt: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    use her_lm::{Bases, Model, Want};

    use crate::talk::tongue;

    fn read(model: &Model, tokens: &[u32]) -> Cache {
        let mut cache = Cache::default();
        for part in tokens.chunks(SLICE) {
            model.base.read_low(None, &mut cache, part, Want::Context).unwrap();
        }
        cache
    }

    #[test]
    fn the_newest_beginnings_are_kept_for_their_own_weights() {
        let data = tempfile::tempdir().unwrap();
        tongue::tiny_base(data.path());
        let shared = Bases::new(data.path().join("bases")).get("tiny").unwrap();
        let (model, config) = (&shared.model, &shared.model.base.config);
        let text = |first: u32| -> Vec<u32> { (0..100).map(|i| (first + i) % 64).collect() };
        let two = 2 * 96 * config.token_memory();
        let kept = Kept { bytes: two, all: Mutex::default() };
        let keep = |by: u8, text: &[u32]| {
            kept.keep(config, [by; 32], text.to_vec(), read(model, text));
        };
        let take =
            |by: u8, text: &[u32]| kept.take(config, &[by; 32], text).map(|cache| cache.len());
        keep(1, &text(0));
        assert_eq!(take(2, &text(0)), None, "other weights");
        assert_eq!(take(1, &text(1)), None, "another text");
        assert_eq!(take(1, &text(0)), Some(96), "in whole slices");
        assert_eq!(take(1, &text(0)), None, "it is taken");
        keep(1, &text(0));
        assert_eq!(take(1, &text(0)[..96]), Some(64), "something is left to read");
        // One that grew takes the place of what it grew from; the oldest goes.
        keep(1, &text(0)[..64]);
        keep(1, &text(0));
        keep(1, &text(5));
        keep(1, &text(9));
        let all = kept.all.lock().unwrap().len();
        assert_eq!((all, take(1, &text(0)), take(1, &text(5))), (2, None, Some(96)));
        // A little in common with a long one is not worth the long one.
        let mut other = text(9);
        other[40] = 63;
        assert_eq!((take(1, &other), take(1, &text(9))), (None, Some(96)));
        keep(1, &text(0)[..SLICE - 1]);
        assert!(kept.all.lock().unwrap().is_empty(), "less than a slice");
    }
}
