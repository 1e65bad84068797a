//! `Kurtosis`: the running excess kurtosis.
//!
//! `k = n · M4 / M2²` with the sums `Mk = Σ (x − mean)^k`; the statistic is `k − 3`, and without
//! `bias`, from the fourth number on, `((n² − 1) k − 3 (n − 1)²) / ((n − 2) (n − 3))`.
//!
//! **Shape** numbers in, a number out; −3 before the second. **Cost** 40 bytes, one division a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut kurtosis = Catalog::builtin().builder().univariate(&"Kurtosis".into())?;
//! for x in [1.0, 1.0, 1.0, 9.0] {
//!     kurtosis.update(x);
//! }
//! assert!((kurtosis.get() - 4.0).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/kurtosis.py`.

use super::moments::Moments;
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`Kurtosis`].
    pub struct Params {
        /// Whether to leave the statistical bias uncorrected.
        bias: bool = false,
    }
}

/// See the module's documentation.
pub struct Kurtosis {
    params: Params,
    state: Moments,
}

crate::estimator! {
    Kurtosis in "stats" as Univariate, version 1, name "Kurtosis", "The running excess kurtosis",
    merge = member "higher moments lose their digits as sums of powers",
}

impl Kurtosis {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: Moments::default() })
    }
}

impl Univariate for Kurtosis {
    fn update(&mut self, x: f64) {
        self.state.update(x);
    }

    fn get(&self) -> f64 {
        let Moments { n, m2, m4, .. } = self.state;
        let k = if m2 == 0.0 { 0.0 } else { n * m4 / (m2 * m2) };
        if self.params.bias || n <= 3.0 {
            return k - 3.0;
        }
        let corrected = (n * n - 1.0) * k - 3.0 * ((n - 1.0) * (n - 1.0));
        1.0 / (n - 2.0) / (n - 3.0) * corrected
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &"Kurtosis".into(),
            &[
                -3.0,
                -2.0,
                -1.5,
                -1.7072532361118373,
                -2.7305910657856938,
                -1.6025575958006044,
                -0.9368644040188401,
                -0.48037258029485014,
                -0.20490118441582472,
                -0.10271037446468004,
                -0.3547032932328575,
                -0.07886341096050653,
            ],
        );
        check(
            &json!({"Kurtosis": {"bias": true}}),
            &[
                -3.0,
                -2.0,
                -1.5,
                -1.4276337648149116,
                -1.6826477664464234,
                -1.4065911757030645,
                -1.1403601683411833,
                -0.8954155144261189,
                -0.7075731218183079,
                -0.6035533431315363,
                -0.7128219759397143,
                -0.5111727761289901,
            ],
        );
    }
}
