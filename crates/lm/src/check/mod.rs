//! Whether a model file is one to learn on: its tokens bring texts back, and it predicts. What
//! makes nothing but vectors is judged by `sentence.rs`.

pub mod sentence;

use serde::Serialize;

use crate::adapter::Spec;
use crate::error::{Error, Result};
use crate::forward::{Cache, Want};
use crate::learner::{Learner, Settings};
use crate::model::Model;

/// A text that ships with this crate: prose, numbers, talk, another language, a program.
pub const TEXT: &str = include_str!("text.txt");

/// Texts that a tokenizer must bring back to the byte.
pub const TEXTS: &[&str] = &[
    TEXT,
    "On 26.11.2026 we paid $1,234.50 — 10% more.",
    "Grüße aus Köln: ça va? Привет! 你好，世界 🙂👩‍👩‍👧",
    "  two  spaces,\ttabs\tand\n\n\nnew lines  \n",
    "fn main() { println!(\"{}\", 1 << 12); }",
    "it's they'll WE'VE don't 'quoted'",
    "a",
];

/// Above so many bits a byte, a model is weak: too small, or trained on other languages.
pub const WEAK: f64 = 2.0;
/// Above so many bits a byte, its weights or its tokens are not what they should be. Who knows no
/// more than how often each token occurs in English needs some 2.5.
pub const UNFIT: f64 = 3.0;

/// Tokens read by one pass.
const PASS: usize = 128;
/// How many tokens are read one by one, as when speaking.
const SINGLE: usize = 16;
/// How many chunks are learned.
const LESSONS: usize = 4;

/// A text that tokens do not bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// The text.
    pub text: String,
    /// What its tokens say.
    pub back: String,
}

/// What the text of this crate costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Loss {
    /// How many tokens it is.
    pub tokens: usize,
    /// Bits for each of them, on average.
    pub bits_per_token: f64,
    /// Bits for each byte of the text; models with other tokens can be compared by this.
    pub bits_per_byte: f64,
}

/// Tokens a second, on one thread, here and now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Predicted, 128 at once.
    pub scored_per_s: f64,
    /// Predicted one by one, as when speaking.
    pub spoken_per_s: f64,
    /// Predicted and learned, 32 at once, with an adapter of rank 4 on all layers.
    pub learned_per_s: f64,
}

/// What to make of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It can be learned on.
    Fit,
    /// It can, but predicts badly.
    Weak,
    /// It is not what its file says.
    Unfit,
}

/// Texts that the model's tokens do not bring back.
pub fn round_trip(model: &Model) -> Result<Vec<Differs>> {
    let mut wrong = Vec::new();
    for text in TEXTS {
        let back = model.tokens.decode(&model.tokens.encode(text)?)?;
        if back != *text {
            wrong.push(Differs { text: (*text).to_owned(), back });
        }
    }
    Ok(wrong)
}

/// The tokens of the text, with the one that begins a text before them.
fn text(model: &Model) -> Result<Vec<u32>> {
    let mut tokens: Vec<u32> = model.tokens.begin.into_iter().collect();
    tokens.extend(model.tokens.encode(TEXT)?);
    // Of a small context, as much as it takes.
    tokens.truncate(model.base.config.context);
    match tokens.len() {
        0 | 1 => Err(Error("its tokens cut the text into nothing".to_owned())),
        _ => Ok(tokens),
    }
}

/// What the text costs.
pub fn loss(model: &Model) -> Result<Loss> {
    let tokens = text(model)?;
    let (mut cache, mut nats) = (Cache::default(), 0.0);
    for (part, next) in tokens[..tokens.len() - 1].chunks(PASS).zip(tokens[1..].chunks(PASS)) {
        let mut pass = model.base.read(None, &mut cache, part, Want::All)?;
        nats += pass.score(next)?.iter().sum::<f64>();
    }
    let (n, bits) = (tokens.len() - 1, nats / std::f64::consts::LN_2);
    let bytes = model.tokens.decode(&tokens[1..])?.len();
    Ok(Loss {
        tokens: n,
        bits_per_token: bits / n as f64,
        bits_per_byte: bits / bytes.max(1) as f64,
    })
}

/// How fast it is; `now` tells nanoseconds.
pub fn rates(model: &Model, now: &dyn Fn() -> u64) -> Result<Rates> {
    let tokens = text(model)?;
    let base = &model.base;
    let per_s = |n: usize, start: u64| n as f64 * 1e9 / (now() - start).max(1) as f64;
    let mut cache = Cache::default();
    let (part, next) = (&tokens[..(tokens.len() - 1).min(PASS)], &tokens[1..]);
    let start = now();
    base.read(None, &mut cache, part, Want::All)?.score(&next[..part.len()])?;
    let scored_per_s = per_s(part.len(), start);
    let singles = tokens.len().min(SINGLE).min(base.config.context - cache.len());
    let start = now();
    for token in &tokens[..singles] {
        base.read(None, &mut cache, &[*token], Want::Last)?;
    }
    let spoken_per_s = per_s(singles, start);
    let settings = Settings::default();
    let window = settings.window.min(base.config.context);
    let settings = Settings { window, chunk: settings.chunk.min(window / 2), ..settings };
    let mut learner = Learner::new(base, Spec { rank: 4, seed: 1 }, settings)?;
    let lessons = tokens.len().min(1 + LESSONS * settings.chunk);
    let start = now();
    let learned = learner.read(base, &tokens[..lessons], true)?.scored;
    Ok(Rates { scored_per_s, spoken_per_s, learned_per_s: per_s(learned, start) })
}

/// What to make of it, and why.
pub fn verdict(differs: usize, loss: &Loss) -> (Verdict, String) {
    let bits = loss.bits_per_byte;
    let texts = TEXTS.len();
    if bits.is_nan() || bits > UNFIT {
        let why = format!(
            "the known text costs {bits:.2} bits a byte, where {UNFIT} is chance: its weights or its \
             tokens are not what the file says; convert it anew"
        );
        return (Verdict::Unfit, why);
    }
    if differs > 0 {
        let why = format!(
            "{differs} of {texts} texts do not come back from their tokens: what it reads and says \
             would be changed; give it with its own tokenizer.json"
        );
        return (Verdict::Unfit, why);
    }
    if bits > WEAK {
        let why = format!(
            "the known text costs {bits:.2} bits a byte, above {WEAK}: small, or trained on other \
             languages than English"
        );
        return (Verdict::Weak, why);
    }
    (
        Verdict::Fit,
        format!("all {texts} texts come back, and the known text costs {bits:.2} bits a byte"),
    )
}
