//! `her book write`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use her_book::{Book, Config, SigningKey, Writer};
use her_identity::format::NODE_KEY_FILE;
use her_identity::sync::Codec;
use her_identity::{Error, ErrorKind, House, Result};
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::table;
use super::{content, memories, open, refused};
use crate::sync::{self, Syncs};

/// Write an identity at a version into a book, signed with this node's key
#[derive(clap::Args)]
#[command(
    after_help = "The same identity at the same version gives the same bytes. The book holds \
the exact state: whoever has it has also the predictions that wait for a label, and the events \
that the identity keeps. It is written from the data directory, while no server has it open. What \
the identity learned and told no peer yet is contributed first, as one more event: the book holds \
it as a row that others can join. With --at nothing is contributed, and the rows are those of \
that version."
)]
pub struct Args {
    /// Whose book
    name: String,
    /// The identity as it was at this version [default: as it is]
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// How what is contributed first is rounded; what rounding leaves is not in the book
    #[arg(long, value_name = "CODEC", default_value = "exact", conflicts_with = "at",
          value_parser = PossibleValuesParser::new(Codec::ROUNDING.map(Codec::name)))]
    codec: String,
    /// Where the book shall be; nothing may be there [default: NAME.book]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The book before, which this one names as its parent
    #[arg(long, value_name = "FILE")]
    edition_of: Option<PathBuf>,
    /// Under which terms the book may be used, such as CC-BY-4.0
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.book", args.name)));
    if out.exists() {
        let what = format!("{} is there already; choose another --out", out.display());
        return Err(Error::new(ErrorKind::Exists, what));
    }
    let parent = args.edition_of.as_deref().map(open).transpose()?;
    let house = Arc::new(house(cx)?);
    let told = write(args, cx, &house, &out, parent.as_ref());
    if let Some(house) = Arc::into_inner(house) {
        house.close();
    }
    let told = told?;
    cx.answer(&told, || {
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        let mut out = table::pairs(&[
            ("book", text("file")),
            ("version", table::count(&told["version"])),
            ("digest", text("digest")),
            ("bytes", table::count(&told["bytes"])),
            ("signed by", text("signer")),
            ("rows to join", table::count(&told["rows"])),
        ]);
        if let Some(events) = told["uncontributed_events"].as_u64().filter(|n| *n > 0) {
            let events = table::grouped(events);
            // Writing into a string does not fail.
            let _ = writeln!(out, "note: {events} events were told to no peer: not in its rows");
        }
        for why in told["untold"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let _ = writeln!(out, "note: {why}");
        }
        out
    })
}

fn house(cx: &Context) -> Result<House> {
    let dir = &cx.settings().data_dir;
    if cx.url().is_some() {
        return Err(Error::invalid(
            "a book is written from a data directory: leave out --url, and run this where the \
             identity lives",
        ));
    }
    let house = House::open(cx.settings().house(), cx.settings().catalog()).map_err(|e| {
        if e.kind != ErrorKind::Busy {
            return e;
        }
        let what = format!("{} is open in another process, such as `her serve`", dir.display());
        Error::new(ErrorKind::Busy, what).because(e)
    })?;
    crate::depart::alone(house, dir)
}

fn write(
    args: &Args,
    cx: &Context,
    house: &Arc<House>,
    out: &std::path::Path,
    parent: Option<&Book>,
) -> Result<Value> {
    let node = crate::node::of_dir(&cx.settings().data_dir)?;
    if args.at.is_none() {
        let codec = Codec::ROUNDING.into_iter().find(|codec| codec.name() == args.codec);
        let syncs = Syncs::open(house, node.clone(), &[], cx.settings().sync)?;
        syncs.contribute(&args.name, codec.unwrap_or(Codec::Exact))?;
    }
    let version = args.at.map_or_else(|| house.head(&args.name).map(|head| head.seq), Ok)?;
    let id = house.record(&args.name)?.current.to_string();
    let past = house.past_of(&args.name, version)?;
    let state = &past.state;
    let contract: Value = serde_json::from_str(&state.contract())
        .map_err(|e| Error::new(ErrorKind::Internal, format!("a contract: {e}")))?;
    if let Some(parent) = parent {
        check_parent(parent, &contract, &args.name)?;
    }
    let key = signing_key(cx)?;
    let learned = content::Learned::of(state);
    let config = Config {
        version: Some(version.to_string()),
        licenses: args.licence.iter().cloned().collect(),
        precision: learned.base.as_ref().map(|_| "float64".to_owned()),
        ..Config::new(&args.name)
    };
    let provenance = content::provenance(state, id, past.digest.to_string(), args.licence.clone());
    let mut writer = Writer::new(out, config).contract(contract).state(state.save());
    let (mut rows, mut untold) = (0, Vec::new());
    if state.model().merge().is_additive() {
        let (contributions, left) = sync::written(state, &node)?;
        (rows, untold) = (contributions.rows.len(), left);
        writer = writer.contributions(contributions);
    }
    if let Some(parent) = parent {
        writer = writer.edition_of(parent);
    }
    if let Some(base) = learned.base {
        writer = writer.base(base);
    }
    let writer = memories::with(writer, state)
        .dictionary(learned.dictionary)
        .provenance(provenance)
        .sign(&key);
    let digest = writer.finish().map_err(refused)?;
    let bytes = std::fs::metadata(out).map_err(|e| Error::io(out.display().to_string(), e))?.len();
    Ok(json!({
        "file": out, "name": args.name, "version": version, "digest": digest, "bytes": bytes,
        "signer": key.public(), "rows": rows, "untold": untold,
        "uncontributed_events": state.uncontributed_events(),
    }))
}

/// An edition is of the same kind of model: its readers read both alike.
fn check_parent(parent: &Book, contract: &Value, name: &str) -> Result<()> {
    let theirs = parent.contract().map_err(refused)?;
    if theirs == *contract {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{} is no edition before: its model is {}, and that of {name} is {}; write the book \
         without --edition-of",
        parent.path().display(),
        theirs["model"],
        contract["model"]
    )))
}

/// This node's key, made if there is none, in the form that signs books.
fn signing_key(cx: &Context) -> Result<SigningKey> {
    let dir = &cx.settings().data_dir;
    crate::node::of_dir(dir)?;
    let path = dir.join(NODE_KEY_FILE);
    let pkcs8 =
        std::fs::read(&path).map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    let damaged = |why| Error::new(ErrorKind::Corrupt, format!("{}: {why}", path.display()));
    SigningKey::ed25519(&pkcs8).map_err(damaged)
}
