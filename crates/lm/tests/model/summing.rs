//! Adapters of one frozen half add: what two learned, one predicts by.

use her_learn::merge::{Fixed, HARM, Merge};
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use her_lm::{Bases, LanguageModel};
use serde_json::{Value, json};

use super::tiny::{SMALL, Tiny};

/// Tokens that the tiny model takes.
const CHUNK: usize = 8;

/// A directory with a tiny base, and the catalogue that finds it.
fn bases() -> (tempfile::TempDir, Catalog) {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(SMALL, 1);
    let bytes = super::tiny::gguf(&tiny.keys(), &tiny.tensor_list());
    std::fs::write(dir.path().join("tiny.gguf"), bytes).unwrap();
    let catalog = her_lm::catalog(Bases::new(dir.path()));
    (dir, catalog)
}

fn spec(more: &Value) -> Value {
    let mut spec = json!({ "base": "tiny", "chunk": CHUNK, "window": 32, "rate": 0.01 });
    for (name, value) in more.as_object().unwrap() {
        spec[name] = value.clone();
    }
    json!({ "LanguageModel": spec })
}

fn model(catalog: &Catalog, more: &Value) -> Model {
    Model::new(&spec(more), catalog).unwrap()
}

fn read(model: &mut Model, words: &str) {
    let row = Row::from_json(&json!({ "text": words })).unwrap();
    let (mut live, mut scratch) = (Prediction::default(), Scratch::default());
    model.step(&row, &Target::None, 1.0, &mut live, &mut scratch).unwrap();
}

fn learned(model: &Model) -> Vec<f32> {
    LanguageModel::of(model.root()).unwrap().mixture().learner().adapter().learned().to_vec()
}

#[test]
fn what_two_learned_is_the_sum_of_both() {
    let (_dir, catalog) = bases();
    let [mut a, mut b] = [(); 2].map(|()| model(&catalog, &json!({})));
    assert_eq!(a.merge(), Merge::Deltas);
    assert!(a.sums().is_empty(), "who learned nothing tells nothing");
    for i in 0..6 {
        read(&mut a, &format!("the sea is {i} fathoms deep"));
        read(&mut b, &format!("a letter of {i} pages came"));
    }
    let (of_a, of_b) = (learned(&a), learned(&b));
    assert!(of_a.iter().zip(&of_b).filter(|(a, b)| a != b).count() > of_a.len() / 2);
    // Its own sums change nothing.
    let before = a.save();
    a.set_sums(&a.sums()).unwrap();
    assert_eq!(a.save(), before);
    let mut both = a.sums();
    both.add(&b.sums());
    a.set_sums(&both).unwrap();
    for ((both, a), b) in learned(&a).iter().zip(&of_a).zip(&of_b) {
        assert!((both - (a + b)).abs() <= 1e-6 * (a.abs() + b.abs()), "{both}, of {a} and {b}");
    }
    // Taken out again, it is to the bit what it was.
    both.sub(&b.sums());
    a.set_sums(&both).unwrap();
    assert_eq!(learned(&a), of_a);
    // What it said and remembers stays its own; it learns on, and is saved to the bit.
    let kept = LanguageModel::of(a.root()).unwrap().memory().save();
    assert_eq!(
        kept,
        LanguageModel::of(Model::load(&before, &catalog).unwrap().root()).unwrap().memory().save()
    );
    read(&mut a, "and what comes after");
    let mut again = Model::load(&a.save(), &catalog).unwrap();
    read(&mut a, "is the same");
    read(&mut again, "is the same");
    assert_eq!(a.save(), again.save());
}

#[test]
fn one_that_rests_and_gets_sums_is_saved_to_the_bit() {
    let (_dir, catalog) = bases();
    let [mut a, mut b] = [(); 2].map(|()| model(&catalog, &json!({})));
    read(&mut a, "the sea is nine fathoms deep");
    read(&mut b, "a letter of nine pages came");
    a.rest();
    let mut sums = a.sums();
    sums.combine(&b.sums(), |a, b| a.add(b.divided(3)));
    a.set_sums(&sums).unwrap();
    let again = Model::load(&a.save(), &catalog).unwrap();
    assert_eq!(learned(&again), learned(&a));
    assert_eq!(again.sums(), a.sums());
}

#[test]
fn an_adapter_of_another_shape_is_refused() {
    let (_dir, catalog) = bases();
    let (mut narrow, mut wide) =
        (model(&catalog, &json!({"rank": 2})), model(&catalog, &json!({})));
    read(&mut wide, "the sea is nine fathoms deep");
    let before = narrow.save();
    let error = narrow.set_sums(&wide.sums()).unwrap_err().to_string();
    assert!(error.contains("one base and rank"), "{error}");
    assert_eq!(narrow.save(), before);
}

#[test]
fn a_poisoned_peer_costs_no_more_than_the_bound() {
    let (_dir, catalog) = bases();
    let (mut reader, mut peer) = (model(&catalog, &json!({})), model(&catalog, &json!({})));
    for i in 0..8 {
        read(&mut reader, &format!("the sea is {i} fathoms deep"));
        read(&mut peer, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
    let probe = reader.probe().unwrap();
    for times in [30.0, 1e15] {
        let mut sums = reader.sums();
        let times = |a: Fixed, b: Fixed| a.add(Fixed::of(b.to_f64() * times));
        sums.combine(&peer.sums(), times);
        let mut poisoned = Model::load(&reader.save(), &catalog).unwrap();
        poisoned.set_sums(&sums).unwrap();
        let bits = |model: &Model| LanguageModel::of(model.root()).unwrap().mixture().bits();
        let before = bits(&poisoned);
        for i in 0..40 {
            read(&mut poisoned, &format!("the sea is {i} fathoms deep"));
        }
        let after = bits(&poisoned);
        let (scored, lost) = (after.scored - before.scored, after.regret);
        assert!(scored > 400 && lost <= 1.0 + 0.002 * after.scored as f64, "{after:?}");
        assert!(learned(&poisoned).iter().all(|x| x.is_finite()));
    }
    let mut harmed = Model::load(&reader.save(), &catalog).unwrap();
    let mut sums = reader.sums();
    sums.combine(&peer.sums(), |a, b| a.add(Fixed::of(b.to_f64() * 30.0)));
    harmed.set_sums(&sums).unwrap();
    let with = harmed.probe().unwrap();
    assert!(with > probe + HARM, "{probe} bits a token, {with} with the poison");
}
