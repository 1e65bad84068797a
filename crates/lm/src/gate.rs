//! How far what was just said is believed: more the more alike the present state is to one of then,
//! by two numbers that learn from every token.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};

/// How far a number moves by a token whose gradient is of the usual size.
const RATE: f64 = 0.03;
/// What is left of the running size of gradients after a token.
const DECAY: f64 = 0.999;
/// What keeps steps small where gradients are nothing.
const LEAST: f64 = 1e-3;
/// The likeness, as a cosine, that is neither high nor low, and how much a difference from it counts.
const USUAL: f64 = 0.8;
const SCALE: f64 = 5.0;
/// Beyond this a number does not go: the share is then nothing, or all.
const FARTHEST: f64 = 12.0;

/// The two numbers, and how large their gradients were.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Gate {
    leans: [f64; 2],
    sizes: [f64; 2],
}

impl Default for Gate {
    /// A share of a twentieth, however alike.
    fn default() -> Self {
        Self { leans: [-3.0, 0.0], sizes: [0.01; 2] }
    }
}

impl Gate {
    /// The probability that both together give to a token: of what was learned, and of what was
    /// just said, with the highest likeness then. Then it learns.
    pub fn step(&mut self, learned: f64, (said, alike): (f64, f64)) -> f64 {
        let given = [1.0, (alike - USUAL) * SCALE];
        let lean: f64 = self.leans.iter().zip(given).map(|(lean, x)| lean * x).sum();
        let share = 1.0 / (1.0 + libm::exp(-lean));
        let both = ((1.0 - share) * learned + share * said).max(f64::MIN_POSITIVE);
        let slope = (said - learned) / both * share * (1.0 - share);
        for ((lean, size), x) in self.leans.iter_mut().zip(&mut self.sizes).zip(given) {
            let slope = (slope * x).clamp(-1.0, 1.0);
            *size = DECAY * *size + (1.0 - DECAY) * slope * slope;
            *lean = (*lean + RATE * slope / (*size + LEAST).sqrt()).clamp(-FARTHEST, FARTHEST);
        }
        both
    }

    /// Refuses numbers that are none.
    pub fn check(&self) -> Result<()> {
        let fine = self.leans.iter().all(|lean| lean.abs() <= FARTHEST);
        if fine && self.sizes.iter().all(|size| (0.0..=1.0).contains(size)) {
            return Ok(());
        }
        wrong("how far it believes what was just said is no number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_believes_who_was_right_when_it_was_alike() {
        // What was just said is right when the states are alike, and wrong when they are not.
        let mut gate = Gate::default();
        let bits = |gate: &mut Gate, i: usize| {
            let said = if i.is_multiple_of(2) { (0.9, 0.95) } else { (0.0, 0.5) };
            -libm::log2(gate.step(0.1, said))
        };
        let first: f64 = (0..100).map(|i| bits(&mut gate, i)).sum();
        (0..3000).for_each(|i| assert!(bits(&mut gate, i) > 0.0));
        let last: f64 = (0..100).map(|i| bits(&mut gate, i)).sum();
        let best = 50.0 * (-libm::log2(0.9) - libm::log2(0.1));
        assert!(last < first - 30.0 && last < best + 10.0, "{first}, then {last}; best {best}");
        assert!(gate.check().is_ok());
    }

    #[test]
    fn nothing_that_is_given_breaks_it() {
        let mut gate = Gate::default();
        for (learned, said, alike) in [(0.0, 0.0, -1.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0)] {
            for _ in 0..10_000 {
                let both = gate.step(learned, (said, alike));
                assert!(both > 0.0 && both <= 1.0);
            }
            assert!(gate.check().is_ok(), "{gate:?}");
        }
    }
}
