//! Detectors against the indices at which River 0.26.1 reports changes.

use serde_json::{Value, json};

use super::{ADWIN, KSWIN, adwin, kswin};
use crate::catalog::Catalog;
use crate::ensemble::tests::{as_river, turning};
use crate::estimator::{Any, DriftDetector};
use crate::rng::Rng;

/// River's example: `choices([0, 1], k=1000) + choices(range(4, 8), k=1000)` of seed 12345.
fn steps() -> Vec<f64> {
    let mut rng = Rng::new(12345);
    let mut out: Vec<f64> = rng.choices(2, 1000).into_iter().map(|i| i as f64).collect();
    out.extend(rng.choices(4, 1000).into_iter().map(|i| (4 + i) as f64));
    out
}

/// 10,000 numbers of seed 7: normal, shifted by a half, three times as wide, then uniform.
fn normals() -> Vec<f64> {
    let mut rng = Rng::new(7);
    let mut out: Vec<f64> = (0..3000).map(|_| rng.gauss(0.0, 1.0)).collect();
    out.extend((0..3000).map(|_| rng.gauss(0.5, 1.0)));
    out.extend((0..2000).map(|_| rng.gauss(0.5, 3.0)));
    out.extend((0..2000).map(|_| rng.random()));
    out
}

fn detector(spec: &Value) -> Box<dyn DriftDetector> {
    match Catalog::builtin().builder().build(spec).unwrap() {
        Any::DriftDetector(d) => d,
        _ => panic!("{spec} is no detector"),
    }
}

/// Where changes are reported, where the first warnings are, and how many of them. In the middle
/// the detector is saved and loaded.
fn run(spec: &Value, series: &[f64]) -> (Vec<usize>, Vec<usize>, usize) {
    let mut d = detector(spec);
    let (mut changes, mut warnings) = (Vec::new(), Vec::new());
    for (i, &x) in series.iter().enumerate() {
        d.update(x);
        if d.drift_detected() {
            changes.push(i);
        }
        if d.warning_detected() {
            warnings.push(i);
        }
        if i == series.len() / 2 {
            let bytes = crate::saved::save(&*d);
            match crate::saved::load(&bytes, &Catalog::builtin().builder()).unwrap() {
                Any::DriftDetector(loaded) => d = loaded,
                _ => panic!("{spec} came back as something else"),
            }
        }
    }
    let n_warnings = warnings.len();
    warnings.truncate(5);
    (changes, warnings, n_warnings)
}

#[test]
fn changes_are_reported_where_river_reports_them() {
    let rows: &[(Value, &[usize], &[usize])] = &[
        (json!("ADWIN"), &[1023], &[3167]),
        (
            json!({"ADWIN": {"delta": 0.3, "clock": 1, "max_buckets": 3,
 "min_window_length": 2, "grace_period": 3}}),
            &[1001],
            &[1570, 2134, 2953, 3171, 3944, 6019, 6487],
        ),
        (
            json!("PageHinkley"),
            &[1006],
            &[2174, 3084, 6389, 6550, 6796, 7452, 7610, 7806, 7904, 8180],
        ),
        (
            json!({"PageHinkley": {"min_instances": 10, "delta": 0.1,
 "threshold": 20.0, "alpha": 0.999, "mode": "up"}}),
            &[1003, 1589],
            &[
                1461, 1655, 1850, 2375, 2947, 3247, 4531, 5894, 6067, 6122, 6221, 6257, 6284, 6341,
                6486, 6587, 6894, 6946, 6979, 7022, 7045, 7144, 7211, 7247, 7284, 7323, 7411, 7535,
                7588, 7640, 7654, 7695, 7720, 7822, 7836, 7937,
            ],
        ),
        (
            json!({"PageHinkley": {"threshold": 20.0, "mode": "down"}}),
            &[],
            &[
                489, 998, 1508, 2128, 2822, 3943, 4403, 4592, 4692, 5296, 5455, 6008, 6038, 6095,
                6148, 6245, 6276, 6306, 6420, 6506, 6539, 6717, 6747, 6795, 6864, 6917, 6956, 7002,
                7032, 7135, 7165, 7335, 7374, 7513, 7543, 7710, 7741, 7869, 8112,
            ],
        ),
        (json!({"KSWIN": {"alpha": 0.0001, "seed": 42}}), &[1016], &[7580, 8022]),
        (
            json!({"KSWIN": {"seed": 1, "window_size": 60, "stat_size": 20}}),
            &[1004],
            &[
                415, 533, 1146, 1345, 1922, 2028, 2094, 2751, 2890, 3163, 3905, 4042, 4471, 5259,
                5924, 6023, 7565, 7871, 8009, 8803, 9303, 9788,
            ],
        ),
        (
            json!({"KSWIN": {"seed": 3, "window_size": 400, "stat_size": 20, "alpha": 0.001}}),
            &[1012, 1444],
            &[2965, 8011],
        ),
        (
            json!({"DummyDriftDetector": {"t_0": 3000, "w": 1000, "seed": 42}}),
            &[],
            &[3654, 6654, 9654],
        ),
        (
            json!({"DummyDriftDetector": {"trigger_method": "random",
 "t_0": 500, "w": 100, "seed": 42}}),
            &[368, 817, 1261, 1695],
            &[
                368, 817, 1261, 1695, 2112, 2516, 2924, 3313, 3712, 4101, 4497, 4937, 5228, 5602,
                5967, 6403, 6807, 7174, 7557, 7951, 8308, 8703, 9145, 9557, 9809,
            ],
        ),
        (json!("NoDrift"), &[], &[]),
    ];
    for (spec, in_steps, in_normals) in rows {
        assert_eq!(run(spec, &steps()).0, *in_steps, "{spec} on steps");
        assert_eq!(run(spec, &normals()).0, *in_normals, "{spec} on normals");
    }
}

#[test]
fn warnings_and_changes_of_error_rates_are_those_of_river() {
    let mut rng = Rng::new(42);
    let mut even: Vec<f64> = rng.choices(2, 1000).into_iter().map(|i| i as f64).collect();
    even.extend((0..1000).map(|_| rng.weighted_choice(&[0.3, 0.7]) as f64));
    let mut rising: Vec<f64> = (0..1500).map(|_| f64::from(u8::from(rng.random() < 0.1))).collect();
    rising.extend((0..1000).map(|_| f64::from(u8::from(rng.random() < 0.4))));
    let check = |spec: Value, series: &[f64], changes: &[usize], warnings: &[usize], n| {
        let want = (changes.to_vec(), warnings.to_vec(), n);
        assert_eq!(run(&spec, series), want, "{spec}");
    };
    let ddm = json!("DDM");
    check(ddm.clone(), &even, &[1334], &[1084, 1086, 1087, 1088, 1089], 587);
    check(ddm, &rising, &[153, 1647], &[35, 36, 37, 38, 50], 357);
    let ddm = json!({"DDM": {"warm_start": 50, "warning_threshold": 1.5, "drift_threshold": 2.5}});
    check(ddm.clone(), &even, &[1213], &[63, 64, 65, 66, 67], 1035);
    check(ddm, &rising, &[120, 1546, 1703], &[68, 69, 70, 71, 102], 1195);
    let eddm = json!({"EDDM": {"alpha": 0.8, "beta": 0.75}});
    check(eddm.clone(), &even, &[1278], &[1059, 1060, 1061, 1062, 1063], 220);
    check(eddm, &rising, &[305, 641, 1733, 2043, 2415], &[896, 897, 898, 899, 900], 376);
    let changes = [305, 641, 896, 1256, 1517, 1705, 1801, 1954, 2311, 2379, 2449];
    check(json!("EDDM"), &rising, &changes, &[1634, 1635, 1636, 1637, 1638], 256);
}

#[test]
fn the_window_of_adwin_is_that_of_river() {
    let mut d = ADWIN::new(adwin::Params::default()).unwrap();
    // (index, width, total, variance, n_detections)
    let want = [
        (500, 501, 246.0, 125.20958083832322, 0),
        (999, 1000, 497.0, 249.99099999999987, 0),
        (1023, 32, 144.0, 171.9999999999999, 1),
        (1024, 1, 6.0, 0.0, 0),
        (1999, 976, 5336.0, 1202.9508196721304, 0),
    ];
    for (i, x) in steps().into_iter().enumerate() {
        d.update(x);
        for (at, width, total, variance, n) in want {
            if at == i {
                assert_eq!((d.width(), d.total(), d.n_detections()), (width, total, n));
                assert_eq!(d.variance(), variance);
                assert_eq!(d.estimation(), total / width as f64);
            }
        }
    }
    let mut d = ADWIN::new(adwin::Params::default()).unwrap();
    for x in normals() {
        d.update(x);
    }
    assert_eq!(d.width(), 6832);
    assert!((d.variance() - 20370.064434691616).abs() < 1e-6);
    assert!((d.estimation() - 0.5246270664989193).abs() < 1e-12);
}

#[test]
fn every_number_of_buckets_works() {
    for max_buckets in 1..9 {
        let spec = json!({"ADWIN": {"max_buckets": max_buckets, "clock": 1, "delta": 0.1}});
        let changes = run(&spec, &steps()).0;
        assert!(changes.iter().any(|&i| (1000..1030).contains(&i)), "{spec}: {changes:?}");
    }
}

#[test]
fn probabilities_of_kswin_are_those_of_river() {
    let check = |params: kswin::Params, want: f64| {
        let mut d = KSWIN::new(params).unwrap();
        assert_eq!(d.p_value(), 0.0);
        for x in normals() {
            d.update(x);
        }
        assert!((d.p_value() - want).abs() < 1e-12, "{}", d.p_value());
    };
    let p = kswin::Params::default();
    check(kswin::Params { alpha: 1e-4, seed: Some(42), ..p.clone() }, 0.9578462903438838);
    let small = kswin::Params { seed: Some(1), window_size: 60, stat_size: 20, ..p.clone() };
    check(small, 0.17453300569806826);
    let wide = kswin::Params { alpha: 0.001, seed: Some(3), window_size: 400, stat_size: 20, ..p };
    check(wide, 0.8319696107963263);
}

#[test]
fn a_window_to_begin_with_saves_the_wait() {
    let window: Vec<f64> = (0..300).map(|i| f64::from(i % 10)).collect();
    let params = kswin::Params { window: Some(window), seed: Some(1), ..Default::default() };
    let mut d = KSWIN::new(params).unwrap();
    let change = (0..60).find(|_| {
        d.update(50.0);
        d.drift_detected()
    });
    assert!(change.is_some_and(|i| i < 30), "{change:?}");
}

#[test]
fn parameters_that_cannot_work_are_refused() {
    let refusals = [
        (json!({"ADWIN": {"delta": 0.0}}), "delta"),
        (json!({"ADWIN": {"clock": 0}}), "clock"),
        (json!({"ADWIN": {"max_buckets": 0}}), "max_buckets"),
        (json!({"KSWIN": {"window_size": 50}}), "60"),
        (json!({"KSWIN": {"stat_size": 0}}), "stat_size"),
        (json!({"PageHinkley": {"mode": "sideways"}}), "both"),
        (json!({"EDDM": {"alpha": 0.5}}), "beta"),
        (json!({"DummyDriftDetector": {"trigger_method": "random"}}), "w must"),
        (json!({"DriftRetrainingClassifier": {"drift_detector": "MAE"}}), "drift_detector"),
        (json!({"DriftRetrainingClassifier": {"model": "MAE"}}), "model"),
    ];
    for (spec, word) in refusals {
        let message = Catalog::builtin().builder().build(&spec).err().unwrap().to_string();
        assert!(message.contains(word), "{spec}: {message}");
    }
}

#[test]
fn a_classifier_is_retrained_as_by_river() {
    let logistic = json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.5}}}});
    let runs = [
        (
            json!({"model": logistic}),
            [
                0.028489651859729778,
                0.44466462495406245,
                0.0038884624522183115,
                0.1362603601449947,
                0.9958634331902838,
                0.4301229275981229,
                0.2035235402051986,
                0.992935562454785,
                0.19464370478385926,
                0.999103243320534,
            ],
        ),
        (
            json!({"model": logistic, "drift_detector": "ADWIN", "train_in_background": false}),
            [
                0.028489651859729778,
                0.4005162590425074,
                0.0008805890228739527,
                0.18072442365048944,
                0.9943600168734055,
                0.4247110705356843,
                0.7653987643042688,
                0.9857225729319776,
                0.21281346457933822,
                0.9988087886452122,
            ],
        ),
        (
            json!({"model": "GaussianNB", "drift_detector": "EDDM"}),
            [
                0.008651324406418776,
                0.37626909772805134,
                0.013203834714085464,
                0.056179282171263674,
                0.984568085623478,
                0.4781107602566642,
                0.1636951715349045,
                0.9868584713284335,
                0.24415844012283916,
                0.9804309750504917,
            ],
        ),
    ];
    for (params, river) in runs {
        as_river(&json!({ "DriftRetrainingClassifier": params }), 900, turning, 1e-9, &river);
    }
}
