//! `Normalizer`: each event is divided by its norm.
//!
//! `z = x / (Σ |x|^order)^(1/order)` over the event's numbers; of order 0 the norm is how many of
//! them are not 0. An event whose norm is 0 becomes zeros.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** no state; one
//! division a number, and one power when `order` is neither 0, 1 nor 2. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["Normalizer", "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 1..500 {
//!     let x = Row::from_json(&json!({"a": 3 * i, "b": 4 * i}))?;
//!     model.step(&x, &Target::Number(7.0), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 7.0).abs() < 0.1);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`; unlike River, which fails on a norm of 0.

use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, Features};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`Normalizer`].
    pub struct Params {
        /// Order of the norm, from 0 to 1000: 1 adds absolute values, 2 is the usual length.
        order: f64 = 2.0,
    }
}

/// See the module's documentation.
pub struct Normalizer {
    params: Params,
    state: (),
}

crate::estimator! {
    Normalizer in "preprocessing" as Transformer, version 1, name "Normalizer",
    "Each event is divided by its norm",
    merge = stateless,
}

impl Normalizer {
    /// A normalizer; it has nothing to learn.
    pub fn new(params: Params) -> Result<Self> {
        check_range("order", params.order, 0.0, 1000.0)?;
        Ok(Self { params, state: () })
    }

    fn norm(&self, x: &[f64]) -> f64 {
        let order = self.params.order;
        if order == 2.0 {
            math::dot(x, x).sqrt()
        } else if order == 1.0 {
            x.iter().map(|v| v.abs()).sum()
        } else if order == 0.0 {
            x.iter().filter(|&&v| v != 0.0).count() as f64
        } else {
            let sum: f64 = x.iter().map(|v| math::pow(v.abs(), order)).sum();
            math::pow(sum, 1.0 / order)
        }
    }
}

impl Transformer for Normalizer {
    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let norm = self.norm(x.values());
        let z = out.same_ids(x);
        if norm > 0.0 {
            for (z, v) in z.iter_mut().zip(x.values()) {
                *z = v / norm;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{Bench, check, rows};

    #[test]
    fn river() {
        check(
            &json!("Normalizer"),
            &rows(),
            &[
                json!({"a": 0.9615239476408232, "b": -0.27472112789737807}),
                json!({
                    "a": -0.1152857439776791, "b": 0.36891438072857313,
                    "c": 0.9222859518214328
                }),
                json!({"a": 0.0, "c": 1.0}),
                json!({
                    "a": 0.813733471206735, "b": 0.46499055497527714,
                    "c": -0.34874291623145787
                }),
                json!({"a": 0.9615239476408232, "b": 0.27472112789737807}),
                json!({
                    "a": -0.4895354638983791, "b": 0.05439282932204212,
                    "c": 0.8702852691526739
                }),
                json!({
                    "a": 0.19611613513818404, "b": -0.5883484054145521,
                    "c": 0.7844645405527362
                }),
                json!({
                    "a": 0.9656401783216277, "b": 0.24654642850764963,
                    "c": 0.08218214283588321
                }),
            ],
        );
        check(
            &json!({"Normalizer": {"order": 1}}),
            &rows(),
            &[
                json!({"a": 0.7777777777777778, "b": -0.2222222222222222}),
                json!({
                    "a": -0.08196721311475409, "b": 0.26229508196721313,
                    "c": 0.6557377049180327
                }),
                json!({"a": 0.0, "c": 1.0}),
                json!({"a": 0.5, "b": 0.2857142857142857, "c": -0.21428571428571427}),
                json!({"a": 0.7777777777777778, "b": 0.2222222222222222}),
                json!({
                    "a": -0.34615384615384615, "b": 0.038461538461538464,
                    "c": 0.6153846153846154
                }),
                json!({"a": 0.125, "b": -0.375, "c": 0.5}),
                json!({"a": 0.746031746031746, "b": 0.19047619047619047, "c": 0.06349206349206349}),
            ],
        );
        check(
            &json!({"Normalizer": {"order": 3}}),
            &rows(),
            &[
                json!({"a": 0.9923441973269771, "b": -0.2835269135219935}),
                json!({"a": -0.1223669054622495, "b": 0.3915740974791984, "c": 0.978935243697996}),
                json!({"a": 0.0, "c": 1.0}),
                json!({"a": 0.9245593540441741, "b": 0.5283196308823852, "c": -0.3962397231617889}),
                json!({"a": 0.9923441973269771, "b": 0.2835269135219935}),
                json!({
                    "a": -0.5325741344884466, "b": 0.05917490383204962,
                    "c": 0.9467984613127939
                }),
                json!({"a": 0.22151546799151525, "b": -0.6645464039745458, "c": 0.886061871966061}),
                json!({"a": 0.9943119450938598, "b": 0.2538668795984323, "c": 0.08462229319947744}),
            ],
        );
        check(
            &json!({"Normalizer": {"order": 0}}),
            &rows(),
            &[
                json!({"a": 1.75, "b": -0.5}),
                json!({"a": -0.4166666666666667, "b": 1.3333333333333333, "c": 3.3333333333333335}),
                json!({"a": 0.0, "c": 2.5}),
                json!({"a": 2.3333333333333335, "b": 1.3333333333333333, "c": -1.0}),
                json!({"a": 3.5, "b": 1.0}),
                json!({"a": -1.5, "b": 0.16666666666666666, "c": 2.6666666666666665}),
                json!({"a": 0.6666666666666666, "b": -2.0, "c": 2.6666666666666665}),
                json!({"a": 3.9166666666666665, "b": 1.0, "c": 0.3333333333333333}),
            ],
        );
    }

    #[test]
    fn zeros_stay_zeros() {
        let mut bench = Bench::new(&json!("Normalizer"));
        assert_eq!(bench.transform(&json!({"a": 0, "b": 0})), json!({"a": 0.0, "b": 0.0}));
    }
}
