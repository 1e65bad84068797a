//! `EWARegressor`: different regressors, weighted by how little they have lost.
//!
//! Every regressor has a weight, at first 1. An event multiplies it by `exp(−learning_rate · loss)`
//! of what that regressor predicted; then the weights are made to add up to 1. The prediction is
//! the weighted sum.
//!
//! **Shape** what all regressors take. **Cost** that of the regressors, which predict twice.
//! **Errors** those of the regressors, fewer than two, and a loss that is not one of numbers.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let faster = json!({"LinearRegression": {"optimizer": {"SGD": {"lr": 0.1}}}});
//! let models = json!(["LinearRegression", faster]);
//! let spec = json!({"EWARegressor": {"models": models}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut error) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..300 {
//!     let x = f64::from(i * 37 % 100) / 50.0 - 1.0;
//!     let row = Row::from_json(&json!({"x": x}))?;
//!     model.step(&row, &Target::Number(2.0 * x), 1.0, &mut p, &mut s)?;
//!     error += (p.value.unwrap_or(0.0) - 2.0 * x).abs() / 300.0;
//! }
//! assert!(error < 0.2, "{error}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Kivinen, J., Warmuth, M.K., 1997. Exponentiated gradient versus gradient descent for
//! linear predictors, Information and Computation 132. River, `ensemble/ewa.py`.

use serde_json::Value;

use super::members::Members;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, Attribute, Estimator, Part, Regressor};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;
use crate::merge::Statement;
use crate::optim::Loss;
use crate::params::{self, Spec, check_range};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`EWARegressor`].
    pub struct Params {
        /// The regressors, 2 to 1,000.
        models: Vec<Spec> = Vec::new(),
        /// The loss by which regressors lose weight.
        loss: Loss = Loss::Squared {},
        /// How fast they lose it, from 0 on.
        learning_rate: f64 = 0.5,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "EWARegressor",
    module: "ensemble",
    kind: Kind::Regressor,
    version: 1,
    summary: "Different regressors, weighted by how little they have lost",
    merge: Statement::Member("weights go by a peer's own losses"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        let models = serde_json::json!(["LinearRegression", "PARegressor"]);
        serde_json::json!(["StandardScaler", {"EWARegressor": {"models": models}}])
    },
};

/// See the module's documentation.
pub struct EWARegressor {
    params: Params,
    members: Members<Box<dyn Regressor>>,
    weights: Vec<f64>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    check_range("learning_rate", params.learning_rate, 0.0, f64::MAX)?;
    if params.loss.is_binary() || params.loss.is_multiclass() {
        let loss = &params.loss;
        return Err(Error::new(format!("loss must be a regression one, got {loss:?}")));
    }
    let members = Members::of(&mut params.models, builder)?;
    let weights = vec![1.0; members.0.len()];
    Ok(Any::Regressor(Box::new(EWARegressor { params, members, weights })))
}

impl Estimator for EWARegressor {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        for weight in &self.weights {
            saved::put(out, weight);
        }
        self.members.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        for weight in &mut self.weights {
            *weight = from.get()?;
        }
        self.members.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.members.child(name)
    }

    fn attribute(&self, name: &str, _names: &Names<'_>) -> Option<Attribute> {
        let weights = || self.weights.iter().copied().map(Attribute::Float).collect();
        (name == "weights").then(|| Attribute::List(weights()))
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
    }
}

impl Regressor for EWARegressor {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let mut total = 0.0;
        for (member, weight) in self.members.0.iter_mut().zip(&mut self.weights) {
            let loss = self.params.loss.value(y, member.predict_one(x, cx));
            *weight *= math::exp(-self.params.learning_rate * loss * w);
            total += *weight;
            member.learn_one(x, y, w, cx);
        }
        if total > 0.0 {
            for weight in &mut self.weights {
                *weight /= total;
            }
        }
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let members = self.members.0.iter().zip(&self.weights);
        members.map(|(member, weight)| member.predict_one(x, cx) * weight).sum()
    }
}
