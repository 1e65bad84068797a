//! `EWVar`: the exponentially weighted variance.
//!
//! `EWMean(x²) − EWMean(x)²`. Rounding can leave it a little below 0, as in River.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 18 bytes, six products a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut var = Catalog::builtin().builder().univariate(&"EWVar".into())?;
//! for x in [1.0, 3.0, 5.0] {
//!     var.update(x);
//! }
//! assert_eq!(var.get(), 2.75);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Finch, T., 2009. Incremental calculation of weighted mean and variance. River,
//! `stats/ewvar.py`.

use serde::{Deserialize, Serialize};

use super::ew_mean;
use crate::error::Result;
use crate::estimator::Univariate;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`EWVar`].
    pub struct Params {
        /// Share of the newest number, from 0 to 1: the larger, the faster the past fades.
        fading_factor: f64 = 0.5,
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct State {
    mean: ew_mean::State,
    squares: ew_mean::State,
}

impl State {
    #[inline]
    pub fn update(&mut self, x: f64, fading_factor: f64) {
        self.mean.update(x, fading_factor);
        self.squares.update(x * x, fading_factor);
    }

    #[inline]
    pub fn mean(&self) -> f64 {
        self.mean.get()
    }

    #[inline]
    pub fn get(&self) -> f64 {
        self.squares.get() - self.mean.get() * self.mean.get()
    }
}

/// See the module's documentation.
pub struct EWVar {
    params: Params,
    state: State,
}

crate::estimator! {
    EWVar in "stats" as Univariate, version 1, name "EWVar", "The exponentially weighted variance",
    merge = member "the past fades by a peer's own count of numbers",
}

impl EWVar {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("fading_factor", params.fading_factor, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Univariate for EWVar {
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

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &"EWVar".into(),
            &[
                0.0,
                5.640625,
                3.13671875,
                11.9287109375,
                8.554443359375,
                28.73333740234375,
                14.970932006835938,
                35.191707611083984,
                26.554884910583496,
                18.901843786239624,
                15.400662362575531,
                7.778952822089195,
            ],
        );
        check(
            &json!({"EWVar": {"fading_factor": 0.3}}),
            &[
                0.0,
                4.738125,
                4.220868750000001,
                9.4173069375,
                9.758837274375,
                23.026111826943747,
                16.144415413952434,
                32.2883026872117,
                26.398742875171234,
                23.170462946527653,
                19.481689034500427,
                13.649377427698024,
            ],
        );
    }
}
