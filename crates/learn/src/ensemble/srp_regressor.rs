//! `SRPRegressor`: streaming random patches. Regressors that see some features of some events,
//! and begin anew when what one predicts changes.
//!
//! Every member has a subspace, drawn from the features of the first event, and learns an event
//! `k` times, with `k` from a Poisson distribution of mean `lam`. Its prediction, or its absolute
//! error, goes to two detectors: a warning starts another regressor behind it, on another
//! subspace; a change puts that one in its place. The members' mean or median is predicted. Means
//! may be weighted by the member's `metric`, or where a small one is good by how far it lies below
//! the largest; when all weights are 0, so is the prediction. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** up to `2·n_models` regressors, each learning `lam`
//! times an event on average; a member predicts three times. **Errors** those of the members, and
//! a metric of classes.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"SRPRegressor": {"model": "LinearRegression", "n_models": 3, "seed": 42}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut error) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..600 {
//!     let (a, b, c) = (i * 37 % 100, i * 71 % 100, i * 53 % 100);
//!     let [a, b, c] = [a, b, c].map(|v| f64::from(v) / 50.0 - 1.0);
//!     let y = a + b + c;
//!     let x = Row::from_json(&json!({"a": a, "b": b, "c": c}))?;
//!     model.step(&x, &Target::Number(y), 1.0, &mut p, &mut s)?;
//!     error += (p.value.unwrap_or(0.0) - y).abs() / 600.0;
//! }
//! assert!(error < 0.5, "{error}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gomes, H.M., Montiel, J., Mastelini, S.M., Pfahringer, B., Bifet, A., 2020. On
//! ensemble techniques for data stream regression, IJCNN. River,
//! `ensemble/streaming_random_patches.py`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::patches::{DisableDetector, Patched, Patches, Settings, TrainingMethod, adwin};
use super::subspaces::SubspaceSize;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, Estimator, Part, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::merge::Statement;
use crate::metrics::Observation;
use crate::parallel::numbers;
use crate::params::{self, Spec};
use crate::saved::Loader;

/// What the detectors follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftDetectionCriteria {
    /// The absolute error.
    Error,
    /// The predicted value.
    Prediction,
}

/// What is made of the members' predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants are the statistics of these names")]
pub enum AggregationMethod {
    Mean,
    Median,
}

crate::params! {
    /// Parameters of [`SRPRegressor`].
    pub struct Params {
        /// The regressor to make members of; any spec, pipelines too.
        model: Spec = Spec(serde_json::json!(
            {"HoeffdingTreeRegressor": {"grace_period": 50, "delta": 0.01}}
        )),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// How many features a member sees: a number from 2 on, a fraction, sqrt or rmsqrt.
        subspace_size: SubspaceSize = SubspaceSize::Share(0.6),
        /// What members are trained on: subspaces, resampling or patches.
        training_method: TrainingMethod = TrainingMethod::Patches,
        /// How often a member learns an event on average, 0 to 100; subspaces are learned once.
        lam: f64 = 6.0,
        /// The detector of changes.
        drift_detector: Spec = adwin(1e-5),
        /// The detector whose changes are warnings.
        warning_detector: Spec = adwin(1e-4),
        /// Which detectors are left out: off, drift (both) or warning.
        disable_detector: DisableDetector = DisableDetector::Off,
        /// True when all predictions weigh the same; medians are never weighted.
        disable_weighted_vote: bool = true,
        /// What the detectors follow: prediction, which gives River's numbers, or error.
        drift_detection_criteria: DriftDetectionCriteria = DriftDetectionCriteria::Prediction,
        /// What is made of the members' predictions: mean or median.
        aggregation_method: AggregationMethod = AggregationMethod::Mean,
        /// Fixes subspaces and how often members learn; as 0 when left out.
        seed: Option<u32> = None,
        /// The metric of each member by which its prediction may be weighted.
        metric: Spec = Spec::name("MAE"),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "SRPRegressor",
    module: "ensemble",
    kind: Kind::Regressor,
    version: 1,
    summary: "Regressors that see some features of some events, and begin anew after changes",
    merge: Statement::Member("subspaces are drawn by a peer's own chance"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        let model = serde_json::json!(["StandardScaler", "LinearRegression"]);
        serde_json::json!({"SRPRegressor": {"model": model, "n_models": 3, "seed": 42}})
    },
};

/// See the module's documentation.
pub struct SRPRegressor {
    params: Params,
    patches: Patches<Box<dyn Regressor>>,
}

impl Patched for Box<dyn Regressor> {
    type Target = f64;

    fn learn(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
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
    let patches = Patches::new(&settings, true, builder)?;
    Ok(Any::Regressor(Box::new(SRPRegressor { params, patches })))
}

impl SRPRegressor {
    /// The mean of the members' predictions, weighted if that is wanted.
    fn mean(&self, predictions: &[f64], cx: &mut Context<'_>) -> f64 {
        if self.params.disable_weighted_vote {
            return predictions.iter().sum::<f64>() / predictions.len() as f64;
        }
        let mut weights = cx.take_floats();
        let members = &self.patches.members;
        weights.extend(members.iter().map(|member| member.front.metric.get().max(0.0)));
        if members.first().is_some_and(|member| !member.front.metric.bigger_is_better()) {
            let largest = weights.iter().copied().fold(0.0, f64::max);
            for weight in &mut weights {
                *weight = largest - *weight;
            }
        }
        let total: f64 = weights.iter().sum();
        let sum: f64 = predictions.iter().zip(&weights).map(|(p, weight)| p * weight).sum();
        cx.give_floats(weights);
        if total == 0.0 { 0.0 } else { sum / total }
    }
}

impl Estimator for SRPRegressor {
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

impl Regressor for SRPRegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let criteria = self.params.drift_detection_criteria;
        self.patches.turns(
            (x, y, w),
            cx,
            |front, seen, cx| {
                let predicted = front.model.predict_one(seen, cx);
                front.metric.update(Observation::Value { y, predicted }, w);
            },
            |model, seen, cx| match criteria {
                DriftDetectionCriteria::Error => (model.predict_one(seen, cx) - y).abs(),
                DriftDetectionCriteria::Prediction => model.predict_one(seen, cx),
            },
        );
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        if self.patches.members.is_empty() || x.texts().next().is_some() {
            // What members refuse is refused in every subspace.
            self.patches.model.first().predict_one(x, cx);
        }
        if self.patches.members.is_empty() {
            return 0.0;
        }
        let mut predictions = cx.take_floats();
        let Patches { members, together, .. } = &self.patches;
        numbers(together, members, &mut predictions, cx, |member, cx| {
            let mut seen = cx.take();
            member.front.see(x, &mut seen);
            let predicted = member.front.model.predict_one(&seen, cx);
            cx.give(seen);
            predicted
        });
        let value = match self.params.aggregation_method {
            AggregationMethod::Mean => self.mean(&predictions, cx),
            AggregationMethod::Median => median(&mut predictions),
        };
        cx.give_floats(predictions);
        value
    }
}

/// The median of at least one number.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        numbers[half]
    } else {
        f64::midpoint(numbers[half - 1], numbers[half])
    }
}
