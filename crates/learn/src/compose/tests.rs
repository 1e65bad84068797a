//! What River 0.26.1 makes of the same events, and what it does not do with texts.

use serde_json::{Value, json};

use crate::features::testing::{Bench, assert_close};

fn once(spec: &Value, event: &Value) -> Value {
    let mut bench = Bench::new(spec);
    let before = bench.transform(event);
    // With and without the ids that learning remembers, and after they were lost.
    for _ in 0..2 {
        bench.learn(event);
        assert_eq!(bench.transform(event), before);
    }
    bench.reload();
    assert_eq!(bench.transform(event), before);
    before
}

#[test]
fn names_choose() {
    let event = json!({"a": 42, "t": "text", "b": 12, "c": 13});
    assert_eq!(
        once(&json!({"Select": ["t", "c", "none"]}), &event),
        json!({"c": 13.0, "t": "text"})
    );
    let discard = json!({"Discard": {"keys": ["t", "a"]}});
    assert_eq!(once(&discard, &event), json!({"b": 12.0, "c": 13.0}));
    let numbers = json!({"SelectType": {"types": ["number"]}});
    assert_eq!(once(&numbers, &event), json!({"a": 42.0, "b": 12.0, "c": 13.0}));
    assert_eq!(once(&json!({"SelectType": ["text"]}), &event), json!({"t": "text"}));
}

#[test]
fn names_change() {
    let event = json!({"a": 42, "t": "text", "b": 12});
    let prefixed = json!({"p_a": 42.0, "p_b": 12.0, "p_t": "text"});
    assert_eq!(once(&json!({"Prefixer": {"prefix": "p_"}}), &event), prefixed);
    let suffixed = json!({"a_s": 42.0, "b_s": 12.0, "t_s": "text"});
    assert_eq!(once(&json!({"Suffixer": {"suffix": "_s"}}), &event), suffixed);
}

#[test]
fn renaming_goes_pair_by_pair() {
    for (mapping, event, want) in [
        (json!({"a": "v", "c": "o"}), json!({"a": 42, "b": 12}), json!({"b": 12.0, "v": 42.0})),
        (json!({"a": "b", "b": "c"}), json!({"a": 1, "b": 2}), json!({"c": 1.0})),
        (json!({"b": "c", "a": "b"}), json!({"a": 1, "b": 2}), json!({"b": 1.0, "c": 2.0})),
        (json!({"a": "b"}), json!({"a": 1, "b": "x"}), json!({"b": 1.0})),
        (json!({"a": "b"}), json!({"a": "x", "b": 1}), json!({"b": "x"})),
        (json!({"a": "a"}), json!({"a": 1, "b": 2}), json!({"a": 1.0, "b": 2.0})),
    ] {
        assert_eq!(once(&json!({"Renamer": {"mapping": mapping}}), &event), want);
    }
}

#[test]
fn in_a_union_the_first_value_of_a_name_stays() {
    let spec = json!({"TransformerUnion": [
        {"Select": ["b", "t"]},
        [{"Discard": ["t"]}, "StandardScaler"],
        [{"Select": ["a"]}, {"Renamer": {"mapping": {"a": "t"}}}],
        {"Select": ["u", "t"]},
    ]});
    let mut bench = Bench::new(&spec);
    for a in [1.0, 2.0, 4.0] {
        bench.learn(&json!({"a": a, "b": 5, "t": "text", "u": "more"}));
    }
    // StandardScaler alone, in River: (4 - 7/3) / sqrt(14/9).
    let want = json!({"b": 5.0, "a": 1.336_306_209_562_122, "t": "text", "u": "more"});
    let event = json!({"a": 4, "b": 5, "t": "text", "u": "more"});
    assert_close(&bench.transform(&event), &want);
    bench.reload();
    assert_close(&bench.transform(&event), &want);
}

#[test]
fn forgotten_ids_leave_nothing_behind() {
    let spec = json!([{"Discard": ["drop"]}, {"Prefixer": {"prefix": "p_"}}]);
    let mut bench = Bench::new(&spec);
    bench.names = crate::features::Vocabulary::new(8);
    for i in 0..100 {
        let event = json!({format!("f{i}"): i, "drop": 1, "keep": 2});
        bench.learn(&event);
        let want = json!({format!("p_f{i}"): f64::from(i), "p_keep": 2.0});
        assert_eq!(bench.transform(&event), want, "{i}");
    }
}

#[test]
fn mistakes_are_named() {
    let catalog = crate::Catalog::builtin();
    for (spec, part) in [
        (json!({"TransformerUnion": []}), "at least one transformer"),
        (
            json!({"TransformerUnion": ["LogisticRegression"]}),
            "transformers[0]: LogisticRegression",
        ),
        (json!("Select"), "Select: keys is empty"),
        (json!({"SelectType": ["float"]}), "unknown variant 'float'"),
        (json!({"Renamer": {"mapping": {"a": 1}}}), "gives \"a\" the name 1"),
    ] {
        let error = catalog.builder().build(&spec).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_live_step_is_the_step_of_the_whole() {
    use crate::estimator::Part;
    let spec = json!([["StandardScaler"], {"TransformerUnion": ["MinMaxScaler"]}]);
    let mut any = crate::Catalog::builtin().builder().build(&spec).unwrap();
    let names = |part: Option<Part<'_>>| part.map(|p| p.estimator().entry().name);
    let root = any.estimator_mut();
    assert_eq!(names(root.child("1")), Some("TransformerUnion"));
    let inner = root.child("1").unwrap().estimator();
    assert_eq!(names(inner.child("0")), Some("MinMaxScaler"));
    assert_eq!((names(inner.child("1")), names(root.child("2"))), (None, None));
    let Some(Part::Transformer(_)) = root.child("0") else { panic!("a step of another kind") };
}
