//! What another encoder remembered, translated into a `Memory`; and vectors as parts of events.

#![allow(clippy::unwrap_used, reason = "a test")]

mod parts;

use her_encode::space::ANCHORS_MIN;
use her_encode::{Encoder, Given, Modality, builtin};
use her_learn::{Catalog, Error, Model, Prediction, Result, Row, Scratch, Target};
use her_recall::{Foreign, Memory, Models, TextModel, Translation};
use parts::{stripes, url};
use serde_json::{Value, json};

/// From a text and its n-grams.
type Made = fn(&[u8], &[f32]) -> Vec<f32>;

/// The n-grams of a text in another space: turned, or by chance.
#[derive(Debug)]
struct Turned {
    by: Made,
    space: &'static str,
}

/// The axes in another order, every third the other way round.
fn turned(_: &[u8], v: &[f32]) -> Vec<f32> {
    let at =
        |i: usize| if i.is_multiple_of(3) { -v[i * 77 % v.len()] } else { v[i * 77 % v.len()] };
    (0..v.len()).map(at).collect()
}

fn by_chance(text: &[u8], v: &[f32]) -> Vec<f32> {
    let mut bytes = vec![0; v.len()];
    blake3::Hasher::new().update(text).finalize_xof().fill(&mut bytes);
    bytes.into_iter().map(|b| f32::from(b) - 127.5).collect()
}

impl Encoder for Turned {
    fn modality(&self) -> Modality {
        Modality::Text
    }

    fn space(&self) -> &str {
        self.space
    }

    fn dims(&self) -> usize {
        256
    }

    fn encode(&self, bytes: &[u8]) -> her_encode::Result<Vec<f32>> {
        if bytes.starts_with(b"unreadable") {
            return Err(her_encode::Error("nothing is known of it".into()));
        }
        Ok((self.by)(bytes, &builtin(Modality::Text).encode(bytes)?))
    }
}

struct Shelf;

impl Models for Shelf {
    fn text_model(&self, name: &str, _: Option<&str>) -> Result<TextModel> {
        let (by, space): (Made, _) = match name {
            "turned" => (turned, "turned-1"),
            "chance" => (by_chance, "chance-1"),
            _ => return Err(Error::new(format!("there is no model {name:?}"))),
        };
        Ok(TextModel { encoder: Box::new(Turned { by, space }), digest: space.to_owned() })
    }
}

fn model(params: &Value) -> Model {
    let catalog = her_recall::extend_with(Catalog::builtin(), Shelf);
    Model::new(&json!({ "Memory": params }), &catalog).unwrap()
}

fn learn(model: &mut Model, row: &Row) -> Result<()> {
    // As in an identity: what is wrong is found by the prediction.
    model.predict(row, &mut Prediction::default(), &mut Scratch::default())?;
    model.learn(row, &Target::None, 1.0, &mut Scratch::default())
}

fn tell(model: &mut Model, x: &Value) {
    learn(model, &Row::from_json(x).unwrap()).unwrap();
}

fn refused(model: &mut Model, part: &str) -> String {
    let before = model.save();
    let error = learn(model, &Row::from_json(&json!({ "text": part })).unwrap()).unwrap_err();
    assert_eq!(model.save(), before);
    error.to_string()
}

fn memory(model: &Model) -> &Memory {
    Memory::of(model.root()).unwrap()
}

/// Takes in what another one remembers, as an identity does.
fn translate(from: &Model, to: &mut Model) -> Translation {
    let told = Foreign::of_sums(&from.sums());
    let (ours, theirs) = (memory(to).settings().clone(), memory(from).settings().clone());
    let mut work = Translation::new(told, &theirs, &memory(to).recall(), &ours);
    loop {
        let texts = work.texts(50);
        if texts.is_empty() {
            break;
        }
        for (at, row) in texts {
            if learn(to, &row).is_err() {
                work.unread(at);
            }
        }
    }
    for carried in work.vectors(&memory(to).recall()) {
        if let Err(e) = learn(to, &carried.row) {
            work.refused(carried.by, e.to_string());
        }
    }
    work
}

/// Id, words and space of what is most like a query.
fn first(model: &Model, query: &str) -> (String, String, f64) {
    let recall = memory(model).recall();
    let found = recall.nearest(query, None, 1).unwrap().found[0].clone();
    (found.item.id.to_string(), found.item.text.to_string(), found.similarity)
}

const THINGS: [&str; 12] = [
    "boiler", "awning", "harbour", "ladder", "violin", "orchard", "tunnel", "ferry", "kettle",
    "glacier", "lantern", "saddle",
];
const DEEDS: [&str; 10] = [
    "leaks",
    "was sold",
    "stands empty",
    "smells of rain",
    "came back",
    "is painted blue",
    "broke in March",
    "belongs to Ida",
    "was never found",
    "keeps us warm",
];

fn short(i: usize) -> String {
    let (a, b) = (THINGS[i % 12], THINGS[(i / 12 + i * 5) % 12]);
    format!("the {a} near the {b} {} {}", DEEDS[i * 7 % 10], i * i % 97)
}

fn long(i: usize) -> String {
    let begin = "minutes of the meeting in the town hall, taken down as they were said: ";
    format!("{begin}{}; {}; {}", short(500 + i), short(700 + i * 3), "and so it went on")
}

fn id(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// One by another encoder that was told whole texts and three long ones.
fn library(encoder: &str, texts: usize) -> Model {
    let mut from = model(&json!({"encoder": encoder, "text_max": 64}));
    for i in 0..texts {
        tell(&mut from, &json!({"text": short(i), "time": 1_000 + i}));
    }
    for i in 0..3 {
        tell(&mut from, &json!({"text": long(i), "time": 5_000 + i}));
    }
    from
}

#[test]
fn whole_texts_are_read_anew_and_cut_ones_mapped() {
    let from = library("turned", 400);
    let mut to = model(&json!({"on": ["said"], "id": "name", "time": "when"}));
    tell(&mut to, &json!({"said": short(3)}));
    let work = translate(&from, &mut to);
    assert_eq!((work.known, work.as_they_are), (1, 0));
    assert!(work.left_out.is_empty(), "{:?}", work.left_out);
    let [found] = &work.matches[..] else { panic!("{:?}", work.matches) };
    assert_eq!((&*found.from, &*found.to), ("turned-1", "text-ngrams-1-256"));
    assert_eq!((found.anchors, found.mapped), (400, 3));
    let score = found.score.unwrap();
    assert!(score.top_10 >= 0.95 && score.found_10 >= 0.95, "{found:?}");

    // A whole text has the vector that it has wherever it is told.
    let mut told = model(&json!({}));
    tell(&mut told, &json!({"text": short(7), "time": 1_007}));
    let item = |model: &Model| {
        memory(model).recall().stores()[0]
            .items()
            .find(|i| *i.id == *id(&short(7)))
            .unwrap()
            .clone()
    };
    assert_eq!((item(&to).vector, item(&to).time_ms()), (item(&told).vector, 1_007));
    assert_eq!(first(&to, &short(7)), (id(&short(7)), short(7), 1.0));
    // A cut one is found by what was cut off, under its id, with the words that there are.
    for i in 0..3 {
        let (found, words, similarity) = first(&to, &long(i));
        assert_eq!((found, words.len()), (id(&long(i)), 64));
        assert!(long(i).starts_with(&words) && similarity > 0.8, "{similarity}");
    }
    // Once more, nothing is new; what came goes on to others as it is.
    let once = to.save();
    let again = translate(&from, &mut to);
    assert_eq!((again.known, to.save()), (403, once));
    assert!(again.matches.is_empty() && again.left_out.is_empty());
    let mut third = model(&json!({"on": ["said"]}));
    third.set_sums(&to.sums()).unwrap();
    assert_eq!(first(&third, &long(1)), first(&to, &long(1)));
}

#[test]
fn an_untrusted_map_leaves_out_and_says_how_bad_it_is() {
    let (from, mut to) = (library("chance", 300), model(&json!({})));
    let work = translate(&from, &mut to);
    let [found] = &work.matches[..] else { panic!("{:?}", work.matches) };
    assert!(found.anchors == 300 && found.mapped == 0 && found.held_out > 50, "{found:?}");
    assert!(found.score.unwrap().top_10 < 0.5, "{found:?}");
    let [(why, n)] = &work.left_out.iter().collect::<Vec<_>>()[..] else { panic!() };
    assert!(**n == 3 && why.contains("no map from chance-1") && why.contains("send text"), "{why}");
    assert_eq!(memory(&to).recall().stores()[0].len(), 300, "whole texts need no map");

    // Too few anchors for any map.
    let (from, mut to) = (library("turned", ANCHORS_MIN - 1), model(&json!({})));
    let work = translate(&from, &mut to);
    assert_eq!((work.matches[0].anchors, work.matches[0].score), (ANCHORS_MIN - 1, None));
    let (why, n) = work.left_out.iter().next().unwrap();
    assert!(*n == 3 && why.contains("127 memories of text"), "{why}");
}

#[test]
fn what_is_whole_is_known_by_id_or_length() {
    let mut from = model(&json!({"encoder": "turned", "text_max": 64}));
    tell(&mut from, &json!({"text": "of a name that was given", "id": "one"}));
    tell(&mut from, &json!({"text": "ä".repeat(40), "id": "two"}));
    tell(&mut from, &json!({"text": "x".repeat(61), "id": "three"}));
    tell(&mut from, &json!({"text": "another's digest", "id": id("something else")}));
    tell(&mut from, &json!({"text": "data: not read by people", "id": "four"}));
    let mut to = model(&json!({}));
    let work = translate(&from, &mut to);
    assert_eq!(work.left_out.values().sum::<usize>(), 4, "{:?}", work.left_out);
    assert_eq!(first(&to, "of a name that was given").0, "one");

    // With several parts in an event, short words may be those of another part.
    let mut from = model(&json!({"encoder": "turned", "on": ["a", "b"]}));
    tell(&mut from, &json!({"a": "beside it", "b": "data:text/plain,hidden", "id": "both"}));
    let work = translate(&from, &mut model(&json!({})));
    assert_eq!(work.left_out.values().sum::<usize>(), 2);
}

#[test]
fn a_text_that_is_not_read_here_goes_by_its_vector() {
    let mut from = model(&json!({}));
    (0..200).for_each(|i| tell(&mut from, &json!({ "text": short(i) })));
    tell(&mut from, &json!({"text": "unreadable, the ferry near the tunnel came back"}));
    let mut to = model(&json!({"encoder": "turned"}));
    let work = translate(&from, &mut to);
    assert_eq!((work.matches[0].anchors, work.matches[0].mapped), (200, 1));
    assert!(
        first(&to, "an unreadable, the ferry near the tunnel came back")
            .1
            .starts_with("unreadable")
    );
}

#[test]
fn pictures_of_the_same_space_are_taken_as_they_are() {
    let mut from = model(&json!({"encoder": "turned", "on": ["photo", "text"]}));
    let red = url("image/png", &stripes([220, 30, 30], [250, 250, 250], 0));
    tell(&mut from, &json!({"photo": red, "text": "the red awning", "time": 7}));
    let mut to = model(&json!({}));
    let work = translate(&from, &mut to);
    assert_eq!((work.as_they_are, work.matches.len(), work.left_out.len()), (1, 0, 0));
    let (_, words, similarity) = first(&to, &red);
    assert_eq!((&*words, similarity), ("the red awning", 1.0));
    assert_eq!(translate(&from, &mut to).known, 2);
}

#[test]
fn nothing_that_is_held_goes_to_make_room() {
    let (from, mut to) = (library("turned", 300), model(&json!({"memories_max": 210})));
    (900..910).for_each(|i| tell(&mut to, &json!({ "text": short(i) })));
    let work = translate(&from, &mut to);
    let why: Vec<_> = work.left_out.iter().collect();
    assert!(why[0].0.contains("no room: 210") && *why[0].1 == 103, "{why:?}");
    let recall = memory(&to).recall();
    let items: Vec<_> = recall.stores()[0].items().collect();
    assert_eq!((items.len(), &*items[0].text), (210, &*short(900)));
    assert_eq!(&*items[209].text, &*short(299), "the newest are told last");
    let once = to.save();
    translate(&from, &mut to);
    assert_eq!(to.save(), once);
}

#[test]
fn a_vector_is_a_part_and_bad_ones_are_refused_by_name() {
    let mut to = model(&json!({"text_max": 8}));
    let space = "text-ngrams-1-256".to_owned();
    let numbers = builtin(Modality::Text).encode(b"the spare key").unwrap();
    // Its length says nothing.
    let numbers: Vec<f32> = numbers.iter().map(|x| x * 40.0).collect();
    let given = Given { space, words: Some("elsewhere".into()), numbers };
    tell(&mut to, &json!({"text": given.url(), "id": "mine", "time": 5}));
    let (id, words, similarity) = first(&to, "the spare key");
    assert_eq!((&*id, &*words), ("mine", "elsewher"));
    assert!(similarity > 0.999, "{similarity}");
    // Without an id it has that of its bytes; a query may be a vector as well.
    tell(&mut to, &json!({"text": Given { words: None, ..given.clone() }.url()}));
    let by = blake3::hash(&given.bytes()).to_hex()[..32].to_owned();
    let recall = memory(&to).recall();
    let nearest = recall.nearest(&given.url(), Some(Modality::Text), 2).unwrap();
    let found: Vec<(&str, &str)> =
        nearest.found.iter().map(|f| (&*f.item.id, &*f.item.text)).collect();
    assert_eq!(found, [(&*by, ""), ("mine", "elsewher")]);
    // The words of an event's text, where it has one and the vector brings none.
    let mut two = model(&json!({"on": ["a", "b"]}));
    tell(&mut two, &json!({"a": Given { words: None, ..given.clone() }.url(), "b": "a caption"}));
    assert_eq!(first(&two, &given.url()).1, "a caption");

    let with = |change: fn(&mut Given)| {
        let mut bad = given.clone();
        change(&mut bad);
        bad.url()
    };
    for (part, says) in [
        (with(|g| g.space = "turned-1".into()), "of the space \"turned-1\", and those of text-ngr"),
        (with(|g| g.numbers.truncate(255)), "255 numbers, and those of text-ngrams-1-256 have 256"),
        (with(|g| g.numbers[9] = f32::NAN), "number 9 of the vector is NaN"),
        (with(|g| g.numbers.fill(0.0)), "of zeros"),
        (given.url().replace("base64,", "base64,*"), "base64 is damaged"),
        (given.url().replace(";base64", ""), "not in base64"),
    ] {
        let said = refused(&mut to, &part);
        assert!(said.contains(says) && said.contains("feature \"text\""), "{says}: {said}");
    }
}
