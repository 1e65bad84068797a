//! `Suffixer`: puts a suffix after every feature's name.
//!
//! **Shape** any features in, as many out. **Cost** a look-up by id a feature. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"Suffixer": {"suffix": "_raw"}}, "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let x = Row::from_json(&json!({"a": 42}))?;
//! model.learn(&x, &Target::Number(1.0), 1.0, &mut Scratch::default())?;
//! assert!(model.names().find("a_raw").is_some());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/renamer.py`.

use super::renames::Renames;
use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features};

crate::params! {
    /// Parameters of [`Suffixer`].
    pub struct Params {
        /// What goes after each name.
        suffix: String = String::new(),
    }
}

/// See the module's documentation.
pub struct Suffixer {
    params: Params,
    state: Renames,
}

crate::estimator! {
    Suffixer in "compose" as Transformer, version 1, name "Suffixer",
    "Puts a suffix after every feature's name",
    example = serde_json::json!({"Suffixer": {"suffix": "_a"}}),
    forget = |state: &mut Renames, _: &[FeatureId]| state.forget(),
    merge = stateless,
}

impl Suffixer {
    /// One that has met no feature.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: Renames::default() })
    }
}

fn write(params: &Params) -> impl Fn(&str, &mut String) {
    |name, out| {
        out.push_str(name);
        out.push_str(&params.suffix);
    }
}

impl Transformer for Suffixer {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        self.state.learn(x, cx, write(&self.params));
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        self.state.copy(x, out, cx, write(&self.params));
    }
}
