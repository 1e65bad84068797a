//! The state machine: each timer by hand.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use her_gate::{Gate, Outcome, Spec, State, Used, Why};
use support::{Life, RULE, figures};

mod support;

#[test]
fn it_acts_once_when_the_condition_lasted_and_again_only_after_it_was_clear() {
    let mut life = Life::new(RULE);
    assert_eq!(life.step(0.0), Why::ConditionFalse);
    assert_eq!(life.steps(3.0, 2), [Why::ForPending; 2]);
    // One moment below begins anew.
    assert_eq!(life.step(2.0), Why::ConditionFalse);
    assert_eq!(life.steps(3.0, 4), [Why::ForPending, Why::ForPending, Why::ForPending, Why::Act]);
    assert_eq!(life.step(3.0), Why::UnderWay);
    life.told(Outcome::Done(None));
    // Between the two thresholds it stays as it is, also beyond its cool-down.
    assert_eq!(life.steps(1.5, 20), [Why::Done; 20]);
    assert_eq!(life.steps(3.0, 5), [Why::Done; 5]);
    // A moment of clearness is not `keep`.
    assert_eq!(life.steps(0.5, 2), [Why::Done; 2]);
    assert_eq!(life.steps(3.0, 5), [Why::Done; 5]);
    assert_eq!(life.steps(0.5, 3), [Why::Done, Why::Done, Why::ConditionFalse]);
    assert_eq!(life.steps(3.0, 4)[3], Why::Act);
}

#[test]
fn the_cool_down_outlasts_the_gate() {
    let mut life = Life::new(&RULE.replace("10s", "30s"));
    assert_eq!(life.steps(3.0, 4)[3], Why::Act);
    let acted_ms = life.now_ms - 1000;
    life.told(Outcome::Done(None));
    assert_eq!(life.steps(0.0, 3)[2], Why::ConditionFalse);
    assert_eq!(life.steps(3.0, 4)[3], Why::Cooldown);
    let figures = figures(3.0, life.now_ms);
    let left = life.step_with(&figures, Used::default()).timers.cooldown_left_ms;
    assert_eq!(left, Some(30_000 - (life.now_ms - 1000 - acted_ms)));
    let whys = life.steps(3.0, 30);
    let first = whys.iter().position(|why| *why == Why::Act).unwrap();
    assert!(whys[..first].iter().all(|why| *why == Why::Cooldown));
    assert_eq!(life.now_ms - 30_000 + first as u64 * 1000, acted_ms + 30_000);
}

#[test]
fn figures_that_can_not_be_used_never_fire_and_are_told() {
    let two = RULE.replace("load > 2", "load > 2 || tier > 0");
    let mut life = Life::new(&two);
    let now_ms = life.now_ms;
    let missing = life.step_with(&figures(3.0, now_ms), Used::default());
    assert_eq!(
        (missing.why, missing.detail.as_deref()),
        (Why::MissingFigure, Some("tier was not read"))
    );
    let mut some = figures(3.0, now_ms - 9_000);
    some.set("tier", 1.0, now_ms).unwrap();
    let stale = life.step_with(&some, Used::default());
    assert_eq!(stale.detail.as_deref(), Some("load was read 10000 ms ago"));
    assert_eq!((stale.why, stale.figures[0].state), (Why::StaleFigure, "stale"));
    some.set("load", f64::NAN, life.now_ms).unwrap();
    let nan = life.step_with(&some, Used::default());
    assert_eq!((nan.why, nan.figures[0].value), (Why::NanFigure, None));
    assert_eq!(nan.when[0].truth, None);

    // While it is to be true for a while, what is not known is not true.
    let mut life = Life::new(RULE);
    life.steps(3.0, 3);
    assert_eq!(life.step(f64::NAN), Why::NanFigure);
    assert_eq!(life.steps(3.0, 4)[..3], [Why::ForPending; 3]);
    // And it is not clear either: no gate closes because nobody looks.
    life.told(Outcome::Done(None));
    assert_eq!(life.steps(f64::NAN, 10), [Why::NanFigure; 10]);
    assert_eq!(life.step(3.0), Why::Done);
    let division = RULE.replace("load > 2", "0 / (load - 3) > 1 || load > 2");
    assert_eq!(Life::new(&division).step(3.0), Why::NanFigure);
}

#[test]
fn the_budget_is_kept() {
    let mut life = Life::new(&RULE.replace("mode", "budget = { per_node = 2, cluster = 3 }\nmode"));
    life.steps(3.0, 3);
    for (node, cluster, why) in [(2, 2, Why::Budget), (1, 3, Why::Budget), (1, 2, Why::Act)] {
        let figures = figures(3.0, life.now_ms);
        let decision = life.step_with(&figures, Used { node, cluster });
        assert_eq!(decision.why, why, "{:?}", decision.detail);
    }
    assert!(life.gate.counts(life.now_ms));
    life.told(Outcome::Done(None));
    assert!(life.gate.counts(life.now_ms + 8_000) && !life.gate.counts(life.now_ms + 9_000));
}

#[test]
fn a_failure_is_tried_again_later_and_later_and_starts_no_cool_down() {
    let mut life = Life::new(&RULE.replace("10s", "1h"));
    life.steps(3.0, 4);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        life.told(Outcome::Failed(Why::TargetNotReady, "no node".into()));
        assert_eq!(life.step(3.0), Why::TargetNotReady);
        let whys = life.steps(3.0, 400);
        let pause = whys.iter().position(|why| *why == Why::Act).unwrap();
        assert!(whys[..pause].iter().all(|why| *why == Why::TargetNotReady));
        life.now_ms -= (400 - pause as u64 - 1) * 1000;
        pauses.push(pause + 1);
    }
    assert_eq!(pauses[..5], [10, 20, 40, 80, 160]);
    assert_eq!(pauses[7], 300);
}

#[test]
fn a_dry_run_only_tells_and_an_operator_is_waited_for() {
    let mut life = Life::new(&RULE.replace("\"act\"", "\"dry-run\""));
    assert_eq!(life.steps(3.0, 20)[3..], [Why::DryRun; 17]);
    assert!(life.gate.approve().unwrap_err().0.contains("mode"));

    let mut life = Life::new(&RULE.replace("\"act\"", "\"ask\""));
    assert!(life.gate.approve().is_err());
    assert_eq!(life.steps(3.0, 10)[3..], [Why::Asked; 7]);
    life.gate.approve().unwrap();
    assert!(life.gate.approve().is_err(), "once is enough");
    assert_eq!(life.steps(3.0, 2), [Why::Act, Why::UnderWay]);
    life.told(Outcome::Done(None));
    life.steps(0.0, 20);
    // A yes is for one time.
    assert_eq!(life.steps(3.0, 5)[4], Why::Asked);
    // And it does not make an untrue condition true.
    life.gate.approve().unwrap();
    assert_eq!(life.steps(1.5, 5), [Why::Keep; 5]);
}

#[test]
fn a_gap_and_a_clock_that_goes_back_prove_nothing() {
    let mut life = Life::new(RULE);
    life.steps(3.0, 3);
    life.now_ms += 3_600_000;
    assert_eq!(life.steps(3.0, 3), [Why::ForPending; 3]);
    life.now_ms -= 7_200_000;
    assert_eq!(life.steps(3.0, 4), [Why::ForPending, Why::ForPending, Why::ForPending, Why::Act]);
    life.told(Outcome::Done(None));
    life.steps(0.0, 3);
    // The cool-down is as long as ever when the clock goes back, and begins anew.
    life.now_ms -= 3_600_000;
    assert_eq!(life.steps(3.0, 8)[3..], [Why::Cooldown; 5]);
    assert_eq!(life.steps(3.0, 3)[2], Why::Act);
}

#[test]
fn a_restart_goes_on_from_what_was_remembered() {
    let mut life = Life::new(RULE);
    life.steps(3.0, 4);
    // The server ends while it acts: it is tried again at once.
    let under_way = life.gate.state().clone();
    let rule = Arc::clone(life.gate.rule());
    let mut again = Gate::resume(Arc::clone(&rule), under_way, Some(Why::Act));
    let step = again.step(life.now_ms, &figures(3.0, life.now_ms), Used::default());
    assert_eq!((step.why, step.changed), (Why::Act, false));
    assert!(step.detail.unwrap().contains("again"));
    life.told(Outcome::Done(None));
    life.step(3.0);
    // What was done stays done.
    let json = serde_json::to_string(life.gate.state()).unwrap();
    let done: State = serde_json::from_str(&json).unwrap();
    let mut again = Gate::resume(rule, done, Some(Why::Done));
    assert_eq!(again.step(life.now_ms, &figures(3.0, life.now_ms), Used::default()).why, Why::Done);
}

#[test]
fn rules_are_refused_for_what_is_wrong_with_them() {
    let check = |text: &str| -> String {
        match toml::from_str::<Spec>(text) {
            Err(e) => e.message().to_owned(),
            Ok(spec) => spec.check().map_or_else(|e| e.0, |_| "fine".into()),
        }
    };
    for (from, to, why) in [
        ("load > 2", "1 > 2", "names no figure"),
        ("load > 2", "laod > 2", "when: there is no figure \"laod\""),
        ("load < 1", "load", "clear: the condition wants true or false"),
        ("\"3s\"", "\"3\"", "\"3\" is no time"),
        ("\"3s\"", "3", "expected a string"),
        ("\"act\"", "\"ACT\"", "unknown variant `ACT`"),
        ("keep", "kepe", "unknown field `kepe`"),
        ("do = \"freeze\"", "", "missing field `do`"),
        ("\"freeze\"", "\"melt\"", "unknown variant `melt`"),
        ("\"freeze\"", "{ fork = { name = \"{identity}-{version}\" } }", "fine"),
        ("\"freeze\"", "{ fork = { name = \"a/b\" } }", "\"a/b\" is no name"),
        ("\"freeze\"", "{ fork = { nmae = \"x\" } }", "unexpected keys in table: nmae"),
        ("\"freeze\"", "{ notify = { url = \"https://example.org/hook\" } }", "fine"),
        ("\"freeze\"", "{ notify = { url = \"ftp://example.org\" } }", "no address"),
        ("\"freeze\"", "{ notify = { url = \"http://user@example.org\" } }", "no address"),
        ("\"freeze\"", "{ migrate = { to = \"tier+1\" } }", "fine"),
        ("\"freeze\"", "{ migrate = { to = \"tier+0\" } }", "to is \"tier+0\""),
        ("\"freeze\"", "{ migrate = { to = \"any\", choose = \"p2c(cpu,disk)\" } }", "write p2c"),
        ("\"freeze\"", "{ migrate = { to = \"b\", leave = \"a mess\" } }", "unknown variant"),
        ("mode", "budget = { per_node = 0 }\nmode", "at least 1"),
        ("mode", "identities = \"\"\nmode", "identities"),
    ] {
        assert!(RULE.contains(from));
        let said = check(&RULE.replace(from, to));
        assert!(said.contains(why), "{from} -> {to}: {said}");
    }
}

/// The simulator asks only what is decided; it is the same as with all that it was decided by.
#[test]
fn to_decide_is_to_step_without_words() {
    let mut life = Life::new(RULE);
    let mut quiet = Gate::new(life.gate.rule().clone());
    let mut acted = 0;
    for i in 0..2_000_u64 {
        let mut figures = figures((i * i % 97) as f64 / 25.0, life.now_ms);
        if i % 200 > 150 {
            figures.set("load", 3.0, life.now_ms).unwrap();
        }
        let used = Used { node: u32::from(i % 7 == 0) * 9, cluster: 0 };
        let why = quiet.decide(life.now_ms, &figures, used);
        let now_ms = life.now_ms;
        assert_eq!(life.step_with(&figures, used).why, why, "step {i}");
        if why == Why::Act {
            acted += 1;
            let outcome = || match i % 3 {
                0 => Outcome::Failed(Why::Busy, "no".into()),
                _ => Outcome::Done(None),
            };
            life.gate.told(now_ms, outcome());
            quiet.told(now_ms, outcome());
        }
        assert_eq!(life.gate.state(), quiet.state(), "step {i}");
    }
    assert!(acted > 5, "{acted}");
}
