//! The guide to gates does what it says: its files are written, its commands run in order by the
//! real binary, and what it shows as text is what they print.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

mod support;
use support::{Place, Ran, Serving, blocks, events};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/gates.md");

/// Runs a line of the guide. What takes a second or two to come to be is asked for again.
fn run(place: &Place, line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_her"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let mut last = None;
    for _ in 0..100 {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(place.dir.path()).stdin(Stdio::null());
        command.env("HER_DATA_DIR", place.data()).env("PATH", &path).env_remove("HER_TOKEN");
        let ran = Ran::of(&command.output().unwrap());
        if ran.code == 0 {
            return ran.out;
        }
        last = Some(ran);
        std::thread::sleep(Duration::from_millis(200));
    }
    let ran = last.unwrap();
    panic!("{line}: {}\n{}{}", ran.code, ran.out, ran.err);
}

#[test]
fn the_guide_to_gates_does_what_it_says() {
    let guide = std::fs::read_to_string(GUIDE).unwrap();
    let place = Place::new();
    place.write("events.ndjson", &events(0, 200));
    let mut serving = None;
    let (mut printed, mut compared, mut commands) = (String::new(), 0, 0);
    for (kind, text) in blocks(&guide) {
        match kind.split_once(' ').unwrap_or((&kind, "")) {
            ("toml", file) => drop(place.write(file, &text)),
            ("sh", _) if text == "her serve\n" => serving = Some(Serving::over(&place)),
            ("sh", _) => {
                for line in text.lines() {
                    printed = run(&place, line);
                    commands += 1;
                }
            }
            ("text", _) => {
                assert_eq!(printed, text);
                compared += 1;
            }
            _ => {}
        }
    }
    assert_eq!((compared, commands), (2, 9));
    // What it only shows is like what is printed.
    for wanted in ["copy (ask): DONE: it was done", "departure (dry-run): CONDITION_FALSE"] {
        run(&place, &format!("her gate explain samantha | grep '{wanted}'"));
    }
    serving.unwrap().end();
}
