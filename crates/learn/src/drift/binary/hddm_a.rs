//! `HDDMA`: an error rate that rises above its lowest by more than chance would have it.
//!
//! The mean of all numbers is compared with the mean of the first `n0` of `n`, cut where the mean
//! and its bound `√(ln(1/drift_confidence) / (2n))` were together lowest. From a difference of
//! `√(m/2 · ln(2/confidence))`, `m = (n − n0)/(n0·n)`, on there is a warning or a change, each with
//! its confidence. With `two_sided_test` a fall from the highest mean counts as well. The next
//! number after a change starts over.
//!
//! **Shape** 1 for an error, 0 for none; any number but 0 counts as an error. **Cost** 50 bytes;
//! some logarithms and roots a number. **Errors** none.
//!
//! ```
//! use her_learn::drift::{HDDMA, binary::hddm_a::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = HDDMA::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     let every = if *i < 1000 { 10 } else { 3 };
//!     detector.update(f64::from(u8::from(i % every == 0)));
//!     detector.drift_detected()
//! });
//! assert!((1000..1200).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Frías-Blanco, I. et al., 2015. Online and non-parametric drift detection methods
//! based on Hoeffding's bounds. River, `drift/binary/hddm_a.py`.

use serde::{Deserialize, Serialize};

use crate::drift::Mean;
use crate::error::Result;
use crate::estimator::DriftDetector;
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`HDDMA`].
    pub struct Params {
        /// How probable a false change may be, above 0 and at most 1.
        drift_confidence: f64 = 0.001,
        /// How probable a false warning may be, above 0 and at most 1.
        warning_confidence: f64 = 0.005,
        /// Whether a fall of the rate counts as well as a rise.
        two_sided_test: bool = false,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    all: Mean,
    /// The mean when it and its bound were lowest.
    lowest: Mean,
    /// The same for the highest.
    highest: Mean,
    warning: bool,
    drift: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct HDDMA {
    params: Params,
    state: State,
}

crate::estimator! {
    HDDMA in "drift.binary" as DriftDetector, version 1, name "HDDMA",
    "An error rate that rises above its lowest by more than chance would have it",
    merge = local "a detector watches one peer's own stream",
}

impl HDDMA {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("drift_confidence", params.drift_confidence, 1e-300, 1.0)?;
        check_range("warning_confidence", params.warning_confidence, 1e-300, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

/// Whether `high` is above `low` by more than chance has it, for the mean of all numbers and the
/// one of the numbers up to a cut.
fn above(high: f64, low: f64, n_cut: f64, n: f64, confidence: f64) -> bool {
    if n_cut == n {
        return false;
    }
    let m = (n - n_cut) / n_cut * (1.0 / n);
    high - low >= (m / 2.0 * math::ln(2.0 / confidence)).sqrt()
}

impl DriftDetector for HDDMA {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::default();
        }
        let (p, s) = (&self.params, &mut self.state);
        s.all.update(f64::from(u8::from(x != 0.0)));
        if s.all.n == 1.0 {
            (s.lowest, s.highest) = (s.all, s.all);
        }
        let surprise = math::ln(1.0 / p.drift_confidence);
        let bound = |n: f64| (1.0 / (2.0 * n) * surprise).sqrt();
        if s.lowest.mean + bound(s.lowest.n) >= s.all.mean + bound(s.all.n) {
            s.lowest = s.all;
        }
        if s.highest.mean - bound(s.highest.n) <= s.all.mean - bound(s.all.n) {
            s.highest = s.all;
        }
        let Mean { n, mean } = s.all;
        let (lowest, highest) = (s.lowest, s.highest);
        let rose = |confidence| above(mean, lowest.mean, lowest.n, n, confidence);
        let fell = |confidence| above(highest.mean, mean, highest.n, n, confidence);
        s.drift = rose(p.drift_confidence);
        s.warning = !s.drift && rose(p.warning_confidence);
        if p.two_sided_test {
            if fell(p.drift_confidence) {
                s.drift = true;
            } else if fell(p.warning_confidence) {
                s.warning = true;
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
