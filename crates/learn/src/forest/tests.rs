//! What River 0.26.1 makes of the same events, and what bounds a forest.

use serde_json::{Value, json};

use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

/// Features that are missing at times, and one that comes late.
fn event(i: u64) -> (Value, f64) {
    let share = |n: u64, of: u64| (n % of) as f64 / of as f64;
    let mut x = json!({"b": share(i * 7919, 101), "a": share(i * i + 3, 67)});
    if i.is_multiple_of(11) {
        x["a"] = Value::Null;
    }
    if i % 3 == 1 {
        x["b"] = Value::Null;
    }
    let c = share(i * 31, 13);
    x["c"] = json!(c);
    if i > 60 {
        x["late"] = json!(share(i * 17, 23));
    }
    (x, c)
}

fn as_river(spec: &Value, target: fn(u64, f64) -> Target, river: [f64; 10]) {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..200 {
        if i == 97 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let (x, c) = event(i);
        let x = Row::from_json(&x).unwrap();
        model.step(&x, &target(i, c), 1.0, &mut p, &mut s).unwrap();
        if i % 20 == 19 {
            let k1 = model.classes().iter().position(|c| c.to_string() == "k1");
            let got = p.value.unwrap_or_else(|| p.proba[k1.unwrap()]);
            let want = river[i as usize / 20];
            assert!((got - want).abs() < 1e-12, "event {i}: {got}, River {want}");
        }
    }
}

#[test]
fn forests_predict_as_river_where_features_come_and_go() {
    as_river(
        &json!({"AMFClassifier": {"n_estimators": 3, "seed": 7, "split_pure": true}}),
        |i, c| Target::Text(format!("k{}", i * i % 3 + u64::from(c > 0.5)).into()),
        [
            0.22060621075806303,
            0.45691718293209105,
            0.4426215557579388,
            0.4625356692033341,
            0.5021121105294143,
            0.33516324626415517,
            0.3650873278341607,
            0.2507228720842977,
            0.19809384698544788,
            0.3133619600488909,
        ],
    );
    as_river(
        &json!({"AMFRegressor": {"n_estimators": 3, "seed": 7, "step": 0.2}}),
        |i, c| Target::Number((i * 13 % 17) as f64 / 3.0 + 10.0 * c),
        [
            6.439472993961648,
            5.179973776562442,
            8.455330600423155,
            7.552776945729074,
            7.450676344948683,
            9.56876072650041,
            4.751821666889152,
            3.754177369864916,
            9.76876641762514,
            8.955726860451465,
        ],
    );
}

fn number(i: u64, c: f64) -> Target {
    Target::Number((i * 13 % 17) as f64 / 3.0 + 10.0 * c)
}

#[test]
fn adaptive_forests_for_numbers_predict_as_river() {
    let quick = json!({"n_models": 3, "seed": 7, "grace_period": 10, "delta": 0.5,
        "max_features": 2, "leaf_prediction": "mean"});
    as_river(
        &json!({ "ARFRegressor": quick }),
        number,
        [
            6.7704233750745395,
            2.4507422402159245,
            8.130857648099028,
            6.087454212454212,
            4.116483516483516,
            9.00603318250377,
            6.278205128205128,
            2.9361823361823363,
            11.501602564102564,
            6.723076923076923,
        ],
    );
    let models = json!({"n_models": 4, "seed": 7, "grace_period": 10, "tau": 0.5,
        "max_features": "log2"});
    as_river(
        &json!({ "ARFRegressor": models }),
        number,
        [
            7.412271062271063,
            5.0963982426820005,
            6.272792022792023,
            6.083209338160623,
            5.491366407588091,
            9.440507163293644,
            6.378756859570377,
            5.0148394868431865,
            10.893961588058316,
            8.082773535548448,
        ],
    );
}

/// River divides a weighted mean by the number of trees once more.
#[test]
fn a_weighted_mean_is_a_mean() {
    let river = [
        2.6434656581502027,
        1.5071274858338957,
        2.3953002083521198,
        2.751260887748233,
        1.3092796853848283,
        2.9488429790469923,
        3.0772164210548336,
        1.399489304692798,
        2.737776282635357,
        3.1795336678371666,
    ];
    let params = json!({"n_models": 3, "seed": 7, "leaf_prediction": "mean",
        "aggregation_method": "mean", "disable_weighted_vote": false});
    as_river(&json!({ "ARFRegressor": params }), number, river.map(|p| 3.0 * p));
    let one = json!({"ARFRegressor": {"n_models": 1, "aggregation_method": "mean",
        "disable_weighted_vote": false, "leaf_prediction": "mean"}});
    let mut model = Model::new(&one, &Catalog::builtin()).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let x = Row::from_json(&json!({"a": 1.0})).unwrap();
    for _ in 0..3 {
        model.step(&x, &Target::Number(2.0), 1.0, &mut p, &mut s).unwrap();
    }
    assert_eq!(p.value, Some(2.0));
}

/// The saved bytes after `n` events of as many features as `width` says.
fn size(spec: &Value, n: u64, width: fn(u64) -> u64) -> usize {
    let mut model = Model::with_cap(spec, &Catalog::builtin(), 5_000).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..n {
        let names =
            (0..width(i)).map(|k| (format!("f{k}"), json!((i * 7919 + k * k * 31) % 10_007)));
        let x = Row::from_json(&Value::Object(names.collect())).unwrap();
        model.step(&x, &Target::Number(i as f64), 1.0, &mut p, &mut s).unwrap();
        assert!(p.value.unwrap().is_finite());
    }
    model.save().len()
}

#[test]
fn a_tree_stops_to_grow_at_its_limits() {
    let spec = json!({"AMFRegressor": {"n_estimators": 1, "max_nodes": 9}});
    assert_eq!(size(&spec, 400, |_| 2) / 100, size(&spec, 800, |_| 2) / 100);
    // 4,194,304 numbers: the nodes of 4,000 features, and then no more features.
    let spec = json!({"AMFRegressor": {"n_estimators": 1}});
    let bytes = size(&spec, 700, |_| 4_000);
    assert!((31 << 20..34 << 20).contains(&bytes), "{bytes}");
    let bytes = size(&spec, 900, |i| if i < 700 { 3_000 } else { 5_000 });
    assert!((31 << 20..34 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn weights_count_events() {
    for (name, y) in [("AMFClassifier", Target::Bool(true)), ("AMFRegressor", Target::Number(2.0))]
    {
        let spec = json!({ name: {"n_estimators": 2, "step": 0.0} });
        let mut models = [0; 2].map(|_| Model::new(&spec, &Catalog::builtin()).unwrap());
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let x = Row::from_json(&json!({"a": 0.5})).unwrap();
        let other = if name == "AMFClassifier" { Target::Bool(false) } else { Target::Number(0.0) };
        for model in &mut models {
            model.learn(&x, &other, 1.0, &mut s).unwrap();
            model.learn(&x, &y, 0.0, &mut s).unwrap();
        }
        models[0].learn(&x, &y, 3.0, &mut s).unwrap();
        (0..3).for_each(|_| models[1].learn(&x, &y, 1.0, &mut s).unwrap());
        let [a, b] = models.map(|model| {
            model.predict(&x, &mut p, &mut s).unwrap();
            p.value.unwrap_or(p.positive())
        });
        assert!((a - b).abs() < 1e-12, "{name}: {a} and {b}");
    }
}

#[test]
fn wrong_parameters_are_named() {
    for name in ["AMFClassifier", "AMFRegressor"] {
        for (param, value) in [("n_estimators", 0.0), ("step", -1.0), ("max_nodes", 0.0)] {
            let value = if param == "step" { json!(value) } else { json!(value as u64) };
            let spec = json!({ name: { param: value } });
            let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
            assert!(error.contains(param), "{error}");
        }
    }
    let spec = json!({"AMFClassifier": {"dirichlet": 0.0}});
    assert!(Model::new(&spec, &Catalog::builtin()).is_err());
    for (param, value) in [
        ("n_models", json!(0)),
        ("max_features", json!("third")),
        ("lambda_value", json!(0)),
        ("metric", json!("Accuracy")),
        ("leaf_model", json!("LogisticRegression")),
        ("delta", json!(0.0)),
    ] {
        let spec = json!({"ARFRegressor": { param: value }});
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(param), "{error}");
    }
}
