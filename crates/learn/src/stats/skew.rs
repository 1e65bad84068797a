//! `Skew`: the running skewness.
//!
//! `√n · M3 / M2^1.5` with the sums `Mk = Σ (x − mean)^k`; without `bias`, times
//! `√(n (n − 1)) / (n − 2)` from the third number on.
//!
//! **Shape** numbers in, a number out; 0 before the third. **Cost** 40 bytes, one division a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut skew = Catalog::builtin().builder().univariate(&"Skew".into())?;
//! for x in [1.0, 1.0, 1.0, 9.0] {
//!     skew.update(x);
//! }
//! assert!((skew.get() - 2.0).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/skew.py`.

use super::moments::Moments;
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`Skew`].
    pub struct Params {
        /// Whether to leave the statistical bias uncorrected.
        bias: bool = false,
    }
}

/// See the module's documentation.
pub struct Skew {
    params: Params,
    state: Moments,
}

crate::estimator! {
    Skew in "stats" as Univariate, version 1, name "Skew", "The running skewness",
    merge = member "higher moments lose their digits as sums of powers",
}

impl Skew {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: Moments::default() })
    }
}

impl Univariate for Skew {
    fn update(&mut self, x: f64) {
        self.state.update(x);
    }

    fn get(&self) -> f64 {
        let Moments { n, m2, m3, .. } = self.state;
        let skew = if m2 == 0.0 { 0.0 } else { n.sqrt() * m3 / (m2 * m2.sqrt()) };
        if self.params.bias || n <= 2.0 {
            return skew;
        }
        ((n - 1.0) * n).sqrt() / (n - 2.0) * skew
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &"Skew".into(),
            &[
                0.0,
                0.0,
                1.2435373651327208,
                0.6119152186653828,
                -0.1468762607993405,
                -0.14710505403673332,
                -0.15626321009465868,
                0.21455777103774598,
                0.41657400788291576,
                0.6182449375163185,
                0.39227634192120225,
                0.39031213252790603,
            ],
        );
        check(
            &json!({"Skew": {"bias": true}}),
            &[
                0.0,
                0.0,
                0.5076720034433699,
                0.3532894162176875,
                -0.09852759102849389,
                -0.10743034189191364,
                -0.12055968396718005,
                0.1720289290485288,
                0.3436560234800794,
                0.5213499078453465,
                0.3366187350011809,
                0.33972310560763785,
            ],
        );
    }
}
