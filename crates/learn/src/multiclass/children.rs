//! Binary classifiers that are made one by one as classes come.

use crate::catalog::{Builder, Catalog};
use crate::error::Result;
use crate::estimator::Classifier;
use crate::params::Spec;

/// How to make one more binary classifier. It keeps the catalogue, since a class may come at any
/// time, and one classifier that has learned nothing, for what all of them have in common.
pub(super) struct Nursery {
    catalog: Catalog,
    spec: Spec,
    first: Box<dyn Classifier>,
}

impl Nursery {
    pub fn new(spec: &Spec, builder: &Builder<'_>) -> Result<Self> {
        let first = builder.classifier(&spec.0).map_err(|e| e.at("classifier"))?;
        // With the defaults as they are now, so that all children are alike.
        let spec = Spec(first.spec());
        Ok(Self { catalog: builder.catalog().clone(), spec, first })
    }

    /// The spec of every child.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// A classifier that has learned nothing.
    pub fn make(&self) -> Box<dyn Classifier> {
        let built = self.catalog.builder().classifier(&self.spec.0);
        built.expect("the same spec was built before, and deeper")
    }

    /// One that never learns.
    pub fn first(&self) -> &dyn Classifier {
        &*self.first
    }
}

/// The probability of `true`; 0 while there is no opinion on it.
pub(super) fn positive(proba: &[f64]) -> f64 {
    proba.get(1).copied().filter(|p| !p.is_nan()).unwrap_or(0.0)
}
