//! What River 0.26.1 makes of the same events.

use serde_json::{Value, json};

use crate::estimator::Attribute;
use crate::features::{Names, Overlay};
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

fn event(i: i32) -> (f64, f64) {
    (f64::from(i * 7919 % 101) / 50.0 - 1.0, f64::from((i * i + 3) % 67) / 33.0 - 1.0)
}

/// Predictions, of numbers or of `true` or `"high"`, at every tenth part of a stream that changes
/// at every 300th event.
pub(crate) fn as_river(
    spec: &Value,
    n: i32,
    target: fn(i32, f64, f64) -> Target,
    tolerance: f64,
    river: &[f64],
) -> Model {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..n {
        if i == n / 2 + 1 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        let (a, b) = event(i);
        let x = Row::from_json(&json!({"a": a, "b": b})).unwrap();
        let y = target(i, a, b);
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        if (i + 1) % (n / 10) == 0 {
            let first = || {
                let class = [Target::Bool(true), Target::Text("high".into())]
                    .iter()
                    .find_map(|class| model.class_of(class));
                p.proba.get(class.unwrap() as usize).copied().unwrap_or(0.0)
            };
            let (got, want) = (p.value.unwrap_or_else(first), river[(i / (n / 10)) as usize]);
            assert!((got - want).abs() < tolerance, "{spec}, event {i}: {got}, River {want}");
        }
    }
    model
}

/// A class that turns into its opposite at every 300th event.
pub(crate) fn turning(i: i32, a: f64, b: f64) -> Target {
    Target::Bool((a + b > 0.0) == (i / 300 % 2 == 0))
}

#[test]
fn bagging_predicts_as_river() {
    as_river(
        &json!({"BaggingClassifier": {"n_models": 3, "seed": 7}}),
        60,
        |_, a, b| Target::Bool(a + b > 0.0),
        1e-12,
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
        60,
        |_, a, b| Target::Number(3.0 * a - b + 0.5),
        1e-12,
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
fn adwin_bagging_predicts_as_river_through_changes() {
    as_river(
        &json!({"ADWINBaggingClassifier": {"model": "GaussianNB", "n_models": 3, "seed": 7}}),
        900,
        turning,
        1e-9,
        &[
            0.016209389901751508,
            0.4113201367490617,
            0.012545769471735196,
            0.7721782665456928,
            0.2745052357724409,
            0.500705939381117,
            0.3262375322717766,
            0.7445271602669203,
            0.35835031409214607,
            0.8099158639437376,
        ],
    );
}

fn leveraging(method: &str, seed: u32, changes: i64, river: &[f64]) {
    let params =
        json!({"model": "GaussianNB", "n_models": 3, "seed": seed, "bagging_method": method});
    let spec = json!({ "LeveragingBaggingClassifier": params });
    let model = as_river(&spec, 900, turning, 1e-9, river);
    let names = Names::Predict(model.names(), &mut Overlay::default());
    let seen = model.root().estimator().attribute("n_detected_changes", &names);
    assert_eq!(seen, Some(Attribute::Int(changes)), "{method}");
}

#[test]
fn leveraging_bagging_predicts_as_river_by_every_method() {
    leveraging(
        "bag",
        7,
        2,
        &[
            0.008321328147585043,
            0.39011932772126867,
            0.01441536498800379,
            0.5247070892647594,
            0.5341570231163376,
            0.5197112005445579,
            0.6148093629740595,
            0.5867680807700544,
            0.3957415926320338,
            0.7343905142678652,
        ],
    );
    leveraging(
        "me",
        8,
        1,
        &[
            0.03981185440884243,
            0.47563638081557486,
            0.1587344517623405,
            0.3245219541020902,
            0.7045532959750266,
            0.49194889831771776,
            0.47147361745321664,
            0.5775515144113087,
            0.4770575244350319,
            0.6021244581169484,
        ],
    );
    leveraging(
        "half",
        7,
        4,
        &[
            0.004429728556579051,
            0.3700962890562942,
            0.008651796622434203,
            0.2619217587518016,
            0.800393134515021,
            0.46361663847388024,
            0.7823944676128497,
            0.7303457740148515,
            0.3476242594799832,
            0.8261878378769342,
        ],
    );
    leveraging(
        "wt",
        7,
        2,
        &[
            0.010284557410172993,
            0.3882052195380073,
            0.01285642493590762,
            0.5321208693253644,
            0.5117229219084581,
            0.4797065870935812,
            0.6107097707859699,
            0.5999564128814985,
            0.3989997627877199,
            0.7403459949257064,
        ],
    );
    leveraging(
        "subag",
        7,
        6,
        &[
            0.008570789267690747,
            0.4016409040053543,
            0.009985163826941933,
            0.08493091866037042,
            0.9738744579488259,
            0.4795608493767367,
            0.8849621060998137,
            0.9991375234527453,
            0.213223064180745,
            0.9878230192484567,
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
        (json!({"ADWINBaggingClassifier": {"n_models": 0}}), "n_models"),
        (json!({"LeveragingBaggingClassifier": {"w": -1.0}}), "w must"),
        (json!({"LeveragingBaggingClassifier": {"adwin_delta": 2.0}}), "adwin_delta"),
        (json!({"LeveragingBaggingClassifier": {"bagging_method": "all"}}), "subag"),
    ] {
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
