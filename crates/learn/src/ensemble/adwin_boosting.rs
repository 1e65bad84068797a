//! `ADWINBoostingClassifier`: boosting by votes that makes a member anew when a series of hits
//! changes.
//!
//! Every member learns an event as often as a Poisson distribution of mean 1 says, then predicts
//! it. Right and wrong weights, and so the members' votes, are those of
//! [`AdaBoostClassifier`](super::AdaBoostClassifier). An `ADWIN` per member follows the hits; when
//! a window is cut and its mean rises by it, the member with the largest mean is replaced by a
//! new one without weights. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning once and predicting
//! twice per event on average, and a window each. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"ADWINBoostingClassifier": {"n_models": 3, "seed": 42}}]);
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
//! **Source** Bifet, A., Holmes, G., Pfahringer, B., Kirkby, R., Gavaldà, R., 2009. New ensemble
//! methods for evolving data streams, KDD. River, `ensemble/boosting.py`.

use serde_json::Value;

use super::boost::Records;
use super::members::{ADWIN_DELTA, Watched};
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
    /// Parameters of [`ADWINBoostingClassifier`].
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
    name: "ADWINBoostingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Boosting by votes that makes a member anew when a series of hits changes",
    merge: Statement::Member("members are weighed by a peer's own errors and replaced by drift"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"ADWINBoostingClassifier": {"n_models": 3, "seed": 42}}),
};

/// See the module's documentation.
pub struct ADWINBoostingClassifier {
    params: Params,
    watched: Watched,
    records: Records,
    rng: Rng,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let nursery = Nursery::new("model", &params.model, builder)?;
    params.model = nursery.spec().clone();
    let watched = Watched::new(nursery, params.n_models, ADWIN_DELTA, builder.catalog())?;
    let records = Records::new(params.n_models);
    let rng = Rng::new(u64::from(params.seed.unwrap_or(0)));
    Ok(Any::Classifier(Box::new(ADWINBoostingClassifier { params, watched, records, rng })))
}

impl Estimator for ADWINBoostingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &(&self.rng, &self.records));
        self.watched.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        (self.rng, self.records) = from.get()?;
        self.watched.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.watched.members.child(name)
    }

    fn attribute(&self, name: &str, _names: &Names<'_>) -> Option<Attribute> {
        self.records.attribute(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.watched.members.forget(gone);
    }
}

impl Classifier for ADWINBoostingClassifier {
    fn multiclass(&self) -> bool {
        self.watched.members.0[0].multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let (mut lambda, mut changed) = (1.0, false);
        for i in 0..self.params.n_models {
            let member = &mut self.watched.members.0[i];
            for _ in 0..self.rng.poisson(1.0) {
                member.learn_one(x, y, w, cx);
            }
            let right = label(&**member, x, cx) == Some(y);
            lambda = self.records.boost(i, right, lambda);
            changed |= self.watched.watch(i, right);
        }
        if changed {
            let replaced = self.watched.replace();
            self.records.clear(replaced);
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.watched.members.vote_by(x, proba, cx, |i| self.records.vote(i));
    }
}
