//! The mixture: what each part costs, and that it is never much worse than the frozen base.

use her_lm::{Cache, Learner, Mixture, Model, Settings, Spec, Want};

use super::passes::{open, tokens};
use super::tiny::{SMALL, Tiny};

const SPEC: Spec = Spec { rank: 4, seed: 1 };
const TIGHT: Settings = Settings { chunk: 8, window: 32, rate: 1e-2, clip: 1.0 };

#[test]
fn its_parts_are_the_base_and_the_learner() {
    let model = open(&Tiny::new(SMALL, 1));
    let text = tokens(200, 3);
    let learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
    let alone = learner.clone().read(&model.base, &text, true).unwrap();
    let mut mixture = Mixture::new(learner);
    // In pieces as it comes; chunks then end elsewhere, so here at their ends.
    mixture.read(&model.base, &text[..65], true).unwrap();
    mixture.read(&model.base, &text[65..], true).unwrap();
    let bits = mixture.bits();
    assert_eq!(bits.scored, 199);
    assert!((bits.learned - alone.bits).abs() < 1e-6, "{} and {}", bits.learned, alone.bits);
    // The base alone is a learner that never learns: its contexts slide where the learner's do.
    let idle = Learner::new(&model.base, SPEC, TIGHT).unwrap();
    let frozen = idle.clone().read(&model.base, &text, false).unwrap();
    assert!((bits.frozen - frozen.bits).abs() < 1e-6, "{} and {}", bits.frozen, frozen.bits);
    assert!((mixture.weights().iter().sum::<f64>() - 1.0).abs() < 1e-9);
    mixture.begin_anew();
    let refused = mixture.read(&model.base, &[1, 999], true).unwrap_err();
    assert!(refused.to_string().contains("token 999"));
    assert_eq!(mixture.bits(), bits);
}

/// What the base itself would say: the likeliest token each time, so that learning can only harm.
fn own_words(model: &Model, n: usize) -> Vec<u32> {
    let mut said = vec![70u32];
    let mut cache = Cache::default();
    while said.len() < n {
        if cache.len() == 32 {
            cache.clear();
            let kept = &said[said.len() - 17..said.len() - 1];
            model.base.read(None, &mut cache, kept, Want::Context).unwrap();
        }
        let last = &said[said.len() - 1..];
        let logits = model.base.read(None, &mut cache, last, Want::Last).unwrap().logits;
        let best = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
        // Now and then another one, or it would turn in a circle.
        said.push(if said.len() % 19 == 0 { (said.len() % 200) as u32 } else { best as u32 });
    }
    said
}

#[test]
fn a_wrecked_learner_costs_next_to_nothing() {
    let model = open(&Tiny::new(SMALL, 1));
    let wrecked = own_words(&model, 800);
    // A rate some hundred times too high; what nobody can learn; one token for ever.
    for (rate, text) in [(1.0, wrecked), (1e-2, tokens(800, 6)), (0.3, vec![70; 800])] {
        let learner = Learner::new(&model.base, SPEC, Settings { rate, ..TIGHT }).unwrap();
        let mut mixture = Mixture::new(learner);
        mixture.read(&model.base, &text, true).unwrap();
        let bits = mixture.bits();
        let bound = 1.0 + 0.002 * bits.scored as f64;
        assert!(bits.regret <= bound, "rate {rate}: {bits:?}");
        if rate == 1.0 {
            let worse = (bits.learned - bits.frozen) / bits.scored as f64;
            assert!(worse > 0.5, "the learner is wrecked indeed: {bits:?}");
        }
    }
}

#[test]
fn what_was_just_said_is_expected_before_it_is_learned() {
    let model = open(&Tiny::new(SMALL, 1));
    let sentence = tokens(24, 8);
    // So slow that nothing is learned; only recall can gain.
    let settings = Settings { rate: 1e-9, ..TIGHT };
    let mut mixture = Mixture::new(Learner::new(&model.base, SPEC, settings).unwrap());
    mixture.read(&model.base, &sentence, true).unwrap();
    let once = mixture.bits();
    mixture.read(&model.base, &sentence.repeat(3), true).unwrap();
    let again = mixture.bits();
    let gain = |a: f64, b: f64| (a - b) / 72.0;
    let frozen = gain(again.frozen, once.frozen);
    let mixed = gain(again.mixed, once.mixed);
    assert!(mixed < frozen - 1.0, "{mixed} bits a token, {frozen} without recall");
}
