//! Every estimator keeps the contracts, and every contract can be broken.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod planted;

use std::collections::BTreeSet;

use her_learn::{Catalog, check};

#[test]
fn the_whole_catalogue_keeps_the_contracts() {
    let catalog = Catalog::builtin();
    let failures = check::check_catalog(&catalog);
    let shown: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{} failures:\n{}", shown.len(), shown.join("\n"));
    assert!(catalog.entries().count() > 40, "the catalogue is not empty");
}

/// A planted estimator breaks what it was made to break; the sane ones break nothing.
#[test]
fn every_contract_can_be_broken() {
    // One of them panics on purpose, many times.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.to_string().contains("where is the last feature?") {
            hook(panic);
        }
    }));
    let catalog = Catalog::builtin().with(planted::ENTRIES);
    let mut broken = BTreeSet::new();
    for planted in planted::ENTRIES {
        let failures = check::check_entry(planted, &catalog);
        let found: BTreeSet<&str> = failures.iter().map(|f| f.contract).collect();
        // A planted estimator says in its summary what it breaks.
        match planted.summary {
            "" => assert!(found.is_empty(), "{}: {failures:?}", planted.name),
            contract => {
                assert!(
                    found.contains(contract),
                    "{} should break {contract}: {failures:?}",
                    planted.name
                );
                broken.insert(contract);
            }
        }
    }
    let all = [
        "bad_event",
        "builds",
        "exact_is_pooled",
        "feature_order",
        "features_come_and_go",
        "memory",
        "merge_stated",
        "predict_before_learn",
        "predict_changes_nothing",
        "probabilities",
        "revert",
        "save_load",
        "seeding",
        "shares_nothing",
        "spec_round_trips",
        "sums_by_name",
        "sums_of_nothing",
        "sums_round_trip",
        "wrong_sort",
    ];
    assert_eq!(broken, all.into(), "a contract without a planted estimator that breaks it");
}
