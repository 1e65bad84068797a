//! `OneHotEncoder`: a feature per category, 1 where it is met.
//!
//! A feature `c` with the value `u` becomes the feature `c_u` with the value 1; the categories
//! met before become zeros, unless `drop_zeros`. Numbers are categories too: 1 gives `c_1`, 1.5
//! gives `c_1.5`. A text of more than 256 bytes is cut and gets a hash.
//!
//! **Shape** any numbers and texts in, numbers out. **Cost** 4 bytes a category beside its name;
//! a look-up of a name a value, and without `drop_zeros` an output as long as the categories
//! known. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"OneHotEncoder": {"drop_zeros": true}}, "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..900 {
//!     let x = Row::from_json(&json!({"city": (["Delft", "Gouda", "Leiden"][i % 3])}))?;
//!     model.step(&x, &Target::Bool(i % 3 == 2), 1.0, &mut p, &mut s)?;
//! }
//! assert!(p.positive() > 0.5);
//! assert!(model.names().find("city_Leiden").is_some());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/one_hot.py`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::category::{Category, with_name};
use crate::error::{Error, Result};
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names};

crate::params! {
    /// Parameters of [`OneHotEncoder`].
    pub struct Params {
        /// The categories by feature, `{"city": ["Delft", "Gouda"]}`: others give nothing.
        /// `null` for the categories that are met.
        categories: Option<BTreeMap<String, Vec<Value>>> = None,
        /// Whether to leave out the categories that the event does not have.
        drop_zeros: bool = false,
        /// Whether to leave out the output feature whose name comes first in the alphabet.
        drop_first: bool = false,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    /// The output features known, sorted; with given categories, empty.
    met: Vec<FeatureId>,
    /// The output features of the given categories, sorted; made when learning.
    #[serde(skip)]
    given: Option<Vec<FeatureId>>,
    /// Which of the output features known has the first name; found when learning.
    #[serde(skip)]
    first: Option<FeatureId>,
}

/// See the module's documentation.
pub struct OneHotEncoder {
    params: Params,
    state: State,
}

crate::estimator! {
    OneHotEncoder in "preprocessing" as Transformer, version 1, name "OneHotEncoder",
    "A feature per category, 1 where it is met",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.met.retain(|id| gone.binary_search(id).is_err());
        state.given = None;
        state.first = None;
    },
    attribute = |model: &OneHotEncoder, name: &str, names: &Names<'_>| match name {
        "outputs" => {
            let met = model.state.met.iter();
            let met = met.map(|&id| Attribute::Text(names.name(id).to_owned()));
            Some(Attribute::List(met.collect()))
        }
        "values" => Some(model.values(names)),
        _ => None,
    },
    merge = local "which categories were met says only which zeros are written",
}

impl OneHotEncoder {
    /// An encoder that knows the given categories only.
    pub fn new(params: Params) -> Result<Self> {
        for (name, values) in params.categories.iter().flatten() {
            if let Some(value) = values.iter().find(|v| category(v).is_none()) {
                return Err(Error::new(format!("a category is a string or a number, got {value}"))
                    .at(name)
                    .at("categories"));
            }
        }
        Ok(Self { params, state: State::default() })
    }

    /// The categories met, by feature, as they are printed. Of the ways to cut an output's name in
    /// two, it is the first that leaves the name of a feature.
    fn values(&self, names: &Names<'_>) -> Attribute {
        let mut values: BTreeMap<&str, Vec<Attribute>> = BTreeMap::new();
        for name in self.state.met.iter().map(|&id| names.name(id)) {
            let cuts = || name.match_indices('_').map(|(at, _)| (&name[..at], &name[at + 1..]));
            let known = cuts().find(|(feature, _)| names.find(feature).is_some());
            if let Some((feature, category)) = known.or_else(|| cuts().next()) {
                values.entry(feature).or_default().push(Attribute::Text(category.to_owned()));
            }
        }
        let lists = values.into_iter().map(|(f, v)| (f.to_owned(), Attribute::List(v)));
        Attribute::Map(lists.collect())
    }

    /// The output features that the event has, sorted; only those of a sorted list, if given.
    fn ones(x: &Features, only: Option<&[FeatureId]>, cx: &mut Context<'_>) -> Box<Features> {
        let mut ones = cx.take();
        let mut push = |id| {
            if only.is_none_or(|only| only.binary_search(&id).is_ok()) {
                ones.push(id, 1.0);
            }
        };
        for (id, v) in x.iter() {
            push(output(cx, id, Category::Number(v)));
        }
        for (id, text) in x.texts() {
            push(output(cx, id, Category::Text(text)));
        }
        ones.sort();
        ones
    }

    /// The output features of the given categories, sorted.
    fn given(&self, cx: &mut Context<'_>) -> Box<Features> {
        let mut given = cx.take();
        for (name, values) in self.params.categories.iter().flatten() {
            for value in values.iter().filter_map(category) {
                given.push(cx.id_of(format_args!("{name}_{value}")), 0.0);
            }
        }
        given.sort();
        given
    }

    fn meet(&mut self, id: FeatureId, cx: &Context<'_>) {
        let State { met, first, .. } = &mut self.state;
        let Err(place) = met.binary_search(&id) else { return };
        met.insert(place, id);
        if first.is_some_and(|first| cx.names.name(id) < cx.names.name(first)) {
            *first = Some(id);
        }
    }

    /// The output feature that `drop_first` leaves out.
    fn left_out(
        &self,
        known: &[FeatureId],
        ones: &[FeatureId],
        cx: &Context<'_>,
    ) -> Option<FeatureId> {
        if !self.params.drop_first {
            return None;
        }
        let of_ones = first_name(ones, cx);
        if self.params.drop_zeros {
            return of_ones;
        }
        let of_known = self.state.first.or_else(|| first_name(known, cx));
        let (Some(a), Some(b)) = (of_known, of_ones) else { return of_known.or(of_ones) };
        Some(if cx.names.name(b) < cx.names.name(a) { b } else { a })
    }
}

fn first_name(ids: &[FeatureId], cx: &Context<'_>) -> Option<FeatureId> {
    ids.iter().copied().min_by(|&a, &b| cx.names.name(a).cmp(cx.names.name(b)))
}

fn category(value: &Value) -> Option<Category<'_>> {
    match value {
        Value::String(text) => Some(Category::Text(text)),
        Value::Bool(b) => Some(Category::Number(f64::from(*b))),
        other => other.as_f64().map(Category::Number),
    }
}

#[inline]
fn output(cx: &mut Context<'_>, id: FeatureId, category: Category<'_>) -> FeatureId {
    with_name(cx, id, |cx, name| cx.id_of(format_args!("{name}_{category}")))
}

impl Transformer for OneHotEncoder {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        if self.params.categories.is_some() {
            if self.state.given.is_none() {
                let given = self.given(cx);
                self.state.given = Some(given.ids().to_vec());
                cx.give(given);
            }
        } else if !self.params.drop_zeros {
            let ones = Self::ones(x, None, cx);
            for &id in ones.ids() {
                self.meet(id, cx);
            }
            cx.give(ones);
        }
        if self.params.drop_first && !self.params.drop_zeros && self.state.first.is_none() {
            let known = self.state.given.as_ref().unwrap_or(&self.state.met);
            self.state.first = first_name(known, cx);
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let has_given = self.params.categories.is_some();
        // Before the first learning, and after some names were forgotten, they are looked up.
        let looked_up = (has_given && self.state.given.is_none()).then(|| self.given(cx));
        let known = match (&looked_up, &self.state.given) {
            (Some(given), _) => given.ids(),
            (None, Some(given)) => given,
            (None, None) => &self.state.met,
        };
        let ones = Self::ones(x, has_given.then_some(known), cx);
        let left_out = self.left_out(known, ones.ids(), cx);
        let mut push = |id, value| {
            if Some(id) != left_out {
                out.push(id, value);
            }
        };
        let mut rest = ones.ids().iter().copied().peekable();
        if !self.params.drop_zeros {
            for &id in known {
                while let Some(new) = rest.next_if(|&one| one < id) {
                    push(new, 1.0);
                }
                push(id, f64::from(rest.next_if_eq(&id).is_some()));
            }
        }
        rest.for_each(|id| push(id, 1.0));
        cx.give(ones);
        if let Some(given) = looked_up {
            cx.give(given);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::preprocessing::tests::{Bench, check, refusal};

    fn rows() -> Vec<Value> {
        vec![
            json!({"c": "u", "d": "d"}),
            json!({"c": "a", "d": "x", "n": 2}),
            json!({"c": "i", "n": 1.5}),
            json!({"d": "h", "c": "h", "n": 2}),
        ]
    }

    #[test]
    fn river() {
        check(
            &json!("OneHotEncoder"),
            &rows(),
            &[
                json!({"c_u": 1.0, "d_d": 1.0}),
                json!({"c_u": 0.0, "d_d": 0.0, "c_a": 1.0, "d_x": 1.0, "n_2": 1.0}),
                json!({
                    "c_u": 0.0, "d_d": 0.0, "c_a": 0.0, "d_x": 0.0,
                    "n_2": 0.0, "c_i": 1.0, "n_1.5": 1.0
                }),
                json!({
                    "c_u": 0.0, "d_d": 0.0, "c_a": 0.0, "d_x": 0.0, "n_2": 1.0,
                    "c_i": 0.0, "n_1.5": 0.0, "d_h": 1.0, "c_h": 1.0
                }),
            ],
        );
        check(
            &json!({"OneHotEncoder": {"drop_zeros": true}}),
            &rows(),
            &[
                json!({"c_u": 1.0, "d_d": 1.0}),
                json!({"c_a": 1.0, "d_x": 1.0, "n_2": 1.0}),
                json!({"c_i": 1.0, "n_1.5": 1.0}),
                json!({"d_h": 1.0, "c_h": 1.0, "n_2": 1.0}),
            ],
        );
        check(
            &json!({"OneHotEncoder": {"drop_first": true}}),
            &rows(),
            &[
                json!({"d_d": 1.0}),
                json!({"c_u": 0.0, "d_d": 0.0, "d_x": 1.0, "n_2": 1.0}),
                json!({"c_u": 0.0, "d_d": 0.0, "d_x": 0.0, "n_2": 0.0, "c_i": 1.0, "n_1.5": 1.0}),
                json!({
                    "c_u": 0.0, "d_d": 0.0, "d_x": 0.0, "n_2": 1.0,
                    "c_i": 0.0, "n_1.5": 0.0, "d_h": 1.0, "c_h": 1.0
                }),
            ],
        );
        check(
            &json!({"OneHotEncoder": {"drop_first": true, "drop_zeros": true}}),
            &rows(),
            &[
                json!({"d_d": 1.0}),
                json!({"d_x": 1.0, "n_2": 1.0}),
                json!({"n_1.5": 1.0}),
                json!({"d_h": 1.0, "n_2": 1.0}),
            ],
        );
    }

    #[test]
    fn given_categories_of_river() {
        let given = json!({"c": ["a", "h"], "d": ["x"], "n": [2]});
        check(
            &json!({"OneHotEncoder": {"categories": given}}),
            &rows(),
            &[
                json!({"c_h": 0.0, "c_a": 0.0, "d_x": 0.0, "n_2": 0.0}),
                json!({"c_h": 0.0, "c_a": 1.0, "d_x": 1.0, "n_2": 1.0}),
                json!({"c_h": 0.0, "c_a": 0.0, "d_x": 0.0, "n_2": 0.0}),
                json!({"c_h": 1.0, "c_a": 0.0, "d_x": 0.0, "n_2": 1.0}),
            ],
        );
        check(
            &json!({"OneHotEncoder": {"categories": given, "drop_first": true}}),
            &rows(),
            &[
                json!({"c_h": 0.0, "d_x": 0.0, "n_2": 0.0}),
                json!({"c_h": 0.0, "d_x": 1.0, "n_2": 1.0}),
                json!({"c_h": 0.0, "d_x": 0.0, "n_2": 0.0}),
                json!({"c_h": 1.0, "d_x": 0.0, "n_2": 1.0}),
            ],
        );
        check(
            &json!({"OneHotEncoder": {"categories": given, "drop_zeros": true}}),
            &rows(),
            &[
                json!({}),
                json!({"c_a": 1.0, "d_x": 1.0, "n_2": 1.0}),
                json!({}),
                json!({"c_h": 1.0, "n_2": 1.0}),
            ],
        );
        let mut new = Bench::new(&json!({"OneHotEncoder": {"categories": given}}));
        assert_eq!(
            new.transform(&json!({"c": "a"})),
            json!({"c_a": 1.0, "c_h": 0.0, "d_x": 0.0, "n_2": 0.0})
        );
    }

    #[test]
    fn an_unknown_category_is_a_new_feature_for_one_event() {
        let mut bench = Bench::new(&json!("OneHotEncoder"));
        bench.learn(&json!({"c": "u"}));
        assert_eq!(bench.transform(&json!({"c": "z"})), json!({"c_u": 0.0, "c_z": 1.0}));
        assert_eq!(bench.transform(&json!({"c": "u"})), json!({"c_u": 1.0}));
        bench.learn(&json!({"c": "v"}));
        bench.forget(&["c_u"]);
        assert_eq!(bench.transform(&json!({})), json!({"c_v": 0.0}));
    }

    #[test]
    fn refuses_categories_that_are_no_values() {
        assert_eq!(
            refusal(&json!({"OneHotEncoder": {"categories": {"c": [["a"]]}}})),
            "OneHotEncoder.categories.c: a category is a string or a number, got [\"a\"]"
        );
    }
}
