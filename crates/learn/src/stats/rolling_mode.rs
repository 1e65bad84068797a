//! `RollingMode`: the most common value of a window, the one longest in it of equals.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 8 bytes a number
//! of the window and 16 a distinct value; a pass over the distinct values. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RollingMode": {"window_size": 2}});
//! let mut mode = Catalog::builtin().builder().univariate(&spec)?;
//! for x in [9.0, 9.0, 5.0, 5.0] {
//!     mode.update(x);
//! }
//! assert_eq!(mode.get(), 5.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/mode.py`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::check_window;
use crate::error::Result;
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`RollingMode`].
    pub struct Params {
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    window: VecDeque<f64>,
    /// The distinct values of the window, in the order in which they came in, with their counts.
    counts: Vec<(f64, u64)>,
}

impl State {
    fn drop_oldest(&mut self) {
        let Some(oldest) = self.window.pop_front() else { return };
        if let Some(at) = self.counts.iter().position(|&(x, _)| x == oldest) {
            self.counts[at].1 -= 1;
            if self.counts[at].1 == 0 {
                self.counts.remove(at);
            }
        }
    }
}

/// See the module's documentation.
pub struct RollingMode {
    params: Params,
    state: State,
}

crate::estimator! {
    RollingMode in "stats" as Univariate, version 1, name "RollingMode",
    "The most common value of a window",
    example = serde_json::json!({"RollingMode": {"window_size": 20}}),
    merge = member "a window of a peer's own numbers",
}

impl RollingMode {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_window(params.window_size)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Univariate for RollingMode {
    fn update(&mut self, x: f64) {
        let state = &mut self.state;
        if state.window.len() == self.params.window_size as usize {
            state.drop_oldest();
        }
        match state.counts.iter_mut().find(|(value, _)| *value == x) {
            Some((_, count)) => *count += 1,
            None => state.counts.push((x, 1)),
        }
        state.window.push_back(x);
    }

    fn get(&self) -> f64 {
        let mut best = (f64::NAN, 0);
        for &(x, count) in &self.state.counts {
            if count > best.1 {
                best = (x, count);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &json!({"RollingMode": {"window_size": 3}}),
            &[3.5, 3.5, 3.5, -1.25, 7.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5, -1.25],
        );
        check(
            &json!({"RollingMode": {"window_size": 6}}),
            &[3.5, 3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, -4.5, 2.0],
        );
    }
}
