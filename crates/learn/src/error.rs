//! What can go wrong in `learn`: only what the caller gave us.

use std::fmt;

/// A refusal. The message says the value, what was expected and what to do; `place` says where.
///
/// Nothing in this crate does I/O, so there is one kind of error: the input was not acceptable,
/// and whatever it was given to is exactly as it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    place: String,
    message: String,
}

/// The result of everything in this crate that can refuse its input.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self { place: String::new(), message: message.into() }
    }

    /// The same refusal, one step further in: places are joined from the outside in.
    ///
    /// ```
    /// use her_learn::Error;
    /// let e = Error::new("l2 must not be negative, got -1");
    /// let e = e.at("LogisticRegression").at("steps[1]");
    /// assert_eq!(e.to_string(), "steps[1].LogisticRegression: l2 must not be negative, got -1");
    /// ```
    pub fn at(mut self, outer: impl fmt::Display) -> Self {
        self.place = match self.place.as_str() {
            "" => outer.to_string(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        self
    }

    /// Where in the spec or the event the mistake is; empty when it has no place.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong and what to do, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.place, self.message)
        }
    }
}

impl std::error::Error for Error {}
