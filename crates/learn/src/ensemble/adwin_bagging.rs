//! `ADWINBaggingClassifier`: bagging that makes a member anew when a series of hits changes.
//!
//! Every member learns an event as often as a Poisson distribution of mean 1 says, then predicts
//! it; an `ADWIN` per member follows the hits, 1 for a right and 0 for a wrong or absent class.
//! When a window is cut and its mean rises by it, the member with the largest mean is replaced by
//! a new one. The probabilities of all members are summed and made to add up to 1. With a `seed`,
//! the draws are River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning once and predicting
//! twice per event on average, and a window each. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"ADWINBaggingClassifier": {"n_models": 3, "seed": 42}}]);
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
//! methods for evolving data streams, KDD. River, `ensemble/bagging.py`.

use serde_json::Value;

use super::members::{ADWIN_DELTA, Watched};
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::nursery::{Nursery, label};
use crate::params::{self, Spec};
use crate::rng::Rng;
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`ADWINBaggingClassifier`].
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
    name: "ADWINBaggingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Bagging that makes a member anew when a series of hits changes",
    merge: Statement::Member("members are replaced when a peer's own stream drifts"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"ADWINBaggingClassifier": {"n_models": 3, "seed": 42}}),
};

/// See the module's documentation.
pub struct ADWINBaggingClassifier {
    params: Params,
    watched: Watched,
    rng: Rng,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let nursery = Nursery::new("model", &params.model, builder)?;
    params.model = nursery.spec().clone();
    let watched = Watched::new(nursery, params.n_models, ADWIN_DELTA, builder.catalog())?;
    let rng = Rng::new(u64::from(params.seed.unwrap_or(0)));
    Ok(Any::Classifier(Box::new(ADWINBaggingClassifier { params, watched, rng })))
}

impl Estimator for ADWINBaggingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.rng);
        self.watched.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.rng = from.get()?;
        self.watched.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.watched.members.child(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.watched.members.forget(gone);
    }
}

impl Classifier for ADWINBaggingClassifier {
    fn multiclass(&self) -> bool {
        self.watched.nursery.first().multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let mut times = cx.take_floats();
        times.extend((0..self.params.n_models).map(|_| f64::from(self.rng.poisson(1.0))));
        let changed = self.watched.turns(cx, |i, member, cx| {
            for _ in 0..times[i] as u32 {
                member.learn_one(x, y, w, cx);
            }
            Some(label(member, x, cx) == Some(y))
        });
        cx.give_floats(times);
        if changed {
            self.watched.replace();
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let Watched { members, together, .. } = &self.watched;
        members.vote_at_once(together, x, proba, cx);
    }
}
