//! `TFIDF`: words weighed by how rare they are among the texts so far.
//!
//! A term that makes up the share `tf` of its text's terms, and occurs in `df` (in `dfs`) of the
//! `n` texts learned so far, becomes `tf · (ln((1 + n) / (1 + df)) + 1)`; with `normalize` the
//! event's values are divided by their Euclidean length.
//!
//! **Shape** one text in (or, with `on: null`, all texts of the event as one); one number per term
//! out. An event without that text has no terms. **Units** a term of more than 256 bytes is left
//! out. **Cost** 4 bytes a term of the vocabulary; one logarithm a term of the text. **Errors** a
//! number under the name `on` is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["TFIDF", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.5}}}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..200 {
//!     let text = if i % 2 == 0 { "this is a great film" } else { "this is a dull film" };
//!     let y = Target::Bool(i % 2 == 0);
//!     model.step(&Row::from_json(&json!({"text": text}))?, &y, 1.0, &mut p, &mut s)?;
//! }
//! assert!(p.positive() < 0.3);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `feature_extraction/vectorize.py`; River names an n-gram by a tuple.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{PATTERN, Settings, Words};
use crate::error::Result;
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread};

crate::params! {
    /// Parameters of [`Tfidf`].
    pub struct Params {
        /// Whether to divide by the Euclidean length of the event's values.
        normalize: bool = true,
        /// The name of the text; null reads all texts of the event.
        on: Option<String> = None,
        /// Whether `é` counts as `e`, and so on.
        strip_accents: bool = true,
        /// Whether capitals count as small letters.
        lowercase: bool = true,
        /// Must be null: in River a Python function.
        preprocessor: Value = Value::Null,
        /// Tokens to leave out, as they are after the steps above.
        stop_words: Option<Vec<String>> = None,
        /// Must be River's default.
        tokenizer_pattern: String = PATTERN.to_owned(),
        /// Must be null: in River a Python function.
        tokenizer: Value = Value::Null,
        /// The least and the largest number of tokens in a term, 1 to 8.
        ngram_range: (u32, u32) = (1, 1),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    dfs: Slots<u32>,
    n: u64,
}

/// See the module's documentation.
pub struct Tfidf {
    params: Params,
    state: State,
    words: Words,
}

crate::estimator! {
    Tfidf in "feature_extraction" as Transformer, version 1, name "TFIDF",
    "Words weighed by how rare they are among the texts so far",
    example = serde_json::json!(["TFIDF", "LogisticRegression"]),
    forget = |state: &mut State, gone: &[FeatureId]| state.dfs.forget(gone),
    attribute = |model: &Tfidf, name: &str, names: &Names<'_>| {
        let s = &model.state;
        match name {
            "n" => Some(Attribute::Int(s.n as i64)),
            "dfs" => Some(Attribute::numbers(names, s.dfs.as_slice(), |n| {
                (n > 0).then(|| f64::from(n))
            })),
            _ => None,
        }
    },
    merge = exact "texts, and texts by word",
}

impl Tfidf {
    /// One that has seen no text.
    pub fn new(params: Params) -> Result<Self> {
        let settings = Settings {
            on: &params.on,
            strip_accents: params.strip_accents,
            lowercase: params.lowercase,
            preprocessor: &params.preprocessor,
            stop_words: &params.stop_words,
            tokenizer_pattern: &params.tokenizer_pattern,
            tokenizer: &params.tokenizer,
            ngram_range: params.ngram_range,
        };
        let words = Words::new(&settings, "TFIDF")?;
        Ok(Self { params, state: State::default(), words })
    }
}

/// Counts add up.
impl Additive for Tfidf {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        out.tensor("texts").whole(Fixed::of(self.state.n as f64));
        let mut tensor = out.tensor("texts with");
        for (id, &n) in self.state.dfs.as_slice().iter().enumerate().filter(|(_, n)| **n > 0) {
            tensor.feature(id as FeatureId, Fixed::of(f64::from(n)));
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        // Casts stop at the ends of what they make, and counts are whole.
        let mut s = State { n: from.whole("texts").to_f64() as u64, ..State::default() };
        for (id, n) in from.feature("texts with") {
            *s.dfs.at(id) = n.to_f64() as u32;
        }
        self.state = s;
    }
}

impl Transformer for Tfidf {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        let bag = self.words.bag(x, cx);
        if bag.has_text {
            let s = &mut self.state;
            s.n += 1;
            s.dfs.grow(bag.ids.last().map_or(0, |&id| id as usize + 1));
            let dfs = s.dfs.as_mut_slice();
            for &id in &bag.ids {
                dfs[id as usize] = dfs[id as usize].saturating_add(1);
            }
        }
        cx.give_bag(bag);
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let bag = self.words.bag(x, cx);
        let mut values = cx.take_floats();
        let texts = 1.0 + self.state.n as f64;
        let mut square = 0.0;
        for (&id, &count) in bag.ids.iter().zip(&bag.counts) {
            let idf = math::ln(texts / (1.0 + f64::from(self.state.dfs.get(id)))) + 1.0;
            let value = count / bag.total * idf;
            square += value * value;
            values.push(value);
        }
        if self.params.normalize {
            let norm = square.sqrt();
            for value in &mut values {
                *value /= norm;
            }
        }
        out.push_all(&bag.ids, &values);
        cx.give_floats(values);
        cx.give_bag(bag);
    }
}
