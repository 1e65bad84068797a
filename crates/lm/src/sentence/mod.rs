//! Models that make vectors of texts and nothing else: a user's own, as a directory of safetensors.
//!
//! One module for each architecture: `bert.rs` reads a text with an encoder, `table.rs` looks up a
//! vector a token. `recipe.rs` says how states become one vector, as sentence-transformers writes
//! it beside the weights.

mod bert;
mod recipe;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::architecture::Architecture;
use crate::embed::{unit, within};
use crate::error::{Error, Result, wrong};
use crate::tensors::Tensors;
use crate::tokens::Tokens;
use bert::Bert;
pub(crate) use recipe::FILES;
pub use recipe::POOLING;
use recipe::Recipe;
use table::Table;

/// What computes the vectors.
enum Net {
    Bert(Box<Bert>, Recipe),
    Table(Table),
}

/// A model, ready to make vectors.
pub struct SentenceModel {
    /// The directory.
    pub path: PathBuf,
    /// What is computed: an encoder, or nothing.
    pub architecture: Architecture,
    /// How many bytes of weights are on the disk.
    pub bytes: u64,
    /// How many tensors are written in which way.
    pub kinds: BTreeMap<String, usize>,
    /// Its tokens.
    pub tokens: Tokens,
    net: Net,
}

impl SentenceModel {
    /// Opens a directory with model.safetensors and tokenizer.json, and for an encoder config.json.
    ///
    /// # Errors
    /// When anything about it is not as it must be: the message names the file, the place and the
    /// remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let of =
            |e: Error| if e.0.starts_with(&path.display().to_string()) { e } else { e.of(path) };
        Self::read(path).map_err(of)
    }

    fn read(path: &Path) -> Result<Self> {
        let architecture = Architecture::of(path)?;
        let tokens = Tokens::from_folder(&path.join("tokenizer.json"))?;
        // What encoders keep besides what is computed: counted positions, and heads for other
        // tasks than vectors.
        let left_out = |name: &str| {
            name.ends_with("embeddings.position_ids")
                || ["pooler.", "bert.pooler.", "cls."].iter().any(|head| name.starts_with(head))
        };
        let tensors = Tensors::open(path, left_out)?;
        let net = match architecture {
            Architecture::Llama => {
                return wrong("a Llama model is opened as a language model, not as this");
            }
            Architecture::Bert => {
                let bert = Bert::load(path, &tensors, &tokens)?;
                let recipe = Recipe::read(path, bert.context())?;
                Net::Bert(Box::new(bert), recipe)
            }
            Architecture::Static => Net::Table(Table::load(path, &tensors)?),
        };
        let mut kinds = BTreeMap::new();
        for kind in tensors.kinds() {
            *kinds.entry(kind).or_default() += 1;
        }
        let (path, bytes) = (path.to_owned(), tensors.bytes());
        let open = Self { path, architecture, bytes, kinds, tokens, net };
        if open.tokens.len() > open.vocab() {
            return wrong(format!(
                "the tokenizer has {} tokens, but the model only {}: they do not belong together",
                open.tokens.len(),
                open.vocab()
            ));
        }
        Ok(open)
    }

    /// A text as one vector, as long as the model makes it: encoders for sentences give length 1,
    /// tables the plain mean of their rows, unless their files say otherwise. What is longer than
    /// the model reads at once is read in parts, whose states are averaged. The same text gives the
    /// same bits on the same kernel. A text without any token gives what the model makes of none:
    /// of a table, zeros.
    ///
    /// # Errors
    /// When the text is empty or longer than [`EMBED_BYTES`](crate::EMBED_BYTES).
    pub fn embed(&self, text: &str) -> Result<Vec<f32>> {
        within(text)?;
        let tokens = self.tokens.encode(text)?;
        // A tokenizer may leave numbers out and go beyond its count.
        if let Some(token) = tokens.iter().find(|t| **t as usize >= self.vocab()) {
            return wrong(format!(
                "the tokenizer gives the token {token}, but the model has {}: they do not belong \
                 together",
                self.vocab()
            ));
        }
        let (mut vector, normalize) = match &self.net {
            Net::Bert(bert, recipe) => (recipe.pool(bert, &tokens), recipe.normalize),
            Net::Table(table) => (table.mean(&tokens, self.tokens.unknown), table.normalize),
        };
        if normalize {
            unit(&mut vector);
        }
        Ok(vector)
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> usize {
        match &self.net {
            Net::Bert(bert, _) => bert.width(),
            Net::Table(table) => table.width,
        }
    }

    /// Whether all vectors have length 1.
    pub fn normalizes(&self) -> bool {
        match &self.net {
            Net::Bert(_, recipe) => recipe.normalize,
            Net::Table(table) => table.normalize,
        }
    }

    /// How many tokens it reads at once; none where each stands for itself.
    pub fn context(&self) -> Option<usize> {
        match &self.net {
            Net::Bert(_, recipe) => Some(recipe.longest),
            Net::Table(_) => None,
        }
    }

    /// How many layers it has.
    pub fn layers(&self) -> usize {
        match &self.net {
            Net::Bert(bert, _) => bert.layers(),
            Net::Table(_) => 0,
        }
    }

    /// How many weights it has.
    pub fn parameters(&self) -> u64 {
        match &self.net {
            Net::Bert(bert, _) => bert.parameters(),
            Net::Table(table) => table.rows.len() as u64,
        }
    }

    /// How much memory the weights take, in bytes.
    pub fn memory(&self) -> u64 {
        self.parameters() * size_of::<f32>() as u64
    }

    fn vocab(&self) -> usize {
        match &self.net {
            Net::Bert(bert, _) => bert.vocab(),
            Net::Table(table) => table.rows.len() / table.width,
        }
    }
}
