use serde_json::json;

use super::*;
use crate::{Catalog, Row, metrics};

fn event(i: usize) -> Event {
    let x = Row::from_json(&json!({"a": (i * 37) % 11, "b": (i * i) % 7})).unwrap();
    let y = ((i * 37) % 11) as f64 - 2.0 * ((i * i) % 7) as f64;
    Event { row: x, target: Some(Target::Number(y)), weight: 1.0 + (i % 2) as f64, id: None }
}

fn parts() -> (Model, Vec<Box<dyn Metric>>) {
    let catalog = Catalog::builtin();
    let model = Model::new(&json!(["StandardScaler", "LinearRegression"]), &catalog).unwrap();
    (model, vec![metrics::build(&json!("MAE"), &catalog).unwrap()])
}

fn run(delay: usize, n: usize, step: u64) -> (Vec<Checkpoint>, Vec<u8>) {
    let (mut model, mut metrics) = parts();
    let options = Options { delay };
    let events = (0..n).map(|i| Ok(event(i)));
    let found: Result<Vec<Checkpoint>> =
        iter_progressive_val_score(events, &mut model, &mut metrics, &options, step)
            .unwrap()
            .collect();
    (found.unwrap(), model.save())
}

/// The same in the words of the definition.
fn plain(delay: usize, n: usize) -> (f64, Vec<u8>) {
    let (mut model, _) = parts();
    let (mut scratch, mut prediction) = (Scratch::default(), Prediction::default());
    let (mut sum, mut predictions) = (0.0, Vec::new());
    for i in 0..n + delay {
        if i >= delay {
            let old = event(i - delay);
            let Some(Target::Number(y)) = old.target else { unreachable!() };
            model.learn(&old.row, &Target::Number(y), old.weight, &mut scratch).unwrap();
            let predicted: f64 = predictions[i - delay];
            sum += (predicted - y).abs();
        }
        if i < n {
            model.predict(&event(i).row, &mut prediction, &mut scratch).unwrap();
            predictions.push(prediction.value.unwrap());
        }
    }
    (sum / n as f64, model.save())
}

#[test]
fn a_target_is_revealed_after_its_delay() {
    for delay in [1, 3, 50, 200] {
        let (found, bytes) = run(delay, 100, 100);
        let (want, want_bytes) = plain(delay, 100);
        assert!((found.last().unwrap().values[0] - want).abs() < 1e-9, "delay {delay}");
        assert_eq!(bytes, want_bytes, "delay {delay}");
    }
    // River: a delay of 0 and of 1 reveal the target before the next question.
    assert_eq!(run(0, 100, 100).1, run(1, 100, 100).1);
}

#[test]
fn figures_come_at_each_step_and_at_the_end() {
    let steps = |n, step| -> Vec<(u64, bool)> {
        run(2, n, step).0.iter().map(|c| (c.step, c.prediction.is_some())).collect()
    };
    assert_eq!(steps(10, 4), [(4, true), (8, true), (10, false)]);
    assert_eq!(steps(8, 4), [(4, true), (8, true)]);
    assert_eq!(steps(3, 4), []);
    assert_eq!(steps(3, 0), []);
}

#[test]
fn refusals_name_the_event() {
    let (mut model, mut metrics) = parts();
    let before = |i| if i == 2 { Event { target: None, ..event(i) } } else { event(i) };
    let events = (0..5).map(|i| Ok(before(i)));
    let error = progressive_val_score(events, &mut model, &mut metrics, &Options::default());
    assert!(error.unwrap_err().to_string().starts_with("event 2: the event has no target"));
    let mut wrong = vec![metrics::build(&json!("F1"), &Catalog::builtin()).unwrap()];
    let error = progressive_val_score([], &mut model, &mut wrong, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("F1 is a metric of classes, the model predicts numbers"));
}
