//! Memories with the real binary: told, asked, and carried in a book.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use her_book::{Book, Kind, Limits};
use serde_json::json;

#[path = "../../recall/tests/parts/mod.rs"]
mod parts;
mod support;

use parts::{stripes, tone, url};
use support::Place;

const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [30, 30, 220];
const WHITE: [u8; 3] = [250, 250, 250];

fn told() -> Place {
    let place = Place::new();
    let spec = r#"{"Memory": {"on": ["photo", "sound", "said"]}}"#;
    place.run(&["new", "eve", "--spec", spec]).ok();
    let photo = |colour| url("image/png", &stripes(colour, WHITE, 0));
    let events = [
        json!({"x": {"photo": photo(RED), "said": "the red awning", "time": 1_000}}),
        json!({"x": {"photo": photo(BLUE), "said": "the blue\nawning", "id": "b"}}),
        json!({"x": {"sound": url("audio/wav", &tone(440.0)), "said": "the bell", "id": "b"}}),
    ];
    let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    place.feed(&["learn", "eve", "--format", "ndjson"], &lines.join("\n")).ok();
    std::fs::write(place.path("asked.PNG"), stripes(RED, WHITE, 2)).unwrap();
    std::fs::write(place.path("asked.wav"), tone(455.0)).unwrap();
    std::fs::write(place.path("asked.txt"), "an awning that is blue").unwrap();
    place
}

#[test]
fn files_and_texts_find_what_is_like_them() {
    let place = told();
    let photo = place.run(&["nearest", "eve", "@asked.PNG", "--json"]).ok().json();
    assert_eq!(
        (&photo["nearest"][0]["text"], &photo["version"]),
        (&json!("the red awning"), &json!(4))
    );
    let sound = place.run(&["nearest", "eve", "@asked.wav", "-k", "1"]).ok().out;
    assert!(sound.contains("audio") && sound.contains("the bell"), "{sound}");
    let text = place.run(&["nearest", "eve", "@asked.txt", "-k", "1"]).ok().out;
    assert!(text.lines().count() == 1 && text.contains("the blue awning"), "{text}");
    let none = place.run(&["nearest", "eve", "@asked.wav", "--at", "2"]).ok().out;
    assert!(none.contains("nothing is remembered in audio-"), "{none}");
    place.run(&["nearest", "eve", "@none.png"]).fails(3, "none.png");
    place
        .run(&["nearest", "eve", "@asked.wav", "--modality", "text"])
        .fails(7, "ask with one of text");
    place.run(&["nearest", "eve", "a", "-k", "0"]).fails(7, "1 to 100");
    let shown = place.run(&["show", "eve"]).ok().out;
    assert!(shown.contains("remembers") && shown.contains("2 of image"), "{shown}");
    place.born("sam");
    place.run(&["nearest", "sam", "a"]).fails(3, "keeps no memories");
}

#[test]
fn a_book_carries_them_for_its_readers_and_for_other_tools() {
    let place = told();
    place.run(&["book", "write", "eve"]).ok();
    let book = Book::open(place.path("eve.book"), &Limits::default()).unwrap();
    assert_eq!(book.modalities().collect::<Vec<_>>(), ["audio", "image", "text"]);
    assert!(book.layer(&Kind::Base).is_none(), "memories are layers of their own");
    let images = book.memory("image").unwrap().unwrap();
    assert_eq!((images.len(), &*images.ids[1], images.at_ms[0]), (2, "b", 1_000));
    assert_eq!(images.ids[0], blake3::hash(&stripes(RED, WHITE, 0)).to_hex()[..32]);
    let length: f32 = images.vector(0).iter().map(|x| x * x).sum();
    assert!((length - 1.0).abs() < 0.02, "{length}");
    assert_eq!(book.memory("text").unwrap().unwrap().ids[1..], ["b", "b#2"]);

    let seen = place.run(&["book", "inspect", "eve.book", "--json"]).ok().json();
    let image = &seen["memories"][1];
    assert_eq!((&image["modality"], &image["vectors"]), (&json!("image"), &json!(2)));
    assert_eq!(image["space"], images.space);
    let shown = place.run(&["book", "inspect", "eve.book"]).ok().out;
    assert!(shown.contains("memory of text  3 vectors of 256 numbers"), "{shown}");

    let read = ["book", "read", "eve.book", "--nearest", "@asked.PNG", "-k", "1", "--json"];
    let asked = ["nearest", "eve", "@asked.PNG", "-k", "1", "--json"];
    assert_eq!(place.run(&read).ok().json(), place.run(&asked).ok().json());
    place.run(&["book", "read", "eve.book"]).fails(2, "FEATURES");
    place.run(&["book", "read", "eve.book", "{}", "--nearest", "a"]).fails(2, "cannot be used");
    let novelty = place.run(&["book", "read", "eve.book", r#"{"said": "the bell"}"#, "--json"]);
    assert_eq!(novelty.ok().json()["prediction"]["value"], 0.0);
}
