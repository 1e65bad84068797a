//! Optimizers, losses, schedulers and initializers: River's `optim`.

pub mod ada_bound;
pub mod ada_delta;
pub mod ada_grad;
pub mod ada_max;
pub mod adam;
pub mod ams_grad;
pub mod ftrl;
pub mod initializers;
pub mod losses;
pub mod momentum;
pub mod nadam;
pub mod nesterov;
pub mod rms_prop;
pub mod schedulers;
pub mod sgd;
#[cfg(test)]
mod tests;

pub use ada_bound::AdaBound;
pub use ada_delta::AdaDelta;
pub use ada_grad::AdaGrad;
pub use ada_max::AdaMax;
pub use adam::Adam;
pub use ams_grad::AMSGrad;
pub use ftrl::FTRLProximal;
pub use initializers::Initializer;
pub use losses::Loss;
pub use momentum::Momentum;
pub use nadam::Nadam;
pub use nesterov::NesterovMomentum;
pub use rms_prop::RMSProp;
pub use schedulers::{LearningRate, Scheduler};
pub use sgd::SGD;

use crate::catalog::Entry;
use crate::estimator::Estimator;
use crate::features::{Features, Slots};

/// The largest share of an old moment: 1 would never let a gradient in.
const BELOW_ONE: f64 = 1.0 - 1e-12;
/// The smallest guard against a division by 0.
const EPS_MIN: f64 = 1e-300;

/// Turns gradients into steps. It keeps what it needs per feature id; what belongs to features
/// that are absent from an event stays as it is.
pub trait Optimizer: Estimator {
    /// The learning rate of the next step; 0 for optimizers without one.
    fn learning_rate(&self) -> f64;

    /// False for optimizers that find the size of their steps without a learning rate.
    fn has_learning_rate(&self) -> bool {
        true
    }

    /// False for optimizers that put weights in place from sums of their own instead of moving
    /// them: what a peer adds to such weights would be lost at the next step.
    fn is_incremental(&self) -> bool {
        true
    }

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

/// Like [`each`], with one number of the optimizer's own per feature.
#[inline]
pub fn each_with_one(
    x: &Features,
    g: &[f64],
    w: &mut Slots<f64>,
    a: &mut Slots<f64>,
    mut f: impl FnMut(&mut f64, f64, &mut f64),
) {
    a.grow(x.end());
    let (w, a) = (w.as_mut_slice(), a.as_mut_slice());
    if let Some(start) = x.run() {
        let n = x.len();
        let (w, g, a) = (&mut w[start..][..n], &g[..n], &mut a[start..][..n]);
        for i in 0..n {
            f(&mut w[i], g[i], &mut a[i]);
        }
    } else {
        for (&id, &g) in x.ids().iter().zip(g) {
            f(&mut w[id as usize], g, &mut a[id as usize]);
        }
    }
}

/// Like [`each`], with two numbers of the optimizer's own per feature.
#[inline]
pub fn each_with_two(
    x: &Features,
    g: &[f64],
    w: &mut Slots<f64>,
    (a, b): (&mut Slots<f64>, &mut Slots<f64>),
    mut f: impl FnMut(&mut f64, f64, &mut f64, &mut f64),
) {
    a.grow(x.end());
    b.grow(x.end());
    let (w, a, b) = (w.as_mut_slice(), a.as_mut_slice(), b.as_mut_slice());
    if let Some(start) = x.run() {
        let n = x.len();
        let (w, g) = (&mut w[start..][..n], &g[..n]);
        let (a, b) = (&mut a[start..][..n], &mut b[start..][..n]);
        for i in 0..n {
            f(&mut w[i], g[i], &mut a[i], &mut b[i]);
        }
    } else {
        for (&id, &g) in x.ids().iter().zip(g) {
            let i = id as usize;
            f(&mut w[i], g, &mut a[i], &mut b[i]);
        }
    }
}

/// The methods that are alike in every optimizer with a learning rate and a counter.
macro_rules! bookkeeping {
    () => {
        fn learning_rate(&self) -> f64 {
            self.params.lr.get(self.state.n_iterations)
        }

        $crate::optim::counted!();
    };
}

/// The methods that are alike in every optimizer with a counter.
macro_rules! counted {
    () => {
        fn n_iterations(&self) -> u64 {
            self.state.n_iterations
        }

        fn fresh(&self) -> Box<dyn $crate::optim::Optimizer> {
            Box::new(Self { params: self.params.clone(), state: State::default() })
        }
    };
}

/// Reads and writes an enum whose variants are named as in River. A spec may give a variant
/// without parameters as a bare string. Only for parameters: it needs a self-describing format.
macro_rules! named_forms {
    ($ty:ident) => {
        impl serde::Serialize for $ty {
            fn serialize<S>(&self, to: S) -> std::result::Result<S::Ok, S::Error>
            where
                S: serde::Serializer,
            {
                Self::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D>(from: D) -> std::result::Result<Self, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                let mut value = serde_json::Value::deserialize(from)?;
                if let serde_json::Value::String(name) = value {
                    value = serde_json::json!({ name: {} });
                }
                Self::deserialize(value).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use {bookkeeping, counted, named_forms};

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    SGD::ENTRY,
    Momentum::ENTRY,
    NesterovMomentum::ENTRY,
    AdaGrad::ENTRY,
    AdaDelta::ENTRY,
    RMSProp::ENTRY,
    Adam::ENTRY,
    AdaMax::ENTRY,
    AMSGrad::ENTRY,
    Nadam::ENTRY,
    AdaBound::ENTRY,
    FTRLProximal::ENTRY,
];
