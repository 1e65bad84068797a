//! Linear models against numbers from River 0.26.1, on a short stream made by a formula.

use serde_json::{Value, json};

use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

fn near(what: &str, got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-3), "{what}: {got}, not {want}");
}

/// Event `t`: the third feature is absent from every fourth.
fn event(t: i32) -> (Row, f64, f64, f64) {
    let a = f64::from((t * 7) % 11 - 5) / 3.0;
    let b = f64::from((t * 5) % 13 - 6) / 4.0;
    let c = f64::from((t * 3) % 7 - 2) / 2.0;
    let row = if t % 4 == 1 { json!({"a": a, "b": b}) } else { json!({"a": a, "b": b, "c": c}) };
    (Row::from_json(&row).unwrap(), a, b, if t % 4 == 1 { 0.0 } else { c })
}

fn noise(t: i32) -> f64 {
    f64::from((t * t) % 5 - 2)
}

/// Predictions at events 1, 30 and 59 as `show` picks them, and the weights at the end.
fn run(
    spec: &Value,
    target: impl Fn(i32, f64, f64, f64) -> Target,
    show: impl Fn(&Prediction) -> Vec<f64>,
) -> Vec<f64> {
    let mut model = Model::new(spec, &Catalog::builtin()).unwrap();
    let (mut s, mut p, mut out) = (Scratch::default(), Prediction::default(), Vec::new());
    for t in 0..60 {
        let (row, a, b, c) = event(t);
        model.step(&row, &target(t, a, b, c), 1.0, &mut p, &mut s).unwrap();
        if [1, 30, 59].contains(&t) {
            out.extend(show(&p));
        }
        // What was saved goes on like what was not.
        if t == 40 {
            model = Model::load(&model.save(), &Catalog::builtin()).unwrap();
        }
    }
    model.weights(&mut |_, w| out.push(w));
    out
}

fn check(spec: &Value, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{spec}: {got:?}");
    for (got, want) in got.iter().zip(want) {
        near(&spec.to_string(), *got, *want);
    }
}

/// Probabilities at events 1, 30 and 59; the intercept (where there is one) and three weights.
const BINARY: &[(&str, &str)] = &[
    (
        r#"{"Perceptron": {}}"#,
        "0.43440797461094294 0.13619936993947582 0.7675350070438758 0.0 1.3333333333333335 1.0 \
         -0.5",
    ),
    (
        r#"{"Perceptron":{"l2":0.01,"clip_gradient":0.7,"initializer":{"Constant":{"value":0.2}}}}"#,
        "0.5206133097144486 0.2851321015516793 0.7841370945579955 0.0 0.6790559961525403 \
         1.4009186121175614 -0.1533581041911682",
    ),
    (
        r#"{"PAClassifier": {}}"#,
        "0.48905704724022775 0.22947010464682463 0.8931521255232262 0.5397275240069906 \
         1.6910786521545549 1.359907230215401 -0.425628250466542",
    ),
    (
        r#"{"PAClassifier": {"C": 0.1, "mode": 0}}"#,
        "0.48905704724022775 0.11243515436569629 0.999704719464375 3.39023846735211 \
         7.575677640577072 2.949100018138362 0.8190810778059525",
    ),
    (
        r#"{"PAClassifier": {"C": 0.05, "mode": 2, "learn_intercept": false}}"#,
        "0.5114797846299158 0.32587576735916846 0.6125690801630166 0.0 0.6955162359655039 \
         0.34731089712458857 -0.09629571152556327",
    ),
    (
        r#"{"LogisticRegression": {"initializer": {"Normal": {"seed": 42}}}}"#,
        "0.5902815504535069 0.5969344788404964 0.5273650878301465 -0.03700828628984462 \
         0.6307806106614318 -0.07436267529112744 0.558336444698653",
    ),
    (
        r#"{"LogisticRegression": {"optimizer": "NesterovMomentum", "l2": 0.1}}"#,
        "0.5079507186590024 0.2007082471344243 0.50687411001988 -0.006260717527214161 \
         1.0196516653905898 -0.23147337828488898 -0.7116212715714612",
    ),
    (
        r#"{"LogisticRegression": {"optimizer": "Adam", "l1": 0.01}}"#,
        "0.5090615040513276 0.10704825794151497 0.7756873980700654 -0.01950028591894065 \
         1.920445591312857 0.8406263037937547 -0.007930791491645113",
    ),
    (
        r#"{"ALMAClassifier": {}}"#,
        "0.5743992152687731 0.39855031912904604 0.5883586151023428 0.5472019109341333 \
         0.23304462578572402 0.48188870768356384",
    ),
    (
        r#"{"ALMAClassifier": {"p": 3.0, "alpha": 0.5, "B": 1.5, "C": 1.0}}"#,
        "0.5875447388093713 0.25516343289160626 0.6194764019490696 0.8387564556061328 \
         0.27698790552048647 -0.025670088081961195",
    ),
];

/// The same with predicted numbers.
const NUMBERS: &[(&str, &str)] = &[
    (
        r#"{"PARegressor": {}}"#,
        "-0.26388888888888884 -0.1853559241921583 2.392952779115022 -0.21068235076382014 \
         2.6736840257349326 0.05172801358589374 2.301070474533942",
    ),
    (
        r#"{"PARegressor": {"C": 0.1, "mode": 0, "eps": 0.3}}"#,
        "-0.25683563748079896 -3.364499192454834 -1.4442166053639494 0.013141040020965944 \
         2.3348853271232595 -2.9808703392346687 1.7963453809679724",
    ),
    (
        r#"{"PARegressor": {"C": 0.05, "mode": 2, "learn_intercept": false}}"#,
        "0.27862507221259386 -2.064504354646729 0.13356651075904624 0.0 2.6199270526699587 \
         -1.108355542102117 0.874499941771238",
    ),
    (
        r#"{"LinearRegression": {"loss": "Huber", "optimizer": "FTRLProximal"}}"#,
        "-0.001 -0.13528321203759353 0.02158409304084093 0.002166405707522589 0.1609071074988889 \
         -0.04638798877061528 -0.006495674002583117",
    ),
    (
        r#"{"BayesianLinearRegression": {}}"#,
        "0.27058629776021104 -1.8373807058775553 -0.08021835996378457 1.9777709170802362 \
         -0.9880701552790635 0.48932708934974795",
    ),
    (
        r#"{"BayesianLinearRegression": {"alpha": 0.3, "beta": 2.5}}"#,
        "0.3093183324296652 -1.8678765790048484 -0.08390431301388879 2.0046006617865046 \
         -1.004882186010021 0.5022488822982424",
    ),
    (
        r#"{"BayesianLinearRegression": {"smoothing": 0.9}}"#,
        "0.12654035736290814 -1.7729816931927553 -0.06582230712947779 2.0357902786385074 \
         -1.0099075563633266 0.5151553701963739",
    ),
    (
        r#"{"BayesianLinearRegression": {"alpha": 0.3, "beta": 2.0, "smoothing": 0.7}}"#,
        "0.19176003734827257 -1.8160428443560923 0.014697068073399544 2.0347280104411043 \
         -0.9679472439094251 0.5795134176779404",
    ),
];

/// Probabilities of r, g, b at events 30 and 59, then their weights.
const CLASSES: &[(&str, &str)] = &[
    (
        r#"{"SoftmaxRegression": {}}"#,
        "0.27570922074224347 0.345080121033785 0.3792106582239714 0.35400236129043605 \
         0.35625260298032835 0.2897450357292355 0.24566139212646806 -0.024642947784587272 \
         -0.007143069307061078 -0.11577046399800907 0.1354403470551266 0.02674265782691018 \
         -0.14655759479512562 -0.12579739927053932 -0.029599588519849087",
    ),
    (
        r#"{"SoftmaxRegression": {"optimizer": "Adam", "l2": 0.01}}"#,
        "0.016428862562348125 0.4080792234006709 0.575491914036981 0.5204402945890884 \
         0.42414041092500543 0.055419294485906156 2.6816153387001234 -0.21711951466790597 \
         0.06629401713772264 -1.2888404526196586 1.2574659132333008 0.030020493403700308 \
         -1.318556883831013 -1.4448579759216158 -0.4448732995841559",
    ),
    (
        r#"{"SoftmaxRegression": {"optimizer": {"NesterovMomentum": {"lr": 0.05}}}}"#,
        "0.010175548976075595 0.24550125437518522 0.7443231966487392 0.5441790352091838 \
         0.42069314273664876 0.03512782205416744 3.120673433365141 -0.40888623316474104 \
         0.07807692352507381 -2.054980930917001 1.5245922874940767 0.2717842554243297 \
         -1.8975283271982115 -1.8643582966044008 -0.8454971971653604",
    ),
];

fn row((spec, numbers): &(&str, &str)) -> (Value, Vec<f64>) {
    let numbers = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
    (serde_json::from_str(spec).unwrap(), numbers)
}

#[test]
fn binary_classifiers_are_those_of_river() {
    for (spec, want) in BINARY.iter().map(row) {
        let target = |t, a, b, _| Target::Bool(a + 0.5 * b + noise(t) / 2.0 > 0.0);
        check(&spec, &run(&spec, target, |p| vec![p.positive()]), &want);
    }
}

#[test]
fn regressors_are_those_of_river() {
    for (spec, want) in NUMBERS.iter().map(row) {
        let target = |t, a, b, c| Target::Number(2.0 * a - b + 0.5 * c + noise(t) / 8.0);
        check(&spec, &run(&spec, target, |p| vec![p.value.unwrap()]), &want);
    }
}

#[test]
fn softmax_is_that_of_river() {
    for (spec, want) in CLASSES.iter().map(row) {
        let target = |_, a, b, _| {
            let label = match (a > 0.3, b > 0.0) {
                (true, _) => "r",
                (false, true) => "g",
                (false, false) => "b",
            };
            Target::Text(label.into())
        };
        let got = run(&spec, target, |p| p.proba.clone());
        assert_eq!(got[0], 1.0, "one class met by event 1, one probability");
        // Ours are in the order of first sight: b, r, g.
        let (at_30, rest) = got[1..].split_at(3);
        let (at_59, weights) = rest.split_at(3);
        let mut sorted: Vec<f64> = [1, 2, 0].map(|i| at_30[i]).to_vec();
        sorted.extend([1, 2, 0].map(|i| at_59[i]));
        sorted.extend([1, 2, 0].iter().flat_map(|i| &weights[i * 3..][..3]));
        check(&spec, &sorted, &want);
    }
}

#[test]
fn too_many_features_are_refused_and_change_nothing() {
    let spec = json!("BayesianLinearRegression");
    let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let wide = |n: usize| {
        let map: serde_json::Map<String, Value> =
            (0..n).map(|i| (format!("f{i}"), json!(1.0))).collect();
        Row::from_json(&map.into()).unwrap()
    };
    model.step(&wide(3), &Target::Number(1.0), 1.0, &mut p, &mut s).unwrap();
    let before = model.save();
    let refused = model.step(&wide(1025), &Target::Number(1.0), 1.0, &mut p, &mut s);
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("1025") && message.contains("LinearRegression"), "{message}");
    assert_eq!(model.save(), before);
}

#[test]
fn a_forgotten_feature_leaves_what_is_believed_of_the_others() {
    for spec in [
        json!("BayesianLinearRegression"),
        json!({"BayesianLinearRegression": {"smoothing": 0.99}}),
    ] {
        let mut model = Model::with_cap(&spec, &Catalog::builtin(), 8).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        for t in 0..400 {
            let a = f64::from(t * 7 % 11 - 5);
            let row = Row::from_json(&json!({"a": a, format!("f{}", t / 10): 1.0})).unwrap();
            model.step(&row, &Target::Number(2.0 * a), 1.0, &mut p, &mut s).unwrap();
        }
        let mut first = f64::NAN;
        model.weights(&mut |k, w| {
            if k.feature == model.names().find("a") {
                first = w;
            }
        });
        assert!((first - 2.0).abs() < 1e-2, "{spec}: {first}");
    }
}

#[test]
fn parameters_that_cannot_work_are_refused() {
    let refusals = [
        (json!({"LinearRegression": {"loss": "CrossEntropy"}}), "regression"),
        (json!({"LinearRegression": {"loss": "Hinge"}}), "regression"),
        (json!({"LogisticRegression": {"loss": "Squared"}}), "binary"),
        (json!({"LogisticRegression": {"optimizer": "FTRLProximal", "l1": 0.1}}), "l1"),
        (json!({"SoftmaxRegression": {"loss": "Log"}}), "CrossEntropy"),
        (json!({"PAClassifier": {"mode": 3}}), "mode"),
        (json!({"PAClassifier": {"C": 0.0}}), "C"),
        (json!({"ALMAClassifier": {"p": 1.0}}), "p"),
        (json!({"BayesianLinearRegression": {"smoothing": 1.5}}), "smoothing"),
    ];
    for (spec, word) in refusals {
        let message = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(message.contains(word), "{spec}: {message}");
    }
}
