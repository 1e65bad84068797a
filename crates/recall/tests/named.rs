//! A `Memory` whose texts are read by a model that its spec names.

#![allow(clippy::unwrap_used, reason = "a test")]

mod parts;

use her_encode::{Encoder, Modality};
use her_learn::{Catalog, Error, Model, Prediction, Result, Row, Scratch, Target};
use her_recall::{Memory, Models, TextModel};
use parts::{stripes, url};
use serde_json::{Value, json};

/// A model that knows what three sorts of words mean, and what they are spelled like not at all.
#[derive(Debug)]
struct Topics {
    space: String,
    modality: Modality,
    dims: usize,
}

const TOPICS: [&[&str]; 3] =
    [&["doctor", "physician"], &["car", "automobile"], &["rain", "drizzle"]];

impl Encoder for Topics {
    fn modality(&self) -> Modality {
        self.modality
    }

    fn space(&self) -> &str {
        &self.space
    }

    fn dims(&self) -> usize {
        self.dims
    }

    fn encode(&self, bytes: &[u8]) -> her_encode::Result<Vec<f32>> {
        let text = std::str::from_utf8(bytes).unwrap();
        let of =
            |words: &[&str]| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.1 };
        let numbers: Vec<f32> = TOPICS.iter().map(|words| of(words)).collect();
        let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        Ok(numbers.iter().map(|x| x / length).collect())
    }
}

/// Models by name: what each is, and its digest.
struct Shelf;

impl Models for Shelf {
    fn text_model(&self, name: &str, digest: Option<&str>) -> Result<TextModel> {
        let (found, dims, modality) = match name {
            "topics" | "the same" => ("d1", 3, Modality::Text),
            "other" => ("d2", 3, Modality::Text),
            "wide" => ("d3", 65_537, Modality::Text),
            "none" => ("d4", 0, Modality::Text),
            "eyes" => ("d5", 3, Modality::Image),
            _ => return Err(Error::new(format!("there is no model {name:?}"))),
        };
        if let Some(wanted) = digest.filter(|wanted| *wanted != found) {
            return Err(Error::new(format!("its digest is {found}, and {wanted} is wanted")));
        }
        let encoder = Box::new(Topics { space: format!("base-{found}"), modality, dims });
        Ok(TextModel { encoder, digest: found.to_owned() })
    }
}

fn catalog() -> Catalog {
    her_recall::extend_with(Catalog::builtin(), Shelf)
}

fn model(params: &Value) -> Model {
    Model::new(&json!({ "Memory": params }), &catalog()).unwrap()
}

fn refused(params: &Value) -> String {
    Model::new(&json!({ "Memory": params }), &catalog()).unwrap_err().to_string()
}

/// Tells an event, and gives how new it was.
fn tell(model: &mut Model, x: &Value) -> f64 {
    let mut prediction = Prediction::default();
    let row = Row::from_json(x).unwrap();
    model.step(&row, &Target::None, 1.0, &mut prediction, &mut Scratch::default()).unwrap();
    prediction.value.unwrap()
}

fn first(model: &Model, query: &str) -> (String, String) {
    let recall = Memory::of(model.root()).unwrap().recall();
    let nearest = recall.nearest(query, None, 1).unwrap();
    (nearest.space.to_string(), nearest.found[0].item.text.to_string())
}

fn spaces(model: &Model) -> Vec<(String, usize)> {
    let recall = Memory::of(model.root()).unwrap().recall();
    recall.stores().iter().map(|store| (store.space().to_owned(), store.len())).collect()
}

#[test]
fn texts_are_found_by_the_model_and_all_else_as_ever() {
    let mut named = model(&json!({"on": ["photo", "text"], "encoder": "topics"}));
    let mut plain = model(&json!({"on": ["photo", "text"]}));
    let photo = url("image/png", &stripes([220, 30, 30], [250, 250, 250], 0));
    for model in [&mut named, &mut plain] {
        assert_eq!(tell(model, &json!({"text": "ask a physician", "photo": photo})), 1.0);
        tell(model, &json!({"text": "the docks of Dover"}));
        assert_eq!(tell(model, &json!({"text": "the docks of Dover"})), 0.0, "told again");
    }
    let (space, text) = first(&named, "the doctor");
    assert_eq!((&*space, &*text), ("base-d1", "ask a physician"));
    assert_eq!(first(&plain, "the doctor").1, "the docks of Dover");
    assert_eq!(spaces(&named)[0], spaces(&plain)[0], "pictures are read as by others");
    assert_eq!(spaces(&named)[1], ("base-d1".to_owned(), 2));
    assert!(tell(&mut named, &json!({"text": "no doctor"})) < 0.01);
    assert!(Memory::of(named.root()).unwrap().recall().is_slow());
    assert!(!Memory::of(plain.root()).unwrap().recall().is_slow());

    // Saved with the digest that it was born with, and read to the same bytes.
    let saved = named.save();
    let mut read = Model::load(&saved, &catalog()).unwrap();
    assert_eq!(read.save(), saved);
    let more = json!({"text": "rain again"});
    assert_eq!(tell(&mut read, &more), tell(&mut named, &more));
    assert_eq!(read.save(), named.save());
}

#[test]
fn the_spec_names_the_digest_and_only_where_there_is_one() {
    let named = model(&json!({"encoder": "topics"}));
    assert_eq!(named.spec()["Memory"]["encoder"], "topics");
    assert_eq!(named.spec()["Memory"]["digest"], "d1");
    let keys = |model: &Model| -> Vec<String> {
        model.spec()["Memory"].as_object().unwrap().keys().cloned().collect()
    };
    let before = ["on", "id", "time", "memories_max", "text_max"];
    assert_eq!(keys(&model(&json!({}))), before);
    assert_eq!(keys(&model(&json!({"encoder": null, "digest": null}))), before);
    // Who reads by a model takes long for it.
    let catalog = catalog();
    assert!(catalog.is_heavy(named.spec()) && !catalog.is_heavy(model(&json!({})).spec()));
}

#[test]
fn what_can_not_read_texts_is_refused_by_name() {
    for (params, says) in [
        (json!({"encoder": "gone"}), "encoder: there is no model \"gone\""),
        (json!({"encoder": ""}), "the name is empty"),
        (json!({"encoder": "topics", "digest": "d2"}), "its digest is d1, and d2 is wanted"),
        (json!({"encoder": "wide"}), "65537 dimensions, at most 65536"),
        (json!({"encoder": "none"}), "no dimensions"),
        (json!({"encoder": "eyes"}), "eyes reads image"),
        (json!({"digest": "d1"}), "no encoder is named"),
    ] {
        let refused = refused(&params);
        assert!(refused.contains(says) && refused.contains("Memory"), "{params}: {refused}");
    }
    let nobody = her_recall::extend(Catalog::builtin());
    let refused = Model::new(&json!({"Memory": {"encoder": "topics"}}), &nobody).unwrap_err();
    assert!(refused.to_string().contains("no models are known here"), "{refused}");
}

#[test]
fn vectors_of_one_model_add_up_and_those_of_two_never_meet() {
    let mut one = model(&json!({"encoder": "topics"}));
    let mut same = model(&json!({"encoder": "the same"}));
    let mut other = model(&json!({"encoder": "other"}));
    for (model, text) in [(&mut one, "a car"), (&mut same, "some rain"), (&mut other, "drizzle")] {
        tell(model, &json!({"text": text}));
        tell(model, &json!({"text": "all were told"}));
    }
    let mut sums = one.sums();
    sums.add(&same.sums());
    one.set_sums(&sums).unwrap();
    assert_eq!(spaces(&one), [("base-d1".to_owned(), 3)]);
    assert_eq!(first(&one, "drizzle").1, "some rain");
    sums.add(&other.sums());
    one.set_sums(&sums).unwrap();
    assert_eq!(spaces(&one), [("base-d1".to_owned(), 3)], "of another model nothing is taken");
}
