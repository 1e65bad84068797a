//! What several peers learned from their parts of a stream, added up.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use her_learn::merge::Sums;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::{Value, json};

fn event(i: u64) -> (Row, Target) {
    let (a, b) = ((i * 7919 % 101) as f64, (i * 104_729 % 103) as f64 * 1e-3);
    let class = ["low", "high", "even"][usize::from(a > 50.0) + usize::from(i.is_multiple_of(5))];
    let row = Row::from_json(&json!({"a": a, "b": b})).unwrap();
    (row, Target::Text(class.into()))
}

fn model(spec: &Value) -> Model {
    Model::new(spec, &Catalog::builtin()).unwrap()
}

fn predictions(model: &Model) -> Vec<Vec<(String, f64)>> {
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let mut predict = |i| {
        model.predict(&event(i).0, &mut p, &mut s).unwrap();
        let mut named: Vec<(String, f64)> =
            model.classes().iter().map(ToString::to_string).zip(p.proba.iter().copied()).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    };
    (1000..1050).map(&mut predict).collect()
}

#[test]
fn counts_and_moments_of_peers_are_those_of_one_learner() {
    for spec in [json!(["StandardScaler", "GaussianNB"]), json!("MultinomialNB")] {
        let mut scratch = Scratch::default();
        let mut pooled = model(&spec);
        let mut peers = [model(&spec), model(&spec), model(&spec)];
        for i in 0..600 {
            let (row, target) = event(i);
            pooled.learn(&row, &target, 1.0, &mut scratch).unwrap();
            // Skewed: the third peer sees one class only.
            let of = if matches!(&target, Target::Text(t) if &**t == "even") { 2 } else { i % 2 };
            peers[of as usize].learn(&row, &target, 1.0, &mut scratch).unwrap();
        }
        let mut sum = Sums::default();
        for peer in &peers {
            sum.add(&peer.sums());
        }
        let mut merged = model(&spec);
        merged.set_sums(&sum).unwrap();
        // The scaler learns what each peer sees of it, so only the classifier without a moving
        // scaler before it is the pooled one.
        if spec.is_string() {
            for (a, b) in
                predictions(&merged).iter().flatten().zip(predictions(&pooled).iter().flatten())
            {
                assert_eq!(a.0, b.0);
                assert!((a.1 - b.1).abs() < 1e-9, "{spec}: {a:?} {b:?}");
            }
        }
        let again = merged.sums();
        let mut off = again.clone();
        off.sub(&sum);
        assert!(off.norm() <= 1e-12 * sum.norm(), "{spec}: {}", off.norm());
    }
}
