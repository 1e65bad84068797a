//! Memories over HTTP: told as texts, pictures and sounds, asked by any of them, and the same after
//! a restart and a rewind.

use serde_json::{Value, json};

use super::client::Running;
use super::parts::{stripes, tone, url};
use super::tongue;

const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [30, 30, 220];
const WHITE: [u8; 3] = [250, 250, 250];

/// An identity that was told of two awnings and two sounds, in versions 2 to 5.
fn told() -> Running {
    let r = Running::new(&[]);
    let spec = json!({"Memory": {"on": ["photo", "sound", "said"]}});
    assert_eq!(r.put("/v1/identities/eve", &spec).status, 201);
    let photo = |colour| url("image/png", &stripes(colour, WHITE, 0));
    let sound = |hertz| url("audio/wav", &tone(hertz));
    for (i, x) in [
        json!({"photo": photo(RED), "said": "the red awning", "time": 1_000}),
        json!({"photo": photo(BLUE), "said": "the blue awning"}),
        json!({"sound": sound(440.0), "said": "the bell", "id": "bell"}),
        json!({"sound": sound(2_500.0), "said": "the kettle"}),
    ]
    .into_iter()
    .enumerate()
    {
        let said = r.post("/v1/identities/eve/learn", &json!({ "x": x }));
        assert_eq!((said.status, said.json()["version"].as_u64()), (200, Some(i as u64 + 2)));
    }
    r
}

fn nearest(r: &Running, body: &Value) -> Value {
    let said = r.post("/v1/identities/eve/nearest", body);
    assert_eq!(said.status, 200, "{}", said.text());
    said.json()
}

#[test]
fn a_picture_a_sound_and_a_text_find_what_is_like_them() {
    let r = told();
    let photo = url("image/png", &stripes(RED, WHITE, 2));
    let found = nearest(&r, &json!({"query": photo, "k": 1}));
    assert_eq!((&found["version"], &found["modality"]), (&json!(5), &json!("image")));
    let first = &found["nearest"][0];
    assert_eq!((&first["text"], &first["time_ms"]), (&json!("the red awning"), &json!(1_000)));
    assert_eq!((&first["modality"], first["told"].as_f64()), (&json!("image"), Some(1.0)));
    let found = nearest(&r, &json!({"query": url("audio/wav", &tone(455.0))}));
    assert_eq!((&found["nearest"][0]["id"], &found["modality"]), (&json!("bell"), &json!("audio")));
    assert_eq!(found["nearest"].as_array().unwrap().len(), 2);
    let found = nearest(&r, &json!({"query": "is the kettle on?", "modality": "text"}));
    assert_eq!(found["nearest"][0]["text"], "the kettle");
    // Before it was told of it.
    let found = nearest(&r, &json!({"query": "the kettle", "at": 3}));
    assert_eq!((&found["version"], found["nearest"].as_array().unwrap().len()), (&json!(3), 2));
    let card = r.get("/v1/identities/eve").json();
    assert_eq!(
        (&card["memory"][2]["modality"], &card["memory"][2]["memories"]),
        (&json!("text"), &json!(4))
    );
}

#[test]
fn memories_come_back_bit_for_bit() {
    let r = told();
    let asked = json!({"query": url("image/png", &stripes(BLUE, WHITE, 1)), "k": 100});
    let (before, model) = (nearest(&r, &asked), r.get("/v1/identities/eve/model").body);
    let r = Running::open(r.stop(), &[]);
    assert_eq!(nearest(&r, &asked), before);
    assert_eq!(r.get("/v1/identities/eve/model").body, model);
    let said = r.post("/v1/identities/eve/verify", &json!({}));
    assert_eq!(said.json()["verified"], true, "{}", said.text());
    // Gone back, and told the same again.
    let then = r.get("/v1/identities/eve/at/4/model").body;
    r.post("/v1/identities/eve/rewind", &json!({"version": 4}));
    assert_eq!(r.get("/v1/identities/eve/model").body, then);
    let again = json!({"x": {"sound": url("audio/wav", &tone(2_500.0)), "said": "the kettle"}});
    assert_eq!(r.post("/v1/identities/eve/learn", &again).status, 200);
    assert_eq!(r.get("/v1/identities/eve/model").body, model);
}

#[test]
fn what_can_not_be_asked_is_refused_by_name() {
    let r = told();
    r.put("/v1/identities/sam", &json!("LogisticRegression"));
    let refused = |name: &str, body: &Value, status: u16, why: &str| {
        let said = r.post(&format!("/v1/identities/{name}/nearest"), body);
        assert_eq!(said.status, status, "{body}: {}", said.text());
        assert!(said.text().contains(why), "{why:?} is not in {}", said.text());
    };
    refused("eve", &json!({}), 400, "query");
    refused("eve", &json!({"query": 7}), 400, "query");
    refused("eve", &json!({"query": "a", "k": 0}), 422, "1 to 100");
    refused("eve", &json!({"query": "a", "k": 101}), 422, "1 to 100");
    refused("eve", &json!({"query": "a", "k": "b"}), 400, "k must be");
    refused("eve", &json!({"query": "a", "modality": "smell"}), 422, "smell");
    refused("eve", &json!({"query": "a", "modality": "image"}), 422, "ask with one of image");
    refused("eve", &json!({"query": "data:image/png;base64,AAAA"}), 422, "query");
    refused("eve", &json!({"query": "a", "at": 9}), 404, "9");
    refused("sam", &json!({"query": "a"}), 404, "keeps no memories");
    refused("nobody", &json!({"query": "a"}), 404, "nobody");
}

#[test]
fn a_language_identity_is_asked_for_what_it_was_told() {
    let r = Running::new(&[]);
    tongue::tiny_base(r.dir.path());
    assert_eq!(r.put("/v1/identities/eve", &tongue::spec()).status, 201);
    for text in ["the key is under the pot", "a dog barks at noon"] {
        let x = json!({"text": text, "role": "user", "conversation": "a"});
        assert_eq!(r.post("/v1/identities/eve/learn", &json!({ "x": x })).status, 200);
    }
    let found = nearest(&r, &json!({"query": "where is the key under the pot?"}));
    let first = &found["nearest"][0];
    assert_eq!(
        (&first["text"], &first["role"]),
        (&json!("the key is under the pot"), &json!("user"))
    );
    assert!(found["space"].as_str().unwrap().starts_with("base-"), "{found}");
    let picture = json!({"query": url("image/png", &stripes(RED, WHITE, 0))});
    let said = r.post("/v1/identities/eve/nearest", &picture);
    assert_eq!(said.status, 422, "{}", said.text());
}
