//! Voices: what they say is what the model holds likely, in the manner that was asked for.

use std::sync::Arc;

use her_lm::{Base, Cache, Manner, Model, Said, Sampler, Voice, Want};

use super::passes::{open, stirred, tokens};
use super::tiny::{SMALL, Tiny};

fn answer(voice: &mut Voice, base: &Base, manner: Manner, n: usize) -> Vec<u32> {
    let mut sampler = Sampler::new(manner).unwrap();
    (0..n).map(|_| voice.say(base, &mut sampler, 0).unwrap().token).collect()
}

fn after(model: &Model, heard: &[u32], manner: Manner, n: usize) -> Vec<u32> {
    let mut voice = Voice::new(Some(Arc::new(stirred(model, 3, 1))));
    voice.hear(&model.base, heard).unwrap();
    answer(&mut voice, &model.base, manner, n)
}

/// Softmax of the logits after some tokens, by the learners' pass.
fn shares(model: &Model, heard: &[u32]) -> Vec<f64> {
    let adapter = stirred(model, 3, 1);
    let pass = model.base.read(Some(&adapter), &mut Cache::default(), heard, Want::Last).unwrap();
    let all: f64 = pass.logits.iter().map(|x| f64::from(*x).exp()).sum();
    pass.logits.iter().map(|x| f64::from(*x).exp() / all).collect()
}

#[test]
fn a_seed_says_the_same_again_and_another_one_does_not() {
    let model = open(&Tiny::new(SMALL, 1));
    let heard = tokens(10, 1);
    let of =
        |seed| after(&model, &heard, Manner { temperature: 1.5, seed, ..Manner::default() }, 30);
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    let cold = |seed| after(&model, &heard, Manner { seed, ..Manner::greedy() }, 30);
    assert_eq!(cold(1), cold(2), "who is greedy does not ask chance");
}

#[test]
fn the_greedy_say_what_is_likeliest_and_how_likely_it_is() {
    let model = open(&Tiny::new(SMALL, 1));
    let mut context = tokens(10, 2);
    let mut voice = Voice::new(Some(Arc::new(stirred(&model, 3, 1))));
    voice.hear(&model.base, &context[..3]).unwrap();
    voice.hear(&model.base, &context[3..]).unwrap();
    let mut sampler = Sampler::new(Manner::greedy()).unwrap();
    for _ in 0..20 {
        let shares = shares(&model, &context);
        let Said { token, logprob, likely } = voice.say(&model.base, &mut sampler, 3).unwrap();
        let mut order: Vec<u32> = (0..shares.len() as u32).collect();
        order.sort_by(|a, b| shares[*b as usize].total_cmp(&shares[*a as usize]));
        assert_eq!(token, order[0]);
        assert_eq!(likely.iter().map(|l| l.0).collect::<Vec<_>>(), order[..3]);
        assert_eq!(likely[0].1, logprob);
        for (token, logprob) in likely {
            assert!((logprob - shares[token as usize].ln()).abs() < 1e-3);
        }
        context.push(token);
        assert_eq!(voice.heard(), context.len(), "what it says becomes context");
    }
    assert_eq!(voice.room(&model.base), 64 - context.len());
}

/// How often each token came first, in many answers with as many seeds.
fn often(model: &Model, manner: Manner, times: u64) -> Vec<f64> {
    let mut voice = Voice::new(Some(Arc::new(stirred(model, 3, 1))));
    voice.hear(&model.base, &tokens(10, 3)).unwrap();
    let mut counts = vec![0.0; model.base.config.vocab];
    for seed in 0..times {
        let first = answer(&mut voice.clone(), &model.base, Manner { seed, ..manner }, 1)[0];
        counts[first as usize] += 1.0;
    }
    counts
}

/// Chi-squared per degree of freedom; tokens that are too rare to count are one.
fn off(counts: &[f64], shares: &[f64]) -> f64 {
    let all: f64 = counts.iter().sum();
    let (mut sum, mut cells, mut rare) = (0.0, 0.0, (0.0, 0.0));
    let mut add = |count: f64, wanted: f64| {
        sum += (count - wanted).powi(2) / wanted;
        cells += 1.0;
    };
    for (count, share) in counts.iter().zip(shares) {
        let wanted = share * all;
        if wanted < 8.0 {
            rare = (rare.0 + count, rare.1 + wanted);
        } else {
            add(*count, wanted);
        }
    }
    if rare.1 > 0.0 {
        add(rare.0, rare.1.max(1.0));
    }
    sum / (cells - 1.0f64).max(1.0)
}

#[test]
fn chance_follows_the_probabilities() {
    let model = open(&Tiny::new(SMALL, 1));
    let shares = shares(&model, &tokens(10, 3));
    let plain = Manner { temperature: 1.0, top_p: 1.0, ..Manner::default() };
    let warm = |t: f64| {
        let all: f64 = shares.iter().map(|p| p.powf(1.0 / t)).sum();
        shares.iter().map(|p| p.powf(1.0 / t) / all).collect::<Vec<_>>()
    };
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
    // Of the likeliest ones only so many, and their shares of them.
    let first = |n: usize| {
        let all: f64 = order[..n].iter().map(|t| shares[*t]).sum();
        let mut some = vec![0.0; shares.len()];
        order[..n].iter().for_each(|t| some[*t] = shares[*t] / all);
        some
    };
    let enough = |p: f64| {
        let mut sum = 0.0;
        let short = order.iter().take_while(|t| {
            sum += shares[**t];
            sum < p
        });
        short.count() + 1
    };
    let least = order.iter().filter(|t| shares[**t] >= 0.2 * shares[order[0]]).count();
    for (manner, wanted) in [
        (plain, shares.clone()),
        (Manner { temperature: 0.5, ..plain }, warm(0.5)),
        (Manner { temperature: 2.0, ..plain }, warm(2.0)),
        (Manner { top_p: 0.6, ..plain }, first(enough(0.6))),
        (Manner { top_k: 5, ..plain }, first(5)),
        (Manner { min_p: 0.2, ..plain }, first(least)),
    ] {
        let counts = often(&model, manner, 20_000);
        for (token, count) in counts.iter().enumerate() {
            assert!(wanted[token] > 0.0 || *count == 0.0, "{manner:?} said {token}");
        }
        let off = off(&counts, &wanted);
        assert!(off < 1.6, "{manner:?}: {off} times what chance gives");
    }
    // The same measure tells a temperature that is a tenth wrong.
    let wrong = off(&often(&model, plain, 20_000), &warm(1.1));
    assert!(wrong > 3.0, "a wrong temperature is only {wrong}");
}

#[test]
fn penalties_keep_it_from_saying_the_same() {
    let model = open(&Tiny::new(SMALL, 1));
    let heard = tokens(10, 4);
    let differ = |manner: Manner| {
        let mut said = after(&model, &heard, manner, 40);
        said.sort_unstable();
        said.dedup();
        said.len()
    };
    let plain = differ(Manner::greedy());
    assert!(plain < 35, "the greedy turn in a circle: {plain}");
    for manner in [
        Manner { frequency_penalty: 2.0, ..Manner::greedy() },
        Manner { presence_penalty: 2.0, ..Manner::greedy() },
        Manner { repetition_penalty: 2.0, ..Manner::greedy() },
    ] {
        assert!(differ(manner) > plain, "{manner:?}");
    }
}

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    let model = open(&Tiny::new(SMALL, 1));
    let base = &model.base;
    let plain = Manner::default();
    for (manner, wanted) in [
        (Manner { temperature: 2.1, ..plain }, "temperature is 2.1, but must be within 0 and 2"),
        (Manner { temperature: f64::NAN, ..plain }, "temperature is NaN"),
        (Manner { top_p: 0.0, ..plain }, "top_p is 0, which leaves no token"),
        (Manner { min_p: -0.1, ..plain }, "min_p is -0.1"),
        (Manner { frequency_penalty: 3.0, ..plain }, "frequency_penalty is 3"),
        (Manner { presence_penalty: -3.0, ..plain }, "presence_penalty is -3"),
        (Manner { repetition_penalty: 0.5, ..plain }, "repetition_penalty is 0.5"),
    ] {
        let told = Sampler::new(manner).unwrap_err().to_string();
        assert!(told.starts_with(wanted), "{told}");
    }
    let mut sampler = Sampler::new(plain).unwrap();
    let mut voice = Voice::new(None);
    let told = voice.say(base, &mut sampler, 0).unwrap_err().to_string();
    assert!(told.contains("nothing was heard"), "{told}");
    let told = voice.hear(base, &tokens(65, 1)).unwrap_err().to_string();
    assert!(told.contains("takes 64, and 0 are there"), "{told}");
    let told = voice.hear(base, &[1, 999]).unwrap_err().to_string();
    assert!(told.contains("token 999 is none of the model's 264"), "{told}");
    assert_eq!(voice.heard(), 0);
    voice.hear(base, &tokens(62, 1)).unwrap();
    let told = voice.say(base, &mut sampler, 21).unwrap_err().to_string();
    assert!(told.contains("at most 20"), "{told}");
    voice.say(base, &mut sampler, 0).unwrap();
    voice.say(base, &mut sampler, 0).unwrap();
    let told = voice.say(base, &mut sampler, 0).unwrap_err().to_string();
    assert!(told.contains("the context is full"), "{told}");
    let mut wrecked = stirred(&model, 2, 1);
    wrecked.learned_mut().fill(f32::MAX);
    let mut voice = Voice::new(Some(Arc::new(wrecked)));
    voice.hear(base, &[5]).unwrap();
    let told = voice.say(base, &mut sampler, 0).unwrap_err().to_string();
    assert!(told.contains("roll it back"), "{told}");
}

#[test]
fn a_voice_goes_on_where_a_reader_stopped() {
    let model = open(&Tiny::new(SMALL, 1));
    let adapter = Arc::new(stirred(&model, 3, 1));
    let heard = tokens(20, 5);
    let mut cache = Cache::default();
    model.base.read(Some(&adapter), &mut cache, &heard[..19], Want::Context).unwrap();
    let mut voice = Voice::with(Some(adapter), cache, Some(heard[19]));
    assert_eq!(voice.heard(), 20);
    let said = answer(&mut voice, &model.base, Manner::greedy(), 20);
    assert_eq!(said, after(&model, &heard, Manner::greedy(), 20));
}
