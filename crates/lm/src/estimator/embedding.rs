//! `LanguageEmbedding`: a text as the numbers that a model makes of it.
//!
//! What a base makes of the text becomes features `embedding[0]`, `embedding[1]`, …, for ordinary
//! estimators to learn from: `LanguageEmbedding | StandardScaler | LogisticRegression`. Nothing is
//! learned here: the base is frozen, and shared by all who name it. The base is a language model,
//! whose last hidden states are averaged, or a sentence model: an encoder of BERT's sort (MiniLM),
//! or a table of vectors (wordllama, model2vec).
//!
//! **Shape** one text in, as many numbers out as the base is wide (576 for SmolLM2-135M, 384 for
//! MiniLM, 256 for wordllama) or as `truncate_dim` says; all other features are left out, and an
//! event without that text has no numbers. **Units** none; numbers differ in size by a hundred
//! times, so scale them. **Cost** no state, and nothing for learning what was just predicted. On
//! one core, a language model of 135 M weights takes some 5 to 10 ms a token, MiniLM about 1 ms and
//! a table next to nothing. Heavy: a thread of its own. **Errors** a number under the name `on`, a
//! text of more than 32 KiB, a `truncate_dim` beyond the base's width. The same bits come from the
//! same kernel only, as with `LanguageModel`; those of a table from every one.

use std::sync::{Arc, Mutex, PoisonError};

use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{Any, Estimator, Transformer};
use her_learn::features::{Context, Features};
use her_learn::saved::Loader;
use her_learn::{params, params::read};
use serde_json::Value;

use super::ENTRIES;
use crate::bases::{Bases, Embedder};
use crate::embed::unit;
use crate::error::{Result, wrong};

her_learn::params! {
    /// Parameters of [`LanguageEmbedding`].
    pub struct Params {
        /// The name of a base: a model file that was added with `her model add`.
        base: String = String::new(),
        /// BLAKE3 of the base's files; filled in at birth, and compared whenever it is loaded.
        digest: Option<String> = None,
        /// The name of the text.
        on: String = "text".to_owned(),
        /// How many of a vector's first numbers are taken; all without it. For models that were
        /// trained to be cut off, as wordllama was to 64 or 128: of others it takes what it meets.
        truncate_dim: Option<usize> = None,
        /// Whether each vector, cut off or not, is made one of length 1.
        normalize_embeddings: bool = false,
    }
}

/// A text and its vector.
type Last = Option<(Box<str>, Arc<[f32]>)>;

/// See the module's documentation.
pub struct LanguageEmbedding {
    params: Params,
    embedder: Embedder,
    /// The newest text: what is predicted first is learned next, and read once for both.
    last: Mutex<Last>,
}

/// The row of the catalogue.
pub(crate) const ENTRY: Entry = Entry {
    name: "LanguageEmbedding",
    module: "language",
    kind: Kind::Transformer,
    version: 1,
    summary: "A text as the numbers that a language or sentence model makes of it",
    merge: her_learn::merge::Statement::Stateless,
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || {
        serde_json::json!([
            {"LanguageEmbedding": {"base": "SmolLM2-135M-Instruct.Q4_1"}},
            "StandardScaler",
            "LogisticRegression",
        ])
    },
};

fn build(params: Value, builder: &Builder<'_>) -> her_learn::Result<Any> {
    let params: Params = read(params)?;
    let bases = Bases::lent(builder)?;
    let made = LanguageEmbedding::new(params, &bases);
    Ok(Any::Transformer(Box::new(made.map_err(|e| her_learn::Error::new(e.0))?)))
}

impl LanguageEmbedding {
    /// One over a base of these.
    ///
    /// # Errors
    /// When there is no such base, it is another one than the digest says, or has not as many
    /// numbers as are to be taken.
    pub fn new(mut params: Params, bases: &Bases) -> Result<Self> {
        let embedder = bases.same_embedder(&params.base, params.digest.as_deref())?;
        let width = embedder.width();
        if let Some(n) = params.truncate_dim
            && !(1..=width).contains(&n)
        {
            return wrong(format!(
                "truncate_dim is {n}, but the base {} gives {width} numbers: take 1 to {width}",
                params.base
            ));
        }
        params.digest = Some(embedder.digest().to_owned());
        Ok(Self { params, embedder, last: Mutex::new(None) })
    }

    fn vector(&self, text: &str) -> Result<Arc<[f32]>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, vector)) = last.as_ref().filter(|(of, _)| **of == *text) {
            return Ok(Arc::clone(vector));
        }
        let mut vector = self.embedder.embed(text)?;
        vector.truncate(self.params.truncate_dim.unwrap_or(vector.len()));
        if self.params.normalize_embeddings {
            unit(&mut vector);
        }
        let vector: Arc<[f32]> = vector.into();
        *last = Some((text.into(), Arc::clone(&vector)));
        Ok(vector)
    }
}

impl Estimator for LanguageEmbedding {
    fn entry(&self) -> &'static Entry {
        &ENTRIES[1]
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, _out: &mut Vec<u8>) {}

    fn load(&mut self, _from: &mut Loader<'_>) -> her_learn::Result<()> {
        Ok(())
    }
}

impl Transformer for LanguageEmbedding {
    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        if let Some(id) = x.ids().iter().find(|id| cx.names.name(**id) == self.params.on) {
            let name = cx.names.name(*id).to_owned();
            let why = format!("feature {name:?} is a number and LanguageEmbedding reads a text");
            return cx.refuse(her_learn::Error::new(why));
        }
        let text = x.texts().find(|(id, _)| cx.names.name(*id) == self.params.on);
        let Some((_, text)) = text.filter(|(_, text)| !text.is_empty()) else { return };
        match self.vector(text) {
            Ok(vector) => {
                for (i, number) in vector.iter().enumerate() {
                    let id = cx.id_of(format_args!("embedding[{i}]"));
                    out.push(id, f64::from(*number));
                }
                out.sort();
            }
            Err(e) => cx.refuse(her_learn::Error::new(e.0)),
        }
    }
}
