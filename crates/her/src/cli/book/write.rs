//! `her book write`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use her_identity::sync::Codec;
use her_identity::{Error, ErrorKind, Result};
use serde_json::Value;

use super::super::context::Context;
use super::super::table;
use crate::books::write::{self, Wish};
use crate::client::books::Writing;

/// Write an identity at a version into a book, signed with its node's key
#[derive(clap::Args)]
#[command(
    after_help = "The same identity at the same version gives the same bytes. The book holds \
the exact state: whoever has it has also the predictions that wait for a label, and the events \
that the identity keeps. What the identity learned and told no peer yet is contributed first, as \
one more event: the book holds it as a row that others can join. With --at nothing is \
contributed, and the rows are those of that version. A server writes it while the identity goes \
on, and signs it with its own key; it asks for the scope admin."
)]
pub struct Args {
    /// Whose book
    name: String,
    /// The identity as it was at this version [default: as it is]
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// How what is contributed first is rounded; what rounding leaves is not in the book
    /// [default: exact]
    #[arg(long, value_name = "CODEC", conflicts_with = "at",
          value_parser = PossibleValuesParser::new(Codec::ROUNDING.map(Codec::name)))]
    codec: Option<String>,
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
    let codec = args.codec.as_deref().map(write::codec).transpose()?;
    let wish = Writing {
        book: Wish { at: args.at, codec, licence: args.licence.clone() },
        parent: args.edition_of.clone(),
        out,
    };
    let told = cx.door()?.write(&args.name, &wish)?;
    cx.answer(&told, || shown(&told))
}

fn shown(told: &Value) -> String {
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
}
