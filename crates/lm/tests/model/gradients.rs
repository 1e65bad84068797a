//! The backward pass against differences of the oracle's losses, in f64.

use her_lm::{Cache, Site, Want};

use super::oracle::{Oracle, SITES};
use super::passes::{open, stirred, tokens};
use super::tiny::{SMALL, Shape, Tiny};

/// The gradient of the mean loss over `text`, of which `before` tokens are in the cache.
fn gradient(tiny: &Tiny, text: &[u32], before: usize) -> (her_lm::Adapter, Vec<f32>, f64) {
    let model = open(tiny);
    let adapter = stirred(&model, 3, 5);
    let mut cache = Cache::default();
    if before > 0 {
        model.base.read(Some(&adapter), &mut cache, &text[..before], Want::Context).unwrap();
    }
    let (part, next) = (&text[before..text.len() - 1], &text[before + 1..]);
    let mut pass = model.base.read(Some(&adapter), &mut cache, part, Want::Lesson).unwrap();
    let loss = pass.score(next).unwrap().iter().sum::<f64>() / next.len() as f64;
    let gradient = model.base.gradient(&adapter, &cache, pass, next).unwrap();
    (adapter, gradient, loss)
}

#[test]
fn every_map_of_every_layer_has_the_gradient_of_differences() {
    for (shape, seed) in [(SMALL, 1), (Shape { layers: 3, tied: false, kv_heads: 6, ..SMALL }, 2)] {
        let tiny = Tiny::new(shape, seed);
        let text = tokens(14, seed);
        let (adapter, gradient, loss) = gradient(&tiny, &text, 0);
        let oracle = Oracle::new(&tiny, Some(&adapter));
        let mean = |o: &Oracle| o.losses(&text).iter().sum::<f64>() / 13.0;
        assert!((mean(&oracle) - loss).abs() < 1e-5, "the same loss, to begin with");
        let mut at = 0;
        for layer in 0..shape.layers {
            for (name, site) in SITES {
                let n = adapter.up(layer, site).len();
                let own = &gradient[at..at + n];
                at += n;
                let scale = own.iter().fold(0.0f32, |a, x| a.max(x.abs()));
                assert!(scale > 1e-4, "layer {layer}, {name}: there is something to learn");
                // The largest one, and every so many others.
                let largest = own.iter().position(|g| g.abs() == scale).unwrap();
                for i in (0..n).step_by(n / 7).chain([largest]) {
                    let moved = |by: f64| {
                        let mut other = oracle.clone();
                        let key = format!("blk.{layer}.{name}.weight");
                        other.narrow.get_mut(&key).unwrap().1[i / 3][i % 3] += by;
                        mean(&other)
                    };
                    let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
                    let off = (slope - f64::from(own[i])).abs();
                    assert!(
                        off < 1e-4 * f64::from(scale) + 1e-7,
                        "layer {layer}, {name}, {i}: {} by us, {slope} by differences",
                        own[i]
                    );
                }
            }
        }
        assert_eq!(at, gradient.len(), "nothing else is learned");
    }
}

#[test]
fn what_was_read_before_is_given() {
    // One layer: keys and values of earlier tokens depend on B, but count as given. The oracle
    // knows no cache, so only maps after the attention can be compared, and those exactly.
    let shape = Shape { layers: 1, ..SMALL };
    let tiny = Tiny::new(shape, 4);
    let text = tokens(20, 4);
    let (adapter, gradient, _) = gradient(&tiny, &text, 9);
    let oracle = Oracle::new(&tiny, Some(&adapter));
    let mean = |o: &Oracle| o.losses(&text)[9..].iter().sum::<f64>() / 10.0;
    let start: usize = SITES[..3].iter().map(|(_, site)| adapter.up(0, *site).len()).sum();
    let mut at = start;
    for (name, site) in &SITES[3..] {
        let n = adapter.up(0, *site).len();
        for i in (0..n).step_by(n / 9) {
            let moved = |by: f64| {
                let mut other = oracle.clone();
                let key = format!("blk.0.{name}.weight");
                other.narrow.get_mut(&key).unwrap().1[i / 3][i % 3] += by;
                mean(&other)
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            let off = (slope - f64::from(gradient[at + i])).abs();
            assert!(off < 1e-5, "{name}, {i}: {} by us, {slope} by differences", gradient[at + i]);
        }
        at += n;
    }
}

#[test]
fn a_gradient_of_something_else_is_refused() {
    let model = open(&Tiny::new(SMALL, 1));
    let adapter = stirred(&model, 3, 5);
    let mut cache = Cache::default();
    let text = tokens(5, 1);
    let pass = model.base.read(Some(&adapter), &mut cache, &text, Want::All).unwrap();
    let refused = model.base.gradient(&adapter, &cache, pass, &text);
    assert!(refused.unwrap_err().to_string().contains("needs the last lesson"));
    assert_eq!(adapter.up(1, Site::Down).len(), 24 * 3);
}
