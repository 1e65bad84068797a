//! `BaggingClassifier` and `BaggingRegressor`: many models that each learn an event as often as
//! chance will.
//!
//! Every member learns an event `k` times, with `k` drawn from a Poisson distribution of mean 1:
//! the stream's stand-in for a bootstrap sample. Probabilities are summed and made to add up to 1;
//! numbers are averaged. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning once per event on
//! average. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"BaggingClassifier": {"n_models": 3, "seed": 42}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..300 {
//!     let x = Row::from_json(&json!({"x": i * 37 % 100}))?;
//!     let y = i * 37 % 100 > 50;
//!     model.step(&x, &Target::Bool(y), 1.0, &mut p, &mut s)?;
//!     right += u32::from((p.positive() > 0.5) == y);
//! }
//! assert!(right > 270, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Oza, N.C., Russell, S., 2001. Online bagging and boosting, AISTATS. River,
//! `ensemble/bagging.py`.

use serde_json::Value;

use crate::catalog::{Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, Part, Regressor};
use crate::features::{Context, FeatureId, Features};
use crate::params::{self, Spec, check_range};
use crate::rng::Rng;
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of `BaggingClassifier`.
    pub struct ClassifierParams {
        /// The classifier to make members of; any spec, pipelines too.
        model: Spec = Spec::name("LogisticRegression"),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// Fixes how often the members learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

crate::params! {
    /// Parameters of `BaggingRegressor`.
    pub struct RegressorParams {
        /// The regressor to make members of; any spec, pipelines too.
        model: Spec = Spec::name("LinearRegression"),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// Fixes how often the members learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The classifiers' row of the catalogue.
pub const CLASSIFIER: Entry = Entry {
    name: "BaggingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Classifiers that each learn an event as often as chance will",
    params: ClassifierParams::DOCS,
    defaults: || params::write(&ClassifierParams::default()),
    build: |value, builder| {
        let ClassifierParams { model, n_models, seed } = params::read(value)?;
        let members = members(n_models, || builder.classifier(&model.0))?;
        Ok(Any::Classifier(Box::new(Bagging::new(members, seed))))
    },
    example: || serde_json::json!({"BaggingClassifier": {"n_models": 3, "seed": 42}}),
};

/// The regressors' row of the catalogue.
pub const REGRESSOR: Entry = Entry {
    name: "BaggingRegressor",
    module: "ensemble",
    kind: Kind::Regressor,
    version: 1,
    summary: "Regressors that each learn an event as often as chance will",
    params: RegressorParams::DOCS,
    defaults: || params::write(&RegressorParams::default()),
    build: |value, builder| {
        let RegressorParams { model, n_models, seed } = params::read(value)?;
        let members = members(n_models, || builder.regressor(&model.0))?;
        Ok(Any::Regressor(Box::new(Bagging::new(members, seed))))
    },
    example: || serde_json::json!(["StandardScaler", {"BaggingRegressor": {"n_models": 3, "seed": 42}}]),
};

fn members<M>(n_models: usize, make: impl Fn() -> Result<M>) -> Result<Vec<M>> {
    check_range("n_models", n_models as f64, 1.0, 1000.0)?;
    (0..n_models).map(|_| make().map_err(|e| e.at("model"))).collect()
}

/// What may be bagged.
trait Member: Send + Sync {
    const ENTRY: &'static Entry;
    fn estimator(&self) -> &dyn Estimator;
    fn part(&mut self) -> Part<'_>;
}

impl Member for Box<dyn Classifier> {
    const ENTRY: &'static Entry = &CLASSIFIER;
    fn estimator(&self) -> &dyn Estimator {
        &**self
    }
    fn part(&mut self) -> Part<'_> {
        Part::Classifier(&mut **self)
    }
}

impl Member for Box<dyn Regressor> {
    const ENTRY: &'static Entry = &REGRESSOR;
    fn estimator(&self) -> &dyn Estimator {
        &**self
    }
    fn part(&mut self) -> Part<'_> {
        Part::Regressor(&mut **self)
    }
}

/// At least one member, all of the same spec.
struct Bagging<M> {
    members: Vec<M>,
    seed: Option<u32>,
    rng: Rng,
}

impl<M: Member> Bagging<M> {
    fn new(members: Vec<M>, seed: Option<u32>) -> Self {
        Self { members, seed, rng: Rng::new(u64::from(seed.unwrap_or(0))) }
    }
}

impl<M: Member> Estimator for Bagging<M> {
    fn entry(&self) -> &'static Entry {
        M::ENTRY
    }

    fn params(&self) -> Value {
        serde_json::json!({
            "model": self.members[0].estimator().spec(),
            "n_models": self.members.len(),
            "seed": self.seed,
        })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.rng);
        for member in &self.members {
            saved::put_child(out, member.estimator());
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.rng = from.get()?;
        self.members.iter_mut().try_for_each(|member| from.child(member.part().estimator()))
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        let at: usize = name.parse().ok()?;
        self.members.get_mut(at).map(Member::part)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for member in &mut self.members {
            member.part().estimator().forget(gone);
        }
    }
}

impl Classifier for Bagging<Box<dyn Classifier>> {
    fn multiclass(&self) -> bool {
        self.members[0].multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        for member in &mut self.members {
            for _ in 0..self.rng.poisson(1.0) {
                member.learn_one(x, y, w, cx);
            }
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let mut one = cx.take_floats();
        for member in &self.members {
            one.clear();
            member.predict_proba_one(x, &mut one, cx);
            if proba.len() < one.len() {
                proba.resize(one.len(), f64::NAN);
            }
            for (sum, &p) in proba.iter_mut().zip(&one).filter(|(_, p)| !p.is_nan()) {
                *sum = if sum.is_nan() { p } else { *sum + p };
            }
        }
        cx.give_floats(one);
        let total: f64 = proba.iter().filter(|p| !p.is_nan()).sum();
        if total > 0.0 {
            for p in proba {
                *p /= total;
            }
        }
    }
}

impl Regressor for Bagging<Box<dyn Regressor>> {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        for member in &mut self.members {
            for _ in 0..self.rng.poisson(1.0) {
                member.learn_one(x, y, w, cx);
            }
        }
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let sum: f64 = self.members.iter().map(|member| member.predict_one(x, cx)).sum();
        sum / self.members.len() as f64
    }
}
