//! `SEM`: the running standard error of the mean.
//!
//! `√(variance / n)`, with the variance of [`Var`](super::Var).
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 24 bytes, one
//! division a number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut sem = Catalog::builtin().builder().univariate(&"SEM".into())?;
//! for x in [3.0, 5.0] {
//!     sem.update(x);
//! }
//! assert_eq!(sem.get(), 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/sem.py`.

use super::mean;
use super::var::State;
use crate::error::Result;
use crate::estimator::{Attribute, Univariate};
use crate::features::Names;
use crate::merge::{Additive, Gather, Merge, Spread};

crate::params! {
    /// Parameters of [`SEM`].
    pub struct Params {
        /// What is taken from the number of values in the variance's divisor.
        ddof: u32 = 1,
    }
}

/// See the module's documentation.
pub struct SEM {
    params: Params,
    state: State,
}

crate::estimator! {
    SEM in "stats" as Univariate, version 1, name "SEM", "The running standard error of the mean",
    attribute = |sem: &SEM, name: &str, _: &Names<'_>| {
        (name == "n").then_some(Attribute::Float(sem.state.mean.n))
    },
    merge = exact "count, sum and sum of squares",
}

impl SEM {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

impl Additive for SEM {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        self.state.sums(out);
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.state = State::of_sums(from);
    }
}

impl Univariate for SEM {
    fn update(&mut self, x: f64) {
        self.state.update_weighted(x, 1.0);
    }

    fn get(&self) -> f64 {
        if self.state.mean.n == 0.0 {
            return f64::NAN;
        }
        (self.state.get(self.params.ddof) / self.state.mean.n).sqrt()
    }

    fn update_weighted(&mut self, x: f64, w: f64) -> bool {
        self.state.update_weighted(x, w);
        true
    }

    fn revert(&mut self, x: f64, w: f64) -> bool {
        self.state.revert(x, w);
        true
    }

    fn moments(&self) -> Option<[f64; 3]> {
        Some([self.state.mean.n, self.state.mean.mean, self.state.sum])
    }

    fn set_moments(&mut self, [n, mean, sum]: [f64; 3]) {
        self.state = State { mean: mean::State { n, mean }, sum };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &"SEM".into(),
            &[
                0.0,
                2.375,
                1.4215601757693317,
                1.8579082099680453,
                1.7175564037317668,
                1.9065858083087803,
                1.6113701019449806,
                1.855704284862527,
                1.6635967096462048,
                1.5444569344019348,
                1.4332964951381157,
                1.3085257289535173,
            ],
        );
        check(
            &json!({"SEM": {"ddof": 0}}),
            &[
                0.0,
                1.6793786053180504,
                1.1606990230986767,
                1.608995707732,
                1.5362291495737217,
                1.7404667583832325,
                1.4918388285532083,
                1.735852411280982,
                1.5684540194006125,
                1.4652004982254137,
                1.3665945874110204,
                1.25281800409672,
            ],
        );
    }
}
