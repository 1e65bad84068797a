//! Writes an identity at a version into a book.

use std::path::Path;

use her_book::{Book, Config, SigningKey, Writer};
use her_identity::format::NODE_KEY_FILE;
use her_identity::sync::Codec;
use her_identity::turn::State;
use her_identity::{Error, ErrorKind, House, Result};
use serde_json::{Value, json};

use super::{content, refused};
use crate::nearest::Memories;
use crate::sync::{self, Syncs};

/// What is to be written.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The identity as it was at this version; none is as it is, after it contributed what it told
    /// nobody yet.
    pub at: Option<u64>,
    /// How what is contributed is rounded; none is not at all.
    pub codec: Option<Codec>,
    /// Under which terms the book may be used.
    pub licence: Option<String>,
}

/// Codecs that a contribution may be rounded by, by name.
pub(crate) fn codec(name: &str) -> Result<Codec> {
    Codec::ROUNDING.into_iter().find(|codec| codec.name() == name).ok_or_else(|| {
        let known = Codec::ROUNDING.map(Codec::name).join(", ");
        Error::invalid(format!("codec is {name:?}; a book is written by one of {known}"))
    })
}

/// Writes the book of an identity of this house to a new file. `parent` is the edition before.
pub(crate) fn write(
    syncs: &Syncs,
    house: &House,
    (name, wish): (&str, &Wish),
    out: &Path,
    parent: Option<&Book>,
) -> Result<Value> {
    if wish.at.is_some() && wish.codec.is_some() {
        return Err(Error::invalid(
            "a book of a past version contributes nothing: give `at` or `codec`, not both",
        ));
    }
    let contract = house.look(name, |identity| identity.state().contract())?;
    let contract: Value = serde_json::from_str(&contract)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("a contract: {e}")))?;
    if let Some(parent) = parent {
        check_parent(parent, &contract, name)?;
    }
    let node = crate::node::of_dir(house.dir())?;
    if wish.at.is_none() {
        syncs.contribute(name, wish.codec.unwrap_or(Codec::Exact))?;
    }
    let version = wish.at.map_or_else(|| house.head(name).map(|head| head.seq), Ok)?;
    let id = house.record(name)?.current.to_string();
    let past = house.past_of(name, version)?;
    let state = &past.state;
    let key = signing_key(house.dir())?;
    let learned = content::Learned::of(state);
    let config = Config {
        version: Some(version.to_string()),
        licenses: wish.licence.iter().cloned().collect(),
        precision: learned.base.as_ref().map(|_| "float64".to_owned()),
        ..Config::new(name)
    };
    let provenance = content::provenance(state, id, past.digest.to_string(), wish.licence.clone());
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
    let writer = with_memories(writer, state)
        .dictionary(learned.dictionary)
        .provenance(provenance)
        .sign(&key);
    let digest = writer.finish().map_err(refused)?;
    let bytes = std::fs::metadata(out).map_err(|e| Error::io(out.display().to_string(), e))?.len();
    Ok(json!({
        "name": name, "version": version, "digest": digest, "bytes": bytes,
        "signer": key.public(), "rows": rows, "untold": untold,
        "uncontributed_events": state.uncontributed_events(),
    }))
}

/// A book with what an identity remembers, a layer for each modality.
fn with_memories<'a>(mut writer: Writer<'a>, state: &State) -> Writer<'a> {
    for layer in Memories::of(state).iter().flat_map(Memories::layers) {
        writer = writer.memory(layer);
    }
    writer
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
fn signing_key(dir: &Path) -> Result<SigningKey> {
    crate::node::of_dir(dir)?;
    let path = dir.join(NODE_KEY_FILE);
    let pkcs8 =
        std::fs::read(&path).map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    let damaged = |why| Error::new(ErrorKind::Corrupt, format!("{}: {why}", path.display()));
    SigningKey::ed25519(&pkcs8).map_err(damaged)
}
