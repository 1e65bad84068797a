//! What this crate adds to the catalogue keeps the contracts of all estimators.

#![allow(clippy::unwrap_used, reason = "a test")]

use her_learn::{Catalog, check};

#[test]
fn every_entry_keeps_the_contracts() {
    let catalog = her_recall::extend(Catalog::builtin());
    for entry in her_recall::ENTRIES {
        let failures = check::check_entry(entry, &catalog);
        let shown: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n"));
    }
}
