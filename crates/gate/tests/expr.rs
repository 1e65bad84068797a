//! Conditions: what they mean, and that whatever else comes is refused and harms nobody.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use cel::{Context, Program, Value};
use her_gate::Expr;
use her_gate::expr::{TEXT_MAX, all};
use her_gate::figures::{DECLARED, find};
use proptest::prelude::*;

fn truth(text: &str, given: &[(&str, f64)]) -> Option<bool> {
    let values = |place: usize| {
        let name = DECLARED[place].name;
        given.iter().find(|(given, _)| *given == name).map_or(f64::NAN, |(_, value)| *value)
    };
    all(&Expr::parse(text).unwrap().truths(&values))
}

/// Refusals that do not say why as they should.
fn wrongly_refused<'a>(rows: &[(&'a str, &str)]) -> Vec<(&'a str, Result<Expr, her_gate::Error>)> {
    let said = |(text, why): &(&'a str, &str)| {
        let said = Expr::parse(text);
        let fine = said.as_ref().is_err_and(|e| e.0.contains(why));
        (!fine).then_some((*text, said))
    };
    rows.iter().filter_map(said).collect()
}

#[test]
fn numbers_compare_as_people_expect() {
    for (text, wanted) in [
        ("load > 1000", true),
        ("load > 1000.0", true),
        ("load >= 1000.5", true),
        ("load == 1000.5 && tier == 3", true),
        ("tier / 2 == 1.5", true),
        ("1 / 2 == 0.5 && tier > 0", true),
        ("tier != 3u", false),
        ("-tier < -2 && !(tier < 3)", true),
        ("tier < 2 ? load < 0 : load > 0", true),
        ("tier < 2 || load > 1e3", true),
        ("(tier > 2) == (load > 2)", true),
        ("true && tier > 2", true),
        ("0x10 > tier", true),
    ] {
        assert_eq!(truth(text, &[("load", 1000.5), ("tier", 3.0)]), Some(wanted), "{text}");
    }
}

#[test]
fn what_is_no_number_is_neither_true_nor_false() {
    for text in
        ["load > 1", "!(load > 1)", "load != load", "tier > 1 || load > 1", "0 / (tier - 1) > 0"]
    {
        assert_eq!(truth(text, &[("tier", 1.0)]), None, "{text}");
    }
    assert_eq!(truth("1 / (tier - 1) > 5", &[("tier", 1.0)]), Some(true), "infinity is a number");
}

#[test]
fn all_else_is_refused_by_name() {
    let wrong = wrongly_refused(&[
        ("", "column 1"),
        ("tier", "the condition wants true or false, and tier is a number"),
        ("teir > 1", "there is no figure \"teir\"; there are io_wait_ratio"),
        ("tier > true", "> wants a number, and true is true or false"),
        ("tier && true", "&& wants true or false, and tier is a number"),
        ("(tier > 1) + 1 > 1", "+ wants a number, and tier > 1.0 is true or false"),
        ("tier > 1 ? 1 : tier > 2", "wants a number"),
        ("[1, 2].all(x, x > tier)", "macros"),
        ("[1, 2].exists_one(x, x > tier)", "macros"),
        ("[tier].map(x, x)[0] > 1", "\"[_]\""),
        ("has(tier.max)", "has()"),
        ("tier.max > 1", "no parts"),
        ("tier in [1, 2]", "no \"in\""),
        ("size('abc') > tier", "no \"size\""),
        ("'abc'.matches('(a+)+$')", "no \"matches\""),
        ("double(tier) > 1.0", "no \"double\""),
        ("tier % 2 == 1", "no \"%\""),
        ("tier == 'gold'", "texts and null"),
        ("tier == null", "texts and null"),
        ("{1: 2} == {1: 2}", "lists, maps"),
        ("tier > 1e999", "invalid double"),
        ("1 < tier < 3", "1.0 < tier is true or false"),
        ("tier > 99999999999999999999999", "column"),
        ("tier >", "column"),
        ("tier > 1; drop", "column"),
    ]);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let long = format!("tier > {}", "1".repeat(TEXT_MAX));
    assert!(wrongly_refused(&[(&long, "1024")]).is_empty());
    for deep in [
        format!("{}tier{} > 1", "(".repeat(400), ")".repeat(400)),
        format!("tier > 1{}", " + 1".repeat(200)),
        format!("{}tier > 1{}", "tier > 1 ? true : (".repeat(40), ")".repeat(40)),
    ] {
        assert!(Expr::parse(&deep).is_err(), "{deep}");
    }
    // Signs are counted by the parser, not nested.
    assert_eq!(truth(&format!("{}(tier > 1)", "!".repeat(900)), &[("tier", 2.0)]), Some(true));
}

#[test]
fn conjuncts_are_shown_as_they_can_be_read() {
    let expr = Expr::parse("load*2>1&&(tier<2||(load>1&&tier>3))&&-(tier - (1 - 2))<0").unwrap();
    let shown: Vec<String> = expr.conjuncts().collect();
    assert_eq!(
        shown,
        [
            "load * 2.0 > 1.0",
            "tier < 2.0 || load > 1.0 && tier > 3.0",
            "-(tier - (1.0 - 2.0)) < 0.0"
        ]
    );
    let names: Vec<&str> = expr.figures_of(0).iter().map(|p| DECLARED[*p].name).collect();
    assert_eq!(names, ["load"]);
}

/// Conditions of the part of CEL that is ours, with doubles only: there CEL itself is the judge.
fn conditions() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("load".to_owned()),
        Just("tier".to_owned()),
        (-100i32..100).prop_map(|n| format!("({:?})", f64::from(n) / 4.0)),
    ];
    let number = number.prop_recursive(3, 12, 2, |inner| {
        (inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*")], inner)
            .prop_map(|(a, sign, b)| format!("({a} {sign} {b})"))
    });
    let compare = ["<", "<=", ">", ">=", "==", "!="];
    let truth = (number.clone(), prop::sample::select(compare.to_vec()), number)
        .prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    truth.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
        ]
    })
}

fn by_cel(text: &str, load: f64, tier: f64) -> Option<bool> {
    let mut context = Context::default();
    context.add_variable("load", load).unwrap();
    context.add_variable("tier", tier).unwrap();
    match Program::compile(text).unwrap().execute(&context) {
        Ok(Value::Bool(truth)) => Some(truth),
        _ => None,
    }
}

proptest! {
    #[test]
    fn it_means_what_cel_means(text in conditions(), load in -50.0..50.0, tier in 0u32..4) {
        prop_assume!(text.len() <= TEXT_MAX);
        let Ok(expr) = Expr::parse(&text) else {
            // Only for depth: all that these conditions hold is ours.
            prop_assert!(Expr::parse(&text).unwrap_err().0.contains("deeper") || text.len() > 200);
            return Ok(());
        };
        let given = [("load", load), ("tier", f64::from(tier))];
        prop_assert_eq!(truth(&text, &given), by_cel(&text, load, f64::from(tier)), "{}", text);
        // What is shown means the same.
        let shown: Vec<String> = expr.conjuncts().map(|c| format!("({c})")).collect();
        prop_assert_eq!(truth(&shown.join(" && "), &given), truth(&text, &given));
    }

    #[test]
    fn whatever_comes_is_read_or_refused(text in ".{0,200}") {
        let _ = Expr::parse(&text);
    }

    /// Pieces of the language in any order get deeper into the parser than any text does.
    #[test]
    fn so_are_heaps_of_its_own_pieces(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "load", "tier", "1", "1.5", "2u", "0x1F", "1e9", "'a'", "b'\\x00'", "r'x'", "\"\"\"",
            "(", ")", "[", "]", "{", "}", "?", ":", ",", ".", "&&", "||", "!", "-", "+", "*", "/",
            "%", "<", "<=", "==", "in", "has", "all", "map", "true", "null", "`a`", "\\", "//", "\n",
            ".?", "[?", "ß", "\u{0}", "9223372036854775808", "a.b.c", "$",
        ]), 0..120),
        spaced in any::<bool>(),
    ) {
        let text = pieces.join(if spaced { " " } else { "" });
        if let Ok(expr) = Expr::parse(&text) {
            let _ = expr.truths(&|_| 1.0);
        }
    }

    #[test]
    fn a_changed_letter_is_read_or_refused(at in 0usize..90, byte in 0u8..128) {
        let mut text =
            *b"io_wait_ratio > 1000.0 && update_rate >= 5000.0 && (tier < max_tier || load < 0.5) == true";
        text[at] = byte;
        let _ = Expr::parse(std::str::from_utf8(&text).unwrap());
    }
}

#[test]
fn every_figure_can_be_named() {
    for figure in DECLARED {
        assert!(Expr::parse(&format!("{} > 0", figure.name)).is_ok());
        assert_eq!(DECLARED[find(figure.name).unwrap()].name, figure.name);
        assert!(!figure.unit.is_empty() && figure.help.len() > 10);
    }
}
