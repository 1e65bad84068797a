//! Each class of error: its exit code, its sentence, and what it left untouched.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use serde_json::json;

mod support;
use support::{LINEAR, Place, events, str_of};

#[test]
fn usage_is_2() {
    let place = Place::new();
    assert_eq!(place.run(&[]).code, 2);
    place.run(&["lern", "eve"]).fails(2, "learn");
    place.run(&["learn", "eve", "--format", "xml"]).fails(2, "xml");
    place.run(&["rewind", "eve", "soon"]).fails(2, "soon");
}

#[test]
fn what_is_not_there_is_3() {
    let place = Place::new();
    let told = place.run(&["show", "eve"]).fails(3, "there is no identity named \"eve\"");
    assert!(told.out.is_empty() && told.err.starts_with("error: "), "{}", told.err);
    place.born("eve");
    place.run(&["rewind", "eve", "100"]).fails(3, "no version 100");
    place.run(&["ask", "eve", "{}", "--at", "9"]).fails(3, "no version 9");
    place.run(&["label", "eve", "never", "true"]).fails(3, "never");
    place.run(&["learn", "adam", "--format", "ndjson"]).fails(3, "adam");
    place.run(&["learn", "eve", "no-such.csv"]).fails(3, "no-such.csv");
    place.run(&["models", "LogisticRegresion"]).fails(3, "did you mean LogisticRegression?");
    place.run(&["demo"]).fails(3, "her demo --synthetic");
    let as_json = place.run(&["show", "adam", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&as_json.err).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
}

#[test]
fn frozen_is_5() {
    let place = Place::new();
    place.born("eve");
    place.run(&["freeze", "eve"]).ok();
    place.run(&["ask", "eve", "{}", "--id", "k"]).fails(5, "frozen");
    place.run(&["ask", "eve", r#"{"a": 1}"#]).ok();
}

#[test]
fn no_answer_is_6() {
    let place = Place::new();
    // A port that nobody listens on: it was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = place.run(&["list", "--url", &format!("http://{free}")]);
    told.fails(6, "gives no answer").fails(6, "hint: is `her serve` running");
}

#[test]
fn a_directory_in_use_is_6() {
    let place = Place::new();
    place.born("eve");
    let learner = |wait_ms| {
        let mut command = place.command(&["learn", "eve", "-", "--format", "ndjson"]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        let child = command.spawn().unwrap();
        // Whoever opens the directory first has it; the learner shall be that one.
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        child
    };
    let mut child = learner(300);
    let mut ran = place.run(&["list"]);
    for wait_ms in [1000, 3000, 9000] {
        if ran.code != 0 {
            break;
        }
        let _ = child.kill();
        child.wait().unwrap();
        child = learner(wait_ms);
        ran = place.run(&["list"]);
    }
    ran.fails(6, "in use by another process").fails(6, "hint: end the other process");
    let doctor = place.run(&["doctor", "--json"]).ok().json();
    assert_eq!(doctor["in_use"], true);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn rejected_data_is_7_and_changes_nothing() {
    let place = Place::new();
    place.born("eve");
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(0, 30)).ok();
    let state = || place.run(&["verify", "eve", "--json"]).ok().json()["state"].clone();
    let before = state();
    place.run(&["ask", "eve", "{"]).fails(7, "no JSON");
    place.run(&["ask", "eve", r#"{"a": [1]}"#]).fails(7, "\"a\"");
    place.run(&["ask", "eve", r#"{"a": "text"}"#]).fails(7, "text");
    place.run(&["new", "adam", "--spec", "[\"Nobody\"]"]).fails(7, "there is no estimator");
    place.run(&["new", "a/b", "--spec", LINEAR]).fails(7, "a/b");
    place.run(&["new", "eve", "--spec", LINEAR]).fails(1, "exists already");
    let nameless = place.write("nameless", "a,b\n");
    place.run(&["learn", "eve", str_of(&nameless)]).fails(7, "--format");
    let csv = place.write("some.csv", "a,b\n1,2\n");
    place.run(&["learn", "eve", str_of(&csv), "--target", "c"]).fails(7, "no column \"c\"");
    place.run(&["learn", "eve", str_of(&csv), "--format", "arrow"]).fails(7, "Arrow");
    assert_eq!(state(), before);
}

#[test]
fn refused_lines_are_told_with_their_numbers() {
    let place = Place::new();
    place.born("eve");
    let mut text = events(0, 5);
    text += "{\"x\":{\"a\":\n{\"x\":{\"a\":\"text\"},\"y\":true}\n{\"x\":{\"a\":1}}\n";
    text += &events(5, 10);
    let ran = place.feed(&["learn", "eve", "--format", "ndjson", "--json"], &text);
    assert_eq!(ran.json()["events"], 10);
    assert_eq!(ran.json()["refused"], 3);
    let ran = ran.fails(7, "3 of 13 records were refused");
    for line in ["refused: line 6, byte", "refused: line 7: ", "refused: line 8: "] {
        assert!(ran.err.contains(line), "{line:?} is not in {}", ran.err);
    }
    let many = "nonsense\n".repeat(50);
    let ran = place.feed(&["learn", "eve", "--format", "ndjson"], &many);
    assert_eq!(ran.err.matches("refused: line").count(), 10);
    let ran = ran.fails(7, "refused: 40 more");
    assert!(ran.out.contains("refused"), "{}", ran.out);
    let shown = place.run(&["show", "eve", "--json"]).ok().json();
    assert_eq!(shown["version"], json!(11));
}

#[test]
fn a_missing_token_is_4() {
    // A server that refuses everybody.
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let n = stream.read(&mut request).unwrap();
        let body = r#"{"title":"Unauthorized","status":401,"detail":"a token is required","kind":"invalid"}"#;
        let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json\r\nconnection: close\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        String::from_utf8_lossy(&request[..n]).into_owned()
    });
    let place = Place::new();
    let token = place.write("token", "secret\n");
    let ran = place.run(&["show", "eve", "--url", &url, "--token-file", str_of(&token)]);
    ran.fails(4, "a token is required").fails(4, "hint: give the server's token");
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /v1/identities/eve?top=10 "), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer secret"), "{request}");
}
