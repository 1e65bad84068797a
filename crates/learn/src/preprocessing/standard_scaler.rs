//! `StandardScaler`: zero mean and unit variance, from running statistics.
//!
//! `z = (x − mean) / √variance`, with the population variance by Welford's update, per feature:
//! a feature that comes and goes has its own count. A feature that was never learned from, or
//! whose variance is 0, becomes 0.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 24 bytes a feature;
//! one square root and two divisions a number. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["StandardScaler", "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..100 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1000.0}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 1.0).abs() < 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Welford, B.P., 1962. Note on a method for calculating corrected sums of squares and
//! products. River, `preprocessing/scale.py`; unlike River, a prediction does not make room for a
//! feature that it meets first.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features, Slots};

crate::params! {
    /// Parameters of [`StandardScaler`].
    pub struct Params {
        /// Whether to divide by the standard deviation.
        with_std: bool = true,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    counts: Slots<f64>,
    means: Slots<f64>,
    vars: Slots<f64>,
}

/// See the module's documentation.
pub struct StandardScaler {
    params: Params,
    state: State,
}

crate::estimator! {
    StandardScaler in "preprocessing" as Transformer, version 1, name "StandardScaler",
    "Zero mean and unit variance, from running statistics",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.counts.forget(gone);
        state.means.forget(gone);
        state.vars.forget(gone);
    },
}

impl StandardScaler {
    /// A scaler that has seen nothing.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

#[inline]
fn update(x: f64, count: &mut f64, mean: &mut f64, var: &mut f64) {
    *count += 1.0;
    let off = x - *mean;
    *mean += off / *count;
    *var += (off * (x - *mean) - *var) / *count;
}

#[inline]
fn scale(x: f64, mean: f64, var: f64) -> f64 {
    // The quotient is computed either way, so that the loop over a slice has no branch.
    let z = (x - mean) / var.sqrt();
    if var > 0.0 { z } else { 0.0 }
}

impl Transformer for StandardScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let s = &mut self.state;
        let end = x.end();
        s.counts.grow(end);
        s.means.grow(end);
        s.vars.grow(end);
        let (counts, means, vars) =
            (s.counts.as_mut_slice(), s.means.as_mut_slice(), s.vars.as_mut_slice());
        if let Some(start) = x.run() {
            let n = x.len();
            let (counts, means, vars) =
                (&mut counts[start..][..n], &mut means[start..][..n], &mut vars[start..][..n]);
            for (i, &v) in x.values()[..n].iter().enumerate() {
                update(v, &mut counts[i], &mut means[i], &mut vars[i]);
            }
        } else {
            for (id, v) in x.iter() {
                let i = id as usize;
                update(v, &mut counts[i], &mut means[i], &mut vars[i]);
            }
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let z = out.same_ids(x);
        let (means, vars) = (self.state.means.as_slice(), self.state.vars.as_slice());
        let with_std = self.params.with_std;
        match x.run() {
            Some(start) if with_std && x.end() <= means.len() => {
                let n = x.len();
                let (means, vars, x) =
                    (&means[start..][..n], &vars[start..][..n], &x.values()[..n]);
                let z = &mut z[..n];
                for i in 0..n {
                    z[i] = scale(x[i], means[i], vars[i]);
                }
            }
            _ => {
                for (z, (id, v)) in z.iter_mut().zip(x.iter()) {
                    let i = id as usize;
                    *z = match (means.get(i), vars.get(i)) {
                        (Some(&mean), Some(&var)) if with_std => scale(v, mean, var),
                        (Some(&mean), _) => v - mean,
                        _ if with_std => 0.0,
                        _ => v,
                    };
                }
            }
        }
    }
}
