//! `RollingPeakToPeak`: the distance from the smallest number of a window to the largest.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** up to 32 bytes
//! a number of the window; constant time a number on average. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RollingPeakToPeak": {"window_size": 2}});
//! let mut stat = Catalog::builtin().builder().univariate(&spec)?;
//! for x in [9.0, -5.0, 2.0] {
//!     stat.update(x);
//! }
//! assert_eq!(stat.get(), 7.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/ptp.py`.

use super::{WindowRange, check_window};
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`RollingPeakToPeak`].
    pub struct Params {
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
    }
}

/// See the module's documentation.
pub struct RollingPeakToPeak {
    params: Params,
    state: WindowRange,
}

crate::estimator! {
    RollingPeakToPeak in "stats" as Univariate, version 1, name "RollingPeakToPeak",
    "The distance from the smallest number of a window to the largest",
    example = serde_json::json!({"RollingPeakToPeak": {"window_size": 20}}),
    merge = member "a window of a peer's own numbers",
}

impl RollingPeakToPeak {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_window(params.window_size)?;
        Ok(Self { params, state: WindowRange::default() })
    }
}

impl Univariate for RollingPeakToPeak {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.window_size);
    }

    fn get(&self) -> f64 {
        self.state.get().map_or(f64::NAN, |range| range.get())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &json!({"RollingPeakToPeak": {"window_size": 3}}),
            &[0.0, 4.75, 4.75, 8.25, 7.0, 11.5, 11.5, 16.25, 11.25, 13.0, 7.25, 7.25],
        );
    }
}
