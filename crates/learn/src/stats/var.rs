//! `Var`: the running variance, weighted.
//!
//! `S ← S + w · (x − old mean) · (x − new mean)`; the variance is `S / (n − ddof)`, and 0 while
//! `n` is not above `ddof`.
//!
//! **Shape** numbers in, a number out; 0 before the second. **Cost** 24 bytes, one division a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut var = Catalog::builtin().builder().univariate(&"Var".into())?;
//! for x in [3.0, 5.0, 4.0] {
//!     var.update(x);
//! }
//! assert_eq!(var.get(), 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Welford, B.P., 1962. Note on a method for calculating corrected sums of squares and
//! products. River, `stats/var.py`.

use serde::{Deserialize, Serialize};

use super::mean;
use crate::error::Result;
use crate::estimator::{Attribute, Univariate};
use crate::features::Names;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, fixed};

crate::params! {
    /// Parameters of [`Var`].
    pub struct Params {
        /// What is taken from the number of values in the divisor: 1 for a sample, 0 for all.
        ddof: u32 = 1,
    }
}

/// The mean and the sum of squared distances from it, to be kept by feature.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub mean: mean::State,
    pub sum: f64,
}

impl State {
    #[inline]
    pub fn update_weighted(&mut self, x: f64, w: f64) {
        let old = self.mean.mean;
        self.mean.update_weighted(x, w);
        self.sum += w * (x - old) * (x - self.mean.mean);
    }

    #[inline]
    pub fn revert(&mut self, x: f64, w: f64) {
        let old = self.mean.mean;
        self.mean.revert(x, w);
        self.sum -= w * (x - old) * (x - self.mean.mean);
    }

    #[inline]
    pub fn get(&self, ddof: u32) -> f64 {
        let ddof = f64::from(ddof);
        if self.mean.n > ddof { self.sum / (self.mean.n - ddof) } else { 0.0 }
    }
}

/// Count, sum and sum of squares.
impl State {
    pub fn sums(&self, out: &mut Gather<'_>) {
        let mean::State { n, mean } = self.mean;
        out.tensor("n").whole(Fixed::of(n));
        out.tensor("sum").whole(Fixed::product(n, mean));
        out.tensor("squares").whole(Fixed::of(self.sum).add(Fixed::square(n, mean)));
    }

    pub fn of_sums(from: &Spread<'_>) -> Self {
        let n = from.whole("n");
        let (mean, sum) = fixed::moments(n, from.whole("sum"), from.whole("squares"));
        Self { mean: mean::State { n: n.to_f64().max(0.0), mean }, sum }
    }
}

/// See the module's documentation.
pub struct Var {
    params: Params,
    state: State,
}

crate::estimator! {
    Var in "stats" as Univariate, version 1, name "Var", "The running variance",
    attribute = |var: &Var, name: &str, _: &Names<'_>| {
        (name == "n").then_some(Attribute::Float(var.state.mean.n))
    },
    merge = exact "count, sum and sum of squares",
}

impl Var {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

impl Additive for Var {
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

impl Univariate for Var {
    fn update(&mut self, x: f64) {
        self.state.update_weighted(x, 1.0);
    }

    fn get(&self) -> f64 {
        self.state.get(self.params.ddof)
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

    use super::*;
    use crate::stats::tests::{SERIES, check};

    #[test]
    fn river() {
        check(
            &"Var".into(),
            &[
                0.0,
                11.28125,
                6.0625,
                13.807291666666666,
                14.75,
                21.81041666666667,
                18.17559523809524,
                27.549107142857142,
                24.90798611111111,
                23.853472222222223,
                22.597727272727276,
                20.546875000000004,
            ],
        );
        check(
            &json!({"Var": {"ddof": 0}}),
            &[
                0.0,
                5.640625,
                4.041666666666667,
                10.35546875,
                11.8,
                18.175347222222225,
                15.579081632653063,
                24.10546875,
                22.14043209876543,
                21.468125,
                20.543388429752067,
                18.834635416666668,
            ],
        );
    }

    #[test]
    fn weights_and_reverting() {
        let mut var = State::default();
        for (i, x) in SERIES.into_iter().enumerate() {
            var.update_weighted(x, (i % 3) as f64 * 0.5);
        }
        // The same series and weights in River.
        assert!((var.get(1) - 24.510416666666668).abs() < 1e-12);
        var.revert(3.0, 1.0);
        assert!((var.get(1) - 30.200000000000003).abs() < 1e-12);
    }
}
