//! The book, with the real binary: written, looked into, judged and asked.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::Path;

use her_book::{Book, Dtype, Kind, Limits};
use serde_json::json;

mod support;
use support::{Place, events, str_of};

const BAYES: &str = r#""GaussianNB""#;

/// A place with an identity of 300 events, and its book at version 201.
fn written() -> Place {
    let place = Place::new();
    place.run(&["new", "eve", "--spec", BAYES]).ok();
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(0, 300)).ok();
    place.run(&["book", "write", "eve", "--at", "201"]).ok();
    place
}

fn opened(path: &Path) -> Book {
    Book::open(path, &Limits::default()).unwrap()
}

#[test]
fn one_version_is_one_file_and_says_what_it_is() {
    let place = written();
    let first = place.path("eve.book");
    // A snapshot on the way does not change what is written, nor does what comes later.
    place.run(&["snapshot", "eve"]).ok();
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(300, 320)).ok();
    let again = ["book", "write", "eve", "--at", "201", "--out", "again.book", "--json"];
    let told = place.run(&again).ok().json();
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(place.path("again.book")).unwrap());
    let key = place.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
    assert_eq!(told["signer"], format!("ed25519:{key}"));
    assert_eq!(told["bytes"], first.metadata().unwrap().len());

    // Nothing of a data directory is needed to look into it.
    let nowhere = Place::new();
    let seen = nowhere.run(&["book", "inspect", str_of(&first), "--json"]).ok().json();
    assert_eq!((&seen["digest"], &seen["config"]["version"]), (&told["digest"], &json!("201")));
    assert_eq!(seen["provenance"]["events"], 200);
    assert_eq!(seen["provenance"]["journal"]["last"], 201);
    assert_eq!(seen["signers"], json!([told["signer"]]));
    assert!(!nowhere.data().exists());
    let shown = nowhere.run(&["book", "inspect", str_of(&first)]).ok().out;
    assert!(shown.contains("base.safetensors") && shown.contains(&key), "{shown}");

    let base = opened(&first).base().unwrap().unwrap();
    let tensors = base.tensors();
    assert!(tensors.tensors.iter().any(|t| t.dtype == Dtype::F64 && !t.data.is_empty()));
    for tensor in tensors.tensors.iter().filter(|t| t.dtype == Dtype::F64) {
        let keys = base.get(&format!("{}.keys", tensor.name)).unwrap();
        let words = keys.data.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()));
        let counted: i64 = words.skip(3).step_by(4).sum();
        assert_eq!(usize::try_from(counted).unwrap(), tensor.shape[0], "{}", tensor.name);
    }
    let names = opened(&first).dictionary().unwrap().unwrap();
    let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "false", "true"]);

    place.run(&["book", "write", "eve"]).fails(1, "there already");
    place.run(&["book", "write", "adam"]).fails(3, "adam");
    place.run(&["book", "write", "eve", "--at", "999", "--out", "x.book"]).fails(3, "999");
    let url = ["--url", "http://127.0.0.1:9", "book", "write", "eve", "--out", "x.book"];
    place.run(&url).fails(6, "gives no answer");
    assert!(!place.path("x.book").exists());
}

#[test]
fn a_book_is_trusted_by_its_key_and_by_every_byte() {
    let place = written();
    let (file, nowhere) = (place.path("eve.book"), Place::new());
    let book = str_of(&file);
    let own = place.run(&["book", "verify", book, "--json"]).ok().json();
    assert_eq!((&own["verified"], &own["others"]), (&json!(true), &json!([])));
    let key = place.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
    nowhere.run(&["book", "verify", book, "--key", &key]).ok();
    nowhere.run(&["book", "verify", book, "--key", &format!("ed25519:{key}")]).ok();
    nowhere.run(&["book", "verify", book]).fails(7, "--key");
    assert!(!nowhere.data().exists());

    let other = nowhere.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
    nowhere.run(&["book", "verify", book]).fails(7, "unknown signer");
    place.run(&["book", "verify", book, "--key", &other]).fails(7, &key);
    place.run(&["book", "read", book, r#"{"a":1}"#, "--key", &other]).fails(7, "unknown signer");
    place.run(&["book", "verify", book, "--key", "12"]).fails(2, "is no key");

    let whole = std::fs::read(&file).unwrap();
    for part in [1, 3, 5, 7] {
        let mut bytes = whole.clone();
        let at = bytes.len() * part / 8;
        bytes[at] ^= 1;
        std::fs::write(place.path("bad.book"), &bytes).unwrap();
        place.run(&["book", "verify", "bad.book"]).fails(7, "bad.book");
        place.run(&["book", "read", "bad.book", r#"{"a":1}"#]).fails(7, "bad.book");
    }
    std::fs::write(place.path("short.book"), &whole[..whole.len() - 512]).unwrap();
    place.run(&["book", "inspect", "short.book"]).fails(7, "not a whole book");
    place.run(&["book", "inspect", "none.book"]).fails(3, "none.book");
}

#[test]
fn a_book_answers_as_its_identity_did() {
    let place = written();
    for x in [r#"{"a": 100, "b": 1}"#, r#"{"a": 3}"#, r#"{"new": 1}"#] {
        let asked = place.run(&["ask", "eve", x, "--at", "201", "--json"]).ok().json();
        let read = place.run(&["book", "read", "eve.book", x, "--json"]).ok().json();
        assert_eq!(read, asked);
    }
    let text = place.feed(&["book", "read", "eve.book", "-"], r#"{"a": 100}"#).ok().out;
    assert!(text.contains("P(true)") && text.contains("201"), "{text}");
    place.run(&["book", "read", "eve.book", "[1]"]).fails(7, "object");
}

#[test]
fn an_edition_names_its_parent_and_shares_what_did_not_change() {
    let place = written();
    let args = ["book", "write", "eve", "--out", "2.book", "--edition-of", "eve.book"];
    place.run(&args).ok();
    let (first, second) = (opened(&place.path("eve.book")), opened(&place.path("2.book")));
    assert_eq!(second.provenance().unwrap().parents, [first.digest()]);
    let digest = |book: &Book, kind: &Kind| book.layer(kind).unwrap().digest;
    for kind in [Kind::Contract, Kind::Dictionary] {
        assert_eq!(digest(&second, &kind), digest(&first, &kind));
    }
    for kind in [Kind::Base, Kind::State, Kind::Provenance] {
        assert_ne!(digest(&second, &kind), digest(&first, &kind));
    }
    place.run(&["book", "verify", "2.book"]).ok();

    // A model without sums has no base; one of another kind is no edition.
    place.run(&["new", "oak", "--spec", r#""HoeffdingTreeClassifier""#]).ok();
    place.run(&["book", "write", "oak", "--licence", "CC-BY-4.0"]).ok();
    let oak = opened(&place.path("oak.book"));
    assert!(oak.layer(&Kind::Base).is_none());
    assert_eq!(oak.provenance().unwrap().licence.as_deref(), Some("CC-BY-4.0"));
    place.run(&["book", "verify", "oak.book"]).ok();
    let args = ["book", "write", "oak", "--out", "3.book", "--edition-of", "eve.book"];
    place.run(&args).fails(7, "no edition before");
    // A model of sums that has learned nothing yet.
    place.run(&["new", "young", "--spec", BAYES]).ok();
    place.run(&["book", "write", "young"]).ok();
    place.run(&["book", "verify", "young.book"]).ok();
}
