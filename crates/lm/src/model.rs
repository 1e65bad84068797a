//! A whole model: weights, tokens and template, from one GGUF file or a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::chat::Chat;
use crate::error::{Error, Result, wrong};
use crate::folder::{self, Folder};
use crate::gguf::Gguf;
use crate::probes::Probes;
use crate::tokens::Tokens;
use crate::weights::{Base, Source};

/// A model, ready to be read with.
pub struct Model {
    /// The file or the directory.
    pub path: PathBuf,
    /// How it is kept: `gguf` or `safetensors`.
    pub format: &'static str,
    /// How many bytes of weights are on the disk.
    pub bytes: u64,
    /// What it says of its licence.
    pub licence: Option<String>,
    /// How many tensors are written in which way.
    pub kinds: BTreeMap<String, usize>,
    /// Its weights.
    pub base: Base,
    /// Its tokens.
    pub tokens: Tokens,
    /// Its template for conversations, if it has one.
    pub chat: Option<Chat>,
}

impl Model {
    /// Opens a GGUF file, or a directory with config.json, tokenizer.json and model.safetensors.
    ///
    /// # Errors
    /// When anything about it is not as it must be: the message names the file, the place and the
    /// remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let is_folder = path.is_dir();
        let of =
            |e: Error| if e.0.starts_with(&path.display().to_string()) { e } else { e.of(path) };
        let opened = if is_folder { Self::open_folder(path) } else { Self::open_gguf(path) };
        opened.map_err(of)
    }

    fn open_gguf(path: &Path) -> Result<Self> {
        let file = Gguf::open(path)?;
        // The tokens first: they are read in a moment, and weights in seconds.
        let config = file.config()?;
        let tokens = Tokens::from_gguf(&file.header)?;
        let template = match file.header.keys.get("tokenizer.chat_template") {
            Some(value) => Some(value.text("tokenizer.chat_template")?.to_owned()),
            None => None,
        };
        Self::whole(path, "gguf", &file, config.vocab, tokens, template)
    }

    fn open_folder(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        let mut tokens = Tokens::from_folder(&path.join("tokenizer.json"))?;
        let more = path.join("tokenizer_config.json");
        let more: Value = if more.exists() { folder::json(&more)? } else { Value::Null };
        let token = |key: &str| {
            let value = &more[key];
            let text = value.as_str().or_else(|| value["content"].as_str());
            text.and_then(|text| tokens.find(text))
        };
        (tokens.begin, tokens.end) = (token("bos_token"), token("eos_token"));
        let template = more["chat_template"].as_str().map(str::to_owned);
        let vocab = folder.config()?.vocab;
        Self::whole(path, "safetensors", &folder, vocab, tokens, template)
    }

    fn whole(
        path: &Path,
        format: &'static str,
        source: &dyn Source,
        vocab: usize,
        tokens: Tokens,
        template: Option<String>,
    ) -> Result<Self> {
        if tokens.len() > vocab {
            return wrong(format!(
                "the tokenizer has {} tokens, but the model only {vocab}: they do not belong \
                 together",
                tokens.len()
            ));
        }
        let text = |token: Option<u32>| token.and_then(|t| tokens.piece(t)).unwrap_or_default();
        let chat = match template {
            Some(template) => {
                let (begin, end) = (text(tokens.begin), text(tokens.end));
                Some(Chat::new(&template, tokens.controls(), &begin, &end)?)
            }
            None => None,
        };
        let mut kinds = BTreeMap::new();
        for kind in source.kinds() {
            *kinds.entry(kind).or_default() += 1;
        }
        let mut base = Base::load(source)?;
        base.probes = Probes::new(&tokens, base.config.context)?;
        Ok(Self {
            path: path.to_owned(),
            format,
            bytes: source.bytes(),
            licence: source.licence(),
            kinds,
            base,
            tokens,
            chat,
        })
    }
}
