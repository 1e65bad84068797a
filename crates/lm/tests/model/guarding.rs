//! Retention: a learner that harms what its base could do is caught, and weights are taken back.

use her_lm::{Adapter, Cache, Learner, Mixture, Model, Retention, Settings, Spec, Want};

use super::passes::{open, tokens};
use super::tiny::{SMALL, Tiny, real};

const SPEC: Spec = Spec { rank: 4, seed: 1 };

/// Reads a text, and says what became of it after each piece.
fn life(model: &Model, settings: Settings, text: &[u32]) -> (Mixture, Vec<Retention>) {
    let mut mixture = Mixture::new(Learner::new(&model.base, SPEC, settings).unwrap());
    let mut told = vec![];
    for part in text.chunks(settings.chunk * 16) {
        mixture.read(&model.base, part, true).unwrap();
        told.push(mixture.retention());
    }
    (mixture, told)
}

/// What the newest looks found: how much the worst kind costs above frozen, in bits a token.
fn worst(retention: &Retention) -> f64 {
    retention.kinds.iter().map(|kind| kind.learned - kind.frozen).fold(f64::MIN, f64::max)
}

#[test]
fn a_rate_too_high_is_caught_and_halved_and_the_good_weights_come_back() {
    let model = open(&Tiny::new(SMALL, 1));
    // One token, over and over: it is learned at the cost of all else.
    let poison: Vec<u32> = (0..3000).map(|i| 70 + (i % 3)).collect();
    let settings = Settings { chunk: 8, window: 32, rate: 1e-1, clip: 1.0 };
    let (mixture, told) = life(&model, settings, &poison);
    let end = mixture.retention();
    assert!(end.rollbacks > 0 && end.rate < settings.rate, "{end:?}");
    assert_eq!(end.kinds.iter().map(|k| k.kind).collect::<Vec<_>>(), ["prose", "talk", "facts"]);
    for retention in &told {
        assert!(worst(retention) <= 0.05 + 1e-9, "{retention:?}");
    }
    let bits = mixture.bits();
    assert!(bits.regret <= 1.0 + 0.002 * bits.scored as f64, "{bits:?}");
    // Without the guard, as a learner alone, it harms indeed.
    let mut alone = Learner::new(&model.base, SPEC, settings).unwrap();
    alone.read(&model.base, &poison, true).unwrap();
    let text = model.tokens.encode("Marta stood at the rail and watched the houses grow.").unwrap();
    let cost = |adapter: &Adapter| {
        let (mut cache, n) = (Cache::default(), text.len() - 1);
        let mut pass = model.base.read(Some(adapter), &mut cache, &text[..n], Want::All).unwrap();
        pass.score(&text[1..]).unwrap().iter().sum::<f64>() / n as f64
    };
    let born = cost(&Adapter::new(&model.base.config, SPEC).unwrap());
    let (guarded, wrecked) = (cost(mixture.learner().adapter()), cost(alone.adapter()));
    assert!(wrecked > born + 0.2, "{wrecked} nats a token, {born} frozen");
    assert!(guarded < born + 0.1, "{guarded} nats a token, {born} frozen");
}

#[test]
fn who_harms_nothing_is_left_alone_and_a_slow_rate_recovers() {
    let model = open(&Tiny::new(SMALL, 1));
    let gentle = Settings { chunk: 8, window: 32, rate: 1e-5, clip: 1.0 };
    let (mixture, _) = life(&model, gentle, &tokens(1000, 3));
    let retention = mixture.retention();
    assert_eq!((retention.rollbacks, retention.rate), (0, gentle.rate), "{retention:?}");
    assert!(retention.kinds.iter().all(|kind| kind.frozen > 1.0 && kind.learned > 1.0));
    // Poison, and then so long a calm that the rate comes back.
    let settings = Settings { rate: 5e-2, ..gentle };
    let poison: Vec<u32> = (0..1500).map(|i| 70 + (i % 3)).collect();
    let (mut mixture, _) = life(&model, settings, &poison);
    let slowest = mixture.retention().rate;
    let text = model.tokens.encode("The sea does not ask what a man has promised. ").unwrap();
    let mut fastest = slowest;
    for _ in 0..12 {
        mixture.read(&model.base, &text.repeat(800 / text.len()), true).unwrap();
        fastest = fastest.max(mixture.retention().rate);
    }
    assert!(fastest > slowest && fastest <= settings.rate, "{slowest}, then {fastest}");
}

#[test]
fn poison_leaves_finite_weights_and_a_regret_within_its_bound() {
    let model = open(&Tiny::new(SMALL, 1));
    let settings = Settings { chunk: 8, window: 32, rate: 0.3, clip: 1.0 };
    let turning: Vec<u32> = (0..2000).map(|i| if i / 100 % 2 == 0 { 70 } else { 99 }).collect();
    for text in [vec![0; 2000], tokens(2000, 9), turning] {
        let (mixture, _) = life(&model, settings, &text);
        let bits = mixture.bits();
        assert!(bits.regret <= 1.0 + 0.002 * bits.scored as f64, "{bits:?}");
        assert!(mixture.learner().adapter().learned().iter().all(|x| x.is_finite()));
        let figures = mixture.figures();
        assert!(figures.norm.is_finite() && figures.path.is_finite(), "{figures:?}");
        Mixture::load(&model.base, &mixture.save().unwrap()).unwrap();
    }
}

#[test]
fn the_real_model_is_kept_from_a_rate_six_times_too_high() {
    let model = Model::open(&real()).unwrap();
    let usual = Settings::default();
    let mut mixture = Mixture::new(
        Learner::new(&model.base, SPEC, Settings { rate: 6.0 * usual.rate, ..usual }).unwrap(),
    );
    let text = model.tokens.encode(&her_lm::check::TEXT.repeat(3)).unwrap();
    mixture.read(&model.base, &text[..1100.min(text.len())], true).unwrap();
    let retention = mixture.retention();
    assert!(retention.rollbacks > 0, "{retention:?}");
    assert!(worst(&retention) <= 0.05 + 1e-9, "{retention:?}");
    // The small form of 135 million parameters' learner: what a resting one weighs on the disk.
    mixture.begin_anew();
    mixture.rest();
    let saved = mixture.save().unwrap();
    assert!(saved.len() <= 650_000, "{} bytes", saved.len());
    let figures = mixture.figures();
    assert!(!figures.spans.is_empty() && figures.tokens > 1000, "{figures:?}");
}
