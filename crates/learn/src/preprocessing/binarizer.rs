//! `Binarizer`: 1 above a threshold, 0 elsewhere.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** no state; one
//! comparison a number. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"Binarizer": {"threshold": 1.5}}, "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..999 {
//!     let x = Row::from_json(&json!({"a": i % 4}))?;
//!     model.step(&x, &Target::Bool(i % 4 > 1), 1.0, &mut p, &mut s)?;
//! }
//! assert!(p.positive() > 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, Features};
use crate::params::check_range;

/// A type of Python's. Here there is one kind of number, so that all three mean 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are Python's names")]
pub enum Dtype {
    Bool,
    Int,
    Float,
}

crate::params! {
    /// Parameters of [`Binarizer`].
    pub struct Params {
        /// Numbers above it become 1, the others 0.
        threshold: f64 = 0.0,
        /// `bool`, `int` or `float`, as in River's spec; all give 0 and 1.
        dtype: Dtype = Dtype::Bool,
    }
}

/// See the module's documentation.
pub struct Binarizer {
    params: Params,
    state: (),
}

crate::estimator! {
    Binarizer in "preprocessing" as Transformer, version 1, name "Binarizer",
    "1 above a threshold, 0 elsewhere",
    merge = stateless,
}

impl Binarizer {
    /// A binarizer; it has nothing to learn.
    pub fn new(params: Params) -> Result<Self> {
        check_range("threshold", params.threshold, f64::MIN, f64::MAX)?;
        Ok(Self { params, state: () })
    }
}

impl Transformer for Binarizer {
    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        for (z, &v) in out.same_ids(x).iter_mut().zip(x.values()) {
            *z = f64::from(v > self.params.threshold);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{check, rows};

    #[test]
    fn river() {
        check(
            &json!("Binarizer"),
            &rows(),
            &[
                json!({"a": 1.0, "b": 0.0}),
                json!({"a": 0.0, "b": 1.0, "c": 1.0}),
                json!({"a": 0.0, "c": 1.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
                json!({"a": 1.0, "b": 1.0}),
                json!({"a": 0.0, "b": 1.0, "c": 1.0}),
                json!({"a": 1.0, "b": 0.0, "c": 1.0}),
                json!({"a": 1.0, "b": 1.0, "c": 1.0}),
            ],
        );
        check(
            &json!({"Binarizer": {"threshold": 2, "dtype": "int"}}),
            &rows(),
            &[
                json!({"a": 1.0, "b": 0.0}),
                json!({"a": 0.0, "b": 1.0, "c": 1.0}),
                json!({"a": 0.0, "c": 1.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
                json!({"a": 1.0, "b": 0.0}),
                json!({"a": 0.0, "b": 0.0, "c": 1.0}),
                json!({"a": 0.0, "b": 0.0, "c": 1.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
            ],
        );
    }
}
