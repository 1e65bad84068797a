//! A book between processes of `her serve`: who joins it has the rows that an exchange over the
//! network would have brought, and the two ways go together.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "peers/places.rs"]
mod places;

use std::process::{Command, Output};

use serde_json::{Value, json};

use places::{Many, name};

const BOOKS: &str = "/v1/identities/sam/books";

fn event(i: u64) -> Value {
    let (a, b) = ((i * 37) % 101, (i * 71) % 13);
    json!({ "x": { "a": a, "b": b }, "y": a > 50 })
}

/// `her` over the data directory of a node whose server does not run.
fn her(many: &Many, i: usize, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
    command.args(args).arg("--data-dir").arg(many.data(i));
    command.arg("--config").arg(many.data(i).join("her.toml"));
    for variable in ["HER_TOKEN", "HER_URL", "HER_CONFIG"] {
        command.env_remove(variable);
    }
    command.output().unwrap()
}

fn ok(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn hash(many: &Many, i: usize) -> Value {
    many.get(i, "peers")["hash"].clone()
}

#[test]
fn a_book_brings_the_rows_that_an_exchange_brings() {
    let many = Many::begin(4, "", &json!("GaussianNB"));
    for (a, b) in [(0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (2, 0)] {
        many.post(a, "peers", &json!({ "peer": name(b), "codec": "exact", "weigh": false }));
    }
    (0..150).for_each(|i| drop(many.post(0, "learn", &event(i))));
    many.exchange(0, 1).unwrap();
    let by_network = hash(&many, 1);
    assert_eq!(hash(&many, 0), by_network);

    // Written by a process of its own over the same data: nothing was untold, so nothing is added.
    many.kill(0);
    let path = many.data(0).with_extension("book");
    let file = path.to_str().unwrap();
    let written = ok(&her(&many, 0, &["book", "write", "sam", "--out", file, "--json"]));
    assert_eq!((&written["rows"], &written["version"]), (&json!(1), &json!(152)));
    many.start_missing();
    let book = std::fs::read(&path).unwrap();
    let (status, joined) = many.send(2, "POST", BOOKS, &book);
    assert_eq!((status, &joined["taken"]), (200, &json!(1)), "{joined}");
    assert_eq!(joined["hash"], by_network);
    assert_eq!(hash(&many, 2), by_network);
    let x = json!({ "x": event(1_000)["x"] });
    assert_eq!(
        many.post(2, "predict", &x)["prediction"],
        many.post(1, "predict", &x)["prediction"]
    );

    // The same book once more, and then the origin itself: nothing is counted twice.
    let version = many.card(2)["version"].clone();
    assert_eq!(many.send(2, "POST", BOOKS, &book).1["exchanges"], json!(0));
    many.exchange(2, 0).unwrap();
    assert_eq!((&many.card(2)["version"], hash(&many, 2)), (&version, by_network));
    // It goes on by the network, to who had it from a book and from there to a third one.
    (150..180).for_each(|i| drop(many.post(0, "learn", &event(i))));
    many.exchange(0, 2).unwrap();
    many.exchange(2, 3).unwrap();
    many.exchange(0, 1).unwrap();
    let told = many.get(3, "peers");
    for i in 0..3 {
        assert_eq!(hash(&many, i), told["hash"], "node {i}");
    }
    let rows = told["contributions"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["events"].as_u64().unwrap()).sum::<u64>(), 180);
    // An older book afterwards changes nothing.
    let version = many.card(3)["version"].clone();
    assert_eq!(many.send(3, "POST", BOOKS, &book).1["exchanges"], json!(0));
    assert_eq!(many.card(3)["version"], version);
    for i in 0..4 {
        assert_eq!(many.post(i, "verify", &json!({}))["verified"], true);
    }
}

#[test]
fn a_book_that_was_written_first_is_not_counted_again_by_the_network() {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    let words =
        |i: u64| json!({ "x": { format!("w{}", i % 7): 1, "all": 1 }, "y": i.is_multiple_of(2) });
    (0..40).for_each(|i| drop(many.post(0, "learn", &words(i))));
    many.kill(0);
    let path = many.data(0).with_extension("book");
    let write = ["book", "write", "sam", "--out", path.to_str().unwrap(), "--json"];
    assert_eq!(ok(&her(&many, 0, &write))["rows"], json!(1));
    many.start_missing();
    let (status, joined) = many.send(1, "POST", BOOKS, &std::fs::read(&path).unwrap());
    assert_eq!(status, 200, "{joined}");
    for (a, b) in [(0, 1), (1, 0)] {
        many.post(a, "peers", &json!({ "peer": name(b), "codec": "exact", "weigh": false }));
    }
    many.exchange(0, 1).unwrap();
    (40..60).for_each(|i| drop(many.post(0, "learn", &words(i))));
    many.exchange(0, 1).unwrap();
    let told = many.get(1, "peers");
    let rows = told["contributions"].as_array().unwrap();
    let events: Vec<u64> = rows.iter().map(|row| row["events"].as_u64().unwrap()).collect();
    assert_eq!(events.iter().sum::<u64>(), 60, "{told}");
    assert_eq!(hash(&many, 0), told["hash"]);
    many.put_one(0, "pooled", &json!("MultinomialNB"));
    (0..60).for_each(|i| drop(many.post_of(0, "pooled", "learn", &words(i))));
    let x = json!({ "x": words(3)["x"] });
    let p = |said: &Value| said["prediction"]["proba"]["true"].as_f64().unwrap();
    let (got, want) = (many.post(1, "predict", &x), many.post_of(0, "pooled", "predict", &x));
    assert!((p(&got) - p(&want)).abs() < 1e-9, "{got} {want}");
}

#[test]
fn what_is_no_book_is_refused_in_words_and_the_command_line_joins_through_a_server() {
    let many = Many::begin(2, "", &json!("GaussianNB"));
    let refused = |path: &str, body: &[u8], status: u16, says: &str| {
        let (found, said) = many.send(1, "POST", path, body);
        assert_eq!(found, status, "{said}");
        assert!(said["detail"].as_str().unwrap().contains(says), "{says:?} is not in {said}");
    };
    refused(BOOKS, b"", 422, "not a whole book");
    refused(BOOKS, &[7; 4096], 422, "not a whole book");
    refused("/v1/identities/tom/books", b"", 404, "tom");
    refused("/v1/identities/sam/books?key=12", b"", 400, "key");
    refused("/v1/identities/sam/books?read=all", b"", 400, "query");
    (0..20).for_each(|i| drop(many.post(0, "learn", &event(i))));
    many.kill(0);
    let path = many.data(0).with_extension("book");
    let file = path.to_str().unwrap();
    ok(&her(&many, 0, &["book", "write", "sam", "--out", file, "--json"]));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    refused(BOOKS, &bytes, 422, "the book that was sent");
    let key = many.key(1);
    refused(&format!("{BOOKS}?key={key}"), &std::fs::read(&path).unwrap(), 422, "unknown signer");
    // A server has the data directory open: the verb asks it.
    let joined = ok(&her(&many, 1, &["book", "join", file, "sam", "--read-all", "--json"]));
    assert_eq!(joined["taken"], json!(1));
    assert_eq!(joined["read"].as_object().unwrap().values().next(), Some(&json!("whole")));
    let audit = std::fs::read_to_string(many.data(1).join("audit.ndjson")).unwrap();
    assert!(audit.contains("join_book") || audit.contains("/books"), "{audit}");
}

#[test]
fn a_server_writes_the_book_that_its_data_would_give() {
    let many = Many::begin(1, "", &json!("GaussianNB"));
    (0..40).for_each(|i| drop(many.post(0, "learn", &event(i))));
    let out = |name: &str| many.data(0).with_file_name(name).to_str().unwrap().to_owned();
    let write =
        |args: &[&str]| her(&many, 0, &[&["book", "write", "sam", "--json"], args].concat());
    let (first, later, offline) = (out("1.book"), out("2.book"), out("3.book"));

    // The server has the data directory open; what was told nobody is contributed first.
    let told = ok(&write(&["--out", &first]));
    assert_eq!((&told["version"], &told["rows"]), (&json!(42), &json!(1)));
    assert_eq!(told["uncontributed_events"], 0);
    assert_eq!(told["bytes"], std::fs::metadata(&first).unwrap().len());
    many.post(0, "learn", &event(40));
    let licence = ["--licence", "Grüße: CC-BY-4.0"];
    let edition = ["--out", &later, "--edition-of", &first, "--codec", "i8"];
    let told_later = ok(&write(&[&edition[..], &licence].concat()));
    assert_eq!(told_later["version"], 44);
    let verified = ok(&her(&many, 0, &["book", "verify", &later, "--json"]));
    assert_eq!(verified["digest"], told_later["digest"]);
    let seen = ok(&her(&many, 0, &["book", "inspect", &later, "--json"]));
    assert_eq!(seen["provenance"]["parents"], json!([told["digest"]]));
    assert_eq!(seen["provenance"]["licence"], licence[1]);

    // What can't be written says why, and leaves neither a file nor an event.
    let refused = |args: &[&str], why: &str| {
        let output = write(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
    };
    refused(&["--out", &first], "there already");
    refused(&["--out", &offline, "--at", "999"], "999");
    let (status, problem) = many.send(0, "POST", &format!("{BOOKS}/write"), b"no book");
    assert_eq!(status, 422, "{problem}");
    for query in ["codec=i2", "codec=i4&at=3", "at=-1"] {
        let (status, problem) = many.send(0, "POST", &format!("{BOOKS}/write?{query}"), b"");
        assert!([400, 422].contains(&status), "{query}: {status} {problem}");
    }
    assert!(!std::path::Path::new(&offline).exists());
    assert_eq!(many.post(0, "learn", &event(41))["version"], 45);

    // The same version gives the same bytes where no server runs.
    many.kill(0);
    ok(&write(&["--out", &offline, "--at", "42"]));
    assert_eq!(std::fs::read(&offline).unwrap(), std::fs::read(&first).unwrap());
}
