//! What River 0.26.1 makes of the same events.

use serde_json::{Value, json};

use crate::features::Vocabulary;
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

/// Three features between 0 and 1, of which one is missing at times and one jumps at times.
fn event(i: u64) -> Row {
    let share = |n: u64, of: u64| n as f64 / of as f64;
    let mut x = json!({
        "b": share(i * 7919 % 101, 101), "a": share((i * i + 3) % 67, 67), "c": share(i * 31 % 13, 13),
    });
    if i.is_multiple_of(11) {
        x["a"] = Value::Null;
    }
    if i % 50 == 49 {
        x["b"] = json!(0.999);
    }
    Row::from_json(&x).unwrap()
}

fn learn(model: &mut Model, row: &Row) -> f64 {
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    model.step(row, &Target::Bool(true), 1.0, &mut p, &mut s).unwrap();
    p.value.unwrap()
}

#[test]
fn half_space_trees_score_as_river() {
    let river = [
        0.0,
        0.0,
        0.5845238095238094,
        0.7932539682539683,
        0.5817460317460317,
        0.823015873015873,
        0.676984126984127,
        0.7821428571428571,
        0.721031746031746,
        0.6246031746031746,
        0.7928571428571428,
        0.6444444444444444,
        0.626984126984127,
        0.7107142857142856,
        0.7234126984126984,
        0.5837301587301587,
        0.8603174603174604,
        0.6174603174603175,
        0.7932539682539683,
        0.7956349206349207,
        0.7166666666666667,
        0.6341269841269841,
    ];
    let spec = json!({"HalfSpaceTrees": {"n_trees": 4, "height": 5, "window_size": 20,
        "limits": {"c": [-1, 2]}, "seed": 7}});
    let catalog = Catalog::builtin();
    let mut model = Model::new(&spec, &catalog).unwrap();
    for i in 0..200 {
        if i == 97 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let score = learn(&mut model, &event(i));
        if i % 9 == 4 {
            let want = river[i as usize / 9];
            assert!((score - want).abs() < 1e-12, "event {i}: {score}, River {want}");
        }
    }
}

#[test]
fn half_space_trees_outlive_their_features() {
    let spec = json!({"HalfSpaceTrees": {"n_trees": 2, "height": 3, "window_size": 8}});
    let mut model = Model::with_cap(&spec, &Catalog::builtin(), 8).unwrap();
    for i in 0..400 {
        let x = json!({ format!("f{i}"): 0.25, format!("g{}", i / 3): 0.5 });
        let score = learn(&mut model, &Row::from_json(&x).unwrap());
        assert!((0.0..=1.0).contains(&score), "event {i}: {score}");
    }
    assert!(model.names().len() <= 8 + 2 && Vocabulary::CAP_DEFAULT > 8);
}

#[test]
fn wrong_parameters_are_named() {
    for (params, word) in [
        (json!({"n_trees": 0}), "n_trees"),
        (json!({"height": 16}), "height"),
        (json!({"window_size": 0}), "window_size"),
        (json!({"limits": {"a": [1.0, 0.0]}}), "limits[\"a\"]"),
    ] {
        let spec = json!({ "HalfSpaceTrees": params });
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
