//! Any life of a gate before a judge that knows the rule and not the machine, and machines with
//! planted mistakes before the same judge.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use her_gate::figures::Figures;
use her_gate::{Gate, Outcome, Rule, Spec, State, Used, Why};
use proptest::prelude::*;
use support::{Life, RULE, figures, rule};

mod support;

/// What happens to a gate in one second.
#[derive(Debug, Clone, Copy)]
struct Second {
    /// None for a figure that was not read.
    load: Option<f64>,
    used: u32,
    approve: bool,
    /// Whether acting, if it acts now, goes well.
    fine: bool,
}

/// Says what a life of a gate has in it that its rule does not allow.
fn judge(rule: &Rule, life: &[(Second, Why)]) -> Option<String> {
    let spec = &rule.spec;
    let seconds = |ms: u64| (ms / 1000) as usize;
    let is_true = |s: &Second| s.load.is_some_and(|load| load > 2.0);
    let is_clear = |s: &Second| s.load.is_some_and(|load| load < 1.0);
    let all = |from: usize, to: usize, fits: &dyn Fn(&Second) -> bool| {
        life[from..=to].iter().all(|(second, _)| fits(second))
    };
    let mut done: Option<usize> = None;
    for (i, (second, why)) in life.iter().enumerate() {
        let wrong = |what: &str| Some(format!("second {i}: {what}"));
        if second.load.is_none() != (*why == Why::MissingFigure) && *why != Why::UnderWay {
            return wrong("a missing figure is not told, or one is told that is not");
        }
        if *why != Why::Act {
            continue;
        }
        let hold = seconds(spec.hold_ms);
        // While it is open, what comes later is not waited for again.
        let opened =
            (0..=i).rev().find(|from| *from + hold <= i && all(*from, *from + hold, &is_true));
        if !is_true(second) || opened.is_none() {
            return wrong("it acts, and the condition did not last");
        }
        if second.used >= spec.budget.per_node {
            return wrong("it acts beyond its budget");
        }
        if let Some(done) = done {
            if i - done < seconds(spec.cooldown_ms) {
                return wrong("it acts within its cool-down");
            }
            let keep = seconds(spec.keep_ms);
            if !(done + 1..i).any(|from| from + keep < i && all(from, from + keep, &is_clear)) {
                return wrong("it acts again, and was not clear for long enough");
            }
        }
        match spec.mode {
            her_gate::Mode::DryRun => return wrong("a dry run acts"),
            her_gate::Mode::Ask => {
                let since = done.map_or(0, |done| done + 1);
                if !life[since..=i].iter().any(|(second, _)| second.approve) {
                    return wrong("it acts, and nobody said yes");
                }
            }
            her_gate::Mode::Act => {}
        }
        if second.fine {
            done = Some(i);
        }
    }
    None
}

/// Lives a life by a rule that may differ from the one that is judged by.
fn live(rule: Rule, seconds: &[Second], mend: &dyn Fn(&mut Second)) -> Vec<(Second, Why)> {
    let mut life = Life { gate: Gate::new(rule.into()), now_ms: 1_000_000_000 };
    let live = |second: &Second| {
        let mut seen = *second;
        mend(&mut seen);
        if seen.approve {
            let _ = life.gate.approve();
        }
        let mut figures = Figures::default();
        if let Some(load) = seen.load {
            figures.set("load", load, life.now_ms).unwrap();
        }
        let decision = life.step_with(&figures, Used { node: seen.used, cluster: 0 });
        if decision.why == Why::Act {
            let failed = Outcome::Failed(Why::Failed, "no".into());
            life.told(if second.fine { Outcome::Done(None) } else { failed });
        }
        (*second, decision.why)
    };
    seconds.iter().map(live).collect()
}

/// Loads that stay for a while, as they do, and swing, as they do too.
fn lives() -> impl Strategy<Value = Vec<Second>> {
    let load = prop_oneof![
        4 => Just(Some(3.0)), 3 => Just(Some(0.5)), 2 => Just(Some(1.5)), 1 => Just(None)
    ];
    let some = (load, 1usize..9, 0u32..4, prop::bool::weighted(0.2), prop::bool::weighted(0.8));
    let seconds = some
        .prop_map(|(load, n, used, approve, fine)| vec![Second { load, used, approve, fine }; n]);
    prop::collection::vec(seconds, 1..60).prop_map(|parts| parts.concat())
}

fn judged(mode: &str) -> Rule {
    rule(&RULE.replace("\"act\"", mode).replace("mode", "budget = { per_node = 2 }\nmode"))
}

proptest! {
    #[test]
    fn whatever_happens_the_rule_is_kept(
        seconds in lives(),
        mode in prop::sample::select(vec!["\"act\"", "\"ask\"", "\"dry-run\""]),
    ) {
        let rule = judged(mode);
        let life = live(rule.clone(), &seconds, &|_| {});
        prop_assert_eq!(judge(&rule, &life), None);
    }

    #[test]
    fn no_input_harms_it(
        steps in prop::collection::vec(
            (any::<u64>(), any::<f64>(), any::<u64>(), 0u8..4, any::<u32>()), 0..60),
        retries in any::<u32>(),
        acted in any::<Option<u64>>(),
    ) {
        let state = State { tries: retries, acted_ms: acted, open: true, ..State::default() };
        let mut gate = Gate::resume(judged("\"ask\"").into(), state, None);
        for (now_ms, load, read_ms, what, used) in steps {
            let figures = figures(load, read_ms);
            let decision = gate.step(now_ms, &figures, Used { node: used, cluster: used });
            prop_assert!(decision.why != Why::Act || load > 2.0);
            match what {
                0 => drop(gate.approve()),
                1 => gate.told(now_ms, Outcome::Done(None)),
                2 => gate.told(read_ms, Outcome::Failed(Why::Busy, "so".into())),
                _ => {}
            }
        }
    }
}

/// A machine with a mistake: how it makes it of a rule, and of what it sees.
type Mistake = (&'static str, fn(&mut Spec), fn(&mut Second));

#[test]
fn planted_mistakes_are_caught() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mistakes: [Mistake; 8] = [
        ("ignores for", |spec| spec.hold_ms = 0, |_| {}),
        ("ignores keep", |spec| spec.keep_ms = 0, |_| {}),
        ("ignores the cool-down", |spec| spec.cooldown_ms = 0, |_| {}),
        ("ignores clear", |spec| spec.clear = None, |_| {}),
        ("ignores the budget", |_| {}, |second| second.used = 0),
        (
            "takes a missing figure for a large one",
            |_| {},
            |second| {
                second.load = second.load.or(Some(3.0));
            },
        ),
        ("asks nobody", |spec| spec.mode = her_gate::Mode::Act, |_| {}),
        ("takes every second for a yes", |_| {}, |second| second.approve = true),
    ];
    let mut runner = TestRunner::deterministic();
    let lives: Vec<Vec<Second>> =
        (0..300).map(|_| lives().new_tree(&mut runner).unwrap().current()).collect();
    for (name, of_rule, of_second) in mistakes {
        // Only where an operator is asked can nobody have been.
        let rule = judged(if name.contains("yes") || name.contains("asks") {
            "\"ask\""
        } else {
            "\"act\""
        });
        let mut spec = rule.spec.clone();
        of_rule(&mut spec);
        let wrong = spec.check().unwrap();
        let caught = |seconds: &Vec<Second>| {
            judge(&rule, &live(wrong.clone(), seconds, &of_second)).is_some()
        };
        let caught = lives.iter().filter(|life| caught(life)).count();
        assert!(caught > 0, "a machine that {name} is not caught");
        let fine =
            lives.iter().all(|life| judge(&rule, &live(rule.clone(), life, &|_| {})).is_none());
        assert!(fine, "the true machine is blamed");
    }
}
