//! `DummyDriftDetector`: reports changes by the count of numbers alone.
//!
//! A baseline to compare detectors with. `fixed` reports a change every `t_0` numbers, the first
//! round beginning after a random warm-up of up to `w + 1` numbers. `random` reports one with the
//! probability `1 / (1 + exp(−4·(t − t_0)/w))`, t numbers after the last.
//!
//! **Shape** any numbers, which it does not look at. **Cost** 2.5 KiB; a random number and an
//! exponential a number at most. **Errors** none.
//!
//! ```
//! use her_learn::drift::{DummyDriftDetector, dummy::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = DummyDriftDetector::new(Params { t_0: 500, ..Params::default() })?;
//! let change = (0..1000).find(|_| {
//!     detector.update(0.0);
//!     detector.drift_detected()
//! });
//! assert_eq!(change, Some(499));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gomes, H., Montiel, J., Mastelini, S.M., Pfahringer, B. and Bifet, A., 2020. On
//! ensemble techniques for data stream regression. River, `drift/dummy.py`.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::DriftDetector;
use crate::math;
use crate::rng::Rng;

/// When changes are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Every `t_0` numbers.
    Fixed,
    /// By chance, about `t_0` numbers after the last.
    Random,
}

crate::params! {
    /// Parameters of [`DummyDriftDetector`].
    pub struct Params {
        /// When changes are reported: `"fixed"` or `"random"`.
        trigger_method: Trigger = Trigger::Fixed,
        /// Numbers between two changes, at least 1.
        t_0: u32 = 300,
        /// Width of the warm-up (`fixed`) or of the slope (`random`, where it must be above 0).
        w: u32 = 0,
        /// Whether each copy gets a seed of its own; there are no copies here, it must be false.
        dynamic_cloning: bool = false,
        /// The seed; without one it is 0, where River draws one.
        seed: Option<u64> = None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    rng: Rng,
    n: u64,
    /// Numbers to wait before the first round; nothing once it is over.
    warm_up: Option<u64>,
    drift: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct DummyDriftDetector {
    params: Params,
    state: State,
}

crate::estimator! {
    DummyDriftDetector in "drift" as DriftDetector, version 1, name "DummyDriftDetector",
    "Reports changes by the count of numbers alone",
    merge = local "a detector watches one peer's own stream",
}

impl DummyDriftDetector {
    /// A detector that has counted nothing.
    pub fn new(params: Params) -> Result<Self> {
        if params.t_0 == 0 {
            return Err(Error::new("t_0 must be at least 1, got 0"));
        }
        if params.trigger_method == Trigger::Random && params.w == 0 {
            return Err(Error::new("w must be above 0 when trigger_method is \"random\", got 0"));
        }
        if params.dynamic_cloning {
            return Err(Error::new("dynamic_cloning must be false, give each copy its own seed"));
        }
        let mut rng = Rng::new(params.seed.unwrap_or(0));
        let waits = params.trigger_method == Trigger::Fixed && params.w > 0;
        let warm_up = waits.then(|| rng.randint(1, i64::from(params.w) + 1) as u64);
        Ok(Self { params, state: State { rng, n: 0, warm_up, drift: false } })
    }
}

impl DriftDetector for DummyDriftDetector {
    fn update(&mut self, _x: f64) {
        let (p, s) = (&self.params, &mut self.state);
        s.n += 1;
        s.drift = match (p.trigger_method, s.warm_up) {
            (Trigger::Fixed, Some(warm_up)) => {
                if s.n >= warm_up {
                    s.n = 0;
                    s.warm_up = None;
                }
                false
            }
            (Trigger::Fixed, None) => s.n >= u64::from(p.t_0),
            (Trigger::Random, _) => {
                let late = s.n as f64 - f64::from(p.t_0);
                let chance = 1.0 / (1.0 + math::exp(-4.0 * late / f64::from(p.w)));
                s.rng.random() < chance
            }
        };
        if s.drift {
            s.n = 0;
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }
}
