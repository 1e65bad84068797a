//! `IQR`: the running distance between two quantiles.
//!
//! Two [`Quantile`](super::Quantile)s, the upper less the lower.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 256 bytes; up
//! to six parabolas a number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut iqr = Catalog::builtin().builder().univariate(&"IQR".into())?;
//! for i in 0..=1000 {
//!     iqr.update(f64::from(i));
//! }
//! assert_eq!(iqr.get(), 500.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/iqr.py`.

use super::{P2, check_quantiles};
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`IQR`].
    pub struct Params {
        /// The lower quantile, from 0 to 1.
        q_inf: f64 = 0.25,
        /// The upper quantile, from 0 to 1, above `q_inf`.
        q_sup: f64 = 0.75,
    }
}

/// See the module's documentation.
pub struct IQR {
    params: Params,
    state: (P2, P2),
}

crate::estimator! {
    IQR in "stats" as Univariate, version 1, name "IQR",
    "The running distance between two quantiles",
    merge = member "quantiles are no sums",
}

impl IQR {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_quantiles(params.q_inf, params.q_sup)?;
        Ok(Self { params, state: <(P2, P2)>::default() })
    }
}

impl Univariate for IQR {
    fn update(&mut self, x: f64) {
        self.state.0.update(x, self.params.q_inf);
        self.state.1.update(x, self.params.q_sup);
    }

    fn get(&self) -> f64 {
        self.state.1.get(self.params.q_sup) - self.state.0.get(self.params.q_inf)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::{check, refusal};

    #[test]
    fn river() {
        check(
            &"IQR".into(),
            &[
                0.0,
                4.75,
                4.75,
                7.0,
                7.0,
                3.222222222222222,
                3.222222222222222,
                3.222222222222222,
                5.803472222222222,
                5.803472222222222,
                5.803472222222222,
                5.803472222222222,
            ],
        );
        check(
            &json!({"IQR": {"q_inf": 0.1, "q_sup": 0.6}}),
            &[
                0.0,
                4.75,
                1.25,
                4.75,
                8.25,
                3.222222222222222,
                3.222222222222222,
                3.222222222222222,
                3.222222222222222,
                4.6987654320987655,
                4.6987654320987655,
                4.6987654320987655,
            ],
        );
    }

    #[test]
    fn refuses_quantiles_out_of_order() {
        assert_eq!(
            refusal(&json!({"IQR": {"q_inf": 0.8}})),
            "IQR: q_inf must be less than q_sup, got 0.8 and 0.75"
        );
    }
}
