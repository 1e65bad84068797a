//! Clients who stand still, and those who are too many.

use std::time::Duration;

use super::client::{Running, line};

#[test]
fn a_silent_connection_is_cut() {
    let r = Running::new(&["limits.header_timeout_s=1"]);
    assert!(r.connect().is_cut());
}

#[test]
fn a_dribbled_head_is_cut() {
    let r = Running::new(&["limits.header_timeout_s=1"]);
    let mut wire = r.connect();
    let head = r.head("GET", "/v1/identities");
    for byte in head.bytes().cycle().take(10_000) {
        use std::io::Write;
        if wire.stream().write_all(&[byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("a head may dribble for ever");
}

#[test]
fn a_connection_is_kept_between_requests_and_cut_when_idle() {
    let r = Running::new(&["limits.header_timeout_s=1", "limits.idle_timeout_s=3"]);
    let mut wire = r.connect();
    for _ in 0..2 {
        wire.send(&format!("{}\r\n", r.head("GET", "/v1/identities")));
        assert_eq!(wire.said().status, 200);
        std::thread::sleep(Duration::from_millis(1500));
    }
    assert!(wire.is_cut());
}

#[test]
fn a_second_head_that_dribbles_is_cut_too() {
    let r = Running::new(&["limits.header_timeout_s=1", "limits.idle_timeout_s=60"]);
    let mut wire = r.connect();
    wire.send(&format!("{}\r\n", r.head("GET", "/v1/identities")));
    assert_eq!(wire.said().status, 200);
    wire.send("GET /v1");
    assert!(wire.is_cut());
}

#[test]
fn a_body_that_stands_still_times_out() {
    let r = Running::with_sam(&["limits.idle_timeout_s=1"]);
    let mut wire = r.connect();
    let head = r.head("POST", "/v1/identities/sam/learn");
    wire.send(&format!("{head}content-type: application/json\r\ncontent-length: 10\r\n\r\n{{"));
    wire.said().refused(408, "timeout", "no byte of the body");

    let mut wire = r.connect();
    wire.send(&format!(
        "{head}content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{}",
        line(0)
    ));
    let said = wire.said();
    let lines = said.lines();
    assert_eq!((said.status, lines[0]["version"].as_u64()), (200, Some(2)));
    assert_eq!(lines[1]["error"]["kind"], "timeout");
}

#[test]
fn connections_are_capped_and_come_free_again() {
    let r = Running::with_sam(&["limits.connections_per_ip=3"]);
    // The connection that made the identity counts until the server has seen its end.
    let held: Vec<_> = (0..3)
        .map(|_| {
            loop {
                let mut wire = r.connect();
                wire.send(&format!("{}\r\n", r.head("GET", "/livez")));
                match wire.said().status {
                    200 => break wire,
                    status => assert_eq!(status, 503),
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        })
        .collect();
    r.connect().said().refused(503, "busy", "too many connections");
    drop(held);
    // A connection is free again once the server has seen its end.
    let text = loop {
        let said = r.get("/metrics");
        if said.status == 200 {
            break said.text();
        }
        assert_eq!(said.status, 503);
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(
        text.contains("her_connections_refused_total{reason=\"connections_per_ip\"}"),
        "{text}"
    );
}

#[test]
fn who_takes_no_answer_is_cut() {
    use std::io::Write;
    let r = Running::with_sam(&["limits.idle_timeout_s=1"]);
    let mut deaf = r.connect();
    let head = r.head("POST", "/v1/identities/sam/learn");
    deaf.send(&format!(
        "{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    let text: String = (0..400).map(line).collect();
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    // Writes until the server has stopped reading and then has cut the connection.
    while deaf.stream().write_all(chunk.as_bytes()).is_ok() {}
    assert_eq!(r.lines("/v1/identities/sam/learn", &line(0)).len(), 1);
}
