//! `VotingClassifier`: different classifiers that elect a class.
//!
//! Every classifier gives its probabilities, or with `use_probabilities=false` one vote to the
//! class that it predicts; the class with the largest sum is predicted, of equal ones the first.
//! As in River there is a class and no probabilities.
//!
//! **Shape** what all classifiers take; many classes when all of them can tell many apart.
//! **Cost** that of the classifiers. **Errors** those of the classifiers, and fewer than two.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let models = json!(["LogisticRegression", "GaussianNB", "PAClassifier"]);
//! let spec = json!(["StandardScaler", {"VotingClassifier": {"models": models}}]);
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
//! **Source** River, `ensemble/voting.py`.

use serde_json::Value;

use super::members::{Members, add_votes};
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::model::most_probable;
use crate::nursery::label;
use crate::params::{self, Spec};
use crate::saved::Loader;

crate::params! {
    /// Parameters of [`VotingClassifier`].
    pub struct Params {
        /// The classifiers, 2 to 1,000.
        models: Vec<Spec> = Vec::new(),
        /// True when probabilities are summed, false when each classifier has one vote.
        use_probabilities: bool = true,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "VotingClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Different classifiers that elect a class",
    merge: Statement::Parts("the models that vote"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        let models = serde_json::json!(["LogisticRegression", "GaussianNB", "PAClassifier"]);
        serde_json::json!(["StandardScaler", {"VotingClassifier": {"models": models}}])
    },
};

/// See the module's documentation.
pub struct VotingClassifier {
    params: Params,
    members: Members<Box<dyn Classifier>>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let members = Members::of(&mut params.models, builder)?;
    Ok(Any::Classifier(Box::new(VotingClassifier { params, members })))
}

impl VotingClassifier {
    /// The class with the most votes, of equal ones that whose first vote came first. As in River,
    /// classifiers without an opinion vote together for no class.
    fn elected(&self, x: &Features, cx: &mut Context<'_>) -> Option<ClassId> {
        let (mut labels, mut counts) = (cx.take_floats(), cx.take_floats());
        // The place of a class is one more than its id; no class has place 0.
        for member in &self.members.0 {
            let place = label(&**member, x, cx).map_or(0, |class| class as usize + 1);
            labels.push(place as f64);
            if counts.len() <= place {
                counts.resize(place + 1, 0.0);
            }
            counts[place] += 1.0;
        }
        let mut best = 0;
        let mut most = 0.0;
        for place in labels.iter().map(|&place| place as usize) {
            if counts[place] > most {
                (best, most) = (place, counts[place]);
            }
        }
        cx.give_floats(labels);
        cx.give_floats(counts);
        best.checked_sub(1).map(|class| class as ClassId)
    }

    /// The class with the largest sum of probabilities.
    fn likeliest(&self, x: &Features, cx: &mut Context<'_>) -> Option<ClassId> {
        let (mut sums, mut one) = (cx.take_floats(), cx.take_floats());
        for member in &self.members.0 {
            one.clear();
            member.predict_proba_one(x, &mut one, cx);
            add_votes(&mut sums, &one, 1.0);
        }
        let class = most_probable(&sums);
        cx.give_floats(sums);
        cx.give_floats(one);
        class
    }
}

impl Estimator for VotingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.members.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.members.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.members.child(name)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
    }
}

impl VotingClassifier {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        self.members.parts()
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        self.members.parts_mut()
    }
}

by_parts!(VotingClassifier, parts::merge, Self::parts, Self::parts_mut);

impl Classifier for VotingClassifier {
    fn multiclass(&self) -> bool {
        self.members.0.iter().all(|member| member.multiclass())
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        for member in &mut self.members.0 {
            member.learn_one(x, y, w, cx);
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let class =
            if self.params.use_probabilities { self.likeliest(x, cx) } else { self.elected(x, cx) };
        if let Some(class) = class {
            proba.resize(class as usize + 1, 0.0);
            proba[class as usize] = 1.0;
        }
    }

    fn only_labels(&self) -> bool {
        true
    }
}
