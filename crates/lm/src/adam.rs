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
    /// Of one that rests, until it goes on: it has no numbers in memory then.
    #[serde(skip)]
    asleep: Option<Asleep>,
}

/// How large gradients were, roughly, of so many numbers.
#[derive(Clone)]
struct Asleep {
    numbers: usize,
    square: Vec<i8>,
}

/// The state as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) enum Kept {
    /// All of it.
    Whole(Adam),
    /// Of one that rests: how large gradients were, roughly, and the number of steps.
    Resting(Vec<i8>, u64),
}

/// The way back from [`narrow::coarse`] of so many numbers.
fn fine(square: &[i8], numbers: usize) -> Vec<f32> {
    narrow::fine(square, numbers).expect("made of so many numbers")
}

impl Adam {
    pub fn new(numbers: usize) -> Self {
        Self { mean: vec![0.0; numbers], square: vec![0.0; numbers], steps: 0, asleep: None }
    }

    /// Whether it was made for so many numbers.
    fn fits(&self, numbers: usize) -> bool {
        self.mean.len() == numbers && self.square.len() == numbers
    }

    /// Keeps only roughly how large gradients were, and gives the memory of all else back. Twice is
    /// the same as once.
    pub fn rest(&mut self) {
        if self.asleep.is_some() {
            return;
        }
        let numbers = self.square.len();
        // Once more: what is too small for the way back is nothing from now on.
        let square = fine(&narrow::coarse(&self.square), numbers);
        self.asleep = Some(Asleep { numbers, square: narrow::coarse(&square) });
        (self.mean, self.square) = (Vec::new(), Vec::new());
    }

    /// Has its numbers in memory again.
    fn wake(&mut self) {
        if let Some(Asleep { numbers, square }) = self.asleep.take() {
            self.mean = vec![0.0; numbers];
            self.square = fine(&square, numbers);
        }
    }

    /// What is kept of it; `resting` when nothing happened since it last rested.
    pub fn keep(&self, resting: bool) -> Kept {
        let asleep = self.asleep.as_ref();
        if resting {
            let square = asleep.map(|asleep| asleep.square.clone());
            let square = square.unwrap_or_else(|| narrow::coarse(&self.square));
            return Kept::Resting(square, self.steps);
        }
        let mut whole = self.clone();
        whole.wake();
        Kept::Whole(whole)
    }

    /// The state for so many numbers, from what was kept.
    ///
    /// # Errors
    /// When it was kept for another number of them.
    pub fn of(kept: Kept, numbers: usize) -> Result<Self> {
        match kept {
            Kept::Whole(adam) if adam.fits(numbers) => Ok(adam),
            Kept::Whole(_) => wrong("an optimiser of another shape"),
            Kept::Resting(square, steps) => {
                narrow::fine(&square, numbers)?;
                let asleep = Some(Asleep { numbers, square });
                Ok(Self { mean: Vec::new(), square: Vec::new(), steps, asleep })
            }
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
        self.wake();
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
    fn one_that_rests_has_no_numbers_in_memory_and_goes_on_to_the_bit() {
        let n = 1000;
        let gradient = |seed: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 7919 + seed) % 997) as f32 / 498.5 - 1.0).collect()
        };
        let (mut x, mut adam) = (vec![0.0f32; n], Adam::new(n));
        for seed in 0..20 {
            adam.step(&mut x, gradient(seed), 0.01, 100.0).unwrap();
        }
        // As it rested before it slept: with all its numbers.
        let rounded = fine(&narrow::coarse(&adam.square), n);
        let awake = Adam { mean: vec![0.0; n], square: rounded, ..adam.clone() };
        adam.rest();
        assert_eq!((adam.mean.capacity(), adam.square.capacity()), (0, 0));
        let bytes = |adam: &Adam, resting| postcard::to_allocvec(&adam.keep(resting)).unwrap();
        for resting in [true, false] {
            assert_eq!(bytes(&adam, resting), bytes(&awake, resting));
        }
        let before = bytes(&adam, true);
        adam.rest();
        assert_eq!(bytes(&adam, true), before, "twice is the same as once");
        let loaded = Adam::of(postcard::from_bytes(&before).unwrap(), n).unwrap();
        assert!(Adam::of(postcard::from_bytes(&before).unwrap(), 2 * n).is_err());
        let steps = [adam, awake, loaded].map(|mut adam| {
            let mut x = x.clone();
            adam.stand();
            assert!(adam.step(&mut x, vec![f32::NAN; n], 0.01, 100.0).is_none());
            let length = adam.step(&mut x, gradient(77), 0.01, 100.0).unwrap();
            (x, length.to_bits(), bytes(&adam, false))
        });
        assert_eq!(steps[0], steps[1]);
        assert_eq!(steps[0], steps[2]);
    }

    #[test]
    fn what_is_no_number_is_not_learned() {
        let (mut x, mut adam) = (vec![1.0f32, 2.0], Adam::new(2));
        assert!(adam.step(&mut x, vec![f32::NAN, 1.0], 0.1, 1.0).is_none());
        assert!(adam.step(&mut x, vec![f32::INFINITY, 1.0], 0.1, 1.0).is_none());
        assert_eq!((x, adam.steps), (vec![1.0, 2.0], 0));
    }
}
