//! `RollingMax`: the largest number of a window.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** up to 16 bytes
//! a number of the window; constant time a number on average. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RollingMax": {"window_size": 2}});
//! let mut stat = Catalog::builtin().builder().univariate(&spec)?;
//! for x in [9.0, -5.0, 2.0] {
//!     stat.update(x);
//! }
//! assert_eq!(stat.get(), 2.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/maximum.py`.

use super::{WindowMax, check_window};
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`RollingMax`].
    pub struct Params {
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
    }
}

/// See the module's documentation.
pub struct RollingMax {
    params: Params,
    state: WindowMax,
}

crate::estimator! {
    RollingMax in "stats" as Univariate, version 1, name "RollingMax",
    "The largest number of a window",
    example = serde_json::json!({"RollingMax": {"window_size": 20}}),
    merge = member "a window of a peer's own numbers",
}

impl RollingMax {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_window(params.window_size)?;
        Ok(Self { params, state: WindowMax::default() })
    }
}

impl Univariate for RollingMax {
    fn update(&mut self, x: f64) {
        self.state.update(x, self.params.window_size);
    }

    fn get(&self) -> f64 {
        self.state.get().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &json!({"RollingMax": {"window_size": 3}}),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 11.75, 11.75, 11.75, 6.0, 6.0],
        );
        check(
            &json!({"RollingMax": {"window_size": 1}}),
            &[3.5, -1.25, 0.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5, -1.25, 6.0, 3.0],
        );
    }
}
