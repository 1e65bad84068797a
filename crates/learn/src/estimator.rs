//! The object-safe traits that every estimator implements.
//!
//! Learning cannot fail: whatever could be wrong with an event is found at the door or by the
//! prediction that precedes the learning, so a refused event leaves the model bit-identical.

use serde_json::Value;

use crate::catalog::Entry;
use crate::error::Result;
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::{Additive, Merge, Statement};
use crate::saved::Loader;

/// The dense number of a class within one model. A binary classifier has 0 = false, 1 = true.
pub type ClassId = u32;

/// Which number of a model a weight is: of which class (for one-vector-per-class models) and of
/// which feature; no feature means the intercept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeightKey {
    /// The class, for models that keep a vector per class.
    pub class: Option<ClassId>,
    /// The feature; `None` is the intercept.
    pub feature: Option<FeatureId>,
}

/// What is common to everything in the catalogue.
pub trait Estimator: Send + Sync {
    /// This estimator's row in the catalogue: its name, module, version and parameters.
    fn entry(&self) -> &'static Entry;

    /// All parameters with their values, children included, as a spec's object.
    fn params(&self) -> Value;

    /// Appends the exact state.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes over a state written by [`save`](Self::save) of the same parameters.
    fn load(&mut self, from: &mut Loader<'_>) -> Result<()>;

    /// Forgets these features: the vocabulary gives their ids to other names.
    fn forget(&mut self, _gone: &[FeatureId]) {}

    /// Visits the learned weights, in a fixed order. Models without weights visit nothing.
    fn weights(&self, _visit: &mut dyn FnMut(WeightKey, f64)) {}

    /// What River shows as an attribute of this name (`n_nodes`, `means`, `n_detections`, …), for
    /// people and for the Python package. `None` for names that there are not.
    fn attribute(&self, _name: &str, _names: &Names<'_>) -> Option<Attribute> {
        None
    }

    /// Puts numbers in the place of what is shown as the attribute `name`: by feature, or one
    /// number without a feature. False, and nothing has changed, where that can't be set.
    fn set_attribute(&mut self, _name: &str, _values: &[(Option<FeatureId>, f64)]) -> bool {
        false
    }

    /// The live child behind a parameter's name (`regressor`), or a pipeline's or union's step by
    /// its number (`0`): so that a part can be looked at, and used, inside of the whole.
    fn child(&mut self, _name: &str) -> Option<Part<'_>> {
        None
    }

    /// Takes the form in which it needs least room, for a time without events. Its state may
    /// change by that, as by an event. False, and nothing has changed, where there is no such form.
    fn rest(&mut self) -> bool {
        false
    }

    /// How what several peers learned becomes one: what the catalogue says, with the parameters as
    /// they are.
    fn merge(&self) -> Merge {
        match self.entry().merge {
            Statement::Stateless => Merge::Stateless,
            Statement::Local(_) => Merge::Approximate,
            Statement::Member(_) => Merge::Member,
            Statement::Sums(..) | Statement::Parts(_) => {
                self.additive().map_or(Merge::Member, Additive::merge)
            }
        }
    }

    /// What was learned as numbers that add up, of estimators that are merged so.
    fn additive(&self) -> Option<&dyn Additive> {
        None
    }

    /// The same, to be changed.
    fn additive_mut(&mut self) -> Option<&mut dyn Additive> {
        None
    }

    /// The estimator itself, for those who know its type and want more of it than these traits.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// This estimator as a spec: its name alone, or its name with its parameters.
    fn spec(&self) -> Value {
        let name = self.entry().name;
        match self.params() {
            Value::Object(map) if map.is_empty() => name.into(),
            params => serde_json::json!({ name: params }),
        }
    }
}

/// Turns features into features.
pub trait Transformer: Estimator {
    /// Learns from the features alone; does nothing for stateless transformers.
    fn learn_one(&mut self, _x: &Features, _cx: &mut Context<'_>) {}

    /// Writes the transformed event into `out`, which arrives empty and leaves sorted.
    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>);
}

/// Predicts one of a set of classes.
pub trait Classifier: Estimator {
    /// True for classifiers that take any number of classes; false for those that know only
    /// 0 = false and 1 = true.
    fn multiclass(&self) -> bool;

    /// Learns from one event of class `y` and weight `w`.
    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>);

    /// Writes a probability per class id into `proba`, which arrives empty. It stays empty while
    /// there is no opinion (River's `{}`); a class without an opinion has `f64::NAN`.
    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>);

    /// True when a label alone comes without probabilities (River's `predict_one` without
    /// `predict_proba_one`): `proba` then holds a 1 at the predicted class.
    fn only_labels(&self) -> bool {
        false
    }
}

/// Predicts a number.
pub trait Regressor: Estimator {
    /// Learns from one event of target `y` and weight `w`.
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>);

    /// The predicted value.
    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64;
}

/// Says how unusual an event is.
pub trait AnomalyDetector: Estimator {
    /// Learns from one event.
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>);

    /// The anomaly score: the higher, the more unusual.
    fn score_one(&self, x: &Features, cx: &mut Context<'_>) -> f64;

    /// What precedes learning: finds whatever is wrong with the event, and gives its score, unless
    /// learning it gives that as well.
    fn before_learning(&self, x: &Features, cx: &mut Context<'_>) -> Option<f64> {
        Some(self.score_one(x, cx))
    }

    /// Learns from one event, and gives the score it had before where one pass gives both.
    fn score_and_learn_one(&mut self, x: &Features, cx: &mut Context<'_>) -> Option<f64> {
        self.learn_one(x, cx);
        None
    }
}

/// Puts events into groups.
pub trait Clusterer: Estimator {
    /// Learns from one event of weight `w`.
    fn learn_one(&mut self, x: &Features, w: f64, cx: &mut Context<'_>);

    /// The number of the group that an event belongs to.
    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> u32;
}

/// Watches a series of numbers for a change of its distribution.
pub trait DriftDetector: Estimator {
    /// Takes the next number of the series.
    fn update(&mut self, x: f64);

    /// True when the last update completed a change.
    fn drift_detected(&self) -> bool;

    /// True when the next update completes no change, whatever its number. Detectors that don't
    /// know say false.
    fn is_quiet(&self) -> bool {
        false
    }

    /// True when the last update made a change likely; detectors without this zone say false.
    fn warning_detected(&self) -> bool {
        false
    }
}

/// A statistic of a series of numbers.
pub trait Univariate: Estimator {
    /// Takes the next number of the series.
    fn update(&mut self, x: f64);

    /// The statistic of what was seen so far; River's start value before anything was seen.
    fn get(&self) -> f64;

    /// Takes the next number with a weight. False, and nothing has changed, for statistics that
    /// know no weights.
    fn update_weighted(&mut self, _x: f64, _w: f64) -> bool {
        false
    }

    /// Takes a number back. False, and nothing has changed, for statistics that can't.
    fn revert(&mut self, _x: f64, _w: f64) -> bool {
        false
    }

    /// Takes a text as the next value. False, and nothing has changed, for statistics of numbers.
    fn update_text(&mut self, _text: &str) -> bool {
        false
    }

    /// The statistic where it is a text.
    fn get_text(&self) -> Option<&str> {
        None
    }

    /// The sum of weights, the mean and the sum of squared distances from it, which make one
    /// statistic of two.
    fn moments(&self) -> Option<[f64; 3]> {
        None
    }

    /// Takes over what [`moments`](Self::moments) gave, or what was made of several.
    fn set_moments(&mut self, _moments: [f64; 3]) {}
}

/// A value that an estimator shows.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the variants say what they hold")]
pub enum Attribute {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Attribute>),
    /// Values by name, such as features.
    Map(Vec<(String, Attribute)>),
    /// Values by class; the model knows the classes' names.
    Classes(Vec<(ClassId, Attribute)>),
    /// Values by values that are no features, such as categories.
    Pairs(Vec<(Attribute, Attribute)>),
}

impl Attribute {
    /// Values by feature.
    pub fn by_feature(
        names: &Names<'_>,
        values: impl Iterator<Item = (FeatureId, Attribute)>,
    ) -> Self {
        Self::Map(values.map(|(id, value)| (names.name(id).to_owned(), value)).collect())
    }

    /// Numbers by feature: those of a vector that `keep` takes.
    pub fn numbers<T: Copy>(
        names: &Names<'_>,
        values: &[T],
        mut keep: impl FnMut(T) -> Option<f64>,
    ) -> Self {
        let kept = values
            .iter()
            .enumerate()
            .filter_map(|(id, &v)| keep(v).map(|number| (id as FeatureId, Self::Float(number))));
        Self::by_feature(names, kept)
    }
}

/// A part of a model, lent.
#[allow(missing_docs, reason = "the variants are the traits of the same names")]
pub enum Part<'a> {
    Transformer(&'a mut dyn Transformer),
    Classifier(&'a mut dyn Classifier),
    Regressor(&'a mut dyn Regressor),
    AnomalyDetector(&'a mut dyn AnomalyDetector),
    Clusterer(&'a mut dyn Clusterer),
    DriftDetector(&'a mut dyn DriftDetector),
    Univariate(&'a mut dyn Univariate),
    Optimizer(&'a mut dyn crate::optim::Optimizer),
    Metric(&'a mut dyn crate::metrics::Metric),
}

impl<'a> Part<'a> {
    /// The part that all kinds share.
    pub fn estimator(self) -> &'a mut dyn Estimator {
        match self {
            Self::Transformer(e) => e,
            Self::Classifier(e) => e,
            Self::Regressor(e) => e,
            Self::AnomalyDetector(e) => e,
            Self::Clusterer(e) => e,
            Self::DriftDetector(e) => e,
            Self::Univariate(e) => e,
            Self::Optimizer(e) => e,
            Self::Metric(e) => e,
        }
    }
}

/// An estimator of any kind: what a spec builds.
pub enum Any {
    /// Features to features.
    Transformer(Box<dyn Transformer>),
    /// Features to classes.
    Classifier(Box<dyn Classifier>),
    /// Features to a number.
    Regressor(Box<dyn Regressor>),
    /// Features to an anomaly score.
    AnomalyDetector(Box<dyn AnomalyDetector>),
    /// Features to the number of a group.
    Clusterer(Box<dyn Clusterer>),
    /// A change detector on a series.
    DriftDetector(Box<dyn DriftDetector>),
    /// A statistic of a series.
    Univariate(Box<dyn Univariate>),
    /// A rule that turns gradients into steps.
    Optimizer(Box<dyn crate::optim::Optimizer>),
    /// A figure of how well predictions fit.
    Metric(Box<dyn crate::metrics::Metric>),
}

impl Any {
    /// This estimator, lent as a part.
    pub fn part(&mut self) -> Part<'_> {
        match self {
            Self::Transformer(e) => Part::Transformer(&mut **e),
            Self::Classifier(e) => Part::Classifier(&mut **e),
            Self::Regressor(e) => Part::Regressor(&mut **e),
            Self::AnomalyDetector(e) => Part::AnomalyDetector(&mut **e),
            Self::Clusterer(e) => Part::Clusterer(&mut **e),
            Self::DriftDetector(e) => Part::DriftDetector(&mut **e),
            Self::Univariate(e) => Part::Univariate(&mut **e),
            Self::Optimizer(e) => Part::Optimizer(&mut **e),
            Self::Metric(e) => Part::Metric(&mut **e),
        }
    }

    /// The transformer that this is, or an error that names what it is instead.
    pub fn into_transformer(self) -> Result<Box<dyn Transformer>> {
        match self {
            Self::Transformer(t) => Ok(t),
            other => Err(crate::Error::new(format!(
                "{} is no transformer, a transformer is wanted here",
                other.estimator().entry().name
            ))),
        }
    }

    /// The part that all kinds share.
    pub fn estimator(&self) -> &dyn Estimator {
        match self {
            Self::Transformer(e) => &**e,
            Self::Classifier(e) => &**e,
            Self::Regressor(e) => &**e,
            Self::AnomalyDetector(e) => &**e,
            Self::Clusterer(e) => &**e,
            Self::DriftDetector(e) => &**e,
            Self::Univariate(e) => &**e,
            Self::Optimizer(e) => &**e,
            Self::Metric(e) => &**e,
        }
    }

    /// The part that all kinds share.
    pub fn estimator_mut(&mut self) -> &mut dyn Estimator {
        match self {
            Self::Transformer(e) => &mut **e,
            Self::Classifier(e) => &mut **e,
            Self::Regressor(e) => &mut **e,
            Self::AnomalyDetector(e) => &mut **e,
            Self::Clusterer(e) => &mut **e,
            Self::DriftDetector(e) => &mut **e,
            Self::Univariate(e) => &mut **e,
            Self::Optimizer(e) => &mut **e,
            Self::Metric(e) => &mut **e,
        }
    }
}
