//! What the boosting classifiers share: how right and how wrong each member has been.

use serde::{Deserialize, Serialize};

use crate::estimator::Attribute;
use crate::math;

/// How large the mean of a draw may become; events of this weight add up to finite numbers.
const LAMBDA_MAX: f64 = 1e100;

/// For each member, the weights of the events that it had right and wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Records {
    pub correct: Vec<f64>,
    pub wrong: Vec<f64>,
}

impl Records {
    pub fn new(n_models: usize) -> Self {
        Self { correct: vec![0.0; n_models], wrong: vec![0.0; n_models] }
    }

    /// Notes an event of weight `lambda`, and says that on the right or wrong side there is now.
    pub fn note(&mut self, member: usize, right: bool, lambda: f64) -> f64 {
        let side = if right { &mut self.correct } else { &mut self.wrong };
        side[member] += lambda;
        side[member]
    }

    /// All that was noted.
    pub fn total(&self, member: usize) -> f64 {
        self.correct[member] + self.wrong[member]
    }

    /// Notes an event of weight `lambda`, and says the weight for the next member: as many events
    /// that were right shall weigh as that were wrong.
    pub fn boost(&mut self, member: usize, right: bool, lambda: f64) -> f64 {
        let side = self.note(member, right, lambda);
        bounded(lambda * (self.total(member) / (2.0 * side)))
    }

    /// `ln((1−ε)/ε)` for a share of wrong events `ε` up to ½; 1 beyond, as for new members.
    pub fn vote(&self, member: usize) -> f64 {
        let error = (self.wrong[member] + 1e-16) / (self.total(member) + 1e-16);
        if error == 0.0 || error > 0.5 {
            return 1.0;
        }
        math::ln((1.0 - error) / error)
    }

    pub fn clear(&mut self, member: usize) {
        self.correct[member] = 0.0;
        self.wrong[member] = 0.0;
    }

    /// `correct_weight` and `wrong_weight`, a number for each member.
    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        let weights = match name {
            "correct_weight" => &self.correct,
            "wrong_weight" => &self.wrong,
            _ => return None,
        };
        Some(Attribute::List(weights.iter().copied().map(Attribute::Float).collect()))
    }
}

/// Keeps the mean of a draw between numbers that can be added up.
pub(super) fn bounded(lambda: f64) -> f64 {
    lambda.clamp(1.0 / LAMBDA_MAX, LAMBDA_MAX)
}
