//! Optimizers and losses against numbers from River 0.26.1.

use serde_json::{Value, json};

use super::{Initializer, LearningRate, Loss, Scheduler};
use crate::catalog::Catalog;
use crate::features::{Features, Slots};

fn near(what: &str, got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-9), "{what}: {got}, not {want}");
}

/// Forty steps on three weights by a formula; the middle one is absent from every third step.
fn weights_after(spec: &Value) -> [f64; 3] {
    let mut optimizer = Catalog::builtin().builder().optimizer(spec).unwrap();
    let mut w = Slots::default();
    w.grow(3);
    for t in 0..40_i32 {
        let mut x = Features::default();
        let ids: &[i32] = if t % 3 == 0 { &[0, 2] } else { &[0, 1, 2] };
        for &i in ids {
            x.push(i as u32, 1.0);
        }
        optimizer.look_ahead(&x, &mut w);
        let g: Vec<f64> = ids.iter().map(|i| f64::from((t * 7 + i * 3) % 11 - 4) / 4.0).collect();
        optimizer.step(&x, &g, &mut w);
    }
    assert_eq!(optimizer.n_iterations(), 40);
    assert_eq!(optimizer.fresh().n_iterations(), 0);
    [w.get(0), w.get(1), w.get(2)]
}

#[test]
fn weights_are_those_of_river() {
    let inverse = |rate: f64| json!({"InverseScaling": {"learning_rate": rate}});
    let rows = [
        (
            json!({"SGD": {"lr": inverse(0.3)}}),
            [-0.6893435083385449, -0.9484313393905267, -0.840761874731021],
        ),
        (
            json!({"SGD": {"lr": {"Optimal": {"loss": "Hinge"}}}}),
            [-102.79886052479337, -88.39567222265767, -98.02529831677381],
        ),
        (json!("Momentum"), [-7.55401512918445, -5.596985309229999, -7.6552090998835665]),
        (
            json!({"Momentum": {"lr": 0.01, "rho": 0.5}}),
            [-0.1969198827552555, -0.16782145217061042, -0.19574499267221657],
        ),
        (json!("NesterovMomentum"), [-7.554015129184452, -5.596985309229999, -7.6552090998835665]),
        (json!("AdaGrad"), [-0.2608991048387654, -0.3572020243307223, -0.34547547286233876]),
        (
            json!({"AdaGrad": {"lr": 1.0, "eps": 0.1}}),
            [-2.623182657949811, -3.5281036955646714, -3.33219885058778],
        ),
        (json!("AdaDelta"), [-0.004427299721418002, -0.0031256217314330373, -0.005621200919960292]),
        (
            json!({"AdaDelta": {"rho": 0.5, "eps": 0.01}}),
            [-1.587815035000385, -1.3333208281056832, -1.61200125321452],
        ),
        (json!("RMSProp"), [-1.211752771729794, -1.2972358309414849, -1.4209277488043113]),
        (json!("Adam"), [-0.9803303841959607, -1.1349823650248576, -1.2640332658988687]),
        (
            json!({"Adam": {"lr": inverse(0.3)}}),
            [-0.46610825695830926, -1.0925087019557846, -1.190705563101622],
        ),
        (json!("FTRLProximal"), [-0.0966097082811856, -0.11899022605743231, -0.11618561464862856]),
        (
            json!({"FTRLProximal": {"alpha": 0.1, "l1": 1.5, "l2": 0.5}}),
            [-0.1557980505547926, -0.17915692270309996, -0.17300662287291058],
        ),
        (json!("AdaMax"), [-0.5115751167736414, -0.5735555592009147, -0.7476818652607167]),
        (json!("AMSGrad"), [-0.980282451863782, -1.1349349736356742, -1.2639674194390227]),
        (
            json!({"AMSGrad": {"correct_bias": false}}),
            [-6.080976034395941, -6.606162915902567, -7.107737399340537],
        ),
        (json!("Nadam"), [-0.9910957707955256, -1.2428591956786685, -1.3628136856867075]),
        (json!("AdaBound"), [-0.018458667432692134, -0.01531473862436943, -0.021213653161520036]),
        (
            json!({"AdaBound": {"lr": {"InverseScaling": {"learning_rate": 0.3, "power": 0.01}}}}),
            [-2.8463582464577692, -3.3218599308346355, -3.6932391292410904],
        ),
    ];
    for (spec, want) in rows {
        for (got, want) in weights_after(&spec).into_iter().zip(want) {
            near(&spec.to_string(), got, want);
        }
    }
}

fn loss(spec: Value) -> Loss {
    serde_json::from_value(spec).unwrap()
}

#[test]
fn losses_are_those_of_river() {
    // (loss, [(y, p, value, gradient)])
    let rows = [
        (
            json!({"Log": {"weight_pos": 2.0, "weight_neg": 0.5}}),
            vec![
                (1.0, 0.3, 1.108710488937054, -0.851114966376682),
                (0.0, 0.3, 0.4271776222342636, 0.2872212584058295),
                (1.0, -9.0, 18.000246804379447, -1.9997532108480274),
            ],
        ),
        (
            json!("Hinge"),
            vec![
                (1.0, 0.3, 0.7, -1.0),
                (0.0, 0.3, 1.3, 1.0),
                (0.0, -9.0, 0.0, 0.0),
                (1.0, 1.0, 0.0, -1.0),
            ],
        ),
        (
            json!({"Hinge": {"threshold": 0.0}}),
            vec![(1.0, 0.3, 0.0, 0.0), (0.0, 0.3, 0.3, 1.0), (1.0, 1.0, 0.0, 0.0)],
        ),
        (
            json!("BinaryFocalLoss"),
            vec![
                (1.0, 0.3, 0.09195037044416943, -0.16798161486607555),
                (0.0, 0.3, 0.2565076261999763, 0.401312339887548),
            ],
        ),
        (
            json!({"BinaryFocalLoss": {"gamma": 3.0, "beta": 0.5}}),
            vec![(1.0, -9.0, 8.833333333334366, -0.9999999999969011)],
        ),
        (json!("Squared"), vec![(2.0, 0.5, 2.25, -3.0), (1.0, 1.0, 0.0, 0.0)]),
        (json!("Absolute"), vec![(0.5, 2.0, 1.5, 1.0), (1.0, 1.0, 0.0, -1.0)]),
        (json!("Quantile"), vec![(2.0, 0.5, 0.75, -0.5), (1.0, 1.0, 0.0, -0.5)]),
        (json!({"Quantile": {"alpha": 0.9}}), vec![(2.0, 0.5, 0.15, -0.9), (0.5, 2.0, 1.35, 0.1)]),
        (
            json!("Huber"),
            vec![
                (2.0, 0.5, 0.145, -0.1),
                (-1.0, -1.05, 0.0012500000000000022, -0.050000000000000044),
            ],
        ),
        (json!({"Huber": {"epsilon": 2.0}}), vec![(0.5, 2.0, 1.125, 1.5)]),
        (json!("Cauchy"), vec![(2.0, 0.5, 1.5, -1.4994728415791325)]),
        (json!({"Cauchy": {"C": 2.0}}), vec![(2.0, 0.5, 1.5, -0.96)]),
        (
            json!("Poisson"),
            vec![
                (2.0, 0.5, 0.6487212707001282, -0.3512787292998718),
                (-1.0, -1.05, -0.7000622508888448, 1.3499377491111553),
            ],
        ),
        (
            json!("EpsilonInsensitiveHinge"),
            vec![(2.0, 0.5, 2.4, -1.0), (1.0, 1.0, 0.0, 0.0), (-1.0, -1.05, 1.85, 1.0)],
        ),
        (
            json!("CrossEntropy"),
            vec![
                (1.0, 0.5, std::f64::consts::LN_2, -0.5),
                (0.0, 0.2, 0.0, 0.2),
                (0.0, 1.0, 0.0, 0.999999999999999),
            ],
        ),
    ];
    for (spec, cases) in rows {
        for (y, p, value, gradient) in cases {
            near(&spec.to_string(), loss(spec.clone()).value(y, p), value);
            near(&spec.to_string(), loss(spec.clone()).gradient(y, p), gradient);
        }
    }
}

#[test]
fn a_loss_may_be_named_alone_and_a_wrong_one_is_refused_with_the_list() {
    assert_eq!(loss(json!("Log")), Loss::LOG);
    assert_eq!(loss(json!({"Squared": {}})), Loss::Squared {});
    let written = serde_json::to_value(loss(json!("Hinge"))).unwrap();
    assert_eq!(written, json!({"Hinge": {"threshold": 1.0}}));
    let wrong = |v: Value| serde_json::from_value::<Loss>(v).unwrap_err().to_string();
    let message = wrong(json!("Hnge"));
    assert!(message.contains("Hnge") && message.contains("`Hinge`"), "{message}");
    let message = wrong(json!({"Hinge": {"margin": 1.0}}));
    assert!(message.contains("margin") && message.contains("threshold"), "{message}");
    let message = serde_json::from_value::<Initializer>(json!("Ones")).unwrap_err().to_string();
    assert!(message.contains("`Zeros`"), "{message}");
    let wrong = Catalog::builtin().builder().optimizer(&json!({"SGD": {"lr": "Fast"}}));
    let message = wrong.err().unwrap().to_string();
    assert!(message.contains("Fast") && message.contains("InverseScaling"), "{message}");
}

#[test]
fn optimal_rates_are_those_of_river_for_every_loss() {
    let losses = [
        "Log",
        "Hinge",
        "BinaryFocalLoss",
        "Squared",
        "Absolute",
        "Quantile",
        "Huber",
        "Cauchy",
        "Poisson",
        "EpsilonInsensitiveHinge",
    ];
    for name in losses {
        let rate = |alpha: f64, t: u64| {
            let spec = json!({"Optimal": {"loss": name, "alpha": alpha}});
            serde_json::from_value::<LearningRate>(spec).unwrap().get(t)
        };
        near(name, rate(1e-4, 0), 10.0);
        near(name, rate(1e-4, 10), 9.900990099009901);
        near(name, rate(0.01, 3), 2.888272109150736);
    }
    let bare: Scheduler = serde_json::from_value(json!({"Optimal": {"loss": "Log"}})).unwrap();
    assert!(matches!(bare, Scheduler::Optimal { alpha: 1e-4, .. }));
}

#[test]
fn normal_first_weights_are_those_of_river() {
    let spec = json!({"Normal": {"mu": 0.5, "sigma": 2.0, "seed": 42}});
    let initializer: Initializer = serde_json::from_value(spec).unwrap();
    let mut rng = initializer.rng();
    for want in [1.4934283060224653, 0.2234713976576307, 1.795377076201385] {
        near("Normal", initializer.draw(&mut rng), want);
    }
}
