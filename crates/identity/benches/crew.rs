//! Ensembles on one thread, on two always, and on two where that pays: predict and learn, by
//! turns, the best of several runs of each. Prints microseconds an event and ratios.
//!
//! `cargo bench -p her-identity --bench crew`

#![allow(missing_docs, clippy::disallowed_methods, reason = "a measuring program")]

use std::time::Instant;

use her_identity::crew;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::{Value, json};

/// Events times members.
const WORK: usize = 40_000;
const RUNS: usize = 3;

fn events(n: usize, classes: bool) -> Vec<(Row, Target)> {
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
    (0..n).map(event).collect()
}

/// Microseconds an event, of predicting and of learning.
fn run(spec: &Value, events: &[(Row, Target)], way: usize) -> f64 {
    crew::set_threads(1 + usize::from(way > 0));
    crew::set_eager(way == 1);
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
    let specs = |n: usize| {
        [
            (json!({"ARFClassifier": {"n_models": n}}), true),
            (json!({"ARFRegressor": {"n_models": n}}), false),
            (json!({"SRPClassifier": {"model": "HoeffdingTreeClassifier", "n_models": n}}), true),
            (json!({"SRPRegressor": {"model": trees, "n_models": n}}), false),
            (json!({"AMFClassifier": {"n_estimators": n}}), true),
            (json!({"AMFRegressor": {"n_estimators": n}}), false),
            (json!({"LeveragingBaggingClassifier": {"model": scaled, "n_models": n}}), true),
            (json!({"BaggingClassifier": {"model": scaled, "n_models": n}}), true),
        ]
    };
    for (n, (spec, classes)) in [10, 30, 100].into_iter().flat_map(|n| specs(n).map(|s| (n, s))) {
        let name = spec.as_object().and_then(|s| s.keys().next()).map_or("", String::as_str);
        if wanted.as_ref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let events = events(WORK / n, classes);
        let mut best = [f64::INFINITY; 3];
        for _ in 0..RUNS {
            for (i, best) in best.iter_mut().enumerate() {
                *best = best.min(run(&spec, &events, i));
            }
        }
        let [one, always, tried] = best;
        println!(
            "{name:28} {n:4}  one {one:7.2} us  two {always:7.2} us, x{:.2}  tried {tried:7.2} us, \
             x{:.2}",
            one / always,
            one / tried
        );
    }
}
