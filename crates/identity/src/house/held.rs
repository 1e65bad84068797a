//! How much an identity holds: bytes of its state, and of its journal.

use std::ops::ControlFlow;

use super::House;
use crate::error::{Error, Result};
use crate::journal::IdentityId;

/// The bytes of a branch's journal, as far as it was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// The version up to which it was counted.
    pub version: u64,
    /// Bytes of frames up to there, as they lie on disk.
    pub bytes: u64,
}

impl House {
    /// Bytes of an identity's state, as a snapshot of it has them, with the version they are of.
    /// One that rests with a snapshot is not brought into memory for that.
    pub fn state_bytes(&self, name: &str) -> Result<(u64, u64)> {
        let (id, head) = (self.record(name)?.current, self.head(name)?.seq);
        if self.snapshots.list(id)?.last() == Some(&head) {
            return Ok((head, self.snapshots.size(id, head)?));
        }
        self.look(name, |identity| {
            let state = identity.state();
            (state.version(), state.save().len() as u64)
        })
    }

    /// Counts the bytes of a branch's journal that came since `counted`, until `go_on` is false:
    /// it reads them, so that counting again from nothing gives the same.
    pub fn count_journal(
        &self,
        id: IdentityId,
        counted: &mut Counted,
        go_on: &dyn Fn() -> bool,
    ) -> Result<()> {
        let reader = self.shard(id).reader();
        let head = reader.head(id)?;
        let head = head.ok_or_else(|| Error::not_found(format!("identity {id} has no journal")))?;
        // A branch goes on from its parent's version, which its own journal does not have.
        let begin = reader.truncated(id)?.max(counted.version);
        if head.seq <= begin {
            return Ok(());
        }
        reader.read(id, begin + 1, &mut |frame| {
            counted.bytes += frame.stored_bytes();
            counted.version = counted.version.max(frame.header.last_seq());
            Ok(if go_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })
    }
}
