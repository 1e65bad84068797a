//! Ensembles on one thread and on several: the same bits.

use her_identity::crew;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::{Value, json};

fn specs() -> Vec<(Value, bool)> {
    let tree = json!({"HoeffdingTreeClassifier": {"grace_period": 20, "delta": 0.1}});
    let target_tree = json!({"HoeffdingTreeRegressor": {"grace_period": 20, "delta": 0.1}});
    let scaled = json!(["StandardScaler", "LogisticRegression"]);
    let words = json!([{"OneHotEncoder": {}}, "LogisticRegression"]);
    let (warning, drift) = (json!({"ADWIN": {"delta": 0.9}}), json!({"ADWIN": {"delta": 0.5}}));
    let watched = |mut spec: Value| {
        spec["warning_detector"] = warning.clone();
        spec["drift_detector"] = drift.clone();
        spec
    };
    let classes = [
        json!({"BaggingClassifier": {"model": scaled}}),
        json!({"BaggingClassifier": {"model": words, "n_models": 3}}),
        json!({"BaggingClassifier": {"n_models": 4, "model":
            {"BaggingClassifier": {"model": tree, "n_models": 3}}}}),
        json!({"ADWINBaggingClassifier": {"model": tree, "n_models": 5}}),
        json!({"LeveragingBaggingClassifier": {"model": tree, "n_models": 3, "adwin_delta": 0.9}}),
        json!({"LeveragingBaggingClassifier": {"model": scaled, "bagging_method": "me"}}),
        json!({"ADWINBoostingClassifier": {"model": scaled}}),
        json!({"SRPClassifier": watched(json!({"model": tree, "n_models": 6}))}),
        json!({"SRPClassifier": watched(json!({"model": scaled, "training_method": "resampling"}))}),
        json!({"SRPClassifier": {"model": "GaussianNB", "n_models": 4,
            "drift_detector": "PageHinkley", "warning_detector": "NoDrift"}}),
        json!({"ARFClassifier": watched(json!({"grace_period": 20}))}),
        json!({"ARFClassifier": watched(json!({"n_models": 3, "leaf_prediction": "mc"}))}),
        json!({"ARFClassifier": {"n_models": 4, "grace_period": 20, "max_features": null,
            "nominal_attributes": ["word"]}}),
        json!({"AMFClassifier": {"n_estimators": 5}}),
    ];
    let numbers = [
        json!({"BaggingRegressor": {"model": target_tree, "n_models": 4}}),
        json!({"SRPRegressor": watched(json!({"model": target_tree, "n_models": 6}))}),
        json!({"ARFRegressor": watched(json!({"grace_period": 20}))}),
        json!({"ARFRegressor": {"n_models": 4, "grace_period": 20, "max_features": 4,
            "nominal_attributes": ["word"], "leaf_prediction": "mean"}}),
        json!({"ARFRegressor": watched(json!({"n_models": 3, "leaf_prediction": "mean"}))}),
        json!({"AMFRegressor": {"n_estimators": 5}}),
    ];
    let classes = classes.into_iter().map(|spec| (spec, true));
    classes.chain(numbers.into_iter().map(|spec| (spec, false))).collect()
}

fn event(i: u64, classes: bool) -> (Row, Target) {
    let share = |n: u64, of: u64| (n % of) as f64 / of as f64;
    let (a, b) = (share(i * 7919, 101), share(i * i + 3, 67));
    let mut x = json!({"a": a, "b": b, "c": share(i * 31, 13), "d": share(i * 17, 29)});
    // A category with ever more values, on which much depends.
    let word = i * 7 % (2 + i / 40);
    x["word"] = json!(word);
    if i.is_multiple_of(11) {
        x["b"] = Value::Null;
    }
    if i > 200 {
        x["late"] = json!(share(i * 13, 37));
    }
    // What is to be learned changes twice.
    let turned = (i / 200) % 2 == 1;
    let class = (a > b) != turned && word != 1;
    let number = if turned { 10.0 - 20.0 * a } else { 3.0 * a + b } + 9.0 * (word % 3) as f64;
    let y = if classes { Target::Bool(class) } else { Target::Number(number) };
    (Row::from_json(&x).expect("a row"), y)
}

/// The states on the way and the predictions.
fn run(spec: &Value, classes: bool) -> (Vec<Vec<u8>>, Vec<u64>) {
    let mut model = Model::new(spec, &Catalog::builtin()).expect("a good spec");
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let (mut states, mut predictions) = (Vec::new(), Vec::new());
    for i in 0..600 {
        let (x, y) = event(i, classes);
        model.step(&x, &y, 1.0, &mut p, &mut s).expect("a good event");
        predictions.extend(p.value.iter().chain(&p.proba).map(|p| p.to_bits()));
        if i % 50 == 49 {
            states.push(model.save());
        }
    }
    (states, predictions)
}

#[test]
fn threads_change_no_bit() {
    for (spec, classes) in specs() {
        crew::set_eager(true);
        crew::set_threads(1);
        let one = run(&spec, classes);
        for threads in [2, 3] {
            crew::set_threads(threads);
            let several = run(&spec, classes);
            assert!(one.1 == several.1, "{spec} predicts otherwise on {threads} threads");
            assert!(one.0 == several.0, "{spec} has another state on {threads} threads");
        }
        crew::set_eager(false);
        assert!(one == run(&spec, classes), "{spec} changes when it tries what is faster");
    }
}
