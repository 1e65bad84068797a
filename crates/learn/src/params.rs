//! Parameters said once: a struct, its defaults, its documentation, its checks on reading.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

/// A child's spec inside parameters, kept as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spec(pub Value);

impl Spec {
    /// The spec of an estimator with its default parameters.
    pub fn name(name: &str) -> Self {
        Self(Value::from(name))
    }
}

/// Declares a `Params` struct with a default and a doc for every parameter.
///
/// It derives serde with River's names, refuses unknown ones with the list of what is allowed,
/// and gives `Params::DOCS` for the catalogue.
#[macro_export]
macro_rules! params {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[doc = $doc:literal])+ $field:ident : $ty:ty = $default:expr ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $ty, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            /// The parameters' names, types and docs, in the order of River's signature.
            pub const DOCS: &'static [$crate::catalog::ParamDoc] = &[
                $( $crate::catalog::ParamDoc {
                    name: stringify!($field),
                    ty: stringify!($ty),
                    doc: concat!($($doc, "\n"),+),
                }, )*
            ];
        }
    };
}

/// Reads parameters, naming what is wrong and what is allowed.
pub fn read<P: DeserializeOwned>(params: Value) -> Result<P> {
    if !params.is_object() {
        return Err(Error::new(format!("parameters must be an object, got {params}")));
    }
    serde_json::from_value(params).map_err(|e| Error::new(e.to_string().replace('`', "'")))
}

/// Writes parameters as a spec's object.
pub fn write<P: Serialize>(params: &P) -> Value {
    serde_json::to_value(params).expect("parameters are plain data")
}

/// Refuses a number outside of a range, by name.
pub fn check_range(name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if value.is_finite() && value >= low && value <= high {
        return Ok(());
    }
    Err(Error::new(format!("{name} must lie between {low} and {high}, got {value}")))
}

/// Implements [`Estimator`](crate::estimator::Estimator) for a type with the fields `params` and
/// `state`, and makes its catalogue row: for estimators without children.
///
/// `forget = |state, gone| …` says how features are forgotten; leave it out when nothing is kept
/// by feature. `weights = |model, visit| …` shows learned weights, and
/// `attribute = |model, name, names| …` what River shows under a name;
/// `set_attribute = |model, name, values| …` puts numbers in its place. `forgotten = |model, gone|
/// …` stands for `forget` where more than the state takes part.
///
/// `merge` must be said, as the last: `stateless`, or `exact "…"`, `approximate "…"`, `deltas "…"`
/// with what is added (the type is then [`Additive`](crate::merge::Additive)), or `local "…"`,
/// `member "…"` with the reason; see [`Statement`](crate::merge::Statement).
#[macro_export]
macro_rules! estimator {
    (
        $ty:ident in $module:literal as $kind:ident, version $version:literal, name $name:literal,
        $summary:literal
        $(, example = $example:expr)?
        $(, forget = $forget:expr)?
        $(, weights = $weights:expr)?
        $(, attribute = $attribute:expr)?
        $(, set_attribute = $set:expr)?
        $(, forgotten = $forgotten:expr)?
        , merge = $merge:ident $($why:literal)?
        $(,)?
    ) => {
        impl $crate::estimator::Estimator for $ty {
            fn entry(&self) -> &'static $crate::catalog::Entry {
                &Self::ENTRY
            }

            fn params(&self) -> serde_json::Value {
                $crate::params::write(&self.params)
            }

            fn save(&self, out: &mut Vec<u8>) {
                $crate::saved::put(out, &self.state);
            }

            fn load(&mut self, from: &mut $crate::saved::Loader<'_>) -> $crate::Result<()> {
                self.state = from.get()?;
                Ok(())
            }

            $( fn forget(&mut self, gone: &[$crate::features::FeatureId]) {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                ($forget)(&mut self.state, gone);
            } )?

            $( fn weights(&self, visit: &mut dyn FnMut($crate::estimator::WeightKey, f64)) {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                ($weights)(self, visit);
            } )?

            $( fn attribute(
                &self,
                name: &str,
                names: &$crate::features::Names<'_>,
            ) -> Option<$crate::estimator::Attribute> {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                ($attribute)(self, name, names)
            } )?

            $( fn set_attribute(
                &mut self,
                name: &str,
                values: &[(Option<$crate::features::FeatureId>, f64)],
            ) -> bool {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                ($set)(self, name, values)
            } )?

            $( fn forget(&mut self, gone: &[$crate::features::FeatureId]) {
                $forgotten(self, gone);
            } )?

            $crate::estimator!(@additive $merge);
        }

        impl $ty {
            /// This estimator's row in the catalogue.
            pub const ENTRY: $crate::catalog::Entry = $crate::catalog::Entry {
                name: $name,
                module: $module,
                kind: $crate::catalog::Kind::$kind,
                version: $version,
                summary: $summary,
                merge: $crate::estimator!(@merge $merge $($why)?),
                params: Params::DOCS,
                defaults: || $crate::params::write(&Params::default()),
                build: |params, _| {
                    let params = $crate::params::read(params)?;
                    Ok($crate::estimator::Any::$kind(Box::new($ty::new(params)?)))
                },
                example: $crate::estimator!(@example $name $(, $example)?),
            };
        }
    };
    (@merge stateless) => { $crate::merge::Statement::Stateless };
    (@merge exact $why:literal) => {
        $crate::merge::Statement::Sums($crate::merge::Merge::Exact, $why)
    };
    (@merge approximate $why:literal) => {
        $crate::merge::Statement::Sums($crate::merge::Merge::Approximate, $why)
    };
    (@merge deltas $why:literal) => {
        $crate::merge::Statement::Sums($crate::merge::Merge::Deltas, $why)
    };
    (@merge local $why:literal) => { $crate::merge::Statement::Local($why) };
    (@merge member $why:literal) => { $crate::merge::Statement::Member($why) };
    (@additive exact) => { $crate::additive!(); };
    (@additive approximate) => { $crate::additive!(); };
    (@additive deltas) => { $crate::additive!(); };
    (@additive $other:ident) => {};
    (@example $name:literal) => { || serde_json::Value::from($name) };
    (@example $name:literal, $example:expr) => { || $example };
}
