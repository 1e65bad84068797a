//! Sentence models as packages ship them: all-MiniLM-L6-v2, an encoder, and wordllama, a table.

use her_learn::{Model as Learner, Prediction, Row, Scratch, Target};
use her_lm::check::{Verdict, sentence};
use her_lm::{Architecture, Bases, EMBED_BYTES, SentenceModel, catalog, unit};
use serde_json::{Value, json};

use super::tiny::fetched;

const MINI: &str = "all-MiniLM-L6-v2";
const WORD: &str = "wordllama-l2-supercat-256";

fn open(name: &str) -> SentenceModel {
    SentenceModel::open(&fetched(&format!("language/{name}"))).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// What `bench/sentence_vectors.py` computed in 64 bits, from the same files and nothing of ours.
#[test]
fn vectors_are_those_of_numpy() {
    let told: Value = serde_json::from_str(include_str!("sentence-vectors.json")).unwrap();
    for name in [MINI, WORD] {
        let model = open(name);
        let rows = told[name].as_array().unwrap();
        assert_eq!(rows.len(), 4);
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let numbers = row["vector"].as_array().unwrap().iter();
            let wanted: Vec<f32> = numbers.map(|x| x.as_f64().unwrap() as f32).collect();
            let mut tokens: Vec<u64> = Vec::new();
            tokens.extend(model.tokens.encode(text).unwrap().iter().map(|t| u64::from(*t)));
            if name == MINI {
                // Between the two that begin and end a text.
                tokens.insert(0, 101);
                tokens.push(102);
            }
            assert_eq!(json!(tokens), row["tokens"], "{name}: {text}");
            let mut vector = model.embed(text).unwrap();
            assert_eq!(vector.len(), wanted.len());
            let off = 1.0 - cosine(&vector, &wanted);
            assert!(off < 1e-6, "{name}: {text:?} is off by {off:e}");
            unit(&mut vector);
            // They were written in thousandths, to one digit more.
            for (i, (x, wanted)) in vector.iter().zip(&wanted).enumerate() {
                let off = (x * 1000.0 - wanted).abs();
                assert!(off < 0.06, "{name}: {text:?}, number {i} is off by {off}");
            }
            assert_eq!(model.embed(text).unwrap(), model.embed(text).unwrap(), "the same bits");
        }
    }
}

#[test]
fn what_they_are_is_told() {
    let (mini, word) = (open(MINI), open(WORD));
    assert_eq!((mini.architecture, word.architecture), (Architecture::Bert, Architecture::Static));
    assert_eq!((mini.width(), mini.layers(), mini.context()), (384, 6, Some(256)));
    assert_eq!((word.width(), word.layers(), word.context()), (256, 0, None));
    assert_eq!((mini.normalizes(), word.normalizes()), (true, false));
    assert_eq!((mini.tokens.len(), word.tokens.len()), (30_522, 32_000));
    // Without the second sort of text and the head that vectors do not go through.
    assert_eq!(mini.parameters(), 22_713_216 - 2 * 384 - (384 * 384 + 384));
    assert_eq!(word.parameters(), 32_000 * 256);
    assert_eq!(word.kinds.get("F16"), Some(&1));
}

#[test]
fn like_sentences_are_near() {
    for (name, least) in [(MINI, 24), (WORD, 23)] {
        let model = open(name);
        let alike = sentence::alike(&model).unwrap();
        assert!(alike.right >= least, "{name}: {alike:?}");
        let (verdict, why) = sentence::verdict(&alike);
        assert!(verdict != Verdict::Unfit, "{name}: {why}");
    }
}

#[test]
fn long_texts_are_read_in_parts_and_odd_ones_as_they_are() {
    for name in [MINI, WORD] {
        let model = open(name);
        // One part of 220 tokens, and three.
        let short =
            model.embed(&"All work and no play makes Jack a dull boy. ".repeat(20)).unwrap();
        let long = model.embed(&"All work and no play makes Jack a dull boy. ".repeat(60)).unwrap();
        assert!(cosine(&short, &long) > 0.99, "{name}: {}", cosine(&short, &long));
        // Of words in two parts, both count.
        let other = format!("{}{}", "bread ".repeat(300), "violin ".repeat(300));
        let both = model.embed(&other).unwrap();
        for part in ["bread ", "violin "] {
            let part = model.embed(&part.repeat(200)).unwrap();
            assert!(cosine(&part, &both) > 0.6, "{name}: {}", cosine(&part, &both));
        }
        for odd in ["\0", " ", "\u{200b}", "👩‍👩‍👧", "[SEP][CLS]", "﷽"] {
            let vector = model.embed(odd).unwrap();
            assert!(vector.iter().all(|x| x.is_finite()), "{name}: {odd:?}");
        }
        assert!(model.embed("").unwrap_err().0.contains("empty"));
        let most = "é".repeat(EMBED_BYTES / 2 + 1);
        assert!(model.embed(&most).unwrap_err().0.contains("32770 bytes"));
    }
}

/// How many of the last tweets a classifier got right that learned on top of a base, each predicted
/// before it is learned: with their own labels, and with those of other tweets.
fn right(base: &Value, tweets: &[(String, bool)], shift: usize) -> usize {
    let catalog = catalog(Bases::new(fetched("language")));
    let spec = json!([{"LanguageEmbedding": base}, "StandardScaler", "LogisticRegression"]);
    let mut model = Learner::new(&spec, &catalog).unwrap();
    let (mut scratch, mut said) = (Scratch::default(), Prediction::default());
    let mut right = 0;
    for (i, (text, _)) in tweets.iter().enumerate() {
        let truth = tweets[(i + shift) % tweets.len()].1;
        let row = Row::from_json(&json!({"text": text})).unwrap();
        model.step(&row, &Target::Bool(truth), 1.0, &mut said, &mut scratch).unwrap();
        right += usize::from(i >= tweets.len() / 2 && (said.positive() > 0.5) == truth);
    }
    right
}

#[test]
fn a_classifier_learns_on_top_of_them() {
    let stream = std::fs::read_to_string(fetched("tweets.ndjson")).unwrap();
    let tweet = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        (event["x"]["text"].as_str().unwrap().to_owned(), event["y"].as_bool().unwrap())
    };
    let tweets: Vec<_> = stream.lines().take(400).map(tweet).collect();
    for base in [
        json!({"base": MINI}),
        json!({"base": WORD}),
        json!({"base": WORD, "truncate_dim": 64, "normalize_embeddings": true}),
    ] {
        let (own, others) = (right(&base, &tweets, 0), right(&base, &tweets, 7));
        println!("{base}: {own} of 200 right, {others} with the labels of others");
        assert!(own > others + 20 && own > 130, "{base}: {own} of 200, shuffled {others}");
    }
}

#[test]
fn a_base_is_named_by_its_bytes_and_does_one_thing() {
    let bases = Bases::new(fetched("language"));
    let catalog = catalog(Bases::new(fetched("language")));
    let refused = bases.get(MINI).err().unwrap().to_string();
    assert!(refused.contains("is a sentence model (bert)") && refused.contains("Llama"));
    let spec = json!({"LanguageModel": {"base": WORD}});
    let refused = Learner::new(&spec, &catalog).err().unwrap().to_string();
    assert!(refused.contains("can neither speak nor learn"), "{refused}");

    let cut = json!({"LanguageEmbedding": {"base": WORD, "truncate_dim": 64}});
    let model = Learner::new(&json!([cut, "LogisticRegression"]), &catalog).unwrap();
    let saved = Learner::load(&model.save(), &catalog).unwrap();
    assert_eq!(saved.save(), model.save());
    let told = model.spec().to_string();
    let digest = bases.embedder(WORD).unwrap().digest().to_owned();
    assert!(told.contains(&digest), "the base is known by its bytes: {told}");
    for (params, why) in [
        (json!({"base": WORD, "truncate_dim": 257}), "gives 256 numbers: take 1 to 256"),
        (json!({"base": WORD, "truncate_dim": 0}), "take 1 to 256"),
        (json!({"base": MINI, "digest": digest}), "is another file than the one"),
        (json!({"base": "Nobody"}), "there is no model \"Nobody\""),
    ] {
        let spec = json!([{"LanguageEmbedding": params}, "LogisticRegression"]);
        let refused = Learner::new(&spec, &catalog).err().unwrap().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
