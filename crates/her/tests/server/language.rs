//! A language identity is an identity: what is promised of the others holds for it.

use serde_json::{Value, json};

use super::client::Running;
use super::person::until;
use super::tongue::{spec, tiny_base};

fn running(set: &[&str]) -> Running {
    let r = Running::new(set);
    tiny_base(r.dir.path());
    let said = r.put("/v1/identities/sam", &spec());
    assert_eq!(said.status, 201, "{}", said.text());
    r
}

fn text(i: u64) -> Value {
    let roles = ["user", "assistant"];
    let words = format!("the {} of {}", (i * 7919) % 101, (i * 104_729) % 103);
    json!({"x": {"text": words, "role": roles[i as usize % 2], "conversation": "a"}})
}

/// Reads texts; gives what each cost, in bits per token.
fn read(r: &Running, name: &str, texts: std::ops::Range<u64>) -> Vec<f64> {
    let lines: Vec<String> = texts.map(|i| text(i).to_string()).collect();
    let told = r.lines(&format!("/v1/identities/{name}/learn"), &lines.join("\n"));
    told.iter()
        .map(|line| line["prediction"]["value"].as_f64().unwrap_or_else(|| panic!("{line}")))
        .collect()
}

fn events(r: &Running) -> Vec<String> {
    let log = r.get("/v1/identities/sam/log?limit=10000").lines();
    log.iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn verified(r: &Running) {
    let said = r.post("/v1/identities/sam/verify", &json!({}));
    assert_eq!(said.json()["verified"], true, "{}", said.text());
}

#[test]
fn bits_fall_and_past_selves_are_the_same_to_the_bit() {
    let r = running(&[]);
    let all = read(&r, "sam", 0..40);
    let mean = |bits: &[f64]| bits.iter().sum::<f64>() / bits.len() as f64;
    // Who learns nothing pays as much for the last as for the first.
    assert!(mean(&all[20..]) < 0.8 * mean(&all[..10]), "{all:?}");
    let asked = |path: &str| {
        let said = r.post(path, &text(77));
        assert_eq!(said.status, 200, "{}", said.text());
        said.json()["prediction"].clone()
    };
    let kernel = r.get("/v1/identities/sam").json()["language"]["kernel"].clone();
    assert_eq!((&kernel["learned"], kernel["here"].is_string()), (&kernel["here"], true));
    let now = asked("/v1/identities/sam/predict");
    let then = asked("/v1/identities/sam/at/21/predict");
    assert_ne!(now, then);
    // A branch that reads the same lives the same.
    r.post("/v1/identities/sam/fork", &json!({"name": "ada", "version": 21}));
    assert_eq!(asked("/v1/identities/ada/predict"), then);
    assert_eq!(read(&r, "ada", 20..40), all[20..]);
    assert_eq!(asked("/v1/identities/ada/predict"), now);
    r.post("/v1/identities/sam/rewind", &json!({"version": 21}));
    assert_eq!(asked("/v1/identities/sam/predict"), then);
    verified(&r);
}

#[test]
fn it_speaks_with_as_much_of_what_it_learned_as_it_is_trusted() {
    let r = running(&[]);
    read(&r, "sam", 0..20);
    let house = r.server.as_ref().unwrap().house();
    let look = |identity: &her_identity::identity::Identity| {
        let model = her_lm::LanguageModel::of(identity.state().model().root()).unwrap();
        let whole = model.mixture().learner().adapter().learned().to_vec();
        (model.adapter().learned().to_vec(), whole, model.mixture().weights()[0])
    };
    let (spoken, whole, frozen) = house.look("sam", look).unwrap();
    assert!(frozen > 0.0 && frozen < 1.0 && whole.iter().any(|x| *x != 0.0), "{frozen}");
    let trust = (1.0 - frozen) as f32;
    assert!(spoken.iter().zip(&whole).all(|(spoken, whole)| *spoken == whole * trust));
}

#[test]
fn silence_lets_it_rest_and_words_wake_it() {
    let r = running(&["language.rest_s=1"]);
    read(&r, "sam", 0..10);
    until("it rests", || events(&r).last().is_some_and(|event| event == "rest"));
    read(&r, "sam", 10..20);
    until("it rests again", || events(&r).last().is_some_and(|event| event == "rest"));
    let rests = events(&r).iter().filter(|event| *event == "rest").count();
    assert_eq!(rests, 2, "once a silence");
    verified(&r);
}

#[test]
fn a_clean_end_lets_it_rest_and_it_goes_on_after_that() {
    let r = running(&[]);
    read(&r, "sam", 0..10);
    let r = Running::open(r.stop(), &[]);
    assert_eq!(events(&r).last().map(String::as_str), Some("rest"));
    let before = r.bytes();
    let r = Running::open(r.stop(), &[]);
    assert_eq!(events(&r).iter().filter(|event| *event == "rest").count(), 1, "it rests already");
    assert_eq!(r.bytes(), before);
    read(&r, "sam", 10..20);
    verified(&r);
}

#[test]
fn what_it_cannot_read_is_refused_and_changes_nothing() {
    let r = running(&[]);
    read(&r, "sam", 0..4);
    let before = r.bytes();
    for (x, why) in [
        (json!({}), "has no text"),
        (json!({"text": ""}), "has no text"),
        (json!({"text": "a", "b": 1}), "but the event has"),
        (json!({"text": "a", "role": "robot"}), "must be user, assistant or system"),
        (json!({"text": "a</s>b", "role": "user"}), "control token"),
        (json!({"text": "a", "learn": 2}), "learn is 2"),
        (json!({"text": "a".repeat(4097)}), "at most 4096"),
        (json!({"text": "a", "conversation": "c".repeat(129)}), "at most 128"),
    ] {
        let said = r.post("/v1/identities/sam/learn", &json!({ "x": x }));
        assert_eq!(said.status, 422, "{x}: {}", said.text());
        let told = said.json()["detail"].to_string();
        assert!(told.contains(why), "{x}: {told}");
    }
    assert_eq!(r.bytes(), before);
    // Poison by repetition: the same few letters, as long as an event may be, again and again.
    for _ in 0..3 {
        let said = r.post("/v1/identities/sam/learn", &json!({"x": {"text": "ab".repeat(2000)}}));
        assert!(
            said.json()["prediction"]["value"].as_f64().is_some_and(f64::is_finite),
            "{}",
            said.text()
        );
    }
    verified(&r);
}

#[test]
fn a_base_that_is_not_there_or_another_one_is_told() {
    let r = running(&[]);
    let none = json!({"model": {"LanguageModel": {"base": "none"}}});
    let said = r.put("/v1/identities/tom", &none);
    assert_eq!(said.status, 422, "{}", said.text());
    assert!(said.text().contains("there are tiny"), "{}", said.text());
    read(&r, "sam", 0..4);
    let dir = r.stop();
    let base = dir.path().join("bases/tiny.gguf");
    let mut bytes = std::fs::read(&base).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&base, bytes).unwrap();
    let r = Running::open(dir, &[]);
    let said = r.post("/v1/identities/sam/learn", &text(5));
    assert!(said.status >= 400 && said.text().contains("is another file"), "{}", said.text());
}
