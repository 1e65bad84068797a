//! Files of cases, and rules replayed over recorded figures.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use her_gate::cases::{File, Mismatch, run};
use her_gate::figures::Figures;
use her_gate::replay::replay;
use her_gate::{Rule, Why};

const FILE: &str = r#"
[gate.hot]
when = "load > 2"
for = "3s"
keep = "2s"
cooldown = "10s"
mode = "ask"
do = "freeze"

[[case]]
name = "an operator is asked, and asked once"
gate = "hot"
figures = { load = "1x2 2..4x3 4x20 _ nan stale 0x9" }
approve = ["10s"]
expect = [
    { at = "1s", decision = "CONDITION_FALSE" },
    { at = "3s", decision = "FOR_PENDING" },
    { at = "6s", decision = "ASKED" },
    { at = "10s", decision = "ACT" },
    { at = "11s", decision = "DONE" },
    { at = "25s", decision = "MISSING_FIGURE" },
    { at = "26s", decision = "NAN_FIGURE" },
    { at = "27s", decision = "STALE_FIGURE" },
    { at = "30s", decision = "CONDITION_FALSE" },
]
acts = ["10s"]

[[case]]
name = "a target that is not ready"
gate = "hot"
figures = { load = 9 }
approve = ["4s"]
outcome = "TARGET_NOT_READY"
used = { per_node = 1 }
expect = [{ at = "4s", decision = "ACT" }, { at = "13500ms", decision = "TARGET_NOT_READY" }]
"#;

fn file(text: &str) -> (File, BTreeMap<String, Arc<Rule>>) {
    let file: File = toml::from_str(text).unwrap();
    let rules =
        file.gate.iter().map(|(name, spec)| (name.clone(), spec.clone().check().unwrap().into()));
    (file.clone(), rules.collect())
}

#[test]
fn cases_pass_and_tell_what_differs() {
    let (good, rules) = file(FILE);
    for case in &good.case {
        assert_eq!(run(case, &rules), Ok(vec![]), "{}", case.name);
    }
    let (bad, rules) = file(&FILE.replace("for = \"3s\"", "for = \"4s\""));
    let told = run(&bad.case[0], &rules).unwrap();
    let asked = Mismatch { at_ms: 6000, expected: "ASKED".into(), got: "FOR_PENDING".into() };
    assert_eq!(told, [asked]);
    let (bad, rules) = file(&FILE.replace("\"ask\"", "\"act\""));
    let told: Vec<u64> = run(&bad.case[0], &rules).unwrap().iter().map(|m| m.at_ms).collect();
    assert_eq!(told, [6000, 10_000], "it acts too early, and then not again");
}

#[test]
fn mistakes_in_cases_are_told() {
    for (from, to, why) in [
        ("gate = \"hot\"", "gate = \"hto\"", "there is no gate \"hto\"; there are hot"),
        ("load = 9", "laod = 9", "there is no figure \"laod\""),
        ("load = 9", "load = \"9xx\"", "figures: load: \"9xx\" is no part of a series"),
        ("load = 9", "load = \"1x0\"", "no part"),
        ("load = 9", "load = \"\"", "is empty"),
        ("load = 9", "load = \"1x99999 1x99999\"", "more than 100000 steps"),
        ("\"13500ms\"", "\"2d\"", "more than 100000 steps"),
        ("\"13500ms\"", "\"soon\"", "\"soon\" is no time"),
        ("outcome", "every = \"6s\"\noutcome", "from 1ms to 5s"),
    ] {
        let (bad, rules) =
            file(&FILE.replacen(from, to, if from.starts_with("gate") { 2 } else { 1 }));
        let told = run(&bad.case[1], &rules).unwrap_err().0;
        assert!(told.contains(why), "{told}");
    }
    let (mut bare, rules) = file(FILE);
    bare.case[1].expect.clear();
    bare.case[1].approve.clear();
    assert!(run(&bare.case[1], &rules).unwrap_err().0.contains("expects nothing"));
}

#[test]
fn a_replay_tells_when_a_rule_would_have_acted() {
    let (_, rules) = file(FILE);
    let recorded = (0..100_u64).map(|second| {
        let now_ms = 1_700_000_000_000 + second * 1000;
        let mut figures = Figures::default();
        let load = if second % 40 < 20 { 3.0 } else { 1.0 };
        figures.set("load", load, now_ms).unwrap();
        (now_ms, figures)
    });
    let said = replay(&rules["hot"], recorded);
    let acted: Vec<u64> = said.acted_ms.iter().map(|at| at - said.from_ms.unwrap()).collect();
    assert_eq!(acted, [3_000, 43_000, 83_000]);
    assert_eq!((said.steps, said.decisions["ACT"], said.more_changes), (100, 3, 0));
    let whys: Vec<Why> = said.changes.iter().take(4).map(|c| c.why).collect();
    assert_eq!(whys, [Why::ForPending, Why::Act, Why::Done, Why::ConditionFalse]);
}

#[test]
fn the_reference_names_every_figure_and_every_decision() {
    let reference = include_str!("../../../docs/reference/gates.md");
    for figure in her_gate::figures::DECLARED {
        let row = format!("| `{}` | {} | {} |\n", figure.name, figure.unit, figure.help);
        assert!(reference.contains(&row), "{row}");
    }
    for why in Why::ALL {
        let row = format!("| `{}` | {} |\n", why.name(), why.says());
        assert!(reference.contains(&row), "{row}");
        assert_eq!(serde_json::to_value(why).unwrap(), why.name());
    }
}
