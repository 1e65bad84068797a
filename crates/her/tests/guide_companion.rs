//! The guide to a companion does what it says, with the real base: its files are written, its
//! commands run in order by the real binary, and it says what the guide says that it says.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::Path;
use std::process::{Command, Stdio};

mod support;
use support::{Place, Ran, blocks};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/companion.md");
const BASE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

fn run(place: &Place, line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_her"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(place.dir.path()).stdin(Stdio::null());
    command.env("HER_DATA_DIR", place.data()).env("PATH", &path).env_remove("HER_TOKEN");
    Ran::of(&command.output().unwrap()).ok().out
}

#[test]
fn the_guide_to_a_companion_does_what_it_says() {
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/data/language/");
    let base = Path::new(base).join(BASE);
    assert!(base.exists(), "{} is missing: run `cargo xtask data`", base.display());
    let guide = std::fs::read_to_string(GUIDE).unwrap();
    let place = Place::new();
    std::os::unix::fs::symlink(base.canonicalize().unwrap(), place.path(BASE)).unwrap();
    let (mut printed, mut compared, mut commands) = (String::new(), 0, 0);
    for (kind, text) in blocks(&guide) {
        match kind.split_once(' ').unwrap_or((&kind, "")) {
            ("toml" | "ndjson", file) => drop(place.write(file, &text)),
            ("sh", _) => {
                for line in text.lines() {
                    printed = run(&place, line);
                    commands += 1;
                }
            }
            ("says", not) => {
                assert_eq!(printed.contains(text.trim()), not.is_empty(), "{text}: {printed}");
                compared += 1;
            }
            _ => {}
        }
    }
    assert_eq!((compared, commands), (3, 11));
    assert!(printed.contains("true"), "urgent: {printed}");
}
