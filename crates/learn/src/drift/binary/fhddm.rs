//! `FHDDM`: an error rate of a window that falls below its highest.
//!
//! With the rate `u` of the last `sliding_window_size` numbers, the highest `u` is kept. When
//! `u` is more than `ε = √(ln(1/confidence_level) / (2·sliding_window_size))` below it, there is a
//! change, and the next number starts over. With `short_window_size` the rate of so many of the
//! newest numbers is watched in the same way, beside the other.
//!
//! It looks for a fall: feed it 1 for what was right to hear of a model that gets worse.
//!
//! **Shape** 1 or 0; any number but 0 counts as 1. **Cost** 1 byte a number of the window; a
//! division or two a number. **Errors** windows of 0 or above 10⁶, a short one above the long one.
//!
//! ```
//! use her_learn::drift::{FHDDM, binary::fhddm::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = FHDDM::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     let every = if *i < 1000 { 2 } else { 10 };
//!     detector.update(f64::from(u8::from(i % every == 0)));
//!     detector.drift_detected()
//! });
//! assert!((1000..1100).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Pesaranghader, A. and Viktor, H.L., 2016. Fast Hoeffding drift detection method for
//! evolving data streams. River, `drift/binary/fhddm.py`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::{Attribute, DriftDetector};
use crate::features::Names;
use crate::math;
use crate::params::check_range;

/// The longest window.
pub const WINDOW_MAX: usize = 1_000_000;

crate::params! {
    /// Parameters of [`FHDDM`].
    pub struct Params {
        /// How many of the newest numbers the rate is taken of.
        sliding_window_size: usize = 100,
        /// How probable a false alarm may be, above 0 and at most 1.
        confidence_level: f64 = 0.000001,
        /// How many of the newest numbers a second rate is taken of; `null` for none.
        short_window_size: Option<usize> = None,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    window: VecDeque<bool>,
    n_one: u64,
    n_one_short: u64,
    highest: f64,
    highest_short: f64,
    drift: bool,
}

impl State {
    /// Starts over, keeping the buffer.
    fn reset(&mut self) {
        let mut window = std::mem::take(&mut self.window);
        window.clear();
        *self = Self { window, ..Self::default() };
    }
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct FHDDM {
    params: Params,
    state: State,
}

crate::estimator! {
    FHDDM in "drift.binary" as DriftDetector, version 1, name "FHDDM",
    "An error rate of a window that falls below its highest",
    attribute = |detector: &FHDDM, name: &str, _: &Names<'_>| {
        (name == "n_one").then_some(Attribute::Int(detector.state.n_one as i64))
    },
    merge = local "a detector watches one peer's own stream",
}

impl FHDDM {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("confidence_level", params.confidence_level, 1e-300, 1.0)?;
        let long = params.sliding_window_size;
        if !(1..=WINDOW_MAX).contains(&long) {
            return Err(Error::new(format!(
                "sliding_window_size must lie between 1 and {WINDOW_MAX}, got {long}"
            )));
        }
        if let Some(short) = params.short_window_size
            && !(1..=long).contains(&short)
        {
            return Err(Error::new(format!(
                "short_window_size must lie between 1 and sliding_window_size ({long}), got {short}"
            )));
        }
        let state = State { window: VecDeque::with_capacity(long), ..State::default() };
        Ok(Self { params, state })
    }

    /// How far a rate of so many numbers may fall.
    fn epsilon(&self, window: usize) -> f64 {
        (math::ln(1.0 / self.params.confidence_level) / (2.0 * window as f64)).sqrt()
    }
}

/// Keeps the highest rate; true when this one is too far below it.
fn fell(rate: f64, highest: &mut f64, epsilon: f64) -> bool {
    *highest = highest.max(rate);
    *highest - rate > epsilon
}

impl DriftDetector for FHDDM {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state.reset();
        }
        let (long, short) = (self.params.sliding_window_size, self.params.short_window_size);
        let epsilons = (self.epsilon(long), short.map_or(0.0, |s| self.epsilon(s)));
        let s = &mut self.state;
        let one = x != 0.0;
        s.window.push_back(one);
        s.n_one += u64::from(one);
        if let Some(short) = short {
            s.n_one_short += u64::from(one);
            let left = s.window.len().checked_sub(short + 1).and_then(|at| s.window.get(at));
            s.n_one_short -= u64::from(left == Some(&true));
        }
        if s.window.len() < long {
            return;
        }
        let short_fell = short.is_some_and(|short| {
            let rate = s.n_one_short as f64 / short as f64;
            fell(rate, &mut s.highest_short, epsilons.1)
        });
        s.drift = fell(s.n_one as f64 / long as f64, &mut s.highest, epsilons.0) || short_fell;
        if s.window.pop_front() == Some(true) {
            s.n_one -= 1;
            // A short window as long as the long one loses this number too.
            s.n_one_short -= u64::from(short == Some(long));
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }
}
