//! `cargo xtask conformance`: River's answers, recorded anew or compared with what is committed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::data;
use crate::setup::{Venv, ensure};
use crate::shell::{command, root, run as run_command, say, target};

/// How far a number may be from the committed one where the bytes differ: Python 3.12 and newer
/// add more exactly, and numpy's kernels depend on the processor.
const TOLERANCE: f64 = 1e-9;

/// Recordings whose numbers move more from one processor to another, each with how far.
const LOOSER: &[(&str, f64, &str)] = &[
    ("trump-approval-bayesian.json", 1e-7, "dates squared are 10¹²: their inverse cancels to 1"),
    ("trump-approval-bayesian-smoothing.json", 1e-7, "the same"),
];

fn tolerance(recording: &Path) -> f64 {
    let named = LOOSER.iter().find(|(name, ..)| recording.ends_with(name));
    named.map_or(TOLERANCE, |(_, tolerance, _)| *tolerance)
}

/// `--record` writes into the repository; `--check`, the default, compares; `--exact` asks for
/// the same bytes.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let work: fn() -> Result<()> = match words.as_slice() {
        [] | ["--check"] => check,
        ["--check", "--exact"] => || compare_fresh(true),
        ["--record"] => || record(&root().join("conformance")),
        other => bail!("`conformance` takes --check [--exact] or --record, not {other:?}"),
    };
    ensure(Venv::Conformance)?;
    data::fetch()?;
    work()
}

/// Record into a scratch folder and compare; the environment and the streams must be there.
pub fn check() -> Result<()> {
    compare_fresh(false)
}

fn record(out: &Path) -> Result<()> {
    let mut recorder = command(Venv::Conformance.python(), &["conformance/record.py"]);
    // Fixed for the dictionaries and sets that River iterates over; one thread and one kernel for
    // the same sums on every x86-64 processor with AVX2, with AVX-512 or without.
    recorder.env("PYTHONHASHSEED", "0");
    recorder.env("OPENBLAS_NUM_THREADS", "1").env("OPENBLAS_CORETYPE", "Haswell");
    recorder.arg("--data").arg(data::folder()).arg("--out").arg(out);
    run_command(&mut recorder)
}

fn compare_fresh(exact: bool) -> Result<()> {
    let committed = root().join("conformance");
    let fresh = target().join("conformance-check");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).with_context(|| format!("in {}", fresh.display()))?;
    }
    record(&fresh)?;
    let report = compare_folders(&committed, &fresh)?;
    say(&format!(
        "conformance: {} recordings, {} the same bytes, {} the same within {TOLERANCE:e}",
        report.identical + report.close.len() + report.wrong.len(),
        report.identical,
        report.close.len(),
    ));
    if exact && !report.close.is_empty() {
        bail!("not the same bytes:\n{}", report.close.join("\n"));
    }
    if !report.wrong.is_empty() {
        bail!(
            "River no longer answers as recorded (`cargo xtask conformance --record` writes what \
             it answers now):\n{}",
            report.wrong.join("\n")
        );
    }
    Ok(())
}

/// What a comparison found: file names, with the first difference of each that is wrong.
#[derive(Debug, Default)]
struct Report {
    identical: usize,
    close: Vec<String>,
    wrong: Vec<String>,
}

/// Compare every recording that is on either side.
fn compare_folders(committed: &Path, fresh: &Path) -> Result<Report> {
    let mut report = Report::default();
    let names: BTreeSet<PathBuf> =
        recordings(committed)?.into_iter().chain(recordings(fresh)?).collect();
    for name in names {
        let shown = name.display();
        let (left, right) = (committed.join(&name), fresh.join(&name));
        if !left.exists() || !right.exists() {
            let side = if left.exists() { "no longer recorded" } else { "not committed" };
            report.wrong.push(format!("  {shown}: {side}"));
            continue;
        }
        let (left, right) = (std::fs::read(&left)?, std::fs::read(&right)?);
        if left == right {
            report.identical += 1;
            continue;
        }
        let left: Value = serde_json::from_slice(&left).with_context(|| format!("{shown}"))?;
        let right: Value = serde_json::from_slice(&right).with_context(|| format!("{shown}"))?;
        match difference(&left, &right, tolerance(&name), "") {
            None => report.close.push(format!("  {shown}")),
            Some(found) => report.wrong.push(format!("  {shown}{found}")),
        }
    }
    Ok(report)
}

/// The recordings under a folder, as paths from it.
fn recordings(folder: &Path) -> Result<Vec<PathBuf>> {
    let river = Path::new("river-0.26.1");
    let mut names = vec![PathBuf::from("signatures.json")];
    let entries = std::fs::read_dir(folder.join(river))
        .with_context(|| format!("no recordings in {}", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        // The manifest says on which versions the recorder ran, which may differ.
        if name != "manifest.json" {
            names.push(river.join(name));
        }
    }
    Ok(names)
}

/// Where two recordings differ by more than the tolerance, and how.
fn difference(left: &Value, right: &Value, off: f64, place: &str) -> Option<String> {
    match (left, right) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(a, b, off, &format!("{place}/{i}"))),
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .zip(b.values())
            .find_map(|((key, a), b)| difference(a, b, off, &format!("{place}/{key}"))),
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            let far = (a - b).abs() > off * a.abs().max(b.abs()).max(1.0);
            far.then(|| format!("{place}: recorded {a}, now {b}"))
        }
        _ if left == right => None,
        _ => Some(format!("{place}: {} became {}", short(left), short(right))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two folders with one recording each and equal signatures.
    fn folders(left: &Value, right: &Value) -> Report {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        for (side, value) in [("left", left), ("right", right)] {
            let folder = scratch.path().join(side);
            std::fs::create_dir_all(folder.join("river-0.26.1")).expect("created");
            std::fs::write(folder.join("signatures.json"), "{}").expect("written");
            let file = folder.join("river-0.26.1/case.json");
            std::fs::write(file, value.to_string()).expect("written");
        }
        compare_folders(&scratch.path().join("left"), &scratch.path().join("right"))
            .expect("compared")
    }

    #[test]
    fn the_same_bytes_are_identical() {
        let report = folders(&json!({"a": [1.0, 2.5]}), &json!({"a": [1.0, 2.5]}));
        assert_eq!((report.identical, report.close.len(), report.wrong.len()), (2, 0, 0));
    }

    #[test]
    fn the_last_bit_is_close() {
        let report = folders(&json!({"a": 0.1}), &json!({"a": 0.100_000_000_000_000_02}));
        assert_eq!((report.close.len(), report.wrong.len()), (1, 0));
    }

    #[test]
    fn a_tolerance_is_of_one_recording() {
        let (left, right) = (json!([1.0]), json!([1.0 + 4e-9]));
        let of = |name: &str| difference(&left, &right, tolerance(Path::new(name)), "");
        assert!(of("river-0.26.1/trump-approval-bayesian.json").is_none());
        assert!(of("river-0.26.1/trump-approval-bayesian-2.json").is_some());
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/river-0.26.1");
        for (name, ..) in LOOSER {
            assert!(kept.join(name).exists(), "{name} is no recording");
        }
    }

    #[test]
    fn a_changed_number_is_wrong_and_its_place_is_named() {
        let report = folders(&json!({"a": [1.0, 2.5]}), &json!({"a": [1.0, 2.500_001]}));
        assert_eq!(report.wrong.len(), 1);
        assert!(report.wrong[0].contains("case.json/a/1: recorded 2.5"), "{:?}", report.wrong);
    }

    #[test]
    fn a_changed_shape_is_wrong() {
        assert_eq!(folders(&json!({"a": [1]}), &json!({"a": [1, 2]})).wrong.len(), 1);
        assert_eq!(folders(&json!({"a": 1}), &json!({"b": 1})).wrong.len(), 1);
        assert_eq!(folders(&json!({"a": 1}), &json!({"a": "1"})).wrong.len(), 1);
        assert_eq!(folders(&json!({"a": 1}), &json!({"a": null})).wrong.len(), 1);
    }

    #[test]
    fn a_missing_recording_is_wrong() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        for side in ["left", "right"] {
            std::fs::create_dir_all(scratch.path().join(side).join("river-0.26.1")).expect("ok");
            std::fs::write(scratch.path().join(side).join("signatures.json"), "{}").expect("ok");
        }
        std::fs::write(scratch.path().join("left/river-0.26.1/gone.json"), "{}").expect("ok");
        let left = scratch.path().join("left");
        let report = compare_folders(&left, &scratch.path().join("right")).expect("compared");
        assert!(report.wrong[0].contains("gone.json: no longer recorded"), "{:?}", report.wrong);
    }
}
