//! The models in a regressor's leaves: made from a spec, and copied with what they have learned.

use crate::catalog::{Builder, Catalog};
use crate::error::Result;
use crate::estimator::Regressor;
use crate::params::Spec;
use crate::saved::{Loader, put_child};

/// Makes leaf models.
pub(crate) struct Models {
    catalog: Catalog,
    spec: Spec,
    /// One that never learns, for what all of them refuse.
    first: Box<dyn Regressor>,
}

impl Models {
    pub fn new(spec: &Spec, builder: &Builder<'_>) -> Result<Self> {
        let first = builder.regressor(&spec.0).map_err(|e| e.at("leaf_model"))?;
        let spec = Spec(first.spec());
        Ok(Self { catalog: builder.catalog().clone(), spec, first })
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn first(&self) -> &dyn Regressor {
        &*self.first
    }

    pub fn make(&self) -> Box<dyn Regressor> {
        let built = self.catalog.builder().regressor(&self.spec.0);
        built.expect("the same spec was built before, and deeper")
    }

    /// A copy with all that was learned.
    pub fn copy(&self, from: &dyn Regressor) -> Box<dyn Regressor> {
        let mut bytes = Vec::new();
        put_child(&mut bytes, from);
        let mut copy = self.make();
        let loaded = Loader::new(&bytes, 1).child(&mut *copy);
        debug_assert!(loaded.is_ok(), "what was saved by the same spec can be loaded");
        copy
    }
}
