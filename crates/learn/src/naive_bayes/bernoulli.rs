//! `BernoulliNB`: naive Bayes for what is there and what is not.
//!
//! `ln P(c | x) ∝ ln P(c) + Σ ln(1e-9 + p)` over all terms ever met, where `p` is
//! `(events of c with t + alpha) / (events of c + 2 · alpha)` for a term above `true_threshold` and
//! one minus that for any other.
//!
//! A prediction need not walk over all terms: those that came equally often with a class add the
//! same, and a class keeps how many came how often.
//!
//! **Shape** any numbers in; any number of classes. **Cost** 8 bytes a class and term; two
//! logarithms for each class and term of the event, and one for each class and each of the
//! different counts of its terms. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["BagOfWords", "BernoulliNB"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for (text, y) in [
//!     ("Chinese Beijing Chinese", "yes"),
//!     ("Chinese Chinese Shanghai", "yes"),
//!     ("Chinese Macao", "yes"),
//!     ("Tokyo Japan Chinese", "no"),
//! ] {
//!     let y = Target::Text(y.into());
//!     model.step(&Row::from_json(&json!({"text": text}))?, &y, 1.0, &mut p, &mut s)?;
//! }
//! model.predict(&Row::from_json(&json!({"text": "test"}))?, &mut p, &mut s)?;
//! assert_eq!(format!("{:.3?}", p.proba), "[0.883, 0.117]");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `naive_bayes/bernoulli.py`; the weight of an event, which River's does not
//! take, counts it as often.

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use super::terms::feature_counts;
use crate::error::Result;
use crate::estimator::{Attribute, ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`BernoulliNB`].
    pub struct Params {
        /// What is added to every count, 0 or more.
        alpha: f64 = 1.0,
        /// A term is there when its value is larger than this.
        true_threshold: f64 = 0.0,
    }
}

/// How many terms came how often, without those that never came; by rising count.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Histogram(Vec<(f64, u64)>);

impl Histogram {
    fn add(&mut self, count: f64) {
        match self.0.binary_search_by(|(c, _)| c.total_cmp(&count)) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (count, 1)),
        }
    }

    fn remove(&mut self, count: f64) {
        if let Ok(at) = self.0.binary_search_by(|(c, _)| c.total_cmp(&count)) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.remove(at);
            }
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    classes: Classes,
    /// Per class, by term: the events of that class in which the term was there.
    counts: Vec<Slots<f64>>,
    histograms: Vec<Histogram>,
    known: Slots<bool>,
    n_terms: u64,
}

impl State {
    /// River's `class_counts` and `feature_counts`.
    fn shown(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        match name {
            "class_counts" => Some(self.classes.class_counts()),
            "feature_counts" => {
                let known = self.known.as_slice().iter().enumerate().filter(|(_, known)| **known);
                let counts = known.map(|(id, _)| {
                    let id = id as FeatureId;
                    (id, feature_counts(self.counts.iter(), id))
                });
                Some(Attribute::by_feature(names, counts))
            }
            _ => None,
        }
    }

    fn learn(&mut self, x: &Features, y: ClassId, w: f64, threshold: f64) {
        self.classes.learn(y, w);
        self.counts.resize_with(self.classes.len(), Slots::default);
        self.histograms.resize_with(self.classes.len(), Histogram::default);
        let histogram = &mut self.histograms[y as usize];
        for (id, v) in x.iter() {
            let known = self.known.at(id);
            self.n_terms += u64::from(!*known);
            *known = true;
            if v > threshold {
                let count = self.counts[y as usize].at(id);
                if *count > 0.0 {
                    histogram.remove(*count);
                }
                *count += w;
                histogram.add(*count);
            }
        }
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if !self.known.get(id) {
                continue;
            }
            self.n_terms -= 1;
            for (counts, histogram) in self.counts.iter().zip(&mut self.histograms) {
                let count = counts.get(id);
                if count > 0.0 {
                    histogram.remove(count);
                }
            }
        }
        for counts in &mut self.counts {
            counts.forget(gone);
        }
        self.known.forget(gone);
    }
}

/// Counts add up.
impl Additive for BernoulliNB {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let s = &self.state;
        s.classes.sums(out);
        let mut tensor = out.tensor("counts");
        for (class, counts) in s.counts.iter().enumerate() {
            // A term that was never there is known all the same: a cell of 0 says so.
            for (id, _) in s.known.as_slice().iter().enumerate().filter(|(_, known)| **known) {
                let id = id as FeatureId;
                tensor.class_feature(class as ClassId, id, Fixed::of(counts.get(id)));
            }
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let classes = Classes::of_sums(from);
        let n = classes.len();
        let mut s = State {
            classes,
            counts: vec![Slots::default(); n],
            histograms: vec![Histogram::default(); n],
            ..State::default()
        };
        for (class, id, count) in from.class_feature("counts") {
            let count = count.to_f64().max(0.0);
            if count > 0.0 {
                *s.counts[class as usize].at(id) = count;
                s.histograms[class as usize].add(count);
            }
            s.n_terms += u64::from(!std::mem::replace(s.known.at(id), true));
        }
        self.state = s;
    }
}

/// Keeps the logarithm finite where a share is 0.
const SHARE_MIN: f64 = 1e-9;

/// See the module's documentation.
pub struct BernoulliNB {
    params: Params,
    state: State,
}

crate::estimator! {
    BernoulliNB in "naive_bayes" as Classifier, version 1, name "BernoulliNB",
    "Naive Bayes for what is there and what is not",
    example = serde_json::json!(["BagOfWords", "BernoulliNB"]),
    forget = |state: &mut State, gone: &[FeatureId]| state.forget(gone),
    attribute = |model: &BernoulliNB, name: &str, names: &Names<'_>| {
        model.state.shown(name, names)
    },
    merge = exact "counts by class and term",
}

impl BernoulliNB {
    /// A classifier that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1e12)?;
        check_range("true_threshold", params.true_threshold, f64::MIN, f64::MAX)?;
        Ok(Self { params, state: State::default() })
    }

    fn log_likelihood(&self, x: &Features, class: usize) -> f64 {
        let (s, alpha) = (&self.state, self.params.alpha);
        let events = s.classes.count(class) + alpha * 2.0;
        let share = |count: f64| (count + alpha) / events;
        let there = |count: f64| math::ln(SHARE_MIN + share(count));
        let absent = |count: f64| math::ln(SHARE_MIN + (1.0 - share(count)));
        let (mut sum, mut never) = (0.0, s.n_terms);
        for &(count, terms) in &s.histograms[class].0 {
            sum += terms as f64 * absent(count);
            never -= terms;
        }
        sum += never as f64 * absent(0.0);
        for (term, v) in x.iter() {
            if v > self.params.true_threshold && s.known.get(term) {
                let count = s.counts[class].get(term);
                sum += there(count) - absent(count);
            }
        }
        s.classes.log_share(class) + sum
    }
}

impl Classifier for BernoulliNB {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        if w > 0.0 {
            self.state.learn(x, y, w, self.params.true_threshold);
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "BernoulliNB");
        self.state.classes.predict(proba, |c| self.log_likelihood(x, c));
    }
}
