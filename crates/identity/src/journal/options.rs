//! How a journal is opened, and the mistakes that tests may plant.

use crate::clock::{Clock, RealClock};
use crate::disk::{Disk, RealDisk};
use crate::format::SEGMENT_BYTES;
use std::sync::Arc;

/// How a journal is opened.
#[derive(Clone)]
pub struct Options {
    /// Where the files are.
    pub disk: Arc<dyn Disk>,
    /// Times the opening.
    pub clock: Arc<dyn Clock>,
    /// The size of a new segment, from 4 KiB to 1 GiB. A frame that is larger gets a larger one.
    pub segment_bytes: u64,
    /// Prepare segments and write sidecars in a thread; without, in the call that needs them.
    pub background: bool,
    /// A mistake to make, so that tests prove that they would see it.
    #[cfg(any(test, feature = "testing"))]
    pub bug: Option<PlantedBug>,
}

/// A mistake that an engine could have.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Acknowledges before the data is durable.
    SkipSync,
    /// Appends behind a torn tail instead of cutting it.
    KeepTornTail,
    /// Accepts a frame whose epoch is not the newest.
    AcceptZombie,
    /// Does not look whether a frame is there already.
    ForgetRetries,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            disk: Arc::new(RealDisk),
            clock: Arc::new(RealClock::new()),
            segment_bytes: SEGMENT_BYTES,
            background: true,
            #[cfg(any(test, feature = "testing"))]
            bug: None,
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Options {
    fn has(&self, bug: PlantedBug) -> bool {
        self.bug == Some(bug)
    }

    pub(super) fn has_bug_keep_torn_tail(&self) -> bool {
        self.has(PlantedBug::KeepTornTail)
    }

    pub(super) fn has_bug_skip_sync(&self) -> bool {
        self.has(PlantedBug::SkipSync)
    }

    pub(super) fn has_bug_accept_zombie(&self) -> bool {
        self.has(PlantedBug::AcceptZombie)
    }

    pub(super) fn has_bug_forget_retries(&self) -> bool {
        self.has(PlantedBug::ForgetRetries)
    }
}

#[cfg(not(any(test, feature = "testing")))]
#[expect(clippy::unused_self, reason = "the same calls as with planted bugs")]
impl Options {
    pub(super) const fn has_bug_keep_torn_tail(&self) -> bool {
        false
    }

    pub(super) const fn has_bug_skip_sync(&self) -> bool {
        false
    }

    pub(super) const fn has_bug_accept_zombie(&self) -> bool {
        false
    }

    pub(super) const fn has_bug_forget_retries(&self) -> bool {
        false
    }
}
