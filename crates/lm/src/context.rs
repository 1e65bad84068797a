//! What has been read, as keys and values, and in which passes: the same tokens in other passes
//! give other last bits.

use crate::adapter::Adapter;
use crate::config::Config;
use crate::error::{Result, wrong};
use crate::forward::{Cache, PASS_MAX, Pass, Want};
use crate::narrow::{self, Narrow};
use crate::weights::Base;

/// How many tokens of an older context are read again at once.
const AGAIN: usize = 64;

/// A cache, and how many tokens came into it by each pass.
#[derive(Clone, Default)]
pub(crate) struct Context {
    cache: Cache,
    cuts: Vec<u32>,
    /// How many tokens, from the first, are rounded.
    rounded: usize,
}

impl Context {
    /// How many tokens are in it.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    pub fn cuts(&self) -> &[u32] {
        &self.cuts
    }

    /// One pass. It is [noted](Self::note) by who has read.
    pub fn read(
        &mut self,
        base: &Base,
        adapter: Option<&Adapter>,
        tokens: &[u32],
        want: Want,
    ) -> Result<Pass> {
        base.read(adapter, &mut self.cache, tokens, want)
    }

    /// Notes a pass of so many tokens.
    pub fn note(&mut self, tokens: usize) {
        self.cuts.push(tokens as u32);
    }

    /// Makes it hold these tokens and no others, read with these weights.
    pub fn again(&mut self, base: &Base, adapter: Option<&Adapter>, tokens: &[u32]) -> Result<()> {
        let whole = tokens.chunks(AGAIN).map(|part| part.len() as u32);
        self.again_in(base, adapter, tokens, &whole.collect::<Vec<_>>())
    }

    /// The same, in the passes of another one.
    pub fn again_in(
        &mut self,
        base: &Base,
        adapter: Option<&Adapter>,
        mut tokens: &[u32],
        cuts: &[u32],
    ) -> Result<()> {
        *self = Self::default();
        for cut in cuts {
            let (part, rest) = tokens.split_at((*cut as usize).min(tokens.len()));
            self.read(base, adapter, part, Want::Context)?;
            self.note(part.len());
            tokens = rest;
        }
        Ok(())
    }

    /// Rounds what was not yet, to what a byte a number can tell.
    pub fn round(&mut self) {
        let (len, rounded) = (self.cache.len().max(1), self.rounded);
        for all in self.cache.keys.iter_mut().chain(&mut self.cache.values) {
            let row = all.len() / len;
            narrow::round(&mut all[rounded * row..], row);
        }
        self.rounded = self.cache.len();
    }

    /// All keys and values, when all are rounded.
    pub fn pack(&self) -> Vec<Narrow> {
        let len = self.cache.len().max(1);
        let all = self.cache.keys.iter().chain(&self.cache.values);
        all.map(|all| Narrow::pack(all, all.len() / len)).collect()
    }

    /// A context from its bytes, of `tokens` tokens; or one that holds none of them yet.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn unpack(
        config: &Config,
        cuts: Vec<u32>,
        packed: &[Narrow],
        tokens: usize,
    ) -> Result<Self> {
        if packed.is_empty() && cuts.is_empty() {
            return Ok(Self::default());
        }
        let whole: usize = cuts.iter().map(|cut| *cut as usize).sum();
        let possible = cuts.iter().all(|cut| (1..=PASS_MAX).contains(&(*cut as usize)));
        if whole != tokens || !possible || packed.len() != 2 * config.layers {
            return wrong("its context is of another shape");
        }
        let row = config.keys();
        let all = packed.iter().map(|all| all.unpack(tokens * row, row));
        let mut keys = all.collect::<Result<Vec<_>>>()?;
        let values = keys.split_off(config.layers);
        let cache = Cache { keys, values, len: tokens };
        Ok(Self { cache, cuts, rounded: tokens })
    }
}
