//! What the two passive-aggressive models share: weights, and how far they move.
//!
//! **Source** Crammer, K., Dekel, O., Keshet, J., Shalev-Shwartz, S. and Singer, Y., 2006. Online
//! passive-aggressive algorithms. River, `linear_model/pa.py`.

use serde::{Deserialize, Serialize};

use super::{add_scaled, dot, weights_to};
use crate::error::{Error, Result};
use crate::features::{Features, Slots};
use crate::math;
use crate::merge::{Fixed, Gather, Spread};
use crate::params::check_range;

/// How far a weight may move for one event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub aggressiveness: f64,
    pub mode: u8,
    pub learn_intercept: bool,
}

/// The weights and the intercept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub weights: Slots<f64>,
    pub intercept: f64,
}

impl Rule {
    pub fn check(&self) -> Result<()> {
        check_range("C", self.aggressiveness, 1e-300, 1e12)?;
        if self.mode > 2 {
            return Err(Error::new(format!("mode must be 0, 1 or 2, got {}", self.mode)));
        }
        Ok(())
    }

    /// The step size `tau` for a loss.
    fn tau(&self, x: &Features, loss: f64) -> f64 {
        let norm = math::dot(x.values(), x.values()).sqrt();
        let square = norm * norm;
        match self.mode {
            2 => loss / (square + 0.5 / self.aggressiveness),
            // Nothing can be learned from an event of zeros.
            _ if square == 0.0 => 0.0,
            1 => self.aggressiveness.min(loss / square),
            _ => loss / square,
        }
    }
}

impl State {
    /// `w · x + b`.
    #[inline]
    pub fn raw(&self, x: &Features) -> f64 {
        dot(&self.weights, x) + self.intercept
    }

    pub fn sums(&self, out: &mut Gather<'_>) {
        out.tensor("intercept").whole(Fixed::of(self.intercept));
        weights_to(&self.weights, &mut out.tensor("weights"));
    }

    pub fn of_sums(from: &Spread<'_>) -> Self {
        let intercept = from.whole("intercept").to_f64();
        let mut weights = Slots::default();
        from.feature("weights").for_each(|(id, w)| *weights.at(id) = w.to_f64());
        Self { weights, intercept }
    }

    /// Moves towards the side that `sign` says, as far as the loss asks for.
    pub fn learn(&mut self, x: &Features, loss: f64, sign: f64, rule: Rule) {
        let step = rule.tau(x, loss) * sign;
        add_scaled(&mut self.weights, step, x);
        if rule.learn_intercept {
            self.intercept += step;
        }
    }
}
