//! The guide to moving does what it says: its commands run in order by the real binary, between two
//! servers.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

#[path = "support/guided.rs"]
mod guided;
mod support;
use guided::{Servers, command};
use support::{Place, Ran, blocks, events};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/moving.md");

#[test]
fn the_guide_to_moving_does_what_it_says() {
    let mut guide = std::fs::read_to_string(GUIDE).unwrap();
    for port in ["7400", "7401", "7410", "7411"] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        guide = guide.replace(port, &free.to_string());
    }
    let place = Place::new();
    place.write("events.ndjson", &events(0, 200));
    let (mut servers, mut said, mut commands) = (Servers(Vec::new()), String::new(), 0);
    for (kind, text) in blocks(&guide) {
        if kind != "sh" {
            continue;
        }
        for line in text.lines() {
            commands += 1;
            if line.starts_with("her serve ") {
                let line = format!("exec {line}");
                let mut command = command(&place, &line);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                servers.0.push(command.spawn().unwrap());
                let dir = if line.contains(" there ") { "there" } else { "here" };
                let file = place.dir.path().join(dir).join("server.json");
                for _ in 0..500 {
                    if file.exists() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                continue;
            }
            let ran = Ran::of(&command(&place, line).output().unwrap());
            assert_eq!(ran.code, 0, "{line}: {}\n{}", ran.out, ran.err);
            said.push_str(&ran.out);
        }
    }
    assert_eq!(commands, 18);
    // Two departures, each compared bit for bit; the first left a copy behind.
    assert_eq!(said.matches("the same, bit for bit").count(), 2, "{said}");
    assert_eq!(said.matches("COMPLETED").count(), 3, "{said}");
    assert!(said.contains("samantha@201"), "{said}");
    assert!(place.dir.path().join("here/legacy").is_dir());
}
