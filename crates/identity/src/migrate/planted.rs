//! Mistakes that a departure could make, for tests to prove that they would see them.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// An abort learns on under an epoch that was only read.
    ResumeOnARead,
    /// A sealed identity takes events.
    WritesWhileSealed,
    /// The table of request numbers does not arrive.
    #[cfg(feature = "testing")]
    NumbersStayBehind,
}

#[cfg(feature = "testing")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// From now on this thread makes that mistake, or none.
#[cfg(feature = "testing")]
pub fn plant(planted: Option<Planted>) {
    PLANTED.set(planted);
}

#[cfg(feature = "testing")]
pub(crate) fn has(planted: Planted) -> bool {
    PLANTED.get() == Some(planted)
}

#[cfg(not(feature = "testing"))]
pub(crate) const fn has(_: Planted) -> bool {
    false
}
