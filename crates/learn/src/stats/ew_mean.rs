//! `EWMean`: the exponentially weighted mean.
//!
//! `mean ← f · x + (1 − f) · mean`, beginning at the first number; `f` is `fading_factor`.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 9 bytes, two products a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut mean = Catalog::builtin().builder().univariate(&"EWMean".into())?;
//! for x in [1.0, 3.0, 5.0] {
//!     mean.update(x);
//! }
//! assert_eq!(mean.get(), 3.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Finch, T., 2009. Incremental calculation of weighted mean and variance. River,
//! `stats/ewmean.py`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::Univariate;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`EWMean`].
    pub struct Params {
        /// Share of the newest number, from 0 to 1: the larger, the faster the past fades.
        fading_factor: f64 = 0.5,
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct State {
    mean: f64,
    begun: bool,
}

impl State {
    #[inline]
    pub fn update(&mut self, x: f64, fading_factor: f64) {
        self.mean =
            if self.begun { fading_factor * x + (1.0 - fading_factor) * self.mean } else { x };
        self.begun = true;
    }

    #[inline]
    pub fn get(&self) -> f64 {
        self.mean
    }
}

/// See the module's documentation.
pub struct EWMean {
    params: Params,
    state: State,
}

crate::estimator! {
    EWMean in "stats" as Univariate, version 1, name "EWMean", "The exponentially weighted mean",
    merge = member "the past fades by a peer's own count of numbers",
}

impl EWMean {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("fading_factor", params.fading_factor, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Univariate for EWMean {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.fading_factor);
    }

    fn get(&self) -> f64 {
        self.state.get()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::{check, refusal};

    #[test]
    fn river() {
        check(
            &"EWMean".into(),
            &[
                3.5,
                1.125,
                0.5625,
                3.78125,
                5.390625,
                0.4453125,
                1.22265625,
                6.486328125,
                3.4931640625,
                1.12158203125,
                3.560791015625,
                3.2803955078125,
            ],
        );
        check(
            &json!({"EWMean": {"fading_factor": 0.3}}),
            &[
                3.5,
                2.0749999999999997,
                1.4524999999999997,
                3.1167499999999997,
                4.281725,
                1.6472074999999997,
                1.7530452499999996,
                4.752131674999999,
                3.476492172499999,
                2.058544520749999,
                3.240981164524999,
                3.168686815167499,
            ],
        );
    }

    #[test]
    fn refuses_factors_outside_of_0_to_1() {
        assert_eq!(
            refusal(&json!({"EWMean": {"fading_factor": 1.5}})),
            "EWMean: fading_factor must lie between 0 and 1, got 1.5"
        );
    }
}
