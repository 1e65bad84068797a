//! `Discard`: leaves the named features out.
//!
//! **Shape** any features in, numbers and texts; those not named in `keys` out. **Cost** a look-up
//! by id a feature. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model};
//! let spec = serde_json::json!([{"Discard": ["hours", "amount"]}, "LinearRegression"]);
//! let model = Model::new(&spec, &Catalog::builtin())?;
//! assert_eq!(model.spec()["Pipeline"]["steps"][0]["Discard"]["keys"][1], "amount");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/select.py`.

use super::chosen::Chosen;
use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features};

crate::params! {
    /// Parameters of [`Discard`].
    pub struct Params {
        /// The names to leave out.
        keys: Vec<String> = Vec::new(),
    }
}

/// See the module's documentation.
pub struct Discard {
    params: Params,
    state: Chosen,
}

crate::estimator! {
    Discard in "compose" as Transformer, version 1, name "Discard",
    "Leaves the named features out",
    example = serde_json::json!({"Discard": {"keys": ["a", "b"]}}),
    forget = |state: &mut Chosen, gone: &[FeatureId]| state.forget(gone),
    merge = stateless,
}

impl Discard {
    /// A filter by names.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: Chosen::default() })
    }
}

fn keeps(params: &Params) -> impl Fn(&str) -> bool {
    |name| params.keys.iter().all(|key| key != name)
}

impl Transformer for Discard {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        self.state.learn(x, cx, keeps(&self.params));
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        self.state.copy(x, out, cx, keeps(&self.params));
    }
}
