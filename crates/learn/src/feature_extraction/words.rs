//! Texts to terms, as River's vectorizers do it: accents, case, tokens, stop words, n-grams.
//!
//! A token is what River's default pattern `(?u)\b\w[\w\-]+\b` finds: a run of letters, digits,
//! `_` and `-` that begins and ends with no `-` and has two characters at least. An ASCII text is
//! cut 64 bytes at a time; others take the way over characters.

use crate::error::{Error, Result};
use crate::features::{Context, FeatureId, Features, Names};
use crate::row::limits;

use super::letters;

/// The only pattern that tokens may have.
pub(crate) const PATTERN: &str = r"(?u)\b\w[\w\-]+\b";
/// The longest n-grams.
const NGRAM_MAX: u32 = 8;
const BLOCK: usize = 64;
/// More than the 16 bytes past a token that a look-up reads, and enough to fill a block.
const PADDING: &str = match std::str::from_utf8(&[0; BLOCK + 16]) {
    Ok(zeros) => zeros,
    Err(_) => unreachable!(),
};

/// What River's vectorizers share as parameters.
pub(crate) struct Settings<'a> {
    pub on: &'a Option<String>,
    pub strip_accents: bool,
    pub lowercase: bool,
    pub preprocessor: &'a serde_json::Value,
    pub stop_words: &'a Option<Vec<String>>,
    pub tokenizer_pattern: &'a str,
    pub tokenizer: &'a serde_json::Value,
    pub ngram_range: (u32, u32),
}

/// How to cut texts.
#[derive(Debug)]
pub(crate) struct Words {
    on: Option<String>,
    strip_accents: bool,
    lowercase: bool,
    stops: Vec<String>,
    ngrams: (usize, usize),
    name: &'static str,
}

/// The terms of one text with their counts; a reused buffer.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    /// The terms, sorted, each once.
    pub ids: Vec<FeatureId>,
    /// How often each term occurs.
    pub counts: Vec<f64>,
    /// How many terms there are, repetitions included.
    pub total: f64,
    /// False when the event has no text to read.
    pub has_text: bool,
    owner: Option<usize>,
    /// The text that was cut, when the ids hold beyond the prediction that made them.
    source: Option<String>,
    spare: String,
    generation: u64,
    text: String,
    spans: Vec<(u32, u32)>,
    phrase: String,
    terms: Vec<FeatureId>,
}

impl Bag {
    pub fn owner(&self) -> Option<usize> {
        self.owner
    }

    pub fn disown(&mut self) {
        self.owner = None;
        if let Some(source) = self.source.take() {
            self.spare = source;
        }
    }

    pub fn own(&mut self, owner: usize) {
        self.owner = Some(owner);
    }

    fn clear(&mut self) {
        self.terms.clear();
        self.has_text = false;
        if let Some(source) = self.source.take() {
            self.spare = source;
        }
    }

    /// Sorts and counts the terms.
    fn count(&mut self) {
        self.ids.clear();
        self.counts.clear();
        self.total = self.terms.len() as f64;
        sort(&mut self.terms);
        let mut last = None;
        for &id in &self.terms {
            if last == Some(id) {
                if let Some(count) = self.counts.last_mut() {
                    *count += 1.0;
                }
            } else {
                self.ids.push(id);
                self.counts.push(1.0);
                last = Some(id);
            }
        }
    }
}

impl Words {
    pub fn new(settings: &Settings<'_>, name: &'static str) -> Result<Self> {
        let s = settings;
        for (param, value) in [("preprocessor", s.preprocessor), ("tokenizer", s.tokenizer)] {
            if !value.is_null() {
                return Err(Error::new(format!(
                    "{param} must be null, got {value}: in River it is a Python function; change \
                     the text before it is sent"
                )));
            }
        }
        if s.tokenizer_pattern != PATTERN {
            return Err(Error::new(format!(
                "tokenizer_pattern must be {PATTERN:?}, got {:?}; leave it out, and cut the text \
                 before it is sent when other tokens are wanted",
                s.tokenizer_pattern
            )));
        }
        let (min, max) = s.ngram_range;
        if min < 1 || max < min || max > NGRAM_MAX {
            return Err(Error::new(format!(
                "ngram_range must be [min, max] with 1 <= min <= max <= {NGRAM_MAX}, got \
                 [{min}, {max}]"
            )));
        }
        let mut stops = s.stop_words.clone().unwrap_or_default();
        stops.sort_unstable();
        Ok(Self {
            on: s.on.clone(),
            strip_accents: s.strip_accents,
            lowercase: s.lowercase,
            stops,
            ngrams: (min as usize, max as usize),
            name,
        })
    }

    /// The terms of the event's text. Give the bag back to the context.
    pub fn bag(&self, x: &Features, cx: &mut Context<'_>) -> Box<Bag> {
        let mut bag = cx.take_bag(std::ptr::from_ref(self).addr());
        let Some(on) = &self.on else {
            let mut texts = x.texts();
            match (texts.next(), texts.next()) {
                (Some((_, text)), None) => self.cut_once(text, &mut bag, cx),
                _ => self.cut_all(x, &mut bag, cx),
            }
            return bag;
        };
        if let Some((_, text)) = x.texts().find(|&(id, _)| cx.names.name(id) == on) {
            self.cut_once(text, &mut bag, cx);
            return bag;
        }
        bag.clear();
        bag.count();
        if let Some(v) = cx.names.find(on).and_then(|id| x.get(id)) {
            cx.refuse(Error::new(format!(
                "feature {on:?} is the number {v} and {} reads a text there; send it as a string",
                self.name
            )));
        }
        bag
    }

    /// All texts of an event, one after the other; no n-gram crosses from one to the next.
    fn cut_all(&self, x: &Features, bag: &mut Bag, cx: &mut Context<'_>) {
        bag.clear();
        for (_, text) in x.texts() {
            bag.has_text = true;
            self.cut(text, bag, &mut cx.names);
        }
        bag.count();
    }

    /// One text; nothing is left to do when it is the one of the prediction before.
    fn cut_once(&self, text: &str, bag: &mut Bag, cx: &mut Context<'_>) {
        let generation = cx.names.generation();
        if bag.generation == generation && bag.source.as_deref() == Some(text) {
            cx.names.touch(&bag.ids);
            return;
        }
        bag.clear();
        bag.has_text = true;
        self.cut(text, bag, &mut cx.names);
        bag.count();
        bag.generation = generation;
        if bag.ids.last().is_none_or(|&id| !cx.names.is_passing(id)) {
            let mut source = std::mem::take(&mut bag.spare);
            source.clear();
            source.push_str(text);
            bag.source = Some(source);
        }
    }

    fn cut(&self, text: &str, bag: &mut Bag, names: &mut Names<'_>) {
        let ascii = self.normalize(text, &mut bag.text);
        let Bag { text, spans, phrase, terms, .. } = bag;
        let keep = |start: usize, end: usize| {
            end - start <= limits::NAME_BYTES
                && (self.stops.is_empty() || !self.is_stop_word(&text[start..end]))
        };
        if self.ngrams.1 == 1 {
            tokens(text, ascii, |start, end| {
                if keep(start, end) {
                    terms.push(names.id_within(text, start, end));
                }
            });
            return;
        }
        spans.clear();
        tokens(text, ascii, |start, end| {
            if keep(start, end) {
                spans.push((start as u32, end as u32));
            }
        });
        for n in self.ngrams.0..=self.ngrams.1 {
            for tokens in spans.windows(n) {
                phrase.clear();
                for &(start, end) in tokens {
                    if !phrase.is_empty() {
                        phrase.push(' ');
                    }
                    phrase.push_str(&text[start as usize..end as usize]);
                }
                if phrase.len() <= limits::NAME_BYTES {
                    terms.push(names.id(phrase));
                }
            }
        }
    }

    #[cold]
    fn is_stop_word(&self, token: &str) -> bool {
        self.stops.binary_search_by(|w| w.as_str().cmp(token)).is_ok()
    }

    /// Accents off, small letters, then zeros up to a whole number of blocks. True when what is
    /// left is ASCII.
    fn normalize(&self, text: &str, out: &mut String) -> bool {
        out.clear();
        let ascii = text.is_ascii();
        if ascii {
            out.push_str(text);
            if self.lowercase {
                out.make_ascii_lowercase();
            }
        } else {
            letters::normalize(text, self.strip_accents, self.lowercase, out);
        }
        let end = (out.len() + 16).next_multiple_of(BLOCK);
        out.push_str(&PADDING[..end - out.len()]);
        ascii || out.is_ascii()
    }
}

/// Visits the tokens of a padded text.
#[inline]
pub(super) fn tokens(text: &str, ascii: bool, mut visit: impl FnMut(usize, usize)) {
    if !ascii {
        return letters::tokens(text, visit);
    }
    let bytes = text.as_bytes();
    runs(bytes, |mut start, mut end| {
        while start < end && bytes[start] == b'-' {
            start += 1;
        }
        while start < end && bytes[end - 1] == b'-' {
            end -= 1;
        }
        if end - start >= 2 {
            visit(start, end);
        }
    });
}

/// Visits the runs of letters, digits, `_` and `-`. Bytes of more than a block are left out; the
/// padding sees to it that there are none and that the last run ends.
#[inline]
fn runs(bytes: &[u8], mut visit: impl FnMut(usize, usize)) {
    let (mut carry, mut start, mut inside) = (0, 0, false);
    for (i, block) in bytes.as_chunks::<BLOCK>().0.iter().enumerate() {
        let mask = mask(block);
        // A bit where a run begins, and one where it has ended.
        let mut turns = mask ^ (mask << 1 | carry);
        carry = mask >> (BLOCK - 1);
        while turns != 0 {
            let at = i * BLOCK + turns.trailing_zeros() as usize;
            turns &= turns - 1;
            if inside {
                visit(start, at);
            }
            start = at;
            inside = !inside;
        }
    }
}

/// A bit per byte: whether it may stand in a token. The loop over bytes becomes vector code.
#[inline]
fn mask(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0u8; BLOCK];
    for (flag, &b) in flags.iter_mut().zip(block) {
        let letter = (b | 0x20).wrapping_sub(b'a') < 26;
        let digit = b.wrapping_sub(b'0') < 10;
        let sign = u8::from(b == b'_') | u8::from(b == b'-');
        *flag = u8::from(letter) | u8::from(digit) | sign;
    }
    let mut mask = 0;
    for (i, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // The product gathers the lowest bit of each byte in the topmost byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (8 * i);
    }
    mask
}

/// Sorts ids. The few of a sentence go through a network, which has no branch to guess wrong.
pub(super) fn sort(ids: &mut [FeatureId]) {
    match ids.len() {
        0..=1 => {}
        2..=8 => sort_few::<8>(ids),
        9..=16 => sort_few::<16>(ids),
        17..=32 => sort_few::<32>(ids),
        _ => ids.sort_unstable(),
    }
}

/// Batcher's odd-even merge sort of `N` numbers, `N` a power of two.
fn sort_few<const N: usize>(ids: &mut [FeatureId]) {
    let mut a = [FeatureId::MAX; N];
    a[..ids.len()].copy_from_slice(ids);
    let mut run = 1;
    while run < N {
        let mut step = run;
        while step > 0 {
            let mut start = step % run;
            while start + step < N {
                for i in start..(start + step).min(N - step) {
                    if i / (2 * run) == (i + step) / (2 * run) {
                        let (low, high) = (a[i].min(a[i + step]), a[i].max(a[i + step]));
                        (a[i], a[i + step]) = (low, high);
                    }
                }
                start += 2 * step;
            }
            step /= 2;
        }
        run *= 2;
    }
    ids.copy_from_slice(&a[..ids.len()]);
}
