//! Stopping and going on: nothing that was acknowledged is lost, nothing counts twice.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

mod support;
use support::{Place, Ran, events, signal, str_of};

#[test]
fn a_second_demo_continues() {
    let place = Place::new();
    let first = place.run(&["demo", "--synthetic", "--events", "3000", "--json"]).ok().json();
    assert_eq!((&first["events"], &first["version"]), (&json!(3000), &json!(3001)));
    assert_eq!(first["synthetic"], true);
    let second = place.run(&["demo", "--synthetic", "--events", "2000"]).ok();
    assert!(second.err.contains("synthetic"), "{}", second.err);
    assert!(second.err.contains("continues at version 3,001: nothing was lost"), "{}", second.err);
    assert!(second.out.contains("5,001") && second.out.contains("journal"), "{}", second.out);

    let other = Place::new();
    other.run(&["demo", "--synthetic", "--events", "5000"]).ok();
    let weights =
        |p: &Place| p.run(&["show", "river", "--json"]).ok().json()["top_weights"].clone();
    assert_eq!(weights(&place), weights(&other), "two runs are one stream");
}

#[test]
fn a_demo_of_files_goes_on_within_them() {
    let place = Place::new();
    std::fs::create_dir(place.path("streams")).unwrap();
    let tweet = |i| json!({"x": {"text": format!("word{i} and more")}, "y": i > 3}).to_string();
    let tweets = (0..30).map(|i| tweet(i % 7)).collect::<Vec<_>>().join("\n");
    place.write("streams/tweets.ndjson", &tweets);
    place.write("streams/phishing.ndjson", &events(0, 20));
    let run =
        |n: &str| place.run(&["demo", "--data", "streams", "--events", n, "--json"]).ok().lines();
    let learned = |lines: &[serde_json::Value]| -> Vec<_> {
        lines.iter().map(|l| l["learned"].as_u64().unwrap()).collect()
    };
    assert_eq!(learned(&run("12")), [12, 12]);
    // To the end of each file, and then from its beginning again.
    let rest = place.run(&["demo", "--data", "streams", "--json"]).ok().lines();
    assert_eq!(learned(&rest), [30, 20]);
    assert_eq!(learned(&run("25")), [55, 45]);
    let log = place.run(&["log", "phishing", "--json"]).ok().lines();
    let file: Vec<serde_json::Value> =
        events(0, 20).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for (i, line) in log[1..].iter().enumerate() {
        for key in ["a", "b"] {
            let (is, was) = (&line["x"][key], &file[i % 20]["x"][key]);
            assert_eq!(is.as_f64(), was.as_f64(), "event {i}");
        }
    }
}

#[test]
fn ctrl_c_in_a_demo_loses_nothing() {
    let place = Place::new();
    let mut command = place.command(&["demo", "--synthetic", "--events", "50000000", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    signal(&child, "INT");
    let ran = Ran::of(&child.wait_with_output().unwrap());
    let told = ran.json();
    let ran = ran.fails(130, "goes on from there");
    assert!(told["interrupted"] == true && told["events"].as_u64() > Some(0), "{}", ran.err);
    let shown = place.run(&["show", "river", "--json"]).ok().json();
    assert_eq!(shown["version"], told["version"]);
    place.run(&["verify", "river"]).ok();
}

#[test]
fn ctrl_c_while_learning_keeps_what_was_acknowledged() {
    let place = Place::new();
    place.born("eve");
    let args = ["learn", "eve", "-", "--format", "ndjson", "--json", "--client", "import"];
    let mut command = place.command(&args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(events(0, 3000).as_bytes()).unwrap();
    pipe.flush().unwrap();
    // The pipe stays open: only the signal can end it.
    std::thread::sleep(Duration::from_millis(1500));
    signal(&child, "INT");
    let ran = Ran::of(&child.wait_with_output().unwrap());
    drop(pipe);
    let told = ran.json();
    ran.fails(130, "events are learned and durable");
    let learned = told["events"].as_u64().unwrap();
    assert_eq!(learned, 3000, "all lines were there for more than a second");
    let shown = place.run(&["show", "eve", "--json"]).ok().json();
    assert_eq!((&shown["version"], &shown["figures"]["learned"]), (&told["version"], &json!(3000)));

    // The same lines again and more: each line is learned once.
    let all = place.write("all.ndjson", &events(0, 4000));
    let again =
        place.run(&["learn", "eve", str_of(&all), "--client", "import", "--json"]).ok().json();
    assert_eq!((&again["events"], &again["duplicates"]), (&json!(1000), &json!(3000)));
    let shown = place.run(&["show", "eve", "--json"]).ok().json();
    assert_eq!(shown["figures"]["learned"], 4000);
}
