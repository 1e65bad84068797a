//! `StackingClassifier`: a classifier that learns from what other classifiers say.
//!
//! The probability that model `i` gives class `k` becomes the feature `oof_i_k` of the
//! `meta_classifier`, beside the event's own features if `include_features`. When learning, every
//! model predicts the event before it learns it, and the `meta_classifier` learns last.
//!
//! **Shape** what all models take; many classes when all of them and the `meta_classifier` can
//! tell many apart. **Cost** that of the classifiers; the models predict twice. **Errors** those
//! of the classifiers, and fewer than two models.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let stack = json!({"models": ["LogisticRegression", "GaussianNB"],
//!                    "meta_classifier": "LogisticRegression"});
//! let spec = json!(["StandardScaler", {"StackingClassifier": stack}]);
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
//! **Source** Wolpert, D.H., 1992. Stacked generalization, Neural Networks 5. River,
//! `ensemble/stacking.py`.

use serde_json::Value;

use super::members::Members;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::model::Label;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`StackingClassifier`].
    pub struct Params {
        /// The classifiers that are learned from, 2 to 1,000.
        models: Vec<Spec> = Vec::new(),
        /// The classifier that learns from them.
        meta_classifier: Spec = Spec::name("LogisticRegression"),
        /// True when it learns from the event's features too.
        include_features: bool = true,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "StackingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "A classifier that learns from what other classifiers say",
    merge: Statement::Member("the last model learns from predictions of a peer's own members"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        let models = serde_json::json!(["LogisticRegression", "GaussianNB"]);
        serde_json::json!(["StandardScaler", {"StackingClassifier": {"models": models}}])
    },
};

/// See the module's documentation.
pub struct StackingClassifier {
    params: Params,
    members: Members<Box<dyn Classifier>>,
    meta: Box<dyn Classifier>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let members = Members::of(&mut params.models, builder)?;
    let meta = builder.classifier(&params.meta_classifier.0);
    let meta = meta.map_err(|e| e.at("meta_classifier"))?;
    params.meta_classifier = Spec(meta.spec());
    Ok(Any::Classifier(Box::new(StackingClassifier { params, members, meta })))
}

/// Adds what a model says as features of the classifier above it.
fn tell(i: usize, member: &dyn Classifier, proba: &[f64], to: &mut Features, cx: &mut Context<'_>) {
    for (k, &p) in proba.iter().enumerate().filter(|(_, p)| !p.is_nan()) {
        let label = cx.classes().get(k).filter(|_| member.multiclass());
        // Truth values are written as River's are.
        let id = match label {
            Some(Label::Bool(true)) => cx.id_of(format_args!("oof_{i}_True")),
            Some(Label::Bool(false)) => cx.id_of(format_args!("oof_{i}_False")),
            Some(label) => cx.id_of(format_args!("oof_{i}_{label}")),
            None if member.multiclass() => cx.id_of(format_args!("oof_{i}_{k}")),
            None => cx.id_of(format_args!("oof_{i}_{}", ["False", "True"][k.min(1)])),
        };
        to.push(id, p);
    }
}

impl StackingClassifier {
    /// The event as the classifier above sees it, before the models say anything.
    fn begun(&self, x: &Features, cx: &mut Context<'_>) -> Box<Features> {
        let mut all = cx.take();
        if self.params.include_features {
            all.extend(x);
        }
        all
    }
}

impl Estimator for StackingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.members.save(out);
        saved::put_child(out, &*self.meta);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.members.load(from)?;
        from.child(&mut *self.meta)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        if name == "meta_classifier" {
            return Some(Part::Classifier(&mut *self.meta));
        }
        self.members.child(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
        self.meta.forget(gone);
    }
}

impl Classifier for StackingClassifier {
    fn multiclass(&self) -> bool {
        self.meta.multiclass() && self.members.0.iter().all(|member| member.multiclass())
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        let mut all = self.begun(x, cx);
        let mut proba = cx.take_floats();
        for (i, member) in self.members.0.iter_mut().enumerate() {
            proba.clear();
            member.predict_proba_one(x, &mut proba, cx);
            tell(i, &**member, &proba, &mut all, cx);
            member.learn_one(x, y, w, cx);
        }
        cx.give_floats(proba);
        // The event's own features came first, and stay where names are equal.
        all.sort();
        self.meta.learn_one(&all, y, w, cx);
        cx.give(all);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let mut all = self.begun(x, cx);
        let mut one = cx.take_floats();
        for (i, member) in self.members.0.iter().enumerate() {
            one.clear();
            member.predict_proba_one(x, &mut one, cx);
            tell(i, &**member, &one, &mut all, cx);
        }
        cx.give_floats(one);
        all.sort();
        self.meta.predict_proba_one(&all, proba, cx);
        cx.give(all);
    }
}
