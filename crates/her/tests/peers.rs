//! Eight processes of `her serve` that exchange what they learned, while most contacts fail, halves
//! are cut off, processes are killed, and one comes back from an old backup.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

#[path = "peers/added.rs"]
mod added;
#[path = "peers/bounds.rs"]
mod bounds;
#[path = "peers/languages.rs"]
mod languages;
#[path = "peers/places.rs"]
mod places;
#[path = "support/tongue.rs"]
mod tongue;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use places::{Chance, Many, name};

fn event(i: u64) -> Value {
    let words = ["river", "flows", "twice", "same", "never", "man", "step", "into"];
    let word = |salt: u64| words[(i.wrapping_mul(salt) >> 7) as usize % words.len()];
    let (a, b) = (word(7_919_317), word(104_729_311));
    let y = ["yes", "no", "maybe"][(i.wrapping_mul(31) % 3) as usize];
    json!({ "x": { a: 1, b: i % 3 + 1 }, "y": y, "client": "c", "n": i + 1 })
}

/// Rows as all must have them: who contributed how many events.
fn contributed(told: &Value) -> u64 {
    let rows = told["contributions"].as_array().unwrap();
    rows.iter().map(|row| row["events"].as_u64().unwrap()).sum()
}

#[test]
fn eight_processes_end_in_the_same_rows_and_lose_no_update() {
    let mut chance = Chance(11);
    let many = Many::begin(8, "", &json!("MultinomialNB"));
    for a in 0..8 {
        for b in (0..8).filter(|b| *b != a) {
            let codec = if a % 2 == 0 { "exact" } else { "auto" };
            many.post(a, "peers", &json!({ "peer": name(b), "codec": codec, "weigh": false }));
        }
    }
    let mut learned = 0;
    let mut kept = None;
    for round in 0..24 {
        for n in 0..8 {
            for _ in 0..chance.below(3) {
                many.post(n, "learn", &event(learned));
                learned += 1;
            }
        }
        match round {
            8 => kept = Some(many.back_up(3)),
            // What it knows by now is known to another one too; then the disk is the old one's.
            16 => {
                many.exchange(3, 5).unwrap();
                many.restore(3, kept.take().unwrap());
            }
            5 | 12 | 19 => {
                many.kill(chance.below(8) as usize);
                many.start_missing();
            }
            _ => {}
        }
        for a in 0..8 {
            let b = chance.below(8) as usize;
            let cut = (10..18).contains(&round) && (a < 4) != (b < 4);
            if a != b && !cut && chance.below(10) >= 6 {
                // Applied twice.
                many.exchange(a, b).unwrap();
                many.exchange(a, b).unwrap();
            }
        }
    }
    let mut rounds = 0;
    loop {
        let told: Vec<Value> = (0..8).map(|n| many.get(n, "peers")).collect();
        let hashes: BTreeSet<String> = told.iter().map(|t| t["hash"].to_string()).collect();
        let all = told.iter().all(|t| contributed(t) == learned);
        if hashes.len() == 1 && all {
            break;
        }
        rounds += 1;
        let seen: Vec<u64> = told.iter().map(contributed).collect();
        assert!(rounds <= 24, "{} hashes, {seen:?} of {learned} events", hashes.len());
        for a in 0..8 {
            let b = chance.below(8) as usize;
            if a != b && chance.below(10) >= 6 {
                many.exchange(a, b).unwrap();
            }
        }
    }
    // One learner that saw all of it thinks the same.
    many.put_one(0, "pooled", &json!("MultinomialNB"));
    for i in 0..learned {
        many.post_of(0, "pooled", "learn", &event(i));
    }
    for i in 9_000..9_020 {
        let x = json!({ "x": event(i)["x"] });
        let want = many.post_of(0, "pooled", "predict", &x);
        for n in 0..8 {
            let got = many.post(n, "predict", &x);
            for class in ["yes", "no", "maybe"] {
                let p = |said: &Value| said["prediction"]["proba"][class].as_f64().unwrap();
                assert!((p(&got) - p(&want)).abs() < 1e-9, "node {n}: {got} {want}");
            }
        }
    }
    // What was exchanged is in each journal: a replay from birth has the same bits.
    for n in 0..8 {
        let told = many.post(n, "verify", &json!({}));
        assert_eq!(told["verified"], true, "node {n}: {told}");
    }
    println!(
        "agreed after {rounds} rounds of contacts, 60 in 100 of them dropped; {learned} events"
    );
}

#[test]
fn two_that_have_nothing_to_tell_write_nothing() {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    many.post(0, "peers", &json!({ "peer": name(1) }));
    many.post(1, "peers", &json!({ "peer": name(0) }));
    many.post(0, "learn", &event(1));
    many.exchange(0, 1).unwrap();
    let versions = || [0, 1].map(|n| many.card(n)["version"].as_u64().unwrap());
    let before = versions();
    many.exchange(0, 1).unwrap();
    many.exchange(1, 0).unwrap();
    assert_eq!(versions(), before);
    many.post(1, "learn", &event(2));
    many.exchange(0, 1).unwrap();
    assert_eq!([0, 1].map(|n| contributed(&many.get(n, "peers"))), [2, 2]);
}

#[test]
fn who_is_in_no_pact_learns_nothing() {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    many.post(0, "learn", &event(1));
    let refused = many.refused(0, "sync", &json!({}));
    assert!(refused.contains("her peer add"), "{refused}");
    many.post(0, "peers", &json!({ "peer": name(1) }));
    let refused = many.exchange(0, 1).unwrap_err();
    assert!(refused.contains("no pact of sam with sam"), "{refused}");
    let refused = many.refused(0, "peers", &json!({ "peer": "nobody" }));
    assert!(refused.contains("no node \"nobody\""), "{refused}");
    let refused = many.refused(0, "peers", &json!({ "peer": name(1), "codec": "best" }));
    assert!(refused.contains("codec") || refused.contains("variant"), "{refused}");
    assert_eq!(contributed(&many.get(1, "peers")), 0, "nothing was taken");
}

#[test]
fn models_without_sums_tell_each_other_what_they_lived_through() {
    let many = Many::begin(3, "", &json!("HoeffdingTreeClassifier"));
    for a in 0..3 {
        for b in (0..3).filter(|b| *b != a) {
            many.post(a, "peers", &json!({ "peer": name(b) }));
        }
    }
    let mut learned = 0;
    let mut learn = |many: &Many, n: usize, events: u64| {
        for _ in 0..events {
            many.post(n, "learn", &event(learned));
            learned += 1;
        }
    };
    // More than one part takes, and one whose label came late.
    learn(&many, 0, 300);
    many.post(0, "predict", &json!({ "x": event(777)["x"], "id": "late" }));
    let said = many.exchange(0, 1).unwrap();
    assert_eq!(said["same"], true, "{said}");
    assert!(said["events"].as_str().unwrap().contains("no sums"), "{said}");
    // The same events in the same order: the same tree.
    let same = |many: &Many, a: usize, b: usize| {
        for i in 9_000..9_020 {
            let x = json!({ "x": event(i)["x"] });
            let (one, other) = (many.post(a, "predict", &x), many.post(b, "predict", &x));
            assert_eq!(one["prediction"], other["prediction"], "event {i}");
        }
    };
    same(&many, 0, 1);
    many.post(0, "label", &json!({ "id": "late", "y": "maybe" }));
    learn(&many, 0, 5);
    many.exchange(1, 0).unwrap();
    same(&many, 0, 1);
    // Killed, restored from before, rewound: told once all the same, and nothing is lost.
    let backup = many.back_up(0);
    learn(&many, 0, 7);
    many.exchange(0, 2).unwrap();
    many.kill(1);
    many.start_missing();
    many.exchange(0, 1).unwrap();
    many.restore(0, backup);
    learn(&many, 0, 4);
    learn(&many, 2, 6);
    for _ in 0..2 {
        for (a, b) in [(0, 1), (2, 1), (0, 2), (1, 0), (1, 2)] {
            let said = many.exchange(a, b).unwrap();
            assert_eq!(said["same"], true, "{a} with {b}: {said}");
        }
    }
    // 306 were learned before the backup, 7 are known to the others only, 4 and 6 came after it.
    let told: Vec<u64> = (0..3).map(|n| contributed(&many.get(n, "peers"))).collect();
    assert_eq!(told, [306 + 4 + 6, 306 + 7 + 4 + 6, 306 + 7 + 4 + 6]);
    for n in 0..3 {
        assert_eq!(many.post(n, "verify", &json!({}))["verified"], true);
    }
    let before = many.card(1)["version"].as_u64().unwrap();
    many.exchange(0, 1).unwrap();
    assert_eq!(many.card(1)["version"].as_u64().unwrap(), before, "nothing new writes nothing");
}

#[test]
fn unlike_models_tell_events_and_say_why() {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    many.put_one(1, "tom", &json!({"MultinomialNB": {"alpha": 0.5}}));
    let (tom, sam) = (format!("{}/tom", name(1)), format!("{}/sam", name(0)));
    many.post(0, "peers", &json!({ "peer": tom, "weigh": false }));
    many.post_of(1, "tom", "peers", &json!({ "peer": sam, "weigh": false }));
    let mut pooled = Vec::new();
    for round in 0..3_u64 {
        for i in 0..40 {
            let (a, b) = (event(1_000 * round + i), event(1_000 * round + i + 500));
            many.post(0, "learn", &a);
            many.post_of(1, "tom", "learn", &b);
            pooled.extend([a, b]);
        }
        let said = many.post(0, "sync", &json!({ "peer": tom }));
        let said = &said["exchanges"][0];
        assert_eq!(said["same"], true, "{said}");
        let why = said["events"].as_str().unwrap();
        assert!(why.contains("not made alike") && why.contains("0.5"), "{why}");
    }
    // Counts do not depend on the order: each is one learner that saw all, with its own spec.
    many.put_one(0, "one", &json!("MultinomialNB"));
    many.put_one(0, "half", &json!({"MultinomialNB": {"alpha": 0.5}}));
    for event in &pooled {
        many.post_of(0, "one", "learn", event);
        many.post_of(0, "half", "learn", event);
    }
    for i in 9_000..9_010 {
        let x = json!({ "x": event(i)["x"] });
        for ((n, who), one) in [((0, "sam"), "one"), ((1, "tom"), "half")] {
            let (got, want) =
                (many.post_of(n, who, "predict", &x), many.post_of(0, one, "predict", &x));
            for class in ["yes", "no", "maybe"] {
                let p = |said: &Value| said["prediction"]["proba"][class].as_f64().unwrap();
                assert!((p(&got) - p(&want)).abs() < 1e-9, "{who}: {got} {want}");
            }
        }
    }
    // What another lived through is that one's to tell: sam contributes its own events only.
    let own: u64 = many.get(0, "peers")["contributions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["mine"] == true)
        .map(|row| row["events"].as_u64().unwrap())
        .sum();
    assert_eq!(own, 120);
    // Under the name of the branch after a rewind, what was told under the former one is not told
    // again; what was undone stays with who heard it.
    let version = many.card(0)["version"].clone();
    let told = |events: std::ops::Range<u64>| {
        for i in events {
            many.post(0, "learn", &event(i));
        }
        many.post(0, "sync", &json!({ "peer": tom }));
        let rows = many.get_of(1, "tom", "peers")["contributions"].clone();
        let heard = rows.as_array().unwrap().iter().filter(|row| row["heard"] == true);
        heard.map(|row| row["events"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(told(20_000..20_005), 125);
    many.post(0, "rewind", &json!({ "version": version }));
    assert_eq!(told(30_000..30_003), 128);
    // Another task is refused in words, and changes nothing.
    many.put_one(1, "number", &json!("LinearRegression"));
    let number = format!("{}/number", name(1));
    many.post(0, "peers", &json!({ "peer": number }));
    many.post_of(1, "number", "peers", &json!({ "peer": sam }));
    let refused = many.refused(0, "sync", &json!({ "peer": number }));
    assert!(refused.contains("another task"), "{refused}");
}

#[test]
fn a_poisoned_peer_is_not_read_and_is_retracted() {
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    let many = Many::begin(3, "", &spec);
    let learn = |n: usize, i: u64, honest: bool| {
        let a = (i.wrapping_mul(7919) % 101) as f64;
        let y = (a > 50.0) == honest;
        many.post(n, "learn", &json!({ "x": { "a": a, "b": i % 7 }, "y": y }));
    };
    for b in [1, 2] {
        many.post(0, "peers", &json!({ "peer": name(b) }));
        many.post(b, "peers", &json!({ "peer": name(0) }));
    }
    for i in 0..240 {
        learn(0, i, true);
        learn(1, i + 1000, true);
        learn(2, i + 2000, false);
        if i % 40 == 39 {
            many.exchange(0, 1).unwrap();
            many.exchange(0, 2).unwrap();
        }
    }
    let told = many.get(0, "peers");
    let of = |key: &str| -> Value {
        let rows = told["contributions"].as_array().unwrap();
        rows.iter().find(|row| row["node"] == key).unwrap().clone()
    };
    let (honest, poisoned) = (of(&many.key(1)), of(&many.key(2)));
    assert_eq!(poisoned["weight"], "none", "{told}");
    assert_eq!(poisoned["weighed_events"].as_f64().map(|n| n > 100.0), Some(true), "{poisoned}");
    // What it would have cost, by the reader's own events.
    let losses = poisoned["losses"].as_array().unwrap();
    assert!(losses[2].as_f64() > losses[0].as_f64(), "{poisoned}");
    assert!(honest["weighed_events"].as_f64().unwrap() > 100.0, "{honest}");
    let retracted = many.post(0, "peers/retract", &json!({ "peer": poisoned["peer"] }));
    assert_eq!(retracted["retracted"], poisoned["peer"]);
    many.exchange(0, 2).unwrap();
    let told = many.get(0, "peers");
    assert_eq!(told["retracted"], json!([poisoned["peer"]]));
    assert_eq!(told["contributions"].as_array().unwrap().len(), 2);
}
