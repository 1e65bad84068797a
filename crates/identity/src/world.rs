//! The one door to chance, to sleep, and to waiting for another thread.
//!
//! A simulation stands behind this door in tests: then houses have no threads of their own, every
//! lot comes from its seed, and who waits lets the simulated world go on.

use std::sync::mpsc::Receiver;

use crate::error::{Error, ErrorKind, Result};

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    #[cfg(feature = "testing")]
    if simulated::with(|world| world.random(&mut bytes)).is_some() {
        return Ok(bytes);
    }
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
    })?;
    Ok(bytes)
}

/// Waits for so many milliseconds.
pub(crate) fn sleep(ms: u64) {
    #[cfg(feature = "testing")]
    if simulated::with(|world| world.sleep(ms)).is_some() {
        return;
    }
    std::thread::sleep(std::time::Duration::from_millis(ms));
}

/// What another thread answers; nothing if it ends without an answer.
pub(crate) fn wait<T>(told: &Receiver<T>) -> Option<T> {
    #[cfg(feature = "testing")]
    while simulated::is_on() {
        match told.try_recv() {
            Ok(answer) => return Some(answer),
            Err(std::sync::mpsc::TryRecvError::Empty) => sleep(1),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return None,
        }
    }
    told.recv().ok()
}

/// Whether a house has threads of its own.
#[cfg(feature = "testing")]
pub(crate) fn has_threads() -> bool {
    !simulated::is_on()
}

/// What a simulation puts in place of the world.
#[cfg(feature = "testing")]
pub mod simulated {
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A simulated world, as one thread sees it.
    pub trait World {
        /// Bytes from the seed.
        fn random(&self, bytes: &mut [u8]);
        /// Lets the world go on for so many milliseconds.
        fn sleep(&self, ms: u64);
    }

    thread_local! {
        static WORLD: RefCell<Option<Rc<dyn World>>> = const { RefCell::new(None) };
    }

    /// From now on this thread lives in that world, or in the real one.
    pub fn enter(world: Option<Rc<dyn World>>) {
        WORLD.set(world);
    }

    pub(super) fn is_on() -> bool {
        WORLD.with_borrow(Option::is_some)
    }

    pub(super) fn with<T>(work: impl FnOnce(&dyn World) -> T) -> Option<T> {
        // Taken out, as the thread may be unwound while it sleeps.
        let world = WORLD.with_borrow(Clone::clone)?;
        Some(work(&*world))
    }
}
