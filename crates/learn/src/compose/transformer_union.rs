//! `TransformerUnion`: several transformers side by side, their results together.
//!
//! Each transformer gets the whole event. Of two results under one name the first transformer's
//! stays.
//!
//! **Shape** any features in; all results out. **Cost** the sum of its parts, and a sort.
//! **Errors** those of its parts.
//!
//! ```
//! use her_learn::{Catalog, Model};
//! let spec = serde_json::json!([
//!     {"TransformerUnion": [[{"Select": ["a"]}, "StandardScaler"], {"Discard": ["a"]}]},
//!     "LinearRegression",
//! ]);
//! let model = Model::new(&spec, &Catalog::builtin())?;
//! let union = &model.spec()["Pipeline"]["steps"][0]["TransformerUnion"];
//! assert_eq!(union["transformers"][1]["Discard"]["keys"][0], "a");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `compose/union.py`.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, Estimator, Part, Transformer};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`TransformerUnion`].
    pub struct Params {
        /// The transformers; an array among them is a pipeline of transformers.
        transformers: Vec<Spec> = Vec::new(),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "TransformerUnion",
    module: "compose",
    kind: Kind::Transformer,
    version: 1,
    summary: "Several transformers side by side, their results together",
    merge: Statement::Parts("the transformers"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        serde_json::json!({"TransformerUnion": {"transformers": [
            ["StandardScaler", {"Prefixer": {"prefix": "scaled_"}}],
            {"Discard": {"keys": ["a"]}},
        ]}})
    },
};

/// See the module's documentation.
pub struct TransformerUnion {
    transformers: Vec<Box<dyn Transformer>>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    if params.transformers.is_empty() {
        return Err(Error::new("a union needs at least one transformer"));
    }
    let children = params.transformers.iter().enumerate().map(|(i, spec)| {
        builder.transformer(&spec.0).map_err(|e| e.at(format!("transformers[{i}]")))
    });
    let transformers = children.collect::<Result<_>>()?;
    Ok(Any::Transformer(Box::new(TransformerUnion { transformers })))
}

impl TransformerUnion {
    /// A union of these transformers, which may have learned already.
    pub fn of(transformers: Vec<Any>) -> Result<Any> {
        let transformers =
            transformers.into_iter().map(Any::into_transformer).collect::<Result<Vec<_>>>()?;
        if transformers.is_empty() {
            return Err(Error::new("a union needs at least one transformer"));
        }
        Ok(Any::Transformer(Box::new(Self { transformers })))
    }
}

impl Estimator for TransformerUnion {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let specs: Vec<Value> = self.transformers.iter().map(|t| t.spec()).collect();
        serde_json::json!({ "transformers": specs })
    }

    fn save(&self, out: &mut Vec<u8>) {
        for child in &self.transformers {
            saved::put_child(out, &**child);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.transformers.iter_mut().try_for_each(|child| from.child(&mut **child))
    }

    crate::additive!();

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        let at: usize = name.parse().ok()?;
        Some(Part::Transformer(&mut **self.transformers.get_mut(at)?))
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for child in &mut self.transformers {
            child.forget(gone);
        }
    }
}

impl TransformerUnion {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        self.transformers.iter().map(|t| -> &dyn Estimator { &**t })
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        self.transformers.iter_mut().map(|t| -> &mut dyn Estimator { &mut **t })
    }
}

by_parts!(TransformerUnion, parts::merge, Self::parts, Self::parts_mut);

impl Transformer for TransformerUnion {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        for child in &mut self.transformers {
            child.learn_one(x, cx);
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let mut part = cx.take();
        for child in &self.transformers {
            part.clear();
            child.transform_one(x, &mut part, cx);
            out.extend_new(&part);
        }
        cx.give(part);
        out.sort();
    }
}
