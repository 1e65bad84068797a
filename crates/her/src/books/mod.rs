//! Books: what an identity learned, written into one signed file, and others' files judged and
//! their rows joined.

use std::collections::BTreeSet;
use std::path::Path;

use her_book::{Book, Fault, Limits, PublicKey, TrustedKeys, Verdict};
use her_identity::migrate::Node;
use her_identity::sync::{Part, Peer};
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::sync::{Syncs, contract_of, read, reading};

mod content;
pub(crate) mod write;

/// The header in which a server says what is in the book that it sends: JSON, by ASCII alone.
pub(crate) const BOOK: &str = "her-book";
/// Keys that one request may name.
pub(crate) const KEYS_MAX: usize = 256;

/// Opens a book.
pub(crate) fn open(file: &Path) -> Result<Book> {
    std::fs::metadata(file).map_err(|e| Error::io(format!("opening {}", file.display()), e))?;
    Book::open(file, &Limits::default()).map_err(refused)
}

/// What the book's own crate says, with the name of the fault before it.
pub(crate) fn refused(error: her_book::Error) -> Error {
    let kind = match error.fault() {
        Fault::Io => ErrorKind::Unavailable,
        Fault::Version => ErrorKind::Unsupported,
        _ => ErrorKind::Invalid,
    };
    let fault = match error.fault() {
        Fault::Unsigned => "not signed: ",
        Fault::Signature => "wrong signature: ",
        Fault::UnknownSigner => "unknown signer: ",
        Fault::Io | Fault::Input => "",
        _ => "not a whole book: ",
    };
    Error::new(kind, format!("{fault}{error}")).because(error)
}

/// A key as `her node` or as a book writes it.
pub(crate) fn key(text: &str) -> std::result::Result<PublicKey, String> {
    if text.contains(':') { text.parse() } else { format!("ed25519:{text}").parse() }
}

/// Who is believed: the signer of a book, and the nodes whose rows are in it. A signed book does
/// not vouch for the rows of others.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    /// This node.
    pub own: Node,
    /// The nodes of the settings.
    pub nodes: Vec<Node>,
    /// Keys that were given for this book.
    pub given: Vec<PublicKey>,
}

fn public(node: &Node) -> PublicKey {
    PublicKey::Ed25519(node.0.to_vec())
}

impl Trust {
    /// Whose books: of the keys that were given, else of this node and those of the settings.
    fn signers(&self) -> TrustedKeys {
        if self.given.is_empty() {
            return self.nodes.iter().chain([&self.own]).map(public).collect();
        }
        self.given.iter().cloned().collect()
    }

    /// Whose rows: of all of these.
    fn knows(&self, node: Node) -> bool {
        node == self.own || self.nodes.contains(&node) || self.given.contains(&public(&node))
    }
}

/// The rows of a book that are taken.
struct Rows {
    count: usize,
    parts: Vec<Part>,
    /// Which are not, and why.
    untaken: Vec<String>,
}

impl Rows {
    /// Those of models of a contract that nodes signed which are believed.
    fn of(book: &Book, contract: [u8; 32], trust: &Trust) -> Result<Self> {
        let rows = book.contributions().map_err(refused)?.ok_or_else(|| {
            Error::invalid(format!(
                "{} has no contributions.arrow: an older `her` wrote it; ask for one of a newer",
                book.path().display()
            ))
        })?;
        // What is signed for another kind of model must not pass under this one's name.
        if rows.contract != contract {
            return Err(Error::invalid(format!(
                "{}: its rows are signed for another kind of model than it says; do not use it",
                book.path().display()
            )));
        }
        let count = rows.rows.len();
        let (parts, untaken) = read(&rows, |node| trust.knows(node));
        if let ([], [first, ..]) = (&parts[..], &untaken[..]) {
            return Err(Error::invalid(format!("none of its {count} rows is taken: {first}")));
        }
        Ok(Self { count, parts, untaken })
    }
}

/// Joins the rows of a book into an identity that is made alike; what a `Memory` with other
/// parameters holds is translated.
pub(crate) fn join(
    syncs: &Syncs,
    book: &Book,
    name: &str,
    trust: &Trust,
    read_all: bool,
) -> Result<Value> {
    let verdict = book.verify(&trust.signers()).map_err(refused)?;
    let theirs = book.contract().map_err(refused)?;
    if let Some(params) = syncs.foreign(name, &theirs)? {
        let rows = Rows::of(book, contract_of(&params), trust)?;
        let came = syncs.translate(name, rows.parts, &params)?;
        return Ok(json!({
            "name": name,
            "version": syncs.version(name)?,
            "book": told(book, &verdict),
            "rows": rows.count,
            "taken": came.rows,
            "known": 0,
            "retracted": came.retracted,
            "refused": rows.untaken,
            "exchanges": 0,
            "hash": null,
            "read": {},
            "translated": came.told(),
        }));
    }
    let contract = syncs.made_alike(name, &theirs)?;
    let Rows { count, parts, untaken } = Rows::of(book, contract, trust)?;
    let peers: BTreeSet<Peer> = parts.iter().map(|part| part.origin.peer).collect();
    let came = syncs.join(name, parts, read_all)?;
    let shared = syncs.shared(name)?;
    let version = syncs.version(name)?;
    let mut said = json!({
        "name": name,
        "version": version,
        "book": told(book, &verdict),
        "rows": count,
        "taken": came.taken,
        "known": came.known,
        "retracted": came.retracted,
        "refused": untaken,
        "exchanges": came.exchanges,
        "hash": null,
        "read": {},
    });
    if let Some(shared) = &shared {
        said["hash"] = blake3::Hash::from_bytes(shared.hash()).to_hex().as_str().into();
        said["read"] = json!(reading(shared, &peers));
    }
    Ok(said)
}

fn told(book: &Book, verdict: &Verdict) -> Value {
    let config = book.config();
    json!({
        "name": config.name,
        "version": config.version,
        "digest": verdict.digest,
        "signers": verdict.signers,
    })
}
