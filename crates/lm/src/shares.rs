//! Who predicts: weights of several predictors, by how well each did, with a fixed share.
//!
//! After each outcome a weight is multiplied with the probability that its predictor gave, and a
//! small share of all is dealt out anew as at the beginning, so that nobody's word is lost for
//! good (Herbster and Warmuth 1998). So the mixture costs at most 1 bit, and `SHARE / ln 2` bits an
//! outcome, more than the first predictor alone, whatever the others do.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};

/// How much is dealt out anew after each outcome.
const SHARE: f64 = 0.002;
/// Weights at the beginning: half of all for the first, which is the frozen base.
const BIRTH: [f64; 3] = [0.5, 0.25, 0.25];

/// The weights of three predictors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shares(pub [f64; 3]);

impl Default for Shares {
    fn default() -> Self {
        Self(BIRTH)
    }
}

impl Shares {
    /// The probability that all together gave to what came, of those that each gave; then weighs
    /// them anew.
    pub fn step(&mut self, given: [f64; 3]) -> f64 {
        // What no number of f64 can tell from impossible is as unlikely as the least one.
        let given = given.map(|p| p.max(f64::MIN_POSITIVE));
        let parts: [f64; 3] = std::array::from_fn(|i| self.0[i] * given[i]);
        let all: f64 = parts.iter().sum();
        self.0 = std::array::from_fn(|i| (1.0 - SHARE) * parts[i] / all + SHARE * BIRTH[i]);
        all
    }

    /// Refuses weights that are none.
    pub fn check(&self) -> Result<()> {
        let all: f64 = self.0.iter().sum();
        if self.0.iter().all(|w| (0.0..=1.0).contains(w)) && (all - 1.0).abs() < 1e-6 {
            return Ok(());
        }
        wrong(format!("the predictions' weights are {:?}, not shares of 1", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The regret against the first predictor, in bits, over outcomes with such probabilities.
    fn regret(n: usize, given: impl Fn(usize) -> [f64; 3]) -> f64 {
        let mut shares = Shares::default();
        let one = |i| {
            let given = given(i);
            libm::log2(given[0]) - libm::log2(shares.step(given))
        };
        (0..n).map(one).sum()
    }

    #[test]
    fn the_regret_is_bounded_whatever_the_others_do() {
        let bound = |n: usize| 1.0 + 0.002 * n as f64;
        for n in [1, 10, 1000, 20_000] {
            let always = regret(n, |_| [0.1, 0.0, 1e-30]);
            assert!(always <= bound(n), "{always} bits in {n}");
            // They shine, and fail as soon as they are trusted.
            let tricky = |i: usize| if i % 50 < 25 { [0.2, 0.9, 0.9] } else { [0.2, 1e-9, 1e-12] };
            let fooled = regret(n, tricky);
            assert!(fooled <= bound(n), "{fooled} bits in {n}");
        }
        // A plain average would be caught.
        let average: f64 = (0..1000).map(|_| libm::log2(0.1 / ((0.1 + 0.0 + 1e-30) / 3.0))).sum();
        assert!(average > bound(1000));
    }

    #[test]
    fn who_predicts_better_is_trusted() {
        let gained = -regret(1000, |i| if i < 500 { [0.1, 0.2, 0.1] } else { [0.1, 0.05, 0.4] });
        // 500 times one bit, then 500 times two; trust takes some outcomes to move.
        assert!(gained > 1450.0, "{gained} of 1500 bits");
    }
}
