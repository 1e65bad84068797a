//! Who may come in: the token, and where a request says that it comes from.
//!
//! [`Door::check`] stands in front of the router, so that no route can be added past it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Request};
use her_identity::{Error, ErrorKind, Result};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::routes;
use crate::locks::scope::Scope;

/// The cookie of somebody who gave the token to the page.
const COOKIE: &str = "her_session";

/// Bytes that a token has at least.
const TOKEN_BYTES_MIN: usize = 20;

/// Who came in, and where to.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    /// The pattern of the route; none when the table has no such route.
    pub route: Option<&'static str>,
}

/// The guard of all routes.
pub(crate) struct Door {
    /// Hashed, so that a comparison tells neither bytes nor length.
    token: blake3::Hash,
    session: blake3::Hash,
    loopback: bool,
}

impl Door {
    pub fn new(token: &str, loopback: bool) -> Self {
        let session = blake3::hash(session_of(token).as_bytes());
        Self { token: blake3::hash(token.as_bytes()), session, loopback }
    }

    /// The cookie, as `name=value`, that opens the page for who has the token.
    pub fn session(&self, token: &str) -> Option<String> {
        let given = blake3::hash(token.as_bytes());
        let fits = bool::from(given.as_bytes().ct_eq(self.token.as_bytes()));
        fits.then(|| format!("{COOKIE}={}", session_of(token)))
    }

    /// Refuses a request that has no token where one is needed, or comes from a page that is
    /// not ours.
    pub fn check<B>(&self, request: &Request<B>) -> std::result::Result<Granted, Problem> {
        self.check_place(request)?;
        let found = routes::find(request.method().as_str(), request.uri().path());
        let granted = Granted { route: found.as_ref().map(|(route, _)| route.path) };
        // What the table does not know is as closed as what it knows.
        let scope = found.map_or(Scope::Admin, |(route, _)| route.scope);
        if scope == Scope::Open {
            return Ok(granted);
        }
        if let Some(session) = cookie(request.headers()) {
            let given = blake3::hash(session);
            if bool::from(given.as_bytes().ct_eq(self.session.as_bytes())) {
                return Ok(granted);
            }
        }
        let Some(given) = bearer(request.headers()) else {
            return Err(Problem::unauthorized(
                "send the header 'Authorization: Bearer TOKEN'; the token lies in the file \
                 'token' of the server's data directory",
            ));
        };
        let given = blake3::hash(given);
        if bool::from(given.as_bytes().ct_eq(self.token.as_bytes())) {
            return Ok(granted);
        }
        Err(Problem::unauthorized(
            "this is not the token of this server; it lies in the file 'token' of its data \
             directory",
        ))
    }

    /// Against DNS rebinding: a page's own name that was made to point here is not ours.
    fn check_place<B>(&self, request: &Request<B>) -> std::result::Result<(), Problem> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next().and_then(|h| h.to_str().ok()), hosts.next()) else {
            return Err(Problem::malformed("a request has one Host header"));
        };
        if self.loopback && !is_local(host) {
            return Err(Problem::forbidden(format!(
                "this server is asked as {host:?} but listens on loopback only; ask it by \
                 localhost or by its address"
            )));
        }
        let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
        let ours = origin.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, at)| at);
        if ours.is_some_and(|at| at.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "a page of {origin:?} may not speak to this server; pages of other places can't"
        )))
    }
}

/// What the cookie holds: not the token, since cookies go to every port of a host.
fn session_of(token: &str) -> String {
    blake3::Hash::from(blake3::derive_key("heraclitus 2026 page session", token.as_bytes()))
        .to_hex()
        .to_string()
}

fn cookie(headers: &HeaderMap) -> Option<&[u8]> {
    let pairs = headers.get_all(axum::http::header::COOKIE).iter();
    pairs.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value.as_bytes())
    })
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// True for `localhost` and for literal addresses: nobody can make a name of these.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// The token in a file; made there when there is none.
pub(crate) fn token(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_open(path);
            let token = text.trim();
            let fine =
                token.len() >= TOKEN_BYTES_MIN && token.bytes().all(|b| b.is_ascii_graphic());
            fine.then(|| token.to_owned()).ok_or_else(|| {
                Error::invalid(format!(
                    "{} must hold a token of at least {TOKEN_BYTES_MIN} visible ASCII characters; \
                     remove the file and a new one is made",
                    path.display()
                ))
            })
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => make_token(path),
        Err(e) => Err(Error::io(format!("reading the token {}", path.display()), e)),
    }
}

fn warn_if_open(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |m| m.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        eprintln!(
            "warning: others on this machine may read the token {} (mode {mode:o}); chmod 600 it",
            path.display()
        );
    }
}

fn make_token(path: &Path) -> Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
    })?;
    let token = format!("her_{}", blake3::Hash::from(bytes).to_hex());
    let io = |e| Error::io(format!("writing the token {}", path.display()), e);
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file: File = open.map_err(io)?;
    file.write_all(format!("{token}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(loopback: bool, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let door = Door::new("her_0123456789abcdef", loopback);
        door.check(&request).map_or_else(|p| p.status.as_u16(), |_| 200)
    }

    #[test]
    fn only_the_token_opens() {
        let host = ("host", "localhost:7400");
        let check = |auth: &str, status| {
            assert_eq!(said(true, "/v1/x", &[host, ("authorization", auth)]), status, "{auth}");
        };
        check("Bearer her_0123456789abcdef", 200);
        check("bearer her_0123456789abcdef", 200);
        check("Bearer her_0123456789abcdeg", 401);
        check("Bearer her_0123456789abcde", 401);
        check("Bearer ", 401);
        check("Basic her_0123456789abcdef", 401);
        check("x", 401);
        assert_eq!(said(true, "/v1/x", &[host]), 401);
        for open in ["/livez", "/readyz", "/docs"] {
            assert_eq!(said(true, open, &[host]), 200);
        }
    }

    #[test]
    fn the_cookie_of_the_page_opens_and_is_not_the_token() {
        let door = Door::new("her_0123456789abcdef", true);
        assert_eq!(door.session("her_0123456789abcdeg"), None);
        let cookie = door.session("her_0123456789abcdef").unwrap();
        assert!(!cookie.contains("0123456789abcdef"));
        let host = ("host", "localhost:7400");
        let with = |cookie: &str| said(true, "/ui", &[host, ("cookie", cookie)]);
        assert_eq!(with(&format!("theme=dark; {cookie}")), 200);
        assert_eq!(with("her_session=her_0123456789abcdef"), 401);
        assert_eq!(with("her_session="), 401);
    }

    #[test]
    fn names_that_point_here_are_refused() {
        let check = |loopback, host: &str, origin: Option<&str>, status| {
            let mut headers = vec![("host", host)];
            headers.extend(origin.map(|o| ("origin", o)));
            assert_eq!(said(loopback, "/livez", &headers), status, "{host} {origin:?}");
        };
        check(true, "127.0.0.1:7400", None, 200);
        check(true, "[::1]:7400", None, 200);
        check(true, "localhost", None, 200);
        check(true, "evil.example:7400", None, 403);
        check(true, "127.0.0.1.evil.example", None, 403);
        check(false, "her.example", None, 200);
        check(true, "localhost:7400", Some("http://localhost:7400"), 200);
        check(true, "localhost:7400", Some("http://evil.example"), 403);
        check(true, "localhost:7400", Some("null"), 403);
        check(false, "her.example", Some("https://evil.example"), 403);
        assert_eq!(said(true, "/livez", &[]), 400);
        assert_eq!(said(true, "/livez", &[("host", "localhost"), ("host", "localhost")]), 400);
    }

    #[test]
    fn a_token_is_made_once_and_read_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let made = token(&path).unwrap();
        assert_eq!((made.len(), token(&path).unwrap()), (4 + 64, made));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(token(&path).unwrap_err().message.contains("at least 20"));
    }
}
