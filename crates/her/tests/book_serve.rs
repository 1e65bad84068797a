//! A book that is served: it predicts as its identity did, to the bit, by the process that serves
//! copies; it learns nothing, and one that can't be believed is not served.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

mod support;
use support::{LINEAR, Place, Ran, events, signal};

struct Served {
    child: Option<Child>,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn agent() -> Agent {
    let limit = Some(Duration::from_secs(30));
    Agent::config_builder().timeout_global(limit).http_status_as_error(false).build().into()
}

impl Served {
    fn begin(place: &Place, args: &[&str]) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let args = [&["book", "serve", "--listen", &listen][..], args].concat();
        let mut command = place.command(&args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let served = Self { child: Some(child), url: format!("http://{listen}") };
        for _ in 0..500 {
            let alive = agent().get(format!("{}/livez", served.url)).call();
            if matches!(alive, Ok(said) if said.status() == 200) {
                return served;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the book is not served within 10 s");
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let mut said = agent().get(format!("{}{path}", self.url)).call().unwrap();
        let text = said.body_mut().read_to_string().unwrap();
        (said.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let said = agent().post(format!("{}{path}", self.url)).content_type("application/json");
        let mut said = said.send(body.to_string()).unwrap();
        let text = said.body_mut().read_to_string().unwrap();
        (said.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn end(mut self) -> Ran {
        let child = self.child.take().unwrap();
        signal(&child, "TERM");
        Ran::of(&child.wait_with_output().unwrap())
    }
}

fn written() -> Place {
    let place = Place::new();
    place.born("sam");
    place.feed(&["learn", "sam", "--format", "ndjson"], &events(0, 300)).ok();
    place.run(&["book", "write", "sam", "--at", "201"]).ok();
    place
}

#[test]
fn a_served_book_answers_as_its_identity_did_and_learns_nothing() {
    let place = written();
    let served = Served::begin(&place, &["sam.book"]);
    for i in 0..40_u64 {
        let x = json!({ "a": (i * 31) % 101, "b": (i * 17) % 13 });
        let asked = place.run(&["ask", "sam", &x.to_string(), "--at", "201", "--json"]).ok().json();
        let body = json!({ "x": x });
        for path in ["predict", "at/201/predict"] {
            let (status, said) = served.post(&format!("/v1/identities/sam/{path}"), &body);
            assert_eq!((status, &said["version"]), (200, &json!(201)), "{said}");
            // JSON gives back the same bits, and its texts are equal where these are.
            assert_eq!(said["prediction"].to_string(), asked["prediction"].to_string());
        }
    }
    for path in ["learn", "label", "forget", "rewind", "freeze"] {
        let body = json!({ "x": { "a": 1 }, "y": true });
        let (status, said) = served.post(&format!("/v1/identities/sam/{path}"), &body);
        assert_eq!((status, &said["kind"]), (409, &json!("frozen")), "{path}: {said}");
        assert!(
            said["detail"].as_str().unwrap().contains("a book of sam at version 201"),
            "{said}"
        );
    }
    // A book has no life: what only a life can tell is refused in words.
    for (status, said) in [
        served.post("/v1/identities/sam/at/100/predict", &json!({ "x": { "a": 1 } })),
        served.post("/v1/identities/sam/verify", &json!({})),
        served.get("/v1/identities/sam/log"),
        served.get("/v1/identities/sam/at/100"),
    ] {
        assert_eq!(status, 404, "{said}");
        assert!(said["detail"].as_str().unwrap().contains("no life before it"), "{said}");
    }
    assert_eq!(served.get("/healthz").0, 200);
    let (status, told) = served.get("/status");
    let digest =
        place.run(&["book", "inspect", "sam.book", "--json"]).ok().json()["digest"].clone();
    assert_eq!((status, &told["book"], &told["version"]), (200, &digest, &json!(201)));
    assert!(["enforced", "partial", "none"].contains(&told["isolation"].as_str().unwrap()));
    let (status, card) = served.get("/v1/identities/sam");
    assert_eq!((status, &card["version"], &card["frozen"]), (200, &json!(201), &json!(true)));
    assert_eq!(served.get("/v1/identities/eve").0, 404);
    let (status, said) = served.get("/nowhere");
    assert!(
        status == 404 && said["type"].as_str().is_some_and(|t| t.contains("problem")),
        "{said}"
    );
    let ran = served.end();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("a book of sam at version 201") && ran.err.contains("as it was"));

    // It is found where it was laid out, and laid out anew where that was changed.
    let laid = std::fs::read_dir(place.data().join("books")).unwrap().next().unwrap().unwrap();
    let manifest = laid.path().join("manifest.json");
    let before = std::fs::read(&manifest).unwrap();
    Served::begin(&place, &["sam.book"]).end();
    assert_eq!(std::fs::read(&manifest).unwrap(), before);
    std::fs::remove_file(&manifest).unwrap();
    std::fs::write(&manifest, "{}").unwrap();
    let served = Served::begin(&place, &["sam.book"]);
    assert_eq!(served.post("/v1/identities/sam/predict", &json!({ "x": { "a": 1 } })).0, 200);
    assert_eq!(served.end().code, 0);
}

#[test]
fn a_book_that_is_not_verified_is_not_served() {
    let place = written();
    let (nowhere, file) = (Place::new(), place.path("sam.book"));
    let book = file.to_str().unwrap();
    let serve = ["book", "serve", book, "--listen", "127.0.0.1:0"];
    nowhere.run(&serve).fails(7, "nobody is trusted");
    let key = nowhere.run(&["node", "--json"]).ok().json()["key"].as_str().unwrap().to_owned();
    place.run(&[&serve[..], &["--key", &key]].concat()).fails(7, "unknown signer");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    place.run(&serve).fails(7, "sam.book");
    place.run(&["book", "serve", "none.book"]).fails(3, "none.book");
    assert!(!place.data().join("books").exists() && !nowhere.data().join("books").exists());
}

#[test]
fn a_token_guards_it_where_there_is_one_and_other_machines_need_one() {
    let place = Place::new();
    place.run(&["new", "tree", "--spec", r#""HoeffdingTreeClassifier""#]).ok();
    place.feed(&["learn", "tree", "--format", "ndjson"], &events(0, 50)).ok();
    place.run(&["book", "write", "tree"]).ok();
    let args = ["book", "serve", "tree.book", "--listen", "0.0.0.0:0", "--insecure"];
    place.run(&args).fails(7, "no token guards it");
    place.write("secret", "not-so-secret\n");
    let served = Served::begin(&place, &["tree.book", "--token-file", "secret"]);
    let (status, said) = served.post("/v1/identities/tree/predict", &json!({ "x": { "a": 1 } }));
    assert_eq!(status, 401, "{said}");
    let mut said = agent()
        .post(format!("{}/v1/identities/tree/predict", served.url))
        .header("authorization", "Bearer not-so-secret")
        .content_type("application/json")
        .send(json!({ "x": { "a": 60 } }).to_string())
        .unwrap();
    assert_eq!(said.status(), 200, "{:?}", said.body_mut().read_to_string());
    assert_eq!(served.end().code, 0);
    // LINEAR is another spec than this one: the two books lie beside each other.
    place.run(&["new", "line", "--spec", LINEAR]).ok();
    place.run(&["book", "write", "line"]).ok();
    let served = Served::begin(&place, &["line.book", "--token-file", "secret"]);
    assert_eq!(served.get("/livez").0, 200);
    assert_eq!(served.end().code, 0);
    assert_eq!(std::fs::read_dir(place.data().join("books")).unwrap().count(), 2);
}
