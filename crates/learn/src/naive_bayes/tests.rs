//! What River 0.26.1 predicts on the same events, and what it does not meet.

use serde_json::json;

use crate::features::testing::{assert_predictions, events};
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

#[test]
fn gaussian() {
    assert_predictions(
        &json!("GaussianNB"),
        &[
            [0.499_999_999_999_999_06, 0.499_999_999_999_999_06, f64::NAN],
            [1.196_273_341_439_196_3e-11, 0.999_999_999_987_977_6, 5.404_030_130_995_953e-14],
            [1.585_809_151_491_686_3e-7, 0.999_999_584_121_652_6, 2.572_974_323_485_471_3e-7],
            [0.030_830_575_949_448_154, 0.034_689_828_372_507_72, 0.934_479_595_678_045_5],
            [0.066_418_793_096_115_84, 0.825_061_530_253_570_7, 0.108_519_676_650_314_15],
        ],
    );
}

#[test]
fn multinomial() {
    assert_predictions(
        &json!("MultinomialNB"),
        &[
            [0.999_967_233_073_708_2, 3.276_692_629_335_951e-5, f64::NAN],
            [0.000_224_123_525_469_658_8, 1.458_507_404_934_723_7e-5, 0.999_761_291_400_479_1],
            [0.048_955_665_957_342, 0.951_041_559_669_117_1, 2.774_373_541_373_795_8e-6],
            [0.796_982_554_909_444_4, 0.000_375_410_534_142_912_4, 0.202_642_034_556_414_66],
            [7.855_406_546_305_049e-5, 0.942_545_265_685_121_4, 0.057_376_180_249_418_78],
        ],
    );
}

#[test]
fn multinomial_with_less_smoothing() {
    assert_predictions(
        &json!({"MultinomialNB": {"alpha": 0.5}}),
        &[
            [0.999_998_523_191_269_4, 1.476_808_727_351_516_3e-6, f64::NAN],
            [0.000_100_034_269_423_360_59, 1.645_349_358_392_608_5e-6, 0.999_898_320_381_218_8],
            [0.019_373_845_717_538_54, 0.980_625_571_403_471_6, 5.828_789_890_164_376e-7],
            [0.801_050_981_616_823_9, 0.000_304_209_520_263_427_3, 0.198_644_808_862_912],
            [7.017_326_942_185_429e-5, 0.944_520_091_200_059_9, 0.055_409_735_530_518_395],
        ],
    );
}

#[test]
fn complement() {
    assert_predictions(
        &json!("ComplementNB"),
        &[
            [0.999_967_233_073_708_2, 3.276_692_629_335_951e-5, f64::NAN],
            [0.683_729_274_434_402_7, 0.009_285_972_852_869_605, 0.306_984_752_712_728_1],
            [0.291_766_790_250_342_2, 0.701_015_636_769_257_9, 0.007_217_572_980_398_513_5],
            [0.626_502_587_350_868_8, 0.036_714_407_575_888_314, 0.336_783_005_073_248],
            [0.010_716_014_197_810_554, 0.711_071_488_240_472_1, 0.278_212_497_561_715_95],
        ],
    );
}

#[test]
fn complement_with_less_smoothing() {
    assert_predictions(
        &json!({"ComplementNB": {"alpha": 0.1}}),
        &[
            [0.999_999_990_345_585_8, 9.654_411_473_831_24e-9, f64::NAN],
            [0.999_894_580_316_674_9, 1.401_252_789_112_100_6e-6, 0.000_104_018_430_533_955_16],
            [0.277_175_848_993_329_75, 0.717_054_613_052_657_8, 0.005_769_537_954_011_958],
            [0.630_455_612_992_137_1, 0.034_811_977_034_821_01, 0.334_732_409_973_043_43],
            [0.010_346_215_325_541_658, 0.712_593_189_887_202_5, 0.277_060_594_787_256_14],
        ],
    );
}

#[test]
fn bernoulli() {
    assert_predictions(
        &json!("BernoulliNB"),
        &[
            [0.799_999_999_52, 0.200_000_000_479_999_83, f64::NAN],
            [0.635_420_589_598_778_5, 0.188_272_767_665_072_4, 0.176_306_642_736_149_18],
            [0.074_280_916_676_969_47, 0.842_153_052_103_223_2, 0.083_566_031_219_807_52],
            [0.339_860_866_728_231_9, 0.203_094_812_061_585_06, 0.457_044_321_210_183_07],
            [0.147_871_160_420_299_88, 0.451_762_578_890_641_64, 0.400_366_260_689_058_5],
        ],
    );
}

#[test]
fn bernoulli_above_a_threshold() {
    assert_predictions(
        &json!({"BernoulliNB": {"alpha": 0.3, "true_threshold": 2.0}}),
        &[
            [0.949_438_201_853_301_2, 0.050_561_798_146_698_644, f64::NAN],
            [0.221_906_876_447_417_02, 0.125_425_625_927_171_05, 0.652_667_497_625_412_3],
            [0.862_622_210_541_174_8, 0.095_432_099_950_442_26, 0.041_945_689_508_382_75],
            [0.119_325_018_264_307_2, 0.268_935_546_496_502_3, 0.611_739_435_239_190_8],
            [0.063_180_945_796_998_82, 0.666_115_516_467_295, 0.270_703_537_735_706_43],
        ],
    );
}

fn proba(model: &Model, x: &serde_json::Value) -> Vec<f64> {
    let mut p = Prediction::default();
    model.predict(&Row::from_json(x).unwrap(), &mut p, &mut Scratch::default()).unwrap();
    p.proba
}

#[test]
fn forgotten_terms_are_as_if_they_had_never_come() {
    for name in ["GaussianNB", "MultinomialNB", "ComplementNB", "BernoulliNB"] {
        let mut model = Model::with_cap(&json!(name), &Catalog::builtin(), 8).unwrap();
        let mut never = Model::new(&json!(name), &Catalog::builtin()).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        for (i, (x, y)) in events(40).enumerate() {
            // The model meets one more name with each event and holds few of them.
            let mut crowded = x.to_json();
            crowded[format!("new{i}")] = json!(3);
            let crowded = Row::from_json(&crowded).unwrap();
            model.step(&crowded, &y, 1.0, &mut p, &mut s).unwrap();
            never.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        }
        assert!(model.names().len() <= 15);
        // Terms still known add to the smoothing; all else is equal, up to what was forgotten.
        let (a, b) = (proba(&model, &json!({})), proba(&never, &json!({})));
        assert!(a.iter().all(|p| p.is_finite()), "{name}: {a:?}");
        if name == "GaussianNB" {
            assert_eq!(a, b);
        }
    }
}

#[test]
fn a_weight_counts_an_event_as_often() {
    for name in ["GaussianNB", "MultinomialNB", "ComplementNB", "BernoulliNB"] {
        let mut weighed = Model::new(&json!(name), &Catalog::builtin()).unwrap();
        let mut repeated = Model::new(&json!(name), &Catalog::builtin()).unwrap();
        let mut s = Scratch::default();
        for (i, (x, y)) in events(30).enumerate() {
            weighed.learn(&x, &y, (i % 3) as f64, &mut s).unwrap();
            for _ in 0..i % 3 {
                repeated.learn(&x, &y, 1.0, &mut s).unwrap();
            }
        }
        let x = json!({"f0": 2, "f1": 4.5, "f4": 0, "unseen": 1});
        let class = |m: &Model, c: &str| m.class_of(&Target::Text(c.into())).unwrap() as usize;
        for c in ["a", "b", "c"] {
            let a = proba(&weighed, &x)[class(&weighed, c)];
            let b = proba(&repeated, &x)[class(&repeated, c)];
            assert!((a - b).abs() < 1e-9, "{name} {c}: {a} {b}");
        }
    }
}

#[test]
fn without_smoothing_the_impossible_is_no_mistake() {
    for name in ["MultinomialNB", "ComplementNB", "BernoulliNB"] {
        let spec = json!({ name: {"alpha": 0} });
        let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
        let mut s = Scratch::default();
        for (x, y) in [(json!({"a": 1, "z": 0}), "x"), (json!({"b": 2}), "y")] {
            let (x, y) = (Row::from_json(&x).unwrap(), Target::Text(y.into()));
            model.learn(&x, &y, 1.0, &mut s).unwrap();
        }
        let p = proba(&model, &json!({"a": 1}));
        assert!(p[0] > 0.99 && p[1] < 0.01, "{name} {p:?}");
        let p = proba(&model, &json!({"a": 1, "b": 1}));
        assert!(p.is_empty() || (p[0] - 0.5).abs() < 1e-9, "{name} {p:?}");
    }
}

#[test]
fn what_is_no_count_is_refused() {
    let mut model = Model::new(&json!("MultinomialNB"), &Catalog::builtin()).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let y = Target::Text("y".into());
    for (x, part) in [(json!({"a": -1}), "\"a\" is -1 and Multi"), (json!({"a": "b"}), "a text")] {
        let before = model.save();
        let error = model.step(&Row::from_json(&x).unwrap(), &y, 1.0, &mut p, &mut s).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(model.save(), before);
    }
}
