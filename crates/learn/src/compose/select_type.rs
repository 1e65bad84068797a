//! `SelectType`: keeps the features of the named types: numbers, texts, or both.
//!
//! Booleans are the numbers 0 and 1.
//!
//! **Shape** any features in; those of `types` out. **Cost** a copy. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([
//!     {"TransformerUnion": [
//!         [{"SelectType": {"types": ["number"]}}, "StandardScaler"],
//!         [{"SelectType": {"types": ["text"]}}, "BagOfWords"],
//!     ]},
//!     "LogisticRegression",
//! ]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! let x = Row::from_json(&json!({"amount": 12.5, "shop": "Delft station"}))?;
//! model.step(&x, &Target::Bool(true), 1.0, &mut p, &mut s)?;
//! assert!(model.names().find("station").is_some());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/select.py`, where types are Python's.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::Transformer;
use crate::features::{Context, Features};

/// What a feature may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// A number or a boolean.
    Number,
    /// A text.
    #[serde(alias = "string")]
    Text,
}

crate::params! {
    /// Parameters of [`SelectType`].
    pub struct Params {
        /// What to keep: `"number"`, `"text"`.
        types: Vec<Type> = Vec::new(),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {}

/// See the module's documentation.
pub struct SelectType {
    params: Params,
    state: State,
}

crate::estimator! {
    SelectType in "compose" as Transformer, version 1, name "SelectType",
    "Keeps the features of the named types",
    example = serde_json::json!({"SelectType": {"types": ["number"]}}),
    merge = stateless,
}

impl SelectType {
    /// A selection by types.
    pub fn new(params: Params) -> Result<Self> {
        if params.types.is_empty() {
            return Err(Error::new("types is empty: say \"number\", \"text\" or both"));
        }
        Ok(Self { params, state: State::default() })
    }
}

impl Transformer for SelectType {
    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        if self.params.types.contains(&Type::Number) {
            out.push_all(x.ids(), x.values());
        }
        if self.params.types.contains(&Type::Text) {
            out.pass_texts(x);
        }
    }
}
