//! Tenants: how many bytes of state and of journal their identities may hold.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::client::{Running, event, line};
use super::locks::{by, made, until};
use super::person::until as until_true;

const TENANT: [&str; 4] = ["--scope", "read,learn,label,predict,admin", "--identity", "team-*"];

/// A token for the identities of a team, with one of them.
fn tenant(r: &Running, quota: &[&str]) -> String {
    let token = made(r, &[&TENANT[..], quota].concat());
    until(r, &token, 200);
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let made = by(r, &token, "PUT", "/v1/identities/team-a", &spec);
    assert_eq!(made.status, 201, "{}", made.text());
    token
}

fn learns(r: &Running, token: &str, i: u64) -> super::client::Said {
    by(r, token, "POST", "/v1/identities/team-a/learn", &event(i))
}

/// Asks until the answer has this status: a look takes place twice a second.
fn until_status(r: &Running, token: &str, status: u16) -> super::client::Said {
    let mut said = learns(r, token, 0);
    until_true("the status", || {
        said = learns(r, token, 0);
        said.status == status
    });
    said
}

#[test]
fn a_journal_has_its_quota_and_a_restart_counts_the_same() {
    let r = Running::with_sam(&[]);
    let token = tenant(&r, &["--journal-bytes", "64KiB"]);
    assert_eq!(learns(&r, &token, 1).status, 200);
    let many: String = (0..4_000).map(line).collect();
    assert_eq!(r.lines("/v1/identities/team-a/learn", &many).len(), 4_000);
    let told = until_status(&r, &token, 507);
    told.refused(507, "quota", "quota journal_bytes: the identities team-* hold ");
    told.refused(507, "quota", "may have 65536; nothing is deleted from a journal");
    let held = told.json()["detail"].as_str().unwrap().to_owned();

    // Everything that would add to it, by every door, and nothing else.
    let ask = |method: &str, path: &str, body: Value| by(&r, &token, method, path, &body);
    let key = json!({"x": {"a": 1}, "id": "k"});
    ask("POST", "/v1/identities/team-a/predict", key).refused(507, "quota", "journal_bytes");
    ask("PUT", "/v1/identities/team-b", json!("LinearRegression")).refused(507, "quota", "hold");
    let fork = json!({"name": "team-c"});
    ask("POST", "/v1/identities/team-a/fork", fork).refused(507, "quota", "hold");
    let tensors = json!({"inputs": [
        {"name": "a", "shape": [1], "datatype": "FP64", "data": [1.0]},
        {"name": "y", "shape": [1], "datatype": "BOOL", "data": [true]},
    ]});
    assert_eq!(ask("POST", "/v2/models/team-a/infer", tensors).status, 507);
    let asked = ask("POST", "/v1/identities/team-a/predict", json!({"x": {"a": 1}}));
    assert_eq!(asked.status, 200, "asking adds nothing");
    assert_eq!(ask("GET", "/v1/identities/team-a", json!({})).status, 200);
    let metrics = r.get("/metrics").text();
    assert!(metrics.contains("her_events_refused_total{reason=\"quota\"}"), "{metrics}");
    // Others are not held to it.
    assert_eq!(r.post("/v1/identities/sam/learn", &event(1)).status, 200);
    assert_eq!(r.post("/v1/identities/team-a/learn", &event(1)).status, 200);

    let r = Running::open(r.stop(), &[]);
    let told = until_status(&r, &token, 507).json()["detail"].as_str().unwrap().to_owned();
    let bytes = |detail: &str| -> u64 {
        let words: Vec<&str> = detail.split(' ').collect();
        words[words.iter().position(|w| *w == "hold").unwrap() + 1].parse().unwrap()
    };
    // One event more, and what this process wrote to own the identity.
    let more = bytes(&told) - bytes(&held);
    assert!((1..1_000).contains(&more), "{held}; {told}");
    r.stop();
}

#[test]
fn state_has_its_quota_and_a_rewind_makes_room() {
    let r = Running::with_sam(&[]);
    let token = tenant(&r, &["--memory-bytes", "48KiB"]);
    let mut grow = String::new();
    for i in 0..1_500 {
        let _ = writeln!(grow, "{{\"x\":{{\"name {i}\":{i},\"more {i}\":1}},\"y\":true}}");
    }
    assert_eq!(r.lines("/v1/identities/team-a/learn", &grow).len(), 1_500);
    let told = until_status(&r, &token, 507);
    told.refused(507, "quota", "quota memory_bytes: the identities team-* hold ");
    told.refused(507, "quota", "bytes of state");
    // A stream is refused line by line, and goes on once there is room.
    let mut wire = r.connect();
    let body: String = (0..3).map(line).collect();
    wire.send(&format!(
        "POST /v1/identities/team-a/learn HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n{body}",
        r.addr,
        body.len()
    ));
    let lines = wire.said().lines();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|l| l["error"]["kind"] == "quota"), "{lines:?}");
    let rewound = by(&r, &token, "POST", "/v1/identities/team-a/rewind", &json!({"version": 9}));
    assert_eq!(rewound.status, 200, "{}", rewound.text());
    until_status(&r, &token, 200);
    r.stop();
}
