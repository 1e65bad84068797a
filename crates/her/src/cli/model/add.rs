//! `her model add`: a checked model among those that identities stand on.

use std::path::{Path, PathBuf};

use her_identity::{Error, ErrorKind, Result};
use her_lm::check::{self, Verdict, sentence};
use her_lm::{Opened, POOLING};
use serde_json::json;

use super::super::context::Context;
use super::super::table;
use super::{invalid, missing};

/// Check a model and put it where identities find it by name
#[derive(clap::Args)]
#[command(
    after_help = "It is copied into the directory `language.bases`, and its name there is what \
specs say:\n  model = { LanguageModel = { base = \"SmolLM2-135M-Instruct.Q4_1\" } }\n  model = [{ \
LanguageEmbedding = { base = \"all-MiniLM-L6-v2\" } }, \"StandardScaler\", \
\"LogisticRegression\"]\n\nExamples:\n  her model add SmolLM2-135M-Instruct.Q4_1.gguf\n  her model \
add ./all-MiniLM-L6-v2 --link"
)]
pub struct Args {
    /// A GGUF file, or a directory with config.json, tokenizer.json and safetensors; a table of
    /// vectors needs no config.json
    file: PathBuf,
    /// Lead there instead of copying: the model must stay where it is
    #[arg(long)]
    link: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let from = std::fs::canonicalize(&args.file).map_err(|_| missing(&args.file))?;
    let name = super::name(&from)?;
    let dir = cx.settings().bases();
    let to = dir.join(from.file_name().unwrap_or_default());
    let again = to.exists();
    if again && digest(&to)? != digest(&from)? {
        return Err(Error::new(
            ErrorKind::Exists,
            format!(
                "{} is another model of the same name, and identities may stand on it; give yours \
                 another name",
                to.display()
            ),
        ));
    }
    let why = fit(&from)?;
    if !again {
        std::fs::create_dir_all(&dir)
            .map_err(|e| Error::io(format!("making {}", dir.display()), e))?;
        let put = if args.link { std::os::unix::fs::symlink(&from, &to) } else { copy(&from, &to) };
        put.map_err(|e| Error::io(format!("putting the model into {}", to.display()), e))?;
    }
    let answer = json!({
        "name": name, "path": to.display().to_string(), "again": again, "why": why,
        "linked": to.is_symlink(),
    });
    cx.answer(&answer, || {
        let done = if again { "was there already" } else { "added" };
        table::pairs(&[
            ("name", name.clone()),
            ("lies in", to.display().to_string()),
            (done, why.clone()),
        ])
    })
}

/// Why a model is one to learn on or to embed by; an error when it is not.
fn fit(path: &Path) -> Result<String> {
    let judged = match Opened::of(path).map_err(invalid)? {
        Opened::Language(model) => {
            let differs = check::round_trip(&model).map_err(invalid)?.len();
            check::verdict(differs, &check::loss(&model).map_err(invalid)?)
        }
        Opened::Sentence(model) => sentence::verdict(&sentence::alike(&model).map_err(invalid)?),
    };
    match judged {
        (Verdict::Fit | Verdict::Weak, why) => Ok(why),
        (Verdict::Unfit, why) => Err(Error::invalid(format!(
            "{}: unfit: {why}; `her model check` tells more",
            path.display()
        ))),
    }
}

/// The files of a model: those of its directory, and the one below it that some have.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    files.extend(Some(path.join(POOLING)).filter(|file| file.is_file()));
    Ok(files)
}

fn digest(path: &Path) -> Result<blake3::Hash> {
    let of = |path: &Path| {
        let mut hash = blake3::Hasher::new();
        for file in files(path)? {
            hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update_reader(std::fs::File::open(&file)?)?;
        }
        Ok(hash.finalize())
    };
    of(path).map_err(|e: std::io::Error| Error::io(format!("reading {}", path.display()), e))
}

/// Copies beside the place and moves there, so that a half copy is never found.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let part = to.with_file_name(format!(".part-{}", std::process::id()));
    let put = || {
        if from.is_dir() {
            std::fs::create_dir(&part)?;
            if let Some(below) = Path::new(POOLING).parent().filter(|dir| from.join(dir).is_dir()) {
                std::fs::create_dir(part.join(below))?;
            }
        }
        for file in files(from)? {
            let name = file.strip_prefix(from).unwrap_or(&file);
            let to = if from.is_dir() { part.join(name) } else { part.clone() };
            std::fs::copy(&file, &to)?;
            std::fs::File::open(&to)?.sync_all()?;
        }
        std::fs::rename(&part, to)
    };
    put().inspect_err(|_| {
        // What is left of it has no use; that it can't be removed changes nothing of that.
        let _ = if from.is_dir() {
            std::fs::remove_dir_all(&part)
        } else {
            std::fs::remove_file(&part)
        };
    })
}
