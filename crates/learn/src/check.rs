//! The contracts that every estimator keeps, run over a catalogue: yours as well as ours.
//!
//! [`check_entry`] builds an entry's example and puts it where it can be watched: a transformer
//! before a linear regression, an optimizer into a logistic one, everything else as it is. What
//! predicts is then fed streams of numbers and of texts, as far as it takes them:
//!
//! | contract | promise |
//! |---|---|
//! | `builds` | the example is a valid spec, and some stream is accepted |
//! | `spec_round_trips` | the spec that a model shows builds the same model |
//! | `predict_before_learn` | there is an answer before anything was learned, and it is sound |
//! | `predict_changes_nothing` | no prediction changes the saved bytes |
//! | `feature_order` | the order of an event's columns has no effect, but on [`DRAWS_IN_ORDER`] |
//! | `features_come_and_go` | features may vanish and appear, one by one or all at once |
//! | `probabilities` | each lies in [0, 1], and together they make 1 |
//! | `shares_nothing` | learning leaves models built from the same spec, and copies, alone |
//! | `save_load` | saved and loaded, it is the same to the bit, and goes on to be |
//! | `seeding` | the same events give the same bytes |
//! | `memory` | it stops growing on a repeating stream, and under ever new names and words |
//! | `bad_event` | a refused event changes nothing |
//! | `merge_stated` | sums are shown and taken exactly where the catalogue says so |
//! | `sums_of_nothing` | the sums of a model that learned nothing are zero |
//! | `sums_round_trip` | its own sums, taken over, leave a model as it was, once and twice |
//! | `sums_by_name` | features met in another order give the same sums |
//! | `exact_is_pooled` | where a merge is exact, three peers make the learner of all events |
//!
//! Detectors, statistics and metrics are fed numbers; for them hold `builds`,
//! `spec_round_trips`, `shares_nothing`, `save_load`, `seeding`, `memory`, and for metrics
//! `wrong_sort` (observations of the other sort are ignored) and `revert` (an observation taken
//! back leaves the figure as it was).
//!
//! ```
//! use her_learn::{Catalog, check};
//! let catalog = Catalog::builtin();
//! let failures = check::check_entry(catalog.find("StandardScaler").unwrap(), &catalog);
//! assert!(failures.is_empty(), "{failures:?}");
//! ```
//!
//! **Source** the list follows River, `checks/__init__.py`.

mod merging;
mod models;
mod series;
mod stream;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::catalog::{Catalog, Entry};
use crate::estimator::Any;
use crate::merge::{Merge, Statement};

/// Estimators that draw features in the order in which these came first, as River's do: another
/// order of the first event's columns gives other draws of the same kind.
pub const DRAWS_IN_ORDER: &[&str] = &["SRPClassifier", "SRPRegressor"];

/// A contract that an entry does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The entry's name.
    pub entry: &'static str,
    /// The contract, from the table above.
    pub contract: &'static str,
    /// What was seen instead.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} breaks {}: {}", self.entry, self.contract, self.message)
    }
}

/// What a contract says: nothing, or what it saw.
type Outcome = Result<(), String>;

/// Checks one entry of a catalogue. A panic is a failure of the contract under which it came.
pub fn check_entry(entry: &Entry, catalog: &Catalog) -> Vec<Failure> {
    let example = (entry.example)();
    let built = guarded(|| catalog.builder().build(&example).map_err(|e| e.to_string()));
    let failed = match built {
        Err(message) => vec![("builds", message)],
        Ok(Any::DriftDetector(_) | Any::Univariate(_) | Any::Metric(_)) => {
            series::check(&example, catalog)
        }
        Ok(Any::Transformer(_)) => models::check(&json!([example, "LinearRegression"]), catalog),
        Ok(Any::Optimizer(_)) => {
            let spec: Value = json!({ "LogisticRegression": { "optimizer": example } });
            models::check(&spec, catalog)
        }
        Ok(
            Any::Classifier(_) | Any::Regressor(_) | Any::AnomalyDetector(_) | Any::Clusterer(_),
        ) => models::check(&example, catalog),
    };
    let mut failed = failed;
    failed.extend(stated(entry, catalog).err().map(|message| ("merge_stated", message)));
    let name = entry.name;
    let excused = DRAWS_IN_ORDER.contains(&name);
    failed
        .into_iter()
        .filter(|&(contract, _)| !(excused && contract == "feature_order"))
        .map(|(contract, message)| Failure { entry: name, contract, message })
        .collect()
}

/// An entry with its default parameters merges as its row says.
fn stated(entry: &Entry, catalog: &Catalog) -> Outcome {
    if !matches!(entry.merge, Statement::Stateless) && entry.merge.why().is_empty() {
        return Err("it does not say what is added, or why nothing is".to_owned());
    }
    // Some have parameters that must be given.
    let Ok(built) = catalog.builder().build_named(entry.name, (entry.defaults)()) else {
        return Ok(());
    };
    let (merge, sums) = (built.estimator().merge(), built.estimator().additive().is_some());
    let holds = match entry.merge {
        Statement::Stateless => merge == Merge::Stateless,
        Statement::Sums(said, _) => merge == said && sums,
        Statement::Parts(_) => sums,
        Statement::Local(_) => merge == Merge::Approximate && !sums,
        Statement::Member(_) => merge == Merge::Member,
    };
    if holds {
        return Ok(());
    }
    Err(format!("its row says {:?}, built it is {merge:?}", entry.merge))
}

/// Checks all entries of a catalogue.
pub fn check_catalog(catalog: &Catalog) -> Vec<Failure> {
    catalog.entries().flat_map(|entry| check_entry(entry, catalog)).collect()
}

/// Runs every contract on a subject.
fn run<S, F: Fn(&S) -> Outcome>(
    contracts: &[(&'static str, F)],
    subject: &S,
) -> Vec<(&'static str, String)> {
    contracts
        .iter()
        .filter_map(|(name, contract)| {
            guarded(|| contract(subject)).err().map(|message| (*name, message))
        })
        .collect()
}

/// Turns a panic into a message.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", text.unwrap_or("no message")))
    })
}

/// Fails when two byte strings differ, saying where.
fn same_bytes(a: &[u8], b: &[u8], what: &str) -> Outcome {
    if a == b {
        return Ok(());
    }
    let at = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
    Err(format!(
        "{what}: the saved bytes differ from byte {at} on ({} and {} bytes)",
        a.len(),
        b.len()
    ))
}

/// Fails when saved bytes grew between two counts of events. The slack is for counts that take a
/// byte more, and for summaries that grow with the logarithm of what they saw.
fn no_growth(before: usize, after: usize, what: &str) -> Outcome {
    if after <= before + before / 50 + 600 {
        return Ok(());
    }
    Err(format!("{what}: from {before} to {after} saved bytes"))
}
