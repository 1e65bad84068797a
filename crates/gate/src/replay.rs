//! What a rule would have done on recorded figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::figures::Figures;
use crate::{Decision, Gate, Mode, Outcome, Rule, Used, Why};

/// Decisions that are kept in full; more are counted.
pub const KEPT_MAX: usize = 1_000;

/// What a rule would have done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Replayed {
    /// Evaluations.
    pub steps: u64,
    /// The first one, in milliseconds since 1970.
    pub from_ms: Option<u64>,
    /// The last one.
    pub to_ms: Option<u64>,
    /// When it would have acted; at most [`KEPT_MAX`].
    pub acted_ms: Vec<u64>,
    /// Evaluations by what was decided.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Decisions that differ from the one before; at most [`KEPT_MAX`].
    pub changes: Vec<Decision>,
    /// Changes beyond those.
    pub more_changes: u64,
}

/// Steps a rule over figures of rising times, as if it acted and all that it did went well: a dry
/// run and an operator's yes are taken for granted, and nobody else uses its budget.
pub fn replay(rule: &Rule, recorded: impl IntoIterator<Item = (u64, Figures)>) -> Replayed {
    let mut rule = rule.clone();
    rule.spec.mode = Mode::Act;
    let mut gate = Gate::new(Arc::new(rule));
    let mut said = Replayed::default();
    for (now_ms, figures) in recorded {
        let decision = gate.step(now_ms, &figures, Used::default());
        said.steps += 1;
        said.from_ms.get_or_insert(now_ms);
        said.to_ms = Some(now_ms);
        *said.decisions.entry(decision.why.name()).or_default() += 1;
        if decision.why == Why::Act {
            gate.told(now_ms, Outcome::Done(None));
            if said.acted_ms.len() < KEPT_MAX {
                said.acted_ms.push(now_ms);
            }
        }
        if decision.changed && said.changes.len() < KEPT_MAX {
            said.changes.push(decision);
        } else {
            said.more_changes += u64::from(decision.changed);
        }
    }
    said
}
