//! Language identities that exchange what they learned, with and without words.

use serde_json::{Value, json};

use crate::places::{Many, name};
use crate::tongue::{spec as language, tiny_base};

/// A word that only one of the two reads.
const WORD: &str = "zweifelsohne";

fn text(i: u64) -> Value {
    let words = format!("the {} of {} {WORD}", (i * 7919) % 101, (i * 104_729) % 103);
    json!({"x": {"text": words, "role": "user", "conversation": "a"}})
}

/// Two that are in a pact, of these specs.
fn two(specs: [Value; 2]) -> Many {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    for (n, spec) in specs.into_iter().enumerate() {
        tiny_base(&many.data(n));
        many.put_one(n, "ann", &spec);
        let peer = json!({ "peer": format!("{}/ann", name(1 - n)) });
        many.post_of(n, "ann", "peers", &peer);
    }
    many
}

fn bits(many: &Many, n: usize) -> f64 {
    let said = many.post_of(n, "ann", "predict", &text(77));
    said["prediction"]["value"].as_f64().unwrap()
}

/// Whether a word stands anywhere in the files of a server.
fn has_word(many: &Many, n: usize) -> bool {
    let mut dirs = vec![many.data(n)];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if std::fs::read(&path)
                .unwrap()
                .windows(WORD.len())
                .any(|at| at == WORD.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[test]
fn what_one_read_helps_the_other_without_a_word_of_it() {
    let many = two([language(), language()]);
    for i in 0..40 {
        many.post_of(0, "ann", "learn", &text(i));
    }
    let (before, taught) = (bits(&many, 1), bits(&many, 0));
    let said = many.post_of(1, "ann", "sync", &json!({}));
    let said = &said["exchanges"][0];
    assert_eq!((&said["same"], &said["got"]), (&json!(true), &json!(1)), "{said}");
    assert_eq!(said["events"], Value::Null, "as sums: {said}");
    let after = bits(&many, 1);
    assert!(after < 0.95 * before, "{before} bits a token, then {after}; its peer has {taught}");
    assert!(has_word(&many, 0) && !has_word(&many, 1), "words stay with who heard them");
    // Both learn on, and tell what is new; a killed one comes back to the same bits.
    for i in 40..60 {
        many.post_of((i % 2) as usize, "ann", "learn", &text(i));
    }
    many.kill(1);
    many.start_missing();
    for _ in 0..2 {
        let said = many.post_of(0, "ann", "sync", &json!({}));
        assert_eq!(said["exchanges"][0]["same"], true, "{said}");
    }
    for n in [0, 1] {
        let said = many.post_of(n, "ann", "verify", &json!({}));
        assert_eq!(said["verified"], true, "{said}");
        let rows = many.get_of(n, "ann", "peers")["contributions"].clone();
        let events: u64 =
            rows.as_array().unwrap().iter().map(|row| row["events"].as_u64().unwrap()).sum();
        assert_eq!(events, 60, "{rows}");
    }
    // Taken out again, it counts no more.
    let peer = many.get_of(1, "ann", "peers")["contributions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["mine"] == false)
        .map(|row| row["peer"].clone())
        .unwrap();
    many.post_of(1, "ann", "peers/retract", &json!({ "peer": peer }));
    let rows = many.get_of(1, "ann", "peers")["contributions"].clone();
    assert!(rows.as_array().unwrap().iter().all(|row| row["mine"] == true), "{rows}");
    let said = many.post_of(1, "ann", "verify", &json!({}));
    assert_eq!(said["verified"], true, "{said}");
}

#[test]
fn one_that_is_made_otherwise_is_told_the_words() {
    let mut narrow = language();
    narrow["model"]["LanguageModel"]["rank"] = 2.into();
    let many = two([language(), narrow]);
    // More than goes into one message.
    for i in 0..40 {
        many.post_of(0, "ann", "learn", &text(i));
    }
    let before = bits(&many, 1);
    let said = many.post_of(1, "ann", "sync", &json!({}));
    let said = &said["exchanges"][0];
    assert_eq!((&said["same"], &said["got"]), (&json!(true), &json!(5)), "{said}");
    assert!(said["events"].as_str().unwrap().contains("not made alike"), "{said}");
    assert!(bits(&many, 1) < 0.8 * before, "{before} bits a token, then {}", bits(&many, 1));
    assert!(has_word(&many, 1));
}
