//! "What I learned from you": the parts of what was said lately that cost an identity least, beside
//! what they cost its frozen base.

use her_identity::{Error, Result};
use her_lm::{Adapter, Cache, Message, Want};
use serde_json::{Value, json};

use super::speaker::Speaker;

/// Tokens that are looked at, the newest: each is read twice.
const TOKENS: usize = 256;
/// Tokens of one part.
const SPAN: usize = 12;
/// Bits that a token must bring to lengthen a part.
const WORTH: f64 = 0.25;
/// Bits that a part must bring to be told.
const LEAST: f64 = 1.0;

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its words.
    pub text: String,
    /// What it costs the base alone, in bits.
    pub frozen: f64,
    /// What it costs now, in bits.
    pub live: f64,
}

impl Span {
    /// The part for people and programs.
    pub fn to_json(&self) -> Value {
        json!({ "text": self.text, "frozen_bits": self.frozen, "live_bits": self.live })
    }

    fn gain(&self) -> f64 {
        self.frozen - self.live
    }
}

fn invalid(e: her_lm::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

/// The parts of what a person said that an identity learned most of, the most first.
pub fn spans(speaker: &Speaker, said: &[Message], most: usize) -> Result<Vec<Span>> {
    let (mut left, mut found) = (TOKENS, Vec::<Span>::new());
    let words = said.iter().rev().filter(|m| m.role == "user" && !m.content.trim().is_empty());
    for message in words {
        let (head, tokens) = cut(speaker, message)?;
        if head.is_empty() || tokens.len() > left {
            break;
        }
        left -= tokens.len();
        let cost = |adapter: Option<&Adapter>| cost(speaker, adapter, &head, &tokens);
        let costs = (cost(None)?, cost(Some(speaker.adapter()))?);
        if let Some(span) = best(speaker, &tokens, &costs.0, &costs.1)?
            && !found.iter().any(|other| other.text == span.text)
        {
            found.push(span);
        }
    }
    found.sort_by(|a, b| b.gain().total_cmp(&a.gain()));
    found.truncate(most);
    Ok(found)
}

/// The tokens of a message, and those that stand before it.
fn cut(speaker: &Speaker, message: &Message) -> Result<(Vec<u32>, Vec<u32>)> {
    let model = &speaker.shared().model;
    let text = message.content.trim();
    let head = match &model.chat {
        Some(chat) => {
            let whole = chat.render(std::slice::from_ref(message), false).map_err(invalid)?;
            whole.rfind(text).map(|at| whole[..at].to_owned()).unwrap_or_default()
        }
        None => "\n".to_owned(),
    };
    let tokens = |text: &str| model.tokens.encode(text).map_err(invalid);
    Ok((tokens(&head)?, tokens(text)?))
}

/// What each token costs, in bits.
fn cost(
    speaker: &Speaker,
    adapter: Option<&Adapter>,
    head: &[u32],
    tokens: &[u32],
) -> Result<Vec<f64>> {
    let base = &speaker.shared().model.base;
    let all = [head, tokens].concat();
    let inputs = &all[..all.len() - 1];
    let mut pass = base.read(adapter, &mut Cache::default(), inputs, Want::All).map_err(invalid)?;
    let nats = pass.score(&all[1..]).map_err(invalid)?;
    Ok(nats[head.len() - 1..].iter().map(|nats| nats / std::f64::consts::LN_2).collect())
}

/// The part of whole words that brings most.
fn best(speaker: &Speaker, tokens: &[u32], frozen: &[f64], live: &[f64]) -> Result<Option<Span>> {
    let model = &speaker.shared().model;
    let text = |tokens: &[u32]| model.tokens.decode(tokens).map_err(invalid);
    let mut begins = Vec::with_capacity(tokens.len() + 1);
    for (i, token) in tokens.iter().enumerate() {
        begins.push(i == 0 || text(&[*token])?.starts_with(char::is_whitespace));
    }
    begins.push(true);
    let mut best: Option<(f64, usize, usize)> = None;
    for from in (0..tokens.len()).filter(|i| begins[*i]) {
        let mut worth = 0.0;
        for to in from + 1..=tokens.len().min(from + SPAN) {
            worth += frozen[to - 1] - live[to - 1] - WORTH;
            if begins[to] && best.is_none_or(|(most, ..)| worth > most) {
                best = Some((worth, from, to));
            }
        }
    }
    let Some((_, from, to)) = best else { return Ok(None) };
    let sum = |costs: &[f64]| costs[from..to].iter().sum();
    let text = text(&tokens[from..to])?.trim().to_owned();
    let span = Span { text, frozen: sum(frozen), live: sum(live) };
    Ok(Some(span).filter(|span| span.gain() >= LEAST))
}
