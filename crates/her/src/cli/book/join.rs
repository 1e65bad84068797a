//! `her book join`.

use std::path::PathBuf;

use her_book::PublicKey;
use her_identity::Result;
use serde_json::Value;

use super::super::context::Context;
use super::super::table;
use crate::books;
use crate::client::books::Joining;

/// Join what a book holds into an identity that is made alike, as if its peers had sent it
#[derive(clap::Args)]
#[command(
    after_help = "The book must be signed by a key that is trusted: see `her book verify`. Each \
row in it must be signed by its own origin, a node that is in the settings or whose --key is \
given: who signs a book does not vouch for others. What is here already, or newer, stays; \
joining again changes nothing. An identity that learns by itself reads a new peer once 16 of its \
events have spoken for it: join the book again after these, or read it now with --read-all."
)]
pub struct Args {
    /// The book
    file: PathBuf,
    /// Who takes it in
    name: String,
    /// Whose book it must be, and whose rows are taken besides those of this node and of the
    /// settings: a node's key (64 digits), `ed25519:` or `p256:` and digits; may be given more
    /// than once
    #[arg(long, value_name = "HEX", value_parser = books::key)]
    key: Vec<PublicKey>,
    /// Read its rows whole from now on, instead of by what they do for the own predictions
    #[arg(long)]
    read_all: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let wish = Joining {
        file: args.file.clone(),
        keys: args.key.clone(),
        nodes: cx.settings().nodes.iter().map(|peer| peer.key).collect(),
        read_all: args.read_all,
    };
    let said = cx.door()?.join(&args.name, &wish)?;
    cx.answer(&said, || shown(&said))
}

fn shown(said: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let book = &said["book"];
    let of = format!("{} at version {}", text(&book["name"]), text(&book["version"]));
    let signers: Vec<String> = book["signers"].as_array().into_iter().flatten().map(text).collect();
    let mut out = table::pairs(&[
        ("joined", of),
        ("signed by", signers.join(", ")),
        ("rows taken", table::count(&said["taken"])),
        ("here already", table::count(&said["known"])),
        ("rows", said["hash"].as_str().map_or("none yet", |hash| &hash[..16]).to_owned()),
        ("version", table::count(&said["version"])),
    ]);
    let mut note = |text: &str| {
        out.push_str("note: ");
        out.push_str(text);
        out.push('\n');
    };
    for peer in said["retracted"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        note(&format!("{peer} was retracted here, and nothing of it is taken"));
    }
    for why in said["refused"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        note(why);
    }
    for (peer, weight) in said["read"].as_object().into_iter().flatten() {
        match weight.as_str() {
            Some("whole") => {}
            Some("part") => note(&format!("{peer} is read in part")),
            Some(_) => note(&format!("{peer} is not read: own events speak against it")),
            None => note(&format!("{peer} is not read before 16 own events have spoken for it")),
        }
    }
    out
}
