//! `RobustScaler`: centred by the median, divided by the distance between two quantiles.
//!
//! `z = (x − median) / (upper − lower quantile)`, each a running
//! [`Quantile`](crate::stats::Quantile) of the feature: outliers move them little. A feature that
//! was never learned from, or whose quantiles are equal, becomes 0.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 384 bytes a feature;
//! up to nine parabolas a number. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["RobustScaler", "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..500 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1e6}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 2.0).abs() < 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`.

use serde::{Deserialize, Serialize};

use super::{map_slots, update_slots};
use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features, Slots};
use crate::stats::{P2, check_quantiles};

crate::params! {
    /// Parameters of [`RobustScaler`].
    pub struct Params {
        /// Whether to take the median off.
        with_centering: bool = true,
        /// Whether to divide by the distance between the quantiles.
        with_scaling: bool = true,
        /// The lower quantile, from 0 to 1.
        q_inf: f64 = 0.25,
        /// The upper quantile, from 0 to 1, above `q_inf`.
        q_sup: f64 = 0.75,
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Quantiles {
    median: P2,
    lower: P2,
    upper: P2,
}

/// See the module's documentation.
pub struct RobustScaler {
    params: Params,
    state: Slots<Quantiles>,
}

crate::estimator! {
    RobustScaler in "preprocessing" as Transformer, version 1, name "RobustScaler",
    "Centred by the median, divided by the distance between two quantiles",
    forget = |state: &mut Slots<Quantiles>, gone: &[FeatureId]| state.forget(gone),
    merge = member "quantiles are no sums",
}

impl RobustScaler {
    /// A scaler that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_quantiles(params.q_inf, params.q_sup)?;
        Ok(Self { params, state: Slots::default() })
    }
}

impl Transformer for RobustScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let Params { with_centering, with_scaling, q_inf, q_sup } = self.params;
        update_slots(&mut self.state, x, |q, v| {
            if with_centering {
                q.median.update(v, 0.5);
            }
            if with_scaling {
                q.lower.update(v, q_inf);
                q.upper.update(v, q_sup);
            }
        });
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let Params { with_centering, with_scaling, q_inf, q_sup } = self.params;
        map_slots(&self.state, x, out, |q, v| {
            let median = if with_centering { q.median.get(0.5) } else { 0.0 };
            let centred = if median.is_nan() { v } else { v - median };
            if !with_scaling {
                return centred;
            }
            let distance = q.upper.get(q_sup) - q.lower.get(q_inf);
            if distance == 0.0 || distance.is_nan() { 0.0 } else { centred / distance }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{Bench, check, rows};

    #[test]
    fn river() {
        check(
            &json!("RobustScaler"),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -1.0, "b": 0.0, "c": 0.0}),
                json!({"a": 0.0, "c": -1.0}),
                json!({"a": 0.5, "b": 0.0, "c": -0.4230769230769231}),
                json!({"a": 0.5, "b": -1.0}),
                json!({"a": -2.4827586206896552, "b": -0.42857142857142855, "c": 0.0}),
                json!({"a": 0.2586206896551724, "b": -3.891891891891892, "c": 0.0}),
                json!({"a": 3.2844827586206895, "b": 0.3103448275862069, "c": -2.290909090909091}),
            ],
        );
        check(
            &json!({"RobustScaler": {"with_centering": false, "q_inf": 0.1}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -0.2631578947368421, "b": 0.8, "c": 0.0}),
                json!({"a": 0.0, "c": 0.3333333333333333}),
                json!({"a": 0.8484848484848485, "b": 0.8, "c": -0.23076923076923078}),
                json!({"a": 0.8484848484848485, "b": 0.4}),
                json!({"a": -1.3965517241379313, "b": 0.1, "c": 0.6153846153846154}),
                json!({"a": 0.6206896551724138, "b": -2.9189189189189193, "c": 0.7272727272727273}),
                json!({"a": 3.6465517241379315, "b": 0.9310344827586208, "c": 0.32727272727272727}),
            ],
        );
        check(
            &json!({"RobustScaler": {"with_scaling": false}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -4.75, "b": 0.0, "c": 0.0}),
                json!({"a": 0.0, "c": -7.5}),
                json!({"a": 3.5, "b": 0.0, "c": -5.5}),
                json!({"a": 3.5, "b": -2.0}),
                json!({"a": -8.0, "b": -1.5, "c": 0.0}),
                json!({"a": 0.833333333333333, "b": -8.0, "c": 0.0}),
                json!({"a": 10.583333333333332, "b": 1.0, "c": -7.0}),
            ],
        );
    }

    #[test]
    fn what_was_never_learned_becomes_0_or_stays() {
        let mut bench = Bench::new(&json!("RobustScaler"));
        bench.learn(&json!({"a": 1}));
        assert_eq!(bench.transform(&json!({"z": 9})), json!({"z": 0.0}));
        let mut bench = Bench::new(&json!({"RobustScaler": {"with_scaling": false}}));
        bench.learn(&json!({"a": 1}));
        assert_eq!(bench.transform(&json!({"a": 3, "z": 9})), json!({"a": 2.0, "z": 9.0}));
        bench.forget(&["a"]);
        assert_eq!(bench.transform(&json!({"a": 3})), json!({"a": 3.0}));
    }
}
