//! `PredClipper`: a regressor whose predictions stay between two numbers.
//!
//! It learns as the regressor does; what it predicts is limited to `y_min` and `y_max`.
//!
//! **Shape** any features in; a number from `y_min` to `y_max` out. **Cost** two comparisons beside
//! the regressor. **Errors** those of the regressor.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"PredClipper": {"regressor": "LinearRegression", "y_min": 0, "y_max": 9}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..100 {
//!     let x = Row::from_json(&json!({"a": i % 7}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! model.predict(&Row::from_json(&json!({"a": 1e6}))?, &mut p, &mut s)?;
//! assert_eq!(p.value, Some(9.0));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/pred_clipper.py`.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, Estimator, Regressor, WeightKey};
use crate::features::{Context, FeatureId, Features};
use crate::math;
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`PredClipper`].
    pub struct Params {
        /// The regressor whose predictions are limited.
        regressor: Spec = Spec::name("LinearRegression"),
        /// The smallest prediction; `null` for no limit. River has no default here.
        y_min: Option<f64> = None,
        /// The largest prediction; `null` for no limit. River has no default here.
        y_max: Option<f64> = None,
    }
}

/// See the module's documentation.
pub struct PredClipper {
    params: Params,
    regressor: Box<dyn Regressor>,
}

impl PredClipper {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "PredClipper",
        module: "preprocessing",
        kind: Kind::Regressor,
        version: 1,
        summary: "A regressor whose predictions stay between two numbers",
        merge: Statement::Parts("the regressor"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |value, builder| {
            Ok(Any::Regressor(Box::new(Self::new(params::read(value)?, builder)?)))
        },
        example: || {
            serde_json::json!({"PredClipper": {
                "regressor": "LinearRegression", "y_min": -100, "y_max": 100
            }})
        },
    };

    /// A regressor that has learned nothing.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        if let (Some(low), Some(high)) = (params.y_min, params.y_max)
            && low > high
        {
            return Err(Error::new(format!("y_min must not exceed y_max, got {low} and {high}")));
        }
        let regressor = builder.regressor(&params.regressor.0).map_err(|e| e.at("regressor"))?;
        Ok(Self { params, regressor })
    }
}

impl Estimator for PredClipper {
    fn entry(&self) -> &'static Entry {
        &Self::ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        params::write(&Params { regressor: Spec(self.regressor.spec()), ..self.params.clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put_child(out, &*self.regressor);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        from.child(&mut *self.regressor)
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.regressor.forget(gone);
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        self.regressor.weights(visit);
    }
}

impl PredClipper {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        std::iter::once(&*self.regressor as &dyn Estimator)
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        std::iter::once(&mut *self.regressor as &mut dyn Estimator)
    }
}

by_parts!(PredClipper, parts::merge, Self::parts, Self::parts_mut);

impl Regressor for PredClipper {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.regressor.learn_one(x, y, w, cx);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let low = self.params.y_min.unwrap_or(f64::NEG_INFINITY);
        let high = self.params.y_max.unwrap_or(f64::INFINITY);
        math::clamp(self.regressor.predict_one(x, cx), low, high)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::refusal;

    #[test]
    fn river() {
        super::super::target::check(
            &json!({"PredClipper": {"regressor": "LinearRegression", "y_min": 2, "y_max": 50}}),
            &[
                2.0,
                2.0,
                32.3,
                24.997999999999998,
                42.50216,
                40.568116800000006,
                50.0,
                50.0,
                29.094892230976,
                50.0,
                41.817811705756725,
                50.0,
            ],
        );
    }

    #[test]
    fn refuses_limits_out_of_order() {
        assert_eq!(
            refusal(&json!({"PredClipper": {"y_min": 2, "y_max": 1}})),
            "PredClipper: y_min must not exceed y_max, got 2 and 1"
        );
    }
}
