//! Walks the steps of CONTRIBUTING.md with the estimator that it shows.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use her_learn::Catalog;
use her_learn::check::check_entry;

#[path = "../examples/own_estimator.rs"]
mod own_estimator;

#[test]
fn the_estimator_of_the_guide_keeps_every_contract() {
    let catalog = Catalog::builtin().with(own_estimator::ROWS);
    let entry = catalog.find("Clip").unwrap();
    assert_eq!(entry.params[0].name, "limit");
    let failures = check_entry(entry, &catalog);
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn the_guide_shows_the_estimator_that_is_tested() {
    let guide = include_str!("../../../CONTRIBUTING.md");
    let shown = guide.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let tested = include_str!("../examples/own_estimator.rs");
    assert!(tested.contains(shown), "CONTRIBUTING.md and its example differ");
}
