//! What a door is asked to forget, and how far it is.

use std::time::Duration;

use her_identity::house::Span;

/// What is to be forgotten of an identity.
#[derive(Debug, Clone, Copy)]
pub struct Forget {
    /// The versions that were learned and should not have been.
    pub range: Span,
    /// Whether the branch before is let go of as well.
    pub erase: bool,
    /// Whether to tell only what would be struck.
    pub dry_run: bool,
}

/// Hears how many events were lived again, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(500);
const NAP: Duration = Duration::from_millis(10);

/// Does the work, and looks now and then how far it is.
pub(super) fn watched<T: Send>(
    work: impl FnOnce() -> T + Send,
    look: impl Fn() -> Option<(u64, u64)>,
    hear: Progress<'_>,
) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(work);
        let mut since = Duration::ZERO;
        while !worker.is_finished() {
            std::thread::sleep(NAP);
            since += NAP;
            if since >= LOOK {
                since = Duration::ZERO;
                if let Some((done, of)) = look() {
                    hear(done, of);
                }
            }
        }
        match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
