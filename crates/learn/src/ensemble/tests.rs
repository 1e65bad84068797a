//! What River 0.26.1 makes of the same events.

use serde_json::{Value, json};

use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

fn event(i: i32) -> (f64, f64) {
    (f64::from(i * 7919 % 101) / 50.0 - 1.0, f64::from((i * i + 3) % 67) / 33.0 - 1.0)
}

fn as_river(spec: &Value, target: fn(f64, f64) -> Target, river: &[f64]) {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..60 {
        if i == 31 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let (a, b) = event(i);
        let x = Row::from_json(&json!({"a": a, "b": b})).unwrap();
        model.step(&x, &target(a, b), 1.0, &mut p, &mut s).unwrap();
        if i % 6 == 5 {
            let (got, want) = (p.value.unwrap_or(p.positive()), river[i as usize / 6]);
            assert!((got - want).abs() < 1e-12, "event {i}: {got}, River {want}");
        }
    }
}

#[test]
fn bagging_predicts_as_river() {
    as_river(
        &json!({"BaggingClassifier": {"n_models": 3, "seed": 7}}),
        |a, b| Target::Bool(a + b > 0.0),
        &[
            0.49527100970830745,
            0.4971896033907158,
            0.49727156970564607,
            0.5029621461795512,
            0.5009767832049,
            0.4884405827667402,
            0.4989609129767932,
            0.47465184770816227,
            0.5204347506040475,
            0.49661040391719374,
        ],
    );
    let model = json!({"LinearRegression": {"intercept_lr": 0.1}});
    as_river(
        &json!({"BaggingRegressor": {"model": model, "n_models": 3, "seed": 42}}),
        |a, b| Target::Number(3.0 * a - b + 0.5),
        &[
            0.39995358507505424,
            -0.7943444162815411,
            -0.39061236356831025,
            0.7389748788552212,
            0.9418994499131343,
            0.7523318970766779,
            0.4345808217277701,
            -0.0027815298527120724,
            -0.1525602054056323,
            1.070643091723458,
        ],
    );
}

#[test]
fn members_may_be_pipelines_and_many_classes_vote() {
    let member = json!(["StandardScaler", "SoftmaxRegression"]);
    let spec = json!({"BaggingClassifier": {"model": member, "n_models": 4}});
    let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
    let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
    for i in 0..400 {
        let (a, b) = event(i);
        let class = if a > 0.3 {
            "high"
        } else if b > 0.0 {
            "middle"
        } else {
            "low"
        };
        let y = Target::Text(class.into());
        let x = Row::from_json(&json!({"a": a, "b": b})).unwrap();
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        right += usize::from(p.class().is_some() && p.class() == model.class_of(&y));
        let sum: f64 = p.proba.iter().filter(|p| !p.is_nan()).sum();
        assert!(p.proba.is_empty() || (sum - 1.0).abs() < 1e-12);
    }
    assert!(right > 280, "{right}");
}

#[test]
fn wrong_parameters_are_named() {
    for (spec, word) in [
        (json!({"BaggingClassifier": {"n_models": 0}}), "n_models"),
        (json!({"BaggingClassifier": {"model": "LinearRegression"}}), "model"),
        (json!({"BaggingRegressor": {"n_models": 1001}}), "n_models"),
    ] {
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
