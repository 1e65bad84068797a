//! `TargetStandardScaler`: targets become zero mean and unit variance for a regressor.
//!
//! The regressor learns `z = (y − mean) / √variance` of the target, with running statistics of the
//! sample (`ddof` 1) that take `y` first, and its prediction is turned back. 0 is learned while the
//! variance is 0.
//!
//! **Shape** any features in; a number out. **Cost** 24 bytes and one square root beside the
//! regressor. **Errors** those of the regressor.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let scaled = json!({"TargetStandardScaler": {"regressor": "LinearRegression"}});
//! let spec = json!(["StandardScaler", scaled]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..700 {
//!     let x = Row::from_json(&json!({"a": i % 7}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7) * 1e9), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 6e9).abs() < 1e9);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale_target.py`. A weight goes to the regressor; the
//! statistics take every target alike.

use serde::{Deserialize, Serialize};

use super::target::{Scale, Scaled};
use crate::catalog::{Entry, Kind};
use crate::estimator::Any;
use crate::merge::{Gather, Spread, Statement};
use crate::params::{self, Spec};
use crate::stats::var;

crate::params! {
    /// Parameters of [`TargetStandardScaler`].
    pub struct Params {
        /// The regressor that learns the scaled targets.
        regressor: Spec = Spec::name("LinearRegression"),
    }
}

/// The mean and the variance of the targets.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Targets(var::State);

/// See the module's documentation.
pub type TargetStandardScaler = Scaled<Targets>;

impl Scaled<Targets> {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "TargetStandardScaler",
        module: "preprocessing",
        kind: Kind::Regressor,
        version: 1,
        summary: "Targets become zero mean and unit variance for a regressor",
        merge: Statement::Parts("the target's moments and the regressor"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |value, builder| {
            let params: Params = params::read(value)?;
            Ok(Any::Regressor(Box::new(Self::new(&params.regressor, builder)?)))
        },
        example: || serde_json::json!({"TargetStandardScaler": {"regressor": "LinearRegression"}}),
    };
}

impl Scale for Targets {
    const ENTRY: &'static Entry = &TargetStandardScaler::ENTRY;
    const ADDS_UP: bool = true;

    fn update(&mut self, y: f64) {
        self.0.update_weighted(y, 1.0);
    }

    fn scale(&self, y: f64) -> f64 {
        let std = self.0.get(1).sqrt();
        if std == 0.0 { 0.0 } else { (y - self.0.mean.get()) / std }
    }

    fn unscale(&self, z: f64) -> f64 {
        z * self.0.get(1).sqrt() + self.0.mean.get()
    }

    fn sums(&self, out: &mut Gather<'_>) {
        self.0.sums(out);
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.0 = var::State::of_sums(from);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn river() {
        super::super::target::check(
            &json!(["StandardScaler", {"TargetStandardScaler": {
                "regressor": {"LinearRegression": {"intercept_lr": 0.15}}
            }}]),
            &[
                0.0,
                100.0,
                102.05,
                106.59980369308578,
                104.70890994809923,
                106.47169112039359,
                103.22114994627692,
                104.24804454230929,
                106.01539542298404,
                105.39218124324839,
                104.48203183910238,
                103.17592659243384,
            ],
        );
    }
}
