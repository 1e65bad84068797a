//! `NoDrift`: never reports a change.
//!
//! It stands where a detector is asked for and none is wanted.
//!
//! **Shape** any numbers. **Cost** nothing. **Errors** none.
//!
//! ```
//! use her_learn::drift::{NoDrift, no_drift::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = NoDrift::new(Params {})?;
//! detector.update(1e9);
//! assert!(!detector.drift_detected());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `drift/no_drift.py`.

use crate::error::Result;
use crate::estimator::DriftDetector;

crate::params! {
    /// Parameters of [`NoDrift`]: none.
    pub struct Params {}
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct NoDrift {
    params: Params,
    state: (),
}

crate::estimator! {
    NoDrift in "drift" as DriftDetector, version 1, name "NoDrift",
    "Never reports a change",
    merge = local "a detector watches one peer's own stream",
}

impl NoDrift {
    /// A detector that detects nothing.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: () })
    }
}

impl DriftDetector for NoDrift {
    fn update(&mut self, _x: f64) {}

    fn drift_detected(&self) -> bool {
        false
    }

    fn is_quiet(&self) -> bool {
        true
    }
}
