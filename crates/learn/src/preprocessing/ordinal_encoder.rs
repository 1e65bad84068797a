//! `OrdinalEncoder`: each category becomes an integer, in the order of first sight.
//!
//! Codes count from 0 by feature and leave out `unknown_value` and `none_value`: with the defaults
//! the first category has the code 1, and 0 stands for whatever was not learned yet. A feature
//! that was learned once and is absent from the event is missing: it has `none_value`. A text of
//! more than 256 bytes is compared by its beginning and a hash.
//!
//! **Shape** any numbers and texts in; the same names out, and the features learned before, as
//! numbers. **Cost** 28 bytes a category beside its text; `log` of their number comparisons a
//! value, and a pass over all features known. A feature has up to 1,000,000 categories; past
//! them, new ones stay unknown. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["OrdinalEncoder", "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..999 {
//!     let x = Row::from_json(&json!({"size": (["small", "medium", "large"][i % 3])}))?;
//!     model.step(&x, &Target::Number((i % 3) as f64), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 2.0).abs() < 0.2);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/ordinal.py`, where missing is `None`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::category::Category;
use crate::error::Result;
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::stats::{FirstSeen, Probe, Seen, VALUES_MAX};

crate::params! {
    /// Parameters of [`OrdinalEncoder`].
    pub struct Params {
        /// The codes by feature, `{"size": {"small": 1, "large": 2}}`, a number by how it is
        /// printed; others are unknown. `null` for the categories that are met.
        categories: Option<BTreeMap<String, BTreeMap<String, i64>>> = None,
        /// The code of categories that were not learned; `null` to leave them out.
        unknown_value: Option<i64> = Some(0),
        /// The code of a feature that is missing: in River one that is `None`.
        none_value: i64 = -1,
    }
}

/// See the module's documentation.
pub struct OrdinalEncoder {
    params: Params,
    /// Codes that no category has, rising.
    reserved: Vec<i64>,
    state: Slots<Codes>,
}

/// What is known of a feature.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Codes {
    learned: bool,
    seen: FirstSeen,
}

crate::estimator! {
    OrdinalEncoder in "preprocessing" as Transformer, version 1, name "OrdinalEncoder",
    "Each category becomes an integer, in the order of first sight",
    forget = |state: &mut Slots<Codes>, gone: &[FeatureId]| state.forget(gone),
    attribute = |model: &OrdinalEncoder, name: &str, names: &Names<'_>| {
        (name == "values").then(|| model.values(names))
    },
    merge = member "codes go by the order of first sight, which differs between peers",
}

impl OrdinalEncoder {
    /// An encoder that knows the given categories only.
    pub fn new(params: Params) -> Result<Self> {
        let mut reserved: Vec<i64> = params.unknown_value.into_iter().collect();
        reserved.push(params.none_value);
        reserved.retain(|&code| code >= 0);
        reserved.sort_unstable();
        reserved.dedup();
        Ok(Self { params, reserved, state: Slots::default() })
    }

    /// The codes of the categories that were met, by feature.
    fn values(&self, names: &Names<'_>) -> Attribute {
        let learned = self.state.as_slice().iter().enumerate().filter(|(_, codes)| codes.learned);
        let values = learned.map(|(id, codes)| {
            let pairs = codes.seen.iter().enumerate().map(|(place, seen)| {
                let category = match seen {
                    Seen::Number(x) => Attribute::Float(*x),
                    Seen::Text(t) => Attribute::Text(t.to_string()),
                };
                (category, Attribute::Int(self.code(place)))
            });
            (id as FeatureId, Attribute::Pairs(pairs.collect()))
        });
        Attribute::by_feature(names, values)
    }

    /// The code of the category that was met at this place.
    fn code(&self, place: usize) -> i64 {
        let free = |code, &reserved: &i64| if reserved <= code { code + 1 } else { code };
        self.reserved.iter().fold(place as i64, free)
    }

    fn encode(&self, id: FeatureId, value: Category<'_>, cx: &Context<'_>) -> Option<f64> {
        let code = match &self.params.categories {
            Some(given) => given
                .get(cx.names.name(id))
                .and_then(|codes| value.printed(|printed| codes.get(printed).copied())),
            None => self.state.peek(id).and_then(|codes| {
                probe(value, |value| codes.seen.find(value)).map(|place| self.code(place))
            }),
        };
        code.or(self.params.unknown_value).map(|code| code as f64)
    }
}

/// Lends a category as it is kept.
fn probe<R>(value: Category<'_>, then: impl FnOnce(Probe<'_>) -> R) -> R {
    match value {
        Category::Number(x) => then(Probe::Number(x)),
        Category::Text(text) => Category::shortened(text, |text| then(Probe::Text(text))),
    }
}

impl Transformer for OrdinalEncoder {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let given = self.params.categories.is_some();
        let mut learn = |id, value| {
            let codes = self.state.at(id);
            codes.learned = true;
            if !given {
                probe(value, |value| codes.seen.insert(value, VALUES_MAX));
            }
        };
        for (id, v) in x.iter() {
            learn(id, Category::Number(v));
        }
        for (id, text) in x.texts() {
            learn(id, Category::Text(text));
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let numbers = x.iter().map(|(id, v)| (id, Category::Number(v)));
        let texts = x.texts().map(|(id, text)| (id, Category::Text(text)));
        for (id, value) in numbers.chain(texts) {
            if let Some(code) = self.encode(id, value, cx) {
                out.push(id, code);
            }
        }
        let present = |id| x.get(id).is_some() || x.texts().any(|(other, _)| other == id);
        for (id, codes) in (0..).zip(self.state.as_slice()) {
            if codes.learned && !present(id) {
                out.push(id, self.params.none_value as f64);
            }
        }
        out.sort();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::preprocessing::tests::{Bench, check};

    fn rows() -> Vec<Value> {
        vec![
            json!({"c": "u", "d": "d"}),
            json!({"c": "a", "d": "x", "n": 2}),
            json!({"c": "u", "n": 1.5}),
            json!({"d": "h", "c": "h", "n": 2}),
        ]
    }

    #[test]
    fn river() {
        check(
            &json!("OrdinalEncoder"),
            &rows(),
            &[
                json!({"c": 1.0, "d": 1.0}),
                json!({"c": 2.0, "d": 2.0, "n": 1.0}),
                json!({"c": 1.0, "n": 2.0, "d": -1.0}),
                json!({"d": 3.0, "c": 3.0, "n": 1.0}),
            ],
        );
        check(
            &json!({"OrdinalEncoder": {"unknown_value": -7, "none_value": 1}}),
            &rows(),
            &[
                json!({"c": 0.0, "d": 0.0}),
                json!({"c": 2.0, "d": 2.0, "n": 0.0}),
                json!({"c": 0.0, "n": 2.0, "d": 1.0}),
                json!({"d": 3.0, "c": 3.0, "n": 0.0}),
            ],
        );
        check(
            &json!({"OrdinalEncoder": {
                "categories": {"c": {"u": 5}, "d": {"x": 2, "h": 3}, "n": {"1.5": 9}}
            }}),
            &rows(),
            &[
                json!({"c": 5.0, "d": 0.0}),
                json!({"c": 0.0, "d": 2.0, "n": 0.0}),
                json!({"c": 5.0, "n": 9.0, "d": -1.0}),
                json!({"d": 3.0, "c": 0.0, "n": 0.0}),
            ],
        );
    }

    #[test]
    fn what_was_not_learned_is_unknown() {
        let mut bench = Bench::new(&json!("OrdinalEncoder"));
        bench.learn(&json!({"c": "u"}));
        let x = json!({"c": "new", "other": 3});
        assert_eq!(bench.transform(&x), json!({"c": 0.0, "other": 0.0}));
        bench.forget(&["c"]);
        assert_eq!(bench.transform(&json!({"c": "u"})), json!({"c": 0.0}));
        let mut bench = Bench::new(&json!({"OrdinalEncoder": {"unknown_value": null}}));
        bench.learn(&json!({"c": "u"}));
        assert_eq!(bench.transform(&json!({"c": "new", "d": "u"})), json!({}));
        assert_eq!(bench.transform(&json!({"c": "u"})), json!({"c": 0.0}));
    }
}
