use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::shared::hash_of;
use her_identity::sync::{Codec, Exchange};
use her_identity::turn::{Desk, State};
use her_learn::merge::{Fixed, Key, Statement};
use her_learn::{Catalog, Model, Row, Scratch, Target, Task};
use serde_json::json;

use super::*;

fn origin(key: u8, life: u64) -> Origin {
    Origin { peer: Peer { key: [key; 32], identity: IdentityId([key; 16]) }, life }
}

fn sums(cells: &[(&str, f64)]) -> Sums {
    let cell = |(tensor, x): &(&str, f64)| {
        let key = Key { tensor: (*tensor).into(), class: None, feature: None, other: None };
        (key, vec![Fixed::of(*x)].into_boxed_slice())
    };
    cells.iter().map(cell).collect()
}

fn part(origin: Origin, (from, to): (u64, u64), events: u64, step: &[(&str, f64)]) -> Part {
    let sums = sums(step);
    let hash = hash_of(&sums);
    let content = Content::Sums(sums);
    Part { origin, from, to, events, content, hash, signature: Box::new([0; 64]) }
}

/// What an identity of key 1 has after it took these parts.
fn having(parts: Vec<Part>) -> Shared {
    let birth = Birth::from_json(&json!({"model": "MultinomialNB"})).unwrap();
    let mut state = State::born(birth, &Catalog::builtin()).unwrap();
    let mut exchange = Exchange::new(origin(1, 1), Codec::Exact);
    (exchange.parts, exchange.weigh) = (parts, false);
    let what = What::Sync(Box::new(exchange));
    state.turn(&Event { at_ms: 1, request: None, what }, &mut Desk::default()).unwrap();
    state.shared().cloned().unwrap()
}

fn refused(bounds: &Sync, merge: Merge, shared: &Shared, part: Part) -> Option<String> {
    let (taken, refused) = judge(bounds, merge, Some(shared), vec![part]);
    assert_eq!(taken.len() + refused.len(), 1);
    refused.into_iter().next()
}

#[test]
fn steps_that_are_too_long_are_refused_by_name_however_they_come() {
    let bounds = Sync { step_norm_max: 1.0, ..Sync::default() };
    // Moments of any size stand beside the steps.
    let beside = ("0/squares", 1e15);
    let fine = part(origin(2, 7), (0, 5), 10, &[beside, ("1/weights", 6.0), ("1/intercept", 8.0)]);
    let long = part(origin(2, 7), (0, 5), 10, &[beside, ("1/weights", 6.1), ("1/intercept", 8.0)]);
    let none = Shared::default();
    assert_eq!(refused(&bounds, Merge::Deltas, &none, fine), None);
    let why = refused(&bounds, Merge::Deltas, &none, long.clone()).unwrap();
    let peer = origin(2, 7).peer.to_string();
    assert!(why.contains(&peer) && why.contains("sync.step_norm_max"), "{why}");
    // The size of counts and precisions says only how much was seen.
    assert_eq!(refused(&bounds, Merge::Exact, &none, long.clone()), None);
    assert_eq!(refused(&bounds, Merge::Approximate, &none, long), None);
    // In steps it is the row that is judged: one that went far and came back is fine.
    let before = part(origin(2, 7), (0, 3), 8, &[("1/weights", 8.0)]);
    let shared = having(vec![before]);
    let step = |x: f64| part(origin(2, 7), (3, 5), 10, &[("1/weights", x)]);
    assert_eq!(refused(&bounds, Merge::Deltas, &shared, step(-16.0)), None);
    assert!(refused(&bounds, Merge::Deltas, &shared, step(2.5)).is_some());
    // What changes nothing is nobody's business.
    let old = part(origin(2, 7), (0, 3), 1, &[("1/weights", 99.0)]);
    let gap = part(origin(2, 7), (4, 5), 1, &[("1/weights", 99.0)]);
    assert_eq!(refused(&bounds, Merge::Deltas, &shared, old), None);
    assert_eq!(refused(&bounds, Merge::Deltas, &shared, gap), None);
    // Nor is one's own, which comes back.
    let own = part(origin(1, 3), (0, 5), 1, &[("1/weights", 99.0)]);
    assert_eq!(refused(&bounds, Merge::Deltas, &shared, own), None);
}

#[test]
fn rows_have_a_size_and_peers_a_number_of_lives() {
    let names: Vec<String> = (0..200).map(|i| format!("0/tensor number {i}")).collect();
    let cells: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 0.1)).collect();
    let row = || part(origin(2, 1), (0, 1), 1, &cells);
    let all = sums(&cells);
    let bytes = pack::pack(&all).len();
    let bounds = |row_bytes_max| Sync { row_bytes_max, lives_max: 2, ..Sync::default() };
    let none = Shared::default();
    assert!(bytes_at_most(&all) >= bytes);
    assert_eq!(refused(&bounds(bytes), Merge::Exact, &none, row()), None);
    let why = refused(&bounds(bytes - 1), Merge::Exact, &none, row()).unwrap();
    assert!(why.contains(&format!("has {bytes} bytes, at most {}", bytes - 1)), "{why}");
    let one = |key, life| part(origin(key, life), (0, 1), 1, &[("counts", 1.0)]);
    let shared = having(vec![one(2, 1)]);
    let many = vec![one(2, 1), one(2, 2), one(2, 3), one(3, 1), one(1, 8), one(1, 9), one(1, 7)];
    let (taken, refused) = judge(&bounds(1 << 20), Merge::Exact, Some(&shared), many);
    let lives: Vec<(u8, u64)> =
        taken.iter().map(|part| (part.origin.peer.key[0], part.origin.life)).collect();
    assert_eq!(lives, [(2, 1), (2, 2), (3, 1), (1, 8), (1, 9), (1, 7)]);
    assert!(refused.len() == 1 && refused[0].contains("has 2 rows here"), "{refused:?}");
}

#[test]
fn every_model_of_steps_calls_them_what_the_norm_is_taken_of() {
    let catalog = Catalog::builtin();
    let mut found = Vec::new();
    for entry in catalog.entries() {
        let Ok(mut model) = Model::new(&json!(entry.name), &catalog) else { continue };
        if model.merge() != Merge::Deltas {
            continue;
        }
        let targets = match model.task() {
            Task::Regression => [Target::Number(3.0), Target::Number(-8.0)],
            _ => [Target::Bool(true), Target::Bool(false)],
        };
        // A step back on the same row would take the first one off.
        for (a, target) in [1.0, 2.0].into_iter().zip(targets) {
            let row = Row::from_json(&json!({ "a": a, "b": -2.0 })).unwrap();
            model.learn(&row, &target, 1.0, &mut Scratch::default()).unwrap();
        }
        assert!(step_norm(&model.sums()) > 0.0, "{}: {:?}", entry.name, model.sums());
        found.push(entry.name);
        // Wholes have what their parts have; counts and moments may be among that.
        if !matches!(entry.merge, Statement::Sums(..)) {
            continue;
        }
        for (key, _) in model.sums().iter() {
            assert!(is_step(&key.tensor), "{} has {key}", entry.name);
        }
    }
    assert!(found.len() >= 4 && found.contains(&"LogisticRegression"), "{found:?}");
}
