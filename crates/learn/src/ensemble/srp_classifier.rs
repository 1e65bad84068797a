//! `SRPClassifier`: streaming random patches. Classifiers that see some features of some events,
//! and begin anew when the errors of one change.
//!
//! Every member has a subspace, drawn from the features of the first event, and learns an event
//! `k` times, with `k` from a Poisson distribution of mean `lam`. Its errors go to two detectors:
//! a warning starts another classifier behind it, on another subspace; a change puts that one in
//! its place. The probability of a class is the members' sum, each times its member's `metric`
//! over all events, made to add up to 1. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** up to `2·n_models` classifiers, each learning `lam`
//! times an event on average; a member predicts three times. **Errors** those of the members, and
//! a metric of numbers.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"SRPClassifier": {"model": "GaussianNB", "n_models": 3, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..300 {
//!     let (a, b, c) = (i * 37 % 100, i * 71 % 100, i * 53 % 100);
//!     let x = Row::from_json(&json!({"a": a, "b": b, "c": c}))?;
//!     let y = Target::Bool(a + b + c > 150);
//!     model.step(&x, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 240, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gomes, H.M., Read, J., Bifet, A., 2019. Streaming random patches for evolving data
//! stream classification, ICDM. River, `ensemble/streaming_random_patches.py`.

use serde_json::Value;

use super::members::{add_votes, share_out};
use super::patches::{
    DisableDetector, Learner, Member, Patched, Patches, Settings, TrainingMethod, adwin,
};
use super::subspaces::SubspaceSize;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::metrics::Observation;
use crate::model::{Label, most_probable};
use crate::nursery::label;
use crate::parallel::collect;
use crate::params::{self, Spec};
use crate::saved::Loader;

crate::params! {
    /// Parameters of [`SRPClassifier`].
    pub struct Params {
        /// The classifier to make members of; any spec, pipelines too.
        model: Spec = Spec(serde_json::json!(
            {"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 0.01}}
        )),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// How many features a member sees: a number from 2 on, a fraction, sqrt or rmsqrt.
        subspace_size: SubspaceSize = SubspaceSize::Share(0.6),
        /// What members are trained on: subspaces, resampling or patches.
        training_method: TrainingMethod = TrainingMethod::Patches,
        /// How often a member learns an event on average, 0 to 100; subspaces are learned once.
        lam: f64 = 6.0,
        /// The detector of changes of the errors.
        drift_detector: Spec = adwin(1e-5),
        /// The detector whose changes are warnings.
        warning_detector: Spec = adwin(1e-4),
        /// Which detectors are left out: off, drift (both) or warning.
        disable_detector: DisableDetector = DisableDetector::Off,
        /// True when all votes weigh the same.
        disable_weighted_vote: bool = false,
        /// Fixes subspaces and how often members learn; as 0 when left out.
        seed: Option<u32> = None,
        /// The metric of each member by which its vote is weighted: the larger, the better.
        metric: Spec = Spec::name("Accuracy"),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "SRPClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Classifiers that see some features of some events, and begin anew after changes",
    merge: Statement::Member("subspaces are drawn by a peer's own chance"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"SRPClassifier": {"model": "GaussianNB", "n_models": 3, "seed": 42}}),
};

/// See the module's documentation.
pub struct SRPClassifier {
    params: Params,
    patches: Patches<Box<dyn Classifier>>,
}

impl Patched for Box<dyn Classifier> {
    type Target = ClassId;

    fn learn(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.learn_one(x, y, w, cx);
    }
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    let settings = Settings {
        model: &params.model,
        n_models: params.n_models,
        subspace_size: params.subspace_size,
        training_method: params.training_method,
        lam: params.lam,
        drift_detector: &params.drift_detector,
        warning_detector: &params.warning_detector,
        disable_detector: params.disable_detector,
        metric: &params.metric,
        seed: params.seed,
    };
    let patches = Patches::new(&settings, false, builder)?;
    Ok(Any::Classifier(Box::new(SRPClassifier { params, patches })))
}

/// Gives a member's metric what it predicts, if anything.
fn score(
    front: &mut Learner<Box<dyn Classifier>>,
    seen: &Features,
    (y, w): (ClassId, f64),
    cx: &mut Context<'_>,
) {
    let mut proba = cx.take_floats();
    front.model.predict_proba_one(seen, &mut proba, cx);
    if let Some(predicted) = most_probable(&proba) {
        let two = &[Label::Bool(false), Label::Bool(true)];
        let classes = if front.model.multiclass() { cx.classes() } else { two };
        front.metric.update(Observation::Class { y, proba: &proba, predicted, classes }, w);
    }
    cx.give_floats(proba);
}

impl Estimator for SRPClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let mut params = params::write(&self.params);
        self.patches.specs(&mut params);
        params
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.patches.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.patches.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.patches.child(name)
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.patches.attribute(name, names)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.patches.forget(gone);
    }
}

impl Classifier for SRPClassifier {
    fn multiclass(&self) -> bool {
        self.patches.model.first().multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        self.patches.turns(
            (x, y, w),
            cx,
            |front, seen, cx| score(front, seen, (y, w), cx),
            |model, seen, cx| f64::from(u8::from(label(&**model, seen, cx) != Some(y))),
        );
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let Patches { members, model, together, .. } = &self.patches;
        if members.is_empty() || x.texts().next().is_some() {
            // What members refuse is refused in every subspace.
            let mut one = cx.take_floats();
            model.first().predict_proba_one(x, &mut one, cx);
            cx.give_floats(one);
        }
        let predict = |member: &Member<_>, one: &mut Vec<f64>, cx: &mut Context<'_>| {
            let (mut seen, front): (_, &Learner<Box<dyn Classifier>>) = (cx.take(), &member.front);
            front.see(x, &mut seen);
            front.model.predict_proba_one(&seen, one, cx);
            cx.give(seen);
            let figure = if self.params.disable_weighted_vote { 1.0 } else { front.metric.get() };
            if figure > 0.0 {
                for p in one.iter_mut() {
                    *p *= figure;
                }
            }
        };
        collect(together, members, cx, predict, |one| add_votes(proba, one, 1.0));
        share_out(proba);
    }
}
