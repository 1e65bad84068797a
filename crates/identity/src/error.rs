//! One error type; its kind says what the caller does next.

use std::io;

/// What the caller does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong; sending it again will not help.
    Invalid,
    /// What was asked for does not exist (any more).
    NotFound,
    /// It existed and is done with: a late label that was given or came too late.
    Gone,
    /// A request number so far behind its client's newest that whether it was done is forgotten.
    TooOld,
    /// What was to be created exists already.
    Exists,
    /// Somebody else holds it, or a queue is full; try again later.
    Busy,
    /// Another owner has taken over; stop writing.
    Fenced,
    /// The identity lives on another node; ask there.
    Moved,
    /// The identity does not learn any more.
    Frozen,
    /// The identity panicked; it refuses writes until it is replayed.
    Poisoned,
    /// The service below does not work at present; reopen or wait.
    Unavailable,
    /// The disk is full; nothing was acknowledged, free space and try again.
    Full,
    /// The file was written by a newer build; upgrade.
    Unsupported,
    /// Stored data is damaged; the message names the file and the offset.
    Corrupt,
    /// A mistake of ours.
    Internal,
}

/// The error of this crate.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What the caller does about it.
    pub kind: ErrorKind,
    /// Value, place and remedy, in lower case and without a full stop.
    pub message: String,
    /// What caused it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a cause.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same error with its cause.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// It does not exist (any more).
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Damage in `file` at `offset`.
    pub fn corrupt(file: &str, offset: u64, what: &str) -> Self {
        Self::new(
            ErrorKind::Corrupt,
            format!(
                "{file} is damaged at offset {offset}: {what}; restore this file from a backup or \
                 take the identities over from a peer"
            ),
        )
    }

    /// `file` was written by a newer build.
    pub fn unsupported(file: &str, what: &str, found: u16, newest: u16) -> Self {
        Self::new(
            ErrorKind::Unsupported,
            format!(
                "{file} has {what} format version {found}, this build reads up to {newest}; \
                 open it with a newer build"
            ),
        )
    }

    /// A failed file operation: `what` names the operation and the file.
    pub fn io(what: impl AsRef<str>, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::Exists,
            io::ErrorKind::WouldBlock => ErrorKind::Busy,
            _ => ErrorKind::Unavailable,
        };
        let message = match kind {
            ErrorKind::Full => {
                format!("{}: {source}; free space on this disk and try again", what.as_ref())
            }
            _ => format!("{}: {source}", what.as_ref()),
        };
        Self { kind, message, source: Some(Box::new(source)) }
    }
}
