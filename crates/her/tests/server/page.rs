//! The page without a browser: who may come in, what is sent, and what changes something. What a
//! person sees is tested in `tests/page`.

use serde_json::json;

use super::client::{Running, Said, line};

const FORM: &str = "application/x-www-form-urlencoded";

/// A request as a browser makes it, with a cookie instead of the token.
fn browse(r: &Running, method: &str, path: &str, cookie: &str, form: &str) -> Said {
    let mut wire = r.connect();
    wire.send(&format!(
        "{method} {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncookie: {cookie}\r\n\
         content-type: {FORM}\r\nconnection: close\r\ncontent-length: {1}\r\n\r\n{form}",
        r.addr,
        form.len()
    ));
    wire.said()
}

#[test]
fn every_page_is_html_of_its_own() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..100).map(line).collect::<String>());
    for path in [
        "/ui",
        "/ui/peers",
        "/ui/legacy",
        "/ui/system",
        "/ui/audit",
        "/ui/login",
        "/ui/sam",
        "/ui/sam/now?at=50",
        "/ui/sam/memory?back=50",
        "/ui/sam/talk?x=%7B%22a%22%3A1%7D",
        "/ui/sam/channels",
        "/ui/sam/departure",
    ] {
        let said = r.get(path);
        assert_eq!(said.status, 200, "{path}: {}", said.text());
        assert_eq!(said.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        let policy = said.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = said.text();
        assert!(!text.contains("http://") && !text.contains(" style="), "{path}");
    }
    for path in ["/ui/nobody", "/ui/nobody/channels", "/ui/nobody/live", "/ui/sam/now?at=999"] {
        let said = r.get(path);
        assert_eq!(said.status, 404, "{path}");
        assert!(said.text().contains("<h1>"), "a person reads this too");
    }
    assert_eq!(r.get("/ui/sam/live?page=x").status, 400);
}

#[test]
fn the_token_is_traded_for_a_cookie() {
    let r = Running::with_sam(&[]);
    let outside = browse(&r, "GET", "/ui/sam/memory", "", "");
    assert_eq!(outside.status, 303);
    assert_eq!(outside.header("location"), Some("/ui/login?to=/ui/sam/memory"));
    assert_eq!(browse(&r, "POST", "/ui/login", "", "token=wrong&to=%2Fui").status, 401);

    let form = format!("token={}&to=%2Fui%2Fsam%2Fmemory", r.token);
    let inside = browse(&r, "POST", "/ui/login", "", &form);
    assert_eq!((inside.status, inside.header("location")), (303, Some("/ui/sam/memory")));
    let cookie = inside.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    assert!(!cookie.contains(&r.token));
    assert_eq!(browse(&r, "GET", "/ui/sam/memory", cookie, "").status, 200);
}

#[test]
fn a_rewind_from_the_page_is_a_form() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    assert_eq!(r.post("/ui/sam/rewind", &json!({"version": 5})).status, 415);
    assert_eq!(r.ask("POST", "/ui/sam/rewind", FORM, b"version=no").status, 400);
    assert_eq!(r.version(), 21);
    let done = r.ask("POST", "/ui/sam/rewind", FORM, b"version=5");
    assert_eq!((done.status, done.header("location")), (303, Some("/ui/sam/memory?done=5")));
    assert_eq!(r.version(), 6);
    let audit = r.get("/ui/audit").text();
    assert!(audit.contains("<td>ui_rewind (to version 5)</td>"), "{audit}");
    assert!(audit.contains("<td>21 → 6</td>"), "{audit}");
}

#[test]
fn an_open_page_gets_what_changed() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    wire.send(&format!("{}\r\n", r.head("GET", "/ui/sam/live?page=now")));
    let answer = wire.answer();
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let first = String::from_utf8(wire.piece()).unwrap();
    assert!(first.starts_with("event: fragment\ndata: now-state\n"), "{first}");
    r.lines("/v1/identities/sam/learn", &(0..30).map(line).collect::<String>());
    loop {
        let piece = String::from_utf8(wire.piece()).unwrap();
        if piece.contains("data-of=\"/version\">31</data>") {
            break;
        }
    }
    // What charts draw, as programs read it.
    let chart = r.get("/v1/identities/sam/chart?top=1").json();
    assert_eq!((&chart["version"], chart["weights"].as_array().unwrap().len()), (&json!(31), 1));
    assert_eq!(chart["loss"]["mean"].as_array().unwrap().len(), 30);
    r.stop();
}
