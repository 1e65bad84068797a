//! Kinds of errors by name, as they cross the network, and what only a client can meet.

use her_identity::ErrorKind;

/// What a client meets besides the kinds that identities know: the source of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The server wants a token, or another one.
    Refused,
    /// No answer came.
    Unreachable,
    /// Whoever read our output has gone away.
    PipeClosed,
    /// The user pressed Ctrl-C.
    Interrupted,
    /// What a test of the user's own expects is not what is.
    TestFailed,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused by the server's authentication",
            Self::Unreachable => "the server could not be reached",
            Self::PipeClosed => "nobody reads the output any more",
            Self::Interrupted => "interrupted",
            Self::TestFailed => "a test failed",
        })
    }
}

impl std::error::Error for Cause {}

const NAMES: [(ErrorKind, &str); 15] = [
    (ErrorKind::Invalid, "invalid"),
    (ErrorKind::NotFound, "not_found"),
    (ErrorKind::Gone, "gone"),
    (ErrorKind::TooOld, "too_old"),
    (ErrorKind::Exists, "exists"),
    (ErrorKind::Busy, "busy"),
    (ErrorKind::Fenced, "fenced"),
    (ErrorKind::Moved, "moved"),
    (ErrorKind::Frozen, "frozen"),
    (ErrorKind::Poisoned, "poisoned"),
    (ErrorKind::Unavailable, "unavailable"),
    (ErrorKind::Full, "full"),
    (ErrorKind::Unsupported, "unsupported"),
    (ErrorKind::Corrupt, "corrupt"),
    (ErrorKind::Internal, "internal"),
];

/// A kind's name.
pub fn name(kind: ErrorKind) -> &'static str {
    NAMES.iter().find(|(k, _)| *k == kind).map_or("internal", |(_, name)| name)
}

/// The kind of a name, however its words are joined.
pub fn parse(name: &str) -> Option<ErrorKind> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let wanted = plain(name);
    NAMES.iter().find(|(_, name)| plain(name) == wanted).map(|(kind, _)| *kind)
}

/// The kind that an HTTP status stands for, when the answer names none.
pub fn of_status(status: u16) -> ErrorKind {
    match status {
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Exists,
        410 => ErrorKind::Gone,
        423 => ErrorKind::Frozen,
        429 => ErrorKind::Busy,
        408 | 503 => ErrorKind::Unavailable,
        507 => ErrorKind::Full,
        400..=499 => ErrorKind::Invalid,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_that_leads_back_to_it() {
        for (kind, text) in NAMES {
            assert_eq!((name(kind), parse(text)), (text, Some(kind)));
        }
        assert_eq!(parse("NotFound"), Some(ErrorKind::NotFound));
        assert_eq!(parse("not-found"), Some(ErrorKind::NotFound));
        assert_eq!(parse("lost"), None);
    }
}
