//! What a failure says, and the code that the process ends with: one place for both.

use her_identity::{Error, ErrorKind};
use serde_json::json;

use crate::client::kind::{self, Cause};

/// The exit code of an error.
pub fn code(error: &Error) -> u8 {
    match cause(error) {
        Some(Cause::PipeClosed) => return 0,
        Some(Cause::Refused) => return 4,
        Some(Cause::Unreachable) => return 6,
        Some(Cause::Interrupted) => return 130,
        Some(Cause::TestFailed) => return 1,
        None => {}
    }
    match error.kind {
        ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::TooOld => 3,
        ErrorKind::Frozen | ErrorKind::Fenced | ErrorKind::Moved => 5,
        ErrorKind::Busy | ErrorKind::Unavailable => 6,
        ErrorKind::Invalid => 7,
        ErrorKind::Exists
        | ErrorKind::Poisoned
        | ErrorKind::Full
        | ErrorKind::Unsupported
        | ErrorKind::Corrupt
        | ErrorKind::Internal => 1,
    }
}

/// What the user can do about it, where the message does not say so already.
fn hint(error: &Error) -> Option<&'static str> {
    match cause(error) {
        Some(Cause::Refused) => {
            return Some("give the server's token with --token-file FILE or HER_TOKEN");
        }
        Some(Cause::Unreachable) => {
            return Some("is `her serve` running there? `her doctor` looks");
        }
        Some(Cause::PipeClosed | Cause::Interrupted | Cause::TestFailed) => return None,
        None => {}
    }
    match error.kind {
        ErrorKind::Busy => Some("end the other process, or choose another --data-dir"),
        ErrorKind::Corrupt => Some("`her doctor` tells what else is damaged"),
        ErrorKind::Gone => Some("predict again with --id, and label within the time to live"),
        ErrorKind::Internal => Some("this is a mistake of ours; please report it"),
        ErrorKind::Frozen => Some("`her fork NAME NEW` makes a copy that learns"),
        ErrorKind::Moved => Some("ask the node that it moved to, with --url"),
        ErrorKind::TooOld => Some("give new requests higher numbers than all before"),
        ErrorKind::Invalid
        | ErrorKind::NotFound
        | ErrorKind::Exists
        | ErrorKind::Fenced
        | ErrorKind::Poisoned
        | ErrorKind::Unavailable
        | ErrorKind::Full
        | ErrorKind::Unsupported => None,
    }
}

fn cause(error: &Error) -> Option<Cause> {
    error.source.as_ref()?.downcast_ref::<Cause>().copied()
}

/// Tells an error on standard error; gives the code to end with.
pub fn tell(error: &Error, as_json: bool) -> u8 {
    let code = code(error);
    if cause(error) == Some(Cause::PipeClosed) {
        return code;
    }
    if as_json {
        let mut told = json!({ "kind": kind::name(error.kind), "message": error.message });
        if let Some(hint) = hint(error) {
            told["hint"] = hint.into();
        }
        eprintln!("{}", json!({ "error": told }));
    } else if cause(error) == Some(Cause::Interrupted) {
        eprintln!("{}", error.message);
    } else {
        eprintln!("error: {}", error.message);
        if let Some(hint) = hint(error) {
            eprintln!("hint: {hint}");
        }
    }
    code
}

/// The user pressed Ctrl-C; the message says what was kept and how to go on.
pub fn interrupted(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, message).because(Cause::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_error_has_its_code() {
        let of = |kind| code(&Error::new(kind, ""));
        assert_eq!(of(ErrorKind::Corrupt), 1);
        assert_eq!(of(ErrorKind::NotFound), 3);
        assert_eq!(of(ErrorKind::Frozen), 5);
        assert_eq!(of(ErrorKind::Busy), 6);
        assert_eq!(of(ErrorKind::Invalid), 7);
        let refused = Error::new(ErrorKind::Invalid, "").because(Cause::Refused);
        assert_eq!(code(&refused), 4);
        assert_eq!(code(&interrupted("")), 130);
    }
}
