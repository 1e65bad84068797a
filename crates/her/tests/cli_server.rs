//! The same verbs against a running server: found by itself where it holds the data directory,
//! or by --url.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use serde_json::json;

mod support;
use support::{LINEAR, Place, Serving, events, str_of};

#[test]
fn every_verb_speaks_to_the_server_that_has_the_directory() {
    let place = Place::new();
    let serving = Serving::over(&place);
    place.run(&["new", "eve", "--spec", LINEAR]).ok();
    let file = place.write("some.ndjson", &events(0, 5000));
    let args = ["learn", "eve", str_of(&file), "--client", "import", "--json"];
    let learned = place.run(&args).ok().json();
    assert_eq!((&learned["events"], &learned["version"]), (&json!(5000), &json!(5001)));
    let again = place.run(&args).ok().json();
    assert_eq!((&again["events"], &again["duplicates"]), (&json!(0), &json!(5000)));

    let answer = place.run(&["ask", "eve", r#"{"a": 100}"#, "--json"]).ok().json();
    assert_eq!((&answer["version"], &answer["prediction"]["label"]), (&json!(5001), &json!(true)));
    let past = place.run(&["ask", "eve", r#"{"a": 100}"#, "--at", "1", "--json"]).ok().json();
    assert_eq!(past["prediction"]["proba"]["true"], 0.5);
    place.run(&["ask", "eve", r#"{"a": 1}"#, "--id", "k"]).ok();
    place.run(&["label", "eve", "k", "true"]).ok();
    let newest = place.run(&["log", "eve", "--from", "-2", "--json"]).ok().lines();
    assert_eq!((&newest[0]["event"], &newest[1]["event"]), (&json!("predict"), &json!("label")));
    assert_eq!(place.run(&["log", "eve", "--json"]).ok().lines().len(), 5003);

    place.run(&["tag", "eve", "here", "--at", "100"]).ok();
    place.run(&["diff", "eve", "10", "100"]).ok();
    place.run(&["rewind", "eve", "100", "--dry-run"]).ok();
    assert_eq!(place.run(&["rewind", "eve", "100", "--json"]).ok().json()["version"], 101);
    place.run(&["fork", "eve", "adam"]).ok();
    place.run(&["snapshot", "adam"]).ok();
    assert_eq!(place.run(&["verify", "--json"]).ok().lines().len(), 2);
    place.run(&["freeze", "eve"]).ok();
    assert_eq!(place.run(&["show", "eve", "--json"]).ok().json()["frozen"], true);
    let doctor = place.run(&["doctor", "--json"]).ok().json();
    assert_eq!((&doctor["in_use"], &doctor["server"]["answers"]), (&json!(true), &json!(true)));
    serving.end();
    assert_eq!(place.run(&["list", "--json"]).ok().lines().len(), 2, "and without it");
}

#[test]
fn errors_keep_their_codes_over_the_network() {
    let place = Place::new();
    let _serving = Serving::over(&place);
    place.born("eve");
    place.run(&["show", "adam"]).fails(3, "adam");
    place.run(&["new", "eve", "--spec", LINEAR]).fails(1, "exists already");
    place.run(&["ask", "eve", r#"{"a": "text"}"#]).fails(7, "text");
    place.run(&["label", "eve", "never", "true"]).fails(3, "never");
    let text = events(0, 3) + "{\"x\":{\"a\":\"text\"},\"y\":true}\n" + &events(3, 5);
    let ran = place.feed(&["learn", "eve", "--json"], &text).fails(7, "1 of 6 records");
    assert_eq!(ran.json()["events"], 5);
    assert!(ran.err.contains("refused: line 4: "), "{}", ran.err);
    place.run(&["freeze", "eve"]).ok();
    place.run(&["ask", "eve", "{}", "--id", "k"]).fails(5, "frozen");
    place.run(&["demo", "--synthetic"]).fails(6, "in use by another process");

    let note = std::fs::read_to_string(place.data().join("server.json")).unwrap();
    let note: serde_json::Value = serde_json::from_str(&note).unwrap();
    let url = note["url"].as_str().unwrap();
    let wrong = place.write("wrong", "not the token\n");
    let elsewhere = Place::new();
    elsewhere.run(&["list", "--url", url]).fails(4, "hint: give the server's token");
    elsewhere.run(&["list", "--url", url, "--token-file", str_of(&wrong)]).fails(4, "token");
    let token = place.data().join("token");
    elsewhere.run(&["list", "--url", url, "--token-file", str_of(&token)]).ok();
}
