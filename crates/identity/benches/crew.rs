//! Ensembles on one thread and on two: predict and learn, by turns, the best of several runs of
//! each. Prints microseconds an event and the ratio.
//!
//! `cargo bench -p her-identity --bench crew`

#![allow(missing_docs, clippy::disallowed_methods, reason = "a measuring program")]

use std::time::Instant;

use her_identity::crew;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::{Value, json};

const EVENTS: usize = 4_000;
const RUNS: usize = 7;

fn events(classes: bool) -> Vec<(Row, Target)> {
    let mut state = 42_u64;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    };
    let event = |_| {
        let values: Vec<f64> = (0..10).map(|_| next()).collect();
        let names = values.iter().enumerate().map(|(i, v)| (format!("V{i}"), json!(v)));
        let x = Row::from_json(&Value::Object(names.collect())).expect("a row");
        let sum = values[0] + 0.5 * values[1] * values[2] + 0.1 * values[9];
        let y = if classes { Target::Bool(sum > 0.1) } else { Target::Number(sum) };
        (x, y)
    };
    (0..EVENTS).map(event).collect()
}

/// Microseconds an event, of predicting and of learning.
fn run(spec: &Value, events: &[(Row, Target)], threads: usize) -> f64 {
    crew::set_threads(threads);
    let mut model = Model::new(spec, &Catalog::builtin()).expect("a good spec");
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let start = Instant::now();
    for (x, y) in events {
        model.step(x, y, 1.0, &mut p, &mut s).expect("a good event");
    }
    start.elapsed().as_secs_f64() * 1e6 / events.len() as f64
}

fn main() {
    let trees = json!({"HoeffdingTreeRegressor": {"grace_period": 50, "delta": 0.01}});
    let scaled = json!(["StandardScaler", "LogisticRegression"]);
    let wanted = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    for (spec, classes) in [
        (json!({"ARFClassifier": {"n_models": 10}}), true),
        (json!({"ARFRegressor": {"n_models": 10}}), false),
        (json!({"SRPClassifier": {"model": "HoeffdingTreeClassifier", "n_models": 10}}), true),
        (json!({"SRPRegressor": {"model": trees, "n_models": 10}}), false),
        (json!({"AMFClassifier": {"n_estimators": 10}}), true),
        (json!({"AMFRegressor": {"n_estimators": 10}}), false),
        (json!({"LeveragingBaggingClassifier": {"model": scaled, "n_models": 10}}), true),
        (json!({"BaggingClassifier": {"model": scaled, "n_models": 10}}), true),
    ] {
        let name = spec.as_object().and_then(|s| s.keys().next()).map_or("", String::as_str);
        if wanted.as_ref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let events = events(classes);
        let mut best = [f64::INFINITY; 2];
        for _ in 0..RUNS {
            for (i, best) in best.iter_mut().enumerate() {
                *best = best.min(run(&spec, &events, i + 1));
            }
        }
        let [one, two] = best;
        println!("{name:28} one {one:7.2} us  two {two:7.2} us  ratio {:.2}", one / two);
    }
}
