//! What tenants hold: bytes of state and of journal, for tokens with a quota of these.
//!
//! Looked at twice a second, beside all requests and never in one: a burst may go over a quota by
//! what comes within that time. Nothing is written down: the journal is the count, so a restart
//! counts the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use her_identity::House;
use her_identity::house::Counted;
use her_identity::journal::IdentityId;

use super::super::problem::Problem;
use crate::locks::token::Token;

/// Events after which a state is measured again; more when it is large, as measuring takes time
/// by its bytes: one event for each of so many of them.
const MEASURE_EVENTS: u64 = 1_000;
const MEASURE_BYTES: u64 = 1_000;

/// What the tokens with a quota hold.
#[derive(Default)]
pub(crate) struct Held {
    kept: Mutex<Kept>,
    /// By the token's id; what was not counted yet is not there.
    sums: RwLock<HashMap<String, Sum>>,
}

#[derive(Default)]
struct Kept {
    states: BTreeMap<String, Measured>,
    branches: HashMap<IdentityId, Counted>,
}

#[derive(Clone, Copy)]
struct Measured {
    branch: IdentityId,
    version: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    memory: u64,
    journal: u64,
}

impl Held {
    /// Refuses what would add to a quota that is used up.
    pub fn check(&self, token: &Token) -> Result<(), Problem> {
        let quota = token.quota;
        if quota.memory_bytes.is_none() && quota.journal_bytes.is_none() {
            return Ok(());
        }
        let sums = self.sums.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sum) = sums.get(&token.id) else { return Ok(()) };
        let full = |name: &str, what: &str, held: u64, max: Option<u64>, remedy: &str| match max {
            Some(max) if held >= max => Err(Problem::over(format!(
                "quota {name}: the identities {} hold {held} bytes of {what}, and the token {} \
                 may have {max}; {remedy}",
                token.identities.join(", "),
                token.id
            ))),
            _ => Ok(()),
        };
        full(
            "memory_bytes",
            "state",
            sum.memory,
            quota.memory_bytes,
            "rewind one to a smaller version, or ask for a token with more (--memory-bytes)",
        )?;
        full(
            "journal_bytes",
            "journal",
            sum.journal,
            quota.journal_bytes,
            "nothing is deleted from a journal: ask for a token with more (--journal-bytes)",
        )
    }

    /// Counts again for these tokens, until `go_on` is false. Waits for the disk and for learners.
    pub fn look(&self, house: &House, tokens: &[Arc<Token>], go_on: &dyn Fn() -> bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<String> = house.names();
        let ours = |name: &str| tokens.iter().any(|token| token.is_for(name));
        let names: Vec<String> = names.into_iter().filter(|name| ours(name)).collect();
        let mut branches: BTreeMap<&str, Vec<IdentityId>> = BTreeMap::new();
        for name in &names {
            if !go_on() {
                return;
            }
            // An identity that can't be looked at now keeps what was found before.
            let _ = kept.measure(house, name);
            let Ok(record) = house.record(name) else { continue };
            let ids: Vec<IdentityId> = record.branches.iter().map(|branch| branch.id).collect();
            for id in &ids {
                let counted = kept.branches.entry(*id).or_default();
                let _ = house.count_journal(*id, counted, go_on);
            }
            branches.insert(name, ids);
        }
        kept.states.retain(|name, _| branches.contains_key(name.as_str()));
        let sums = tokens.iter().map(|token| (token.id.clone(), kept.sum(token, &branches)));
        *self.sums.write().unwrap_or_else(PoisonError::into_inner) = sums.collect();
    }
}

impl Kept {
    fn measure(&mut self, house: &House, name: &str) -> her_identity::Result<()> {
        let branch = house.record(name)?.current;
        if let Some(last) = self.states.get(name).filter(|last| last.branch == branch) {
            let rest = MEASURE_EVENTS.max(last.bytes / MEASURE_BYTES);
            if house.head(name)?.seq < last.version.saturating_add(rest) {
                return Ok(());
            }
        }
        let (version, bytes) = house.state_bytes(name)?;
        self.states.insert(name.to_owned(), Measured { branch, version, bytes });
        Ok(())
    }

    /// What the identities of a token hold. A branch that a fork shares counts once.
    fn sum(&self, token: &Token, branches: &BTreeMap<&str, Vec<IdentityId>>) -> Sum {
        let mut sum = Sum::default();
        let mut seen = HashSet::new();
        for (name, ids) in branches.iter().filter(|(name, _)| token.is_for(name)) {
            sum.memory += self.states.get(*name).map_or(0, |measured| measured.bytes);
            let new = ids.iter().filter(|id| seen.insert(**id));
            sum.journal += new.filter_map(|id| self.branches.get(id)).map(|c| c.bytes).sum::<u64>();
        }
        sum
    }
}
