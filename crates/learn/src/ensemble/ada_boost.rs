//! `AdaBoostClassifier`: members that look longer at what those before them had wrong.
//!
//! An event begins with `λ = 1`. One member after the other learns it as often as a Poisson
//! distribution of mean `λ` says, then predicts it. If it is right, `λ` is added to its right
//! weight `c`, else to its wrong weight `e`; then `λ` is multiplied by `(c+e)/2c` or `(c+e)/2e`. A
//! member's probabilities count `ln((1−ε)/ε)` with `ε = e/(c+e)`, and once where `ε > ½`; they are
//! summed and made to add up to 1. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning about once and
//! predicting twice per event. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"AdaBoostClassifier": {"n_models": 3, "seed": 42}}]);
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
//! `ensemble/boosting.py`.

use serde_json::Value;

use super::boost::Records;
use super::members::Members;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::nursery::{Nursery, label};
use crate::params::{self, Spec};
use crate::rng::Rng;
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`AdaBoostClassifier`].
    pub struct Params {
        /// The classifier to make members of; any spec, pipelines too.
        model: Spec = Spec::name("LogisticRegression"),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// Fixes how often the members learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "AdaBoostClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Members that look longer at what those before them had wrong",
    merge: Statement::Member(
        "members are drawn by a peer's own chance and weighed by its own errors",
    ),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"AdaBoostClassifier": {"n_models": 3, "seed": 42}}),
};

/// See the module's documentation.
pub struct AdaBoostClassifier {
    params: Params,
    members: Members<Box<dyn Classifier>>,
    records: Records,
    rng: Rng,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let nursery = Nursery::new("model", &params.model, builder)?;
    params.model = nursery.spec().clone();
    let members = Members::new(&nursery, params.n_models)?;
    let records = Records::new(params.n_models);
    let rng = Rng::new(u64::from(params.seed.unwrap_or(0)));
    Ok(Any::Classifier(Box::new(AdaBoostClassifier { params, members, records, rng })))
}

impl Estimator for AdaBoostClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &(&self.rng, &self.records));
        self.members.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        (self.rng, self.records) = from.get()?;
        self.members.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.members.child(name)
    }

    fn attribute(&self, name: &str, _names: &Names<'_>) -> Option<Attribute> {
        self.records.attribute(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
    }
}

impl Classifier for AdaBoostClassifier {
    fn multiclass(&self) -> bool {
        self.members.0[0].multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let mut lambda = 1.0;
        for (i, member) in self.members.0.iter_mut().enumerate() {
            for _ in 0..self.rng.poisson(lambda) {
                member.learn_one(x, y, w, cx);
            }
            let right = label(&**member, x, cx) == Some(y);
            lambda = self.records.boost(i, right, lambda);
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.members.vote_by(x, proba, cx, |i| self.records.vote(i));
    }
}
