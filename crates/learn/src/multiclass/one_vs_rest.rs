//! `OneVsRestClassifier`: one binary classifier per class, each against all others.
//!
//! The classifier of class `c` learns from every event since `c` came first, whether it is a `c`.
//! The probabilities of `true` are divided by their sum; when all are 0 the classes are equally
//! likely.
//!
//! **Shape** what the binary classifier takes; any number of classes. **Cost** one binary
//! classifier a class, all of which learn and predict at each event. **Errors** those of the binary
//! classifier.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"OneVsRestClassifier": {
//!     "classifier": {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.5}}}}}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let class = if a > 50.0 { "east" } else if b > 50.0 { "north" } else { "home" };
//!     let y = Target::Text(class.into());
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 850, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `multiclass/ovr.py`.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, WeightKey};
use crate::features::{Context, FeatureId, Features};
use crate::merge::{Additive, Gather, Merge, Spread, Statement};
use crate::nursery::{Nursery, positive};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`OneVsRestClassifier`].
    pub struct Params {
        /// The binary classifier. One of many classes works too.
        classifier: Spec = Spec::name("LogisticRegression"),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "OneVsRestClassifier",
    module: "multiclass",
    kind: Kind::Classifier,
    version: 1,
    summary: "One binary classifier per class, each against all others",
    merge: Statement::Parts("the classifier of each class, by the class's name"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!(["StandardScaler", "OneVsRestClassifier"]),
};

/// See the module's documentation.
pub struct OneVsRestClassifier {
    nursery: Nursery<Box<dyn Classifier>>,
    /// By class; none for classes that did not come here.
    children: Vec<Option<Box<dyn Classifier>>>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    let nursery = Nursery::new("classifier", &params.classifier, builder)?;
    Ok(Any::Classifier(Box::new(OneVsRestClassifier { nursery, children: Vec::new() })))
}

impl Estimator for OneVsRestClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        params::write(&Params { classifier: self.nursery.spec().clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        let made: Vec<bool> = self.children.iter().map(Option::is_some).collect();
        saved::put(out, &made);
        for child in self.children.iter().flatten() {
            saved::put_child(out, &**child);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        let made: Vec<bool> = from.get()?;
        self.children.clear();
        for made in made {
            self.children.push(made.then(|| self.nursery.make()));
            if let Some(Some(child)) = self.children.last_mut() {
                from.child(&mut **child)?;
            }
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for child in self.children.iter_mut().flatten() {
            child.forget(gone);
        }
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        for (class, child) in self.children.iter().enumerate() {
            if let Some(child) = child {
                let class = Some(class as ClassId);
                child.weights(&mut |key, w| visit(WeightKey { class, ..key }, w));
            }
        }
    }
}

/// Each class's own. A class's classifier does not know what came before the class did, so that it
/// is not exact either.
impl Additive for OneVsRestClassifier {
    fn merge(&self) -> Merge {
        self.nursery.first().merge().max(Merge::Approximate)
    }

    fn sums(&self, out: &mut Gather<'_>) {
        for (class, child) in self.children.iter().enumerate() {
            if let Some(child) = child.as_ref().and_then(|child| child.additive()) {
                out.of_class(class as ClassId, |out| child.sums(out));
            }
        }
    }

    fn room(&self, from: &Spread<'_>) -> Result<()> {
        let Some(child) = self.nursery.first().additive() else { return Ok(()) };
        (0..from.classes()).try_for_each(|class| child.room(&from.of_class(class as ClassId)))
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let met = from.met();
        self.children.resize_with(met.len(), || None);
        for (class, (child, met)) in self.children.iter_mut().zip(met).enumerate() {
            if !met {
                *child = None;
                continue;
            }
            let child = child.get_or_insert_with(|| self.nursery.make());
            if let Some(additive) = child.additive_mut() {
                additive.set_sums(&from.of_class(class as ClassId));
            }
        }
    }
}

impl Classifier for OneVsRestClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        let class = y as usize;
        if self.children.len() <= class {
            self.children.resize_with(class + 1, || None);
        }
        if self.children[class].is_none() {
            self.children[class] = Some(self.nursery.make());
        }
        for (c, child) in self.children.iter_mut().enumerate() {
            if let Some(child) = child {
                child.learn_one(x, ClassId::from(c == class), w, cx);
            }
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let mut one = cx.take_floats();
        if self.children.is_empty() {
            // What the children refuse is refused from the first event on.
            self.nursery.first().predict_proba_one(x, &mut one, cx);
        }
        let (mut total, mut n) = (0.0, 0.0);
        for child in &self.children {
            let mut p = f64::NAN;
            if let Some(child) = child {
                one.clear();
                child.predict_proba_one(x, &mut one, cx);
                p = positive(&one);
                total += p;
                n += 1.0;
            }
            proba.push(p);
        }
        cx.give_floats(one);
        for p in proba.iter_mut().filter(|p| !p.is_nan()) {
            *p = if total == 0.0 { 1.0 / n } else { *p / total };
        }
    }
}
