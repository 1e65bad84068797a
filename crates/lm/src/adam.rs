//! Adam: each number moves by its own gradient's running mean over its running size.

use serde::{Deserialize, Serialize};

use crate::math;

/// Decay of the running mean of gradients.
const MEAN: f32 = 0.9;
/// Decay of the running mean of their squares: short, as a person's subject changes.
const SQUARE: f32 = 0.99;
/// What keeps a step finite where gradients are nothing.
const EPSILON: f32 = 1e-8;

/// The state of an optimiser, for as many numbers as are learned.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    pub steps: u64,
}

impl Adam {
    pub fn new(numbers: usize) -> Self {
        Self { mean: vec![0.0; numbers], square: vec![0.0; numbers], steps: 0 }
    }

    /// Whether it was made for so many numbers.
    pub fn fits(&self, numbers: usize) -> bool {
        self.mean.len() == numbers && self.square.len() == numbers
    }

    /// One step of `rate`, with a gradient that is first shortened to the length `clip`. Gives
    /// false, and does nothing, when the gradient is no number.
    pub fn step(&mut self, x: &mut [f32], gradient: &[f32], rate: f32, clip: f32) -> bool {
        let length = math::dot(gradient, gradient).sqrt();
        if !length.is_finite() {
            return false;
        }
        self.steps += 1;
        let short = if length > clip { clip / length } else { 1.0 };
        // Both means begin at nothing; these make up for it.
        let unbiased = |decay: f32| 1.0 / (1.0 - libm::pow(f64::from(decay), self.steps as f64));
        let (of_mean, of_square) = (unbiased(MEAN) as f32, unbiased(SQUARE) as f32);
        let states = self.mean.iter_mut().zip(&mut self.square);
        for ((x, g), (mean, square)) in x.iter_mut().zip(gradient).zip(states) {
            let g = g * short;
            *mean = MEAN * *mean + (1.0 - MEAN) * g;
            *square = SQUARE * *square + (1.0 - SQUARE) * g * g;
            *x -= rate * (*mean * of_mean) / ((*square * of_square).sqrt() + EPSILON);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_rate_and_steps_go_downhill() {
        let (mut x, mut adam) = (vec![5.0f32, -3.0, 0.0], Adam::new(3));
        assert!(adam.step(&mut x, &[2.0, -1.0, 0.0], 0.1, 10.0));
        for (x, wanted) in x.iter().zip([4.9, -2.9, 0.0]) {
            assert!((x - wanted).abs() < 1e-5, "{x}, not {wanted}");
        }
        for _ in 0..500 {
            let gradient: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
            adam.step(&mut x, &gradient, 0.1, 1.0);
        }
        assert!(x.iter().all(|x| x.abs() < 0.2), "{x:?}");
    }

    #[test]
    fn what_is_no_number_is_not_learned() {
        let (mut x, mut adam) = (vec![1.0f32, 2.0], Adam::new(2));
        assert!(!adam.step(&mut x, &[f32::NAN, 1.0], 0.1, 1.0));
        assert!(!adam.step(&mut x, &[f32::INFINITY, 1.0], 0.1, 1.0));
        assert_eq!((x, adam.steps), (vec![1.0, 2.0], 0));
    }
}
