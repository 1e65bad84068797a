//! `PageHinkley`: the sum of what lies above (or below) the mean, since it was smallest.
//!
//! With `d = x − mean`, two sums fade: `up ← alpha·up + d − delta` and
//! `down ← alpha·down + d + delta`. A change is reported when `up` has risen by more than
//! `threshold` above its lowest value, or `down` fallen by as much below its highest. The next
//! number then starts over.
//!
//! **Shape** any numbers. **Cost** 56 bytes; about ten operations a number. **Errors** none.
//!
//! ```
//! use her_learn::drift::{PageHinkley, page_hinkley::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = PageHinkley::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     detector.update(f64::from(i % 2 + if *i < 1000 { 0 } else { 4 }));
//!     detector.drift_detected()
//! });
//! assert!((1000..1030).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Page, E.S., 1954. Continuous inspection schemes. River, `drift/page_hinkley.py`.

use serde::{Deserialize, Serialize};

use super::Mean;
use crate::error::Result;
use crate::estimator::DriftDetector;
use crate::params::check_range;

/// Which changes of the mean are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Rises.
    Up,
    /// Falls.
    Down,
    /// Either.
    Both,
}

crate::params! {
    /// Parameters of [`PageHinkley`].
    pub struct Params {
        /// Numbers to see before a change is reported.
        min_instances: u64 = 30,
        /// The change of the mean that does not count.
        delta: f64 = 0.005,
        /// The sum from which on a change is reported.
        threshold: f64 = 50.0,
        /// Share of the sums that stays at each number, between 0 and 1.
        alpha: f64 = 1.0 - 0.0001,
        /// Which changes are looked for: `"up"`, `"down"` or `"both"`.
        mode: Mode = Mode::Both,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    mean: Mean,
    up: f64,
    down: f64,
    up_min: f64,
    down_max: f64,
    drift: bool,
}

impl Default for State {
    fn default() -> Self {
        // The highest sum begins at −1 in River, not at −∞.
        let mean = Mean::default();
        Self { mean, up: 0.0, down: 0.0, up_min: f64::INFINITY, down_max: -1.0, drift: false }
    }
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct PageHinkley {
    params: Params,
    state: State,
}

crate::estimator! {
    PageHinkley in "drift" as DriftDetector, version 1, name "PageHinkley",
    "The sum of what lies above or below the mean, since it was smallest",
    merge = local "a detector watches one peer's own stream",
}

impl PageHinkley {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("delta", params.delta, -1e300, 1e300)?;
        check_range("threshold", params.threshold, 0.0, 1e300)?;
        check_range("alpha", params.alpha, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

impl DriftDetector for PageHinkley {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::default();
        }
        let (p, s) = (&self.params, &mut self.state);
        s.mean.update(x);
        let off = x - s.mean.mean;
        s.up = p.alpha * s.up + off - p.delta;
        s.down = p.alpha * s.down + off + p.delta;
        s.up_min = s.up_min.min(s.up);
        s.down_max = s.down_max.max(s.down);
        if s.mean.n >= p.min_instances as f64 {
            let risen = s.up - s.up_min > p.threshold;
            let fallen = s.down_max - s.down > p.threshold;
            s.drift = match p.mode {
                Mode::Up => risen,
                Mode::Down => fallen,
                Mode::Both => risen || fallen,
            };
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }
}
