//! `EDDM`: errors that come closer together than they once did.
//!
//! With the mean `p` and the deviation `s` of the distances between errors, the largest `p + 2s`
//! is kept. When an error leaves `p + 2s` below `alpha` of it there is a warning, below `beta` of
//! it a change. The next number then starts over.
//!
//! **Shape** 1 for an error, 0 for none; any number but 0 counts as an error. **Cost** 64 bytes; a
//! square root an error. **Errors** none.
//!
//! ```
//! use her_learn::drift::{EDDM, binary::eddm::Params};
//! use her_learn::estimator::DriftDetector;
//! use her_learn::rng::Rng;
//! let mut rng = Rng::new(42);
//! let mut detector = EDDM::new(Params { alpha: 0.8, beta: 0.75, ..Params::default() })?;
//! let change = (0..2000).find(|i| {
//!     let rate = if *i < 1000 { 0.1 } else { 0.4 };
//!     detector.update(f64::from(u8::from(rng.random() < rate)));
//!     detector.drift_detected() && *i >= 1000
//! });
//! assert!((1000..1300).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Baena-García, M. et al., 2006. Early drift detection method. River,
//! `drift/binary/eddm.py`.

use serde::{Deserialize, Serialize};

use crate::drift::Mean;
use crate::error::{Error, Result};
use crate::estimator::DriftDetector;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`EDDM`].
    pub struct Params {
        /// Errors to see before a change is reported.
        warm_start: u64 = 30,
        /// Share of the largest distance below which there is a warning; at least `beta`.
        alpha: f64 = 0.95,
        /// Share of the largest distance below which there is a change.
        beta: f64 = 0.9,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    n: u64,
    last_error: u64,
    n_errors: u64,
    distance: Mean,
    /// Sum of squared distances from the mean distance.
    squares: f64,
    largest: f64,
    warning: bool,
    drift: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            n: 0,
            last_error: 0,
            n_errors: 0,
            distance: Mean::default(),
            squares: 0.0,
            largest: -1.0,
            warning: false,
            drift: false,
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct EDDM {
    params: Params,
    state: State,
}

crate::estimator! {
    EDDM in "drift.binary" as DriftDetector, version 1, name "EDDM",
    "Errors that come closer together than they once did",
    merge = local "a detector watches one peer's own stream",
}

impl EDDM {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1.0)?;
        check_range("beta", params.beta, 0.0, 1.0)?;
        if params.alpha < params.beta {
            return Err(Error::new(format!(
                "alpha must be at least beta, got {} and {}",
                params.alpha, params.beta
            )));
        }
        Ok(Self { params, state: State::default() })
    }
}

impl State {
    /// Takes the distance from the last error; gives the mean plus two deviations.
    fn add_distance(&mut self) -> f64 {
        let x = (self.n - self.last_error) as f64;
        let before = self.distance.mean;
        self.distance.update(x);
        self.squares += (x - before) * (x - self.distance.mean);
        let n = self.distance.n;
        let variance = if n > 1.0 { self.squares / (n - 1.0) } else { 0.0 };
        self.distance.mean + 2.0 * variance.sqrt()
    }
}

impl DriftDetector for EDDM {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::default();
        }
        let (params, s) = (&self.params, &mut self.state);
        s.n += 1;
        if x == 0.0 {
            return;
        }
        s.n_errors += 1;
        let reach = s.add_distance();
        s.last_error = s.n;
        if s.n <= params.warm_start {
            return;
        }
        if reach > s.largest {
            s.largest = reach;
        } else if s.n_errors > params.warm_start {
            let level = reach / s.largest;
            if level < params.beta {
                s.drift = true;
            } else {
                s.warning = level < params.alpha;
            }
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }

    fn warning_detected(&self) -> bool {
        self.state.warning
    }
}
