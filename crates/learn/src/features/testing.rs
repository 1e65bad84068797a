//! A transformer with names of its own, for the tests of transformers.

use serde_json::Value;

use super::{Context, Features, Names, Overlay, Pool, Vocabulary};
use crate::catalog::Catalog;
use crate::estimator::Transformer;
use crate::{Error, Model, Prediction, Row, Scratch, Target};

/// A transformer, what it has named, and its buffers.
pub(crate) struct Bench {
    pub transformer: Box<dyn Transformer>,
    pub names: Vocabulary,
    overlay: Overlay,
    pool: Pool,
}

fn fill(x: &mut Features, row: &Row, names: &mut Names<'_>) {
    let (mut numbers, mut texts) = (row.numbers().iter(), row.texts());
    for (name, kind) in row.shape().columns() {
        let id = names.id(name);
        match kind {
            crate::row::Kind::Number => x.push(id, *numbers.next().unwrap()),
            crate::row::Kind::Text => x.push_text(id, texts.next().unwrap()),
        }
    }
    x.sort();
}

impl Bench {
    pub fn new(spec: &Value) -> Self {
        Self {
            transformer: Catalog::builtin().builder().transformer(spec).unwrap(),
            names: Vocabulary::new(1 << 20),
            overlay: Overlay::default(),
            pool: Pool::default(),
        }
    }

    /// Learns from an event.
    pub fn learn(&mut self, event: &Value) {
        if let Some(gone) = self.names.begin_event() {
            self.transformer.forget(&gone);
        }
        let mut cx = Context::new(Names::Learn(&mut self.names), &mut self.pool);
        let mut x = cx.take();
        fill(&mut x, &Row::from_json(event).unwrap(), &mut cx.names);
        cx.names.touch_event(&x);
        self.transformer.learn_one(&x, &mut cx);
        let mut out = cx.take();
        self.transformer.transform_one(&x, &mut out, &mut cx);
        cx.names.touch_event(&out);
    }

    /// The event transformed, as a JSON object in the order of the ids; texts after numbers.
    pub fn transform(&mut self, event: &Value) -> Value {
        self.try_transform(event).unwrap()
    }

    /// The same, or why the event is refused.
    pub fn try_transform(&mut self, event: &Value) -> Result<Value, Error> {
        self.overlay.clear();
        let names = Names::Predict(&self.names, &mut self.overlay);
        let mut cx = Context::new(names, &mut self.pool);
        let (mut x, mut out) = (cx.take(), cx.take());
        fill(&mut x, &Row::from_json(event).unwrap(), &mut cx.names);
        self.transformer.transform_one(&x, &mut out, &mut cx);
        assert!(out.ids().windows(2).all(|w| w[0] < w[1]), "unsorted: {out:?}");
        let mut map = serde_json::Map::new();
        for (id, v) in out.iter() {
            let taken = map.insert(cx.names.name(id).to_owned(), v.into());
            assert_eq!(taken, None, "a name came twice");
        }
        for (id, text) in out.texts() {
            let taken = map.insert(cx.names.name(id).to_owned(), text.into());
            assert_eq!(taken, None, "a name came twice");
        }
        cx.refusal().map_or(Ok(map.into()), Err)
    }

    /// The parameters as the catalogue builds them again, and the state through its bytes.
    pub fn reload(&mut self) {
        let bytes = crate::saved::save(&*self.transformer);
        let catalog = Catalog::builtin();
        let spec = self.transformer.spec();
        match crate::saved::load(&bytes, &catalog.builder()).unwrap() {
            crate::estimator::Any::Transformer(t) => self.transformer = t,
            other => panic!("{} is no transformer", other.estimator().entry().name),
        }
        assert_eq!(self.transformer.spec(), spec);
        assert_eq!(crate::saved::save(&*self.transformer), bytes);
    }
}

/// True when two objects have the same keys and their numbers differ by a 1e-12th at most.
#[track_caller]
pub(crate) fn assert_close(got: &Value, want: &Value) {
    let (a, b) = (got.as_object().unwrap(), want.as_object().unwrap());
    assert_eq!(a.len(), b.len(), "{got}\n{want}");
    for (name, want) in b {
        let ok = match (a.get(name), want) {
            (Some(Value::Number(a)), Value::Number(b)) => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= 1e-12 * b.abs().max(1.0)
            }
            (a, b) => a == Some(b),
        };
        assert!(ok, "{name}: {got}\n{b:?}");
    }
}

/// Events of three classes, b, a and c, whose features come and go.
pub(crate) fn events(n: u64) -> impl Iterator<Item = (Row, Target)> {
    let mut r: u64 = 12_345;
    (0..n).map(move |i| {
        let mut x = serde_json::Map::new();
        for f in 0..6 {
            r = (r * 1_103_515_245 + 12_345) % (1 << 31);
            if !(r >> 16).is_multiple_of(4) {
                let value = ((r >> 8) % 9) as f64 * ((i % 3) + 1) as f64 / 2.0;
                x.insert(format!("f{f}"), value.into());
            }
        }
        let class = ["b", "a", "c"][((i * i + i / 4) % 3) as usize];
        (Row::from_json(&x.into()).unwrap(), Target::Text(class.into()))
    })
}

/// The probabilities that a model predicts before some of those events, saved and loaded once in
/// between. Classes that are not met yet are left out at the end.
pub(crate) fn predictions(spec: &Value, catalog: &Catalog) -> Vec<Vec<f64>> {
    let mut model = Model::new(spec, catalog).unwrap();
    let (mut scratch, mut p, mut kept) = (Scratch::default(), Prediction::default(), Vec::new());
    for (i, (x, y)) in events(60).enumerate() {
        if i == 15 {
            let bytes = model.save();
            model = Model::load(&bytes, catalog).unwrap();
            assert_eq!(model.save(), bytes);
        }
        model.step(&x, &y, 1.0, &mut p, &mut scratch).unwrap();
        if [0, 1, 2, 5, 11, 29, 59].contains(&i) {
            kept.push(p.proba.clone());
        }
    }
    kept
}

/// Compares such probabilities with River's.
#[track_caller]
pub(crate) fn assert_predictions(spec: &Value, want: &[[f64; 3]; 5]) {
    let got = predictions(spec, &Catalog::builtin());
    assert!(got[0].is_empty(), "an opinion before learning");
    for (got, want) in got[2..].iter().zip(want) {
        for (i, want) in want.iter().enumerate() {
            let (got, ok) = match got.get(i) {
                Some(&p) => (p, (p - want).abs() <= 1e-9 * want.abs()),
                None => (f64::NAN, want.is_nan()),
            };
            assert!(ok, "{spec}: class {i} is {got}, River says {want}");
        }
    }
}
