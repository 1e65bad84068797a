//! `Quantile`: a running quantile in constant memory.
//!
//! Five markers (smallest, between, the quantile, between, largest) move along a parabola as
//! numbers come: the P² algorithm. An estimate, not the exact quantile.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 128 bytes; up
//! to three parabolas a number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"Quantile": {"q": 0.9}});
//! let mut ninth = Catalog::builtin().builder().univariate(&spec)?;
//! for i in 0..1000_u32 {
//!     ninth.update(f64::from(i * 7919 % 1009));
//! }
//! assert!((ninth.get() - 908.0).abs() < 10.0, "{}", ninth.get());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Jain, R. and Chlamtac, I., 1985. The P² algorithm for dynamic calculation of
//! quantiles and histograms without storing observations. River, `stats/quantile.py`.

use super::P2;
use crate::error::{Error, Result};
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`Quantile`].
    pub struct Params {
        /// Which quantile, above 0 and below 1; 0.5 is the median.
        q: f64 = 0.5,
    }
}

/// See the module's documentation.
pub struct Quantile {
    params: Params,
    state: P2,
}

crate::estimator! {
    Quantile in "stats" as Univariate, version 1, name "Quantile",
    "A running quantile in constant memory",
    merge = member "quantiles are no sums",
}

impl Quantile {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        if params.q > 0.0 && params.q < 1.0 {
            return Ok(Self { params, state: P2::default() });
        }
        Err(Error::new(format!("q must lie above 0 and below 1, got {}", params.q)))
    }
}

impl Univariate for Quantile {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.q);
    }

    fn get(&self) -> f64 {
        self.state.get(self.params.q)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stats::tests::{check, refusal};

    #[test]
    fn river() {
        check(
            &"Quantile".into(),
            &[
                3.5,
                3.5,
                0.0,
                3.5,
                3.5,
                3.5,
                1.166666666666667,
                1.166666666666667,
                1.166666666666667,
                1.166666666666667,
                1.166666666666667,
                1.166666666666667,
            ],
        );
        check(
            &json!({"Quantile": {"q": 0.1}}),
            &[
                3.5,
                -1.25,
                -1.25,
                -1.25,
                -1.25,
                0.2777777777777781,
                0.2777777777777781,
                0.2777777777777781,
                0.2777777777777781,
                -1.198765432098765,
                -1.198765432098765,
                -1.198765432098765,
            ],
        );
        check(
            &json!({"Quantile": {"q": 0.75}}),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 3.5, 3.5, 3.5, 6.08125, 6.08125, 6.08125, 6.08125],
        );
        check(
            &json!({"Quantile": {"q": 0.99}}),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 3.5, 3.5, 3.5, 6.125, 6.125, 6.125, 6.125],
        );
    }

    #[test]
    fn a_long_series_of_river() {
        for (q, want) in
            [(0.05, 8.63650832900324), (0.5, 72.12418908043928), (0.9, 128.01946427548216)]
        {
            let mut stat = Quantile::new(Params { q }).unwrap();
            for i in 0..5000_u64 {
                stat.update((i * i * 31 % 1009) as f64 / 7.0);
            }
            assert!((stat.get() - want).abs() < 1e-9, "{q}: {}, River {want}", stat.get());
        }
    }

    #[test]
    fn refuses_the_ends() {
        assert_eq!(
            refusal(&json!({"Quantile": {"q": 1.0}})),
            "Quantile: q must lie above 0 and below 1, got 1"
        );
    }
}
