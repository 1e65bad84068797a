//! `Mean`: the running mean, weighted.
//!
//! `n ← n + w; mean ← mean + (w / n) · (x − mean)`.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 16 bytes, one division a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut mean = Catalog::builtin().builder().univariate(&"Mean".into())?;
//! for x in [-5.0, -3.0, 2.0] {
//!     mean.update(x);
//! }
//! assert_eq!(mean.get(), -2.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** West, D.H.D., 1979. Updating mean and variance estimates: an improved method.
//! River, `stats/mean.py`.

use serde::{Deserialize, Serialize};

use crate::estimator::Attribute;
use crate::features::Names;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, fixed};

super::plain_statistic!(
    Mean, name "Mean", "The running mean",
    attribute = |mean: &Mean, name: &str, _: &Names<'_>| {
        (name == "n").then_some(Attribute::Float(mean.state.n))
    },
    merge = exact "count and sum",
    {
        fn update_weighted(&mut self, x: f64, w: f64) -> bool {
            self.state.update_weighted(x, w);
            true
        }

        fn revert(&mut self, x: f64, w: f64) -> bool {
            self.state.revert(x, w);
            true
        }

        fn moments(&self) -> Option<[f64; 3]> {
            Some([self.state.n, self.state.mean, 0.0])
        }

        fn set_moments(&mut self, [n, mean, _]: [f64; 3]) {
            self.state = State { n, mean };
        }
    }
);

impl Additive for Mean {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let State { n, mean } = self.state;
        out.tensor("n").whole(Fixed::of(n));
        out.tensor("sum").whole(Fixed::product(n, mean));
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let n = from.whole("n");
        let (mean, _) = fixed::moments(n, from.whole("sum"), Fixed::ZERO);
        self.state = State { n: n.to_f64().max(0.0), mean };
    }
}

/// The sum of weights and the mean, to be kept by feature.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub n: f64,
    pub mean: f64,
}

impl State {
    #[inline]
    pub fn update(&mut self, x: f64) {
        self.update_weighted(x, 1.0);
    }

    #[inline]
    pub fn update_weighted(&mut self, x: f64, w: f64) {
        if w != 0.0 {
            self.n += w;
            self.mean += (w / self.n) * (x - self.mean);
        }
    }

    #[inline]
    pub fn revert(&mut self, x: f64, w: f64) {
        self.n -= w;
        if self.n > 0.0 {
            self.mean -= (w / self.n) * (x - self.mean);
        } else {
            *self = Self::default();
        }
    }

    #[inline]
    pub fn get(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tests::{SERIES, check};

    #[test]
    fn river() {
        check(
            &"Mean".into(),
            &[
                3.5,
                1.125,
                0.75,
                2.3125,
                3.25,
                1.9583333333333335,
                1.9642857142857144,
                3.1875,
                2.888888888888889,
                2.4749999999999996,
                2.795454545454545,
                2.8124999999999996,
            ],
        );
    }

    #[test]
    fn weights_and_reverting() {
        let mut mean = State::default();
        for (i, x) in SERIES.into_iter().enumerate() {
            mean.update_weighted(x, (i % 3) as f64 * 0.5);
        }
        // The same series and weights in River.
        assert!((mean.mean - 1.7916666666666667).abs() < 1e-12);
        mean.revert(3.0, 1.0);
        assert!((mean.mean - 1.55).abs() < 1e-12);
        mean.revert(3.0, 100.0);
        assert_eq!((mean.n, mean.mean), (0.0, 0.0));
    }
}
