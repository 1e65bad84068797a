//! What is told of a departure, and how it is ended from elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::house::{Arithmetic, named};

/// What a departure has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Bytes of frames and snapshots that were sent.
    pub bytes: u64,
    /// The newest version that the target is known to have.
    pub sent: u64,
    /// Events that it lacked when that was looked at last.
    pub lag: u64,
    /// Messages that carried a part of the life.
    pub windows: u64,
    /// How often learning was throttled.
    pub throttles: u64,
    /// The version at which it was sealed; 0 before.
    pub sealed_at: u64,
    /// How long learning stood still, from the seal to the end of the departure, in nanoseconds.
    pub sealed_ns: u64,
    /// The epoch of the new owner, or the fresh one of the old; 0 before.
    pub epoch: u64,
    /// Bytes of the state that was sent while learning was held; 0 where the target replays.
    #[serde(default)]
    pub state: u64,
}

/// Why the state itself goes, and not only the events that made it: what its bits hang on is not
/// the same at both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByState {
    /// On what they hang here.
    pub here: Arithmetic,
    /// And at the target.
    pub there: Arithmetic,
}

impl ByState {
    /// None where the same events give the same bits at both ends.
    pub(super) fn of(here: Arithmetic, there: Arithmetic) -> Option<Self> {
        (here != there).then_some(Self { here, there })
    }
}

impl std::fmt::Display for ByState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (here, there) = (named(&self.here), named(&self.there));
        write!(f, "shipped as state: the arithmetic of the two machines differs ")?;
        write!(f, "({here} here, {there} there)")
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its name.
    pub outcome: Outcome,
    /// In words, when there is more to say.
    pub why: Option<String>,
    /// In figures.
    pub figures: Figures,
    /// Whether both whole states were compared afterwards, and were equal bit for bit.
    pub verified: Option<bool>,
    /// Set where the state itself went, or would go.
    pub by_state: Option<ByState>,
}

/// How to end a departure from elsewhere, and how it is watched.
#[derive(Default)]
pub struct Control {
    cancelled: AtomicBool,
    abandoned: AtomicBool,
}

impl Control {
    /// Ends it before its commit, if that has not been.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Ends it before its commit, and waits for no register after it: the process ends, and the
    /// next one asks.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.cancel();
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
