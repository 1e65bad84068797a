//! Books that are joined, with the real binary and no server: what comes of it is what their
//! origins would have sent; what can't be believed is refused by name.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use her_book::{Book, Config, Contribution, Contributions, Limits, Provenance, SigningKey, Writer};
use serde_json::{Value, json};

mod support;
use support::{Place, events, str_of};

const BAYES: &str = r#""GaussianNB""#;

/// A place with an identity that has learned, its key, and a book of it.
struct Shelf {
    place: Place,
    key: String,
    book: PathBuf,
}

fn key_of(place: &Place) -> String {
    place.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned()
}

fn shelf(events: &str) -> Shelf {
    let place = Place::new();
    place.run(&["new", "eve", "--spec", BAYES]).ok();
    place.feed(&["learn", "eve", "--format", "ndjson"], events).ok();
    place.run(&["book", "write", "eve"]).ok();
    let (key, book) = (key_of(&place), place.path("eve.book"));
    Shelf { place, key, book }
}

/// A place with an identity of this spec that has learned nothing.
fn reader(spec: &str) -> Place {
    let place = Place::new();
    place.run(&["new", "sam", "--spec", spec]).ok();
    place
}

fn join(place: &Place, book: &Path, more: &[&str]) -> Value {
    let args = [&["book", "join", str_of(book), "sam", "--json"][..], more].concat();
    place.run(&args).ok().json()
}

fn ask(place: &Place, name: &str, x: &str) -> Value {
    place.run(&["ask", name, x, "--json"]).ok().json()["prediction"].clone()
}

fn assert_alike(a: &Value, b: &Value) {
    let p = |said: &Value| said["proba"]["true"].as_f64().unwrap();
    assert!((p(a) - p(b)).abs() < 1e-9, "{a} {b}");
}

#[test]
fn what_is_joined_is_known_once_and_told_by_the_list_of_peers() {
    let from = shelf(&events(0, 200));
    let place = reader(BAYES);
    let joined = join(&place, &from.book, &["--key", &from.key]);
    assert_eq!((&joined["taken"], &joined["known"]), (&json!(1), &json!(0)), "{joined}");
    assert_eq!((&joined["rows"], &joined["refused"]), (&json!(1), &json!([])), "{joined}");
    assert_eq!(joined["book"]["signers"], json!([format!("ed25519:{}", from.key)]));
    for x in [r#"{"a": 80, "b": 3}"#, r#"{"a": 3, "b": 9}"#] {
        assert_alike(&ask(&place, "sam", x), &ask(&from.place, "eve", x));
    }
    let peers =
        |name: &str, place: &Place| place.run(&["peer", "list", name, "--json"]).ok().json();
    let (here, there) = (peers("sam", &place), peers("eve", &from.place));
    assert_eq!(here["hash"], there["hash"]);
    assert_eq!(here["contributions"][0]["node"], json!(from.key));
    assert_eq!(here["contributions"][0]["events"], json!(200));
    assert_eq!(
        (&here["contributions"][0]["mine"], &here["hash"]),
        (&json!(false), &joined["hash"])
    );

    // Joined again: not even an event.
    let again = join(&place, &from.book, &["--key", &from.key]);
    assert_eq!(
        (&again["taken"], &again["known"], &again["exchanges"]),
        (&json!(0), &json!(1), &json!(0))
    );
    assert_eq!((&again["hash"], &again["version"]), (&joined["hash"], &joined["version"]));

    // What it learns itself weighs what it joined: by another exchange, as with peers.
    place.feed(&["learn", "sam", "--format", "ndjson"], &events(200, 240)).ok();
    let weighed = join(&place, &from.book, &["--key", &from.key]);
    assert_eq!((&weighed["known"], &weighed["exchanges"]), (&json!(1), &json!(1)));
    let rows = peers("sam", &place)["contributions"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 2);
    let of_eve = rows.iter().find(|row| row["mine"] == false).unwrap();
    assert_eq!((&of_eve["weight"], &of_eve["weighed_events"]), (&json!("whole"), &json!(40.0)));
    assert_eq!(place.run(&["verify", "sam", "--json"]).ok().json()["verified"], true);
    let text = place.run(&["book", "join", str_of(&from.book), "sam", "--key", &from.key]).ok().out;
    assert!(text.contains("here already") && text.contains("eve at version"), "{text}");
}

#[test]
fn an_older_edition_after_a_newer_one_changes_nothing() {
    let from = shelf(&events(0, 100));
    from.place.feed(&["learn", "eve", "--format", "ndjson"], &events(100, 300)).ok();
    let newer = ["book", "write", "eve", "--out", "2.book", "--edition-of", "eve.book", "--json"];
    let written = from.place.run(&newer).ok().json();
    // Each process is a life; the present one told what the former one had not.
    assert_eq!((&written["rows"], &written["uncontributed_events"]), (&json!(1), &json!(0)));
    let two = from.place.path("2.book");
    // At a version, nothing is contributed, and the rows are those of then.
    let past = ["book", "write", "eve", "--at", "50", "--out", "50.book", "--json"];
    let past = from.place.run(&past).ok().json();
    assert_eq!((&past["rows"], &past["uncontributed_events"]), (&json!(0), &json!(49)));

    let place = reader(BAYES);
    let newest = join(&place, &two, &["--key", &from.key]);
    for old in [&from.book, &from.place.path("50.book")] {
        let older = join(&place, old, &["--key", &from.key]);
        assert_eq!((&older["taken"], &older["exchanges"]), (&json!(0), &json!(0)), "{older}");
        assert_eq!((&older["hash"], &older["version"]), (&newest["hash"], &newest["version"]));
    }
    // The other way round ends in the same.
    let other = reader(BAYES);
    join(&other, &from.book, &["--key", &from.key]);
    assert_eq!(join(&other, &two, &["--key", &from.key])["hash"], newest["hash"]);
    let x = r#"{"a": 60, "b": 3}"#;
    assert_alike(&ask(&place, "sam", x), &ask(&from.place, "eve", x));
    assert_alike(&ask(&other, "sam", x), &ask(&place, "sam", x));
}

#[test]
fn a_signed_book_does_not_vouch_for_the_rows_of_others() {
    let from = shelf(&events(0, 60));
    let place = reader(BAYES);
    let book = str_of(&from.book);
    let keyless = place.run(&["book", "join", book, "sam"]);
    keyless.fails(7, "unknown signer");
    // Another joins it and writes a book of its own: two origins, one signer.
    let other = reader(BAYES);
    join(&other, &from.book, &["--key", &from.key]);
    other.feed(&["learn", "sam", "--format", "ndjson"], &events(60, 90)).ok();
    other.run(&["book", "write", "sam"]).ok();
    let (theirs, key) = (other.path("sam.book"), key_of(&other));
    let half = join(&place, &theirs, &["--key", &key]);
    assert_eq!((&half["rows"], &half["taken"]), (&json!(2), &json!(1)), "{half}");
    let why = half["refused"][0].as_str().unwrap();
    assert!(why.contains("not in the settings") && why.contains(&from.key), "{why}");
    let whole = join(&place, &theirs, &["--key", &key, "--key", &from.key]);
    assert_eq!((&whole["taken"], &whole["known"]), (&json!(1), &json!(1)), "{whole}");
    // A node of the settings needs no --key.
    let known = reader(BAYES);
    let nodes = [(&key, "a"), (&from.key, "b")]
        .map(|(key, name)| format!("[nodes.{name}]\nkey = \"{key}\"\nat = \"127.0.0.1:9\"\n"));
    known.write("her.toml", &nodes.concat());
    assert_eq!(join(&known, &theirs, &[])["hash"], whole["hash"]);
    // The other's own book is of nobody new, and has its own rows: nothing to do.
    assert_eq!(join(&other, &theirs, &["--key", &from.key, "--key", &key])["exchanges"], 0);
}

#[test]
fn a_retracted_peer_stays_retracted() {
    let from = shelf(&events(0, 60));
    let place = reader(BAYES);
    let x = r#"{"a": 80, "b": 3}"#;
    place.feed(&["learn", "sam", "--format", "ndjson"], &events(60, 90)).ok();
    // What it knows by itself is put together from its own row.
    place.run(&["book", "write", "sam"]).ok();
    let before = ask(&place, "sam", x);
    join(&place, &from.book, &["--key", &from.key, "--read-all"]);
    assert_ne!(ask(&place, "sam", x), before);
    let told = place.run(&["peer", "list", "sam", "--json"]).ok().json();
    let rows = told["contributions"].as_array().unwrap();
    let peer = rows.iter().find(|row| row["mine"] == false).unwrap()["peer"].clone();
    let peer = peer.as_str().unwrap().to_owned();
    place.run(&["peer", "retract", "sam", "nobody/else"]).fails(3, "nobody/else");
    place.run(&["peer", "retract", "sam", &peer]).ok();
    assert_eq!(ask(&place, "sam", x), before, "to the bit");
    let again = join(&place, &from.book, &["--key", &from.key]);
    assert_eq!((&again["taken"], &again["retracted"]), (&json!(0), &json!([peer])), "{again}");
    assert_eq!((&again["exchanges"], ask(&place, "sam", x)), (&json!(0), before));
    place.run(&["sync", "sam", "b"]).fails(6, "her serve");
}

fn contributions(book: &Path) -> (Value, Contributions) {
    let book = Book::open(book, &Limits::default()).unwrap();
    (book.contract().unwrap(), book.contributions().unwrap().unwrap())
}

/// A book of these rows, signed by a key that everybody knows.
fn forged(place: &Place, name: &str, contract: &Value, rows: Option<Contributions>) -> PathBuf {
    let path = place.path(name);
    let key = SigningKey::ed25519_seed(&[7; 32]).unwrap();
    let mut writer = Writer::new(&path, Config::new("forged")).contract(contract.clone());
    if let Some(rows) = rows {
        writer = writer.contributions(rows);
    }
    writer.provenance(Provenance::default()).sign(&key).finish().unwrap();
    path
}

fn forger() -> String {
    SigningKey::ed25519_seed(&[7; 32]).unwrap().public().to_string()
}

#[test]
fn rows_that_their_origin_did_not_sign_are_refused_by_name() {
    let from = shelf(&events(0, 60));
    let (contract, honest) = contributions(&from.book);
    let place = reader(BAYES);
    let refused = |name: &str, change: &dyn Fn(&mut Contribution), says: &str| {
        let mut rows = honest.clone();
        change(&mut rows.rows[0]);
        let path = forged(&place, name, &contract, Some(rows));
        let keys = ["--key", &forger(), "--key", &from.key];
        let args = [&["book", "join", str_of(&path), "sam"][..], &keys[..]].concat();
        let ran = place.run(&args).fails(7, says);
        // Whose row it is, as the list of peers would write it.
        assert!(ran.err.contains(&from.key[..12]), "{}", ran.err);
    };
    let other = |row: &mut Contribution| row.number += 1;
    refused("1.book", &other, "is not signed by it");
    refused("2.book", &|row| row.events += 1, "is not signed by it");
    refused("3.book", &|row| row.life ^= 1, "is not signed by it");
    refused("4.book", &|row| row.signature[0] ^= 1, "is not signed by it");
    refused("5.book", &|row| row.hash[0] ^= 1, "its sums have another hash");
    refused("6.book", &|row| row.sums[7] ^= 1, "number 62");
    refused("7.book", &|row| row.sums.truncate(9), "packed sums hold");
    refused(
        "8.book",
        &|row| row.sums = vec![1; 13_000_000],
        "it has 13000000 bytes, and peers take at most",
    );
    assert_eq!(place.run(&["peer", "list", "sam", "--json"]).ok().json()["hash"], json!(null));
    // Unchanged, the same forger's book is joined: it is the rows that are believed.
    let path = forged(&place, "9.book", &contract, Some(honest.clone()));
    assert_eq!(join(&place, &path, &["--key", &forger(), "--key", &from.key])["taken"], 1);

    // Signed under another contract, or nothing that can be joined.
    let mut elsewhere = honest;
    elsewhere.contract[0] ^= 1;
    let path = forged(&place, "10.book", &contract, Some(elsewhere));
    let args = ["book", "join", str_of(&path), "sam", "--key", &forger(), "--key", &from.key];
    place.run(&args).fails(7, "signed for another kind of model");
    let path = forged(&place, "11.book", &contract, None);
    let args = ["book", "join", str_of(&path), "sam", "--key", &forger()];
    place.run(&args).fails(7, "an older `her` wrote it");
}

#[test]
fn models_that_are_not_made_alike_are_refused_in_words() {
    let from = shelf(&events(0, 60));
    let book = str_of(&from.book);
    let linear = reader(support::LINEAR);
    let args = ["book", "join", book, "sam", "--key", &from.key];
    let ran = linear.run(&args).fails(7, "not made alike");
    assert!(ran.err.contains("GaussianNB") && ran.err.contains("StandardScaler"), "{}", ran.err);
    let tree = reader(r#""HoeffdingTreeClassifier""#);
    tree.run(&args).fails(7, "send it the events");
    tree.run(&["book", "join", book, "nobody", "--key", &from.key]).fails(3, "nobody");
    tree.run(&["book", "join", "none.book", "sam"]).fails(3, "none.book");
    // A book of a tree has no rows.
    tree.run(&["book", "write", "sam"]).ok();
    let told = tree.run(&["book", "write", "sam", "--out", "2.book", "--json"]).ok().json();
    assert_eq!(told["rows"], 0);
    assert!(!tree.run(&["book", "inspect", "2.book"]).ok().out.contains("contributions"));
    // Frozen, it contributes nothing more, and says what is missing.
    from.place.feed(&["learn", "eve", "--format", "ndjson"], &events(60, 70)).ok();
    from.place.run(&["freeze", "eve"]).ok();
    let text = from.place.run(&["book", "write", "eve", "--out", "2.book"]).ok().out;
    assert!(text.contains("10 events were told to no peer"), "{text}");
}

/// Events whose words nobody else has.
fn wordy(node: usize) -> String {
    let mut text = String::new();
    for event in 0..24_usize {
        let words = (0..500).map(|i| format!("\"n{node}w{}\":{}", event * 500 + i, 1 + i % 3));
        let words: Vec<String> = words.collect();
        let y = if event.is_multiple_of(2) { "yes" } else { "no" };
        writeln!(text, "{{\"x\":{{{}}},\"y\":\"{y}\"}}", words.join(",")).unwrap();
    }
    text
}

#[test]
fn many_long_rows_take_several_events_and_a_kill_between_them_is_mended_by_joining_again() {
    let (mut rows, mut keys, mut contract) = (Vec::new(), Vec::new(), Value::Null);
    let mut under = [0; 32];
    for node in 0..8 {
        let place = Place::new();
        place.run(&["new", "eve", "--spec", r#""MultinomialNB""#]).ok();
        place.feed(&["learn", "eve", "--format", "ndjson"], &wordy(node)).ok();
        place.run(&["book", "write", "eve"]).ok();
        let (of, found) = contributions(&place.path("eve.book"));
        (contract, under) = (of, found.contract);
        rows.extend(found.rows);
        keys.extend(["--key".to_owned(), key_of(&place)]);
    }
    rows.sort_by_key(|row| (row.key, row.identity, row.life));
    let bytes: usize = rows.iter().map(|row| row.sums.len()).sum();
    assert!(bytes > 2 * 384 * 1024, "{bytes} bytes are too few for this test");
    let place = reader(r#""MultinomialNB""#);
    let all = Contributions { contract: under, rows };
    let book = forged(&place, "all.book", &contract, Some(all));
    keys.extend(["--key".to_owned(), forger()]);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let args = [&["book", "join", str_of(&book), "sam", "--json"][..], &keys[..]].concat();

    // Without a kill, for comparison.
    let calm = reader(r#""MultinomialNB""#);
    let begin = Instant::now();
    let wanted = join(&calm, &book, &keys);
    let took = begin.elapsed();
    assert_eq!(wanted["taken"], 8, "{wanted}");
    assert!(wanted["exchanges"].as_u64().unwrap() >= 3, "{wanted}");

    let mut cut = 0;
    // The work is at the end: most of the time goes into reading and judging the book.
    for twentieths in [4, 8, 11, 13, 14, 15, 16, 17, 18, 19] {
        let mut command = place.command(&args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took * twentieths / 20);
        child.kill().unwrap();
        cut += usize::from(!child.wait().unwrap().success());
        // Whatever was written is whole: it replays to the bit.
        let verified = place.run(&["verify", "sam", "--json"]).ok().json();
        assert_eq!(verified["verified"], true, "{verified}");
    }
    assert!(cut > 0, "no child was killed in time");
    let joined = join(&place, &book, &keys);
    assert_eq!(joined["taken"].as_u64().unwrap() + joined["known"].as_u64().unwrap(), 8);
    assert_eq!(joined["hash"], wanted["hash"]);
    assert_eq!(place.run(&["verify", "sam", "--json"]).ok().json()["verified"], true);
    let x = r#"{"n3w7": 1, "n5w501": 2}"#;
    let (here, there) = (ask(&place, "sam", x), ask(&calm, "sam", x));
    assert_eq!(here, there);
}
