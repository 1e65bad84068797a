//! Ever-new names leave memory flat at the cap.
//!
//! `HER_FLAT_EVENTS=10000000 cargo test --release -p her-learn --test flat -- --nocapture` is the
//! long run.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use serde_json::json;

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn memory_is_flat_at_the_cap_however_many_names_come() {
    let events: u64 = std::env::var("HER_FLAT_EVENTS").map_or(300_000, |n| n.parse().unwrap());
    let cap = 5_000;
    let spec = json!(["StandardScaler", {"LogisticRegression": {"optimizer": "Adam"}}]);
    let mut model = Model::with_cap(&spec, &Catalog::builtin(), cap).unwrap();
    let (mut prediction, mut scratch) = (Prediction::default(), Scratch::default());
    let (mut settled, mut saved) = (0, 0);
    for i in 0..events {
        let row = Row::from_json(&json!({ "always": i % 7, format!("once-{i}"): 1.0 })).unwrap();
        let target = Target::Bool(i % 7 > 3);
        model.step(&row, &target, 1.0, &mut prediction, &mut scratch).unwrap();
        if i == events / 5 {
            (settled, saved) = (resident(), model.save().len());
        }
    }
    let (now, size) = (resident(), model.save().len());
    println!("{events} events: {settled} bytes resident at a fifth, {now} at the end");
    assert!(model.names().len() <= cap as usize + 2, "{}", model.names().len());
    assert!(model.names().end() <= cap + 2, "ids are given out again: {}", model.names().end());
    assert!(size as f64 <= saved as f64 * 1.1, "saved: {saved} bytes, then {size}");
    assert!(now <= settled + (2 << 20), "resident: {settled} bytes, then {now}");
    assert!(model.names().find("always").is_some(), "what is always seen is never forgotten");
}
