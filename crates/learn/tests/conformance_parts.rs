//! Our transformers, statistics, metrics and detectors give what River's give, part by part.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recordings;

use std::collections::{BTreeMap, BTreeSet};

use her_learn::estimator::{Any, Transformer, Univariate};
use her_learn::features::{Context, Features, Names, Overlay, Pool, Vocabulary};
use her_learn::metrics::{self, ConfusionMatrix, Metric, Observation};
use her_learn::{Catalog, Label, Prediction};
use recordings::{Worst, number, part};
use serde_json::{Value, json};

/// All arithmetic but that of the linear family.
const TOLERANCE: f64 = 1e-9;

/// River's, and not in our catalogue.
const NOT_OURS: &[&str] = &[
    "AdjustedMutualInfo",
    "AdjustedRand",
    "Completeness",
    "Entropy",
    "FowlkesMallows",
    "Homogeneity",
    "MultiFBeta",
    "MutualInfo",
    "NormalizedMutualInfo",
    "Rand",
    "RollingPRAUC",
    "VBeta",
];

fn name(spec: &Value) -> &str {
    spec.as_str().or_else(|| Some(spec.as_object()?.keys().next()?)).unwrap()
}

/// Collects what deviates, and what was left out because we do not have it.
#[derive(Default)]
struct Report {
    failures: Vec<String>,
    left_out: BTreeSet<String>,
    compared: usize,
}

impl Report {
    /// Runs a comparison on what a spec builds.
    fn run(&mut self, spec: &Value, compare: impl FnOnce(Any, &mut Worst)) {
        let catalog = Catalog::builtin();
        match catalog.builder().build(spec) {
            Ok(_) if NOT_OURS.contains(&name(spec)) => {
                self.failures.push(format!("{spec} is ours now; take it out of NOT_OURS"));
            }
            Ok(any) => {
                let mut worst = Worst::default();
                compare(any, &mut worst);
                self.compared += 1;
                if worst.off > TOLERANCE {
                    self.failures.push(format!("{spec}: {:.1e} at {}", worst.off, worst.place));
                }
            }
            Err(_) if NOT_OURS.contains(&name(spec)) => {
                self.left_out.insert(name(spec).to_owned());
            }
            Err(e) => self.failures.push(format!("{spec}: {e}")),
        }
    }

    fn finish(self, least: usize) {
        println!("{} compared; not ours: {:?}", self.compared, self.left_out);
        let n = self.failures.len();
        assert!(self.failures.is_empty(), "{n} deviations\n{}", self.failures.join("\n"));
        assert!(self.compared >= least, "only {} were compared", self.compared);
    }
}

/// `x` of the recordings.
fn x(i: usize) -> f64 {
    ((i * 7919 + 13) % 1009) as f64 / 101.0 - 4.0
}

#[test]
fn statistics_agree_with_river() {
    let (recording, mut report) = (part("stats"), Report::default());
    let at: Vec<usize> = serde_json::from_value(recording["at"].clone()).unwrap();
    for case in recording["stats"].as_array().unwrap() {
        report.run(&case["spec"], |any, worst| {
            let Any::Univariate(mut statistic) = any else {
                return worst.differs("no statistic".into());
            };
            let statistic: &mut dyn Univariate = &mut *statistic;
            for i in 0..=*at.last().unwrap() {
                statistic.update(x(i));
                if let Some(k) = at.iter().position(|a| *a == i) {
                    // Where River has no value yet, ours is NaN.
                    let river = number(&case["get"][k]).unwrap_or(f64::NAN);
                    worst.compare(statistic.get(), river, || format!("update {i}"));
                }
            }
        });
    }
    report.finish(30);
}

/// The recorded sequence as a metric sees it: event `i`, given to `then`.
fn observe(sequence: &Value, i: usize, then: &mut dyn FnMut(Observation<'_>)) {
    let (y, predicted) = (&sequence["y_true"][i], &sequence["y_pred"][i]);
    if let (Some(y), Some(predicted)) = (number(y), number(predicted)) {
        return then(Observation::Value { y, predicted });
    }
    let classes: Vec<Label> = if y.is_boolean() {
        vec![Label::Bool(false), Label::Bool(true)]
    } else {
        ["a", "b", "c", "d"].map(|c| Label::Text(c.into())).into()
    };
    let id = |v: &Value| classes.iter().position(|c| c.to_json() == *v).unwrap() as u32;
    let proba: Vec<f64> = classes
        .iter()
        .map(|c| match predicted {
            Value::Object(chances) => number(&chances[&c.to_string()]).unwrap(),
            label => f64::from(u8::from(c.to_json() == *label)),
        })
        .collect();
    let prediction = Prediction { proba, value: None };
    let predicted = prediction.class().unwrap();
    then(Observation::Class { y: id(y), proba: &prediction.proba, predicted, classes: &classes });
}

fn feed(metric: &mut dyn Metric, sequence: &Value, events: std::ops::Range<usize>) {
    for i in events {
        observe(sequence, i, &mut |seen| metric.update(seen, 1.0));
    }
}

#[test]
fn metrics_agree_with_river() {
    let (recording, mut report) = (part("metrics"), Report::default());
    let catalog = Catalog::builtin();
    let build = |spec: &Value| metrics::build(spec, &catalog).unwrap();
    let at: Vec<usize> = serde_json::from_value(recording["at"].clone()).unwrap();
    for case in recording["metrics"].as_array().unwrap() {
        let (spec, sequence) =
            (&case["spec"], &recording["sequences"][case["sequence"].as_str().unwrap()]);
        let n = sequence["y_true"].as_array().unwrap().len();
        report.run(spec, |_, worst| {
            let mut plain = build(spec);
            for (k, &i) in at.iter().enumerate() {
                let from = if k == 0 { 0 } else { at[k - 1] + 1 };
                feed(&mut *plain, sequence, from..i + 1);
                let river = number(&case["get"][k]).unwrap();
                worst.compare(plain.get(), river, || format!("get {i}"));
            }
            if let Some(river) = number(&case["weighted"]) {
                let mut metric = build(spec);
                for i in 0..n {
                    observe(sequence, i, &mut |seen| metric.update(seen, (1 + i % 3) as f64));
                }
                worst.compare(metric.get(), river, || "weighted".into());
            }
            if let Some(river) = number(&case["reverted"]) {
                let mut metric = build(spec);
                feed(&mut *metric, sequence, 0..n);
                for i in 0..n / 2 {
                    observe(sequence, i, &mut |seen| metric.revert(seen, 1.0));
                }
                worst.compare(metric.get(), river, || "reverted".into());
            }
            if let Some(river) = number(&case["rolling_50"]) {
                let rolling = json!({"RollingMetric": {"obj": spec, "window_size": 50}});
                let mut metric = build(&rolling);
                feed(&mut *metric, sequence, 0..n);
                worst.compare(metric.get(), river, || "rolling".into());
            }
        });
    }
    let sequence = &recording["sequences"]["binary-chances"];
    report.run(&json!("ExactROCAUC"), |_, worst| {
        let mut exact = build(&json!("ExactROCAUC"));
        for (k, &i) in at.iter().enumerate() {
            let from = if k == 0 { 0 } else { at[k - 1] + 1 };
            feed(&mut *exact, sequence, from..i + 1);
            let river = number(&recording["exact_auc"][k]).unwrap_or(0.0);
            worst.compare(exact.get(), river, || format!("exact area {i}"));
        }
    });
    report.finish(60);
}

#[test]
fn the_confusion_matrix_agrees_with_river() {
    let recording = part("metrics");
    let (mut matrix, sequence) =
        (ConfusionMatrix::default(), &recording["sequences"]["multi-labels"]);
    for i in 0..sequence["y_true"].as_array().unwrap().len() {
        observe(sequence, i, &mut |seen| matrix.update(seen, 1.0));
    }
    for (y, row) in ["a", "b", "c", "d"].iter().enumerate() {
        for (predicted, column) in ["a", "b", "c", "d"].iter().enumerate() {
            let river = number(&recording["confusion_matrix"][row][column]).unwrap();
            assert_eq!(matrix.cell(y as u32, predicted as u32), river, "{row}, {column}");
        }
    }
}

#[test]
fn detectors_agree_with_river() {
    let (recording, mut report) = (part("drift"), Report::default());
    let streams = |name: &str| -> Vec<f64> {
        match name {
            "steps" => (0..3000).map(|i| x(i) / 4.0 + [0.0, 3.0, -2.0][i / 1000]).collect(),
            "errors" => (0..2400)
                .map(|i| {
                    f64::from(u8::from((i * 7919 + 13) % 1009 < [101, 505, 202][(i / 800).min(2)]))
                })
                .collect(),
            name => serde_json::from_value(recording["streams"][name].clone()).unwrap(),
        }
    };
    for case in recording["detectors"].as_array().unwrap() {
        report.run(&case["spec"], |any, worst| {
            let Any::DriftDetector(mut detector) = any else {
                return worst.differs("no detector".into());
            };
            let (mut drift, mut warning) = (Vec::new(), Vec::new());
            for (i, v) in streams(case["stream"].as_str().unwrap()).into_iter().enumerate() {
                detector.update(v);
                drift.extend(detector.drift_detected().then_some(i));
                warning.extend(detector.warning_detected().then_some(i));
            }
            if json!(drift) != case["drift"] || json!(warning) != case["warning"] {
                let river = (&case["drift"], &case["warning"]);
                worst
                    .differs(format!("{}: {drift:?} {warning:?}, River {river:?}", case["stream"]));
            }
        });
    }
    report.finish(25);
}

/// What an event becomes: numbers and texts by name.
fn transform(by: &dyn Transformer, x: &Features, names: &Vocabulary) -> BTreeMap<String, Value> {
    let (mut overlay, mut pool, mut out) =
        (Overlay::default(), Pool::default(), Features::default());
    let mut cx = Context::new(Names::Predict(names, &mut overlay), &mut pool);
    by.transform_one(x, &mut out, &mut cx);
    let numbers = out.iter().map(|(id, v)| (cx.names.name(id).to_owned(), json!(v)));
    let mut all: BTreeMap<String, Value> = numbers.collect();
    all.extend(out.texts().map(|(id, t)| (cx.names.name(id).to_owned(), json!(t))));
    all
}

/// River's output in our terms: booleans are numbers, in names as well, and `None` is absent.
fn ours(river: &Value) -> BTreeMap<String, Value> {
    let number_of = |v: &Value| match v {
        Value::Bool(b) => json!(f64::from(u8::from(*b))),
        other => other.clone(),
    };
    let pairs = river.as_object().into_iter().flatten().filter(|(_, v)| !v.is_null());
    let name_of = |k: &str| match (k.strip_suffix("_True"), k.strip_suffix("_False")) {
        (Some(k), _) => format!("{k}_1"),
        (_, Some(k)) => format!("{k}_0"),
        _ => k.to_owned(),
    };
    pairs.map(|(k, v)| (name_of(k), number_of(v))).collect()
}

#[test]
fn transformers_agree_with_river() {
    let mut report = Report::default();
    let cases = recordings::all(|r| r["kind"] == "transform");
    for case in &cases {
        report.run(&case["spec"], |any, worst| {
            let Any::Transformer(mut by) = any else {
                return worst.differs("no transformer".into());
            };
            let (mut names, mut pool) = (Vocabulary::new(1 << 20), Pool::default());
            for (i, input) in case["inputs"].as_array().unwrap().iter().enumerate() {
                let mut event = Features::default();
                for (name, value) in ours(input) {
                    let id = names.intern(&name);
                    match value {
                        Value::String(text) => event.push_text(id, &text),
                        value => event.push(id, number(&value).unwrap()),
                    }
                }
                event.sort();
                for when in ["before", "after"] {
                    if when == "after" {
                        let mut cx = Context::new(Names::Learn(&mut names), &mut pool);
                        by.learn_one(&event, &mut cx);
                    }
                    if !case[when][i].is_object() {
                        continue; // River raised.
                    }
                    let (mine, river) = (transform(&*by, &event, &names), ours(&case[when][i]));
                    compare(&mine, &river, worst, &format!("event {i} {when} learning"));
                }
            }
        });
    }
    report.finish(40);
}

fn compare(
    mine: &BTreeMap<String, Value>,
    river: &BTreeMap<String, Value>,
    worst: &mut Worst,
    place: &str,
) {
    if !mine.keys().eq(river.keys()) {
        return worst.differs(format!("{place}: {mine:?}, River {river:?}"));
    }
    for (name, value) in river {
        match (number(&mine[name]), number(value)) {
            (Some(a), Some(b)) if b.is_nan() => {
                // MinMaxScaler before its first event: ours is a number, on purpose.
                if !a.is_finite() {
                    worst.differs(format!("{place}, {name}: {a}"));
                }
            }
            (Some(a), Some(b)) => worst.compare(a, b, || format!("{place}, {name}")),
            _ if mine[name] == *value => {}
            _ => worst.differs(format!("{place}, {name}: {:?}, River {value:?}", mine[name])),
        }
    }
}
