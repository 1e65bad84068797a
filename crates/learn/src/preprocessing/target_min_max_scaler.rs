//! `TargetMinMaxScaler`: targets become 0 to 1 for a regressor.
//!
//! The regressor learns `z = (y − min) / (max − min)`, with the smallest and the largest target so
//! far, `y` included, and its prediction is turned back. 0 is learned while there is one target.
//!
//! **Shape** any features in; a number out. **Cost** 16 bytes and one division beside the
//! regressor. **Errors** those of the regressor.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let scaled = json!({"TargetMinMaxScaler": {"regressor": "LinearRegression"}});
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
use crate::merge::Statement;
use crate::params::{self, Spec};
use crate::stats::Range;

crate::params! {
    /// Parameters of [`TargetMinMaxScaler`].
    pub struct Params {
        /// The regressor that learns the scaled targets.
        regressor: Spec = Spec::name("LinearRegression"),
    }
}

/// The smallest and the largest target.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Targets(Range);

/// See the module's documentation.
pub type TargetMinMaxScaler = Scaled<Targets>;

impl Scaled<Targets> {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "TargetMinMaxScaler",
        module: "preprocessing",
        kind: Kind::Regressor,
        version: 1,
        summary: "Targets become 0 to 1 for a regressor",
        merge: Statement::Member("a smallest and a largest value are no sums"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |value, builder| {
            let params: Params = params::read(value)?;
            Ok(Any::Regressor(Box::new(Self::new(&params.regressor, builder)?)))
        },
        example: || serde_json::json!({"TargetMinMaxScaler": {"regressor": "LinearRegression"}}),
    };
}

impl Scale for Targets {
    const ENTRY: &'static Entry = &TargetMinMaxScaler::ENTRY;
    const ADDS_UP: bool = false;

    fn update(&mut self, y: f64) {
        self.0.update(y);
    }

    fn scale(&self, y: f64) -> f64 {
        let width = self.0.high - self.0.low;
        if width == 0.0 { 0.0 } else { (y - self.0.low) / width }
    }

    fn unscale(&self, z: f64) -> f64 {
        if self.0.low > self.0.high { z } else { z * (self.0.high - self.0.low) + self.0.low }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn river() {
        super::super::target::check(
            &json!(["StandardScaler", {"TargetMinMaxScaler": {
                "regressor": {"LinearRegression": {"intercept_lr": 0.15}}
            }}]),
            &[
                0.0,
                100.0,
                101.1,
                104.66142924255944,
                104.17642498318862,
                105.23252074050825,
                102.43770365693274,
                103.9486541668849,
                104.53147977187442,
                105.55502482712066,
                103.44813873532429,
                103.32974497563006,
            ],
        );
    }
}
