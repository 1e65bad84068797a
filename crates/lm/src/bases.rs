//! Model files that many identities share: each is loaded once, when it is first asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use her_learn::catalog::Builder;

use crate::architecture::Architecture;
use crate::embed::embed;
use crate::error::{Error, Result, wrong};
use crate::model::Model;
use crate::sentence::{self, SentenceModel};
use crate::tokens::Tokens;

/// A model that is shared.
pub struct Shared<M = Model> {
    /// Under which name it is asked for.
    pub name: String,
    /// BLAKE3 of its files, in hexadecimal: two models of one digest are the same to the bit.
    pub digest: String,
    /// The model.
    pub model: M,
}

/// What makes vectors of texts: a language model by its hidden states, or a model made for it.
#[derive(Clone)]
pub enum Embedder {
    /// One that predicts texts, too.
    Language(Arc<Shared>),
    /// One that does nothing else.
    Sentence(Arc<Shared<SentenceModel>>),
}

/// One model, loaded when it is first asked for; who asks meanwhile waits at the lock.
#[derive(Clone, Default)]
struct Cell {
    shared: Arc<OnceLock<Embedder>>,
    loading: Arc<Mutex<()>>,
}

/// A directory of model files. Each is a GGUF file or a directory with config.json, tokenizer.json
/// and model.safetensors (a table of vectors needs no config.json); its name is that of the file
/// without `.gguf`, or that of the directory.
pub struct Bases {
    dir: PathBuf,
    open: Mutex<BTreeMap<String, Cell>>,
}

impl Bases {
    /// The models in a directory, which need not be there yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), open: Mutex::default() }
    }

    /// Where they lie.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The names of all that are there, sorted.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let failed = |e: std::io::Error| Error(format!("{}: {e}", self.dir.display()));
        let entries = match std::fs::read_dir(&self.dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let is_model = ["config.json", "model.safetensors"].map(|file| path.join(file));
            let is_model = is_model.iter().any(|file| file.exists());
            let name = if is_model { path.file_name() } else { stem(&path) };
            names.extend(name.and_then(|name| name.to_str()).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The file or directory of a name.
    ///
    /// # Errors
    /// When there is none; the message lists those that are there.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        if !plain {
            return wrong(format!(
                "the base {name:?} is no name: give that of a file without its folder"
            ));
        }
        let file = self.dir.join(format!("{name}.gguf"));
        let found = [file, self.dir.join(name)].into_iter().find(|path| path.exists());
        found.ok_or_else(|| {
            let there = match self.names() {
                Ok(names) if !names.is_empty() => format!("there are {}", names.join(", ")),
                _ => "there is none yet".to_owned(),
            };
            let dir = self.dir.display();
            Error(format!(
                "there is no model {name:?} in {dir}: {there}; add one with `her model add FILE`"
            ))
        })
    }

    /// A language model by its name.
    ///
    /// # Errors
    /// When there is none of this name, it is not as it must be, or makes nothing but vectors.
    pub fn get(&self, name: &str) -> Result<Arc<Shared>> {
        let architecture =
            Architecture::of(&self.path(name.strip_suffix(".gguf").unwrap_or(name))?)?;
        if architecture.speaks()
            && let Embedder::Language(shared) = self.embedder(name)?
        {
            return Ok(shared);
        }
        wrong(format!(
            "the base {name} is a sentence model ({}): it makes vectors of texts, for \
             LanguageEmbedding and Memory, and can neither speak nor learn to; name a Llama model",
            architecture.name()
        ))
    }

    /// A model of any sort by its name.
    ///
    /// # Errors
    /// When there is none of this name, or it is not as it must be.
    pub fn embedder(&self, name: &str) -> Result<Embedder> {
        let name = name.strip_suffix(".gguf").unwrap_or(name);
        let path = self.path(name)?;
        let Cell { shared: cell, loading } = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.entry(name.to_owned()).or_default().clone()
        };
        // A failure is not kept: the file may be mended.
        let _one = loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = cell.get() {
            return Ok(shared.clone());
        }
        let speaks = Architecture::of(&path)?.speaks();
        let (name, digest) = (name.to_owned(), digest(&path, speaks)?);
        let shared = if speaks {
            let model = Model::open(&path)?;
            Embedder::Language(Arc::new(Shared { name, digest, model }))
        } else {
            let model = SentenceModel::open(&path)?;
            Embedder::Sentence(Arc::new(Shared { name, digest, model }))
        };
        Ok(cell.get_or_init(|| shared).clone())
    }
}

impl Embedder {
    /// Under which name it is asked for.
    pub fn name(&self) -> &str {
        match self {
            Self::Language(shared) => &shared.name,
            Self::Sentence(shared) => &shared.name,
        }
    }

    /// BLAKE3 of its files, in hexadecimal.
    pub fn digest(&self) -> &str {
        match self {
            Self::Language(shared) => &shared.digest,
            Self::Sentence(shared) => &shared.digest,
        }
    }

    /// Its tokens.
    pub fn tokens(&self) -> &Tokens {
        match self {
            Self::Language(shared) => &shared.model.tokens,
            Self::Sentence(shared) => &shared.model.tokens,
        }
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> usize {
        match self {
            Self::Language(shared) => shared.model.base.config.width,
            Self::Sentence(shared) => shared.model.width(),
        }
    }

    /// A text as a vector: [`embed`] of a language model, or [`SentenceModel::embed`].
    ///
    /// # Errors
    /// When the text is empty or longer than [`EMBED_BYTES`](crate::EMBED_BYTES).
    pub fn embed(&self, text: &str) -> Result<Vec<f32>> {
        match self {
            Self::Language(shared) => embed(&shared.model, text),
            Self::Sentence(shared) => shared.model.embed(text),
        }
    }
}

impl Bases {
    /// A language model by its name, if it is the one that a digest tells of.
    ///
    /// # Errors
    /// When there is none of this name, or it is another one.
    pub(crate) fn same(&self, name: &str, digest: Option<&str>) -> Result<Arc<Shared>> {
        named(name)?;
        let shared = self.get(name)?;
        self.compare(name, &shared.digest, digest)?;
        Ok(shared)
    }

    /// A model of any sort by its name, if it is the one that a digest tells of.
    ///
    /// # Errors
    /// When there is none of this name, or it is another one.
    pub fn same_embedder(&self, name: &str, digest: Option<&str>) -> Result<Embedder> {
        named(name)?;
        let embedder = self.embedder(name)?;
        self.compare(name, embedder.digest(), digest)?;
        Ok(embedder)
    }

    fn compare(&self, name: &str, found: &str, wanted: Option<&str>) -> Result<()> {
        match wanted {
            Some(wanted) if wanted != found => wrong(format!(
                "the base {name} is another file than the one this identity learned on: its digest \
                 is {found}, and {wanted} is wanted; put that one into {}",
                self.dir.display()
            )),
            _ => Ok(()),
        }
    }

    /// Those that were lent to a catalogue.
    pub(crate) fn lent(builder: &Builder<'_>) -> her_learn::Result<Arc<Self>> {
        builder.lent::<Self>().ok_or_else(|| {
            let why = "no directory of base models is known here: use `her` or its server";
            her_learn::Error::new(why)
        })
    }
}

fn named(name: &str) -> Result<()> {
    if name.is_empty() {
        return wrong("base is missing: name a model file, as `her model list` does");
    }
    Ok(())
}

fn stem(path: &Path) -> Option<&std::ffi::OsStr> {
    let gguf = path.extension().is_some_and(|kind| kind == "gguf");
    path.file_stem().filter(|_| gguf)
}

/// What a model's numbers and tokens hang on.
const FILES: [&str; 4] =
    ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

fn digest(path: &Path, speaks: bool) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    let mut add = |path: &Path| -> Result<()> {
        let failed = |e: std::io::Error| Error(format!("{}: {e}", path.display()));
        hash.update_reader(File::open(path).map_err(failed)?).map(drop).map_err(failed)
    };
    if path.is_dir() {
        // What languages models hang on was said before there were others: it stays.
        let more = sentence::FILES.iter().filter(|_| !speaks);
        for name in FILES.iter().chain(more) {
            let file = path.join(name);
            if file.exists() {
                add(&file)?;
            }
        }
    } else {
        add(path)?;
    }
    Ok(hash.finalize().to_hex().to_string())
}
