//! A mixture that is saved and loaded goes on to the bit, at any point; its small form; its format.

use her_lm::{Learner, Mixture, Model, Settings, Spec};

use super::passes::{open, tokens};
use super::tiny::{SMALL, Shape, Tiny};

const SPEC: Spec = Spec { rank: 4, seed: 1 };
const TIGHT: Settings = Settings { chunk: 8, window: 32, rate: 1e-2, clip: 1.0 };

fn born(model: &Model) -> Mixture {
    Mixture::new(Learner::new(&model.base, SPEC, TIGHT).unwrap())
}

#[test]
fn what_is_loaded_goes_on_to_the_bit_at_any_point() {
    let model = open(&Tiny::new(SMALL, 1));
    let text = tokens(200, 3);
    // At every place in a window, with pieces that end anywhere; now and then its own words.
    let mut never = born(&model);
    let mut saved = vec![];
    for (i, part) in text.chunks(11).enumerate() {
        saved.push(never.save().unwrap());
        never.read(&model.base, part, i % 3 != 2).unwrap();
        if i == 9 {
            never.begin_anew();
        }
        if i == 13 {
            never.rest();
        }
    }
    let end = never.save().unwrap();
    for (from, bytes) in saved.into_iter().enumerate() {
        let mut loaded = Mixture::load(&model.base, &bytes).unwrap();
        assert_eq!(loaded.save().unwrap(), bytes, "from {from}");
        for (i, part) in text.chunks(11).enumerate().skip(from) {
            loaded.read(&model.base, part, i % 3 != 2).unwrap();
            if i == 9 {
                loaded.begin_anew();
            }
            if i == 13 {
                loaded.rest();
            }
        }
        assert_eq!(loaded.save().unwrap(), end, "from {from}");
    }
}

#[test]
fn one_that_rests_is_small_and_goes_on() {
    let model = open(&Tiny::new(SMALL, 1));
    let mut mixture = born(&model);
    mixture.read(&model.base, &tokens(100, 3), true).unwrap();
    let awake = mixture.save().unwrap();
    mixture.rest();
    let resting = mixture.save().unwrap();
    assert!(resting.len() < awake.len() / 3, "{} bytes, {} awake", resting.len(), awake.len());
    mixture.rest();
    assert_eq!(mixture.save().unwrap(), resting, "twice is the same as once");
    let mut loaded = Mixture::load(&model.base, &resting).unwrap();
    loaded.rest();
    assert_eq!(loaded.save().unwrap(), resting);
    for learn in [false, true] {
        let text = tokens(20, 4);
        let one = mixture.read(&model.base, &text, learn).unwrap();
        assert_eq!(loaded.read(&model.base, &text, learn).unwrap(), one);
        assert_eq!(loaded.save().unwrap(), mixture.save().unwrap());
    }
    assert!(mixture.save().unwrap().len() > resting.len() * 2, "awake again");
}

#[test]
fn its_own_words_are_context_and_no_more() {
    let model = open(&Tiny::new(SMALL, 1));
    let mut mixture = born(&model);
    mixture.read(&model.base, &tokens(50, 3), true).unwrap();
    let before = mixture.clone();
    let own = mixture.read(&model.base, &tokens(20, 4), false).unwrap();
    assert_eq!(own.scored, 20);
    assert_eq!(mixture.bits(), before.bits());
    assert_eq!(mixture.weights(), before.weights());
    let learned = |m: &Mixture| m.learner().adapter().learned().to_vec();
    assert_eq!(learned(&mixture), learned(&before));
    // But they are what the next words follow.
    let cost = |mut m: Mixture| m.read(&model.base, &tokens(8, 5), true).unwrap().frozen;
    assert_ne!(cost(mixture), cost(before));
}

#[test]
fn what_is_damaged_or_of_another_base_is_refused() {
    let model = open(&Tiny::new(SMALL, 1));
    let mut mixture = born(&model);
    mixture.read(&model.base, &tokens(50, 3), true).unwrap();
    let saved = mixture.save().unwrap();
    let told = |bytes: &[u8]| Mixture::load(&model.base, bytes).err().expect("refused").to_string();
    assert!(told(b"").contains("is none"));
    assert!(told(&[&saved[..6], &[9, 0], &saved[8..]].concat()).contains("another version"));
    assert!(told(&saved[..10]).contains("cut off"));
    assert!(told(&saved[..saved.len() - 1]).contains("damaged"));
    for at in (12..saved.len()).step_by(saved.len() / 50) {
        let mut changed = saved.clone();
        changed[at] ^= 4;
        assert!(told(&changed).contains("damaged"), "at {at}");
    }
    let other = open(&Tiny::new(Shape { layers: 1, ..SMALL }, 1));
    let refused = Mixture::load(&other.base, &saved).err().unwrap().to_string();
    assert!(refused.contains("another shape"), "{refused}");

    // Changed on purpose, with the right sum: refused or another one, but never a panic.
    for at in 12..saved.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = saved.clone();
            changed[at] = value;
            let sum = crc32c::crc32c(&changed[12..]).to_le_bytes();
            changed[8..12].copy_from_slice(&sum);
            if let Ok(mut odd) = Mixture::load(&model.base, &changed) {
                odd.save().unwrap();
                if at % 97 == 0 {
                    let _ = odd.read(&model.base, &tokens(9, 1), true);
                }
            }
        }
    }

    let refused = mixture.read(&model.base, &[1, 2, 264], true).unwrap_err().to_string();
    assert!(refused.contains("token 264"), "{refused}");
    assert_eq!(mixture.save().unwrap(), saved, "a bad token changes nothing");
    assert_eq!(mixture.read(&model.base, &[], true).unwrap().scored, 0);
    assert_eq!(mixture.save().unwrap(), saved, "no token changes nothing");
}

/// What versions 2 and 3 look like; the newest is written by the test below, with `HER_RECORD` set.
const GOLDEN: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/mixture-2.bin"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/mixture-3.bin"),
];

#[test]
fn saved_bytes_of_this_version_and_the_one_before_are_read_for_ever() {
    let shape = Shape { layers: 1, width: 8, hidden: 8, heads: 2, kv_heads: 1, tied: true };
    let model = open(&Tiny::new(shape, 1));
    if std::env::var_os("HER_RECORD").is_some() {
        let spec = Spec { rank: 1, seed: 1 };
        let mut mixture = Mixture::new(Learner::new(&model.base, spec, TIGHT).unwrap());
        mixture.read(&model.base, &tokens(150, 3), true).unwrap();
        std::fs::write(GOLDEN[1], mixture.save().unwrap()).unwrap();
    }
    for (golden, newest) in GOLDEN.into_iter().zip([false, true]) {
        let golden = std::fs::read(golden).unwrap();
        let mut mixture = Mixture::load(&model.base, &golden).unwrap();
        let saved = mixture.save().unwrap();
        assert_eq!(saved == golden, newest, "the version before is written as the newest");
        let figures = mixture.figures();
        assert_eq!((figures.bits.scored, figures.updates, figures.tokens), (149, 19, 149));
        assert_eq!(figures.retention.rate, TIGHT.rate);
        assert_eq!((figures.spans.len(), mixture.learner().settings()), (16, TIGHT));
        assert!((figures.bits.frozen / 149.0 - 8.0).abs() < 4.0, "{figures:?}");
        let mut again = Mixture::load(&model.base, &saved).unwrap();
        for (i, part) in tokens(90, 4).chunks(30).enumerate() {
            let went_on = mixture.read(&model.base, part, i != 1).unwrap();
            assert_eq!(again.read(&model.base, part, i != 1).unwrap(), went_on);
        }
        assert_eq!(again.save().unwrap(), mixture.save().unwrap());
    }
}
