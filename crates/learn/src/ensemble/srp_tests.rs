//! `SRPClassifier` and `SRPRegressor` beside River 0.26.1 on the same events.

use serde_json::{Map, Value, json};

use crate::estimator::Attribute;
use crate::features::{Names, Overlay};
use crate::{Catalog, Model, Prediction, Row, Scratch, Target, Task};

/// An event of `n` features, and what its first three add up to.
fn event(i: usize, n: usize) -> (Row, f64) {
    let value = |k: usize| ((i * 7919 + k * k * 31 + i * i * k) % 101) as f64 / 50.0 - 1.0;
    let map: Map<String, Value> = (0..n).map(|k| (format!("f{k}"), value(k).into())).collect();
    (Row::from_json(&Value::Object(map)).unwrap(), value(0) + value(1) + 0.5 * value(2))
}

fn counts(model: &Model, name: &str) -> Vec<i64> {
    let names = Names::Predict(model.names(), &mut Overlay::default());
    let Some(Attribute::List(list)) = model.root().estimator().attribute(name, &names) else {
        panic!("{name} is no list")
    };
    let int = |a| if let Attribute::Int(n) = a { n } else { -1 };
    list.into_iter().map(int).collect()
}

/// 900 events whose meaning changes at every 300th: predictions at every 90th, then warnings and
/// changes by member.
fn run(spec: &Value, n: usize, river: &[f64], warnings: &[i64], drifts: &[i64]) {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..900 {
        if i % 200 == 199 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let ((x, sum), before) = (event(i, n), i / 300 % 2 == 0);
        let y = match model.task() {
            Task::Regression => Target::Number(if before { sum } else { 3.0 - 2.0 * sum }),
            _ => Target::Bool((sum > 0.0) == before),
        };
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        if (i + 1) % 90 == 0 {
            let (got, want) = (p.value.unwrap_or(p.positive()), river[i / 90]);
            assert!((got - want).abs() < 1e-9, "{spec}, event {i}: {got}, River {want}");
        }
    }
    assert_eq!(counts(&model, "n_warnings_detected"), warnings, "{spec}");
    assert_eq!(counts(&model, "n_drifts_detected"), drifts, "{spec}");
}

/// What River makes of some parameters.
struct Run {
    params: &'static str,
    /// How many features there are.
    n: usize,
    river: [f64; 10],
    warnings: &'static [i64],
    drifts: &'static [i64],
}

fn run_all(name: &str, model: &Value, runs: &[Run]) {
    for r in runs {
        let mut params: Value = serde_json::from_str(r.params).unwrap();
        params["model"] = model.clone();
        run(&json!({ name: params }), r.n, &r.river, r.warnings, r.drifts);
    }
}

const CLASSIFIER: &[Run] = &[
    Run {
        params: r#"{"n_models": 3, "seed": 7}"#,
        n: 5,
        river: [
            0.3859050246881052,
            0.35941183848932784,
            0.5035939243556674,
            0.4773169806640809,
            0.5623000359868249,
            0.33643734482622134,
            0.5481884795026113,
            0.6106916503117773,
            0.494817721544192,
            0.44843728225025925,
        ],
        warnings: &[1, 1, 1],
        drifts: &[1, 1, 1],
    },
    Run {
        params: r#"{"n_models": 4, "seed": 8, "training_method": "subspaces", "subspace_size": 3, "drift_detector": {"ADWIN": {"delta": 0.01}}, "warning_detector": {"ADWIN": {"delta": 0.1}}}"#,
        n: 6,
        river: [
            0.4602273310192134,
            0.4554306466787966,
            0.49679339084866586,
            0.49160036350767244,
            0.5384413071971453,
            0.40131305699712433,
            0.4627249505971651,
            0.5418572328140351,
            0.5066450752278374,
            0.5091508808080467,
        ],
        warnings: &[2, 2, 2, 2],
        drifts: &[2, 2, 2, 2],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 9, "training_method": "resampling", "disable_weighted_vote": true, "lam": 2}"#,
        n: 4,
        river: [
            0.40285157653369047,
            0.41233030301446477,
            0.50080145830011,
            0.527521355462046,
            0.5320445636219725,
            0.2104465149163126,
            0.528189846171824,
            0.6888150785697479,
            0.5489786162013736,
            0.558316808210728,
        ],
        warnings: &[2, 2, 2],
        drifts: &[2, 2, 2],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 10, "subspace_size": "sqrt", "disable_detector": "warning", "metric": "F1"}"#,
        n: 24,
        river: [
            0.5267611483056782,
            0.29410160958554254,
            0.6317311220230851,
            0.457549921641971,
            0.5370436694923304,
            0.6180243769193393,
            0.4096480818077343,
            0.5398253581740655,
            0.5018068260817145,
            0.2855733936208529,
        ],
        warnings: &[0, 0, 0],
        drifts: &[0, 0, 1],
    },
    Run {
        params: r#"{"n_models": 12, "seed": 11, "subspace_size": "rmsqrt", "disable_detector": "drift", "metric": "Precision"}"#,
        n: 7,
        river: [
            0.2795314130767105,
            0.3624790771452802,
            0.4526679907228398,
            0.40817899023307314,
            0.5840102246029717,
            0.11540507182222674,
            0.5103003844958608,
            0.7627477017530846,
            0.6102943154748801,
            0.673076610333209,
        ],
        warnings: &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        drifts: &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 12, "subspace_size": 0.1, "lam": 3, "metric": "F1", "drift_detector": {"ADWIN": {"delta": 0.01}}, "warning_detector": {"ADWIN": {"delta": 0.1}}}"#,
        n: 22,
        river: [
            0.4327149871074425,
            0.32454731087540273,
            0.6043874007150802,
            0.48440460736127167,
            0.49811775847568646,
            0.567284092317639,
            0.4859727389109061,
            0.4449157133935533,
            0.5295228668877342,
            0.36494894311270293,
        ],
        warnings: &[0, 1, 0],
        drifts: &[0, 0, 0],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 12, "subspace_size": "rmsqrt"}"#,
        n: 3,
        river: [
            0.3942990839057152,
            0.40714345012772546,
            0.45698999768866694,
            0.5179073036975824,
            0.5852737796689144,
            0.17852467379339912,
            0.5738185677433807,
            0.7162736590185166,
            0.5836442748518511,
            0.5740607123810314,
        ],
        warnings: &[2, 0, 2],
        drifts: &[2, 0, 0],
    },
];

const REGRESSOR: &[Run] = &[
    Run {
        params: r#"{"n_models": 3, "seed": 7}"#,
        n: 5,
        river: [
            -0.105622632281292,
            -0.2156187719405794,
            0.19131272920904965,
            3.4602758169791348,
            3.325031116188212,
            1.2987535549137317,
            0.18186068363632288,
            0.3043824483066731,
            -0.02574180819530023,
            0.2423235401318392,
        ],
        warnings: &[2, 2, 2],
        drifts: &[2, 2, 2],
    },
    Run {
        params: r#"{"n_models": 4, "seed": 8, "aggregation_method": "median", "drift_detection_criteria": "prediction", "drift_detector": {"ADWIN": {"delta": 0.01}}, "warning_detector": {"ADWIN": {"delta": 0.1}}}"#,
        n: 6,
        river: [
            -0.33313983834489175,
            -0.3684788601568445,
            0.1398183756057639,
            4.385224132768965,
            2.665101434543291,
            1.8533795172283596,
            0.615503966142076,
            1.2855145998376583,
            0.43703380594435487,
            0.03002537995323334,
        ],
        warnings: &[2, 3, 3, 3],
        drifts: &[2, 2, 2, 2],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 9, "disable_weighted_vote": false, "training_method": "subspaces"}"#,
        n: 6,
        river: [
            -0.2760691098317901,
            -0.24430013686009133,
            0.02990143032521928,
            0.3023005704823274,
            2.8966556647553197,
            1.6264009626022171,
            1.6265100111275057,
            0.11863625934725396,
            0.11864469697908707,
            0.07929496841557983,
        ],
        warnings: &[3, 3, 3],
        drifts: &[3, 3, 3],
    },
    Run {
        params: r#"{"n_models": 3, "seed": 10, "disable_weighted_vote": false, "metric": "R2", "subspace_size": 0.5, "disable_detector": "warning"}"#,
        n: 25,
        river: [
            -0.12122497155431473,
            -0.24764800966308478,
            0.3162445937904949,
            0.0,
            3.34914714464294,
            1.549633411551934,
            -1.106056106631505,
            0.5888545982303063,
            0.3168415347633744,
            0.2739638559562568,
        ],
        warnings: &[0, 0, 0],
        drifts: &[2, 2, 2],
    },
    Run {
        params: r#"{"n_models": 5, "seed": 10, "aggregation_method": "median", "subspace_size": "sqrt"}"#,
        n: 9,
        river: [
            -0.33590739787753876,
            -0.36920968713177693,
            0.13982219551299585,
            3.597126752283083,
            3.5684434491166392,
            1.5544599540762496,
            0.36148593432041404,
            0.3390625065537356,
            0.3430645508953463,
            -0.3715486931121558,
        ],
        warnings: &[2, 2, 2, 2, 2],
        drifts: &[2, 2, 2, 2, 2],
    },
];

#[test]
fn srp_classifier_predicts_as_river() {
    run_all("SRPClassifier", &json!(["StandardScaler", "LogisticRegression"]), CLASSIFIER);
}

#[test]
fn srp_regressor_predicts_as_river() {
    run_all("SRPRegressor", &json!("LinearRegression"), REGRESSOR);
}

#[test]
fn srp_regressor_follows_errors_when_told_to() {
    let params = json!({"model": "LinearRegression", "drift_detection_criteria": "error"});
    let mut model = Model::new(&json!({ "SRPRegressor": params }), &Catalog::builtin()).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..600 {
        // What is predicted stays around 0, the errors do not.
        let (x, sum) = event(i, 5);
        let y = Target::Number(if i < 300 { 0.1 * sum } else { -5.0 * sum });
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
    }
    assert!(counts(&model, "n_drifts_detected").iter().all(|&n| n > 0));
}

#[test]
fn members_see_their_subspaces_and_texts_are_refused_by_all() {
    let catalog = Catalog::builtin();
    let spec = json!({"SRPClassifier": {"model": "LogisticRegression", "n_models": 2}});
    let mut model = Model::new(&spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let text = Row::from_json(&json!({"f0": 1.0, "city": "Ephesos"})).unwrap();
    let refused = |model: &mut Model, s: &mut Scratch, p: &mut Prediction| {
        let error = model.step(&text, &Target::Bool(true), 1.0, p, s).unwrap_err();
        assert!(error.to_string().contains("city"), "{error}");
    };
    refused(&mut model, &mut s, &mut p);
    for i in 0..5 {
        let (x, sum) = event(i, 4);
        model.step(&x, &Target::Bool(sum > 0.0), 1.0, &mut p, &mut s).unwrap();
    }
    refused(&mut model, &mut s, &mut p);
    let names = Names::Predict(model.names(), &mut Overlay::default());
    let features = model.root().estimator().attribute("features", &names);
    let list = |f: [&str; 2]| Attribute::List(f.map(|f| Attribute::Text(f.into())).to_vec());
    assert_eq!(features, Some(Attribute::List(vec![list(["f0", "f1"]), list(["f0", "f2"])])));
}

#[test]
fn wrong_parameters_are_named() {
    for (name, params, word) in [
        ("SRPClassifier", json!({"n_models": 0}), "n_models"),
        ("SRPClassifier", json!({"subspace_size": 1}), "subspace_size"),
        ("SRPClassifier", json!({"subspace_size": 1.5}), "fraction"),
        ("SRPClassifier", json!({"training_method": "all"}), "resampling"),
        ("SRPClassifier", json!({"lam": -1}), "lam"),
        ("SRPClassifier", json!({"metric": "MAE"}), "no metric of classes"),
        ("SRPClassifier", json!({"drift_detector": "MAE"}), "drift_detector"),
        ("SRPRegressor", json!({"metric": "Accuracy"}), "no metric of numbers"),
        ("SRPRegressor", json!({"aggregation_method": "mode"}), "median"),
        ("SRPRegressor", json!({"drift_detection_criteria": "x"}), "prediction"),
    ] {
        let mut params = params;
        params["model"] =
            if name == "SRPRegressor" { "LinearRegression" } else { "GaussianNB" }.into();
        let spec = json!({ name: params });
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
