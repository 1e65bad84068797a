//! Boosting and ensembles of different models beside River 0.26.1 on the same events.

use serde_json::{Value, json};

use super::tests::{as_river, turning};
use crate::estimator::Attribute;
use crate::features::{Names, Overlay};
use crate::{Catalog, Model, Target};

fn attribute(model: &Model, name: &str) -> Vec<f64> {
    let names = Names::Predict(model.names(), &mut Overlay::default());
    let Some(Attribute::List(list)) = model.root().estimator().attribute(name, &names) else {
        panic!("{name} is no list")
    };
    let number = |item| match item {
        Attribute::Int(i) => i as f64,
        Attribute::Float(f) => f,
        _ => f64::NAN,
    };
    list.into_iter().map(number).collect()
}

fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{got}, River {want}");
    }
}

fn logistic() -> Value {
    json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}})
}

fn boosting(name: &str, mut params: Value, river: &[f64]) -> Model {
    if params.get("model").is_none() {
        params["model"] = logistic();
    }
    as_river(&json!({ name: params }), 900, turning, 1e-9, river)
}

#[test]
fn ada_boost_predicts_as_river() {
    let river = [
        0.30707069547817334,
        0.4915014531689115,
        0.08951369578785658,
        0.29650980503878405,
        0.9144703838982737,
        0.4730669006365622,
        0.450813127476632,
        0.8593371640325473,
        0.30480773961608687,
        0.9513342449814062,
    ];
    let model = boosting("AdaBoostClassifier", json!({"n_models": 4, "seed": 7}), &river);
    near(
        &attribute(&model, "correct_weight"),
        &[704.0, 838.382288484585, 1079.6842706927355, 1094.4528469066156],
    );
    near(
        &attribute(&model, "wrong_weight"),
        &[196.0, 236.05924798790195, 175.85779786840678, 233.3294290926394],
    );
}

#[test]
fn adwin_boosting_predicts_as_river_through_changes() {
    let river = [
        0.19780185199334135,
        0.41983728405107895,
        0.037943890612713374,
        0.6489117418385958,
        0.5279883161114176,
        0.5047229007420742,
        0.7399769917173705,
        0.665057011234625,
        0.4293306796213252,
        0.8211579857163422,
    ];
    let model = boosting("ADWINBoostingClassifier", json!({"n_models": 4, "seed": 8}), &river);
    near(
        &attribute(&model, "wrong_weight"),
        &[5.0, 148.68140176771587, 0.8508201580510617, 10.324660395887673],
    );
}

#[test]
fn bole_predicts_as_river() {
    let river = [
        0.2600236834189057,
        0.517644276432663,
        0.06594890997822338,
        0.39837918488329216,
        0.8432858758127169,
        0.47591828340810755,
        0.5034105675377546,
        0.7737231932509142,
        0.36117686133282323,
        0.9004375750404732,
    ];
    let model = boosting("BOLEClassifier", json!({"n_models": 4, "seed": 9}), &river);
    near(&attribute(&model, "order_position"), &[1.0, 0.0, 3.0, 2.0]);
    let river = [
        0.011271101303523365,
        0.5403406004517252,
        0.06768593704521106,
        0.5969798581758852,
        0.5556231036955949,
        0.5646411264911907,
        0.595292775936868,
        0.4989013884827661,
        0.5031862189813628,
        0.6321968045147804,
    ];
    let bounded = json!({"model": "GaussianNB", "n_models": 5, "seed": 10, "error_bound": 0.3});
    let model = boosting("BOLEClassifier", bounded, &river);
    near(&attribute(&model, "order_position"), &[4.0, 2.0, 1.0, 3.0, 0.0]);
}

fn sloping(i: i32, a: f64, b: f64) -> Target {
    Target::Number(if i / 300 % 2 == 0 { 3.0 * a - b + 0.5 } else { a + 2.0 * b })
}

#[test]
fn ewa_predicts_as_river() {
    let of = |optimizer: Value| json!({"LinearRegression": {"optimizer": optimizer, "intercept_lr": 0.1}});
    let models =
        json!([of(json!({"SGD": {"lr": 0.01}})), of(json!("RMSProp")), of(json!("AdaGrad"))]);
    let spec = json!({"EWARegressor": {"models": models, "learning_rate": 0.005}});
    let model = as_river(
        &spec,
        900,
        sloping,
        1e-9,
        &[
            -0.7252090595960351,
            1.713977198001582,
            -0.35373453294620744,
            1.0900205248255246,
            -2.1363571313091168,
            -0.5881807873609795,
            -0.4400123591004942,
            1.8929428698398754,
            0.14894296413072977,
            2.6442123081891564,
        ],
    );
    near(
        &attribute(&model, "weights"),
        &[0.032830549982346496, 0.9617253823749589, 0.0054440676426945845],
    );
    let linear = json!({"LinearRegression": {"optimizer": {"SGD": {"lr": 0.01}}}});
    let spec = json!({"EWARegressor": {"models": [linear, "PARegressor"], "loss": "Absolute"}});
    let model = as_river(
        &spec,
        900,
        sloping,
        1e-9,
        &[
            -2.308798726941538,
            1.8802244621173614,
            -0.2684634692316482,
            1.0944784242583643,
            -1.6581750041904093,
            -0.16641844783768217,
            -0.8891764557127066,
            2.314765171825139,
            0.1779654181386122,
            2.6891315275429353,
        ],
    );
    near(&attribute(&model, "weights"), &[1.0, 1.702729140279899e-27]);
}

#[test]
fn voting_elects_as_river() {
    let pa = json!({"PAClassifier": {"mode": 1, "C": 0.01}});
    let models = json!([logistic(), "GaussianNB", pa]);
    let spec = json!({"VotingClassifier": {"models": models}});
    as_river(&spec, 900, turning, 1e-9, &[0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0]);
    let spec = json!({"VotingClassifier": {"models": models, "use_probabilities": false}});
    as_river(&spec, 900, turning, 1e-9, &[0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0]);
}

#[test]
fn stacking_predicts_as_river() {
    let pa = json!({"PAClassifier": {"mode": 1, "C": 0.01}});
    let stack = json!({"models": [logistic(), pa, "GaussianNB"]});
    let spec = json!({ "StackingClassifier": stack });
    let model = as_river(
        &spec,
        900,
        turning,
        1e-9,
        &[
            0.4067489583192685,
            0.45039223099557346,
            0.2320448796635931,
            0.5956774090740967,
            0.47508968074851815,
            0.5448018065521358,
            0.5591621873137714,
            0.54725800286468,
            0.4329747837600894,
            0.6618938423687225,
        ],
    );
    assert!(model.names().find("oof_0_True").is_some());
}

#[test]
fn stacking_of_many_classes_predicts_as_river() {
    let stack = json!({
        "models": ["GaussianNB", "SoftmaxRegression"],
        "meta_classifier": "SoftmaxRegression",
        "include_features": false,
    });
    let spec = json!({ "StackingClassifier": stack });
    let third = |_: i32, a: f64, b: f64| {
        let class = if a > 0.3 {
            "high"
        } else if b > 0.0 {
            "middle"
        } else {
            "low"
        };
        Target::Text(class.into())
    };
    let model = as_river(
        &spec,
        900,
        third,
        1e-9,
        &[
            0.30382261041999664,
            0.35625400842979377,
            0.24308133523677336,
            0.5425059444781596,
            0.18643176668924483,
            0.6269684720910641,
            0.15087110862119385,
            0.7250542448464165,
            0.13885565594945135,
            0.7908656071295088,
        ],
    );
    assert!(model.names().find("oof_1_middle").is_some());
}

#[test]
fn wrong_parameters_are_named() {
    let two = json!(["GaussianNB", "GaussianNB"]);
    for (spec, word) in [
        (json!({"AdaBoostClassifier": {"n_models": 0}}), "n_models"),
        (json!({"ADWINBoostingClassifier": {"n_models": 0}}), "n_models"),
        (json!({"BOLEClassifier": {"error_bound": 0.6}}), "error_bound"),
        (json!("EWARegressor"), "models must be at least two"),
        (json!({"EWARegressor": {"models": ["LinearRegression", "GaussianNB"]}}), "models[1]"),
        (json!({"EWARegressor": {"models": [], "loss": "Hinge"}}), "loss"),
        (json!({"EWARegressor": {"models": [], "learning_rate": -1}}), "learning_rate"),
        (json!({"VotingClassifier": {"models": ["GaussianNB"]}}), "got 1"),
        (
            json!({"StackingClassifier": {"models": two, "meta_classifier": "MAE"}}),
            "meta_classifier",
        ),
    ] {
        let error = Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
