//! What a node of an adaptive tree keeps of its errors.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use crate::catalog::{Builder, Catalog};
use crate::error::Result;
use crate::estimator::DriftDetector;
use crate::params::Spec;

/// A drift detector and the mean of the errors since the last change.
#[derive(Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Saved beside the tree, since it is a child; never absent otherwise.
    #[serde(skip)]
    pub detector: Option<Box<dyn DriftDetector>>,
    pub error: Moments,
}

impl Watch {
    /// An estimate: a detector's window is a few hundred numbers.
    pub const BYTES: usize = size_of::<Self>() + 2048;

    /// Takes an error and says whether the errors changed. The mean starts anew when they sank.
    pub fn update(&mut self, error: f64) -> Change {
        let before = self.error.mean;
        self.error.update(error, 1.0);
        let changed = self.detector.as_mut().is_some_and(|d| {
            d.update(error);
            d.drift_detected()
        });
        if changed && before > self.error.mean {
            self.error = Moments::default();
            return Change::Better;
        }
        if changed { Change::Worse } else { Change::None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    Better,
    Worse,
}

/// Makes drift detectors.
pub(crate) struct Detectors {
    catalog: Catalog,
    spec: Spec,
}

impl Detectors {
    pub fn new(spec: &Spec, builder: &Builder<'_>) -> Result<Self> {
        let first = builder.drift_detector(&spec.0).map_err(|e| e.at("drift_detector"))?;
        Ok(Self { catalog: builder.catalog().clone(), spec: Spec(first.spec()) })
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn make(&self) -> Box<dyn DriftDetector> {
        let built = self.catalog.builder().drift_detector(&self.spec.0);
        built.expect("the same spec was built before, and deeper")
    }

    pub fn watch(&self) -> Box<Watch> {
        Box::new(Watch { detector: Some(self.make()), error: Moments::default() })
    }
}
