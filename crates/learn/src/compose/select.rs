//! `Select`: keeps the named features and no other.
//!
//! A name that an event lacks is no mistake: the event is shorter then.
//!
//! **Shape** any features in, numbers and texts; those named in `keys` out. **Cost** a look-up by
//! id a feature. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model};
//! let spec = serde_json::json!([{"Select": ["hours", "amount"]}, "LinearRegression"]);
//! let model = Model::new(&spec, &Catalog::builtin())?;
//! assert_eq!(model.spec()["Pipeline"]["steps"][0]["Select"]["keys"][1], "amount");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/select.py`, where a missing name raises an error.

use super::chosen::Chosen;
use crate::error::{Error, Result};
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features};

crate::params! {
    /// Parameters of [`Select`].
    pub struct Params {
        /// The names to keep.
        keys: Vec<String> = Vec::new(),
    }
}

/// See the module's documentation.
pub struct Select {
    params: Params,
    state: Chosen,
}

crate::estimator! {
    Select in "compose" as Transformer, version 1, name "Select",
    "Keeps the named features and no other",
    example = serde_json::json!({"Select": {"keys": ["a", "b"]}}),
    forget = |state: &mut Chosen, gone: &[FeatureId]| state.forget(gone),
    merge = stateless,
}

impl Select {
    /// A selection by names.
    pub fn new(params: Params) -> Result<Self> {
        if params.keys.is_empty() {
            return Err(Error::new("keys is empty: name the features to keep"));
        }
        Ok(Self { params, state: Chosen::default() })
    }
}

fn keeps(params: &Params) -> impl Fn(&str) -> bool {
    |name| params.keys.iter().any(|key| key == name)
}

impl Transformer for Select {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        self.state.learn(x, cx, keeps(&self.params));
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        self.state.copy(x, out, cx, keeps(&self.params));
    }
}
