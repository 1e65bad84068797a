//! What a file or a directory holds, by what it says of itself.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Result, wrong};
use crate::folder::{CONFIG, json};
use crate::model::Model;
use crate::sentence::SentenceModel;
use crate::tensors::WEIGHTS;

/// The architectures that are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// A Llama model: it predicts texts, and makes vectors of them.
    Llama,
    /// An encoder of BERT's sort: it makes vectors of texts.
    Bert,
    /// A vector a token, and nothing that is computed between them (wordllama, model2vec).
    Static,
}

/// A model of one sort or the other.
pub enum Opened {
    /// One that predicts texts.
    Language(Box<Model>),
    /// One that makes vectors of them, and nothing else.
    Sentence(Box<SentenceModel>),
}

impl Architecture {
    /// That of a GGUF file, or of a directory: what its config.json says, or that of a table of
    /// vectors where there are only model.safetensors and tokenizer.json.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn of(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Says {
            model_type: Option<String>,
        }
        if !path.is_dir() {
            return Ok(Self::Llama);
        }
        let config = path.join(CONFIG);
        if !config.exists() {
            if path.join(WEIGHTS).exists() {
                return Ok(Self::Static);
            }
            return wrong(format!(
                "{}: there is no {CONFIG} and no {WEIGHTS} in it: give a directory with a model's \
                 files",
                path.display()
            ));
        }
        let says = json::<Says>(&config)?.model_type;
        match says.as_deref() {
            Some("llama") => Ok(Self::Llama),
            Some("bert") => Ok(Self::Bert),
            Some("model2vec") => Ok(Self::Static),
            other => wrong(format!(
                "{}: model_type is {:?}, but only \"llama\" (to speak and to embed), \"bert\" and \
                 \"model2vec\" (to embed) are computed: give a model of these architectures",
                config.display(),
                other.unwrap_or("missing")
            )),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Bert => "bert",
            Self::Static => "static",
        }
    }

    /// Whether it predicts texts: such a model can speak, and be learned on.
    pub fn speaks(self) -> bool {
        match self {
            Self::Llama => true,
            Self::Bert | Self::Static => false,
        }
    }
}

impl Opened {
    /// Opens a model of any sort.
    ///
    /// # Errors
    /// When anything about it is not as it must be: the message names the file, the place and the
    /// remedy.
    pub fn of(path: &Path) -> Result<Self> {
        if Architecture::of(path)?.speaks() {
            return Ok(Self::Language(Box::new(Model::open(path)?)));
        }
        Ok(Self::Sentence(Box::new(SentenceModel::open(path)?)))
    }
}
