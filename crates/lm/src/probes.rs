//! Short texts of three kinds that a learner must go on to predict as well as its base does.

use std::sync::OnceLock;

use crate::adapter::Adapter;
use crate::error::Result;
use crate::guard::cost;
use crate::tokens::Tokens;
use crate::weights::Base;

/// Prose, talk, and questions with their answers, parted by a line of three dashes.
const TEXT: &str = include_str!("probes.txt");
/// What they are called.
pub(crate) const KINDS: [&str; 3] = ["prose", "talk", "facts"];
/// How many parts are looked at, one at a time: the first of each kind, then the second of each.
pub(crate) const PARTS: usize = 2 * KINDS.len();
/// How many tokens of a part are predicted at most.
const LENGTH: usize = 192;
/// How many of them are predicted where only the beginnings are looked at.
const BEGINNING: usize = 64;

/// The parts as a model's tokens, and what each costs it, once known.
#[derive(Default)]
pub(crate) struct Probes {
    parts: Vec<(Vec<u32>, OnceLock<f64>)>,
}

impl Probes {
    /// The probes of a model that takes so long a context.
    pub fn new(tokens: &Tokens, context: usize) -> Result<Self> {
        let kinds: Vec<Vec<u32>> =
            TEXT.split("---\n").map(|text| tokens.encode(text)).collect::<Result<_>>()?;
        let part = |i: usize| {
            let kind = &kinds[i % KINDS.len()];
            let length = (LENGTH + 1).min(context + 1).min(kind.len() / 2);
            let start = i / KINDS.len() * length;
            (kind[start..start + length].to_vec(), OnceLock::new())
        };
        Ok(Self { parts: (0..PARTS).map(part).collect() })
    }

    /// Whether there are none, as with a base that was not opened as a model.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What the beginnings of one part of each kind cost an adapter, in bits a token; none if there
    /// are no probes.
    pub fn beginnings(&self, base: &Base, adapter: &Adapter) -> Result<Option<f64>> {
        let (mut sum, mut of) = (0.0, 0);
        for (text, _) in self.parts.iter().take(KINDS.len()) {
            let text = &text[..text.len().min(BEGINNING + 1)];
            let tokens = text.len().saturating_sub(1);
            sum += cost(base, Some(adapter), text)? * tokens as f64;
            of += tokens;
        }
        Ok((of > 0).then(|| sum / of as f64))
    }

    /// A part, and what it costs the base alone, in bits a token; none if there are no probes.
    pub fn part(&self, base: &Base, part: usize) -> Result<Option<(&[u32], f64)>> {
        let Some((text, frozen)) = self.parts.get(part) else { return Ok(None) };
        if let Some(frozen) = frozen.get() {
            return Ok(Some((text, *frozen)));
        }
        let cost = cost(base, None, text)?;
        Ok(Some((text, *frozen.get_or_init(|| cost))))
    }
}
