//! `MultinomialNB`: naive Bayes for counts, such as those of words.
//!
//! `ln P(c | x) ∝ ln P(c) + Σ xₜ · ln((count(t, c) + alpha) / (count(c) + alpha · n_terms))`, where
//! `n_terms` is how many terms were met with any class.
//!
//! **Shape** numbers of 0 or more in; any number of classes. **Cost** 8 bytes a class and term; a
//! logarithm for each in a prediction. **Errors** a text or a negative number is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["BagOfWords", "MultinomialNB"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for (text, y) in [
//!     ("Chinese Beijing Chinese", "yes"),
//!     ("Chinese Chinese Shanghai", "yes"),
//!     ("Chinese Macao", "maybe"),
//!     ("Tokyo Japan Chinese", "no"),
//! ] {
//!     let y = Target::Text(y.into());
//!     model.step(&Row::from_json(&json!({"text": text}))?, &y, 1.0, &mut p, &mut s)?;
//! }
//! model.predict(&Row::from_json(&json!({"text": "test"}))?, &mut p, &mut s)?;
//! assert_eq!(format!("{:.3?}", p.proba), "[0.414, 0.310, 0.276]");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `naive_bayes/multinomial.py`; the weight of an event, which River's does not
//! take, multiplies its counts.

use super::terms::{Terms, refuse_what_is_no_count};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;
use crate::merge::{Additive, Gather, Merge, Spread};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`MultinomialNB`].
    pub struct Params {
        /// What is added to every count, 0 or more; 0 makes terms that are new to a class
        /// impossible in it.
        alpha: f64 = 1.0,
    }
}

/// See the module's documentation.
pub struct MultinomialNB {
    params: Params,
    state: Terms,
}

crate::estimator! {
    MultinomialNB in "naive_bayes" as Classifier, version 1, name "MultinomialNB",
    "Naive Bayes for counts, such as those of words",
    example = serde_json::json!(["BagOfWords", "MultinomialNB"]),
    forget = |state: &mut Terms, gone: &[FeatureId]| state.forget(gone),
    attribute = |model: &MultinomialNB, name: &str, names: &Names<'_>| {
        model.state.shown(name, names)
    },
    merge = exact "counts by class and term",
}

/// Counts add up.
impl Additive for MultinomialNB {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        self.state.sums(out);
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.state = Terms::of_sums(from);
    }
}

impl MultinomialNB {
    /// A classifier that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1e12)?;
        Ok(Self { params, state: Terms::default() })
    }
}

impl Classifier for MultinomialNB {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        self.state.learn(x, y, w);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        refuse_what_is_no_count(x, cx, "MultinomialNB");
        let (s, alpha) = (&self.state, self.params.alpha);
        s.classes.predict(proba, |c| {
            let all = s.class_total(c) + alpha * s.n_terms();
            let mut sum = 0.0;
            for (term, v) in x.iter() {
                // A term that is not there says nothing, even where it is impossible; and
                // nothing can be said before any term was met.
                if v != 0.0 && all > 0.0 {
                    sum += v * math::ln((s.count(c, term) + alpha) / all);
                }
            }
            s.classes.log_share(c) + sum
        });
    }
}
