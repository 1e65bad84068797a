//! `DDM`: an error rate that rises above its lowest.
//!
//! With the error rate `p` and its deviation `s = √(p·(1−p)/n)`, the smallest `p + s` is kept, as
//! `p_min` and `s_min`. From `p + s > p_min + warning_threshold·s_min` on there is a warning, from
//! `p_min + drift_threshold·s_min` on a change. The next number then starts over.
//!
//! **Shape** 1 for an error, 0 for none; any number but 0 counts as an error. **Cost** 48 bytes; a
//! square root a number. **Errors** none.
//!
//! ```
//! use her_learn::drift::{DDM, binary::ddm::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = DDM::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     let every = if *i < 1000 { 10 } else { 3 };
//!     detector.update(f64::from(u8::from(i % every == 0)));
//!     detector.drift_detected()
//! });
//! assert!((1000..1200).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gama, J., Medas, P., Castillo, G. and Rodrigues, P., 2004. Learning with drift
//! detection. River, `drift/binary/ddm.py`.

use serde::{Deserialize, Serialize};

use crate::drift::Mean;
use crate::error::Result;
use crate::estimator::DriftDetector;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`DDM`].
    pub struct Params {
        /// Numbers to see before a change is reported.
        warm_start: u64 = 30,
        /// Deviations above the lowest rate from which on there is a warning.
        warning_threshold: f64 = 2.0,
        /// Deviations above the lowest rate from which on there is a change.
        drift_threshold: f64 = 3.0,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    rate: Mean,
    /// The rate and its deviation when their sum was smallest.
    lowest: Option<(f64, f64)>,
    warning: bool,
    drift: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct DDM {
    params: Params,
    state: State,
}

crate::estimator! {
    DDM in "drift.binary" as DriftDetector, version 1, name "DDM",
    "An error rate that rises above its lowest",
    merge = local "a detector watches one peer's own stream",
}

impl DDM {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("warning_threshold", params.warning_threshold, 0.0, 1e300)?;
        check_range("drift_threshold", params.drift_threshold, 0.0, 1e300)?;
        Ok(Self { params, state: State::default() })
    }
}

impl DriftDetector for DDM {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::default();
        }
        let (params, s) = (&self.params, &mut self.state);
        s.rate.update(f64::from(u8::from(x != 0.0)));
        let p = s.rate.mean;
        // Rounding may leave a rate of ones a hair above 1.
        let deviation = (p * (1.0 - p) / s.rate.n).max(0.0).sqrt();
        let sum = p + deviation;
        if s.rate.n <= params.warm_start as f64 {
            return;
        }
        let (p_min, s_min) = match s.lowest {
            Some((p_min, s_min)) if sum > p_min + s_min => (p_min, s_min),
            _ => *s.lowest.insert((p, deviation)),
        };
        s.drift = sum > p_min + params.drift_threshold * s_min;
        s.warning = !s.drift && sum > p_min + params.warning_threshold * s_min;
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }

    fn warning_detected(&self) -> bool {
        self.state.warning
    }
}
