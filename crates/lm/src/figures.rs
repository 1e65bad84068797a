//! What a learner's life looks like in numbers, and what it learned most of.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};
use crate::guard::Retention;

/// How many spans are kept.
const SPANS: usize = 16;
/// How many tokens a span has at most.
const SPAN: usize = 12;
/// What is left of what counts as recent, after a token: the newest thousand count.
const DECAY: f64 = 1.0 - 1.0 / 1024.0;

/// What some tokens cost, in bits, by who predicted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bits {
    /// How many were predicted.
    pub scored: u64,
    /// By the base alone.
    pub frozen: f64,
    /// With what was learned.
    pub learned: f64,
    /// That, with a share of what was just said.
    pub recalled: f64,
    /// By the mixture of the three.
    pub mixed: f64,
    /// The most that the mixture had cost above the base in its life, after any token.
    pub regret: f64,
}

/// Bits a token of late: about the newest thousand tokens count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// How many tokens count; up to 1,024.
    pub tokens: f64,
    /// By the base alone.
    pub frozen: f64,
    /// With what was learned.
    pub learned: f64,
    /// By the mixture.
    pub mixed: f64,
}

/// Tokens that follow each other and that learning made more likely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// How many tokens the life had scored before these.
    pub at: u64,
    /// The tokens, 12 at most.
    pub tokens: Vec<u32>,
    /// How many bits fewer they cost with what was learned than the base alone.
    pub bits: f64,
}

/// A life in numbers, for pages and reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// What all tokens that were learned cost.
    pub bits: Bits,
    /// Bits a token of late.
    pub recent: Recent,
    /// How much each prediction counts now: the base, the learner, the learner with what was just
    /// said; together 1.
    pub weights: [f64; 3],
    /// How many tokens were learned.
    pub tokens: u64,
    /// How many updates were made.
    pub updates: u64,
    /// How many were left out, as their gradient was no number.
    pub skipped: u64,
    /// How long what was learned is, as one vector.
    pub norm: f64,
    /// The lengths of all steps that led there.
    pub path: f64,
    /// How well it keeps what its base could do.
    pub retention: Retention,
    /// The spans that learning helped most, the greatest help first; 16 at most.
    pub spans: Vec<Span>,
}

/// What is counted as tokens are learned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub bits: Bits,
    recent: Recent,
    pub spans: Vec<Span>,
}

impl Bits {
    /// Adds a token: what each prediction, and the mixture, gave to it.
    pub(crate) fn add(&mut self, given: [f64; 3], mixed: f64) {
        self.scored += 1;
        self.frozen += cost(given[0]);
        self.learned += cost(given[1]);
        self.recalled += cost(given[2]);
        self.mixed += cost(mixed);
        self.regret = self.regret.max(self.mixed - self.frozen);
    }
}

/// The bits of a probability.
fn cost(p: f64) -> f64 {
    -libm::log2(p.max(f64::MIN_POSITIVE))
}

impl Tally {
    /// Adds a token.
    pub fn add(&mut self, given: [f64; 3], mixed: f64) {
        self.bits.add(given, mixed);
        let Recent { tokens, frozen, learned, mixed: all } = &mut self.recent;
        *tokens = *tokens * DECAY + 1.0;
        for (sum, p) in [(frozen, given[0]), (learned, given[1]), (all, mixed)] {
            *sum = *sum * DECAY + cost(p);
        }
    }

    /// Bits a token of late.
    pub fn recent(&self) -> Recent {
        let Recent { tokens, frozen, learned, mixed } = self.recent;
        let each = |sum: f64| if tokens > 0.0 { sum / tokens } else { 0.0 };
        Recent { tokens, frozen: each(frozen), learned: each(learned), mixed: each(mixed) }
    }

    /// Looks for the span of a chunk that learning helped most, by how many bits each token cost
    /// less with it. `at` is how many tokens were scored before them.
    pub fn look(&mut self, at: u64, tokens: &[u32], gains: &[f64]) {
        let mut best = (0.0, 0..0);
        for start in 0..gains.len() {
            let mut sum = 0.0;
            for (i, gain) in gains[start..].iter().take(SPAN).enumerate() {
                sum += gain;
                if sum > best.0 {
                    best = (sum, start..start + i + 1);
                }
            }
        }
        let (bits, range) = best;
        let Some(found) = tokens.get(range.clone()).filter(|found| !found.is_empty()) else {
            return;
        };
        let span = Span { at: at + range.start as u64, tokens: found.to_vec(), bits };
        // The same words count once, by the most that they gained.
        match self.spans.iter().position(|kept| kept.tokens == span.tokens) {
            Some(i) if self.spans[i].bits >= bits => return,
            Some(i) => drop(self.spans.remove(i)),
            None => {}
        }
        let place = self.spans.partition_point(|kept| kept.bits >= bits);
        self.spans.insert(place, span);
        self.spans.truncate(SPANS);
    }

    /// Refuses what cannot have been counted with so many tokens in the vocabulary.
    pub fn check(&self, vocab: usize) -> Result<()> {
        let short = |span: &Span| (1..=SPAN).contains(&span.tokens.len()) && span.bits.is_finite();
        let known = |span: &Span| span.tokens.iter().all(|t| (*t as usize) < vocab);
        let Bits { frozen, learned, recalled, mixed, regret, .. } = self.bits;
        let Recent { tokens, frozen: a, learned: b, mixed: c } = self.recent;
        let numbers = [frozen, learned, recalled, mixed, regret, tokens, a, b, c];
        let fine = self.spans.iter().all(|span| short(span) && known(span));
        if fine && self.spans.len() <= SPANS && numbers.iter().all(|x| x.is_finite()) {
            return Ok(());
        }
        wrong("its figures cannot be")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_improved_spans_are_kept_once_each() {
        let mut tally = Tally::default();
        tally.look(10, &[1, 2, 3, 4], &[-1.0, 2.0, 3.0, -4.0]);
        assert_eq!(tally.spans, [Span { at: 11, tokens: vec![2, 3], bits: 5.0 }]);
        tally.look(20, &[1, 2, 3, 4], &[-1.0, 2.0, 2.0, -4.0]);
        assert_eq!(tally.spans[0].at, 11, "less gained with the same words");
        tally.look(30, &[1, 2, 3, 4], &[-1.0, 2.0, 4.0, -4.0]);
        assert_eq!((tally.spans.len(), tally.spans[0].at), (1, 31));
        tally.look(40, &[9], &[-0.5]);
        assert_eq!(tally.spans.len(), 1, "nothing gained");
        for i in 0..50u32 {
            tally.look(50, &[100 + i; 40], &[f64::from(i); 40]);
        }
        assert_eq!(tally.spans.len(), SPANS);
        assert!(tally.spans.iter().all(|span| span.tokens.len() == SPAN));
        assert!(tally.spans.windows(2).all(|pair| pair[0].bits >= pair[1].bits));
        assert!(tally.check(200).is_ok() && tally.check(149).is_err());
    }

    #[test]
    fn what_is_recent_is_an_average() {
        let mut tally = Tally::default();
        assert_eq!(tally.recent().frozen, 0.0);
        (0..5000).for_each(|_| tally.add([0.5, 0.25, 0.25], 0.5));
        (0..5000).for_each(|_| tally.add([0.25, 0.25, 0.25], 0.25));
        let recent = tally.recent();
        assert!((recent.frozen - 2.0).abs() < 0.02 && (recent.tokens - 1024.0).abs() < 8.0);
        assert_eq!((tally.bits.scored, tally.bits.frozen), (10_000, 15_000.0));
    }
}
