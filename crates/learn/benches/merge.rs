//! What a model learned as sums, sums added, and sums as a model, beside a bare loop that puts as
//! many numbers on the grid and adds them up. Prints milliseconds and ratios, the least of five.
//!
//! `cargo bench -p her-learn --bench merge`

#![allow(missing_docs, clippy::disallowed_methods, reason = "a measuring program")]
#![allow(clippy::unwrap_used, reason = "a measuring program")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use her_learn::merge::Fixed;
use her_learn::row::{Kind, Shape};
use her_learn::{Catalog, Model, Row, Scratch, Target};
use serde_json::{Value, json};

/// A model that has met so many features, a thousand in an event and in each class.
fn model(spec: &Value, features: usize, classes: usize) -> Model {
    let mut model = Model::with_cap(spec, &Catalog::builtin(), 1 << 21).unwrap();
    let (mut scratch, mut seed) = (Scratch::default(), 1_u64);
    let wide = features.min(1000);
    for class in 0..classes {
        for chunk in 0..features / wide {
            let names = (0..wide).map(|i| (format!("feature {}", chunk * wide + i), Kind::Number));
            let mut row = Row::new(Arc::new(Shape::new(names).unwrap()));
            for _ in 0..wide {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                row.push_number((seed >> 40) as f64 / 1e7);
            }
            let y = match model.task() {
                her_learn::Task::Binary => Target::Bool(class % 2 == 1),
                _ => Target::Number(class as f64),
            };
            model.learn(&row, &y, 1.0, &mut scratch).unwrap();
        }
    }
    model
}

/// The least milliseconds of five.
fn least<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        black_box(work());
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    best
}

fn bare(n: usize) -> f64 {
    let numbers: Vec<f64> = (0..n).map(|i| i as f64 * 1e-3).collect();
    let mut sums = vec![Fixed::ZERO; n];
    let mut back = vec![0.0; n];
    least(|| {
        for ((sum, back), &x) in sums.iter_mut().zip(&mut back).zip(&numbers) {
            *sum = sum.add(Fixed::of(x));
            *back = sum.to_f64();
        }
    })
}

fn main() {
    let cases = [
        ("LogisticRegression", json!("LogisticRegression"), 1_000_000, 1),
        ("MultinomialNB, 10 classes", json!("MultinomialNB"), 100_000, 10),
        ("BayesianLogisticRegression", json!("BayesianLogisticRegression"), 512, 4),
        ("BayesianLinearRegression", json!("BayesianLinearRegression"), 1000, 4),
    ];
    println!("model | cells | sums ms | add ms | set_sums ms | bare loop ms | ratio of the three");
    for (name, spec, features, classes) in cases {
        let mut model = model(&spec, features, classes);
        let sums = model.sums();
        let gather = least(|| model.sums());
        let mut total = sums.clone();
        let add = least(|| total.add(&sums));
        let set = least(|| model.set_sums(&sums).unwrap());
        let bare = bare(sums.len());
        println!(
            "{name} | {} | {gather:.0} | {add:.0} | {set:.0} | {bare:.1} | {:.0}",
            sums.len(),
            (gather + add + set) / bare
        );
    }
}
