use serde_json::{Value, json};

use super::*;

/// Figures of River 0.26.1 after the first 300 events of the streams below.
const RIVER: &[(&str, f64)] = &[
    (r#""Precision""#, 0.5389221556886228),
    (r#""Recall""#, 0.645933014354067),
    (r#""F1""#, 0.5875952121871599),
    (r#""Jaccard""#, 0.41602465331278893),
    (r#""MCC""#, 0.16733607825886374),
    (r#"{"FBeta": {"beta": 2.0}}"#, 0.621260929590428),
    (r#""LogLoss""#, 0.7522796754296119),
    (r#""ROCAUC""#, 0.6322638924735452),
    (r#"{"ROCAUC": {"n_thresholds": 20}}"#, 0.6324276836943358),
    (r#"{"RollingROCAUC": {"window_size": 100}}"#, 0.6372785829307569),
    (r#""Accuracy""#, 0.5522222222222222),
    (r#""BalancedAccuracy""#, 0.5538107303732304),
    (r#""CohenKappa""#, 0.35067492570446473),
    (r#""GeometricMean""#, 0.0),
    (r#""MacroPrecision""#, 0.44774051776038526),
    (r#""MicroPrecision""#, 0.5522222222222222),
    (r#""WeightedPrecision""#, 0.6105168051374673),
    (r#""MacroRecall""#, 0.4153580477799228),
    (r#""MicroRecall""#, 0.5522222222222222),
    (r#""WeightedRecall""#, 0.5522222222222222),
    (r#""MacroF1""#, 0.429076279919128),
    (r#""MicroF1""#, 0.5522222222222222),
    (r#""WeightedF1""#, 0.5772634043784529),
    (r#""MacroJaccard""#, 0.30084506346776474),
    (r#""MicroJaccard""#, 0.3814274750575595),
    (r#""WeightedJaccard""#, 0.40625541513794106),
    (r#"{"MacroFBeta": {"beta": 2.0}}"#, 0.4203471031574947),
    (r#"{"MicroFBeta": {"beta": 2.0}}"#, 0.5522222222222222),
    (r#"{"WeightedFBeta": {"beta": 2.0}}"#, 0.5614175236905927),
    (r#""CrossEntropy""#, 1.1287238616157662),
    (r#""MAE""#, 1.1918412698412688),
    (r#""MSE""#, 2.143893877551022),
    (r#""RMSE""#, 1.464204178914615),
    (r#""MAPE""#, 83.88578402316777),
    (r#""SMAPE""#, 50.79927391879018),
    (r#""R2""#, 0.9006582784702563),
    (r#"{"RollingMetric": {"obj": "F1", "window_size": 50}}"#, 0.5793103448275863),
    (r#"{"RollingMetric": {"obj": "LogLoss", "window_size": 50}}"#, 0.710135019390132),
    (r#"{"RollingMetric": {"obj": "ROCAUC", "window_size": 50}}"#, 0.6560945273631841),
    (r#"{"RollingMetric": {"obj": "MacroF1", "window_size": 50}}"#, 0.4602657004830918),
    (r#"{"RollingMetric": {"obj": "CrossEntropy", "window_size": 50}}"#, 1.1568003963244098),
    (r#"{"RollingMetric": {"obj": "MAE", "window_size": 50}}"#, 1.1250709555345317),
    (r#"{"RollingMetric": {"obj": "R2", "window_size": 50}}"#, 0.9117804378512762),
    (r#""RMSLE""#, 0.36046018380471806),
];

/// One event of a stream made of whole numbers, so that Python makes the same one.
fn event(spec: &str, i: u64, then: &mut dyn FnMut(Observation<'_>, f64)) {
    let w = if spec.contains("RollingROC") { 1.0 } else { 1.0 + (i % 3) as f64 * 0.5 };
    let has = |names: &[&str]| names.iter().any(|n| spec.contains(n));
    if has(&["MAE", "MSE", "MAPE", "R2", "RMSLE"]) {
        let mut y = ((i * 7919) % 113) as f64 / 7.0 - 3.0;
        let mut predicted = y * 0.8 + ((i * 31) % 17) as f64 / 5.0;
        if spec.contains("RMSLE") {
            (y, predicted) = (y.abs(), predicted.abs());
        }
        then(Observation::Value { y, predicted }, w);
    } else if has(&["Macro", "Micro", "Weighted", "Accuracy", "Kappa", "Geometric", "Cross"]) {
        let classes: Vec<Label> = ["a", "b", "c", "d"].map(|n| Label::Text(n.into())).into();
        let y = [0, 0, 1, 2, 1, 0, 2][(i * 5) as usize % 7];
        let raw: Vec<u64> = (0..4u64)
            .map(|k| (i * (k + 3) * 7919) % 101 + 1 + if k == u64::from(y) { 25 } else { 0 })
            .collect();
        let total: u64 = raw.iter().sum();
        let proba: Vec<f64> = raw.iter().map(|r| *r as f64 / total as f64).collect();
        let prediction = crate::Prediction { proba, value: None };
        let predicted = prediction.class().unwrap();
        then(Observation::Class { y, proba: &prediction.proba, predicted, classes: &classes }, w);
    } else {
        let classes = [Label::Bool(false), Label::Bool(true)];
        let y = (i * 7919) % 13 < 6;
        let mut p = ((i * 104_729) % 997) as f64 / 997.0;
        if y {
            p = (p + 0.3) / 1.3;
        }
        let (proba, predicted) = ([1.0 - p, p], u32::from(p > 0.5));
        then(Observation::Class { y: y.into(), proba: &proba, predicted, classes: &classes }, w);
    }
}

fn metric(spec: &str) -> Box<dyn Metric> {
    build(&serde_json::from_str(spec).unwrap(), &Catalog::builtin()).unwrap()
}

#[test]
fn figures_equal_those_of_river() {
    for (spec, want) in RIVER {
        let mut metric = metric(spec);
        assert_eq!(metric.get(), 0.0, "{spec} before anything was seen");
        for i in 0..300 {
            event(spec, i, &mut |seen, w| metric.update(seen, w));
        }
        let off = (metric.get() - want).abs();
        assert!(off <= 1e-12 * want.abs().max(1.0), "{spec}: {} is not {want}", metric.get());
    }
}

#[test]
fn what_was_taken_back_leaves_no_trace() {
    for (spec, _) in RIVER.iter().filter(|(spec, _)| metric(spec).reverts()) {
        let (mut all, mut some) = (metric(spec), metric(spec));
        for i in 0..40 {
            event(spec, i, &mut |seen, w| some.update(seen, w));
            event(spec, i, &mut |seen, w| all.update(seen, w));
        }
        for i in 40..60 {
            event(spec, i, &mut |seen, w| all.update(seen, w));
        }
        for i in 40..60 {
            event(spec, i, &mut |seen, w| all.revert(seen, w));
        }
        assert!((all.get() - some.get()).abs() < 1e-9, "{spec}: {} {}", all.get(), some.get());
    }
}

#[test]
fn the_exact_area_counts_pairs() {
    let spec = json!({"ExactROCAUC": {"window_size": 70}}).to_string();
    let mut metric = metric(&spec);
    let mut seen = Vec::new();
    for i in 0..200 {
        event(&spec, i, &mut |o, w| {
            let Observation::Class { y, proba, predicted, classes } = o else { return };
            let p = (proba[1] * 20.0).round() / 20.0; // ties
            seen.push((y == 1, p));
            let proba = [1.0 - p, p];
            metric.update(Observation::Class { y, proba: &proba, predicted, classes }, w);
        });
    }
    let (mut good, mut pairs) = (0.0, 0.0);
    let window = &seen[130..];
    for (_, p) in window.iter().filter(|e| e.0) {
        for (_, n) in window.iter().filter(|e| !e.0) {
            pairs += 1.0;
            good += if p > n {
                1.0
            } else if p == n {
                0.5
            } else {
                0.0
            };
        }
    }
    assert!((metric.get() - good / pairs).abs() < 1e-12);
}

#[test]
fn sure_and_wrong_is_cut_and_no_opinion_is_zero() {
    let classes = [Label::Bool(false), Label::Bool(true)];
    let loss = |spec: &str, y, proba: &[f64]| {
        let mut metric = metric(spec);
        metric.update(Observation::Class { y, proba, predicted: 0, classes: &classes }, 1.0);
        metric.get()
    };
    assert!((loss("\"LogLoss\"", 1, &[1.0, 0.0]) - 34.538776394910684).abs() < 1e-12);
    assert!((loss("\"LogLoss\"", 0, &[0.0, 1.0]) - 34.53957599234088).abs() < 1e-12);
    assert!((loss("\"LogLoss\"", 1, &[1.0, f64::NAN]) - 34.538776394910684).abs() < 1e-12);
    assert_eq!(loss("\"CrossEntropy\"", 1, &[1.0, f64::NAN]), 0.0);
    assert_eq!(loss("\"CrossEntropy\"", 1, &[1.0]), 0.0);
}

#[test]
fn the_positive_class_is_known_by_name() {
    let classes: Vec<Label> = ["ham", "spam"].map(|n| Label::Text(n.into())).into();
    for (pos_val, want) in [("spam", 0.5), ("ham", 1.0), ("eggs", 0.0)] {
        let mut metric = metric(&json!({"Precision": {"pos_val": pos_val}}).to_string());
        for (y, predicted) in [(0, 0), (0, 1), (1, 1)] {
            metric.update(Observation::Class { y, proba: &[], predicted, classes: &classes }, 1.0);
        }
        assert_eq!(metric.get(), want, "{pos_val}");
    }
    let wrong = build(&json!({"F1": {"pos_val": 1.5}}), &Catalog::builtin()).err().unwrap();
    assert!(wrong.to_string().contains("got 1.5"), "{wrong}");
}

#[test]
fn refusals_name_value_and_limit() {
    for (spec, want) in [
        (json!({"RollingMetric": {"obj": "SGD"}}), "RollingMetric.obj: SGD is no metric"),
        (
            json!({"RollingMetric": {"obj": {"RollingMetric": {}}}}),
            "RollingMetric can't take observations back",
        ),
        (json!({"RollingMetric": {"window_size": 0}}), "between 1 and 10000000, got 0"),
        (json!({"ROCAUC": {"n_thresholds": 1}}), "between 2 and 100000, got 1"),
        (json!({"FBeta": {"beta": -1.0}}), "beta must lie between 0"),
        (Value::from("StandardScaler"), "StandardScaler is no metric"),
    ] {
        let error = build(&spec, &Catalog::builtin()).err().unwrap().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn the_geometric_mean_is_over_the_recalls() {
    let mut metric = metric("\"GeometricMean\"");
    for (y, predicted) in [(0, 1), (1, 1), (0, 0), (0, 0), (1, 1), (2, 0), (2, 2)] {
        metric.update(Observation::Class { y, proba: &[], predicted, classes: &[] }, 1.0);
    }
    assert!((metric.get() - 0.6933612743506348).abs() < 1e-12);
}
