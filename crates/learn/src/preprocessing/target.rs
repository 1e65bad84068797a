//! What the regressors that scale their target share.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::catalog::{Builder, Entry};
use crate::error::Result;
use crate::estimator::{Estimator, Part, Regressor, WeightKey};
use crate::features::{Context, FeatureId, Features};
use crate::merge::{Additive, Gather, Merge, Spread};
use crate::params::Spec;
use crate::saved::{self, Loader};

/// A scale that is learned from targets.
pub trait Scale: Default + Serialize + DeserializeOwned + Send + Sync {
    /// The catalogue's row of the regressor with this scale.
    const ENTRY: &'static Entry;

    /// Takes a target.
    fn update(&mut self, y: f64);

    /// A target on the scale.
    fn scale(&self, y: f64) -> f64;

    /// From the scale back to a target.
    fn unscale(&self, z: f64) -> f64;

    /// Whether what was learned is sums.
    const ADDS_UP: bool;

    /// Writes what was learned as sums, if it is.
    fn sums(&self, _out: &mut Gather<'_>) {}

    /// Becomes what the sums say.
    fn set_sums(&mut self, _from: &Spread<'_>) {}
}

/// A regressor that learns scaled targets.
pub struct Scaled<S> {
    scale: S,
    regressor: Box<dyn Regressor>,
}

impl<S: Scale> Scaled<S> {
    /// A regressor that has learned nothing.
    pub fn new(regressor: &Spec, builder: &Builder<'_>) -> Result<Self> {
        let regressor = builder.regressor(&regressor.0).map_err(|e| e.at("regressor"))?;
        Ok(Self { scale: S::default(), regressor })
    }
}

impl<S: Scale> Estimator for Scaled<S> {
    fn entry(&self) -> &'static Entry {
        S::ENTRY
    }

    fn additive(&self) -> Option<&dyn Additive> {
        S::ADDS_UP.then_some(self)
    }

    fn additive_mut(&mut self) -> Option<&mut dyn Additive> {
        if S::ADDS_UP { Some(self) } else { None }
    }

    fn params(&self) -> Value {
        serde_json::json!({ "regressor": self.regressor.spec() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.scale);
        saved::put_child(out, &*self.regressor);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.scale = from.get()?;
        from.child(&mut *self.regressor)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        (name == "regressor").then_some(Part::Regressor(&mut *self.regressor))
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.regressor.forget(gone);
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        self.regressor.weights(visit);
    }
}

/// What the regressor adds depends on the scale of the time.
impl<S: Scale> Additive for Scaled<S> {
    fn merge(&self) -> Merge {
        self.regressor.merge().max(Merge::Approximate)
    }

    fn sums(&self, out: &mut Gather<'_>) {
        out.under("target", |out| self.scale.sums(out));
        if let Some(regressor) = self.regressor.additive() {
            out.under("regressor", |out| regressor.sums(out));
        }
    }

    fn room(&self, from: &Spread<'_>) -> Result<()> {
        let regressor = self.regressor.additive();
        regressor.map_or(Ok(()), |regressor| regressor.room(&from.under("regressor")))
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.scale.set_sums(&from.under("target"));
        if let Some(regressor) = self.regressor.additive_mut() {
            regressor.set_sums(&from.under("regressor"));
        }
    }
}

impl<S: Scale> Regressor for Scaled<S> {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.scale.update(y);
        self.regressor.learn_one(x, self.scale.scale(y), w, cx);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.scale.unscale(self.regressor.predict_one(x, cx))
    }
}

#[cfg(test)]
pub(super) fn check(spec: &Value, river: &[f64]) {
    use crate::{Catalog, Model, Prediction, Row, Scratch, Target};
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for (i, want) in river.iter().enumerate() {
        let (a, b) = ((i * 7 % 5) as f64, (i * 3 % 4) as f64);
        let x = Row::from_json(&serde_json::json!({"a": a, "b": b})).unwrap();
        model.step(&x, &Target::Number(100.0 + 3.0 * a - b), 1.0, &mut p, &mut s).unwrap();
        let got = p.value.unwrap();
        assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{spec} [{i}]: {got}, {want}");
        if i == 5 {
            let bytes = model.save();
            model = Model::load(&bytes, &catalog).unwrap();
            assert_eq!(model.save(), bytes);
        }
    }
}
