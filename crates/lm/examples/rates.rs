//! How many milliseconds a token takes: learned, scored, heard and spoken.
//!
//! `cargo run --profile quick -p her-lm --example rates -- MODEL TEXT [SECONDS [ROWS]]`, where TEXT
//! is a file of some 10,000 letters and ROWS a part of the names of the lines that are wanted.
//! Every line is one thread's processor time, as the kernel counts it, beside the wall's: the lines
//! are measured in turns for so many seconds each, 3 unless said. Start two at once for two cores.

use std::sync::Arc;
use std::time::Instant;

use her_lm::{
    Adapter, Base, Cache, Learner, Manner, Mixture, Model, Sampler, Settings, Spec, Voice, Want,
    kernel,
};

type Failed = Box<dyn std::error::Error>;
type Work<'a> = Box<dyn FnMut() -> Result<usize, Failed> + 'a>;

const SPEC: Spec = Spec { rank: 4, seed: 1 };
/// How many tokens of context a voice has heard before it speaks, and how many it says then.
const HEARD: usize = 128;
const SAID: usize = 64;
/// Over how many tokens few bits are compared with f32.
const COSTED: usize = 2048;
/// In how many turns each is measured.
const TURNS: u32 = 3;

/// How long this thread was on a processor, in seconds.
fn on_processor() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn now() -> Instant {
    Instant::now()
}

/// An adapter as it may be after some learning: what it holds does not change its cost.
fn adapter(model: &Model) -> Result<Arc<Adapter>, Failed> {
    let mut adapter = Adapter::new(&model.base.config, SPEC)?;
    adapter.learned_mut().fill(1e-4);
    Ok(Arc::new(adapter))
}

/// Reads chunks of so many tokens, in contexts of 512.
fn reading<'a>(model: &'a Model, text: &'a [u32], chunk: usize, want: Want, low: bool) -> Work<'a> {
    let (base, mut cache, mut at) = (&model.base, Cache::default(), 0);
    Box::new(move || {
        if cache.len() + chunk > 512 {
            cache.clear();
        }
        if at + chunk >= text.len() {
            at = 0;
        }
        let part = &text[at..at + chunk];
        at += chunk;
        let read = if low { Base::read_low } else { Base::read };
        let pass = read(base, None, &mut cache, part, want);
        std::hint::black_box(pass?);
        Ok(chunk)
    })
}

/// What the beginning of the text costs the base, in bits a token, in contexts of 512.
fn cost(model: &Model, text: &[u32], low: bool) -> Result<f64, Failed> {
    let (mut cache, mut nats) = (Cache::default(), 0.0);
    for (part, next) in text.chunks(32).zip(text[1..].chunks(32)).take(COSTED / 32) {
        if cache.len() == 512 {
            cache.clear();
        }
        let read = if low { Base::read_low } else { Base::read };
        let mut pass = read(&model.base, None, &mut cache, part, Want::All)?;
        nats += pass.score(next)?.iter().sum::<f64>();
    }
    Ok(nats / std::f64::consts::LN_2 / COSTED as f64)
}

/// Learns chunks of 32 tokens.
fn learning<'a>(model: &'a Model, text: &'a [u32], mixed: bool) -> Result<Work<'a>, Failed> {
    let mut learner = Learner::new(&model.base, SPEC, Settings::default())?;
    let mut mixture = Mixture::new(learner.clone());
    let mut parts = text.chunks_exact(32).cycle();
    Ok(Box::new(move || {
        let part = parts.next().ok_or("the text is too short")?;
        if mixed {
            mixture.read(&model.base, part, true)?;
        } else {
            learner.read(&model.base, part, true)?;
        }
        Ok(part.len())
    }))
}

/// Some voices say tokens together, with a context of their own each.
fn speaking<'a>(model: &'a Model, text: &[u32], voices: usize) -> Result<Work<'a>, Failed> {
    let adapter = adapter(model)?;
    let mut heard = Voice::new(Some(adapter));
    heard.hear(&model.base, &text[..HEARD])?;
    let mut all = Vec::new();
    Ok(Box::new(move || {
        if all.is_empty() {
            let sampler = |seed| Sampler::new(Manner { seed, ..Manner::default() });
            for seed in 0..voices as u64 {
                all.push((heard.clone(), sampler(seed)?));
            }
        }
        let mut lent: Vec<_> = all.iter_mut().map(|(voice, sampler)| (voice, sampler)).collect();
        for said in Voice::say_together(&model.base, &mut lent, 0) {
            said?;
        }
        if all[0].0.heard() >= HEARD + SAID {
            all.clear();
        }
        Ok(voices)
    }))
}

struct Row<'a> {
    name: String,
    work: Work<'a>,
    tokens: usize,
    on_processor: f64,
    wall: f64,
}

impl Row<'_> {
    /// Works for at least so many seconds.
    fn turn(&mut self, least: f64) -> Result<(), Failed> {
        let (wall, begin) = (now(), on_processor()?);
        while wall.elapsed().as_secs_f64() < least {
            self.tokens += (self.work)()?;
        }
        self.on_processor += on_processor()? - begin;
        self.wall += wall.elapsed().as_secs_f64();
        Ok(())
    }

    fn print(&self) {
        let each = |seconds: f64| seconds * 1e3 / self.tokens as f64;
        let cost = each(self.on_processor);
        println!(
            "{:44} {:8} {:9.3} {:9.3} {:9.1}",
            self.name,
            self.tokens,
            cost,
            each(self.wall),
            1e3 / cost
        );
    }
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([path, text] | [path, text, _] | [path, text, _, _]) = arguments.as_slice() else {
        return Err("give MODEL TEXT [SECONDS [ROWS]]".into());
    };
    let seconds: f64 = arguments.get(2).map_or(Ok(3.0), |s| s.parse())?;
    let begin = now();
    let model = Model::open(path.as_ref())?;
    let opened = begin.elapsed().as_secs_f64();
    let text = model.tokens.encode(&std::fs::read_to_string(text)?)?;
    if text.len() <= COSTED {
        return Err(format!("{} tokens of text; give more than {COSTED}", text.len()).into());
    }
    println!(
        "kernels {} and {}; opened in {opened:.2} s; {} MB of weights; load {}",
        kernel::name(),
        kernel::speaking(),
        model.base.memory() / 1_000_000,
        std::fs::read_to_string("/proc/loadavg")?.trim()
    );
    let mut rows = Vec::new();
    let mut row = |name: &str, work: Work<'static>| {
        rows.push(Row { name: name.into(), work, tokens: 0, on_processor: 0.0, wall: 0.0 });
    };
    // The rows live as long as the process.
    let (model, text): (&'static Model, &'static [u32]) = (Box::leak(Box::new(model)), text.leak());
    row("learned alone, 32 at once", learning(model, text, false)?);
    row("learned in the mixture, 32 at once", learning(model, text, true)?);
    for chunk in [32, 128] {
        for (how, low) in [("f32", false), ("few bits", true)] {
            let name = |what| format!("{what}, {how}, {chunk} at once");
            row(&name("scored"), reading(model, text, chunk, Want::All, low));
            row(&name("heard"), reading(model, text, chunk, Want::Last, low));
        }
    }
    row("one token after the other, f32", reading(model, text, 1, Want::Last, false));
    for voices in [1, 2, 4, 8, 16] {
        row(&format!("spoken by {voices} at once"), speaking(model, text, voices)?);
    }
    let wanted = arguments.get(3).map_or("", String::as_str);
    rows.retain(|row| row.name.contains(wanted));
    for row in &mut rows {
        (row.work)()?;
    }
    for _ in 0..TURNS {
        for row in &mut rows {
            row.turn(seconds / f64::from(TURNS))?;
        }
    }
    println!("{:44} {:>8} {:>9} {:>9} {:>9}", "", "tokens", "CPU ms", "wall ms", "tokens/s");
    rows.iter().for_each(Row::print);
    if wanted.is_empty() {
        let (exact, low) = (cost(model, text, false)?, cost(model, text, true)?);
        println!("the base's bits a token over {COSTED} tokens: f32 {exact:.4}, few bits {low:.4}");
    }
    println!("load {}", std::fs::read_to_string("/proc/loadavg")?.trim());
    Ok(())
}
