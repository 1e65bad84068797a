//! What is measured of ours, as `crates/lm/examples/rates.rs` does it.

use std::hint::black_box;
use std::sync::Arc;

use her_lm::{
    Adapter, Base, Cache, Learner, Manner, Mixture, Model, Sampler, Settings, Spec, Voice, Want,
};

use crate::llama::WINDOW;
use crate::{Failed, HEARD, SAID, Text, Work};

pub const SPEC: Spec = Spec { rank: 4, seed: 1 };

/// Reads chunks, in f32 or by few bits.
pub fn read(base: &'static Base, mut text: Text, chunk: usize, want: Want, low: bool) -> Work {
    let mut cache = Cache::default();
    let read = if low { Base::read_low } else { Base::read };
    Box::new(move || {
        if cache.len() + chunk > WINDOW {
            cache.clear();
        }
        black_box(read(base, None, &mut cache, text.next(chunk), want)?);
        Ok(chunk)
    })
}

/// Learns chunks of 32 tokens, alone or in the mixture.
pub fn learned(base: &'static Base, mut text: Text, mixed: bool) -> Result<Work, Failed> {
    let mut learner = Learner::new(base, SPEC, Settings::default())?;
    let mut mixture = Mixture::new(learner.clone());
    Ok(Box::new(move || {
        if mixed {
            mixture.read(base, text.next(32), true)?;
        } else {
            learner.read(base, text.next(32), true)?;
        }
        Ok(32)
    }))
}

/// Says one token after the other by few bits, with an adapter.
pub fn spoken(base: &'static Base, mut text: Text) -> Result<Work, Failed> {
    let mut adapter = Adapter::new(&base.config, SPEC)?;
    // As it may be after some learning: what it holds does not change its cost.
    adapter.learned_mut().fill(1e-4);
    let mut heard = Voice::new(Some(Arc::new(adapter)));
    heard.hear(base, text.next(HEARD))?;
    let fresh = Sampler::new(Manner::default())?;
    let mut now = (heard.clone(), fresh.clone());
    Ok(Box::new(move || {
        if now.0.heard() >= HEARD + SAID {
            now = (heard.clone(), fresh.clone());
        }
        for said in Voice::say_together(base, &mut [(&mut now.0, &mut now.1)], 0) {
            black_box(said?);
        }
        Ok(1)
    }))
}

/// What a text costs the frozen base, in bits a token, in passes of 32 and contexts of 512.
pub fn cost(model: &Model, text: &[u32], low: bool) -> Result<f64, Failed> {
    let (mut cache, mut nats) = (Cache::default(), 0.0);
    let read = if low { Base::read_low } else { Base::read };
    for (part, next) in text.chunks_exact(32).zip(text[1..].chunks_exact(32)) {
        if cache.len() == WINDOW {
            cache.clear();
        }
        let mut pass = read(&model.base, None, &mut cache, part, Want::All)?;
        nats += pass.score(next)?.iter().sum::<f64>();
    }
    Ok(nats / std::f64::consts::LN_2 / (text.len() - 1) as f64)
}
