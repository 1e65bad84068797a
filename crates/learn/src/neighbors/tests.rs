//! What River 0.26.1 makes of the same events, and how well `SWINN` finds.

use serde_json::{Value, json};

use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

/// Features that are missing at times.
fn event(i: u64) -> (Row, f64) {
    let share = |n: u64, of: u64| (n % of) as f64 / of as f64;
    let c = share(i * 31, 13);
    let mut x = json!({"b": share(i * 7919, 101), "a": share(i * i + 3, 67), "c": c});
    if i.is_multiple_of(11) {
        x["a"] = Value::Null;
    }
    if i % 3 == 1 {
        x["b"] = Value::Null;
    }
    (Row::from_json(&x).unwrap(), c)
}

fn class(i: u64, c: f64) -> Target {
    Target::Text(format!("k{}", i * i % 3 + u64::from(c > 0.5)).into())
}

fn number(i: u64, c: f64) -> Target {
    Target::Number((i * 13 % 17) as f64 / 3.0 + 10.0 * c)
}

fn as_river(spec: &Value, target: fn(u64, f64) -> Target, river: [f64; 8]) {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..200 {
        if i == 97 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let (x, c) = event(i);
        model.step(&x, &target(i, c), 1.0, &mut p, &mut s).unwrap();
        if i % 25 == 24 {
            let k1 = model.classes().iter().position(|c| c.to_string() == "k1");
            let got = p.value.unwrap_or_else(|| p.proba[k1.unwrap()]);
            let want = river[i as usize / 25];
            assert!((got - want).abs() < 1e-11, "{spec}, event {i}: {got}, River {want}");
        }
    }
}

/// With `SWINN`, before it has warmed up.
#[test]
fn classifiers_predict_as_river() {
    let l1 = json!({"minkowski_distance": {"p": 1}});
    let l3 = json!({"minkowski_distance": {"p": 3}});
    as_river(
        &json!({"KNNClassifier": {"n_neighbors": 4, "engine": {"LazySearch": {"window_size": 40}}}}),
        class,
        [
            0.23051582478227842,
            0.19856858204944233,
            0.5238146393507348,
            0.8060892737709441,
            0.0,
            0.3848564854090686,
            0.4502565552479964,
            0.156265428887267,
        ],
    );
    as_river(
        &json!({"KNNClassifier": {"n_neighbors": 6, "weighted": false,
            "engine": {"LazySearch": {"window_size": 40, "dist_func": l1}}}}),
        class,
        [
            0.3333333333333333,
            0.3333333333333333,
            0.5,
            0.6666666666666666,
            0.16666666666666666,
            0.6666666666666666,
            0.5,
            0.6666666666666666,
        ],
    );
    as_river(
        &json!({"KNNClassifier": {"softmax": true, "engine": {"LazySearch": {"dist_func": l3}}}}),
        class,
        [
            0.0010552425281678255,
            7.738144935112489e-08,
            0.06309927431256082,
            0.9999999951936926,
            2.5503945285723773e-11,
            1.2578779043968379e-06,
            0.03643638240836241,
            2.5864400407449352e-14,
        ],
    );
    as_river(
        &json!({"KNNClassifier": {"engine": {"SWINN": {"seed": 1}}}}),
        class,
        [
            0.19468342556289459,
            0.14842227666636568,
            0.4342464739268811,
            0.7553530686924724,
            0.16117836656132678,
            0.1913766635481985,
            0.24881067638550552,
            0.6239470149688846,
        ],
    );
}

#[test]
fn regressors_predict_as_river() {
    let l1 = json!({"minkowski_distance": {"p": 1}});
    as_river(
        &json!({"KNNRegressor": {"engine": {"LazySearch": {"window_size": 40}}}}),
        number,
        [
            6.071794871794872,
            11.087179487179487,
            7.5487179487179485,
            4.682051282051282,
            9.364102564102565,
            5.984615384615385,
            8.943589743589744,
            7.256410256410256,
        ],
    );
    as_river(
        &json!({"KNNRegressor": {"n_neighbors": 4, "aggregation_method": "median",
            "engine": {"LazySearch": {"window_size": 40}}}}),
        number,
        [
            5.897435897435898,
            10.91025641025641,
            8.102564102564102,
            3.4871794871794872,
            10.141025641025642,
            4.8589743589743595,
            9.346153846153847,
            8.115384615384617,
        ],
    );
    as_river(
        &json!({"KNNRegressor": {"aggregation_method": "weighted_mean",
            "engine": {"LazySearch": {"window_size": 40, "dist_func": l1}}}}),
        number,
        [
            5.570855271862823,
            10.987546061935198,
            8.81942164105079,
            3.7866483099323793,
            9.30101291576649,
            5.048493736894342,
            9.285406808444378,
            7.298373531493575,
        ],
    );
    as_river(
        &json!("KNNRegressor"),
        number,
        [
            6.071794871794872,
            10.446153846153846,
            8.538461538461538,
            2.523076923076923,
            9.543589743589743,
            4.917948717948718,
            10.112820512820512,
            9.092307692307692,
        ],
    );
}

/// How often all of the nearest are those that `SWINN` finds, over a window that has turned twice;
/// River's does 638 and 658 times. Both engines
/// predict the mean of what they found, and no two events have the same target.
#[test]
fn swinn_finds_as_many_as_rivers() {
    for more in [json!({}), json!({"prune_prob": 0.5, "max_candidates": 20})] {
        let mut swinn = json!({"maxlen": 300, "warm_up": 100, "graph_k": 10, "seed": 42});
        swinn.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let engines = [json!({"LazySearch": {"window_size": 300}}), json!({ "SWINN": swinn })];
        let mut models = engines.map(|engine| {
            let spec = json!({"KNNRegressor": {"engine": engine, "n_neighbors": 5}});
            Model::new(&spec, &Catalog::builtin()).unwrap()
        });
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let mut same = 0;
        for i in 0..900u64 {
            let at = |k: u64| (i * i * k % 1009) as f64 / 1009.0;
            let x = json!({"a": at(7), "b": at(11), "c": at(13), "d": at(17)});
            let x = Row::from_json(&x).unwrap();
            let y = Target::Number(((i * 2_654_435_761) % 1_000_003) as f64);
            let [lazy, swinn] = [0, 1].map(|m| {
                models[m].step(&x, &y, 1.0, &mut p, &mut s).unwrap();
                p.value.unwrap()
            });
            same += u32::from(i >= 100 && lazy == swinn);
        }
        assert!(same >= 630, "{same} of 800 searches found the same five");
    }
}

/// Windows so small that the graph falls apart, and features that are forgotten.
#[test]
fn swinn_lives_on_when_its_graph_falls_apart() {
    let engine = json!({"SWINN": {"maxlen": 3, "warm_up": 2, "graph_k": 1}});
    let spec = json!({"KNNRegressor": {"engine": engine, "n_neighbors": 2}});
    let mut model = Model::with_cap(&spec, &Catalog::builtin(), 8).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..500u64 {
        let x = json!({format!("f{i}"): 0.25, "a": i * 37 % 11, format!("g{}", i / 5): 0.5});
        let x = Row::from_json(&x).unwrap();
        model.step(&x, &Target::Number(1.0), 1.0, &mut p, &mut s).unwrap();
        assert!(i == 0 || p.value == Some(1.0), "event {i}: {:?}", p.value);
    }
}

#[test]
fn classes_that_left_the_window_are_dropped() {
    let engine = json!({"LazySearch": {"window_size": 3}});
    for (cleanup_every, left) in [(0, 2), (4, 1)] {
        let params = json!({"engine": engine, "cleanup_every": cleanup_every});
        let spec = json!({ "KNNClassifier": params });
        let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let x = Row::from_json(&json!({"a": 1})).unwrap();
        for y in ["old", "new", "new", "new"] {
            model.learn(&x, &Target::Text(y.into()), 1.0, &mut s).unwrap();
        }
        model.predict(&x, &mut p, &mut s).unwrap();
        assert_eq!(p.proba.iter().filter(|p| !p.is_nan()).count(), left);
    }
}

#[test]
fn wrong_parameters_are_named() {
    let lazy = |params: Value| json!({"engine": {"LazySearch": params}});
    let swinn = |params: Value| json!({"engine": {"SWINN": params}});
    for (params, word) in [
        (json!({"n_neighbors": 0}), "n_neighbors"),
        (json!({"engine": "Exact"}), "LazySearch"),
        (lazy(json!({"window_size": 0})), "window_size"),
        (lazy(json!({"dist_func": {"minkowski_distance": {"p": 0}}})), "p must"),
        (swinn(json!({"graph_k": 500})), "graph_k must be less than warm_up"),
        (swinn(json!({"warm_up": 2000})), "warm_up"),
        (swinn(json!({"prune_prob": 2.0})), "prune_prob"),
    ] {
        for name in ["KNNClassifier", "KNNRegressor"] {
            let spec = json!({ name: params });
            let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
