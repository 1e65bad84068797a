//! Estimators with one planted fault each, and sane ones without, to prove the contracts.

mod model;
mod series;

use her_learn::catalog::{Entry, Kind};
use her_learn::merge::{Merge, Statement};

/// A row for a planted estimator; the summary names the contract that it breaks, or nothing.
macro_rules! row {
    ($name:literal, $kind:ident, $breaks:literal, $build:expr) => {
        row!($name, $kind, $breaks, $build, Statement::Member("it is planted"))
    };
    ($name:literal, $kind:ident, $breaks:literal, $build:expr, $merge:expr) => {
        Entry {
            name: $name,
            module: "planted",
            kind: Kind::$kind,
            version: 1,
            summary: $breaks,
            merge: $merge,
            params: &[],
            defaults: || serde_json::json!({}),
            build: $build,
            // All are given a rate; those without one take no notice.
            example: || serde_json::json!({ $name: { "rate": 0.002 } }),
        }
    };
}

const DELTAS: Statement = Statement::Sums(Merge::Deltas, "planted steps");
const EXACT: Statement = Statement::Sums(Merge::Exact, "planted steps");

use model::{Fault, model};
use series::{metric, statistic};

pub const ENTRIES: &[Entry] = &[
    row!("Sane", Regressor, "", |p, _| Ok(model(&p, Fault::None))),
    row!("SaneClassifier", Classifier, "", |p, _| Ok(model(&p, Fault::Classifier))),
    row!("Order", Regressor, "feature_order", |p, _| Ok(model(&p, Fault::Order))),
    row!("Vanish", Regressor, "features_come_and_go", |p, _| Ok(model(&p, Fault::Vanish))),
    row!("Counts", Regressor, "predict_changes_nothing", |p, _| Ok(model(&p, Fault::Counts))),
    row!("Early", Regressor, "predict_before_learn", |p, _| Ok(model(&p, Fault::Early))),
    row!("Shares", Regressor, "shares_nothing", |p, _| Ok(model(&p, Fault::Shares))),
    row!("Forgets", Regressor, "save_load", |p, _| Ok(model(&p, Fault::Forgets))),
    row!("Random", Regressor, "seeding", |p, _| Ok(model(&p, Fault::Random))),
    row!("Hoards", Regressor, "memory", |p, _| Ok(model(&p, Fault::Hoards))),
    row!("HoardsNames", Regressor, "memory", |p, _| Ok(model(&p, Fault::HoardsNames))),
    row!("Marked", Regressor, "bad_event", |p, _| Ok(model(&p, Fault::Marked))),
    row!("Refuses", Regressor, "builds", |p, _| Ok(model(&p, Fault::Refuses))),
    row!("Sums", Classifier, "probabilities", |p, _| Ok(model(&p, Fault::Sums))),
    row!("Negative", Classifier, "probabilities", |p, _| Ok(model(&p, Fault::Negative))),
    row!("HidesParams", Regressor, "spec_round_trips", |p, _| Ok(model(&p, Fault::HidesParams))),
    row!("NoExample", Regressor, "builds", |_, _| Err(her_learn::Error::new("never builds"))),
    row!("SaneSums", Regressor, "", |p, _| Ok(model(&p, Fault::SaneSums)), DELTAS),
    row!("Hides", Regressor, "merge_stated", |p, _| Ok(model(&p, Fault::Hides)), DELTAS),
    row!("Born", Regressor, "sums_of_nothing", |p, _| Ok(model(&p, Fault::Born)), DELTAS),
    row!("Halves", Regressor, "sums_round_trip", |p, _| Ok(model(&p, Fault::Halves)), DELTAS),
    row!("ById", Regressor, "sums_by_name", |p, _| Ok(model(&p, Fault::ById)), DELTAS),
    row!("Boasts", Regressor, "exact_is_pooled", |p, _| Ok(model(&p, Fault::Boasts)), EXACT),
    row!("SaneStat", Univariate, "", |_, _| Ok(statistic(series::Fault::None))),
    row!("ForgetsStat", Univariate, "save_load", |_, _| Ok(statistic(series::Fault::Forgets))),
    row!("SharesStat", Univariate, "shares_nothing", |_, _| Ok(statistic(series::Fault::Shares))),
    row!("RandomStat", Univariate, "seeding", |_, _| Ok(statistic(series::Fault::Random))),
    row!("HoardsStat", Univariate, "memory", |_, _| Ok(statistic(series::Fault::Hoards))),
    row!("SaneMetric", Metric, "", |_, _| Ok(metric(series::Fault::None))),
    row!("EatsAll", Metric, "wrong_sort", |_, _| Ok(metric(series::Fault::EatsAll))),
    row!("KeepsAll", Metric, "revert", |_, _| Ok(metric(series::Fault::KeepsAll))),
];

/// The row of a planted estimator.
fn entry(name: &str) -> &'static Entry {
    ENTRIES.iter().find(|e| e.name == name).expect("planted estimators are in the table")
}
