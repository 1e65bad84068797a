//! Who is let in, and what is told to those who want to change something.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use her_identity::{Error, ErrorKind};

use super::Copy;
use crate::server::auth::{bearer, check_place};
use crate::server::problem::Problem;

/// Routes that say only how the process is.
const OPEN: [&str; 3] = ["/healthz", "/livez", "/readyz"];
/// Routes that answer although bytes of the copy changed: they say so.
const ALWAYS: [&str; 4] = ["/healthz", "/livez", "/readyz", "/status"];

/// The headers that say where an identity lives on.
const OWNER: HeaderName = HeaderName::from_static("her-owner");
const EPOCH: HeaderName = HeaderName::from_static("her-epoch");

/// Lets a request in: from where it may come, with the token if there is one, and while the copy
/// is what it was.
pub(super) fn admit(copy: &Copy, request: &Request<Body>) -> Result<(), Problem> {
    check_place(request.headers(), copy.loopback)?;
    let path = request.uri().path();
    if let Some(token) = copy.token.as_ref().filter(|_| !OPEN.contains(&path)) {
        let brought = bearer(request.headers()).map(blake3::hash);
        // Digests are compared in constant time.
        if !request.headers().contains_key(AUTHORIZATION) || brought.as_ref() != Some(token) {
            return Err(Problem::unauthorized(
                "send the header 'Authorization: Bearer TOKEN' with the token that this process \
                 was started with",
            ));
        }
    }
    match copy.seal.fault().filter(|_| !ALWAYS.contains(&path)) {
        None => Ok(()),
        Some(why) => Err(broken(&why)),
    }
}

/// Bytes of the copy are not what they were.
pub(super) fn broken(why: &str) -> Problem {
    let why = format!("this copy is not what was left, so nothing is answered by it: {why}");
    Problem::from(Error::new(ErrorKind::Unavailable, why))
}

/// 409: a copy does not change. Says where the identity lives on.
pub(super) fn refuse(copy: &Copy) -> Response<Body> {
    let manifest = copy.frozen.manifest();
    let (name, version) = (&manifest.name, manifest.version);
    let lives = match &manifest.owner {
        _ if manifest.book.is_some() => "ask where the identity lives".to_owned(),
        Some(owner) => format!(
            "it lives on at {} (epoch {}): send it there, with the same client and n where it has \
             them",
            owner.url, owner.epoch
        ),
        None => "where it lives on was not told when it left; ask who runs that house".to_owned(),
    };
    let what = match &manifest.book {
        Some(_) => format!("a book of {name}"),
        None => format!("what {name} left behind"),
    };
    let detail = format!("this is {what} at version {version}, and it never changes; {lives}");
    let problem = Problem::from(Error::new(ErrorKind::Frozen, detail));
    let mut said = problem.to_json();
    said["version"] = version.into();
    said["owner"] = serde_json::json!(manifest.owner);
    let mut response = Response::new(Body::from(said.to_string()));
    *response.status_mut() = StatusCode::CONFLICT;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(owner) = &manifest.owner {
        headers.insert(EPOCH, HeaderValue::from(owner.epoch));
        if let Ok(url) = HeaderValue::from_str(&owner.url) {
            headers.insert(OWNER, url);
        }
    }
    response
}
