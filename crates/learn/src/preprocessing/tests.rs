//! The bench on which transformers are compared with River.

use serde_json::{Map, Value, json};

use crate::Catalog;
use crate::estimator::{Any, Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Overlay, Pool, Vocabulary};

/// The events with which the values from River were made.
pub fn rows() -> Vec<Value> {
    vec![
        json!({"a": 3.5, "b": -1}),
        json!({"a": -1.25, "b": 4, "c": 10}),
        json!({"a": 0, "c": 2.5}),
        json!({"a": 7, "b": 4, "c": -3}),
        json!({"a": 7, "b": 2}),
        json!({"a": -4.5, "b": 0.5, "c": 8}),
        json!({"a": 2, "b": -6, "c": 8}),
        json!({"a": 11.75, "b": 3, "c": 1}),
    ]
}

/// A transformer with the names that a model would keep for it.
pub struct Bench {
    pub transformer: Box<dyn Transformer>,
    pub names: Vocabulary,
    pool: Pool,
}

impl Bench {
    pub fn new(spec: &Value) -> Self {
        let transformer = Catalog::builtin().builder().transformer(spec).unwrap();
        Self { transformer, names: Vocabulary::new(1 << 20), pool: Pool::default() }
    }

    pub fn event(names: &mut Names<'_>, row: &Value) -> Features {
        let mut x = Features::default();
        for (name, value) in row.as_object().unwrap() {
            let id = names.id(name);
            match value {
                Value::String(text) => x.push_text(id, text),
                value => x.push(id, value.as_f64().unwrap()),
            }
        }
        x.sort();
        x
    }

    pub fn learn(&mut self, row: &Value) {
        let x = Self::event(&mut Names::Learn(&mut self.names), row);
        let mut cx = Context::new(Names::Learn(&mut self.names), &mut self.pool);
        self.transformer.learn_one(&x, &mut cx);
        // As in a pipeline: learning transforms too, and so makes the names.
        self.transformer.transform_one(&x, &mut Features::default(), &mut cx);
    }

    /// Transforms as a prediction does.
    pub fn transform(&mut self, row: &Value) -> Value {
        let mut overlay = Overlay::default();
        let x = Self::event(&mut Names::Predict(&self.names, &mut overlay), row);
        let names = Names::Predict(&self.names, &mut overlay);
        let mut cx = Context::new(names, &mut self.pool);
        let mut out = Features::default();
        self.transformer.transform_one(&x, &mut out, &mut cx);
        assert!(out.ids().windows(2).all(|w| w[0] < w[1]), "not sorted: {out:?}");
        let numbers = out.iter().map(|(id, v)| (cx.names.name(id).to_owned(), v.into()));
        let texts = out.texts().map(|(id, t)| (cx.names.name(id).to_owned(), t.into()));
        Value::Object(numbers.chain(texts).collect::<Map<_, _>>())
    }

    /// Saves and loads, and checks that the bytes say the same.
    pub fn reload(&mut self) {
        let saved = crate::saved::save(&*self.transformer);
        let loaded = crate::saved::load(&saved, &Catalog::builtin().builder()).unwrap();
        let Any::Transformer(loaded) = loaded else { panic!("no transformer came back") };
        assert_eq!(saved, crate::saved::save(&*loaded));
        self.transformer = loaded;
    }

    /// Forgets names as the cap does, without giving their ids to others.
    pub fn forget(&mut self, names: &[&str]) {
        let mut gone: Vec<_> = names.iter().map(|n| self.names.find(n).unwrap()).collect();
        gone.sort_unstable();
        self.transformer.forget(&gone);
    }
}

/// Fails when two events differ by more than rounding.
pub fn assert_close(got: &Value, want: &Value, place: &str) {
    let (got, want) = (got.as_object().unwrap(), want.as_object().unwrap());
    assert_eq!(got.len(), want.len(), "{place}: {got:?}, River {want:?}");
    for (name, want) in want {
        let got = got.get(name).unwrap_or(&Value::Null);
        let same = match (got.as_f64(), want.as_f64()) {
            (Some(g), Some(w)) => (g - w).abs() <= 1e-12 * w.abs().max(1.0),
            _ => got == want,
        };
        assert!(same, "{place}, {name}: {got}, River {want}");
    }
}

/// Learns the events one by one and compares each one's transform with River's; saves and loads
/// in the middle.
pub fn check(spec: &Value, rows: &[Value], river: &[Value]) {
    let mut bench = Bench::new(spec);
    assert_eq!(rows.len(), river.len());
    for (i, (row, want)) in rows.iter().zip(river).enumerate() {
        bench.learn(row);
        if i == rows.len() / 2 {
            bench.reload();
        }
        assert_close(&bench.transform(row), want, &format!("{spec} [{i}]"));
    }
}

/// The message with which a spec is refused.
pub fn refusal(spec: &Value) -> String {
    Catalog::builtin().builder().build(spec).err().map(|e| e.to_string()).unwrap()
}

#[test]
fn numbers_are_scaled_and_texts_pass_through() {
    for name in [
        "StandardScaler",
        "MinMaxScaler",
        "MaxAbsScaler",
        "RobustScaler",
        "AdaptiveStandardScaler",
        "Normalizer",
        "Binarizer",
        "StatImputer",
        "PreviousImputer",
    ] {
        let mut bench = Bench::new(&json!(name));
        bench.learn(&json!({"a": 2.0, "t": "word"}));
        assert_eq!(bench.transform(&json!({"t": "other", "a": 1.0}))["t"], "other", "{name}");
        assert_eq!(bench.transform(&json!({"new": "text"}))["new"], "text", "{name}");
    }
}

fn shown(bench: &mut Bench, name: &str) -> Vec<(Option<FeatureId>, f64)> {
    let mut overlay = Overlay::default();
    let names = Names::Predict(&bench.names, &mut overlay);
    let Some(Attribute::Map(values)) = bench.transformer.attribute(name, &names) else {
        panic!("{name} is not shown");
    };
    let number = |value: &Attribute| match value {
        Attribute::Float(x) => *x,
        other => panic!("{other:?}"),
    };
    values.iter().map(|(feature, value)| (names.find(feature), number(value))).collect()
}

#[test]
fn a_scaler_goes_on_from_the_statistics_that_another_one_shows() {
    let all: [(&str, &[&str]); 3] = [
        ("StandardScaler", &["counts", "means", "vars"]),
        ("MinMaxScaler", &["min", "max"]),
        ("MaxAbsScaler", &["abs_max"]),
    ];
    for (name, statistics) in all {
        let (mut one, mut other) = (Bench::new(&json!(name)), Bench::new(&json!(name)));
        for feature in ["a", "b", "c"] {
            other.names.intern(feature);
        }
        let rows = rows();
        rows[..6].iter().for_each(|row| one.learn(row));
        for statistic in statistics {
            let values = shown(&mut one, statistic);
            assert!(other.transformer.set_attribute(statistic, &values), "{statistic}");
        }
        assert!(!other.transformer.set_attribute("colour", &[]));
        for row in &rows[6..] {
            assert_eq!(one.transform(row), other.transform(row), "{name}");
            one.learn(row);
            other.learn(row);
        }
    }
}
