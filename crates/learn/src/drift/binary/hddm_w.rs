//! `HDDMW`: a fading error rate that rises above its lowest by more than chance would have it.
//!
//! Like [`HDDMA`](super::HDDMA) with an exponentially weighted mean, in which the newest number
//! counts `lambda_val`: the mean of the numbers up to a cut is compared with the one of those
//! after it. The cut is where the mean and its bound `√(b·ln(1/drift_confidence)/2)` were together
//! lowest; `b ← λ² + (1 − λ)²·b` begins at 1. A difference of more than `√((b1 + b2)·ln(1/c)/2)` is
//! a warning or a change, each with its confidence `c`. With `two_sided_test` a fall counts as
//! well. The next number after a change starts over.
//!
//! **Shape** 1 for an error, 0 for none; any number but 0 counts as an error. **Cost** 140 bytes;
//! some logarithms and roots a number. **Errors** none.
//!
//! ```
//! use her_learn::drift::{HDDMW, binary::hddm_w::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = HDDMW::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     let every = if *i < 1000 { 10 } else { 2 };
//!     detector.update(f64::from(u8::from(i % every == 0)));
//!     detector.drift_detected()
//! });
//! assert!((1000..1200).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Frías-Blanco, I. et al., 2015. Online and non-parametric drift detection methods
//! based on Hoeffding's bounds. River, `drift/binary/hddm_w.py`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::DriftDetector;
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`HDDMW`].
    pub struct Params {
        /// How probable a false change may be, above 0 and at most 1.
        drift_confidence: f64 = 0.001,
        /// How probable a false warning may be, above 0 and at most 1.
        warning_confidence: f64 = 0.005,
        /// Share of the newest number in the mean, from 0 to 1.
        lambda_val: f64 = 0.05,
        /// Whether a fall of the rate counts as well as a rise.
        two_sided_test: bool = false,
    }
}

/// A fading mean and what its bound follows from.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sample {
    mean: f64,
    bound: f64,
    begun: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self { mean: 0.0, bound: 1.0, begun: false }
    }
}

impl Sample {
    fn update(&mut self, x: f64, lambda: f64) {
        let old = 1.0 - lambda;
        self.mean = if self.begun { lambda * x + old * self.mean } else { x };
        self.bound = lambda * lambda + old * old * self.bound;
        self.begun = true;
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    all: Sample,
    /// Up to the lowest cut and after it.
    low: [Sample; 2],
    /// Up to the highest cut and after it.
    high: [Sample; 2],
    lowest: f64,
    highest: f64,
    warning: bool,
    drift: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            all: Sample::default(),
            low: [Sample::default(); 2],
            high: [Sample::default(); 2],
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            warning: false,
            drift: false,
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct HDDMW {
    params: Params,
    state: State,
}

crate::estimator! {
    HDDMW in "drift.binary" as DriftDetector, version 1, name "HDDMW",
    "A fading error rate that rises above its lowest by more than chance would have it",
    merge = local "a detector watches one peer's own stream",
}

impl HDDMW {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("drift_confidence", params.drift_confidence, 1e-300, 1.0)?;
        check_range("warning_confidence", params.warning_confidence, 1e-300, 1.0)?;
        check_range("lambda_val", params.lambda_val, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

fn bound(b: f64, confidence: f64) -> f64 {
    (b * math::ln(1.0 / confidence) / 2.0).sqrt()
}

/// Whether the second mean is above the first by more than chance has it.
fn above(first: &Sample, second: &Sample, confidence: f64) -> bool {
    let both = first.begun && second.begun;
    both && second.mean - first.mean > bound(first.bound + second.bound, confidence)
}

impl DriftDetector for HDDMW {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::default();
        }
        let (p, s) = (&self.params, &mut self.state);
        let x = f64::from(u8::from(x != 0.0));
        s.all.update(x, p.lambda_val);
        let margin = bound(s.all.bound, p.drift_confidence);
        if s.all.mean + margin < s.lowest {
            s.lowest = s.all.mean + margin;
            s.low = [s.all, Sample::default()];
        } else {
            s.low[1].update(x, p.lambda_val);
        }
        if s.all.mean - margin > s.highest {
            s.highest = s.all.mean - margin;
            s.high = [s.all, Sample::default()];
        } else {
            s.high[1].update(x, p.lambda_val);
        }
        s.drift = above(&s.low[0], &s.low[1], p.drift_confidence);
        s.warning = !s.drift && above(&s.low[0], &s.low[1], p.warning_confidence);
        if p.two_sided_test {
            if above(&s.high[1], &s.high[0], p.drift_confidence) {
                s.drift = true;
            } else if above(&s.high[1], &s.high[0], p.warning_confidence) {
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
