//! What this build saves, later builds must read: a golden file for every entry.
//!
//! Golden files are written once, with `HER_WRITE_GOLDEN=1 cargo test -p her-learn --test saved`,
//! and never overwritten. A changed state takes a new version in its entry, and so a new file;
//! the old one stays, and must still be read.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use her_learn::catalog::Entry;
use her_learn::estimator::Any;
use her_learn::metrics::Observation;
use her_learn::{Catalog, Label, Model, Prediction, Row, Scratch, Target, Task, saved};
use serde_json::{Value, json};

const EVENTS: u64 = 40;

fn mix(i: u64) -> u64 {
    let z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 32)
}

fn unit(i: u64) -> f64 {
    (mix(i) % 10_000) as f64 / 10_000.0
}

/// What an entry is learned and saved in.
enum Life {
    Model(Box<Model>),
    Part(Any),
}

impl Life {
    fn new(entry: &Entry, catalog: &Catalog) -> Self {
        let example = (entry.example)();
        let part = catalog.builder().build(&example).unwrap();
        let spec = match part {
            Any::DriftDetector(_) | Any::Univariate(_) | Any::Metric(_) => return Self::Part(part),
            Any::Transformer(_) => json!([example, "LinearRegression"]),
            Any::Optimizer(_) => json!({"LogisticRegression": {"optimizer": example}}),
            Any::Classifier(_)
            | Any::Regressor(_)
            | Any::AnomalyDetector(_)
            | Any::Clusterer(_) => example,
        };
        Self::Model(Box::new(Model::new(&spec, catalog).unwrap()))
    }

    fn load(bytes: &[u8], like: &Life, catalog: &Catalog) -> her_learn::Result<Self> {
        Ok(match like {
            Self::Model(_) => Self::Model(Box::new(Model::load(bytes, catalog)?)),
            Self::Part(_) => Self::Part(saved::load(bytes, &catalog.builder())?),
        })
    }

    fn save(&self) -> Vec<u8> {
        match self {
            Self::Model(model) => model.save(),
            Self::Part(part) => saved::save(part.estimator()),
        }
    }

    /// Learns event `i`. Texts come along where the model takes them.
    fn learn(&mut self, i: u64) {
        match self {
            Self::Model(model) => {
                let y = match model.task() {
                    Task::Binary | Task::Anomaly | Task::Clustering => Target::Bool(unit(i) > 0.4),
                    Task::Multiclass => Target::Number((mix(i) % 3) as f64),
                    Task::Regression => Target::Number(3.0 * unit(i)),
                };
                let mut scratch = Scratch::default();
                let texts = model.learn(&row(i, true), &y, 1.0, &mut scratch);
                if texts.is_err() {
                    model.learn(&row(i, false), &y, 1.0, &mut scratch).unwrap();
                }
            }
            Self::Part(Any::DriftDetector(d)) => d.update(unit(i) + (i / 20) as f64),
            Self::Part(Any::Univariate(u)) => u.update(unit(i)),
            Self::Part(Any::Metric(m)) if m.of_values() => {
                m.update(Observation::Value { y: unit(i), predicted: unit(i + 7) }, 1.0);
            }
            Self::Part(Any::Metric(m)) => {
                let classes = [Label::Bool(false), Label::Bool(true)];
                let p = unit(i + 7);
                let (y, predicted, proba) =
                    (u32::from(unit(i) > 0.4), u32::from(p > 0.5), [1.0 - p, p]);
                m.update(
                    Observation::Class { y, proba: &proba, predicted, classes: &classes },
                    1.0,
                );
            }
            Self::Part(_) => unreachable!("other parts live in models"),
        }
    }

    /// What it says now, to the bit.
    fn answers(&self) -> Vec<u64> {
        match self {
            Self::Model(model) => {
                let (mut out, mut scratch) = (Prediction::default(), Scratch::default());
                let mut answers = Vec::new();
                for i in 1000..1010 {
                    let texts = model.predict(&row(i, true), &mut out, &mut scratch);
                    if texts.is_err() {
                        model.predict(&row(i, false), &mut out, &mut scratch).unwrap();
                    }
                    answers.extend(out.proba.iter().chain(&out.value).map(|v| v.to_bits()));
                }
                answers
            }
            Self::Part(Any::DriftDetector(d)) => vec![d.drift_detected().into()],
            Self::Part(Any::Univariate(u)) => vec![u.get().to_bits()],
            Self::Part(Any::Metric(m)) => vec![m.get().to_bits()],
            Self::Part(_) => unreachable!("other parts live in models"),
        }
    }
}

fn row(i: u64, texts: bool) -> Row {
    let mut x = json!({"a": (mix(i) % 5) as f64, "b": unit(i + 1), "c": unit(i + 2) * 3.0});
    if texts {
        x["colour"] = ["red", "green", "blue"][mix(i + 3) as usize % 3].into();
        x["text"] = ["the same river", "never twice", "flows"][mix(i + 4) as usize % 3].into();
    }
    Row::from_json(&x).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved")
}

#[test]
fn golden_files_are_read_and_written_again() {
    let catalog = Catalog::builtin();
    let write = std::env::var_os("HER_WRITE_GOLDEN").is_some_and(|v| v == "1");
    let mut missing = Vec::new();
    for entry in catalog.entries() {
        let name = format!("{}.v{}.bin", entry.name, entry.version);
        let file = folder().join(&name);
        let mut live = Life::new(entry, &catalog);
        (0..EVENTS).for_each(|i| live.learn(i));
        if !file.exists() {
            if !write {
                missing.push(name);
                continue;
            }
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&file, live.save()).unwrap();
        }
        let golden = std::fs::read(&file).unwrap();
        let mut old =
            Life::load(&golden, &live, &catalog).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(old.answers(), live.answers(), "{name}: other answers than a live one");
        assert!(old.save() == golden, "{name}: read and saved again, the bytes differ");
        assert!(live.save() == golden, "{name}: learned anew, the bytes differ");
        old.learn(EVENTS);
        live.learn(EVENTS);
        assert!(old.save() == live.save(), "{name}: it goes on in another way");
    }
    assert!(
        missing.is_empty(),
        "no golden file for {}; write them with\n  HER_WRITE_GOLDEN=1 cargo test -p her-learn --test \
         saved\nand commit them",
        missing.join(", ")
    );
}

/// Golden files of older versions stay readable, and none is left over from a lost entry.
#[test]
fn golden_files_of_old_versions_are_read() {
    let catalog = Catalog::builtin();
    for file in std::fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let (entry, version) = name.strip_suffix(".bin").and_then(|n| n.split_once(".v")).unwrap();
        let entry = catalog.find(entry).unwrap_or_else(|| panic!("{name}: no such entry"));
        assert!(version.parse::<u16>().unwrap() <= entry.version, "{name} is of a later version");
        let golden = std::fs::read(folder().join(&name)).unwrap();
        let like = Life::new(entry, &catalog);
        let old = Life::load(&golden, &like, &catalog).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!old.answers().is_empty() || matches!(old, Life::Model(_)), "{name}");
    }
}

/// The saved envelope with a change that is covered by a right checksum.
fn altered(bytes: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = bytes[..bytes.len() - 4].to_vec();
    change(&mut body);
    let sum = crc32c::crc32c(&body);
    body.extend(sum.to_le_bytes());
    body
}

#[test]
fn what_can_not_be_read_is_refused_by_name() {
    let catalog = Catalog::builtin();
    let mut part = catalog.builder().build(&Value::from("MAE")).unwrap();
    if let Any::Metric(m) = &mut part {
        m.update(Observation::Value { y: 1.0, predicted: 3.0 }, 1.0);
    }
    let good = saved::save(part.estimator());
    let refusal = |bytes: &[u8]| match saved::load(bytes, &catalog.builder()) {
        Ok(_) => String::from("accepted"),
        Err(e) => e.to_string(),
    };
    assert_eq!(refusal(&good), "accepted");
    let at = good.windows(3).position(|w| w == b"MAE").unwrap();
    let cases: [(Vec<u8>, &str); 7] = [
        (altered(&good, |b| b[4] = 9), "has format 9, this build reads 1; use a newer her"),
        (altered(&good, |b| b[at + 3] = 7), "of MAE has version 7, this build reads 1 to 1"),
        (altered(&good, |b| b[at] = b'X'), "there is no estimator \"XAE\"; did you mean"),
        (altered(&good, |b| b[0] = b'J'), "does not begin with HERA"),
        (altered(&good, |b| b.truncate(b.len() - 3)), "ends early"),
        (altered(&good, |b| b.push(0)), "1 bytes too many"),
        (Vec::new(), "at least 4 bytes"),
    ];
    for (bytes, want) in cases {
        let error = refusal(&bytes);
        assert!(error.contains(want), "{error}\n{want}");
    }
    for at in 0..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 0x40;
        let error = refusal(&damaged);
        assert_ne!(error, "accepted", "a change of byte {at}");
    }
    for n in 0..good.len() {
        assert_ne!(refusal(&good[..n]), "accepted", "cut after {n} bytes");
    }
}
