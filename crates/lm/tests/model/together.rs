//! Voices that speak at once, and the weights of few bits that they speak by.

use std::sync::Arc;

use her_lm::{Base, Cache, Kind, Manner, Model, SLICE, Said, Sampler, Voice, Want, kernel};

use super::passes::{open, stirred, tokens};
use super::tiny::{Dice, SMALL, Shape, Tiny, gguf, real};

/// Rows of whole blocks, so that every map has weights of few bits.
const WIDE: Shape = Shape { width: 64, hidden: 96, heads: 4, ..SMALL };

/// A tiny model whose maps a file has in blocks.
fn quantised(kind: u32, seed: u64) -> Model {
    let tiny = Tiny::new(WIDE, seed);
    let mut dice = Dice(seed);
    let mut tensors = tiny.tensor_list();
    for (_, dims, number, bytes) in &mut tensors {
        if dims.len() < 2 {
            continue;
        }
        let of = Kind::from_gguf(kind).unwrap();
        let blocks = dims.iter().product::<u64>() as usize / 32;
        *number = kind;
        *bytes = (0..blocks * of.block().bytes).map(|_| dice.next() as u8).collect();
        // Scales of about a hundredth, and offsets that bring the weights around 0.
        let small: u16 = if of == Kind::Q8_0 { 0x1000 } else { 0x2000 };
        for block in bytes.chunks_exact_mut(of.block().bytes) {
            let scale = small + u16::from(block[0]);
            block[..2].copy_from_slice(&scale.to_le_bytes());
            if of == Kind::Q4_1 {
                let offset = 0x8000 | (scale + (3 << 10) - 64);
                block[2..4].copy_from_slice(&offset.to_le_bytes());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    std::fs::write(&path, gguf(&tiny.keys(), &tensors)).unwrap();
    Model::open(&path).unwrap()
}

/// Whether this processor speaks by few bits: else by sums in f32, which `gemm` may cut otherwise
/// for several voices than for one.
fn few() -> bool {
    kernel::speaking() != "f32"
}

fn models() -> Vec<(&'static str, Model)> {
    vec![
        ("F32", open(&Tiny::new(WIDE, 1))),
        ("Q4_0", quantised(2, 2)),
        ("Q4_1", quantised(3, 3)),
        ("Q8_0", quantised(8, 4)),
    ]
}

#[test]
fn few_bits_expect_nearly_the_same() {
    for (name, model) in models() {
        let adapter = stirred(&model, 3, 1);
        let text = tokens(40, 7);
        let exact = |cut: usize, low: bool| {
            let mut cache = Cache::default();
            let mut logits = Vec::new();
            for part in text.chunks(cut) {
                let adapter = Some(&adapter);
                let read = if low { Base::read_low } else { Base::read };
                let pass = read(&model.base, adapter, &mut cache, part, Want::All);
                logits.extend(pass.unwrap().logits);
            }
            logits
        };
        let wanted = exact(40, false);
        let size = wanted.iter().map(|x| x * x).sum::<f32>().sqrt();
        for cut in [1, 7, 40] {
            let found = exact(cut, true);
            let off: f32 = found.iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b)).sum();
            let off = off.sqrt() / size;
            assert!(off < 0.03, "{name} in cuts of {cut}: off by {off}");
            assert!(off > 1e-6 || !few(), "{name} was not read by few bits");
        }
    }
}

/// Voices that have learned and heard different things, each with its chance.
fn people(model: &Model) -> Vec<(Voice, Sampler)> {
    let one = |i: u64| {
        let adapter = (i != 2).then(|| Arc::new(stirred(model, 2 + i as usize, i)));
        let mut voice = Voice::new(adapter);
        voice.hear(&model.base, &tokens(3 + 4 * i as usize, i)).unwrap();
        let manner = Manner { temperature: 0.5 * i as f64, seed: i, ..Manner::default() };
        (voice, Sampler::new(manner).unwrap())
    };
    (0..5).map(one).collect()
}

#[test]
fn voices_say_together_what_they_say_alone() {
    if !few() {
        return;
    }
    for (name, model) in models() {
        let mut alone: Vec<Vec<Said>> = vec![Vec::new(); 24];
        for (mut voice, mut sampler) in people(&model) {
            for said in &mut alone {
                said.push(voice.say(&model.base, &mut sampler, 2).unwrap());
            }
        }
        let mut all = people(&model);
        for (i, alone) in alone.iter().enumerate() {
            let mut lent: Vec<_> = all.iter_mut().map(|(voice, by)| (voice, by)).collect();
            let said = Voice::say_together(&model.base, &mut lent, 2);
            for (who, said) in said.iter().enumerate() {
                assert_eq!(said.as_ref(), Ok(&alone[who]), "{name}: voice {who}, token {i}");
            }
        }
    }
}

#[test]
fn who_cannot_speak_is_told_among_others() {
    let model = open(&Tiny::new(WIDE, 1));
    let mut all = people(&model);
    all[3].0 = Voice::new(None);
    let before: Vec<usize> = all.iter().map(|(voice, _)| voice.heard()).collect();
    let mut lent: Vec<_> = all.iter_mut().map(|(voice, by)| (voice, by)).collect();
    let said = Voice::say_together(&model.base, &mut lent, 0);
    for (who, (said, before)) in said.iter().zip(before).enumerate() {
        assert_eq!(said.is_err(), who == 3, "{said:?}");
        assert_eq!(all[who].0.heard(), before + usize::from(who != 3));
    }
    let told = said[3].as_ref().unwrap_err().to_string();
    assert!(told.contains("nothing was heard"), "{told}");
    assert!(Voice::say_together(&model.base, &mut [], 0).is_empty());
}

#[test]
fn who_breaks_the_pass_breaks_off_alone() {
    if !few() {
        return;
    }
    let model = quantised(2, 2);
    let mut alone = people(&model);
    let mut all = people(&model);
    // What another base heard has other keys, and so has its adapter: one is refused, one panics.
    let other = open(&Tiny::new(SMALL, 1));
    let mut cache = Cache::default();
    other.base.read(None, &mut cache, &tokens(7, 1), Want::Context).unwrap();
    all[1].0 = Voice::with(None, cache, Some(3));
    all[3].0 = Voice::with(Some(Arc::new(stirred(&other, 2, 1))), Cache::default(), Some(3));
    for turn in 0..3 {
        let mut lent: Vec<_> = all.iter_mut().map(|(voice, by)| (voice, by)).collect();
        let said = Voice::say_together(&model.base, &mut lent, 2);
        for (who, said) in said.iter().enumerate() {
            match (who, said) {
                (1, Err(e)) => assert!(e.to_string().contains("broke off"), "{e}"),
                (3, Err(e)) => assert!(e.to_string().contains("another shape"), "{e}"),
                (1 | 3, Ok(said)) => panic!("voice {who} said {said:?}"),
                _ => {
                    let (voice, by) = &mut alone[who];
                    let wanted = voice.say(&model.base, by, 2);
                    assert_eq!(*said, wanted, "voice {who}, token {turn}");
                }
            }
        }
    }
    let told = all[1].0.read_some(&model.base);
    assert!(told.unwrap_err().to_string().contains("broke off"));
}

#[test]
fn a_prompt_is_read_in_slices_while_others_speak() {
    let model = quantised(2, 2);
    let heard = tokens(SLICE + 11, 9);
    let adapter = Arc::new(stirred(&model, 3, 1));
    let wanted = {
        let mut voice = Voice::new(Some(Arc::clone(&adapter)));
        voice.hear(&model.base, &heard).unwrap();
        voice.say(&model.base, &mut Sampler::new(Manner::default()).unwrap(), 5).unwrap()
    };
    let mut voice = Voice::new(Some(adapter));
    voice.listen(&model.base, &heard).unwrap();
    let mut slices = 0;
    let mut all = people(&model);
    while voice.reads() {
        voice.read_some(&model.base).unwrap();
        slices += 1;
        let mut lent: Vec<_> = all.iter_mut().map(|(voice, by)| (voice, by)).collect();
        assert!(Voice::say_together(&model.base, &mut lent, 0).iter().all(Result::is_ok));
    }
    assert_eq!((slices, voice.heard()), (2, heard.len()));
    let mut sampler = Sampler::new(Manner::default()).unwrap();
    let mut lent = [(&mut voice, &mut sampler)];
    assert_eq!(Voice::say_together(&model.base, &mut lent, 5), [Ok(wanted.clone())]);
    // From whole slices that were kept, it goes on with the same bits.
    let mut cache = voice.into_cache();
    let before = cache.memory();
    cache.truncate(&model.base.config, SLICE);
    assert_eq!(cache.memory(), SLICE * model.base.config.token_memory());
    assert!(cache.len() == SLICE && cache.memory() < before);
    let mut voice = Voice::with(Some(Arc::new(stirred(&model, 3, 1))), cache, None);
    voice.hear(&model.base, &heard[SLICE..]).unwrap();
    let mut sampler = Sampler::new(Manner::default()).unwrap();
    assert_eq!(voice.say(&model.base, &mut sampler, 5), Ok(wanted));
}

// The price of few bits, on a text that it has not learned; f32 has 4.790992 bits a token.
#[test]
fn the_real_model_loses_little_by_few_bits() {
    let model = Model::open(&real()).unwrap();
    let mut text = vec![model.tokens.begin.unwrap()];
    text.extend(model.tokens.encode(her_lm::check::TEXT).unwrap());
    let mut cache = Cache::default();
    let inputs = &text[..text.len() - 1];
    let mut pass = model.base.read_low(None, &mut cache, inputs, Want::All).unwrap();
    let nats: f64 = pass.score(&text[1..]).unwrap().iter().sum();
    let bits = nats / std::f64::consts::LN_2 / inputs.len() as f64;
    println!("{bits:.6} bits a token by few bits");
    assert!((bits - 4.790_992).abs() < 0.03, "{bits} bits a token");
}

#[test]
fn a_catalogue_tells_by_the_spec_on_which_products_bits_hang() {
    let catalog = her_lm::catalog(her_lm::Bases::new("nowhere"));
    let model = serde_json::json!({"LanguageModel": {"base": "any"}});
    assert_eq!(catalog.arithmetic(&model), Some(kernel::here()));
    let of_texts = serde_json::json!([{"LanguageEmbedding": {"base": "any"}}, "KMeans"]);
    assert_eq!(catalog.arithmetic(&of_texts), Some(kernel::here()));
    assert_eq!(catalog.arithmetic(&serde_json::json!("KMeans")), None);
}
