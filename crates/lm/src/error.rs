//! What is wrong with a file, a text or a request, and how to mend it.

use std::path::Path;

/// A sentence that names the value, the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// What this crate's functions give.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The same error, said of a file.
    pub(crate) fn of(self, file: &Path) -> Self {
        Self(format!("{}: {}", file.display(), self.0))
    }
}

pub(crate) fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Error(message.into()))
}
