//! Numbers as people read them, each with the exact value and the place in the API's JSON that it
//! was read from: `<data value="0.9417…" data-of="/figures/…">0.942</data>`.

use maud::{Markup, html};
use serde_json::Value;

/// How a number is written.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// A whole number with groups of three digits.
    Count,
    /// Four significant digits.
    Short,
    /// A share as a percentage.
    Percent,
}

/// The number at a place of a JSON document; a dash where there is none.
pub(super) fn number(of: &Value, place: &str, how: How) -> Markup {
    let value = of.pointer(place).filter(|v| v.is_number());
    html! {
        @match value {
            Some(v) => data value=(v) data-of=(place) { (text(v.as_f64().unwrap_or(0.0), how)) },
            None => span.none title="nothing yet" { "–" },
        }
    }
}

/// A number as text.
pub(super) fn text(v: f64, how: How) -> String {
    match how {
        How::Count => grouped(v.round()),
        How::Percent => format!("{:.1} %", v * 100.0),
        How::Short => short(v),
    }
}

/// Four significant digits; whole and grouped from a thousand on.
pub(super) fn short(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{v:.3e}").replace('-', "−");
    }
    if size >= 1000.0 {
        return grouped(v.round());
    }
    let decimals = if size >= 100.0 {
        1
    } else if size >= 10.0 {
        2
    } else if size >= 0.1 {
        3
    } else {
        4
    };
    format!("{v:.decimals$}").replace('-', "−")
}

/// A few digits for the ends of an axis: `0.25`, `12.5 k`, `3 M`.
pub(crate) fn tick(v: f64) -> String {
    if (1000.0..10_000.0).contains(&v.abs()) && v.fract() == 0.0 {
        return grouped(v);
    }
    let (v, unit) = match v.abs() {
        a if a >= 1e9 => (v / 1e9, " G"),
        a if a >= 1e6 => (v / 1e6, " M"),
        a if a >= 1e4 => (v / 1e3, " k"),
        _ => (v, ""),
    };
    let text = format!("{v:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}").replace('-', "−")
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(v: f64) -> String {
    let digits = format!("{:.0}", v.abs());
    let mut out = String::new();
    if v < 0.0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_say_where_they_are_from() {
        for (v, said) in [
            (0.0, "0"),
            (0.941_76, "0.942"),
            (-12.345, "−12.35"),
            (123.45, "123.5"),
            (1_234_567.8, "1,234,568"),
            (0.000_01, "1.000e−5"),
        ] {
            assert_eq!(short(v), said);
        }
        assert_eq!(
            (tick(12_500.0), tick(0.25), tick(0.0)),
            ("12.5 k".into(), "0.25".into(), "0".into())
        );
        let card = serde_json::json!({ "a": { "b": 0.5 } });
        assert_eq!(
            number(&card, "/a/b", How::Percent).into_string(),
            "<data value=\"0.5\" data-of=\"/a/b\">50.0 %</data>"
        );
        assert!(number(&card, "/a/c", How::Short).into_string().contains('–'));
    }
}
