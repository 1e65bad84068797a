//! `StatImputer`: a missing value is a statistic of those before, or a constant.
//!
//! `imputers` lists features and what fills them: `["a", {"Mean": {}}]` a statistic,
//! `["b", -1]` a number, `["c", "unknown"]` a text. A string is always a text: a statistic is
//! written with its braces. `Mode` works on numbers and on texts, the others on numbers. Missing
//! is a listed feature that is absent from the event; while its statistic has no value, it stays
//! absent.
//!
//! **Shape** any numbers and texts in; the same out, and the listed features. **Cost** that of the
//! statistics; a search in the event for each listed feature. **Errors** a feature that is listed
//! twice is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let imputer = json!({"StatImputer": {"imputers": [["b", {"Mean": {}}], ["c", 1]]}});
//! let mut model = Model::new(&json!([imputer, "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..300 {
//!     let x = if i % 2 == 0 { json!({"a": 1, "b": 2}) } else { json!({"a": 1}) };
//!     model.step(&Row::from_json(&x)?, &Target::Number(5.0), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 5.0).abs() < 0.01);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/impute.py`, where missing is `None`.

use serde_json::Value;

use super::category::Category;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, Estimator, Transformer, Univariate};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::params;
use crate::saved::{self, Loader};
use crate::stats::{Mode, Probe, Seen, mode};

crate::params! {
    /// Parameters of [`StatImputer`].
    pub struct Params {
        /// Pairs of a feature's name and a statistic (`{"Mean": {}}`), a number or a text.
        imputers: Vec<(String, Value)> = Vec::new(),
    }
}

/// What fills a missing value.
enum Filler {
    Stat(Box<dyn Univariate>),
    Mode(Mode),
    Number(f64),
    Text(Box<str>),
}

impl Filler {
    fn new(spec: &Value, builder: &Builder<'_>) -> Result<Self> {
        match spec {
            Value::String(text) => Ok(Self::Text(text.as_str().into())),
            Value::Bool(b) => Ok(Self::Number(f64::from(*b))),
            Value::Number(n) => Ok(Self::Number(n.as_f64().unwrap_or_default())),
            Value::Object(map) if map.len() == 1 && map.contains_key("Mode") => {
                let params: mode::Params = match &map["Mode"] {
                    Value::Null => mode::Params::default(),
                    params => params::read(params.clone()).map_err(|e| e.at("Mode"))?,
                };
                Mode::new(params).map(Self::Mode).map_err(|e| e.at("Mode"))
            }
            Value::Object(_) => builder.univariate(spec).map(Self::Stat),
            other => Err(Error::new(format!(
                "expected a statistic ({{\"Mean\": {{}}}}), a number or a string, got {other}"
            ))),
        }
    }

    fn estimator(&self) -> Option<&dyn Estimator> {
        match self {
            Self::Stat(stat) => Some(&**stat),
            Self::Mode(mode) => Some(mode),
            Self::Number(_) | Self::Text(_) => None,
        }
    }

    fn spec(&self) -> Value {
        match self {
            Self::Number(x) => (*x).into(),
            Self::Text(t) => (&**t).into(),
            // With its parameters even when there are none: a name alone would be a text.
            Self::Stat(stat) => serde_json::json!({ stat.entry().name: stat.params() }),
            Self::Mode(mode) => serde_json::json!({ mode.entry().name: mode.params() }),
        }
    }

    fn fill(&self, id: FeatureId, out: &mut Features) {
        match self {
            Self::Number(x) => out.push(id, *x),
            Self::Text(t) => out.push_text(id, t),
            Self::Stat(stat) if stat.get().is_finite() => out.push(id, stat.get()),
            Self::Stat(_) => {}
            Self::Mode(mode) => match mode.most_common() {
                Some(Seen::Number(x)) => out.push(id, *x),
                Some(Seen::Text(t)) => out.push_text(id, t),
                None => {}
            },
        }
    }
}

struct Imputer {
    name: Box<str>,
    /// Found when learning.
    id: Option<FeatureId>,
    filler: Filler,
}

/// See the module's documentation.
pub struct StatImputer {
    imputers: Vec<Imputer>,
}

impl StatImputer {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "StatImputer",
        module: "preprocessing",
        kind: Kind::Transformer,
        version: 1,
        summary: "A missing value is a statistic of those before, or a constant",
        merge: Statement::Parts("the statistics, each as its place is"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |value, builder| {
            Ok(Any::Transformer(Box::new(Self::new(params::read(value)?, builder)?)))
        },
        example: || {
            serde_json::json!({"StatImputer": {
                "imputers": [["a", {"Mean": {}}], ["b", {"Mode": {}}], ["c", -1]]
            }})
        },
    };

    /// An imputer that has seen nothing.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        let mut imputers: Vec<Imputer> = Vec::with_capacity(params.imputers.len());
        for (i, (name, spec)) in params.imputers.into_iter().enumerate() {
            let place = format!("imputers[{i}]");
            if imputers.iter().any(|other| *other.name == *name) {
                return Err(Error::new(format!("feature {name:?} is listed twice")).at(place));
            }
            let filler = Filler::new(&spec, builder).map_err(|e| e.at(place))?;
            imputers.push(Imputer { name: name.into(), id: None, filler });
        }
        Ok(Self { imputers })
    }
}

impl Estimator for StatImputer {
    fn entry(&self) -> &'static Entry {
        &Self::ENTRY
    }

    crate::additive!();

    fn params(&self) -> Value {
        let pair = |i: &Imputer| (i.name.to_string(), i.filler.spec());
        params::write(&Params { imputers: self.imputers.iter().map(pair).collect() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        for child in self.imputers.iter().filter_map(|i| i.filler.estimator()) {
            saved::put_child(out, child);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        for imputer in &mut self.imputers {
            match &mut imputer.filler {
                Filler::Stat(stat) => from.child(&mut **stat)?,
                Filler::Mode(mode) => from.child(mode)?,
                Filler::Number(_) | Filler::Text(_) => {}
            }
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        // The features are in the spec: only their ids are forgotten, not what was learned.
        for imputer in &mut self.imputers {
            imputer.id = imputer.id.filter(|id| gone.binary_search(id).is_err());
        }
    }
}

impl StatImputer {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        self.imputers.iter().filter_map(|imputer| imputer.filler.estimator())
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        self.imputers.iter_mut().filter_map(|imputer| match &mut imputer.filler {
            Filler::Stat(stat) => Some(&mut **stat as &mut dyn Estimator),
            Filler::Mode(mode) => Some(mode as &mut dyn Estimator),
            Filler::Number(_) | Filler::Text(_) => None,
        })
    }
}

by_parts!(StatImputer, parts::merge, Self::parts, Self::parts_mut);

fn text(x: &Features, id: FeatureId) -> Option<&str> {
    x.texts().find(|&(other, _)| other == id).map(|(_, text)| text)
}

impl Transformer for StatImputer {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        for imputer in &mut self.imputers {
            let id = *imputer.id.get_or_insert_with(|| cx.names.id(&imputer.name));
            match &mut imputer.filler {
                Filler::Stat(stat) => {
                    if let Some(v) = x.get(id) {
                        stat.update(v);
                    }
                }
                Filler::Mode(mode) => {
                    if let Some(v) = x.get(id) {
                        mode.count(Probe::Number(v));
                    } else if let Some(text) = text(x, id) {
                        Category::shortened(text, |text| mode.count(Probe::Text(text)));
                    }
                }
                Filler::Number(_) | Filler::Text(_) => {}
            }
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        out.same_ids(x).copy_from_slice(x.values());
        for imputer in &self.imputers {
            let id = imputer.id.unwrap_or_else(|| cx.names.id(&imputer.name));
            if x.get(id).is_none() && text(x, id).is_none() {
                imputer.filler.fill(id, out);
            }
        }
        out.sort();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Catalog;
    use crate::preprocessing::tests::{Bench, assert_close, refusal};

    #[test]
    fn river() {
        let spec = json!({"StatImputer": {"imputers": [
            ["t", {"Mean": {}}], ["w", {"Mode": {}}], ["m", {"Max": {}}], ["n", -1], ["s", "none"]
        ]}});
        let rows = [
            json!({"t": 1, "w": "sunny", "m": 3, "n": 5, "s": "some"}),
            json!({"t": 8, "w": "rainy"}),
            json!({"w": "sunny", "m": 2}),
            json!({"n": 2}),
            json!({"t": 4, "w": "rainy", "m": 9}),
            json!({"w": "rainy", "extra": 1}),
            json!({}),
        ];
        let river: [Value; 7] = [
            json!({"t": 1.0, "w": "sunny", "m": 3.0, "n": 5.0, "s": "some"}),
            json!({"t": 8.0, "w": "rainy", "m": 3.0, "n": -1.0, "s": "none"}),
            json!({"t": 4.5, "w": "sunny", "m": 2.0, "n": -1.0, "s": "none"}),
            json!({"t": 4.5, "w": "sunny", "m": 3.0, "n": 2.0, "s": "none"}),
            json!({"t": 4.0, "w": "rainy", "m": 9.0, "n": -1.0, "s": "none"}),
            json!({
                "t": 4.333333333333333, "w": "rainy", "m": 9.0,
                "n": -1.0, "s": "none", "extra": 1.0
            }),
            json!({"t": 4.333333333333333, "w": "rainy", "m": 9.0, "n": -1.0, "s": "none"}),
        ];
        let mut bench = Bench::new(&spec);
        for (row, want) in rows.iter().zip(&river) {
            bench.learn(row);
            assert_close(&bench.transform(row), want, "StatImputer");
            bench.reload();
        }
    }

    #[test]
    fn a_statistic_without_a_value_leaves_the_feature_absent() {
        let spec = json!({"StatImputer": {"imputers": [
            ["a", {"Quantile": {"q": 0.5}}], ["b", {"Max": {}}], ["c", {"Mode": {}}], ["d", true]
        ]}});
        let mut bench = Bench::new(&spec);
        bench.learn(&json!({"e": 1}));
        assert_eq!(bench.transform(&json!({})), json!({"d": 1.0}));
    }

    #[test]
    fn its_spec_builds_it_again() {
        let spec = json!({"StatImputer": {"imputers": [["a", {"Mean": null}], ["b", "Mean"]]}});
        let catalog = Catalog::builtin();
        let built = catalog.builder().transformer(&spec).unwrap();
        let want = json!({"StatImputer": {"imputers": [["a", {"Mean": {}}], ["b", "Mean"]]}});
        assert_eq!(built.spec(), want);
    }

    #[test]
    fn refuses_repeated_features_and_what_is_no_filler() {
        assert_eq!(
            refusal(&json!({"StatImputer": {"imputers": [["a", 1], ["a", 2]]}})),
            "StatImputer.imputers[1]: feature \"a\" is listed twice"
        );
        assert_eq!(
            refusal(&json!({"StatImputer": {"imputers": [["a", {"SGD": {}}]]}})),
            "StatImputer.imputers[0]: SGD is no statistic, a statistic is wanted here"
        );
        assert!(refusal(&json!({"StatImputer": {"imputers": [["a", null]]}})).contains("got null"));
    }
}
