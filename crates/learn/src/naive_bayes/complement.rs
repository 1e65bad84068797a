//! `ComplementNB`: naive Bayes for counts, by how ill the other classes fit.
//!
//! `ln P(c | x) ∝ −Σ xₜ · ln((count(t, not c) + alpha) / (count(not c) + alpha · n_terms))`: counts
//! of the other classes together are steadier than those of a rare class. How often the classes
//! come plays no part.
//!
//! **Shape** numbers of 0 or more in; any number of classes. **Cost** 8 bytes a class and term; a
//! logarithm for each in a prediction. **Errors** a text or a negative number is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["BagOfWords", "ComplementNB"]), &Catalog::builtin())?;
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
//! assert_eq!(format!("{:.3?}", p.proba), "[0.275, 0.375, 0.350]");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Rennie, J.D., Shih, L., Teevan, J. and Karger, D.R., 2003. Tackling the poor
//! assumptions of naive Bayes text classifiers. River, `naive_bayes/complement.py`, which adds up
//! all terms for every prediction where this keeps the sums.

use super::terms::{Terms, refuse_what_is_no_count};
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;
use crate::merge::{Additive, Gather, Merge, Spread};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`ComplementNB`].
    pub struct Params {
        /// What is added to every count, 0 or more; 0 makes terms that came with one class only
        /// certain of it.
        alpha: f64 = 1.0,
    }
}

/// See the module's documentation.
pub struct ComplementNB {
    params: Params,
    state: Terms,
}

crate::estimator! {
    ComplementNB in "naive_bayes" as Classifier, version 1, name "ComplementNB",
    "Naive Bayes for counts, by how ill the other classes fit",
    example = serde_json::json!(["BagOfWords", "ComplementNB"]),
    forget = |state: &mut Terms, gone: &[FeatureId]| state.forget(gone),
    attribute = |model: &ComplementNB, name: &str, names: &Names<'_>| {
        model.state.shown(name, names)
    },
    merge = exact "counts by class and term",
}

/// Counts add up.
impl Additive for ComplementNB {
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

impl ComplementNB {
    /// A classifier that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1e12)?;
        Ok(Self { params, state: Terms::default() })
    }
}

impl Classifier for ComplementNB {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        self.state.learn(x, y, w);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        refuse_what_is_no_count(x, cx, "ComplementNB");
        let (s, alpha) = (&self.state, self.params.alpha);
        s.classes.predict(proba, |c| {
            let all = s.total_elsewhere(c) + alpha * s.n_terms();
            let mut sum = 0.0;
            for (term, v) in x.iter() {
                if v != 0.0 && all > 0.0 {
                    // The smallest number stands for 0, so that two certainties can be compared.
                    let share = (s.count_elsewhere(c, term) + alpha) / all;
                    sum += v * -math::ln(share.max(f64::MIN_POSITIVE));
                }
            }
            sum
        });
    }
}
