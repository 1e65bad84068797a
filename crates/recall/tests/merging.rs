//! What peers remember becomes the union of it.

#![allow(clippy::unwrap_used, reason = "a test")]

use her_learn::merge::{Fixed, Key, Sums};
use her_learn::{Catalog, Model, Row, Scratch, Target};
use her_recall::Memory;
use serde_json::json;

fn model(most: usize) -> Model {
    let spec = json!({"Memory": {"memories_max": most}});
    Model::new(&spec, &her_recall::extend(Catalog::builtin())).unwrap()
}

fn tell(model: &mut Model, text: &str, time: i64) {
    let row = Row::from_json(&json!({"text": text, "time": time})).unwrap();
    model.learn(&row, &Target::None, 1.0, &mut Scratch::default()).unwrap();
}

/// Words, how often they were told, and when; the oldest first.
fn known(model: &Model) -> Vec<(String, f64, i64)> {
    let recall = Memory::of(model.root()).unwrap().recall();
    let items = recall.stores().iter().flat_map(her_recall::Store::items);
    items.map(|item| (item.text.to_string(), item.told(), item.time_ms())).collect()
}

fn sum(of: &[&Sums]) -> Sums {
    of.iter().fold(Sums::default(), |mut sum, one| {
        sum.add(one);
        sum
    })
}

#[test]
fn what_two_were_told_is_one_memory_and_counts_twice() {
    let (mut a, mut b) = (model(100), model(100));
    for (model, texts) in [(&mut a, ["both of us", "only a"]), (&mut b, ["only b", "both of us"])] {
        for (text, time) in texts.into_iter().zip([1_000, 3_000]) {
            tell(model, text, time);
        }
    }
    let (of_a, of_b) = (a.sums(), b.sums());
    assert_eq!(sum(&[&of_a, &of_b]), sum(&[&of_b, &of_a]));
    a.set_sums(&sum(&[&of_a, &of_b])).unwrap();
    // Of what only a peer was told, nothing is newer than what was told here.
    let want = [("only b", 1.0, 1_000), ("both of us", 2.0, 2_000), ("only a", 1.0, 3_000)];
    let want = want.map(|(text, told, time)| (text.to_owned(), told, time));
    assert_eq!(known(&a), want);
    assert_eq!(a.sums(), sum(&[&of_a, &of_b]), "what it took is what it shows");
    let once = a.save();
    a.set_sums(&sum(&[&of_b, &of_a])).unwrap();
    assert_eq!(a.save(), once);

    // The vector of what both were told is that of each, to the bit.
    let vector = |model: &Model, text: &str| {
        let recall = Memory::of(model.root()).unwrap().recall();
        let found = recall.nearest(text, None, 1).unwrap().found[0].clone();
        (found.item.vector.clone(), found.similarity)
    };
    assert_eq!(vector(&a, "both of us"), vector(&b, "both of us"));
    assert_eq!(vector(&a, "only b"), vector(&b, "only b"));
    // A peer is taken out: what both were told stays.
    a.set_sums(&of_a).unwrap();
    assert_eq!(known(&a).len(), 2);
    assert_eq!(a.sums(), of_a);
}

#[test]
fn a_part_of_a_count_is_a_whole_memory() {
    let mut a = model(100);
    tell(&mut a, "a third of this", 3_000);
    let mut third = Sums::default();
    third.combine(&a.sums(), |_, cell| cell.divided(3));
    let mut reader = model(100);
    reader.set_sums(&third).unwrap();
    let [(text, told, time)] = &known(&reader)[..] else { panic!("one memory") };
    assert_eq!((&**text, *time), ("a third of this", 3_000));
    assert!((told - 1.0 / 3.0).abs() < 1e-15, "{told}");
}

#[test]
fn what_was_told_here_stays_when_peers_tell_more_than_there_is_room_for() {
    let (mut a, mut b) = (model(4), model(4));
    for i in 0..3 {
        tell(&mut a, &format!("mine {i}"), 0);
    }
    for i in 0..4 {
        tell(&mut b, &format!("theirs {i}"), 1_000 + i);
    }
    a.set_sums(&sum(&[&a.sums(), &b.sums()])).unwrap();
    let words: Vec<String> = known(&a).into_iter().map(|known| known.0).collect();
    assert_eq!(words, ["theirs 3", "mine 0", "mine 1", "mine 2"]);
    tell(&mut a, "mine 3", 0);
    assert!(!known(&a).iter().any(|known| known.0.starts_with("theirs")));
}

#[test]
fn damaged_blocks_and_foreign_spaces_are_not_remembered() {
    let mut a = model(100);
    tell(&mut a, "the truth", 0);
    let (key, block) = a.sums().iter().map(|(k, b)| (k.clone(), b.to_vec())).next().unwrap();
    let with = |key: Key, block: Vec<Fixed>| -> Sums {
        [(key, block.into_boxed_slice())].into_iter().collect()
    };
    let mut reader = model(100);
    let renamed = Key { tensor: "0".repeat(64).into(), ..key.clone() };
    let mut damaged = vec![with(renamed, block.clone()), with(key.clone(), Vec::new())];
    for at in 0..block.len() {
        let mut other = block.clone();
        // The second is the time, which is no part of the record.
        if at != 1 {
            other[at] = other[at].add(Fixed::of(3.0));
            damaged.push(with(key.clone(), other.clone()));
        }
        other.truncate(at);
        damaged.push(with(key.clone(), other));
    }
    for sums in damaged {
        reader.set_sums(&sums).unwrap();
        assert!(known(&reader).is_empty(), "{sums:?}");
        assert!(reader.sums().is_empty());
    }
    reader.set_sums(&with(key, block)).unwrap();
    assert_eq!(known(&reader).len(), 1);
}
