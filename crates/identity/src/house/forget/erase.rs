//! What can be erased of a branch that was left: its snapshots and its place in the record.
//!
//! Frames of many identities share a segment file, so those of one branch cannot be taken out of
//! it; what remains is told.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::Result;
use crate::house::{House, Record};
use crate::journal::IdentityId;

/// What was erased, and where the struck events are still.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Branches that are no part of the identity's record any more.
    pub branches: u64,
    /// Snapshots that were removed from disk.
    pub snapshots: u64,
    /// Branches whose frames remain in segment files that identities share.
    pub frames_of: Vec<String>,
    /// Identities that were forked off and have the same past.
    pub shared_with: Vec<String>,
    /// Directories of copies that were left of this identity.
    pub copies: Vec<String>,
}

impl House {
    /// Removes what lies of the branches of a record that the identity has no more.
    pub(super) fn erase_branches(&self, before: &Record) -> Result<Erased> {
        let ids: BTreeSet<IdentityId> = before.branches.iter().map(|branch| branch.id).collect();
        let mut erased = Erased {
            branches: ids.len() as u64,
            frames_of: ids.iter().map(ToString::to_string).collect(),
            ..Erased::default()
        };
        let mut shared = BTreeSet::new();
        for name in self.names() {
            let record = self.record(&name)?;
            let theirs = record.branches.iter().map(|branch| branch.id);
            let theirs: Vec<IdentityId> = theirs.filter(|id| ids.contains(id)).collect();
            if !theirs.is_empty() {
                erased.shared_with.push(name);
                shared.extend(theirs);
            }
        }
        for id in ids.difference(&shared) {
            erased.snapshots += self.snapshots.remove_all(*id)?;
        }
        let copies = self.legacy()?.into_iter().filter(|copy| copy.name == before.name);
        erased.copies = copies.map(|copy| copy.dir.display().to_string()).collect();
        Ok(erased)
    }
}
