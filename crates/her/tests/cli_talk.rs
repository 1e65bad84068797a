//! `her talk`: over a house opened here and over a server, with a tiny model that the test writes.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use serde_json::{Value, json};

mod support;
#[path = "support/tongue.rs"]
mod tongue;

use support::{Place, Serving};
use tongue::{spec, tiny_base};

/// A place where sam speaks.
fn place() -> Place {
    let place = Place::new();
    tiny_base(&place.data());
    place.run(&["new", "sam", "--spec", &spec().to_string()]).ok();
    place
}

fn say(place: &Place, args: &[&str]) -> Vec<Value> {
    let usual = ["talk", "sam", "--json", "--seed", "3", "--tokens", "6"];
    place.run(&[&usual[..], args].concat()).ok().lines()
}

/// What sam heard, as role and text.
fn heard(place: &Place) -> Vec<(String, String)> {
    let log = place.run(&["log", "sam", "--json"]).ok().lines();
    let word = |line: &Value, key: &str| line["x"][key].as_str().unwrap_or("").to_owned();
    let said = log.iter().filter(|line| line["x"].is_object());
    said.map(|line| (word(line, "role"), word(line, "text"))).collect()
}

fn words_of_people(place: &Place) -> Vec<String> {
    heard(place).into_iter().filter(|(role, _)| role == "user").map(|(_, text)| text).collect()
}

#[test]
fn a_conversation_goes_on_where_it_was() {
    let place = place();
    let first = &say(&place, &["hello"])[0];
    assert!(first["learned_tokens"].as_u64().unwrap() > 0, "{first}");
    assert!(first["text"].is_string() && first["tokens"].as_u64().unwrap() <= 6, "{first}");
    // Another process, the same conversation: what was said before is heard again, not learned.
    let second = &say(&place, &["who are you"])[0];
    let prompt = |answer: &Value| answer["prompt_tokens"].as_u64().unwrap();
    assert!(prompt(second) > prompt(first) + 5, "{second}");
    assert_eq!(words_of_people(&place), ["hello", "who are you"]);
    // The same words again are another message.
    say(&place, &["hello"]);
    assert_eq!(words_of_people(&place), ["hello", "who are you", "hello"]);
    // Of another conversation nothing is heard.
    let other = &say(&place, &["--conversation", "other", "hello"])[0];
    assert_eq!(prompt(other), prompt(first));
    // Only asking changes nothing, nor does the past.
    let before = heard(&place);
    let asked = &say(&place, &["--no-learn", "what was that"])[0];
    assert_eq!(asked["learned_tokens"], 0);
    let past = &say(&place, &["--at", "1", "hello"])[0];
    assert_eq!((&past["version"], prompt(past)), (&json!(1), prompt(first)));
    assert_eq!(heard(&place), before);
    place.run(&["verify", "sam"]).ok();
}

#[test]
fn standard_input_is_a_message_a_line_or_one() {
    let place = place();
    let lines = "good morning\n\nhow are you\n/quit\nnever heard\n";
    let ran = place.feed(&["talk", "sam", "--json", "--tokens", "4"], lines).ok();
    assert_eq!(ran.lines().len(), 2);
    let whole = place.feed(&["talk", "sam", "-", "--json", "--tokens", "4"], "a\nb\n").ok();
    assert_eq!(whole.lines().len(), 1);
    assert_eq!(words_of_people(&place), ["good morning", "how are you", "a\nb"]);
    // For people the words come as they are.
    let plain = place.run(&["talk", "sam", "--tokens", "4", "good night"]).ok();
    assert!(plain.out.ends_with('\n'), "{:?}", plain.out);
    // A long message is several events, and one message the next time.
    let long = "hello world ".repeat(500);
    let refused = place.feed(&["talk", "sam", "-"], &long);
    refused.fails(7, "the context has 512 tokens");
    assert_eq!(words_of_people(&place).len(), 4);
}

#[test]
fn a_server_is_talked_with_in_the_same_words() {
    let place = place();
    let here = say(&place, &["--no-learn", "hello"]);
    let server = Serving::over(&place);
    let there = say(&place, &["--no-learn", "hello"]);
    assert_eq!(here[0]["text"], there[0]["text"]);
    let learned = &say(&place, &["hello"])[0];
    assert!(learned["learned_tokens"].as_u64().unwrap() > 0, "{learned}");
    let shown = place.run(&["show", "sam"]).ok();
    assert!(shown.out.contains("bits a token"), "{}", shown.out);
    place.run(&["talk", "nobody", "hello"]).fails(3, "nobody");
    server.end();
    // It is in the journal, wherever it was said.
    say(&place, &["who are you"]);
    assert_eq!(words_of_people(&place), ["hello", "who are you"]);
}

#[test]
fn who_does_not_speak_says_so() {
    let place = place();
    place.born("tom");
    place.run(&["talk", "tom", "hello"]).fails(3, "tom is no language model");
    place.run(&["talk", "sam", ""]).fails(7, "nothing to say");
    place.run(&["talk", "sam", "--temperature", "3", "a"]).fails(7, "temperature is 3");
    place.run(&["talk", "sam", "--at", "9", "a"]).fails(3, "9");
}
