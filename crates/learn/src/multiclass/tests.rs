//! What River 0.26.1 predicts on the same events.

use serde_json::json;

use crate::features::testing::{assert_predictions, events};
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

#[test]
fn one_against_the_rest() {
    assert_predictions(
        &json!({"OneVsRestClassifier": {"classifier":
            {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}}}),
        &[
            [0.184_548_275_531_667_97, 0.815_451_724_468_332, f64::NAN],
            [0.002_056_956_672_063_093_5, 0.005_421_355_770_846_944, 0.992_521_687_557_089_9],
            [0.663_162_626_524_316_1, 0.336_296_836_695_988_7, 0.000_540_536_779_695_162_7],
            [2.785_715_376_820_37e-8, 0.002_444_921_995_124_26, 0.997_555_050_147_722],
            [0.936_742_749_802_974_7, 5.058_261_990_100_185e-5, 0.063_206_667_577_124_23],
        ],
    );
}

#[test]
fn one_against_the_rest_by_classifiers_of_many_classes() {
    assert_predictions(
        &json!({"OneVsRestClassifier": {"classifier": "GaussianNB"}}),
        &[
            [0.333_333_333_333_332_9, 0.666_666_666_666_667_1, f64::NAN],
            [9.301_964_267_853_498e-22, 0.499_867_148_143_856_35, 0.500_132_851_856_143_6],
            [6.694_163_384_449_309e-7, 0.999_999_081_603_066_6, 2.489_805_949_698_035e-7],
            [0.036_270_210_682_262_56, 0.038_120_894_054_542_42, 0.925_608_895_263_195],
            [0.078_355_598_605_292_94, 0.772_716_060_583_712_3, 0.148_928_340_810_994_82],
        ],
    );
}

#[test]
fn one_against_one() {
    // River's predictions; N is None.
    let want = "NNaaaccacbcbbbbaaacccccbcccbbccccacbbbacabcaabccbbbaaaacbcac";
    let spec = json!({"OneVsOneClassifier": {"classifier":
        {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}}});
    let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
    let (mut s, mut p, mut got) = (Scratch::default(), Prediction::default(), String::new());
    for (i, (x, y)) in events(60).enumerate() {
        if i % 20 == 19 {
            let bytes = model.save();
            model = Model::load(&bytes, &Catalog::builtin()).unwrap();
            assert_eq!(model.save(), bytes);
        }
        let known = model.classes().to_vec();
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        got += &p.class().map_or("N".to_owned(), |class| known[class as usize].to_string());
    }
    assert_eq!(got, want);
}

#[test]
fn weights_tell_their_class_and_texts_are_refused_from_the_start() {
    for name in ["OneVsRestClassifier", "OneVsOneClassifier"] {
        let mut model = Model::new(&json!(name), &Catalog::builtin()).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let text = Row::from_json(&json!({"a": "text"})).unwrap();
        let refused = model.step(&text, &Target::Text("b".into()), 1.0, &mut p, &mut s);
        assert!(refused.unwrap_err().to_string().contains("LogisticRegression"));
        for (x, y) in events(10) {
            model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        }
        let mut classes = std::collections::BTreeSet::new();
        model.weights(&mut |key, _| {
            classes.insert(key.class);
        });
        let wanted = if name == "OneVsRestClassifier" { 3 } else { 0 };
        assert_eq!(classes.len(), wanted);
    }
}
