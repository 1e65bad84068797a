//! What went wrong, as `application/problem+json`: the one place that maps kinds to statuses.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use her_identity::{Error, ErrorKind};
use serde_json::{Value, json};

/// A refusal with its status and its kind, which is also the last part of its `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub status: StatusCode,
    pub kind: &'static str,
    pub title: &'static str,
    pub detail: String,
    allow: Option<HeaderValue>,
    /// Seconds to wait, when it is known how long.
    retry_s: Option<u64>,
}

/// The kinds of refusal that the door adds to those of [`ErrorKind`].
macro_rules! doors {
    ($($(#[$doc:meta])* $name:ident: $status:ident, $kind:literal, $title:literal;)*) => {
        impl Problem {
            $($(#[$doc])* pub fn $name(detail: impl Into<String>) -> Self {
                Self::new(StatusCode::$status, $kind, $title, detail.into())
            })*
        }
    };
}

doors! {
    /// The request itself can't be read.
    malformed: BAD_REQUEST, "malformed", "the request can't be read";
    unauthorized: UNAUTHORIZED, "unauthorized", "a token is needed";
    forbidden: FORBIDDEN, "forbidden", "refused for where it comes from";
    denied: FORBIDDEN, "denied", "this token does not reach so far";
    quota: FORBIDDEN, "quota", "this token has all that it may have";
    no_route: NOT_FOUND, "no_route", "there is no such route";
    timeout: REQUEST_TIMEOUT, "timeout", "the client took too long";
    behind: PRECONDITION_FAILED, "behind", "this version is not reached yet";
    too_large: PAYLOAD_TOO_LARGE, "too_large", "the request is too large";
    media_type: UNSUPPORTED_MEDIA_TYPE, "media_type", "another content type is needed";
    busy: TOO_MANY_REQUESTS, "busy", "too much waits already";
    arriving: SERVICE_UNAVAILABLE, "unavailable", "it has not arrived yet";
    closing: SERVICE_UNAVAILABLE, "closing", "the server is closing";
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Self {
        Self { status, kind, title, detail, allow: None, retry_s: None }
    }

    /// Another method is needed on this route.
    pub fn method(allowed: &str) -> Self {
        let detail = format!("this route answers {allowed}");
        let title = "another method is needed";
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, detail);
        problem.allow = HeaderValue::from_str(allowed).ok();
        problem
    }

    /// Somebody comes more often than they may.
    pub fn rate(detail: impl Into<String>, retry_s: u64) -> Self {
        let title = "this is more than may come in a second";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate", title, detail.into());
        problem.retry_s = Some(retry_s);
        problem
    }

    /// A token's identities hold all that they may.
    pub fn over(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::INSUFFICIENT_STORAGE, ..Self::quota(detail) }
    }

    /// A connection over the cap.
    pub fn full_house() -> Self {
        let detail = "too many connections are open; close some, or raise limits.connections or \
                      limits.connections_per_ip";
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::busy(detail) }
    }

    /// A channel over its cap.
    pub fn full_channels(cap: &str) -> Self {
        let detail = format!(
            "too many channels are open; close some, or raise {cap}; a resume token stays good"
        );
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::busy(detail) }
    }

    /// A line's refusal in a stream of answers.
    pub fn line(&self, line: u64, out: &mut Vec<u8>) {
        let mut error = self.member();
        error["line"] = line.into();
        out.extend_from_slice(json!({ "error": error }).to_string().as_bytes());
        out.push(b'\n');
    }

    /// The refusal of what is left of a stream, as its last line.
    pub fn last_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(json!({ "error": self.member() }).to_string().as_bytes());
        out.push(b'\n');
    }

    /// The refusal as a member of something else.
    pub fn member(&self) -> Value {
        json!({ "kind": self.kind, "status": self.status.as_u16(), "detail": self.detail })
    }

    /// The whole answer.
    pub fn to_json(&self) -> Value {
        json!({
            "type": format!("urn:her:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "kind": self.kind,
        })
    }
}

/// Status, kind and title of an error from below.
fn place(kind: ErrorKind) -> (StatusCode, &'static str, &'static str) {
    use StatusCode as S;
    match kind {
        ErrorKind::Invalid => (S::UNPROCESSABLE_ENTITY, "invalid", "the request is wrong"),
        ErrorKind::NotFound => (S::NOT_FOUND, "not_found", "it does not exist"),
        ErrorKind::Gone => (S::GONE, "gone", "it is done with"),
        ErrorKind::TooOld => (S::GONE, "too_old", "too old to tell"),
        ErrorKind::Exists => (S::CONFLICT, "exists", "it exists already"),
        ErrorKind::Busy => (S::TOO_MANY_REQUESTS, "busy", "too much waits already"),
        ErrorKind::Fenced => (S::CONFLICT, "fenced", "another owner has taken over"),
        ErrorKind::Moved => (S::MISDIRECTED_REQUEST, "moved", "it lives on another node"),
        ErrorKind::Frozen => (S::CONFLICT, "frozen", "the identity learns no more"),
        ErrorKind::Poisoned => (S::SERVICE_UNAVAILABLE, "poisoned", "the identity must recover"),
        ErrorKind::Unavailable => {
            (S::SERVICE_UNAVAILABLE, "unavailable", "this does not work at present")
        }
        ErrorKind::Full => (S::INSUFFICIENT_STORAGE, "full", "the disk is full"),
        ErrorKind::Unsupported => (S::NOT_IMPLEMENTED, "unsupported", "a newer build is needed"),
        ErrorKind::Corrupt => (S::INTERNAL_SERVER_ERROR, "corrupt", "stored data is damaged"),
        ErrorKind::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "a mistake of ours"),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let (status, kind, title) = place(error.kind);
        Self::new(status, kind, title, error.message.clone())
    }
}

impl From<her_learn::Error> for Problem {
    fn from(error: her_learn::Error) -> Self {
        Self::from(Error::invalid(error.to_string()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        } else if matches!(self.kind, "busy" | "poisoned" | "unavailable" | "closing") {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"her\""));
        }
        if let Some(allow) = self.allow.clone() {
            headers.insert(ALLOW, allow);
        }
        // For a door that tells it in a form of its own.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status() {
        let check = |kind, status, retry| {
            let response = Problem::from(Error::new(kind, "why")).into_response();
            assert_eq!(response.status().as_u16(), status, "{kind:?}");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), retry, "{kind:?}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        };
        check(ErrorKind::Invalid, 422, false);
        check(ErrorKind::NotFound, 404, false);
        check(ErrorKind::Gone, 410, false);
        check(ErrorKind::TooOld, 410, false);
        check(ErrorKind::Exists, 409, false);
        check(ErrorKind::Busy, 429, true);
        check(ErrorKind::Fenced, 409, false);
        check(ErrorKind::Moved, 421, false);
        check(ErrorKind::Frozen, 409, false);
        check(ErrorKind::Poisoned, 503, true);
        check(ErrorKind::Unavailable, 503, true);
        check(ErrorKind::Full, 507, false);
        check(ErrorKind::Unsupported, 501, false);
        check(ErrorKind::Corrupt, 500, false);
        check(ErrorKind::Internal, 500, false);
    }

    #[test]
    fn a_line_carries_its_number() {
        let mut out = Vec::new();
        Problem::from(Error::invalid("why")).line(7, &mut out);
        let said: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            said,
            json!({"error": {"kind": "invalid", "status": 422, "detail": "why", "line": 7}})
        );
    }
}
