//! Our models give River's predictions, figures and weights on River's streams.
//!
//! Run `cargo xtask data` first; `cargo test -p her-learn --test conformance -- --nocapture` shows
//! the worst deviation of each case.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recordings;

use std::collections::BTreeMap;

use her_learn::evaluate::observation;
use her_learn::metrics::{self, Metric};
use her_learn::stream::{Event, csv};
use her_learn::{Catalog, Label, Model, Prediction, Scratch, Target};
use recordings::{Worst, number};
use serde_json::{Value, json};

/// What the arithmetic of the linear family is held to; all else is held to 10⁻⁹.
const LINEAR: &[&str] = &[
    "LinearRegression",
    "LogisticRegression",
    "PAClassifier",
    "PARegressor",
    "Perceptron",
    "SoftmaxRegression",
];

/// Cases that are held to another tolerance, each with its reason.
const LOOSER: &[(&str, f64, &str)] = &[
    ("phishing-lr-sgd-optimal", 1e-8, "its first steps are large and multiply the last bits"),
    (
        "image-segments-softmax-adam-l2",
        1e-11,
        "River differs from itself by 4e-11 when its columns come in reverse order",
    ),
    ("trump-approval-bayesian", 1e-5, "dates squared are 10¹², and their inverse cancels to 1"),
    ("trump-approval-bayesian-smoothing", 1e-7, "the same, with less cancelling"),
];

/// Cases that can't be run, each with its reason; one that can be run after all is a failure.
const NOT_OURS: &[(&str, &str)] = &[(
    "phishing-union-by-type",
    "JSON has one type of number: our SelectType knows no `int` beside `float`",
)];

/// Wrappers whose weights are not shown.
const NO_WEIGHTS: &[(&str, &str)] =
    &[("OneVsOneClassifier", "a weight belongs to one class, not to a pair of them")];

fn tolerance(case: &Value) -> f64 {
    let name = case["case"].as_str().unwrap();
    if let Some((_, tolerance, _)) = LOOSER.iter().find(|l| l.0 == name) {
        return *tolerance;
    }
    let last = case["spec"].as_array().and_then(|steps| steps.last()).unwrap_or(&case["spec"]);
    let last = last.as_str().or_else(|| last.as_object()?.keys().next().map(String::as_str));
    if LINEAR.contains(&last.unwrap_or_default()) { 1e-12 } else { 1e-9 }
}

/// What a tree's figures are held to. Its chances are often equal, and of equals River takes the
/// first by label and we the first met; and a chance of 1e-16 has no digits for `LogLoss` to see.
fn figures_tolerance(case: &Value) -> f64 {
    let tree = case["spec"].to_string().contains("Hoeffding");
    if tree { 5e-3 } else { tolerance(case) }
}

/// A case while it runs.
struct Run<'a> {
    case: &'a Value,
    model: Model,
    prediction: Prediction,
    predictions: Worst,
    figures: Worst,
    weights: Worst,
}

impl Run<'_> {
    /// Compares one prediction with the recorded one.
    fn compare(&mut self, i: usize, river: &Value) {
        let place = || format!("event {i}");
        let no_opinion = self.prediction.proba.iter().all(|p| p.is_nan());
        match self.case["kind"].as_str() {
            Some("binary") => match number(river) {
                Some(river) => self.predictions.compare(self.positive(), river, place),
                None if no_opinion => {}
                None => self.predictions.differs(format!("event {i}: River has no opinion")),
            },
            Some("regression") => match (self.prediction.value, number(river)) {
                (Some(ours), Some(river)) => self.predictions.compare(ours, river, place),
                (Some(ours), None) if ours.is_nan() => {}
                // Before its first event, River's forest has no answer and ours says 0.
                (Some(0.0), None) if i == 0 => {}
                (ours, river) => self.predictions.differs(format!("{ours:?}, River {river:?}")),
            },
            Some("label") => {
                let ours =
                    self.prediction.class().map(|c| self.model.classes()[c as usize].to_json());
                if ours.clone().unwrap_or_default() != *river {
                    self.predictions.differs(format!("event {i}: {ours:?}, River {river}"));
                }
            }
            Some("proba") => self.compare_proba(i, river),
            kind => panic!("a recording of an unknown kind {kind:?}"),
        }
    }

    /// The probability of `true`, which a model of many classes may have met second.
    fn positive(&self) -> f64 {
        let id = self.model.classes().iter().position(|c| *c == Label::Bool(true));
        id.and_then(|id| self.prediction.proba.get(id)).copied().unwrap_or(0.0)
    }

    fn compare_proba(&mut self, i: usize, river: &Value) {
        let empty = serde_json::Map::new();
        let river = river.as_object().unwrap_or(&empty);
        let classes = self.model.classes().iter().map(Label::to_string);
        let ours: BTreeMap<String, f64> = classes
            .zip(self.prediction.proba.iter().copied())
            .filter(|(_, p)| !p.is_nan())
            .collect();
        if !ours.keys().eq(river.keys().collect::<std::collections::BTreeSet<_>>()) {
            self.predictions.differs(format!("event {i}: {ours:?}, River {river:?}"));
        }
        for (class, p) in river {
            let ours = ours.get(class).copied().unwrap_or(f64::NAN);
            let place = || format!("event {i}, class {class}");
            self.predictions.compare(ours, number(p).unwrap(), place);
        }
    }

    /// Compares the weights at the end: by class where there are classes, as sums for texts.
    fn compare_weights(&mut self) {
        let mut ours: BTreeMap<(String, String), f64> = BTreeMap::new();
        let (model, case) = (&self.model, self.case);
        model.weights(&mut |key, w| {
            let class = key.class.map(|c| model.classes()[c as usize].to_string());
            let name = match key.feature {
                Some(id) => model.names().name(id).unwrap_or_default().to_owned(),
                None => String::new(), // the intercept
            };
            ours.insert((class.unwrap_or_default(), name), w);
        });
        let mut river: BTreeMap<(String, String), f64> = BTreeMap::new();
        let mut take = |class: &str, part: &Value| {
            for (name, w) in part["weights"].as_object().into_iter().flatten() {
                river.insert((class.to_owned(), name.clone()), number(w).unwrap());
            }
            if let Some(intercept) = number(&part["intercept"]) {
                river.insert((class.to_owned(), String::new()), intercept);
            }
        };
        let by_class = |v: &&Value| v.as_object().is_some_and(|m| m.values().any(Value::is_object));
        if let Some(children) = case["children"].as_object() {
            children.iter().for_each(|(class, child)| take(class, child));
        } else if let Some(classes) = Some(&case["weights"]).filter(by_class) {
            for (class, weights) in classes.as_object().unwrap() {
                take(class, &json!({"weights": weights, "intercept": case["intercept"][class]}));
            }
        } else {
            take("", case);
        }
        let spec = case["spec"].to_string();
        if ours.is_empty() && NO_WEIGHTS.iter().any(|(name, _)| spec.contains(name)) {
            return;
        }
        for ((class, name), w) in river {
            // JSON's 1.0 is 1 to us, and so is the name that OneHotEncoder makes of it.
            let short = name.strip_suffix(".0").unwrap_or(&name).to_owned();
            let mine = ours.get(&(class.clone(), name.clone())).or(ours.get(&(class, short)));
            let mine = mine.copied().unwrap_or(f64::NAN);
            self.weights.compare(mine, w, || format!("weight {name:?}"));
        }
        if let Some(summary) = case["weights_summary"].as_object() {
            let values = with_zeros(model, &ours, summary["n"].as_u64().unwrap() as usize);
            let n = values.len() as f64;
            let by_rank = values.iter().enumerate().map(|(i, w)| w * (i as f64 + 1.0) / n);
            for (name, mine) in [
                ("n", n),
                ("sum", values.iter().sum()),
                ("sum_squares", values.iter().map(|w| w * w).sum()),
                ("max", values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
                ("by_rank", by_rank.sum()),
            ] {
                // Sums of thousands of weights are held to 10⁻⁹, so a thousandth of it counts.
                let (mine, river) = (mine, number(&summary[name]).unwrap());
                let scale = river.abs().max(1.0);
                let off = (mine - river).abs() / scale;
                if off > 1e-9 || off.is_nan() {
                    self.weights.compare(mine, river, || format!("weights' {name}"));
                }
            }
        }
    }
}

/// The weights of a text model in the order of their names. River has a 0 for every word that its
/// model met, for some models; we show the weights that moved. So zeros are filled in for words of
/// the vocabulary, with the text's own column and without, when that makes as many as River has.
fn with_zeros(model: &Model, ours: &BTreeMap<(String, String), f64>, n: usize) -> Vec<f64> {
    let moved: BTreeMap<&str, f64> = ours
        .iter()
        .map(|((_, name), w)| (&**name, *w))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let known = (0..model.names().end()).filter_map(|id| model.names().name(id));
    let mut all: BTreeMap<&str, f64> = known.map(|name| (name, 0.0)).collect();
    all.extend(&moved);
    let mut words = all.clone();
    words.remove("text");
    let candidates = [moved, words, all];
    let fitting = candidates.iter().find(|c| c.len() == n).unwrap_or(&candidates[0]);
    fitting.values().copied().collect()
}

fn run<'a>(case: &'a Value, catalog: &Catalog, events: &[Event]) -> Result<Run<'a>, String> {
    let model = Model::new(&case["spec"], catalog).map_err(|e| e.to_string())?;
    let mut wanted: Vec<(String, Box<dyn Metric>, f64)> = Vec::new();
    for (name, value) in case["metrics"].as_object().into_iter().flatten() {
        let spec = match name.as_str() {
            "AUCExact" => json!({"ExactROCAUC": {"window_size": events.len()}}),
            name => Value::from(name),
        };
        let metric = metrics::build(&spec, catalog).map_err(|e| e.to_string())?;
        wanted.push((name.clone(), metric, number(value).unwrap_or(f64::NAN)));
    }
    let (prediction, predictions) = Default::default();
    let (figures, weights) = Default::default();
    let mut run = Run { case, model, prediction, predictions, figures, weights };
    let mut scratch = Scratch::default();
    let recorded = case["predictions"].as_array().unwrap();
    let (mut next, mut skipped) = (0, 0);
    for (i, event) in events.iter().enumerate() {
        let y = event.target.as_ref().unwrap();
        run.model
            .step(&event.row, y, 1.0, &mut run.prediction, &mut scratch)
            .map_err(|e| format!("event {i}: {e}"))?;
        let index = case["indices"]
            .as_array()
            .map_or(Some(next), |at| at.get(next).and_then(Value::as_u64).map(|at| at as usize));
        let mut skip = !case["river_raised"][i.to_string()].is_null();
        if index == Some(i) && next < recorded.len() {
            // Where River gives NaN or raises, our number is not compared and not counted.
            skip |= number(&recorded[next]).is_some_and(f64::is_nan);
            if !skip {
                run.compare(i, &recorded[next]);
            }
            skip |= i == 0 && case["kind"] == "regression" && recorded[next].is_null();
            next += 1;
        }
        skip |= run.prediction.value.is_some_and(f64::is_nan);
        skip |= run.prediction.value.is_none() && run.prediction.class().is_none();
        if skip {
            skipped += 1;
            continue;
        }
        if let Some(seen) = observation(&run.model, y, &run.prediction) {
            for (_, metric, _) in &mut wanted {
                metric.update(seen, 1.0);
            }
        }
    }
    if next != recorded.len() {
        return Err(format!("{next} of {} predictions were compared", recorded.len()));
    }
    if case["skipped"] != skipped {
        return Err(format!("{skipped} predictions were left out, by River {}", case["skipped"]));
    }
    for (name, metric, river) in &wanted {
        run.figures.compare(metric.get(), *river, || name.clone());
    }
    run.compare_weights();
    Ok(run)
}

#[test]
fn models_agree_with_river() {
    let catalog = Catalog::builtin();
    let cases = recordings::all(|r| r["stream"].is_string());
    let mut streams: BTreeMap<(String, usize), Vec<Event>> = BTreeMap::new();
    let (mut failures, mut not_ours) = (Vec::new(), Vec::new());
    println!("{:<44} {:>9} {:>9} {:>9}  asked", "case", "predicted", "figures", "weights");
    for case in &cases {
        let (name, n) = (case["case"].as_str().unwrap(), case["n"].as_u64().unwrap() as usize);
        if let Some((_, reason)) = NOT_OURS.iter().find(|(not, _)| *not == name) {
            match Model::new(&case["spec"], &catalog) {
                Ok(_) => failures.push(format!("{name} can be run; take it out of NOT_OURS")),
                Err(_) => not_ours.push(format!("{name}: {reason}")),
            }
            continue;
        }
        let stream = case["stream"].as_str().unwrap().to_owned();
        let events =
            streams.entry((stream.clone(), n)).or_insert_with(|| recordings::stream(&stream, n));
        let (asked, asked_figures) = (tolerance(case), figures_tolerance(case));
        match run(case, &catalog, events) {
            Ok(run) => {
                let parts = [&run.predictions, &run.figures, &run.weights];
                let [p, f, w] = parts.map(|worst| worst.off);
                println!("{name:<44} {p:>9.1e} {f:>9.1e} {w:>9.1e}  {asked:.0e}");
                for (worst, asked) in parts.into_iter().zip([asked, asked_figures, asked]) {
                    if worst.off > asked {
                        failures.push(format!("{name}: {}", worst.place));
                    }
                }
            }
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    println!("{} cases; not run: {not_ours:?}", cases.len());
    assert!(cases.len() > 100, "only {} recordings were found", cases.len());
    assert!(failures.is_empty(), "{} deviations\n{}", failures.len(), failures.join("\n"));
}

/// The same stream as CSV and as NDJSON gives the same events.
#[test]
fn both_formats_of_a_stream_agree() {
    for (name, target) in [
        ("phishing", "is_phishing"),
        ("bananas", "is_banana"),
        ("image_segments", "category"),
        ("trump_approval", "five_thirty_eight"),
    ] {
        let text = recordings::text(&format!("{name}.csv"));
        let (mut decoder, mut event) = (csv::Decoder::new(target), Event::default());
        let mut from_csv = Vec::new();
        for line in her_learn::stream::lines(&text) {
            if decoder.decode(line, &mut event).unwrap() {
                from_csv.push(event.clone());
            }
        }
        let from_ndjson = recordings::stream(name, from_csv.len());
        let mut compared = 0;
        for (a, b) in from_csv.iter().zip(&from_ndjson) {
            // River's readers turn some columns into others; what both have must agree.
            for (column, _) in b.row.shape().columns() {
                if let (Some(x), Some(y)) = (a.row.number(column), b.row.number(column)) {
                    assert_eq!(x, y, "{name}, {column}");
                    compared += 1;
                }
            }
            let number = |t: &Option<Target>| match t {
                Some(Target::Bool(b)) => Some(f64::from(u8::from(*b))),
                Some(Target::Number(v)) => Some(*v),
                _ => None,
            };
            assert_eq!(number(&a.target), number(&b.target), "{name}");
        }
        assert!(compared >= 2 * from_csv.len(), "{name}: {compared} numbers were compared");
    }
}
