//! `her book join`.

use std::path::PathBuf;

use her_book::PublicKey;
use her_identity::Result;
use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::table;
use crate::books;
use crate::client::books::Joining;

/// Join what a book holds into an identity that is made alike, as if its peers had sent it; what
/// a `Memory` with other parameters holds is translated
#[derive(clap::Args)]
#[command(
    after_help = "The book must be signed by a key that is trusted: see `her book verify`. Each \
row in it must be signed by its own origin, a node that is in the settings or whose --key is \
given: who signs a book does not vouch for others. What is here already, or newer, stays; \
joining again changes nothing. The book of a `Memory` with other parameters, such as another \
encoder, is translated into a `Memory`: whole texts are read anew, other memories are told by \
their vectors, by a map where spaces differ and it can be trusted; the answer says how many, and \
how well. An identity that learns by itself reads a new peer once 16 of its events have spoken for \
it: join the book again after these, or read it now with --read-all."
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
    let head = [("joined", of), ("signed by", signers.join(", "))];
    if let Some(translated) = said["translated"].as_object() {
        return table::pairs(&head) + &told_of(translated, said);
    }
    let [joined, signed] = head;
    let mut out = table::pairs(&[
        joined,
        signed,
        ("rows taken", table::count(&said["taken"])),
        ("here already", table::count(&said["known"])),
        ("rows", said["hash"].as_str().map_or("none yet", |hash| &hash[..16]).to_owned()),
        ("version", table::count(&said["version"])),
    ]);
    untaken(said, &mut out);
    let mut note = |text: &str| table::note(text, &mut out);
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

/// Which rows are not taken, and why.
fn untaken(said: &Value, out: &mut String) {
    for peer in said["retracted"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table::note(&format!("{peer} was retracted here, and nothing of it is taken"), out);
    }
    for why in said["refused"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table::note(why, out);
    }
}

/// What became of the memories of a book that was translated.
fn told_of(came: &Map<String, Value>, said: &Value) -> String {
    let count = |key: &str| table::count(&came[key]);
    let left_out = came["left_out"].as_array().map_or(&[][..], Vec::as_slice);
    let left: u64 = left_out.iter().filter_map(|one| one["memories"].as_u64()).sum();
    let mut out = table::pairs(&[
        ("texts read anew", count("read_anew")),
        ("vectors as they are", count("as_they_are")),
        ("vectors mapped", count("mapped")),
        ("here already", count("known")),
        ("left out", table::grouped(left)),
        ("version", table::count(&said["version"])),
    ]);
    untaken(said, &mut out);
    for map in came["maps"].as_array().into_iter().flatten() {
        let word = |key: &str| map[key].as_str().unwrap_or_default();
        let share = |key: &str| map[key].as_f64().map(|share| format!("{share:.2}"));
        let shares = (share("top_1"), share("top_10"), share("found_10"));
        let (Some(top_1), Some(top_10), Some(found_10)) = shares else { continue };
        let text = format!(
            "a map from {} to {}: of {} held-out anchors, of {} in all, {top_10} find their \
             partner among the ten nearest ({top_1} as the nearest), {found_10} are found by it",
            word("from"),
            word("to"),
            table::count(&map["held_out"]),
            table::count(&map["anchors"]),
        );
        table::note(&text, &mut out);
    }
    for one in left_out {
        let why = one["why"].as_str().unwrap_or_default();
        table::note(&format!("{} left out: {why}", table::count(&one["memories"])), &mut out);
    }
    out
}
