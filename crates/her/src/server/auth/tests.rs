//! The door alone, without a socket.

use super::*;
use crate::config::{Flags, Settings};
use crate::locks::keyring::make;
use crate::locks::token::{Quota, Wish, wish};

const FIRST: &str = "her_0123456789abcdef";

fn limits() -> Limits {
    Settings::load(&Flags::default(), &|_| None, &[]).unwrap().limits
}

fn visit() -> Visit {
    Visit { from: IpAddr::from([127, 0, 0, 1]), now_ms: 1_000 }
}

fn door(dir: &Path, loopback: bool) -> Door {
    Door::open(dir, FIRST, (loopback, false), &limits()).unwrap()
}

fn ask(door: &Door, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).unwrap();
    door.check(&request, visit()).map_or_else(|p| p.status.as_u16(), |_| 200)
}

fn said(loopback: bool, path: &str, headers: &[(&str, &str)]) -> u16 {
    let dir = tempfile::tempdir().unwrap();
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).unwrap();
    let door = door(dir.path(), loopback);
    door.check(&request, visit()).map_or_else(|p| p.status.as_u16(), |_| 200)
}

#[test]
fn only_the_token_opens() {
    let host = ("host", "localhost:7400");
    let check = |auth: &str, status| {
        let said = said(true, "/v1/identities", &[host, ("authorization", auth)]);
        assert_eq!(said, status, "{auth}");
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
fn a_cookie_reads_and_writes_only_from_our_own_page() {
    let dir = tempfile::tempdir().unwrap();
    let (token, text) = make(dir.path(), &wish(&["read", "learn"], &["a*"]), 1).unwrap();
    let door = door(dir.path(), true);
    let cookie = format!("x=1; {SESSION}={}; y=2", session::seal(&door.ring, &token, 1));
    let with = ("cookie", cookie.as_str());
    assert!(!cookie.contains(&text[13..]), "the token is not in the cookie");
    let learn = "/v1/identities/abe/learn";
    assert_eq!(ask(&door, "GET", "/v1/identities/abe", &[with]), 200);
    assert_eq!(ask(&door, "GET", "/v1/identities/bob", &[with]), 403);
    assert_eq!(ask(&door, "POST", learn, &[with]), 403);
    assert_eq!(ask(&door, "POST", learn, &[with, ("origin", "http://localhost")]), 200);
    assert_eq!(ask(&door, "POST", learn, &[with, ("origin", "http://evil.example")]), 403);
    let socket = [with, ("upgrade", "websocket")];
    assert_eq!(ask(&door, "GET", "/v1/identities/abe", &socket), 403);
    assert_eq!(ask(&door, "GET", "/v1/identities/abe", &[("cookie", "her_session=a.9.b")]), 401);
    let raw = format!("{SESSION}={text}");
    assert_eq!(ask(&door, "GET", "/v1/identities/abe", &[("cookie", &raw)]), 401);
}

#[test]
fn who_is_refused_too_often_waits_and_who_has_a_token_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut limits = limits();
    limits.refused_per_min = 3;
    let door = Door::open(dir.path(), FIRST, (true, false), &limits).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&door, "GET", "/v1/identities", &[]), 401);
    }
    assert_eq!(ask(&door, "GET", "/v1/identities", &[]), 429);
    let right = [("authorization", "Bearer her_0123456789abcdef")];
    assert_eq!(ask(&door, "GET", "/v1/identities", &right), 200);
}

#[test]
fn a_quota_is_of_its_token() {
    let dir = tempfile::tempdir().unwrap();
    let quota = Quota {
        requests_per_s: Some(2),
        updates_per_s: Some(1),
        identities_max: Some(2),
        ..Quota::default()
    };
    let wish = Wish { quota, ..wish(&["read"], &["a*"]) };
    let (token, text) = make(dir.path(), &wish, 1).unwrap();
    let door = door(dir.path(), true);
    let auth = format!("Bearer {text}");
    let asked: Vec<u16> =
        (0..3).map(|_| ask(&door, "GET", "/v1/identities", &[("authorization", &auth)])).collect();
    assert_eq!(asked, [200, 200, 429]);
    let token = Arc::new(token);
    assert!(door.updates(Some(&token)).is_ok());
    assert_eq!(door.updates(Some(&token)).unwrap_err().kind, "rate");
    assert!(door.updates(None).is_ok());
    let names = |n: &[&str]| n.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(door.room(Some(&token), &names(&["a1", "b1", "b2"])).is_ok());
    assert!(door.room(Some(&token), &names(&["a1", "a2", "b2"])).is_err());
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
