//! The guide to two that learn from one another does what it says: its files are written, its
//! commands run in order by the real binary, between three servers, and it says what the guide says
//! that it says.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

#[path = "support/guided.rs"]
mod guided;
mod support;
use guided::{Servers, command};
use support::{Place, Ran, blocks};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/peers.md");

fn serve(place: &Place, servers: &mut Servers, line: &str) {
    let mut command = command(place, &format!("exec {line}"));
    servers.0.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let dir = line.split(' ').skip_while(|word| *word != "--data-dir").nth(1).unwrap();
    for _ in 0..500 {
        if place.path(dir).join("server.json").exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{line} did not start within 10 s");
}

#[test]
fn the_guide_to_peers_does_what_it_says() {
    let mut guide = std::fs::read_to_string(GUIDE).unwrap();
    for port in ["7400", "7401", "7410", "7411", "7420", "7421"] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        guide = guide.replace(port, &free.to_string());
    }
    let place = Place::new();
    let (mut servers, mut printed) = (Servers(Vec::new()), String::new());
    let (mut commands, mut compared) = (0, 0);
    for (kind, text) in blocks(&guide) {
        match kind.split_once(' ').unwrap_or((&kind, "")) {
            ("toml" | "ndjson", file) => drop(place.write(file, &text)),
            ("sh", _) => {
                for line in text.lines() {
                    commands += 1;
                    if line.starts_with("her serve ") {
                        serve(&place, &mut servers, line);
                        continue;
                    }
                    let ran = Ran::of(&command(&place, line).output().unwrap());
                    assert_eq!(ran.code, 0, "{line}: {}\n{}", ran.out, ran.err);
                    printed = ran.out;
                }
            }
            ("says", _) => {
                assert!(printed.contains(text.trim()), "{text}: {printed}");
                compared += 1;
            }
            other => panic!("{other:?} is not what this guide has"),
        }
    }
    assert_eq!((commands, compared), (38, 7));
    // What it says of the end: the forgotten word is as one that was never said.
    let said = |file: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(place.path(file)).unwrap()).unwrap()
    };
    assert_eq!(said("after")["prediction"]["proba"], said("unknown")["prediction"]["proba"]);
    assert!(said("after")["prediction"]["proba"].is_object(), "{}", said("after"));
}
