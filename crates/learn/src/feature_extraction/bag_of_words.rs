//! `BagOfWords`: how often each word of a text occurs.
//!
//! Each token becomes a feature of its own name, its value the number of times it occurs. With
//! `ngram_range = [1, 2]` the pairs of neighbours are counted too, named as the tokens with a
//! space between. All other features of the event are left out.
//!
//! **Shape** one text in (or, with `on: null`, all texts of the event); one number per term out.
//! An event without that text has no terms. **Units** a term of more than 256 bytes is left out.
//! **Cost** no state; time by the length of the text, about 25 ns a word of ASCII. **Errors** a
//! number under the name `on` is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"BagOfWords": {"on": "text"}}, "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..200 {
//!     let text = if i % 2 == 0 { "Win a FREE prize, free!" } else { "Lunch at noon?" };
//!     let y = Target::Bool(i % 2 == 0);
//!     model.step(&Row::from_json(&json!({"text": text}))?, &y, 1.0, &mut p, &mut s)?;
//! }
//! assert!(model.names().find("free").is_some());
//! model.predict(&Row::from_json(&json!({"text": "a free lunch"}))?, &mut p, &mut s)?;
//! assert!(p.positive() > 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `feature_extraction/vectorize.py`; River names an n-gram by a tuple.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{PATTERN, Settings, Words};
use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, Features};

crate::params! {
    /// Parameters of [`BagOfWords`].
    pub struct Params {
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
struct State {}

/// See the module's documentation.
pub struct BagOfWords {
    params: Params,
    state: State,
    words: Words,
}

crate::estimator! {
    BagOfWords in "feature_extraction" as Transformer, version 1, name "BagOfWords",
    "How often each word of a text occurs",
    example = serde_json::json!(["BagOfWords", "LogisticRegression"]),
    merge = stateless,
}

impl BagOfWords {
    /// A counter of words.
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
        let words = Words::new(&settings, "BagOfWords")?;
        Ok(Self { params, state: State::default(), words })
    }
}

impl Transformer for BagOfWords {
    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let bag = self.words.bag(x, cx);
        out.push_all(&bag.ids, &bag.counts);
        cx.give_bag(bag);
    }
}
