//! What River 0.26.1 answers on streams that need no file, and what it does not promise.

use serde_json::{Value, json};

use super::class_tree::{ClassConfig, ClassTree, LeafPrediction};
use super::criterion::SplitCriterion;
use super::limits::Limits;
use super::models::Models;
use super::observers::ClassSplitter;
use super::target_observer::TargetSplitter;
use super::target_tree::{TargetConfig, TargetPrediction, TargetTree};
use crate::estimator::Attribute;
use crate::features::{Context, Features, Names, Overlay, Pool, Vocabulary};
use crate::params::Spec;
use crate::rng::Rng;
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

fn number(i: u64, k: u64) -> f64 {
    ((i * 7919 + k * 104_729 + i * i * 31 * (k + 1)) % 1009) as f64 / 1009.0
}

/// Five numbers, whose order is not that of their names.
fn numbers(i: u64) -> [f64; 5] {
    [0, 1, 2, 3, 4].map(|k| number(i, k))
}

fn label([c, a, ..]: &[f64; 5]) -> bool {
    (*a > 0.4) != (*c > 0.7)
}

fn mixed(i: u64) -> (Value, bool) {
    let colour = ["red", "green", "blue", "grey"][(number(i, 7) * 4.0) as usize];
    let flag = if number(i, 8) < 0.3 { "yes" } else { "no" };
    let a = number(i, 0);
    let y = if ["red", "blue"].contains(&colour) { a > 0.5 } else { flag == "yes" };
    (json!({"a": a, "colour": colour, "flag": flag}), y)
}

/// A model after a stream, and the sum of its predictions, weighted so that their order counts.
fn run(spec: &Value, events: impl Iterator<Item = (Value, Target)>) -> (Model, f64) {
    let mut model = Model::new(spec, &Catalog::builtin()).unwrap();
    let (mut s, mut p, mut sum) = (Scratch::default(), Prediction::default(), 0.0);
    for (i, (x, y)) in events.enumerate() {
        if i == 1000 {
            // Half-way through it is saved and loaded.
            model = Model::load(&model.save(), &Catalog::builtin()).unwrap();
        }
        let x = Row::from_json(&x).unwrap();
        model.step(&x, &y, 1.0, &mut p, &mut s).unwrap();
        let positive = model.class_of(&Target::Bool(true));
        let chance = positive.and_then(|c| p.proba.get(c as usize)).copied();
        sum += p.value.or(chance).unwrap_or(0.0) * (i % 7 + 1) as f64;
    }
    (model, sum)
}

fn show(model: &Model, name: &str) -> Attribute {
    let mut overlay = Overlay::default();
    let names = Names::Predict(model.names(), &mut overlay);
    model.root().estimator().attribute(name, &names).unwrap()
}

#[track_caller]
fn assert_shows(model: &Model, want: &[(&str, i64)]) {
    for (name, want) in want {
        assert_eq!(show(model, name), Attribute::Int(*want), "{name}");
    }
}

#[track_caller]
fn assert_close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got}, River says {want}");
}

#[test]
fn texts_are_nominal_attributes() {
    for (more, sum, n_nodes, n_leaves, height) in [
        (json!({}), 3_138.769_581_212_114_6, 23, 14, 5),
        (json!({"binary_split": true}), 3_119.770_831_792_838, 17, 9, 5),
        (
            json!({"leaf_prediction": "mc", "split_criterion": "gini"}),
            3_203.901_341_659_266,
            11,
            7,
            4,
        ),
    ] {
        let mut params = json!({"grace_period": 50, "delta": 0.01});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let events = (0..2000).map(mixed).map(|(x, y)| (x, Target::Bool(y)));
        let (model, got) = run(&json!({"HoeffdingTreeClassifier": params}), events);
        assert_close(got, sum);
        let counts = [("n_nodes", n_nodes), ("n_leaves", n_leaves), ("height", height)];
        assert_shows(&model, &counts);
        assert_shows(&model, &[("n_active_leaves", n_leaves), ("n_inactive_leaves", 0)]);
    }
}

#[test]
fn texts_are_nominal_attributes_of_numbers() {
    for (binary, sum, n_nodes, height) in
        [(false, 7_087.907_156_071_872, 53, 6), (true, 7_034.479_143_637_979, 61, 10)]
    {
        let spec = json!({"HoeffdingTreeRegressor": {"grace_period": 50, "delta": 0.01,
            "leaf_prediction": "mean", "binary_split": binary}});
        let target = |(x, y): (Value, bool)| {
            let y = f64::from(u8::from(y)) + x["a"].as_f64().unwrap();
            (x, Target::Number(y))
        };
        let (model, got) = run(&spec, (0..2000).map(mixed).map(target));
        assert_close(got, sum);
        assert_shows(&model, &[("n_nodes", n_nodes), ("height", height)]);
    }
}

fn drifting(i: u64) -> ([f64; 5], bool) {
    let x = numbers(i);
    (x, label(&x) != (i >= 3000))
}

fn named([c, a, b, e, d]: [f64; 5]) -> Value {
    json!({"c": c, "a": a, "b": b, "e": e, "d": d})
}

#[test]
fn alternates_replace_branches_of_a_classifier() {
    let spec = json!({"HoeffdingAdaptiveTreeClassifier": {"grace_period": 50, "delta": 0.01,
        "drift_window_threshold": 50, "seed": 3}});
    let (model, got) =
        run(&spec, (0..6000).map(drifting).map(|(x, y)| (named(x), Target::Bool(y))));
    assert_close(got, 11_851.474_752_798_315);
    assert_shows(
        &model,
        &[
            ("n_nodes", 15),
            ("height", 5),
            ("n_active_leaves", -2),
            ("n_alternate_trees", 6),
            ("n_pruned_alternate_trees", 5),
            ("n_switch_alternate_trees", 1),
        ],
    );
}

#[test]
fn alternates_replace_branches_of_a_regressor() {
    let spec = json!({"HoeffdingAdaptiveTreeRegressor": {"grace_period": 50, "delta": 0.01,
        "drift_window_threshold": 50, "seed": 3, "leaf_prediction": "mean"}});
    let target =
        |(x, y): ([f64; 5], bool)| (named(x), Target::Number(3.0 * f64::from(u8::from(y)) + x[2]));
    let (model, got) = run(&spec, (0..6000).map(drifting).map(target));
    assert_close(got, 46_907.916_748_172_82);
    assert_shows(
        &model,
        &[
            ("n_nodes", 15),
            ("n_active_leaves", 98),
            ("n_alternate_trees", 12),
            ("n_pruned_alternate_trees", 3),
            ("n_switch_alternate_trees", 0),
        ],
    );
}

/// Calls back with each of 3,000 events and a context to learn it in.
fn each_event(mut work: impl FnMut(u64, &Features, bool, &mut Context<'_>)) {
    let (mut names, mut pool) = (Vocabulary::new(100), Pool::default());
    for i in 0..3000 {
        let mut cx = Context::new(Names::Learn(&mut names), &mut pool);
        let mut x = Features::default();
        let (values, y) = drifting(i);
        for (name, v) in ["c", "a", "b", "e", "d"].into_iter().zip(values) {
            let id = cx.names.id(name);
            x.push(id, v);
        }
        x.sort();
        work(i, &x, y, &mut cx);
    }
}

#[test]
fn leaves_draw_the_features_that_they_watch() {
    for (leaf_prediction, sum) in [
        (LeafPrediction::Adaptive, 6_878.999_779_397_975),
        (LeafPrediction::Majority, 6_873.268_621_579_005),
    ] {
        let cfg = ClassConfig {
            limits: Limits::new(None, 100.0, 1_000_000, false).unwrap(),
            grace_period: 50.0,
            criterion: SplitCriterion::InfoGain,
            delta: 0.05,
            tau: 0.05,
            leaf_prediction,
            nb_threshold: 0.0,
            nominal_attributes: Vec::new(),
            splitter: ClassSplitter::Gaussian { n_splits: 10 },
            binary_split: false,
            min_branch_fraction: 0.01,
            max_share_to_split: 0.99,
            remove_poor_attrs: false,
            merit_preprune: true,
            max_features: Some(2),
        };
        let (mut tree, mut rng, mut got) = (ClassTree::default(), Rng::new(7), 0.0);
        each_event(|i, x, y, cx| {
            let mut proba = Vec::new();
            tree.predict_proba_one(&cfg, x, &mut proba, cx);
            got += proba.get(1).filter(|p| !p.is_nan()).unwrap_or(&0.0) * (i % 7 + 1) as f64;
            tree.learn_one_with(&cfg, x, u32::from(y), 1.0, Some(&mut rng), cx);
        });
        assert_close(got, sum);
        assert_close(rng.random(), 0.577_102_948_617_498_7);
    }
}

#[test]
fn leaves_of_a_regressor_draw_the_features_that_they_watch() {
    let catalog = Catalog::builtin();
    let cfg = TargetConfig {
        limits: Limits::new(None, 100.0, 1_000_000, false).unwrap(),
        grace_period: 50.0,
        delta: 0.05,
        tau: 0.05,
        leaf_prediction: TargetPrediction::Adaptive,
        models: Models::new(&Spec::name("LinearRegression"), &catalog.builder()).unwrap(),
        model_selector_decay: 0.95,
        nominal_attributes: Vec::new(),
        splitter: TargetSplitter::SearchTree { digits: Some(1) },
        min_samples_split: 5.0,
        binary_split: false,
        remove_poor_attrs: false,
        merit_preprune: true,
        max_features: Some(2),
    };
    let (mut tree, mut rng, mut got) = (TargetTree::default(), Rng::new(7), 0.0);
    each_event(|i, x, y, cx| {
        got += tree.predict_one(&cfg, x, cx) * (i % 7 + 1) as f64;
        let y = 3.0 * f64::from(u8::from(y)) + x.values()[2];
        tree.learn_one_with(&cfg, x, y, 1.0, Some(&mut rng), cx);
    });
    assert_close(got, 26_630.226_916_673_295);
    assert_close(rng.random(), 0.863_984_469_698_515_2);
}

#[test]
fn a_tree_stays_as_small_as_it_is_told() {
    let events = || (0..6000).map(drifting).map(|(x, y)| (named(x), Target::Bool(y)));
    let sized = |size: f64, stop: bool| {
        let spec = json!({"HoeffdingTreeClassifier": {"grace_period": 20, "delta": 0.5,
            "max_size": size, "stop_mem_management": stop}});
        run(&spec, events()).0
    };
    let (large, small, stopped) = (sized(100.0, false), sized(0.01, false), sized(0.01, true));
    let saved = [&large, &small, &stopped].map(|model| model.save().len());
    assert!(saved[1] < 5_000 && saved[2] < 5_000 && saved[0] > 10_000, "{saved:?}");
    assert_shows(&large, &[("n_inactive_leaves", 0)]);
    assert!(matches!(show(&small, "n_inactive_leaves"), Attribute::Int(n) if n > 10));
    let nodes = |model: &Model| match show(model, "n_nodes") {
        Attribute::Int(n) => n,
        other => panic!("{other:?}"),
    };
    assert!(nodes(&stopped) < nodes(&large));
}

#[test]
fn a_forgotten_feature_is_one_that_events_lack() {
    let spec = json!({"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 0.05}});
    let catalog = Catalog::builtin();
    let mut model = Model::with_cap(&spec, &catalog, 8).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    for i in 0..4000 {
        let (x, y) = drifting(i);
        // From the middle on other names come in their place.
        let x = if i < 2000 { named(x) } else { json!({format!("n{}", i % 40): x[0]}) };
        model.step(&Row::from_json(&x).unwrap(), &Target::Bool(y), 1.0, &mut p, &mut s).unwrap();
        let sum: f64 = p.proba.iter().sum();
        assert!(i < 2 || (sum - 1.0).abs() < 1e-9, "event {i}: {:?}", p.proba);
    }
    let Attribute::List(nodes) = show(&model, "structure") else { panic!("no list") };
    assert!(nodes.len() > 1);
}

#[test]
fn the_structure_leads_from_the_root_to_the_leaves() {
    let spec = json!({"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 0.01}});
    let (model, _) = run(&spec, (0..2000).map(mixed).map(|(x, y)| (x, Target::Bool(y))));
    let Attribute::List(nodes) = show(&model, "structure") else { panic!("no list") };
    let of = |node: &Attribute, key: &str| match node {
        Attribute::Map(map) => map.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()),
        _ => None,
    };
    assert_eq!(nodes.len(), 23);
    assert_eq!(of(&nodes[0], "parent"), Some(Attribute::None));
    assert_eq!(of(&nodes[0], "feature"), Some(Attribute::Text("flag".into())));
    let leaves = nodes.iter().filter(|n| of(n, "is_leaf") == Some(Attribute::Bool(true)));
    assert_eq!(leaves.count(), 14);
    for (i, node) in nodes.iter().enumerate().skip(1) {
        assert!(matches!(of(node, "parent"), Some(Attribute::Int(p)) if (p as usize) < i));
    }
}

#[test]
fn what_lies_outside_of_its_range_is_refused() {
    let built = |spec: Value| Model::new(&spec, &Catalog::builtin()).unwrap_err().to_string();
    let htc = |params: Value| built(json!({"HoeffdingTreeClassifier": params}));
    assert!(htc(json!({"delta": 0.0})).contains("delta must lie between"));
    assert!(htc(json!({"leaf_prediction": "best"})).contains("unknown variant"));
    assert!(htc(json!({"splitter": "TEBSTSplitter"})).contains("is no splitter for classes"));
    let splitter = json!({"GaussianSplitter": {"n_splits": 0}});
    assert!(htc(json!({ "splitter": splitter })).contains("n_splits must lie between"));
    let htr = |params: Value| built(json!({"HoeffdingTreeRegressor": params}));
    assert!(htr(json!({"leaf_model": "GaussianNB"})).contains("a regressor is wanted"));
    assert!(htr(json!({"splitter": {"QOSplitter": {"radius": 0}}})).contains("radius must lie"));
    assert!(htr(json!({"max_depth": 2000})).contains("max_depth must lie between 0 and 980"));
}
