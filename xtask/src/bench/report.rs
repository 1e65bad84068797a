//! Lines of a bench, goals, and the page that sets one against the other.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

/// One contestant in one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub case: String,
    pub who: String,
    /// Events per second of processor time, or of the wall's where the case waits for a disk.
    pub rate: f64,
    pub p99_ms: Option<f64>,
    pub bytes: Option<f64>,
}

impl Line {
    pub fn from_json(value: &Value) -> Result<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Ok(Self {
            case: text("case").context("no `case`")?,
            who: text("who").context("no `who`")?,
            rate: value["events_per_s"].as_f64().context("no `events_per_s`")?,
            p99_ms: value["p99_ms"].as_f64(),
            bytes: value["bytes"].as_f64(),
        })
    }
}

/// What is to be reached in a case.
pub struct Goal {
    pub case: &'static str,
    pub wanted: Wanted,
}

pub enum Wanted {
    /// At least this many times a contestant, who is named by the beginning of `who`.
    Times(&'static str, f64),
    /// At least this many events a second.
    Rate(f64),
    /// At most this many milliseconds for 99 of 100.
    P99(f64),
    /// A figure to see, without a goal.
    Shown,
}

const fn times(case: &'static str, who: &'static str, factor: f64) -> Goal {
    Goal { case, wanted: Wanted::Times(who, factor) }
}

const fn rate(case: &'static str, rate: f64) -> Goal {
    Goal { case, wanted: Wanted::Rate(rate) }
}

/// From the design's table of figures. A goal against VW's text file is 80 % of what a hand-written
/// parser reached.
pub const GOALS: &[Goal] = &[
    times("dense-10", "bare loop", 0.8),
    times("dense-30", "bare loop", 0.8),
    times("dense-100", "bare loop", 0.8),
    times("ndjson-10", "hand parser", 0.8),
    times("ndjson-30", "hand parser", 0.8),
    times("ndjson-100", "hand parser", 0.8),
    times("ndjson-10", "VW", 3.6),
    times("ndjson-30", "VW", 3.1),
    times("ndjson-100", "VW", 1.9),
    times("arrow-10", "bare decode", 0.6),
    times("arrow-30", "bare decode", 0.6),
    times("arrow-100", "bare decode", 0.6),
    times("text-15", "VW", 2.0),
    times("dicts-10", "River", 8.0),
    times("dicts-30", "River", 8.0),
    times("dicts-100", "River", 8.0),
    times("durable-10", "raw", 0.5),
    times("durable-100", "raw", 0.5),
    times("durable-1000", "raw", 0.5),
    rate("requests", 10_000.0),
    rate("stream", 100_000.0),
    rate("replay", 500_000.0),
    times("served-one", "VW", 2.0),
    times("served-256", "VW", 3.0),
    Goal { case: "served-stream", wanted: Wanted::Shown },
    Goal { case: "predict-while-learning", wanted: Wanted::P99(1.0) },
    Goal { case: "memory-10k", wanted: Wanted::Shown },
];

/// The line with the middle rate; of an even number the lower of the two in the middle.
pub fn median(mut lines: Vec<Line>) -> Line {
    lines.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let middle = (lines.len() - 1) / 2;
    lines.swap_remove(middle)
}

/// The whole page.
pub fn page(
    day: &str,
    machine: &str,
    rounds: usize,
    load: &str,
    cases: &[String],
    lines: &[Line],
) -> String {
    let mut page = format!(
        "# Bench of {day}\n\n{machine}; load average {load}. Median of {rounds} rounds, every case \
         a process of its own. Rates are events per second of processor time, except where a case \
         waits for a disk or a socket. Only ratios within this run mean anything.\n\n\
         | case | who | events/s | ours is | goal | gap |\n|---|---|---:|---:|---:|---:|\n"
    );
    for case in cases {
        let of_case: Vec<&Line> = lines.iter().filter(|line| line.case == *case).collect();
        let ours = of_case.iter().find(|line| line.who == "her").copied();
        let _ = writeln!(page, "{}", our_row(case, ours));
        for other in of_case.iter().filter(|line| line.who != "her") {
            let _ = writeln!(page, "{}", other_row(other, ours));
        }
    }
    page
}

fn our_row(case: &str, ours: Option<&Line>) -> String {
    let Some(ours) = ours else { return format!("| {case} | **her** | not measured | | | |") };
    let mut row = format!("| {case} | **her** | {} ", grouped(ours.rate));
    if let Some(p99) = ours.p99_ms {
        let _ = write!(row, "(p99 {p99:.3} ms) ");
    }
    if let Some(bytes) = ours.bytes {
        let _ = write!(row, "({} bytes) ", grouped(bytes));
    }
    let wanted = GOALS.iter().filter(|goal| goal.case == case).find_map(|goal| match goal.wanted {
        Wanted::Rate(rate) => Some((format!("≥ {}", grouped(rate)), gap(ours.rate / rate))),
        Wanted::P99(limit) => {
            let reached = ours.p99_ms.map_or(0.0, |p99| limit / p99);
            Some((format!("p99 ≤ {limit} ms"), gap(reached)))
        }
        Wanted::Shown | Wanted::Times(..) => None,
    });
    let (goal, gap) = wanted.unwrap_or_default();
    format!("{row}| | {goal} | {gap} |")
}

fn other_row(other: &Line, ours: Option<&Line>) -> String {
    let start = format!("| {} | {} | {} ", other.case, other.who, grouped(other.rate));
    let Some(ours) = ours else { return format!("{start}| | | |") };
    let ratio = ours.rate / other.rate;
    let wanted =
        GOALS.iter().filter(|goal| goal.case == other.case).find_map(|goal| match goal.wanted {
            Wanted::Times(who, factor) if other.who.starts_with(who) => Some(factor),
            Wanted::Times(..) | Wanted::Rate(_) | Wanted::P99(_) | Wanted::Shown => None,
        });
    match wanted {
        Some(factor) => format!("{start}| {ratio:.2} × | ≥ {factor} × | {} |", gap(ratio / factor)),
        None => format!("{start}| {ratio:.2} × | | |"),
    }
}

/// How far a goal is: `reached`, or what is missing.
fn gap(reached: f64) -> String {
    if reached >= 1.0 {
        return "reached".to_owned();
    }
    format!("−{:.0} %", (1.0 - reached) * 100.0)
}

/// `1234567.8` as `1,234,568`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(case: &str, who: &str, rate: f64) -> Line {
        Line::from_json(&json!({"case": case, "who": who, "events_per_s": rate})).expect("a line")
    }

    fn rows(cases: &[&str], lines: &[Line]) -> Vec<String> {
        let cases: Vec<String> = cases.iter().map(|case| (*case).to_owned()).collect();
        let page = page("2026-01-31", "machine", 3, "0.1", &cases, lines);
        page.lines().skip(6).map(str::to_owned).collect()
    }

    #[test]
    fn ratios_goals_and_gaps() {
        let lines = [
            line("dense-10", "River 0.26.1", 80_000.0),
            line("dense-10", "bare loop", 10_000_000.0),
            line("dense-10", "her", 4_000_000.0),
        ];
        let expected = [
            "| dense-10 | **her** | 4,000,000 | |  |  |",
            "| dense-10 | River 0.26.1 | 80,000 | 50.00 × | | |",
            "| dense-10 | bare loop | 10,000,000 | 0.40 × | ≥ 0.8 × | −50 % |",
        ];
        assert_eq!(rows(&["dense-10"], &lines), expected);
    }

    #[test]
    fn absolute_goals() {
        let mut slow = line("predict-while-learning", "her", 50.0);
        slow.p99_ms = Some(2.0);
        let lines = [slow, line("requests", "her", 12_000.0)];
        let expected = [
            "| predict-while-learning | **her** | 50 (p99 2.000 ms) | | p99 ≤ 1 ms | −50 % |",
            "| requests | **her** | 12,000 | | ≥ 10,000 | reached |",
        ];
        assert_eq!(rows(&["predict-while-learning", "requests"], &lines), expected);
    }

    #[test]
    fn what_was_not_measured_is_said() {
        let lines = [line("adwin", "River 0.26.1", 8.0)];
        let expected =
            ["| adwin | **her** | not measured | | | |", "| adwin | River 0.26.1 | 8 | | | |"];
        assert_eq!(rows(&["adwin"], &lines), expected);
    }

    #[test]
    fn the_median_is_the_middle() {
        let of = |rates: &[f64]| median(rates.iter().map(|r| line("a", "her", *r)).collect()).rate;
        assert_eq!(of(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(of(&[5.0]), 5.0);
    }
}
