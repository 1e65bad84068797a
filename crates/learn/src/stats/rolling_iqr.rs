//! `RollingIQR`: the exact distance between two quantiles of a window.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 16 bytes a
//! number of the window; a number moves up to 8 bytes for each of them. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RollingIQR": {"window_size": 101}});
//! let mut iqr = Catalog::builtin().builder().univariate(&spec)?;
//! for i in 0..=1000 {
//!     iqr.update(f64::from(i));
//! }
//! assert_eq!(iqr.get(), 50.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/iqr.py`.

use super::sorted_window::SortedWindow;
use super::{check_quantiles, check_window};
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`RollingIQR`].
    pub struct Params {
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
        /// The lower quantile, from 0 to 1.
        q_inf: f64 = 0.25,
        /// The upper quantile, from 0 to 1, above `q_inf`.
        q_sup: f64 = 0.75,
    }
}

/// See the module's documentation.
pub struct RollingIQR {
    params: Params,
    state: SortedWindow,
}

crate::estimator! {
    RollingIQR in "stats" as Univariate, version 1, name "RollingIQR",
    "The exact distance between two quantiles of a window",
    example = serde_json::json!({"RollingIQR": {"window_size": 20}}),
    merge = member "a window of a peer's own numbers",
}

impl RollingIQR {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_quantiles(params.q_inf, params.q_sup)?;
        check_window(params.window_size)?;
        Ok(Self { params, state: SortedWindow::default() })
    }
}

impl Univariate for RollingIQR {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.window_size);
    }

    fn get(&self) -> f64 {
        self.state.quantile(self.params.q_sup) - self.state.quantile(self.params.q_inf)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &json!({"RollingIQR": {"window_size": 5}}),
            &[0.0, 2.375, 2.375, 4.6875, 7.0, 8.25, 7.0, 5.0, 6.5, 3.25, 5.5, 5.5],
        );
        check(
            &json!({"RollingIQR": {"window_size": 4, "q_inf": 0.1, "q_sup": 0.6}}),
            &[
                0.0,
                2.375,
                1.6999999999999997,
                3.6749999999999994,
                6.474999999999999,
                8.749999999999998,
                8.549999999999999,
                8.549999999999999,
                4.699999999999999,
                2.425,
                5.624999999999998,
                3.2249999999999996,
            ],
        );
    }
}
