//! The guide to simulating does what it says: its commands run by the real binary on the planet
//! beside it, and what it shows as text is what they print.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::Path;
use std::process::{Command, Stdio};

mod support;
use support::{Place, Ran, blocks};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/simulating.md");
const PLANET: &str = include_str!("../../../docs/guide/planet.toml");
const EVERYONE: &str = include_str!("../../../docs/guide/everyone.toml");

#[test]
fn the_guide_to_simulating_does_what_it_says() {
    let guide = std::fs::read_to_string(GUIDE).unwrap();
    let place = Place::new();
    place.write("planet.toml", PLANET);
    place.write("everyone.toml", EVERYONE);
    let binary = Path::new(env!("CARGO_BIN_EXE_her"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let mut printed = Vec::new();
    let mut compared = 0;
    for (kind, text) in blocks(&guide) {
        match kind.as_str() {
            "sh" => {
                for line in text.lines() {
                    let mut command = Command::new("sh");
                    command.args(["-c", line]).current_dir(place.dir.path()).stdin(Stdio::null());
                    command.env("HER_DATA_DIR", place.data()).env("PATH", &path);
                    printed.push(Ran::of(&command.output().unwrap()).ok());
                }
            }
            "text" => {
                assert_eq!(printed.last().unwrap().out, text);
                compared += 1;
            }
            "toml" => assert!(PLANET.ends_with(&text), "the rule is not the planet's"),
            other => panic!("a block of {other:?}"),
        }
    }
    assert_eq!((compared, printed.len()), (2, 4));
    assert!(!place.data().exists(), "nothing is opened");

    let json = printed[2].json();
    assert_eq!((&json["nodes"], &json["identities"]), (&200.into(), &200_000.into()));
    assert_eq!((&json["flaps"], json["samples"].as_array().unwrap().len()), (&0.into(), 361));
    assert!(json["hash"].as_str().unwrap().len() == 16 && json["seed"] == 7, "{}", json["hash"]);
    let told = json["not_claimed"].as_array().unwrap();
    for line in told {
        let line = line.as_str().unwrap();
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let guide = guide.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(guide.contains(&words.join(" ")), "the guide does not say {line:?}");
    }

    let svg = std::fs::read_to_string(place.path("planet.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    for said in ["seed 8", "america is lost", "asia × 1.2", "Identities without an owner", "p99"] {
        assert!(svg.contains(said), "{said}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn a_wrong_planet_is_told_with_its_place() {
    let place = Place::new();
    let simulate = |text: &str, says: &str| {
        place.write("planet.toml", text);
        place.run(&["simulate", "planet.toml"]).fails(7, says);
    };
    simulate(
        &PLANET.replace("seed = 7", "seeed = 7"),
        "planet.toml, line 4: unknown field `seeed`",
    );
    simulate(
        &PLANET.replace("asia = 150.0", "asia = nan"),
        "planet.toml: rtt_ms.america.asia is NaN; write a number from 0 to 60000",
    );
    place.run(&["simulate", "nowhere.toml"]).fails(3, "nowhere.toml");
    place.write("planet.toml", PLANET);
    place.run(&["simulate", "planet.toml", "--scale", "0"]).fails(7, "scale by 1 or more");
    let args = ["simulate", "planet.toml", "--svg", "no/such/dir.svg"];
    place.run(&args).fails(3, "writing no/such/dir.svg");
}
