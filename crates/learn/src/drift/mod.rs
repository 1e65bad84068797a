//! Detectors of a change in a series of numbers: River's `drift`.

pub mod adwin;
pub mod binary;
pub mod dummy;
pub mod kswin;
pub mod no_drift;
pub mod page_hinkley;
pub mod retrain;
#[cfg(test)]
mod tests;

pub use adwin::ADWIN;
pub use binary::{DDM, EDDM, FHDDM, HDDMA, HDDMW};
pub use dummy::DummyDriftDetector;
pub use kswin::KSWIN;
pub use no_drift::NoDrift;
pub use page_hinkley::PageHinkley;
pub use retrain::DriftRetrainingClassifier;

use serde::{Deserialize, Serialize};

use crate::catalog::Entry;

/// The running mean as River's `stats.Mean` computes it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Mean {
    n: f64,
    mean: f64,
}

impl Mean {
    #[inline]
    fn update(&mut self, x: f64) {
        self.n += 1.0;
        self.mean += (1.0 / self.n) * (x - self.mean);
    }
}

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    ADWIN::ENTRY,
    KSWIN::ENTRY,
    PageHinkley::ENTRY,
    DDM::ENTRY,
    EDDM::ENTRY,
    FHDDM::ENTRY,
    HDDMA::ENTRY,
    HDDMW::ENTRY,
    NoDrift::ENTRY,
    DummyDriftDetector::ENTRY,
    retrain::ENTRY,
];
