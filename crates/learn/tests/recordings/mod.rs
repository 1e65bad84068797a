//! River's recordings and the streams that they were made on. The format is described in
//! `docs/internals/conformance.md`.

#![allow(dead_code, reason = "each test that uses this module needs a part of it")]

use std::path::{Path, PathBuf};

use her_learn::stream::{Event, lines, ndjson};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All recordings of one sort by name: those for which `pick` says so.
pub fn all(pick: impl Fn(&Value) -> bool) -> Vec<Value> {
    let folder = root().join("conformance/river-0.26.1");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| {
        panic!("{}: {e}; the recordings are part of the repository", folder.display())
    });
    let mut files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| -> Value {
        let text = std::fs::read_to_string(&file).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    };
    files
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "json"))
        .map(read)
        .filter(pick)
        .collect()
}

/// The recording of one of River's parts.
pub fn part(case: &str) -> Value {
    all(|r| r["case"] == case).pop().unwrap_or_else(|| panic!("there is no recording {case:?}"))
}

/// A recorded number; what JSON has no number for is written as a string.
pub fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

/// A stream's text, from `target/data` or from where `HER_DATA_DIR_TEST` says.
pub fn text(file: &str) -> Vec<u8> {
    let folder = std::env::var_os("HER_DATA_DIR_TEST")
        .map_or_else(|| root().join("target/data"), PathBuf::from);
    std::fs::read(folder.join(file)).unwrap_or_else(|e| {
        panic!("{}: {e}; get the streams with\n  cargo xtask data", folder.join(file).display())
    })
}

/// A stream's first `n` events. `phishing-missing` is Phishing with holes in a fixed pattern, and
/// so is `phishing-absent`: River's trees know no `None`, to us the two are the same.
pub fn stream(name: &str, n: usize) -> Vec<Event> {
    let holes = ["phishing-missing", "phishing-absent"].contains(&name);
    let text = text(&format!("{}.ndjson", if holes { "phishing" } else { name }));
    let mut decoder = ndjson::Decoder::events();
    let mut event = Event::default();
    let mut events = Vec::new();
    for (i, line) in lines(&text).take(n).enumerate() {
        let mut value: Value;
        let mut line = line;
        let rewritten;
        if holes && i > 0 {
            value = serde_json::from_slice(line).unwrap();
            for (j, (_, v)) in value["x"].as_object_mut().unwrap().iter_mut().enumerate() {
                if (i * 7 + j) % 11 == 0 {
                    *v = Value::Null;
                }
            }
            rewritten = value.to_string();
            line = rewritten.as_bytes();
        }
        assert!(decoder.decode(line, &mut event).unwrap_or_else(|e| panic!("{name}: {e}")));
        events.push(event.clone());
    }
    assert_eq!(events.len(), n, "{name} is shorter than recorded");
    events
}

/// The largest deviation seen, and where.
#[derive(Debug, Clone, Default)]
pub struct Worst {
    pub off: f64,
    pub place: String,
}

impl Worst {
    /// Relative to the recorded number where it is larger than 1. Two NaN, or the same infinity,
    /// agree; a NaN and a number are as far apart as can be.
    pub fn compare(&mut self, ours: f64, river: f64, place: impl Fn() -> String) {
        let same = ours == river || ours.is_nan() && river.is_nan();
        let off = if same { 0.0 } else { (ours - river).abs() / river.abs().max(1.0) };
        let off = if off.is_nan() { f64::INFINITY } else { off };
        if off > self.off {
            *self = Self { off, place: format!("{}: {ours:?}, River {river:?}", place()) };
        }
    }

    /// Something other than a number differs.
    pub fn differs(&mut self, place: String) {
        if self.off < f64::INFINITY {
            *self = Self { off: f64::INFINITY, place };
        }
    }
}
