//! What is told is remembered, counted, found again, and let go of; what is bad changes nothing.

#![allow(clippy::unwrap_used, reason = "a test")]

mod parts;

use std::path::Path;

use her_encode::Modality;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use her_recall::Memory;
use parts::{stripes, tone, url};
use serde_json::{Value, json};

const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [30, 30, 220];
const WHITE: [u8; 3] = [250, 250, 250];

fn catalog() -> Catalog {
    her_recall::extend(Catalog::builtin())
}

fn model(spec: &Value) -> Model {
    Model::new(spec, &catalog()).unwrap()
}

/// Tells an event, and gives how new it was.
fn tell(model: &mut Model, x: &Value) -> her_learn::Result<f64> {
    let mut prediction = Prediction::default();
    let row = Row::from_json(x)?;
    model.step(&row, &Target::None, 1.0, &mut prediction, &mut Scratch::default())?;
    Ok(prediction.value.unwrap())
}

fn memory(model: &Model) -> &Memory {
    Memory::of(model.root()).unwrap()
}

fn lens(model: &Model) -> Vec<(String, usize)> {
    let recall = memory(model).recall();
    recall.stores().iter().map(|store| (store.modality().to_owned(), store.len())).collect()
}

fn words(model: &Model, query: &str, most: usize) -> Vec<String> {
    let recall = memory(model).recall();
    let nearest = recall.nearest(query, None, most).unwrap();
    nearest.found.iter().map(|found| found.item.text.to_string()).collect()
}

#[test]
fn pictures_and_sounds_are_found_with_the_words_that_came_with_them() {
    let mut model = model(&json!({"Memory": {"on": ["photo", "sound", "said"]}}));
    let of = |kind: &str, name: &str, bytes: &[u8], said: &str| json!({name: url(kind, bytes), "said": said});
    let (red, blue) = (stripes(RED, WHITE, 0), stripes(BLUE, WHITE, 0));
    let first = tell(&mut model, &of("image/png", "photo", &red, "the red awning")).unwrap();
    assert_eq!(first, 1.0, "nothing was known");
    tell(&mut model, &of("image/png", "photo", &blue, "the blue awning")).unwrap();
    tell(&mut model, &of("audio/wav", "sound", &tone(440.0), "the bell")).unwrap();
    tell(&mut model, &of("audio/wav", "sound", &tone(2_500.0), "the kettle")).unwrap();
    let all = [("audio", 2), ("image", 2), ("text", 4)];
    assert_eq!(lens(&model), all.map(|(name, n)| (name.to_owned(), n)));

    // The same stripes a little to the side, a tone a little higher.
    let asked = url("image/png", &stripes(RED, WHITE, 2));
    assert_eq!(words(&model, &asked, 1), ["the red awning"]);
    assert_eq!(words(&model, &url("audio/wav", &tone(455.0)), 1), ["the bell"]);
    assert_eq!(words(&model, "a blue awning?", 1), ["the blue awning"]);
    let recall = memory(&model).recall();
    let found = recall.nearest(&asked, Some(Modality::Image), 5).unwrap();
    assert_eq!((found.found.len(), found.modality), (2, Modality::Image));
    assert!(found.found[0].similarity > found.found[1].similarity);
    let wrong = recall.nearest("red", Some(Modality::Image), 5).unwrap_err().to_string();
    assert!(wrong.contains("image") && wrong.contains("text-ngrams"), "{wrong}");

    // Told again, it is not new, and not kept twice: the id is the file's own hash.
    let again = json!({"photo": url("image/png", &red), "said": "the red awning"});
    assert_eq!(tell(&mut model, &again).unwrap(), 0.0);
    let recall = memory(&model).recall();
    let nearest = recall.nearest(&url("image/png", &red), None, 1).unwrap();
    let item = nearest.found[0].item;
    assert_eq!((item.told(), nearest.found[0].similarity), (2.0, 1.0));
    assert_eq!(*item.id, blake3::hash(&red).to_hex()[..32]);
}

#[test]
fn ids_times_and_bounds_are_as_the_event_and_the_spec_say() {
    let spec = json!({"Memory": {"memories_max": 3, "text_max": 9, "time": "at"}});
    let mut model = model(&spec);
    for i in 0..5 {
        let x = json!({"text": format!("number {i} äpfel"), "id": format!("n{i}"), "at": 1000 + i});
        tell(&mut model, &x).unwrap();
    }
    // The oldest went; the second of what is left is told again, and stays longest from now on.
    tell(&mut model, &json!({"text": "number 3 äpfel", "id": "n3", "at": 3003})).unwrap();
    let recall = memory(&model).recall();
    let kept = |recall: &her_recall::Recall| -> Vec<(String, i64, String)> {
        let items = recall.stores()[0].items();
        items.map(|i| (i.id.to_string(), i.time_ms(), i.text.to_string())).collect()
    };
    let want = [("n2", 1002, "number 2 "), ("n4", 1004, "number 4 "), ("n3", 2003, "number 3 ")];
    let want = want.map(|(id, at, text)| (id.to_owned(), at, text.to_owned()));
    assert_eq!(kept(&recall), want);
    tell(&mut model, &json!({"text": "one more"})).unwrap();
    assert_eq!(kept(&recall), want, "who recalls sees what was known then");
    let now: Vec<String> = kept(&memory(&model).recall()).into_iter().map(|k| k.0).collect();
    assert_eq!((&*now[0], &*now[1], now[2].len()), ("n4", "n3", 32));
}

#[test]
fn what_it_cannot_read_is_refused_and_changes_nothing() {
    let mut model = model(&json!({"Memory": {"on": ["a", "b"]}}));
    tell(&mut model, &json!({"a": "one", "other": 3, "c": "left out"})).unwrap();
    let before = model.save();
    for (x, why) in [
        (json!({"a": 1}), "feature \"a\" is a number"),
        (json!({"a": "fine", "b": "data:image/png;base64,AAAA"}), "feature \"b\""),
        (json!({"a": "data:video/mp4;base64,AAAA"}), "video"),
        (json!({"a": "fine", "id": 7}), "feature \"id\" is a number"),
        (json!({"a": "fine", "id": "x".repeat(257)}), "257 bytes"),
        (json!({"a": "fine", "time": "now"}), "feature \"time\" is a text"),
        (json!({"a": "fine", "time": 1e18}), "calendar"),
        (json!({"a": "   "}), "empty"),
    ] {
        let refused = tell(&mut model, &x).unwrap_err().to_string();
        assert!(refused.contains(why), "{x}: {refused}");
        assert_eq!(model.save(), before, "{x}");
    }
    assert_eq!(tell(&mut model, &json!({"c": 1})).unwrap(), 0.0, "nothing to be new");
    for (params, why) in [
        (json!({"on": []}), "on"),
        (json!({"on": ["id"]}), "\"id\" stands for two things"),
        (json!({"memories_max": 0}), "memories_max"),
        (json!({"memories_max": 100_001}), "memories_max"),
        (json!({"text_max": 5000}), "text_max"),
    ] {
        let refused = Model::new(&json!({"Memory": params}), &catalog()).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let wrong = json!([{"Embedding": {"modality": "video"}}, "LinearRegression"]);
    assert!(Model::new(&wrong, &catalog()).unwrap_err().to_string().contains("video"));
}

#[test]
fn ordinary_estimators_learn_from_pictures() {
    let spec = json!([
        {"Embedding": {"on": "photo", "modality": "image"}}, "StandardScaler", "LogisticRegression",
    ]);
    let mut model = model(&spec);
    let (mut p, mut s) = (Prediction::default(), Scratch::default());
    let row = |colour, shift| {
        let photo = url("image/png", &stripes(colour, WHITE, shift));
        Row::from_json(&json!({"photo": photo, "other": 1})).unwrap()
    };
    for shift in 0..12 {
        model.learn(&row(RED, shift), &Target::Bool(true), 1.0, &mut s).unwrap();
        model.learn(&row(BLUE, shift), &Target::Bool(false), 1.0, &mut s).unwrap();
    }
    model.predict(&row(RED, 13), &mut p, &mut s).unwrap();
    assert!(p.positive() > 0.6, "{p:?}");
    model.predict(&row(BLUE, 13), &mut p, &mut s).unwrap();
    assert!(p.positive() < 0.4, "{p:?}");
    let text = Row::from_json(&json!({"photo": "a text"})).unwrap();
    let refused = model.predict(&text, &mut p, &mut s).unwrap_err().to_string();
    assert!(refused.contains("image") && refused.contains("photo"), "{refused}");
}

/// What this build saves, later builds must read: written once, with `HER_WRITE_GOLDEN=1`.
#[test]
fn saved_memories_are_read_for_ever() {
    let mut made = model(&json!({"Memory": {"on": ["photo", "text"], "memories_max": 4}}));
    for i in 0..6 {
        let photo = url("image/png", &stripes([i * 40, 90, 200], WHITE, 0));
        let text = format!("the awning of house {i}");
        tell(&mut made, &json!({"photo": photo, "text": text, "time": 1_000})).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/memory-v1.bin");
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() && !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made.save()).unwrap();
    }
    let golden = std::fs::read(&path).expect("golden files are in the repository");
    let mut read = Model::load(&golden, &catalog()).unwrap();
    assert_eq!(made.save(), golden, "the same events make the same bytes");
    assert_eq!(read.save(), golden);
    assert_eq!(words(&read, "which awning? of house 5", 1), ["the awning of house 5"]);
    let more = json!({"text": "and one more"});
    assert_eq!(tell(&mut read, &more).unwrap(), tell(&mut made, &more).unwrap());
    assert_eq!(made.save(), read.save());
}
