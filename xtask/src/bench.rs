//! `cargo xtask bench`: peers and ours, side by side in one run.
//!
//! `bench/peers.py CASE DATA` and `her bench CASE --data DATA --json` print one JSON line per
//! contestant: `{"case", "who", "n", "cpu_s", "wall_s", "events_per_s"}`. A line of `her` whose
//! `who` is `her` is ours; any other is a ceiling, measured by the same program (a bare loop, a
//! raw fdatasync loop). A line may also carry `p99_ms` or `bytes`. Each case is its own process,
//! each round runs every case once, and the median of the rounds counts.

mod report;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::setup::{Venv, ensure};
use crate::shell::{command, output, root, run as run_command, say, today};
use crate::{data, demo};
use report::{GOALS, Line};

const ROUNDS: usize = 3;

/// `[--rounds N] [case…]`; a case is given by its beginning, so `dense` means all three.
pub fn run(arguments: &[String]) -> Result<()> {
    let (rounds, wanted) = parse(arguments)?;
    ensure(Venv::Peers)?;
    let folder = data::folder().join("bench");
    generate(&folder)?;
    let her = demo::release_binary()?;
    let cases = cases(&wanted)?;
    let load = load_average();
    let mut measured: BTreeMap<(String, String), Vec<Line>> = BTreeMap::new();
    for round in 0..rounds {
        for case in &cases {
            say(&format!("round {} of {rounds}: {case}", round + 1));
            for line in both(case, &folder, &her, round)? {
                measured.entry((line.case.clone(), line.who.clone())).or_default().push(line);
            }
        }
    }
    let lines: Vec<Line> = measured.into_values().map(report::median).collect();
    let machine = machine()?;
    let load = format!("{load} at the start, {} at the end", load_average());
    let page = report::page(&today(), &machine, rounds, &load, &cases, &lines);
    print!("{page}");
    write(&page, &machine)
}

fn parse(arguments: &[String]) -> Result<(usize, Vec<String>)> {
    let mut rounds = ROUNDS;
    let mut wanted = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--rounds" {
            let number = rest.next().and_then(|text| text.parse().ok()).filter(|n| *n > 0);
            rounds = number.context("--rounds takes a number above 0")?;
        } else if argument.starts_with('-') {
            bail!("`bench` takes --rounds N and names of cases, not {argument:?}");
        } else {
            wanted.push(argument.clone());
        }
    }
    Ok((rounds, wanted))
}

/// The synthetic streams, made once.
fn generate(folder: &Path) -> Result<()> {
    if folder.join("complete").exists() {
        return Ok(());
    }
    say("target/data/bench: making the synthetic streams (once, about half a minute)");
    run_command(command(Venv::Peers.python(), &["bench/generate.py"]).arg(folder))
}

/// All cases that peers or goals know, as far as they are wanted.
fn cases(wanted: &[String]) -> Result<Vec<String>> {
    let peers = output(&mut command(Venv::Peers.python(), &["bench/peers.py", "--list"]))?;
    let mut all: Vec<String> = peers.lines().map(str::to_owned).collect();
    for goal in GOALS {
        if !all.iter().any(|case| case == goal.case) {
            all.push(goal.case.to_owned());
        }
    }
    if let Some(unknown) = wanted.iter().find(|w| !all.iter().any(|case| case.starts_with(*w))) {
        bail!("no case begins with {unknown:?}; there are {}", all.join(", "));
    }
    all.retain(|case| wanted.is_empty() || wanted.iter().any(|w| case.starts_with(w)));
    Ok(all)
}

/// Peers and ours for one case; who goes first alternates, as the second finds a warmer machine.
fn both(case: &str, folder: &Path, her: &str, round: usize) -> Result<Vec<Line>> {
    let peers = || -> Result<Vec<Line>> {
        let mut peers = command(Venv::Peers.python(), &["bench/peers.py", case]);
        parse_lines(&output(peers.arg(folder))?)
    };
    let ours = || -> Result<Vec<Line>> {
        let mut ours = command(her, &["bench", case, "--json", "--data"]);
        ours.env("HER_PEERS_PYTHON", Venv::Peers.python());
        match output(ours.arg(folder)) {
            Ok(text) => parse_lines(&text),
            // A case of which only the peers' half exists is reported, not fatal.
            Err(error) => {
                say(&format!("  {error:#}"));
                Ok(Vec::new())
            }
        }
    };
    let (mut lines, rest) =
        if round.is_multiple_of(2) { (peers()?, ours()?) } else { (ours()?, peers()?) };
    lines.extend(rest);
    Ok(lines)
}

fn parse_lines(text: &str) -> Result<Vec<Line>> {
    let parse = |line: &str| -> Result<Line> {
        let value: Value =
            serde_json::from_str(line).with_context(|| format!("not a JSON line: {line}"))?;
        Line::from_json(&value).with_context(|| format!("not a bench line: {line}"))
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// `2 × Intel(R) Xeon(R) …`, as far as the machine tells.
fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let arch = output(&mut command("uname", &["-m"]))?;
    Ok(format!("{cores} × {}", named.unwrap_or_else(|| arch.trim())))
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

fn write(page: &str, machine: &str) -> Result<()> {
    let folder = root().join("bench/results");
    std::fs::create_dir_all(&folder)?;
    let file = format!("{}-{}.md", today(), slug(machine));
    std::fs::write(folder.join(&file), page)?;
    say(&format!("written: bench/results/{file}"));
    Ok(())
}

/// A machine's name as part of a file's name.
fn slug(machine: &str) -> String {
    let lower = machine.to_lowercase().replace("(r)", "").replace("(tm)", "");
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parse(&words("--rounds 5 dense")).expect("fine"), (5, words("dense")));
        assert_eq!(parse(&[]).expect("fine"), (ROUNDS, Vec::new()));
        for bad in ["--rounds", "--rounds 0", "--rounds x", "--what"] {
            assert!(parse(&words(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_machine_becomes_a_file_name() {
        assert_eq!(slug("2 × Intel(R) Xeon(R) CPU @ 2.10GHz"), "2-intel-xeon-cpu-2-10ghz");
    }
}
