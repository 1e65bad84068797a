//! Books of memories that another encoder read, joined with the real binary and the files of
//! packages.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

mod support;
use support::{Place, Serving, str_of};

const WORD: &str = "wordllama-l2-supercat-256";
const TWIN: &str = "twin";

/// What `cargo xtask data` fetches.
fn fetched(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data/language").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask data`", path.display());
    path
}

/// What people wrote, each once: short texts, or `long` ones of several, which a memory keeps the
/// beginning of.
fn written(long: bool, most: usize) -> Vec<String> {
    let lines = std::fs::read_to_string(fetched("../tweets.ndjson")).unwrap();
    let line = |line| serde_json::from_str::<Value>(line).unwrap()["x"]["text"].clone();
    let texts: std::collections::BTreeSet<String> =
        lines.lines().map(|text| line(text).as_str().unwrap().to_owned()).collect();
    // Tests cut them where they like, and a query that begins with an `@` is a file's name.
    let plain = |text: &String| text.is_ascii() && !text.contains('@');
    let short: Vec<String> = texts.into_iter().filter(plain).collect();
    let joined: Vec<String> = short.chunks(5).map(|few| few.join(" ")).collect();
    let (all, bytes) = if long { (joined, 300..600) } else { (short, 40..200) };
    let fit: Vec<String> = all.into_iter().filter(|text| bytes.contains(&text.len())).collect();
    let step = fit.len() / most;
    fit.into_iter().step_by(step).take(most).collect()
}

fn spec(base: Option<&str>) -> String {
    let mut params = json!({"on": ["said"]});
    if let Some(base) = base {
        params["encoder"] = base.into();
    }
    json!({ "Memory": params }).to_string()
}

fn tell(place: &Place, name: &str, texts: &[String]) {
    let lines: Vec<String> =
        texts.iter().map(|text| json!({"x": {"said": text}}).to_string()).collect();
    place.feed(&["learn", name, "--format", "ndjson"], &lines.join("\n")).ok();
}

/// A place with a book of an identity, and the key of its node.
struct Shelf {
    place: Place,
    key: String,
}

impl Shelf {
    fn of(base: Option<&str>, texts: &[String]) -> Self {
        let place = Place::new();
        if let Some(base) = base {
            place.run(&["model", "add", str_of(&fetched(base)), "--link"]).ok();
        }
        place.run(&["new", "eve", "--spec", &spec(base)]).ok();
        tell(&place, "eve", texts);
        place.run(&["book", "write", "eve"]).ok();
        let key = place.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
        Self { place, key }
    }

    fn join(&self, to: &Place, name: &str, more: &[&str]) -> support::Ran {
        let book = self.place.path("eve.book");
        let args = ["book", "join", str_of(&book), name, "--key", &self.key];
        to.run(&[&args[..], more].concat())
    }
}

fn version(place: &Place, name: &str) -> Value {
    place.run(&["show", name, "--json"]).ok().json()["version"].clone()
}

fn nearest(place: &Place, name: &str, query: &str) -> Value {
    place.run(&["nearest", name, query, "-k", "1", "--json"]).ok().json()["nearest"][0].clone()
}

fn id(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// A base whose vectors are those of another one, in files of another digest.
fn twin(place: &Place) {
    let dir = place.path(TWIN);
    std::fs::create_dir(&dir).unwrap();
    for file in ["model.safetensors", "tokenizer.json"] {
        std::fs::copy(fetched(WORD).join(file), dir.join(file)).unwrap();
    }
    std::fs::write(dir.join("tokenizer_config.json"), "{}").unwrap();
    place.run(&["model", "add", str_of(&dir)]).ok();
}

#[test]
fn a_book_of_another_base_is_read_anew_and_its_cut_texts_are_mapped() {
    let (short, long) = (written(false, 600), written(true, 5));
    assert_eq!((short.len(), long.len()), (600, 5));
    let shelf = Shelf::of(Some(WORD), &[&short[..], &long].concat());
    let to = Place::new();
    twin(&to);
    to.run(&["new", "sam", "--spec", &spec(Some(TWIN))]).ok();
    tell(&to, "sam", &short[..20]);

    let said = shelf.join(&to, "sam", &["--json"]).ok().json();
    let came = &said["translated"];
    assert_eq!((&came["read_anew"], &came["known"]), (&json!(580), &json!(20)), "{said}");
    assert_eq!((&came["mapped"], &came["left_out"]), (&json!(5), &json!([])), "{said}");
    assert_eq!((&came["maps"][0]["anchors"], &said["exchanges"]), (&json!(600), &json!(0)));
    for share in ["top_1", "top_10", "found_10"] {
        assert!(came["maps"][0][share].as_f64().unwrap() > 0.9, "{said}");
    }
    // Each is an event of its own, as any that was learned here.
    assert_eq!(said["version"], 21 + 580 + 5);
    for text in &long {
        // By what was cut off, under the id of the whole text.
        let found = nearest(&to, "sam", &text[200..]);
        assert_eq!(found["id"], id(text), "{found}");
        assert!(text.starts_with(found["text"].as_str().unwrap()), "{found}");
    }
    assert_eq!(nearest(&to, "sam", &short[300])["similarity"], 1.0);

    // Again it adds nothing, by a server neither; a life that is lived again ends in the same bits.
    let serving = Serving::over(&to);
    let again = shelf.join(&to, "sam", &["--json"]).ok().json();
    assert_eq!((&again["version"], &again["translated"]["known"]), (&said["version"], &json!(605)));
    assert_eq!(again["translated"]["maps"], json!([]));
    assert_eq!(to.run(&["verify", "sam", "--json"]).ok().json()["verified"], true);
    serving.end();
    to.run(&["verify", "sam"]).ok();
    let mapped = nearest(&to, "sam", &long[2]);
    assert_eq!(mapped["id"], id(&long[2]));
    // It can be undone, and done again through the server.
    to.run(&["rewind", "sam", "21"]).ok();
    assert_ne!(nearest(&to, "sam", &long[2])["id"], id(&long[2]));
    let serving = Serving::over(&to);
    let text = shelf.join(&to, "sam", &[]).ok().out;
    for says in ["texts read anew", "580", "vectors mapped", "among the ten nearest"] {
        assert!(text.contains(says), "{says:?} is not in {text}");
    }
    assert_eq!(nearest(&to, "sam", &long[2])["similarity"], mapped["similarity"]);
    serving.end();
}

#[test]
fn meanings_are_not_spelling_and_what_can_not_be_mapped_is_told() {
    let (short, long) = (written(false, 400), written(true, 4));
    let shelf = Shelf::of(Some(WORD), &[&short[..], &long].concat());
    // Who reads by n-grams needs no base for it.
    let to = Place::new();
    to.run(&["new", "ned", "--spec", &spec(None)]).ok();
    let said = shelf.join(&to, "ned", &["--json"]).ok().json();
    let (came, map) = (&said["translated"], &said["translated"]["maps"][0]);
    assert_eq!((&came["read_anew"], &came["mapped"]), (&json!(400), &json!(0)), "{said}");
    assert_eq!((&map["anchors"], &map["to"]), (&json!(400), &json!("text-ngrams-1-256")));
    assert!(map["top_10"].as_f64().unwrap() < 0.8, "{said}");
    assert_eq!(came["left_out"][0]["memories"], 4);
    let why = came["left_out"][0]["why"].as_str().unwrap();
    assert!(why.contains("0.8") && why.contains("send text"), "{why}");
    assert_eq!(nearest(&to, "ned", &short[300])["similarity"], 1.0);
    let version = version(&to, "ned");
    let text = shelf.join(&to, "ned", &[]).ok().out;
    assert!(text.contains("4 left out: no map from base-"), "{text}");
    assert_eq!(self::version(&to, "ned"), version);
    to.run(&["verify", "ned"]).ok();

    // Whose book, and whose rows, is judged as ever; what learns no more takes nothing in.
    let book = shelf.place.path("eve.book");
    to.run(&["book", "join", str_of(&book), "ned"]).fails(7, "unknown signer");
    to.run(&["freeze", "ned"]).ok();
    to.run(&["rewind", "ned", "1"]).ok();
    to.run(&["freeze", "ned"]).ok();
    let refused = shelf.join(&to, "ned", &[]);
    assert!(refused.code != 0 && refused.err.contains("frozen"), "{}", refused.err);
    // Other models are not made alike, as before.
    to.run(&["new", "bayes", "--spec", r#""GaussianNB""#]).ok();
    shelf.join(&to, "bayes", &[]).fails(7, "not made alike");
}

#[test]
fn other_parameters_are_translated_without_a_map() {
    let (short, long) = (written(false, 3), written(true, 2));
    let shelf = Shelf::of(None, &[&short[..], &long].concat());
    let to = Place::new();
    to.run(&["new", "other", "--spec", r#"{"Memory": {"on": ["note"], "text_max": 64}}"#]).ok();
    let said = shelf.join(&to, "other", &["--json"]).ok().json();
    let came = &said["translated"];
    assert_eq!((&came["read_anew"], &came["as_they_are"]), (&json!(3), &json!(2)), "{said}");
    assert_eq!((&came["maps"], &came["left_out"]), (&json!([]), &json!([])), "{said}");
    // The vector is that of the whole text; of the words as many are kept as are wanted here.
    let found = nearest(&to, "other", &long[1]);
    assert_eq!((&found["id"], &found["similarity"]), (&json!(id(&long[1])), &json!(1.0)));
    let words = found["text"].as_str().unwrap();
    assert!(words.len() <= 64 && long[1].starts_with(words), "{words}");
    let again = shelf.join(&to, "other", &["--json"]).ok().json();
    assert_eq!((&again["version"], &again["translated"]["known"]), (&said["version"], &json!(5)));
    to.run(&["verify", "other"]).ok();
}
