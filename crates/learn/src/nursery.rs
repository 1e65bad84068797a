//! Children that are made while a model lives: as classes come, and afresh after a change. And
//! what their parents ask of them.

use serde_json::Value;

use crate::catalog::{Builder, Catalog};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier, DriftDetector, Estimator, Part, Regressor};
use crate::features::{Context, Features};
use crate::metrics::Metric;
use crate::model::most_probable;
use crate::params::Spec;

/// A kind of child: a boxed trait.
pub(crate) trait Child: Sized + Send + Sync {
    /// Builds one of this kind.
    fn build(spec: &Value, builder: &Builder<'_>) -> Result<Self>;
    /// What all kinds share.
    fn estimator(&self) -> &dyn Estimator;
    /// The child, lent.
    fn part(&mut self) -> Part<'_>;
    /// What all kinds share, to be changed.
    fn estimator_mut(&mut self) -> &mut dyn Estimator {
        self.part().estimator()
    }
}

macro_rules! children {
    ($($kind:ident by $build:ident),*) => { $(
        impl Child for Box<dyn $kind> {
            fn build(spec: &Value, builder: &Builder<'_>) -> Result<Self> {
                builder.$build(spec)
            }
            fn estimator(&self) -> &dyn Estimator {
                &**self
            }
            fn part(&mut self) -> Part<'_> {
                Part::$kind(&mut **self)
            }
        }
    )* };
}

children!(
    Classifier by classifier,
    Regressor by regressor,
    DriftDetector by drift_detector,
    Metric by metric
);

/// How to make one more child. It keeps the catalogue, since one may be wanted at any time, and
/// one child that has learned nothing, for what all of them have in common.
pub(crate) struct Nursery<C> {
    catalog: Catalog,
    spec: Spec,
    first: C,
}

impl<C: Child> Nursery<C> {
    /// Refuses a spec that cannot be built, naming the parameter that holds it.
    pub fn new(name: &str, spec: &Spec, builder: &Builder<'_>) -> Result<Self> {
        let first = C::build(&spec.0, builder).map_err(|e| e.at(name))?;
        // With the defaults as they are now, so that all children are alike.
        let spec = Spec(first.estimator().spec());
        Ok(Self { catalog: builder.catalog().clone(), spec, first })
    }

    /// The spec of every child.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// A child that has learned nothing.
    pub fn make(&self) -> C {
        let built = C::build(&self.spec.0, &self.catalog.builder());
        built.expect("the same spec was built before, and deeper")
    }

    /// One that never learns.
    pub fn first(&self) -> &C {
        &self.first
    }
}

/// The probability of `true`; 0 while there is no opinion on it.
pub(crate) fn positive(proba: &[f64]) -> f64 {
    proba.get(1).copied().filter(|p| !p.is_nan()).unwrap_or(0.0)
}

/// The class that a classifier predicts; `None` while it has no opinion.
pub(crate) fn label(
    member: &dyn Classifier,
    x: &Features,
    cx: &mut Context<'_>,
) -> Option<ClassId> {
    let mut one = cx.take_floats();
    member.predict_proba_one(x, &mut one, cx);
    let label = most_probable(&one);
    cx.give_floats(one);
    label
}
