//! `RollingQuantile`: the exact quantile of a window.
//!
//! Between the two nearest numbers of the sorted window, on the line through them.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 16 bytes a
//! number of the window; a number moves up to 8 bytes for each of them. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RollingQuantile": {"q": 0.5, "window_size": 101}});
//! let mut median = Catalog::builtin().builder().univariate(&spec)?;
//! for i in 0..=1000 {
//!     median.update(f64::from(i));
//! }
//! assert_eq!(median.get(), 950.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/quantile.py`.

use super::check_window;
use super::sorted_window::SortedWindow;
use crate::error::Result;
use crate::estimator::Univariate;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`RollingQuantile`].
    pub struct Params {
        /// Which quantile, from 0 to 1; 0.5 is the median. River has no default here.
        q: f64 = 0.5,
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
    }
}

/// See the module's documentation.
pub struct RollingQuantile {
    params: Params,
    state: SortedWindow,
}

crate::estimator! {
    RollingQuantile in "stats" as Univariate, version 1, name "RollingQuantile",
    "The exact quantile of a window",
    example = serde_json::json!({"RollingQuantile": {"q": 0.5, "window_size": 20}}),
    merge = member "a window of a peer's own numbers",
}

impl RollingQuantile {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("q", params.q, 0.0, 1.0)?;
        check_window(params.window_size)?;
        Ok(Self { params, state: SortedWindow::default() })
    }
}

impl Univariate for RollingQuantile {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.window_size);
    }

    fn get(&self) -> f64 {
        self.state.quantile(self.params.q)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &json!({"RollingQuantile": {"q": 0.5, "window_size": 4}}),
            &[3.5, 1.125, 0.0, 1.75, 3.5, 3.5, 4.5, 4.5, 1.25, 1.25, 3.25, 1.75],
        );
        check(
            &json!({"RollingQuantile": {"q": 0.9, "window_size": 5}}),
            &[
                3.5,
                3.0250000000000004,
                2.8000000000000003,
                5.950000000000001,
                7.0,
                7.0,
                7.0,
                9.850000000000001,
                9.850000000000001,
                7.8500000000000005,
                9.450000000000001,
                9.450000000000001,
            ],
        );
        check(
            &json!({"RollingQuantile": {"q": 1.0, "window_size": 3}}),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 11.75, 11.75, 11.75, 6.0, 6.0],
        );
    }
}
