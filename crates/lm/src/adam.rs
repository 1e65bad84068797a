//! Adam: each number moves by its own gradient's running mean over its running size.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};
use crate::{math, narrow};

/// Decay of the running mean of gradients.
const MEAN: f32 = 0.9;
/// Decay of the running mean of their squares: short, as a person's subject changes.
const SQUARE: f32 = 0.99;
/// What keeps a step finite where gradients are nothing.
const EPSILON: f32 = 1e-8;
/// How many steps lead to the full rate: the first ones know only signs of gradients.
const WARM: u64 = 16;

/// The state of an optimiser, for as many numbers as are learned.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: u64,
}

/// The state as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) enum Kept {
    /// All of it.
    Whole(Adam),
    /// Of one that rests: how large gradients were, roughly, and the number of steps.
    Resting(Vec<i8>, u64),
}

impl Adam {
    pub fn new(numbers: usize) -> Self {
        Self { mean: vec![0.0; numbers], square: vec![0.0; numbers], steps: 0 }
    }

    /// Whether it was made for so many numbers.
    pub fn fits(&self, numbers: usize) -> bool {
        self.mean.len() == numbers && self.square.len() == numbers
    }

    /// Keeps only roughly how large gradients were. Twice is the same as once.
    pub fn rest(&mut self) {
        self.stand();
        let square = narrow::fine(&narrow::coarse(&self.square), self.square.len());
        self.square = square.unwrap_or_default();
    }

    /// What is kept of it; `resting` when nothing happened since it last rested.
    pub fn keep(&self, resting: bool) -> Kept {
        if resting {
            return Kept::Resting(narrow::coarse(&self.square), self.steps);
        }
        Kept::Whole(self.clone())
    }

    /// The state for so many numbers, from what was kept.
    ///
    /// # Errors
    /// When it was kept for another number of them.
    pub fn of(kept: Kept, numbers: usize) -> Result<Self> {
        match kept {
            Kept::Whole(adam) if adam.fits(numbers) => Ok(adam),
            Kept::Whole(_) => wrong("an optimiser of another shape"),
            Kept::Resting(square, steps) => Ok(Self {
                mean: vec![0.0; numbers],
                square: narrow::fine(&square, numbers)?,
                steps,
            }),
        }
    }

    /// Forgets where gradients pointed, but not how large they were: where nothing is known of
    /// that, each number's first step is a whole one.
    pub fn stand(&mut self) {
        self.mean.fill(0.0);
    }

    /// One step of `rate`, with a gradient that is first shortened to the length `clip`. Gives how
    /// long the step was; nothing happens, and none is given, when the gradient is no number.
    pub fn step(
        &mut self,
        x: &mut [f32],
        mut gradient: Vec<f32>,
        rate: f32,
        clip: f32,
    ) -> Option<f32> {
        let length = math::dot(&gradient, &gradient).sqrt();
        if !length.is_finite() {
            return None;
        }
        self.steps += 1;
        let short = if length > clip { clip / length } else { 1.0 };
        let rate = rate * self.steps.min(WARM) as f32 / WARM as f32;
        // Both means begin at nothing; these make up for it.
        let unbiased = |decay: f32| 1.0 / (1.0 - libm::pow(f64::from(decay), self.steps as f64));
        let (of_mean, of_square) = (unbiased(MEAN) as f32, unbiased(SQUARE) as f32);
        let states = self.mean.iter_mut().zip(&mut self.square);
        for ((x, g), (mean, square)) in x.iter_mut().zip(&mut gradient).zip(states) {
            let short = *g * short;
            *mean = MEAN * *mean + (1.0 - MEAN) * short;
            *square = SQUARE * *square + (1.0 - SQUARE) * short * short;
            *g = rate * (*mean * of_mean) / ((*square * of_square).sqrt() + EPSILON);
            *x -= *g;
        }
        Some(math::dot(&gradient, &gradient).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_rate_and_steps_go_downhill() {
        let (mut x, mut adam) = (vec![5.0f32, -3.0, 0.0], Adam::new(3));
        let length = adam.step(&mut x, vec![2.0, -1.0, 0.0], 0.1 * WARM as f32, 10.0).unwrap();
        assert!((length - 0.02f32.sqrt()).abs() < 1e-5, "{length}");
        for (x, wanted) in x.iter().zip([4.9, -2.9, 0.0]) {
            assert!((x - wanted).abs() < 1e-5, "{x}, not {wanted}");
        }
        for _ in 0..500 {
            let gradient: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
            adam.step(&mut x, gradient, 0.1, 1.0);
        }
        assert!(x.iter().all(|x| x.abs() < 0.2), "{x:?}");
    }

    #[test]
    fn what_is_no_number_is_not_learned() {
        let (mut x, mut adam) = (vec![1.0f32, 2.0], Adam::new(2));
        assert!(adam.step(&mut x, vec![f32::NAN, 1.0], 0.1, 1.0).is_none());
        assert!(adam.step(&mut x, vec![f32::INFINITY, 1.0], 0.1, 1.0).is_none());
        assert_eq!((x, adam.steps), (vec![1.0, 2.0], 0));
    }
}
