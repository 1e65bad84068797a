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

use super::members::Members;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, Part, Regressor};
use crate::features::{Context, FeatureId, Features};
use crate::merge::parts::{self, by_parts};
use crate::merge::{Merge, Statement};
use crate::nursery::{Child, Nursery};
use crate::parallel::{Together, each, keeps_names, numbers};
use crate::params::{self, Spec};
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
    merge: Statement::Parts("the members, each as its place is"),
    params: ClassifierParams::DOCS,
    defaults: || params::write(&ClassifierParams::default()),
    build: |value, builder| {
        let ClassifierParams { model, n_models, seed } = params::read(value)?;
        let bagging = Bagging::<Box<dyn Classifier>>::new(&model, n_models, seed, builder)?;
        Ok(Any::Classifier(Box::new(bagging)))
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
    merge: Statement::Parts("the members, each as its place is"),
    params: RegressorParams::DOCS,
    defaults: || params::write(&RegressorParams::default()),
    build: |value, builder| {
        let RegressorParams { model, n_models, seed } = params::read(value)?;
        let bagging = Bagging::<Box<dyn Regressor>>::new(&model, n_models, seed, builder)?;
        Ok(Any::Regressor(Box::new(bagging)))
    },
    example: || serde_json::json!(["StandardScaler", {"BaggingRegressor": {"n_models": 3, "seed": 42}}]),
};

/// What may be bagged.
trait Bagged: Child {
    const ENTRY: &'static Entry;
}

impl Bagged for Box<dyn Classifier> {
    const ENTRY: &'static Entry = &CLASSIFIER;
}

impl Bagged for Box<dyn Regressor> {
    const ENTRY: &'static Entry = &REGRESSOR;
}

/// At least one member, all of the same spec.
struct Bagging<M> {
    members: Members<M>,
    seed: Option<u32>,
    rng: Rng,
    together: Together,
}

impl<M: Bagged> Bagging<M> {
    fn new(model: &Spec, n_models: usize, seed: Option<u32>, b: &Builder<'_>) -> Result<Self> {
        let nursery = Nursery::new("model", model, b)?;
        let together = Together::new(keeps_names(&nursery.spec().0, b.catalog()));
        let members = Members::new(&nursery, n_models)?;
        Ok(Self { members, seed, rng: Rng::new(u64::from(seed.unwrap_or(0))), together })
    }

    /// Has each member learn as often as is drawn for it.
    fn learn(&mut self, cx: &mut Context<'_>, learn: impl Fn(&mut M, &mut Context<'_>) + Sync) {
        let (members, rng) = (&mut self.members.0, &mut self.rng);
        let mut times = cx.take_floats();
        let spell = self.together.spell(members.len());
        times.extend(members.iter().map(|_| f64::from(rng.poisson(1.0))));
        each(&spell, members.iter_mut(), cx, |i, member, cx| {
            (0..times[i] as u32).for_each(|_| learn(member, cx));
        });
        cx.give_floats(times);
    }
}

impl<M: Bagged> Estimator for Bagging<M> {
    fn entry(&self) -> &'static Entry {
        M::ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        serde_json::json!({
            "model": self.members.0[0].estimator().spec(),
            "n_models": self.members.0.len(),
            "seed": self.seed,
        })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.rng);
        self.members.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.rng = from.get()?;
        self.members.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.members.child(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
    }
}

/// Each peer draws how often its members learn, so that sums of counts are not those of one learner
/// either.
fn merge<'a>(members: impl Iterator<Item = &'a dyn Estimator>) -> Merge {
    parts::merge(members).max(Merge::Approximate)
}

impl<M: Bagged> Bagging<M> {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        self.members.parts()
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        self.members.parts_mut()
    }
}

by_parts!(Bagging<M>, merge, Self::parts, Self::parts_mut, for M: Bagged);

impl Classifier for Bagging<Box<dyn Classifier>> {
    fn multiclass(&self) -> bool {
        self.members.0[0].multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.learn(cx, |member, cx| member.learn_one(x, y, w, cx));
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.members.vote_at_once(&self.together, x, proba, cx);
    }
}

impl Regressor for Bagging<Box<dyn Regressor>> {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.learn(cx, |member, cx| member.learn_one(x, y, w, cx));
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let mut all = cx.take_floats();
        let members = &self.members.0;
        numbers(&self.together, members, &mut all, cx, |member, cx| member.predict_one(x, cx));
        let sum: f64 = all.iter().sum();
        cx.give_floats(all);
        sum / members.len() as f64
    }
}
