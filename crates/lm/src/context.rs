//! What has been read, as keys and values, each in a byte.

use crate::adapter::Adapter;
use crate::config::Config;
use crate::error::{Result, wrong};
use crate::forward::{Cache, Pass, Want};
use crate::narrow::{self, Narrow};
use crate::turn::Turn;
use crate::weights::Base;

/// How many tokens of an older context are read again at once.
const AGAIN: usize = 64;

/// Which tokens a context lets go of: so many, after so many that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slid {
    pub kept: usize,
    pub gone: usize,
}

/// A cache, and how much of it is rounded.
#[derive(Clone, Default)]
pub(crate) struct Context {
    cache: Cache,
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

    /// One pass.
    pub fn read(
        &mut self,
        base: &Base,
        adapter: Option<&Adapter>,
        tokens: &[u32],
        want: Want,
    ) -> Result<Pass> {
        base.read(adapter, &mut self.cache, tokens, want)
    }

    /// Makes it hold these tokens and no others, read with these weights.
    pub fn again(&mut self, base: &Base, adapter: Option<&Adapter>, tokens: &[u32]) -> Result<()> {
        *self = Self::default();
        for part in tokens.chunks(AGAIN) {
            self.read(base, adapter, part, Want::Context)?;
        }
        self.round();
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

    /// Lets go of tokens. Those after them move up: their keys turn back by as many positions, and
    /// what they saw of those that went stays in them.
    pub fn slide(&mut self, config: &Config, Slid { kept, gone }: Slid) {
        let row = config.keys();
        for all in self.cache.keys.iter_mut().chain(&mut self.cache.values) {
            all.drain(kept * row..(kept + gone) * row);
        }
        self.cache.len -= gone;
        let turn = Turn::by(config, gone, self.cache.len - kept);
        for keys in &mut self.cache.keys {
            turn.apply(&mut keys[kept * row..], config.kv_heads, -1.0);
        }
        self.rounded = self.rounded.min(kept);
        self.round();
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
    pub fn unpack(config: &Config, packed: &[Narrow], tokens: usize) -> Result<Self> {
        if packed.is_empty() {
            return Ok(Self::default());
        }
        if packed.len() != 2 * config.layers {
            return wrong("its context is of another shape");
        }
        let row = config.keys();
        let all = packed.iter().map(|all| all.unpack(tokens * row, row));
        let mut keys = all.collect::<Result<Vec<_>>>()?;
        let values = keys.split_off(config.layers);
        let cache = Cache { keys, values, len: tokens };
        Ok(Self { cache, rounded: tokens })
    }
}
