//! Cases for rules: figures over time in, expected decisions out.
//!
//! ```toml
//! rules = "her.toml"           # or tables [gate.NAME] here
//!
//! [[case]]
//! name = "leaves after half a minute"
//! gate = "departure"
//! figures = { io_wait_ratio = "2000x60", update_rate = "_ 6000x59", tier = "1", max_tier = "2" }
//! expect = [{ at = "0s", decision = "MISSING_FIGURE" }, { at = "31s", decision = "ACT" }]
//! ```
//!
//! A series is values by steps: `5` once, `5x3` three times, `1..4x3` from 1 to 4 in three steps,
//! `_` not read, `nan`, `stale` read too long ago. After its end its last one goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use crate::decision::Why;
use crate::figures::{self, Figures, STALE_MS};
use crate::{Error, Gate, Outcome, Result, Rule, Spec, Used, period, wrong};

/// Steps of a case.
pub const STEPS_MAX: u64 = 100_000;
/// Cases of a file.
pub const CASES_MAX: usize = 1_000;

/// A file of cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The settings file with the rules, from where this file lies.
    pub rules: Option<PathBuf>,
    /// Rules that are here.
    #[serde(default)]
    pub gate: BTreeMap<String, Spec>,
    /// The cases.
    #[serde(default)]
    pub case: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The rule's name.
    pub gate: String,
    /// The time of a step, in milliseconds; a second unless said.
    #[serde(default = "second", deserialize_with = "period::read")]
    pub every: u64,
    /// A series for each figure.
    pub figures: BTreeMap<String, Series>,
    /// When an operator says yes.
    #[serde(default)]
    pub approve: Vec<String>,
    /// What comes of acting: `DONE` unless said, or why it fails.
    pub outcome: Option<Why>,
    /// How many others the rule was done to.
    #[serde(default)]
    pub used: UsedSaid,
    /// What is decided when.
    #[serde(default)]
    pub expect: Vec<Expect>,
    /// All times at which it acts, if given.
    pub acts: Option<Vec<String>>,
}

fn second() -> u64 {
    1000
}

/// A series: text, or one number for the whole case.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Series {
    /// One number.
    Always(f64),
    /// Values by steps.
    Steps(String),
}

/// How many others a rule was done to.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsedSaid {
    /// By this node.
    pub per_node: u32,
    /// By all nodes.
    pub cluster: u32,
}

/// A decision that is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The time since the case began.
    pub at: String,
    /// What is decided.
    pub decision: Why,
}

/// What a case expects and does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// When, in milliseconds since the case began.
    pub at_ms: u64,
    /// What is expected.
    pub expected: String,
    /// What is decided.
    pub got: String,
}

/// One value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Number(f64),
    Missing,
    Stale,
}

/// Runs a case with its rule.
pub fn run(case: &Case, rules: &BTreeMap<String, Arc<Rule>>) -> Result<Vec<Mismatch>> {
    let Some(rule) = rules.get(&case.gate) else {
        let names: Vec<&str> = rules.keys().map(String::as_str).collect();
        return wrong(format!("there is no gate {:?}; there are {}", case.gate, names.join(", ")));
    };
    if case.every == 0 || case.every > STALE_MS {
        return wrong(format!("every is {}; it is from 1ms to 5s", period::show(case.every)));
    }
    let series = case
        .figures
        .iter()
        .map(|(name, series)| Ok((figures::find(name)?, read_series(name, series)?)));
    let series: Vec<(usize, Vec<Value>)> = series.collect::<Result<_>>()?;
    let wanted = expectations(case)?;
    let approvals = times(&case.approve)?;
    let acts = case.acts.as_deref().map(times).transpose()?;
    let ends = [wanted.keys().last(), approvals.last(), acts.as_ref().and_then(|a| a.last())];
    let Some(end) = ends.into_iter().flatten().max().copied() else {
        return wrong("the case expects nothing; write expect or acts");
    };
    // Acts are all of them: the case goes on for as long as its figures do.
    let steps = series.iter().map(|(_, values)| values.len() as u64).max().unwrap_or(0);
    let end = if acts.is_some() { end.max(steps.saturating_sub(1) * case.every) } else { end };
    if end / case.every >= STEPS_MAX {
        return wrong(format!("the case has more than {STEPS_MAX} steps; make every longer"));
    }
    let used = Used { node: case.used.per_node, cluster: case.used.cluster };
    let decided = decide(rule, case, &series, (&approvals, used, end));
    Ok(compare(&decided, &wanted, acts.as_ref()))
}

/// What is decided at each step.
fn decide(
    rule: &Arc<Rule>,
    case: &Case,
    series: &[(usize, Vec<Value>)],
    (approvals, used, end): (&BTreeSet<u64>, Used, u64),
) -> BTreeMap<u64, Why> {
    let mut gate = Gate::new(Arc::clone(rule));
    let mut decided = BTreeMap::new();
    for step in 0..=end / case.every {
        let at_ms = step * case.every;
        // Not at the beginning of time, so that what is stale can lie before it.
        let now_ms = at_ms + 10 * STALE_MS;
        if approvals.range(at_ms..at_ms + case.every).next().is_some() {
            // A yes that nobody waits for is none, as it is for an operator.
            let _ = gate.approve();
        }
        let decision = gate.step(now_ms, &figures_at(series, step as usize, now_ms), used);
        if decision.why == Why::Act {
            let outcome = match case.outcome {
                None | Some(Why::Done) => Outcome::Done(None),
                Some(why) => Outcome::Failed(why, "as the case says".into()),
            };
            gate.told(now_ms, outcome);
        }
        decided.insert(at_ms, decision.why);
    }
    decided
}

fn figures_at(series: &[(usize, Vec<Value>)], step: usize, now_ms: u64) -> Figures {
    let mut figures = Figures::default();
    for (place, values) in series {
        match values.get(step).or(values.last()) {
            Some(Value::Number(value)) => figures.put(*place, *value, now_ms),
            Some(Value::Stale) => figures.put(*place, 0.0, now_ms - 2 * STALE_MS),
            Some(Value::Missing) | None => {}
        }
    }
    figures
}

fn compare(
    decided: &BTreeMap<u64, Why>,
    wanted: &BTreeMap<u64, Why>,
    acts: Option<&BTreeSet<u64>>,
) -> Vec<Mismatch> {
    let mut wrong = BTreeMap::new();
    for (at_ms, expected) in wanted {
        // The newest step at that time.
        let got = decided.range(..=*at_ms).next_back().map_or("nothing", |(_, why)| why.name());
        if got != expected.name() {
            let (expected, got) = (expected.name().to_owned(), got.to_owned());
            wrong.insert(*at_ms, Mismatch { at_ms: *at_ms, expected, got });
        }
    }
    if let Some(acts) = acts {
        let acted: BTreeSet<u64> =
            decided.iter().filter(|(_, why)| **why == Why::Act).map(|(at, _)| *at).collect();
        for at in acts.symmetric_difference(&acted) {
            let got = decided.get(at).map_or("nothing", |why| why.name()).to_owned();
            let expected = if acts.contains(at) { "ACT" } else { "not ACT" }.to_owned();
            wrong.entry(*at).or_insert(Mismatch { at_ms: *at, expected, got });
        }
    }
    wrong.into_values().collect()
}

fn expectations(case: &Case) -> Result<BTreeMap<u64, Why>> {
    case.expect.iter().map(|e| Ok((period::parse(&e.at)?, e.decision))).collect()
}

fn times(texts: &[String]) -> Result<BTreeSet<u64>> {
    texts.iter().map(|text| period::parse(text)).collect()
}

fn read_series(name: &str, series: &Series) -> Result<Vec<Value>> {
    let text = match series {
        Series::Always(number) => return Ok(vec![Value::Number(*number)]),
        Series::Steps(text) => text,
    };
    let mut values = Vec::new();
    for part in text.split_whitespace() {
        values.extend(read_part(part).map_err(|e| Error(format!("figures: {name}: {e}")))?);
        if values.len() as u64 > STEPS_MAX {
            return wrong(format!("figures: {name}: more than {STEPS_MAX} steps"));
        }
    }
    if values.is_empty() {
        return wrong(format!("figures: {name}: the series is empty"));
    }
    Ok(values)
}

fn read_part(part: &str) -> Result<Vec<Value>> {
    let bad =
        || Error(format!("{part:?} is no part of a series; write 5, 5x3, 1..4x3, _, nan or stale"));
    let (value, count) = match part.rsplit_once('x') {
        Some((value, count)) => (value, count.parse::<usize>().map_err(|_| bad())?),
        None => (part, 1),
    };
    if !(1..=STEPS_MAX as usize).contains(&count) {
        return Err(bad());
    }
    let number = |text: &str| text.parse::<f64>().map_err(|_| bad());
    if let Some((from, to)) = value.split_once("..") {
        let (from, to) = (number(from)?, number(to)?);
        let share = |i: usize| i as f64 / (count - 1).max(1) as f64;
        return Ok((0..count).map(|i| Value::Number(from + (to - from) * share(i))).collect());
    }
    let value = match value {
        "_" => Value::Missing,
        "stale" => Value::Stale,
        other => Value::Number(number(other)?),
    };
    Ok(vec![value; count])
}
