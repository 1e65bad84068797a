//! `Renamer`: gives features other names.
//!
//! The pairs of `mapping` are taken one after the other: a name that an earlier pair has made may
//! be renamed again, and a feature that had the new name before is replaced. Names that an event
//! lacks are passed over.
//!
//! **Shape** any features in; as many out, or fewer when names meet. **Cost** a look-up by name a
//! pair. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"Renamer": {"mapping": {"amt": "amount"}}}, "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let x = Row::from_json(&json!({"amt": 42}))?;
//! model.learn(&x, &Target::Number(1.0), 1.0, &mut Scratch::default())?;
//! assert!(model.names().find("amount").is_some());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/renamer.py`, which also changes the caller's event.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::estimator::Transformer;
use crate::features::{Context, Features};

crate::params! {
    /// Parameters of [`Renamer`].
    pub struct Params {
        /// New names by old names, in the order in which they are applied.
        mapping: Map<String, Value> = Map::new(),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {}

/// See the module's documentation.
pub struct Renamer {
    params: Params,
    state: State,
    pairs: Vec<(String, String)>,
}

crate::estimator! {
    Renamer in "compose" as Transformer, version 1, name "Renamer",
    "Gives features other names",
    example = serde_json::json!({"Renamer": {"mapping": {"a": "b"}}}),
    merge = stateless,
}

impl Renamer {
    /// A renamer by these pairs.
    pub fn new(params: Params) -> Result<Self> {
        let pairs = params.mapping.iter().map(|(old, new)| match new {
            Value::String(new) => Ok((old.clone(), new.clone())),
            other => {
                Err(Error::new(format!("mapping gives {old:?} the name {other}, not a string")))
            }
        });
        let pairs = pairs.collect::<Result<_>>()?;
        Ok(Self { params, state: State::default(), pairs })
    }
}

impl Transformer for Renamer {
    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        out.extend(x);
        for (old, new) in &self.pairs {
            if let Some(old) = cx.names.find(old).filter(|&id| out.contains(id)) {
                let new = cx.names.id(new);
                out.rename(old, new);
            }
        }
        out.sort();
    }
}
