//! Weights move and bits fall; and the bits are the same ones every time.

use her_lm::{Adapter, Cache, Learner, Model, Settings, Spec, Want, check};

use super::passes::{open, tokens};
use super::tiny::{SMALL, Shape, Tiny, real};

const SPEC: Spec = Spec { rank: 4, seed: 1 };
const TIGHT: Settings = Settings { chunk: 8, window: 32, rate: 1e-2, clip: 1.0 };

/// What a text costs with an adapter that does not learn, in bits a token.
fn cost(model: &Model, adapter: &Adapter, text: &[u32]) -> f64 {
    let mut nats = 0.0;
    for part in text.windows(33).step_by(32) {
        let mut cache = Cache::default();
        let mut pass = model.base.read(Some(adapter), &mut cache, &part[..32], Want::All).unwrap();
        nats += pass.score(&part[1..]).unwrap().iter().sum::<f64>();
    }
    nats / std::f64::consts::LN_2 / ((text.len() - 1) / 32 * 32) as f64
}

/// What is promised of learning: that it changes weights, and that what was read costs less when
/// it is read again.
fn judge(model: &Model, text: &[u32], learned: &Adapter) -> Result<f64, String> {
    let born = Adapter::new(&model.base.config, learned.spec()).unwrap();
    if learned.learned() == born.learned() {
        return Err("no weight moved".to_owned());
    }
    let (before, after) = (cost(model, &born, text), cost(model, learned, text));
    if after < before - 0.05 {
        return Ok(before - after);
    }
    Err(format!("{before} bits a token before, {after} after"))
}

/// A text that can be learned: four tokens that follow each other, with noise.
fn pattern(n: usize) -> Vec<u32> {
    let noise = tokens(n, 9);
    (0..n).map(|i| if i % 7 == 0 { noise[i] } else { 60 + (i % 4) as u32 }).collect()
}

#[test]
fn weights_move_and_bits_fall_and_a_learner_that_does_nothing_is_caught() {
    let model = open(&Tiny::new(SMALL, 1));
    let text = pattern(400);
    let read = |learn: bool| {
        let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
        let reading = learner.read(&model.base, &text, learn).unwrap();
        assert_eq!(reading.scored, 399);
        learner.adapter().clone()
    };
    let gain = judge(&model, &text, &read(true)).unwrap();
    assert!(gain > 0.5, "{gain} bits a token");
    assert_eq!(judge(&model, &text, &read(false)), Err("no weight moved".to_owned()));

    // One that moves its weights, but uphill.
    let mut adapter = Adapter::new(&model.base.config, SPEC).unwrap();
    for part in text.windows(9).step_by(8) {
        let mut cache = Cache::default();
        let lesson = model.base.read(Some(&adapter), &mut cache, &part[..8], Want::Lesson);
        let mut pass = lesson.unwrap();
        pass.score(&part[1..]).unwrap();
        let up = model.base.gradient(&adapter, &cache, pass, &part[1..]).unwrap();
        adapter.learned_mut().iter_mut().zip(up).for_each(|(b, up)| *b += 0.05 * up);
    }
    let refused = judge(&model, &text, &adapter).unwrap_err();
    assert!(refused.contains("bits a token before"), "{refused}");
}

#[test]
fn every_token_is_scored_before_it_is_learned() {
    // What a chunk costs does not depend on what follows it, or on whether it is learned itself.
    let model = open(&Tiny::new(SMALL, 1));
    let text = pattern(64);
    let cost = |learn_last: bool| {
        let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
        let first = learner.read(&model.base, &text[..33], true).unwrap();
        (first, learner.read(&model.base, &text[33..41], learn_last).unwrap())
    };
    let ((a, b), (c, d)) = (cost(true), cost(false));
    assert_eq!((a, b.bits.to_bits()), (c, d.bits.to_bits()));
    assert_eq!((a.scored, a.updates, b.updates, d.updates), (32, 4, 1, 0));
    // An adapter that has learned nothing changes nothing.
    let mut cache = Cache::default();
    let mut pass = model.base.read(None, &mut cache, &text[..8], Want::All).unwrap();
    let nats: f64 = pass.score(&text[1..9]).unwrap().iter().sum();
    let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
    let first = learner.read(&model.base, &text[..9], true).unwrap();
    assert!((first.bits - nats / std::f64::consts::LN_2).abs() < 1e-9);
}

#[test]
fn the_same_stream_gives_the_same_bits_on_any_thread() {
    let model = open(&Tiny::new(SMALL, 1));
    let text = pattern(300);
    let life = || {
        let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
        let reading = learner.read(&model.base, &text, true).unwrap();
        (reading.bits.to_bits(), learner.adapter().learned().to_vec())
    };
    let alone = life();
    // Four at once, of whom each is somebody's neighbour.
    let others = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(life)).collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(others.iter().all(|other| *other == alone));
    // Another text, or another seed, is another life.
    let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
    learner.read(&model.base, &text[1..], true).unwrap();
    assert_ne!(learner.adapter().learned(), alone.1);
    let down = |seed| {
        let spec = Spec { rank: 4, seed };
        Adapter::new(&model.base.config, spec).unwrap().down(0, her_lm::Site::Up).to_vec()
    };
    assert_eq!(down(1), down(1));
    assert_ne!(down(1), down(2));
}

#[test]
fn settings_out_of_their_ranges_are_refused() {
    let model = open(&Tiny::new(SMALL, 1));
    let with = |settings| Learner::new(&model.base, SPEC, settings).err().unwrap().to_string();
    assert!(with(Settings { chunk: 0, ..TIGHT }).contains("the chunk is 0"));
    assert!(with(Settings { window: 65, ..TIGHT }).contains("the window is 65"));
    assert!(with(Settings { rate: f32::NAN, ..TIGHT }).contains("the rate is NaN"));
    let rank = Learner::new(&model.base, Spec { rank: 65, seed: 1 }, TIGHT).err().unwrap();
    assert!(rank.to_string().contains("the rank is 65"));
}

#[test]
fn the_real_model_learns_a_text_and_is_still_itself() {
    let model = Model::open(&real()).unwrap();
    let text = &model.tokens.encode(check::TEXT).unwrap()[..257];
    let mut learner = Learner::new(&model.base, SPEC, Settings::default()).unwrap();
    let reading = learner.read(&model.base, text, true).unwrap();
    assert_eq!((reading.scored, reading.updates), (256, 8));
    // Frozen it is 4.8 bits a token; each chunk is predicted before it is learned.
    assert!((4.0..5.5).contains(&(reading.bits / 256.0)), "{} bits", reading.bits);
    let gain = judge(&model, text, learner.adapter()).unwrap();
    // The first sixteen steps are shorter ones; these were eight.
    assert!(gain > 0.1, "{gain} bits a token");
    // What it says of another thing is hardly changed by one text.
    let other = model.tokens.encode(&"Paris is the capital of France. ".repeat(5)).unwrap();
    let born = Adapter::new(&model.base.config, SPEC).unwrap();
    let (before, after) = (cost(&model, &born, &other), cost(&model, learner.adapter(), &other));
    assert!(after < before + 0.3, "{before} bits a token before, {after} after");
}

/// What a chunk costs after a context, in bits.
fn chunk_cost(model: &Model, context: &[u32], newest: u32, targets: &[u32]) -> f64 {
    let inputs = [context, &[newest], &targets[..targets.len() - 1]].concat();
    let mut pass = model.base.read(None, &mut Cache::default(), &inputs, Want::All).unwrap();
    let all = [&inputs[1..], &targets[targets.len() - 1..]].concat();
    let nats = pass.score(&all).unwrap();
    nats[context.len()..].iter().sum::<f64>() / std::f64::consts::LN_2
}

#[test]
fn a_full_context_slides_and_keeps_its_first_tokens() {
    // With one layer keys and values know nothing of the tokens before: one that slid is one that
    // was read without those that went, but for what rounding costs.
    let model = open(&Tiny::new(Shape { layers: 1, ..SMALL }, 1));
    let text = tokens(400, 3);
    let mut learner = Learner::new(&model.base, SPEC, TIGHT).unwrap();
    let (mut context, mut newest, mut worst, mut slides) = (vec![], text[0], 0.0f64, 0);
    learner.read(&model.base, &text[..1], false).unwrap();
    for targets in text[1..].chunks_exact(TIGHT.chunk) {
        let over = (context.len() + targets.len()).saturating_sub(TIGHT.window);
        if over > 0 {
            context.drain(4..4 + over.max(TIGHT.window / 8));
            slides += 1;
        }
        let bits = learner.read(&model.base, targets, false).unwrap().bits;
        worst = worst.max((bits - chunk_cost(&model, &context, newest, targets)).abs());
        context.push(newest);
        context.extend_from_slice(&targets[..targets.len() - 1]);
        newest = targets[targets.len() - 1];
    }
    assert!(slides > 40 && worst < 0.4, "{worst} bits a chunk of {} in {slides}", TIGHT.chunk);
}
