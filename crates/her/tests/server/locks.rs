//! Tokens, sessions, the audit log: made, used and ended beside a running server.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{PATIENCE, Running, line};

/// Runs `her` over the data directory of a server; what it says.
pub fn her(r: &Running, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
    command.args(args).arg("--data-dir").arg(r.dir.path()).current_dir(r.dir.path());
    for variable in ["HER_TOKEN", "HER_URL", "HER_CONFIG", "HER_CA"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// The text of a new token.
pub fn made(r: &Running, args: &[&str]) -> String {
    let (code, out, err) = her(r, &[&["token", "new"], args].concat());
    assert_eq!(code, 0, "{err}");
    out.trim().to_owned()
}

pub fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

/// The status of a request by another token.
pub fn by(r: &Running, token: &str, method: &str, path: &str, body: &Value) -> super::client::Said {
    let mut wire = r.connect();
    let body = body.to_string();
    wire.send(&format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        r.addr,
        body.len()
    ));
    wire.said()
}

/// Asks until a status comes: servers look at their tokens twice a second.
pub fn until(r: &Running, token: &str, status: u16) {
    let pause = Duration::from_millis(50);
    let mut left = PATIENCE.as_millis() / pause.as_millis();
    while by(r, token, "GET", "/v1/identities", &json!({})).status != status {
        assert!(left > 0, "{status} never came");
        left -= 1;
        std::thread::sleep(pause);
    }
}

#[test]
fn a_token_is_made_and_ended_while_the_server_runs() {
    let r = Running::with_sam(&[]);
    let token = made(&r, &["--scope", "read,learn", "--identity", "s*", "--note", "a test"]);
    until(&r, &token, 200);
    let learned = by(&r, &token, "POST", "/v1/identities/sam/learn", &super::client::event(1));
    assert_eq!(learned.status, 200, "{}", learned.text());
    let asked = by(&r, &token, "POST", "/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    asked.refused(403, "denied", "may learn, read; this wants predict");

    let file = std::fs::read_to_string(r.dir.path().join("tokens.json")).unwrap();
    assert!(!file.contains(token.split('_').nth(2).unwrap()), "only a hash is kept");
    let (_, list, _) = her(&r, &["token", "list", "--json"]);
    let told: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&told["id"], &told["note"]), (&json!(id(&token)), &json!("a test")));
    assert!(told.get("hash").is_none());

    // A stream that is open ends with its token, too.
    let mut tail = r.connect();
    tail.send(&format!(
        "GET /v1/identities/sam/events HTTP/1.1\r\nhost: {}\r\n\
         authorization: Bearer {token}\r\n\r\n",
        r.addr
    ));
    assert_eq!(tail.answer().status, 200);
    let (code, _, err) = her(&r, &["token", "revoke", id(&token)]);
    assert_eq!(code, 0, "{err}");
    assert!(tail.is_cut());
    until(&r, &token, 401);
    assert_eq!(her(&r, &["token", "revoke", id(&token)]).0, 3);
    assert_eq!(her(&r, &["token", "revoke", "first"]).0, 7);
    assert_eq!(her(&r, &["token", "new", "--scope", "all"]).0, 7);
    r.stop();
}

#[test]
fn nobody_hears_of_identities_that_are_not_theirs() {
    let r = Running::with_sam(&[]);
    assert_eq!(r.put("/v1/identities/eve", &json!("LinearRegression")).status, 201);
    let token = made(&r, &["--scope", "admin", "--identity", "e*"]);
    until(&r, &token, 200);
    let list = by(&r, &token, "GET", "/v1/identities", &json!({})).json();
    assert_eq!(list["identities"].as_array().unwrap().len(), 1);
    assert_eq!(list["identities"][0]["name"], "eve");
    by(&r, &token, "GET", "/v1/identities/sam", &json!({})).refused(403, "denied", "\"sam\"");
    by(&r, &token, "GET", "/v1/identities/s%61m", &json!({})).refused(403, "denied", "\"sam\"");
    by(&r, &token, "GET", "/v1/identities/nobody", &json!({})).refused(403, "denied", "nobody");
    let fork = json!({"name": "sam2"});
    by(&r, &token, "POST", "/v1/identities/eve/fork", &fork).refused(403, "denied", "sam2");
    let fork = json!({"name": "eve2"});
    assert_eq!(by(&r, &token, "POST", "/v1/identities/eve/fork", &fork).status, 201);
    by(&r, &token, "GET", "/v1/audit", &json!({})).refused(403, "denied", "all identities");
}

#[test]
fn a_quota_holds_for_identities_requests_and_streams() {
    let r = Running::with_sam(&[]);
    let few = made(&r, &["--scope", "admin", "--identity", "e*", "--identities-max", "1"]);
    let slow = made(&r, &["--scope", "read", "--requests-per-s", "1"]);
    let steady = made(&r, &["--scope", "learn", "--updates-per-s", "50"]);
    until(&r, &steady, 403);
    let spec = json!("LinearRegression");
    assert_eq!(by(&r, &few, "PUT", "/v1/identities/eve", &spec).status, 201);
    by(&r, &few, "PUT", "/v1/identities/eva", &spec).refused(403, "quota", "may have 1");

    let twice: Vec<_> =
        (0..4).map(|_| by(&r, &slow, "GET", "/v1/identities/sam", &json!({}))).collect();
    let refused = twice.iter().find(|said| said.status == 429).expect("one comes too soon");
    refused.refused(429, "rate", "1 requests a second");
    assert_eq!(refused.header("retry-after"), Some("1"));

    // A stream waits instead, and nothing of it is lost.
    let body: String = (0..120).map(line).collect();
    let mut wire = r.connect();
    wire.send(&format!(
        "POST /v1/identities/sam/learn HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {steady}\r\n\
         content-type: application/x-ndjson\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        r.addr,
        body.len()
    ));
    let said = wire.said();
    assert_eq!(said.lines().len(), 120);
    assert!(said.lines().iter().all(|line| line["version"].is_u64()), "{}", said.text());
    let event = super::client::event(1);
    by(&r, &steady, "POST", "/v1/identities/sam/learn", &event).refused(429, "rate", "50 events");
}

#[test]
fn what_was_done_is_told_with_who_did_it() {
    let r = Running::with_sam(&[]);
    let token = made(&r, &["--scope", "admin"]);
    until(&r, &token, 200);
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    let ask = |path: &str, body: Value| by(&r, &token, "POST", path, &body).status;
    assert_eq!(ask("/v1/identities/sam/tag", json!({"tag": "good", "version": 5})), 200);
    assert_eq!(ask("/v1/identities/sam/fork", json!({"name": "eve", "version": 7})), 201);
    assert_eq!(ask("/v1/identities/sam/rewind", json!({"version": 3})), 200);
    assert_eq!(ask("/v1/identities/sam/rewind", json!({"version": 99})), 404);
    assert_eq!(ask("/v1/identities/sam/freeze", json!({})), 200);
    let (who, first) = (id(&token).to_owned(), "first".to_owned());
    let told: Vec<Value> = r.get("/v1/audit").json()["records"].as_array().unwrap().clone();
    let brief: Vec<_> = told
        .iter()
        .map(|t| {
            let text = |key: &str| t[key].as_str().unwrap_or("").to_owned();
            (text("by"), text("what"), t["before"].as_u64(), t["after"].as_u64(), text("outcome"))
        })
        .collect();
    let row = |by: &String, what: &str, before, after, outcome: &str| {
        (by.clone(), what.to_owned(), before, after, outcome.to_owned())
    };
    assert_eq!(
        brief,
        [
            row(&first, "create", None, Some(1), "done"),
            row(&"local".to_owned(), "token new", None, None, "done"),
            row(&who, "tag", Some(21), Some(5), "done"),
            row(&who, "fork", Some(21), Some(8), "done"),
            row(&who, "rewind", Some(21), Some(4), "done"),
            row(&who, "rewind", Some(4), None, "refused 404"),
            row(&who, "freeze", Some(4), Some(5), "done"),
        ]
    );
    assert_eq!(told[3]["note"], "new identity eve");
    assert_eq!(told[2]["from"], "127.0.0.1");
    let some = r.get("/v1/audit?from=3&limit=2").json();
    assert_eq!((&some["records"][0]["n"], &some["records"][1]["n"]), (&json!(3), &json!(4)));
    by(&r, "her_wrong", "GET", "/v1/identities", &json!({})).refused(401, "unauthorized", "token");
    let dir = r.stop();
    let text = std::fs::read_to_string(dir.path().join("audit.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 8, "who was refused is written down at the end: {text}");
    assert!(text.lines().last().unwrap().contains("\"what\":\"refused\""));
}

#[test]
fn whoever_changes_the_audit_log_is_found_out() {
    let r = Running::with_sam(&[]);
    for tag in ["a", "b", "c"] {
        r.post("/v1/identities/sam/tag", &json!({"tag": tag}));
    }
    let verify = |args: &[&str]| her(&r, &[&["audit", "verify", "--json"], args].concat());
    let (code, out, _) = verify(&[]);
    let fine: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &fine["verified"], &fine["records"]), (0, &json!(true), &json!(4)));
    let noted = fine["head"].as_str().unwrap().to_owned();
    assert_eq!(verify(&["--head", &noted]).0, 0);

    let path = r.dir.path().join("audit.ndjson");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let check = |planted: String, says: &str| {
        std::fs::write(&path, planted).unwrap();
        let (code, out, err) = verify(&[]);
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains(says), "{says:?} is not in {out}");
    };
    check(text.replace("\"tag b\"", "\"tag x\""), "record 3 was changed");
    check([lines[0], lines[1], lines[3]].concat(), "record 4 follows record 2");
    check(lines[..3].concat(), "record 4 was written");
    check(text[..text.len() - 10].to_owned(), "breaks off");
    check([lines[0], lines[2], lines[1], lines[3]].concat(), "record 3 follows record 1");
    check(format!("{text}{}", lines[3]), "record 4 follows record 4");
    std::fs::write(&path, &text).unwrap();
    assert_eq!(verify(&["--head", &noted]).0, 0);
    // Log and head thrown away together are told by a head that was noted elsewhere.
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(r.dir.path().join("audit.head")).unwrap();
    assert_eq!(verify(&[]).0, 0);
    assert_eq!(verify(&["--head", &noted]).0, 1);
}
