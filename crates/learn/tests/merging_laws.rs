//! Peers that split a real stream and exchange sums become the learner that saw all of it.
//!
//! Run `cargo xtask data` first; `cargo test -p her-learn --test merging_laws -- --nocapture` shows
//! every loss.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recordings;
mod splits;

use her_learn::merge::Sums;
use her_learn::stream::Event;
use her_learn::{Catalog, Model, Prediction, Scratch};
use serde_json::{Value, json};
use splits::{PEERS, Split, rounds, shuffled, split};

fn model(spec: &Value) -> Model {
    Model::new(spec, &Catalog::builtin()).unwrap()
}

/// Peers that learn their parts, and take over the sum of all contributions each time when such a
/// share of what was learned so far is new, and at least eight events.
fn merged(spec: &Value, events: &[Event], of: &[usize], peers: usize, share: f64) -> Model {
    let mut scratch = Scratch::default();
    let mut models: Vec<Model> = (0..peers).map(|_| model(spec)).collect();
    let (mut own, mut read) = (vec![Sums::default(); peers], Sums::default());
    let rounds = rounds(events.len(), share);
    for (i, event) in events.iter().enumerate() {
        let target = event.target.as_ref().unwrap();
        models[of[i]].learn(&event.row, target, 1.0, &mut scratch).unwrap();
        if rounds.binary_search(&(i + 1)).is_ok() {
            let mut total = Sums::default();
            for (model, own) in models.iter().zip(&mut own) {
                let mut news = model.sums();
                news.sub(&read);
                own.add(&news);
                total.add(own);
            }
            for model in &mut models {
                model.set_sums(&total).unwrap();
            }
            read = total;
        }
    }
    models.swap_remove(0)
}

fn learned(spec: &Value, events: &[Event]) -> Model {
    let (mut model, mut scratch) = (model(spec), Scratch::default());
    for event in events {
        model.learn(&event.row, event.target.as_ref().unwrap(), 1.0, &mut scratch).unwrap();
    }
    model
}

/// The probability of each event's own label.
fn said(model: &Model, events: &[Event]) -> Vec<f64> {
    let (mut scratch, mut p) = (Scratch::default(), Prediction::default());
    let mut all = Vec::new();
    for event in events {
        model.predict(&event.row, &mut p, &mut scratch).unwrap();
        let class = model.class_of(event.target.as_ref().unwrap()).unwrap();
        all.push(p.proba[class as usize]);
    }
    all
}

/// The mean of what an event costs, in nats.
fn loss(model: &Model, events: &[Event]) -> f64 {
    let said = said(model, events);
    -said.iter().map(|p| her_learn::math::ln(p.max(1e-12))).sum::<f64>() / said.len() as f64
}

/// `BayesianLogisticRegression` comes within 0.001 nats of the learner of all events.
fn near_the_pooled(stream: &str, spec: &Value, n: usize, held_out: usize, seeds: u64) {
    for peers in PEERS {
        for how in Split::ALL {
            let (mut pooled, mut together, mut alone) = (0.0, 0.0, 0.0);
            for seed in 0..seeds {
                let events = shuffled(stream, n, seed);
                let (learn, test) = events.split_at(n - held_out);
                let of = split(learn, peers, how);
                pooled += loss(&learned(spec, learn), test) / seeds as f64;
                together += loss(&merged(spec, learn, &of, peers, 0.1), test) / seeds as f64;
                let first = learn.iter().zip(&of).filter(|(_, of)| **of == 0);
                let first: Vec<Event> = first.map(|(event, _)| event.clone()).collect();
                alone += loss(&learned(spec, &first), test) / seeds as f64;
            }
            println!(
                "{stream}, {peers} peers, {how:?}: pooled {pooled:.4}, merged {together:.4} \
                 ({:+.5}), alone {alone:.4} nats",
                together - pooled
            );
            assert!(together - pooled <= 0.001, "{stream}, {peers} peers, {how:?}");
            assert!(together < alone, "{stream}, {peers} peers, {how:?}");
        }
    }
}

#[test]
fn beliefs_of_peers_are_near_that_of_one_learner_on_phishing() {
    near_the_pooled("phishing", &json!("BayesianLogisticRegression"), 1250, 250, 6);
}

#[test]
fn beliefs_of_peers_are_near_that_of_one_learner_on_tweets() {
    let hasher = json!({"FeatureHasher": {"n_features": 64, "seed": 7}});
    let spec = json!(["BagOfWords", hasher, "BayesianLogisticRegression"]);
    near_the_pooled("tweets", &spec, 4196, 896, 1);
}

#[test]
fn exact_families_are_the_learner_of_all_events() {
    let words = |last: &str| json!(["BagOfWords", last]);
    let cases = [
        ("phishing", 1250, json!("GaussianNB")),
        ("tweets", 1000, words("MultinomialNB")),
        ("tweets", 1000, words("ComplementNB")),
        ("tweets", 1000, words("BernoulliNB")),
    ];
    for (stream, n, spec) in cases {
        let events = shuffled(stream, n, 3);
        let (learn, test) = events.split_at(n - 250);
        let pooled = learned(&spec, learn);
        let want = said(&pooled, test);
        for peers in PEERS {
            for how in Split::ALL {
                let of = split(learn, peers, how);
                let merged = merged(&spec, learn, &of, peers, 2.0);
                let got = said(&merged, test);
                let off = want.iter().zip(&got).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                println!("{stream}, {spec}, {peers} peers, {how:?}: off by {off:.1e}");
                assert!(off <= 1e-9, "{stream}, {spec}, {peers} peers, {how:?}: {off}");
            }
        }
    }
}
