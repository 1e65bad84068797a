//! What ordinary estimators make of a text: its words, or the numbers that a language model makes
//! of it.
//!
//! `cargo run -p her-lm --example embeddings -- MODELS BASE EVENTS [MOST]`: a directory of models, the
//! name of one, and lines of `{"x": {"text": …}, "y": …}`. Each event is predicted before it is
//! learned. A line of JSON a spec: the share that was right, of all and of the second half.

#![allow(clippy::disallowed_methods, reason = "it tells how long an event takes")]

use std::path::PathBuf;
use std::time::Instant;

use her_learn::{Label, Model, Prediction, Row, Scratch, Target};
use her_lm::{Bases, catalog};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([models, base, events] | [models, base, events, _]) = arguments.as_slice() else {
        return Err("give MODELS BASE EVENTS [MOST]".into());
    };
    let most: usize = arguments.get(3).map_or(Ok(usize::MAX), |n| n.parse())?;
    let text = std::fs::read_to_string(events)?;
    let events: Vec<Value> =
        text.lines().take(most).map(serde_json::from_str).collect::<Result<_, _>>()?;
    let catalog = catalog(Bases::new(PathBuf::from(models)));
    let sgd = |rate: f64| json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": rate}}}});
    let embedding = json!({"LanguageEmbedding": {"base": base}});
    let bag = json!({"BagOfWords": {"on": "text"}});
    let both = json!({"TransformerUnion": {"transformers": [
        [embedding, "StandardScaler"], bag
    ]}});
    let specs = [
        json!([bag, sgd(0.1)]),
        json!([bag, "MultinomialNB"]),
        json!([embedding, "StandardScaler", sgd(0.01)]),
        json!([embedding, "StandardScaler", sgd(0.001)]),
        json!([both, sgd(0.01)]),
    ];
    for spec in specs {
        let begin = Instant::now();
        let mut model = Model::new(&spec, &catalog)?;
        let (mut scratch, mut said) = (Scratch::default(), Prediction::default());
        let mut right = [0, 0];
        for (i, event) in events.iter().enumerate() {
            let truth = event["y"].as_bool().ok_or("y must be true or false")?;
            let row = Row::from_json(&event["x"])?;
            model.step(&row, &Target::Bool(truth), 1.0, &mut said, &mut scratch)?;
            let told = model.classes().iter().zip(&said.proba);
            let best = told.max_by(|a, b| a.1.total_cmp(b.1)).map(|(label, _)| label.clone());
            right[usize::from(2 * i >= events.len())] +=
                usize::from(best == Some(Label::Bool(truth)));
        }
        let half = events.len().div_ceil(2);
        println!(
            "{}",
            json!({
                "spec": spec, "events": events.len(),
                "right": (right[0] + right[1]) as f64 / events.len() as f64,
                "right_in_second_half": right[1] as f64 / (events.len() - half) as f64,
                "ms_an_event": begin.elapsed().as_secs_f64() * 1e3 / events.len() as f64,
            })
        );
    }
    Ok(())
}
