//! `her book`: what an identity learned, in one signed file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use her_book::{Inspection, PublicKey, TrustedKeys};
use her_identity::format::NODE_KEY_FILE;
use her_identity::turn::{Desk, State};
use her_identity::{Error, ErrorKind, Result};
use her_learn::Row;
use serde_json::{Value, json};

use super::context::Context;
use super::table;
use crate::books::{key, open, refused};
use crate::wire;

mod join;
mod memories;
mod serve;
mod write;

/// Write what an identity learned into one signed file, and look into such files
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Write(write::Args),
    /// Show what a book says of itself, and who signed it; trusts nobody
    Inspect {
        /// The book
        file: PathBuf,
    },
    Verify(Verify),
    Read(Read),
    Join(join::Args),
    Serve(serve::Args),
}

/// Check that every byte of a book is as it was written, and that somebody trusted signed it
#[derive(clap::Args)]
struct Verify {
    /// The book
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

/// Ask a book for a prediction: that of its identity at its version
#[derive(clap::Args)]
#[command(after_help = "Only verified books are read: see `her book verify`.")]
struct Read {
    /// The book
    file: PathBuf,
    /// The features as a JSON object; `-` reads it from standard input
    #[arg(required_unless_present = "nearest")]
    features: Option<String>,
    /// Ask instead what the identity remembers that is like a text, a data URL, or @FILE
    #[arg(long, value_name = "QUERY", conflicts_with = "features")]
    nearest: Option<String>,
    /// How many memories are shown, 1 to 100
    #[arg(short, default_value_t = crate::nearest::K, requires = "nearest")]
    k: u64,
    #[command(flatten)]
    keys: Keys,
}

#[derive(clap::Args)]
struct Keys {
    /// Whose books are trusted, by a node's key (64 digits), `ed25519:` or `p256:` and digits;
    /// may be given more than once [default: this node, and those in the settings]
    #[arg(long, value_name = "HEX", value_parser = key)]
    key: Vec<PublicKey>,
}

impl Keys {
    fn trusted(&self, cx: &Context) -> Result<TrustedKeys> {
        if !self.key.is_empty() {
            return Ok(self.key.iter().cloned().collect());
        }
        let settings = cx.settings();
        let mut keys: Vec<PublicKey> =
            settings.nodes.iter().map(|peer| PublicKey::Ed25519(peer.key.0.to_vec())).collect();
        // Looking at a file makes no key.
        if settings.data_dir.join(NODE_KEY_FILE).exists() {
            let me = crate::node::of_dir(&settings.data_dir)?.node;
            keys.push(PublicKey::Ed25519(me.0.to_vec()));
        }
        if keys.is_empty() {
            return Err(Error::invalid(
                "nobody is trusted: this data directory has no key and knows no nodes; say with \
                 --key whose book it should be",
            ));
        }
        Ok(keys.into_iter().collect())
    }
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    match &args.what {
        What::Write(args) => write::run(args, cx),
        What::Inspect { file } => inspect(file, cx),
        What::Verify(args) => verify(args, cx),
        What::Read(args) => read(args, cx),
        What::Join(args) => join::run(args, cx),
        What::Serve(args) => serve::run(args, cx),
    }
}

/// A book that only other tools can read.
fn stateless(file: &Path) -> Error {
    let file = file.display();
    Error::invalid(format!(
        "{file} has no state.bin: nobody but its writer's own tools can predict from it"
    ))
}

fn inspect(file: &Path, cx: &Context) -> Result<()> {
    let book = open(file)?;
    let found = book.inspect().map_err(refused)?;
    let mut told = serde_json::to_value(&found)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("a book's inspection: {e}")))?;
    let remembered = memories::told(&book)?;
    told["memories"] = remembered.clone().into();
    cx.answer(&told, || shown(&found) + &memories::shown(&remembered))
}

fn shown(found: &Inspection) -> String {
    let Inspection { config, provenance, .. } = found;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let signers: Vec<String> = found.signers.iter().map(ToString::to_string).collect();
    let mut text = table::pairs(&[
        ("book of", config.name.clone()),
        ("version", or_none(&config.version)),
        ("digest", found.digest.to_string()),
        ("events learned", table::grouped(provenance.events)),
        ("chain", provenance.journal.head.clone()),
        ("made by", provenance.code.clone()),
        ("licence", or_none(&provenance.licence)),
        ("editions before", provenance.parents.len().to_string()),
        ("signed by", if signers.is_empty() { "nobody".to_owned() } else { signers.join(", ") }),
    ]);
    for layer in &found.layers {
        // Writing into a string does not fail.
        let (kind, bytes) = (&layer.kind, table::grouped(layer.bytes));
        let _ = writeln!(text, "{kind}  {bytes} bytes  {}", layer.digest);
    }
    text
}

fn verify(args: &Verify, cx: &Context) -> Result<()> {
    let trusted = args.keys.trusted(cx)?;
    let verdict = open(&args.file)?.verify(&trusted).map_err(refused)?;
    let mut told = serde_json::to_value(&verdict)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("a book's verdict: {e}")))?;
    told["verified"] = true.into();
    cx.answer(&told, || {
        let signers: Vec<String> = verdict.signers.iter().map(ToString::to_string).collect();
        table::pairs(&[
            ("verified", args.file.display().to_string()),
            ("digest", verdict.digest.to_string()),
            ("signed by", signers.join(", ")),
            ("layers checked", verdict.layers.to_string()),
            ("bytes unpacked", table::grouped(verdict.unpacked)),
        ])
    })
}

fn read(args: &Read, cx: &Context) -> Result<()> {
    let row = args.features.as_deref().map(|features| {
        let x = super::ask::features(features)?;
        Row::from_json(&x).map_err(|e| Error::invalid(e.to_string()))
    });
    let row = row.transpose()?;
    let trusted = args.keys.trusted(cx)?;
    let book = open(&args.file)?;
    book.verify(&trusted).map_err(refused)?;
    let bytes = book.state().map_err(refused)?.ok_or_else(|| stateless(&args.file))?;
    let state = State::load(&bytes, &cx.settings().catalog()).map_err(|e| {
        let what = format!("{}: state.bin: {}", args.file.display(), e.message);
        Error::new(ErrorKind::Invalid, what)
    })?;
    if let Some(query) = &args.nearest {
        let told = memories::nearest(&state, query, args.k)?;
        return cx.answer(&told, || super::nearest::shown(&told));
    }
    let answer = state.predict(&row.unwrap_or_default(), &mut Desk::default())?;
    let told: Value =
        json!({ "prediction": wire::prediction(&answer), "version": state.version() });
    cx.answer(&told, || super::ask::text_of(&told))
}
