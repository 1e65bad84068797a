//! The forward pass against the oracle, and the real model against a known loss.

use her_lm::check::{self, Verdict};
use her_lm::{Adapter, Cache, Model, PASS_MAX, Spec, Want};

use super::oracle::Oracle;
use super::tiny::{Dice, SMALL, Shape, Tiny, real};

pub fn tokens(n: usize, seed: u64) -> Vec<u32> {
    let mut dice = Dice(seed);
    let vocab = super::tiny::vocabulary().len() as u64;
    (0..n).map(|_| (dice.next() % vocab) as u32).collect()
}

/// An adapter that has learned something, whatever.
pub fn stirred(model: &Model, rank: usize, seed: u64) -> Adapter {
    let mut adapter = Adapter::new(&model.base.config, Spec { rank, seed }).unwrap();
    let mut dice = Dice(seed);
    adapter.learned_mut().iter_mut().for_each(|b| *b = 0.3 * dice.number());
    adapter
}

pub fn open(tiny: &Tiny) -> Model {
    let folder = tempfile::tempdir().unwrap();
    Model::open(&tiny.write(folder.path())).unwrap()
}

#[test]
fn logits_are_those_of_plain_loops_in_any_cut() {
    for (shape, seed) in [
        (SMALL, 1),
        (Shape { tied: false, ..SMALL }, 2),
        (Shape { layers: 1, width: 16, hidden: 24, heads: 4, kv_heads: 4, tied: true }, 3),
        (Shape { layers: 3, width: 32, hidden: 8, heads: 2, kv_heads: 1, tied: true }, 4),
    ] {
        let tiny = Tiny::new(shape, seed);
        let model = open(&tiny);
        let text = tokens(40, seed);
        for adapter in [None, Some(stirred(&model, 3, seed))] {
            let wanted = Oracle::new(&tiny, adapter.as_ref()).logits(&text);
            for cut in [1, 7, 40] {
                let mut cache = Cache::default();
                let mut found = Vec::new();
                for part in text.chunks(cut) {
                    let pass = model.base.read(adapter.as_ref(), &mut cache, part, Want::All);
                    found.extend(pass.unwrap().logits);
                }
                assert_eq!(cache.len(), 40);
                let wanted = wanted.concat();
                assert_eq!(found.len(), wanted.len());
                let scale = wanted.iter().fold(0.0f64, |a, x| a.max(x.abs()));
                for (found, wanted) in found.iter().zip(&wanted) {
                    let off = (f64::from(*found) - wanted).abs();
                    assert!(off < 2e-5 * scale, "{found}, not {wanted}, of {scale}");
                }
            }
        }
    }
}

#[test]
fn only_what_is_wanted_is_given() {
    let tiny = Tiny::new(SMALL, 1);
    let model = open(&tiny);
    let (text, vocab) = (tokens(5, 1), model.base.config.vocab);
    let logits =
        |want: Want| model.base.read(None, &mut Cache::default(), &text, want).unwrap().logits;
    let all = logits(Want::All);
    assert_eq!(all.len(), 5 * vocab);
    assert!(logits(Want::Context).is_empty());
    let last = logits(Want::Last);
    assert_eq!(last.len(), vocab);
    let off = last.iter().zip(&all[4 * vocab..]).map(|(a, b)| (a - b).abs());
    assert!(off.fold(0.0, f32::max) < 1e-5);
}

#[test]
fn what_cannot_be_read_leaves_the_cache_alone() {
    let tiny = Tiny::new(SMALL, 1);
    let model = open(&tiny);
    let mut cache = Cache::default();
    let told = |cache: &mut Cache, text: &[u32]| {
        let before = cache.len();
        let error = model.base.read(None, cache, text, Want::Last).err().expect("refused");
        assert_eq!(cache.len(), before);
        error.to_string()
    };
    assert!(told(&mut cache, &[]).contains("0 tokens"));
    assert!(told(&mut cache, &vec![0; PASS_MAX + 1]).contains("1 to 512"));
    assert!(told(&mut cache, &[9999]).contains("token 9999 is none of the model's 264"));
    model.base.read(None, &mut cache, &tokens(60, 1), Want::Context).unwrap();
    let error = told(&mut cache, &tokens(5, 1));
    assert!(error.contains("takes 64, and 60 are there"), "{error}");
    let other = open(&Tiny::new(Shape { layers: 3, ..SMALL }, 1));
    let adapter = stirred(&other, 2, 1);
    let refused = model.base.read(Some(&adapter), &mut cache, &[1], Want::Last);
    assert!(refused.err().unwrap().to_string().contains("another shape"));
}

// By a forward pass of NumPy in f64 over weights that ggml's own reader dequantised: 436 tokens,
// 4.790992 bits each; the first ones one by one.
#[test]
fn the_real_model_has_the_known_loss() {
    let model = Model::open(&real()).unwrap();
    let mut text = vec![model.tokens.begin.unwrap()];
    text.extend(model.tokens.encode(check::TEXT).unwrap());
    let mut pass = model.base.read(None, &mut Cache::default(), &text[..5], Want::All).unwrap();
    let nats = pass.score(&text[1..6]).unwrap();
    for (nats, known) in nats.iter().zip([11.852764, 24.163920, 10.642309, 2.937844, 7.048483]) {
        let bits = nats / std::f64::consts::LN_2;
        assert!((bits - known).abs() < 1e-3, "{bits}, not {known}");
    }
    let loss = check::loss(&model).unwrap();
    assert_eq!(loss.tokens, 436);
    assert!((loss.bits_per_token - 4.790_992).abs() < 2e-4, "{loss:?}");
    assert_eq!(check::verdict(0, &loss).0, Verdict::Fit);
    assert_eq!(check::verdict(1, &loss).0, Verdict::Unfit, "a text does not come back");
}

#[test]
fn a_reader_that_forgets_the_order_of_rows_is_caught() {
    let mut model = Model::open(&real()).unwrap();
    for layer in &mut model.base.layers {
        for matrix in &mut layer.linear[..2] {
            let columns = matrix.columns;
            let row = |r: usize| &matrix.weights[r * columns..(r + 1) * columns];
            // Queries and keys in halves of a head, as safetensors have them.
            let from = |r: usize| {
                let (head, i) = (r / 64 * 64, r % 64);
                head + if i < 32 { i * 2 } else { i * 2 - 63 }
            };
            matrix.weights = (0..matrix.rows).flat_map(|r| row(from(r)).to_vec()).collect();
        }
    }
    let broken = check::loss(&model).unwrap();
    assert_ne!(check::verdict(0, &broken).0, Verdict::Fit, "{broken:?}");
}
