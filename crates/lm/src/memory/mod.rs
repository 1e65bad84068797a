//! What was said, to be found again: the third memory, beside the weights and what was just said.
//!
//! One step of learning does not teach a fact. So what a person tells is kept word for word, a
//! bounded number of times, and what is like the present words is put before the model when it
//! speaks.

mod words;

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::chat::Message;
use crate::embed::{embed, unit};
use crate::error::{Error, Result, wrong};
use crate::math;
use crate::model::Model;

/// How many memories are kept unless the spec says otherwise.
pub const MEMORIES: usize = 2_048;
/// The most that may be kept.
pub const MEMORIES_MAX: usize = 65_536;
/// The longest memory, in bytes; a longer text is cut into several.
pub const MEMORY_BYTES: usize = 512;

/// How much words count beside meaning, 0 to 1.
const WORDS: f32 = 0.6;

/// How many memories are put before the model at once.
const REMINDED: usize = 2;
/// How much a memory must be alike to be put there.
const ALIKE: f32 = 0.35;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    /// Rises by one with everything that is remembered.
    order: u64,
    role: Box<str>,
    text: Box<str>,
    /// The vector, a byte a number, and what a step of it is worth.
    vector: Vec<i8>,
    step: f32,
}

/// A memory that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// When it was said, as a number that rises.
    pub order: u64,
    /// Who said it.
    pub role: &'a str,
    /// What was said.
    pub text: &'a str,
    /// How much it is alike, of both below: 1 is the same, 0 has nothing in common.
    pub score: f32,
    /// The cosine of both vectors, −1 to 1, after what all memories have in common was taken off.
    pub meaning: f32,
    /// The share of the asked words that it has, the rarer the heavier: 0 to 1.
    pub words: f32,
}

/// Things that were said, the newest of them: at most so many, the oldest are dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    most: usize,
    next: u64,
    items: VecDeque<Item>,
    /// In how many memories each word is.
    known: BTreeMap<u32, u32>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    most: usize,
    next: u64,
    items: VecDeque<Item>,
}

impl Memory {
    /// An empty one that keeps at most `most` memories; 0 keeps none.
    ///
    /// # Errors
    /// When that is more than [`MEMORIES_MAX`].
    pub fn new(most: usize) -> Result<Self> {
        if most > MEMORIES_MAX {
            return wrong(format!("{most} memories; at most {MEMORIES_MAX} are kept"));
        }
        Ok(Self { most, next: 0, items: VecDeque::new(), known: BTreeMap::new() })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Remembers what somebody said, in pieces where it is long. What only asks is left out: a
    /// question would be found again by the next one like it, and tells nothing. Costs a forward
    /// pass over the text.
    ///
    /// # Errors
    /// When the text cannot be cut into tokens; nothing was remembered then.
    pub fn hear(&mut self, model: &Model, role: &str, text: &str) -> Result<()> {
        if self.most == 0 {
            return Ok(());
        }
        let pieces = words::pieces(text, MEMORY_BYTES);
        let told = pieces.into_iter().filter(|piece| !words::only_asks(piece));
        let with_vector = |piece: &str| Ok((piece.to_owned(), embed(model, piece)?));
        let told: Vec<(String, Vec<f32>)> = told.map(with_vector).collect::<Result<_>>()?;
        for (piece, vector) in told {
            self.remember(role, &piece, &vector)?;
        }
        Ok(())
    }

    /// Remembers a text with its vector. One that is known already, by the same speaker, becomes
    /// the newest.
    ///
    /// # Errors
    /// When the text is longer than [`MEMORY_BYTES`], or the vector of another width than before.
    pub fn remember(&mut self, role: &str, text: &str, vector: &[f32]) -> Result<()> {
        if text.len() > MEMORY_BYTES {
            let n = text.len();
            return wrong(format!("a memory of {n} bytes; {MEMORY_BYTES} is the limit: cut it"));
        }
        if let Some(other) = self.items.front().filter(|item| item.vector.len() != vector.len()) {
            let (n, width) = (vector.len(), other.vector.len());
            return wrong(format!("a vector of {n} numbers among memories of {width}"));
        }
        if self.most == 0 {
            return Ok(());
        }
        let same = |item: &Item| *item.role == *role && *item.text == *text;
        let full = (self.items.len() >= self.most).then_some(0);
        let old = self.items.iter().position(same).or(full);
        if let Some(old) = old.and_then(|old| self.items.remove(old)) {
            self.count(&old.text, false);
        }
        let largest = vector.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let step = largest / 127.0;
        let byte = |x: &f32| if step > 0.0 { (x / step).round() as i8 } else { 0 };
        self.items.push_back(Item {
            order: self.next,
            role: role.into(),
            text: text.into(),
            vector: vector.iter().map(byte).collect(),
            step,
        });
        self.next += 1;
        self.count(text, true);
        Ok(())
    }

    /// The memories that are most like a text, at most `most` of them, the best first. Of equals
    /// the newer one comes first. Costs a forward pass over the text.
    ///
    /// # Errors
    /// When the text cannot become a vector.
    pub fn recall(&self, model: &Model, text: &str, most: usize) -> Result<Vec<Found<'_>>> {
        if self.is_empty() || most == 0 {
            return Ok(Vec::new());
        }
        Ok(self.alike(text, &embed(model, text)?, most))
    }

    /// A conversation with what is remembered of others that is like its last words, in a system
    /// message at its beginning. What is said in it already is not told again, and what is hardly
    /// alike not at all. Costs a forward pass over the last words.
    ///
    /// # Errors
    /// When those cannot become a vector.
    pub fn remind(&self, model: &Model, messages: &[Message]) -> Result<Vec<Message>> {
        let mut reminded = messages.to_vec();
        let asked = messages.last().filter(|last| last.role == "user" && !last.content.is_empty());
        let Some(asked) = asked else { return Ok(reminded) };
        let text = &asked.content[..asked.content.floor_char_boundary(MEMORY_BYTES)];
        let mut found = self.recall(model, text, REMINDED)?;
        let said = |found: &Found<'_>| messages.iter().any(|m| m.content.contains(found.text));
        found.retain(|found| found.score >= ALIKE && !said(found));
        if let Some(words) = in_words(&found) {
            match reminded.first_mut().filter(|first| first.role == "system") {
                Some(system) => system.content = format!("{}\n\n{words}", system.content),
                None => reminded.insert(0, Message::new("system", words)),
            }
        }
        Ok(reminded)
    }

    /// The memories most like a text, as [`recall`](Self::recall) finds them, by its vector.
    pub fn alike(&self, text: &str, vector: &[f32], most: usize) -> Vec<Found<'_>> {
        let mean = self.mean(vector.len());
        let centred = |vector: &mut Vec<f32>| {
            vector.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean);
            unit(vector);
        };
        let mut wanted = vector.to_vec();
        centred(&mut wanted);
        let asked = words::of(text);
        let rare = |word: &u32| self.rarity(*word);
        let all: f32 = asked.iter().map(rare).sum();
        let mut buffer = Vec::new();
        let found = self.items.iter().filter(|item| item.vector.len() == wanted.len());
        let mut found: Vec<Found<'_>> = found
            .map(|item| {
                buffer.clear();
                buffer.extend(item.vector.iter().map(|x| f32::from(*x) * item.step));
                centred(&mut buffer);
                let meaning = math::dot(&buffer, &wanted);
                let own = words::of(&item.text);
                let both = asked.iter().filter(|word| own.binary_search(word).is_ok());
                let words = if all > 0.0 { both.map(rare).sum::<f32>() / all } else { 0.0 };
                let score = (1.0 - WORDS) * meaning + WORDS * words;
                let (order, role, text) = (item.order, &*item.role, &*item.text);
                Found { order, role, text, score, meaning, words }
            })
            .collect();
        found.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then(Reverse(a.order).cmp(&Reverse(b.order)))
        });
        found.truncate(most);
        found
    }

    /// What all memories have in common. A model's vectors point to one side, whatever they are of.
    fn mean(&self, width: usize) -> Vec<f32> {
        let mut mean = vec![0.0f32; width];
        for item in &self.items {
            mean.iter_mut().zip(&item.vector).for_each(|(m, x)| *m += f32::from(*x) * item.step);
        }
        // With few memories their mean is what they are about.
        let share = 1.0 / (self.items.len() as f32 + 1.0);
        for m in &mut mean {
            *m *= share;
        }
        mean
    }

    /// How much a word tells: nothing when it is in every memory. One that is in none counts as if
    /// it were in one: with few memories it would count more than all others.
    fn rarity(&self, word: u32) -> f32 {
        let (all, with) = (self.items.len(), self.known.get(&word).copied().unwrap_or(0).max(1));
        libm::logf((all as f32 + 1.0) / (with as f32 + 0.5)).max(0.0)
    }

    fn count(&mut self, text: &str, more: bool) {
        for word in words::of(text) {
            let count = self.known.entry(word).or_default();
            *count = if more { *count + 1 } else { count.saturating_sub(1) };
            if *count == 0 {
                self.known.remove(&word);
            }
        }
    }

    /// Every memory's text and vector, and what a step of the vector is worth, the oldest first.
    pub fn vectors(&self) -> impl Iterator<Item = (&str, &[i8], f32)> {
        self.items.iter().map(|item| (&*item.text, item.vector.as_slice(), item.step))
    }

    /// Everything, as bytes: at most some 1.2 kB a memory with a model of 576 numbers.
    pub fn save(&self) -> Vec<u8> {
        let (most, next, items) = (self.most, self.next, self.items.clone());
        postcard::to_allocvec(&Saved { most, next, items }).expect("memories are plain data")
    }

    /// From the bytes of [`save`](Self::save).
    ///
    /// # Errors
    /// When they are damaged.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        let damaged = |what: &str| Error(format!("the saved memories {what}: take an older state"));
        let saved: Saved = postcard::from_bytes(bytes).map_err(|e| damaged(&e.to_string()))?;
        let too_long = |item: &Item| item.text.len() > MEMORY_BYTES;
        if saved.items.len() > saved.most || saved.items.iter().any(too_long) {
            return Err(damaged("are more or longer than they may be"));
        }
        let mut memory = Self::new(saved.most)?;
        (memory.next, memory.items) = (saved.next, saved.items);
        let texts: Vec<Box<str>> = memory.items.iter().map(|item| item.text.clone()).collect();
        for text in &texts {
            memory.count(text, true);
        }
        Ok(memory)
    }
}

/// What is put before the model when it speaks, in words; nothing when nothing was found. In the
/// order in which it was said.
pub fn in_words(found: &[Found<'_>]) -> Option<String> {
    let mut told: Vec<&Found<'_>> = found.iter().collect();
    told.sort_by_key(|found| found.order);
    let line = |found: &&Found<'_>| match found.role {
        "assistant" => format!("You said: {}", found.text),
        _ => format!("The user said: {}", found.text),
    };
    let lines: Vec<String> = told.iter().map(line).collect();
    let head = "From earlier conversations you remember:";
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

#[cfg(test)]
mod tests;
