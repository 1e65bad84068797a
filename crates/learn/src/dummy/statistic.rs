//! `StatisticRegressor`: predicts a statistic of the targets so far. A figure that any regressor
//! must beat.
//!
//! **Shape** any features, which play no part; one number out. **Cost** that of the statistic.
//! **Errors** none.
//!
//! ```
//! use her_learn::dummy::statistic::Params;
//! assert_eq!(Params::default().statistic.0, "Mean");
//! ```
//!
//! **Source** River, `dummy.py`, where the statistic has no default.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Estimator, Regressor, Univariate};
use crate::features::{Context, Features};
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`StatisticRegressor`].
    pub struct Params {
        /// The statistic of the targets that is predicted.
        statistic: Spec = Spec::name("Mean"),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "StatisticRegressor",
    module: "dummy",
    kind: Kind::Regressor,
    version: 1,
    summary: "Predicts a statistic of the targets so far",
    merge: Statement::Parts("the statistic"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!("StatisticRegressor"),
};

/// See the module's documentation.
pub struct StatisticRegressor {
    statistic: Box<dyn Univariate>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    let statistic = builder.univariate(&params.statistic.0).map_err(|e| e.at("statistic"))?;
    Ok(Any::Regressor(Box::new(StatisticRegressor { statistic })))
}

impl Estimator for StatisticRegressor {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        serde_json::json!({ "statistic": self.statistic.spec() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put_child(out, &*self.statistic);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        from.child(&mut *self.statistic)
    }
}

impl StatisticRegressor {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        std::iter::once(&*self.statistic as &dyn Estimator)
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        std::iter::once(&mut *self.statistic as &mut dyn Estimator)
    }
}

by_parts!(StatisticRegressor, parts::merge, Self::parts, Self::parts_mut);

impl Regressor for StatisticRegressor {
    fn learn_one(&mut self, _x: &Features, y: f64, _w: f64, _cx: &mut Context<'_>) {
        self.statistic.update(y);
    }

    fn predict_one(&self, _x: &Features, _cx: &mut Context<'_>) -> f64 {
        self.statistic.get()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

    mod greatest {
        use super::*;

        crate::params! {
            /// None.
            pub struct Params {}
        }

        #[derive(Serialize, Deserialize)]
        struct State {
            greatest: f64,
        }

        pub struct Greatest {
            params: Params,
            state: State,
        }

        crate::estimator! {
            Greatest in "tests" as Univariate, version 1, name "Greatest", "The greatest number",
            merge = member "a statistic of tests",
        }

        impl Greatest {
            #[allow(clippy::unnecessary_wraps, reason = "what the catalogue builds with")]
            pub fn new(params: Params) -> Result<Self> {
                Ok(Self { params, state: State { greatest: -1e9 } })
            }
        }

        impl Univariate for Greatest {
            fn update(&mut self, x: f64) {
                self.state.greatest = self.state.greatest.max(x);
            }

            fn get(&self) -> f64 {
                self.state.greatest
            }
        }

        pub const ENTRIES: &[Entry] = &[Greatest::ENTRY];
    }

    #[test]
    fn the_statistic_is_predicted_before_and_after_loading() {
        let catalog = Catalog::builtin().with(greatest::ENTRIES);
        let spec = json!({"StatisticRegressor": {"statistic": "Greatest"}});
        let mut model = Model::new(&spec, &catalog).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let x = Row::from_json(&json!({"a": "any text"})).unwrap();
        for (y, before) in [(3.0, -1e9), (7.0, 3.0), (5.0, 7.0)] {
            model.step(&x, &Target::Number(y), 1.0, &mut p, &mut s).unwrap();
            assert_eq!(p.value, Some(before));
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        assert_eq!(model.spec(), &spec);
        let wrong = json!({"StatisticRegressor": {"statistic": "StandardScaler"}});
        let error = Model::new(&wrong, &catalog).unwrap_err().to_string();
        assert!(error.contains("StatisticRegressor.statistic: StandardScaler is no"), "{error}");
    }
}
