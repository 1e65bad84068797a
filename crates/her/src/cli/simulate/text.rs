//! The report of a simulation, for people.

use std::fmt::Write as _;

use her_sim::{Loss, Report, Sample};

use super::super::table::{Table, grouped};

/// Lines of the table of how it went.
const ROWS: usize = 12;

pub(super) fn of(report: &Report) -> String {
    let mut out = format!(
        "{} nodes, {} identities, {} from seed {}: run {}\n",
        grouped(report.nodes as u64),
        grouped(report.identities as u64),
        time(report.simulated_s),
        report.seed,
        report.hash,
    );
    for happened in &report.happened {
        let _ = writeln!(out, "  {} at {}", happened.what, time(happened.at_s));
    }
    out.push('\n');
    report.losses.iter().for_each(|loss| out += &lost(loss));
    out += &moves(report);
    out.push('\n');
    out += &how_it_went(report);
    out.push('\n');
    out += &standing(report);
    out
}

fn time(s: f64) -> String {
    let s = s.round() as u64;
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    let parts = [(hours, "h"), (minutes, "min"), (seconds, "s")];
    let said: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if said.is_empty() { "0 s".into() } else { said.join(" ") }
}

fn bytes(n: f64) -> String {
    let units = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")];
    let unit = units.iter().find(|(size, _)| n >= *size).unwrap_or(&(1e3, "kB"));
    format!("{:.1} {}", n / unit.0, unit.1)
}

fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0001 {
        return "less than 0.01 %".into();
    }
    format!("{:.2} %", share * 100.0)
}

fn lost(loss: &Loss) -> String {
    let after = |s: Option<f64>| s.map_or_else(|| "not by the end".into(), time);
    format!(
        "{} lost: {} identities without an owner\n  the last had one again after   {}{}\n  no \
         more nodes overloaded after  {}\n",
        loss.region,
        grouped(loss.identities),
        after(loss.absorbed_s),
        match loss.came_back {
            0 => String::new(),
            n => format!("; {} when it came back", grouped(n)),
        },
        after(loss.settled_s),
    )
}

fn moves(report: &Report) -> String {
    let mut out = String::new();
    for (name, rule) in &report.rules {
        let _ = write!(out, "gate {name}: {} moves", grouped(rule.moves));
        if rule.dry_runs > 0 {
            let _ = write!(out, ", {} would have been begun", grouped(rule.dry_runs));
        }
        let (refused, aborted) = (grouped(rule.refused), grouped(rule.aborted));
        let _ = writeln!(out, "; {refused} tries refused, {aborted} broken off by a loss");
        let said: Vec<String> =
            rule.decisions.iter().map(|(why, n)| format!("{why} {}", grouped(*n))).collect();
        let _ = writeln!(out, "  {}", said.join(", "));
    }
    let pause = &report.pause_ms;
    let _ = writeln!(
        out,
        "moved {} in {} moves and {} in {} takeovers\nflaps {}; moves back later {}\npauses of \
         moves: p50 {:.1} ms, p99 {:.1} ms, the longest {:.1} ms\nidentities ever paused for more \
         than 50 ms {}; ever without an owner {}\nidentity-seconds without learning: {} in moves, \
         {} without an owner\nupdates that came faster than their node learns {}",
        bytes(report.moved_bytes),
        grouped(report.moves),
        bytes(report.taken_bytes),
        grouped(report.takeovers),
        report.flaps,
        grouped(report.moved_back),
        pause.p50,
        pause.p99,
        pause.max,
        percent(report.ever_paused_over_50_ms),
        percent(report.ever_without_owner),
        grouped(report.unavailable.moves_s.round() as u64),
        grouped(report.unavailable.losses_s.round() as u64),
        percent(report.over_capacity),
    );
    out
}

/// Some of the samples: each row is one, and what was moved since the row before.
fn how_it_went(report: &Report) -> String {
    let head = ["at", "load", "p99", "max", "p99/mean", "overloaded", "no owner", "moves", "taken"];
    let mut t = Table::new(&head);
    let samples = &report.samples;
    let step = samples.len().saturating_sub(1).div_ceil(ROWS).max(1);
    let mut from = 0;
    for (i, sample) in samples.iter().enumerate() {
        if i % step != 0 && i + 1 != samples.len() {
            continue;
        }
        t.push(row(sample, &samples[from..=i]));
        from = i + 1;
    }
    t.text()
}

fn row(sample: &Sample, since: &[Sample]) -> Vec<String> {
    let load = &sample.load;
    vec![
        time(sample.at_s),
        format!("{:.2}", load.mean),
        format!("{:.2}", load.p99),
        format!("{:.2}", load.max),
        format!("{:.2}", load.imbalance),
        percent(load.over),
        grouped(sample.without_owner),
        grouped(since.iter().map(|s| s.moves).sum()),
        grouped(since.iter().map(|s| s.takeovers).sum()),
    ]
}

/// What the figures stand on, and what they do not say.
fn standing(report: &Report) -> String {
    let (checks, model) = (&report.checks, &report.pause_model);
    let pause = &model.settings;
    let mut out = format!(
        "checked, and held: one owner each ({} times), budgets ({} moves), no move back within a \
         cool-down ({} moves)\npauses are drawn: {} ms + {} ms a MiB + {} round trips, spread \
         {}\n  against moves measured within one process: median off by up to {:.0} %, 99th \
         percentile by up to {:.0} %\n  between two processes: {:.1} to {:.1} times the model in \
         memory, {:.1} to {:.1} times on a busy disk\n  round trips are counted, not \
         measured\nnot claimed:\n",
        checks.one_owner_each,
        grouped(checks.moves_within_budget),
        grouped(checks.moves_without_flap),
        pause.base_ms,
        pause.per_mib_ms,
        pause.round_trips,
        pause.spread,
        model.error.p50_error * 100.0,
        model.error.p99_error * 100.0,
        model.error.between_in_memory.0,
        model.error.between_in_memory.1,
        model.error.between_on_disk.0,
        model.error.between_on_disk.1,
    );
    for line in &report.not_claimed {
        let _ = writeln!(out, "  {line}");
    }
    out
}
