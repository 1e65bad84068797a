//! Optimizers, losses, schedulers and initializers: River's `optim`.

pub mod initializers;
pub mod losses;
pub mod schedulers;
pub mod sgd;

pub use initializers::Initializer;
pub use losses::Loss;
pub use schedulers::{LearningRate, Scheduler};
pub use sgd::SGD;

use crate::catalog::Entry;
use crate::estimator::Estimator;
use crate::features::{Features, Slots};

/// Turns gradients into steps. It keeps what it needs per feature id.
pub trait Optimizer: Estimator {
    /// The learning rate of the next step.
    fn learning_rate(&self) -> f64;

    /// Steps made so far.
    fn n_iterations(&self) -> u64;

    /// Called before the gradient is taken, on the weights about to be used.
    fn look_ahead(&mut self, _ids: &Features, _w: &mut Slots<f64>) {}

    /// Moves the weights of the ids in `x` against the gradients `g`, which run beside the ids.
    /// `w` has room for all of them.
    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>);

    /// The same optimizer with no step made: one per class where a model keeps several.
    fn fresh(&self) -> Box<dyn Optimizer>;
}

/// Calls `f` with (weight, gradient) of every feature of `x`, over slices when the ids are a run.
#[inline]
pub fn each(x: &Features, g: &[f64], w: &mut Slots<f64>, mut f: impl FnMut(&mut f64, f64)) {
    let w = w.as_mut_slice();
    if let Some(start) = x.run() {
        let n = x.len();
        for (w, &g) in w[start..][..n].iter_mut().zip(&g[..n]) {
            f(w, g);
        }
    } else {
        for (&id, &g) in x.ids().iter().zip(g) {
            f(&mut w[id as usize], g);
        }
    }
}

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[SGD::ENTRY];
