//! `LeveragingBaggingClassifier`: bagging with more resampling, whose worst member is made anew
//! when errors become more.
//!
//! How often a member learns an event is drawn by `bagging_method`: `bag` from a Poisson
//! distribution of mean `w`; `me` once after an error, and else once with probability `e/(1−e)`
//! for a share of errors `e`; `half` once or not at all; `wt` once more than a Poisson
//! distribution of mean 1 says; `subag` once unless that distribution says 0. Then the member
//! predicts the event, and an `ADWIN` per member follows its errors. When a window is cut and its
//! mean rises by it, the member with the largest share of errors is replaced by a new one. The
//! probabilities of all members are summed and made to add up to 1. With a `seed`, the draws are
//! River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning `w` times and
//! predicting twice per event on average, and a window each. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"LeveragingBaggingClassifier": {"model": "GaussianNB", "n_models": 3}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..300 {
//!     let x = Row::from_json(&json!({"x": i * 37 % 100}))?;
//!     let y = Target::Bool(i * 37 % 100 > 50);
//!     model.step(&x, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 270, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Bifet, A., Holmes, G., Pfahringer, B., 2010. Leveraging bagging for evolving data
//! streams, ECML PKDD. River, `ensemble/bagging.py`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::members::Watched;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::nursery::{Nursery, label};
use crate::params::{self, Spec, check_range};
use crate::rng::Rng;
use crate::saved::{self, Loader};

/// How it is drawn how often a member learns an event; see the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the module says what they do")]
pub enum BaggingMethod {
    Bag,
    Me,
    Half,
    Wt,
    Subag,
}

crate::params! {
    /// Parameters of [`LeveragingBaggingClassifier`].
    pub struct Params {
        /// The classifier to make members of; any spec, pipelines too.
        model: Spec = Spec::name("LogisticRegression"),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// How often a member learns an event on average, for `bag`; 0 to 100.
        w: f64 = 6.0,
        /// The delta of the windows: the smaller, the more careful.
        adwin_delta: f64 = 0.002,
        /// How it is drawn how often a member learns: bag, me, half, wt or subag.
        bagging_method: BaggingMethod = BaggingMethod::Bag,
        /// Fixes how often the members learn; as 0 when left out.
        seed: Option<u32> = None,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "LeveragingBaggingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Bagging with more resampling that replaces its worst member when errors become more",
    merge: Statement::Member(
        "each member sees events as often as a peer's own chance says, and is replaced by drift",
    ),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"LeveragingBaggingClassifier": {"n_models": 3, "seed": 42}}),
};

/// See the module's documentation.
pub struct LeveragingBaggingClassifier {
    params: Params,
    watched: Watched,
    rng: Rng,
    n_detected_changes: u64,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    check_range("w", params.w, 0.0, 100.0)?;
    check_range("adwin_delta", params.adwin_delta, 1e-300, 1.0)?;
    let nursery = Nursery::new("model", &params.model, builder)?;
    params.model = nursery.spec().clone();
    let catalog = builder.catalog();
    let watched = Watched::new(nursery, params.n_models, params.adwin_delta, catalog)?;
    let rng = Rng::new(u64::from(params.seed.unwrap_or(0)));
    let new = LeveragingBaggingClassifier { params, watched, rng, n_detected_changes: 0 };
    Ok(Any::Classifier(Box::new(new)))
}

impl LeveragingBaggingClassifier {
    /// How often a member learns this event.
    fn draw(&mut self, member: usize, x: &Features, y: ClassId, cx: &mut Context<'_>) -> u32 {
        match self.params.bagging_method {
            BaggingMethod::Bag => self.rng.poisson(self.params.w),
            BaggingMethod::Me => {
                if label(&*self.watched.members.0[member], x, cx) != Some(y) {
                    return 1;
                }
                let error = self.watched.mean(member);
                u32::from(error != 1.0 && self.rng.random() < error / (1.0 - error))
            }
            BaggingMethod::Half => u32::from(self.rng.below(2) == 0),
            BaggingMethod::Wt => 1 + self.rng.poisson(1.0),
            BaggingMethod::Subag => u32::from(self.rng.poisson(1.0) > 0),
        }
    }
}

impl Estimator for LeveragingBaggingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &(&self.rng, self.n_detected_changes));
        self.watched.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        (self.rng, self.n_detected_changes) = from.get()?;
        self.watched.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.watched.members.child(name)
    }

    fn attribute(&self, name: &str, _names: &Names<'_>) -> Option<Attribute> {
        match name {
            "n_detected_changes" => Some(Attribute::Int(self.n_detected_changes as i64)),
            "bagging_methods" => {
                let all = ["bag", "me", "half", "wt", "subag"];
                Some(Attribute::List(all.map(|m| Attribute::Text(m.into())).to_vec()))
            }
            _ => None,
        }
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.watched.members.forget(gone);
    }
}

impl Classifier for LeveragingBaggingClassifier {
    fn multiclass(&self) -> bool {
        self.watched.nursery.first().multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let mut times = cx.take_floats();
        for i in 0..self.params.n_models {
            times.push(f64::from(self.draw(i, x, y, cx)));
        }
        let changed = self.watched.turns(cx, |i, member, cx| {
            for _ in 0..times[i] as u32 {
                member.learn_one(x, y, w, cx);
            }
            label(member, x, cx).map(|label| label != y)
        });
        cx.give_floats(times);
        if changed {
            self.n_detected_changes += 1;
            self.watched.replace();
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let Watched { members, together, .. } = &self.watched;
        members.vote_at_once(together, x, proba, cx);
    }
}
