//! Texts to tokens and back.

mod from_gguf;

use std::path::Path;

use tokenizers::Tokenizer;

use crate::error::{Error, Result, wrong};
use crate::folder;

/// The longest text that is cut into tokens at once, in bytes.
pub const TEXT_MAX: usize = 1 << 24;

/// A model's vocabulary and how it cuts texts.
pub struct Tokens {
    inner: Tokenizer,
    /// Which token begins a text, if the model has one.
    pub begin: Option<u32>,
    /// Which token ends an answer, if the model has one.
    pub end: Option<u32>,
    /// Which token stands for what the vocabulary does not have, if one does.
    pub unknown: Option<u32>,
    /// How it cuts, in a word or two.
    pub sort: String,
}

fn failed(what: &str, e: &tokenizers::Error) -> Error {
    Error(format!("{what}: {e}"))
}

impl Tokens {
    /// Reads tokenizer.json.
    pub(crate) fn from_folder(path: &Path) -> Result<Self> {
        let json: serde_json::Value = folder::json(path)?;
        let sort = json["model"]["type"].as_str().unwrap_or("unnamed").to_owned();
        let model = &json["model"];
        let unknown = (model["unk_token"].as_str().map(str::to_owned), model["unk_id"].as_u64());
        let mut inner: Tokenizer = serde_json::from_value(json)
            .map_err(|e| Error(format!("{}: is no tokenizer: {e}", path.display())))?;
        // Texts are neither cut off nor filled up: learning reads all of them and nothing else.
        inner.with_truncation(None).map_err(|e| failed("truncation", &e))?;
        inner.with_padding(None);
        let by_number = unknown.1.and_then(|id| u32::try_from(id).ok());
        let unknown = unknown.0.and_then(|text| inner.token_to_id(&text)).or(by_number);
        let sort = format!("tokenizer.json ({sort})");
        Ok(Self { inner, begin: None, end: None, unknown, sort })
    }

    /// Cuts a text. Control tokens such as `<|im_end|>` are recognised where they are written out.
    ///
    /// # Errors
    /// When the text is longer than [`TEXT_MAX`] or cannot be cut.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        if text.len() > TEXT_MAX {
            let n = text.len();
            return wrong(format!(
                "a text of {n} bytes; at most {TEXT_MAX} are cut into tokens at once"
            ));
        }
        let cut = self.inner.encode_fast(text, false);
        Ok(cut.map_err(|e| failed("the text cannot be cut into tokens", &e))?.get_ids().to_vec())
    }

    /// The text of tokens, control tokens written out.
    pub fn decode(&self, tokens: &[u32]) -> Result<String> {
        self.inner.decode(tokens, false).map_err(|e| failed("the tokens have no text", &e))
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a token is written as in the vocabulary.
    pub fn piece(&self, token: u32) -> Option<String> {
        self.inner.id_to_token(token)
    }

    /// The token written so.
    pub fn find(&self, piece: &str) -> Option<u32> {
        self.inner.token_to_id(piece)
    }

    /// Whether a token is none of a text's, but steers a conversation.
    pub fn is_control(&self, token: u32) -> bool {
        let special = |piece: String| self.inner.get_added_vocabulary().is_special_token(&piece);
        self.piece(token).is_some_and(special)
    }

    /// The texts of all control tokens.
    pub fn controls(&self) -> Vec<String> {
        let added = self.inner.get_added_tokens_decoder();
        let mut controls: Vec<(u32, String)> = added
            .iter()
            .filter(|(_, token)| token.special)
            .map(|(id, token)| (*id, token.content.clone()))
            .collect();
        controls.sort_unstable();
        controls.into_iter().map(|(_, text)| text).collect()
    }
}
