//! People who are spoken to at once, and those who go away before the end.

use serde_json::{Value, json};

use super::client::{Running, Wire};
use super::openai::{CHAT, asked, fine, text, with};
use super::tongue::{spec, wide_base};

/// A server with identities of one base, whose weights have few bits to speak by.
fn running(names: &[&str]) -> Running {
    let r = Running::new(&[]);
    wide_base(r.dir.path());
    let mut spec = spec();
    spec["model"]["LanguageModel"]["base"] = "wide".into();
    for name in names {
        let said = r.put(&format!("/v1/identities/{name}"), &spec);
        assert_eq!(said.status, 201, "{}", said.text());
    }
    r
}

/// Asks without waiting for the answer.
fn ask(r: &Running, body: &Value) -> Wire {
    let body = body.to_string();
    let (mut wire, head) = (r.connect(), r.head("POST", CHAT));
    let kind = "content-type: application/json";
    wire.send(&format!("{head}{kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    wire
}

#[test]
fn people_who_speak_at_once_hear_what_each_hears_alone() {
    let names = ["sam", "eve", "tom"];
    let r = running(&names);
    for (i, name) in names.iter().enumerate() {
        for word in &["hello world", "good morning", "who are you"][..=i] {
            fine(&r.post(CHAT, &with(asked(&[word]), "model", *name)));
        }
    }
    // More than there are places in a batch: who comes late waits for one.
    let one = |i: usize| {
        let body = asked(&[&"what a day ".repeat(1 + i % 7)]);
        let body = with(with(body, "model", names[i % 3]), "learn", false);
        with(with(body, "seed", i), "max_tokens", 20 + 3 * i)
    };
    let all: Vec<Value> = (0..20).map(one).collect();
    let alone: Vec<Value> = all.iter().map(|body| fine(&r.post(CHAT, body))).collect();
    let wires: Vec<Wire> = all.iter().map(|body| ask(&r, body)).collect();
    let together: Vec<Value> = wires.into_iter().map(|mut wire| fine(&wire.said())).collect();
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(alone["her"]["version"], together["her"]["version"]);
        // Without weights of few bits, sums in f32 may be cut otherwise for several.
        if her_lm::kernel::speaking() != "f32" {
            assert_eq!(text(alone), text(together));
            assert_eq!(alone["usage"], together["usage"]);
        }
    }
    let differ = |i: usize, j: usize| text(&alone[i]) != text(&alone[j]);
    assert!(differ(0, 1) && differ(1, 2), "identities that have learned speak for themselves");
}

#[test]
fn a_whole_answer_is_not_spoken_to_the_end_for_nobody() {
    let r = running(&["sam", "eve"]);
    let body = |name: &str| with(with(asked(&["hello world"]), "model", name), "max_tokens", 400);
    // What was said is learned, and what was answered is heard.
    let answered = |name: &str| {
        let log = r.get(&format!("/v1/identities/{name}/log?from=2")).lines();
        let own = |line: &&Value| line["x"]["role"] == "assistant";
        let words = |line: &Value| line["x"]["text"].as_str().unwrap().to_owned();
        (log.len(), log.iter().find(own).map(words))
    };
    let whole = fine(&r.post(CHAT, &body("eve")));
    let tokens = whole["usage"]["completion_tokens"].as_u64().unwrap();
    assert!(tokens > 100, "a long one, of {tokens}");
    assert_eq!(answered("eve"), (2, Some(text(&whole).to_owned())));
    // The same to somebody who asks and hangs up.
    drop(ask(&r, &body("sam")));
    while answered("sam").0 == 0 {
        std::thread::yield_now();
    }
    // In the time of several answers it would have been given in full.
    for i in 0..4 {
        fine(&r.post(CHAT, &with(with(body("eve"), "seed", i), "learn", false)));
    }
    let heard = answered("sam").1.unwrap_or_default();
    assert!(heard.len() < text(&whole).len() / 2, "it spoke on: {heard:?}");
    // Somebody who sends the next request early is there still; both are answered.
    let mut wire = ask(&r, &with(body("eve"), "learn", false));
    let next = format!("{}\r\n", r.head("GET", "/openai/v1/models"));
    wire.send(&next);
    assert_eq!(fine(&wire.said())["object"], "chat.completion");
    assert_eq!(fine(&wire.said())["object"], "list");
}

#[test]
fn who_only_closes_their_side_has_hung_up_and_harms_nobody() {
    let r = running(&["sam"]);
    let mut wire = ask(&r, &with(with(asked(&["hello"]), "max_tokens", 400), "learn", false));
    wire.stream().shutdown(std::net::Shutdown::Write).unwrap();
    let said = wire.answer();
    assert!([200, 503].contains(&said.status), "{}", said.status);
    assert_eq!(fine(&r.get("/v1/identities/sam"))["version"], json!(1));
}
