//! Memories whose texts are read by a base, with the real binary and the files of packages.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::{Path, PathBuf};

use her_book::{Book, Limits};
use serde_json::{Value, json};

mod support;
use support::{Place, Serving, str_of};

const MINI: &str = "all-MiniLM-L6-v2";
const WORD: &str = "wordllama-l2-supercat-256";
const TOLD: [&str; 5] = [
    "The physician told her to stay in bed for a week.",
    "What the dog did at the door was recommended by nobody.",
    "Our automobile would not start this morning.",
    "The spare key is under the blue pot.",
    "They cancelled all trains because of the storm.",
];
/// Shares letters with the wrong one, and its meaning with the first.
const ASKED: &str = "What did the doctor recommend?";

/// A model that `cargo xtask data` fetches.
fn fetched(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data/language").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask data`", path.display());
    path
}

/// A place with a base.
fn place(base: &str) -> Place {
    let place = Place::new();
    place.run(&["model", "add", str_of(&fetched(base)), "--link"]).ok();
    place
}

fn spec(base: &str) -> String {
    json!({"Memory": {"on": ["said"], "encoder": base}}).to_string()
}

fn tell(place: &Place, name: &str, texts: &[&str]) {
    let lines: Vec<String> =
        texts.iter().map(|text| json!({"x": {"said": text}}).to_string()).collect();
    place.feed(&["learn", name, "--format", "ndjson"], &lines.join("\n")).ok();
}

fn nearest(place: &Place, name: &str, query: &str) -> Value {
    place.run(&["nearest", name, query, "--json"]).ok().json()
}

#[test]
fn a_paraphrase_is_found_and_a_restart_gives_the_same_bits() {
    let place = place(MINI);
    place.run(&["new", "eve", "--spec", &spec(MINI)]).ok();
    place.run(&["new", "ned", "--spec", r#"{"Memory": {"on": ["said"]}}"#]).ok();
    for name in ["eve", "ned"] {
        tell(&place, name, &TOLD);
    }
    let (found, spelled) = (nearest(&place, "eve", ASKED), nearest(&place, "ned", ASKED));
    assert_eq!(found["nearest"][0]["text"], TOLD[0], "{found}");
    assert_eq!(spelled["nearest"][0]["text"], TOLD[1], "{spelled}");
    let shown = place.run(&["show", "eve", "--json"]).ok().json();
    let digest = shown["spec"]["Memory"]["digest"].as_str().unwrap();
    assert_eq!(found["space"], format!("base-{}", &digest[..32]));
    assert_eq!(shown["memory"][0]["dims"], 384, "{shown}");

    // Every run is a start; a life that is lived again ends in the same bits.
    assert_eq!(nearest(&place, "eve", ASKED), found);
    place.run(&["verify", "eve"]).ok();
    let served = Serving::over(&place);
    assert_eq!(nearest(&place, "eve", ASKED), found);
    let then = place.run(&["nearest", "eve", ASKED, "--at", "2", "--json"]).ok().json();
    assert_eq!(then["nearest"].as_array().unwrap().len(), 1, "{then}");
    served.end();
    place.run(&["rewind", "eve", "4"]).ok();
    tell(&place, "eve", &TOLD[3..]);
    assert_eq!(nearest(&place, "eve", ASKED)["nearest"], found["nearest"]);
    let again = place.run(&["ask", "eve", &json!({"said": TOLD[4]}).to_string(), "--json"]).ok();
    assert_eq!(again.json()["prediction"]["value"], 0.0);
}

#[test]
fn a_base_that_is_missing_or_another_one_is_told() {
    let place = place(WORD);
    let new = |spec: &Value| place.run(&["new", "no", "--spec", &spec.to_string()]);
    new(&json!({"Memory": {"encoder": "minilm"}})).fails(7, "there is no model \"minilm\"");
    new(&json!({"Memory": {"encoder": ""}})).fails(7, "or leave encoder out");
    let odd = new(&json!({"Memory": {"encoder": WORD, "digest": "00"}}));
    assert!(odd.fails(7, "and 00 is wanted").err.contains("encoder"));
    place.run(&["new", "eve", "--spec", &spec(WORD)]).ok();
    tell(&place, "eve", &TOLD);
    let learn = |text: &str| {
        let line = json!({"x": {"said": text}}).to_string();
        place.feed(&["learn", "eve", "--format", "ndjson"], &line)
    };
    learn(" ").fails(7, "the text is empty");
    learn(&"long ".repeat(7000)).fails(7, "35000 bytes");
    assert_eq!(nearest(&place, "eve", ASKED)["version"], TOLD.len() + 1);

    // Other files under its name: nothing is compared with what they would make.
    let base = place.data().join("bases").join(WORD);
    std::fs::remove_file(&base).or_else(|_| std::fs::remove_dir_all(&base)).unwrap();
    std::fs::create_dir(&base).unwrap();
    for file in ["model.safetensors", "tokenizer.json"] {
        std::fs::copy(fetched(WORD).join(file), base.join(file)).unwrap();
    }
    std::fs::write(base.join("tokenizer_config.json"), "{}").unwrap();
    place.run(&["nearest", "eve", ASKED]).fails(1, "another file than the one this identity");
}

#[test]
fn books_name_the_space_and_join_where_it_is_the_same() {
    let from = place(WORD);
    from.run(&["new", "eve", "--spec", &spec(WORD)]).ok();
    tell(&from, "eve", &TOLD[..3]);
    from.run(&["book", "write", "eve"]).ok();
    let file = from.path("eve.book");
    let book = Book::open(&file, &Limits::default()).unwrap();
    let memory = book.memory("text").unwrap().unwrap();
    let found = nearest(&from, "eve", ASKED);
    assert_eq!((json!(memory.space), memory.dims), (found["space"].clone(), 256));
    assert_eq!(memory.ids[0], blake3::hash(TOLD[0].as_bytes()).to_hex()[..32]);
    let read = ["book", "read", str_of(&file), "--nearest", ASKED, "--json"];
    assert_eq!(from.run(&read).ok().json()["nearest"], found["nearest"]);

    let key = from.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
    let to = place(WORD);
    let join = |name: &str| to.run(&["book", "join", str_of(&file), name, "--key", &key]);
    to.run(&["new", "sam", "--spec", &spec(WORD)]).ok();
    tell(&to, "sam", &TOLD[2..]);
    join("sam").ok();
    let all = to.run(&["nearest", "sam", TOLD[2], "--json"]).ok().json();
    let all = all["nearest"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["told"]), (TOLD.len(), &json!(2.0)), "{all:?}");
    // By another encoder the texts are read anew: see `cli_translate.rs`.
    to.run(&["new", "ned", "--spec", r#"{"Memory": {"on": ["said"]}}"#]).ok();
    assert!(join("ned").ok().out.contains("texts read anew"));
    assert_eq!(nearest(&to, "ned", TOLD[2])["nearest"][0]["similarity"], 1.0);
}
