//! A book as a copy: one version without a life, laid out for the process that serves copies.

use std::path::Path;

use her_learn::Catalog;

use super::golden::Golden;
use super::{Frozen, Left, Manifest, digest_line};
use crate::disk::once::Whole;
use crate::error::{Error, Result};
use crate::format::{
    GOLDEN_FILE, IDENTITY_FILE, LEGACY_DIGEST_FILE, LEGACY_MANIFEST_FILE, LEGACY_VERSION,
};
use crate::house::{Record, check_name, to_bytes};
use crate::journal::{Digest, Head, IdentityId};
use crate::snapshot::{self, Snapshots};
use crate::turn::State;

/// What a book says of the identity in it.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The identity's name.
    pub name: &'a str,
    /// The branch that the version lies on.
    pub identity: IdentityId,
    /// The chain at that version, in hex.
    pub chain: &'a str,
    /// The book's digest.
    pub book: &'a str,
    /// The exact state, as [`State::save`] gives it.
    pub state: &'a [u8],
    /// When it is laid out, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Lays a book out in `dir`, which is the book's own place: what is found there and is this very
/// book is left as it is, and anything else is replaced.
pub fn lay(dir: &Path, page: &Page<'_>, catalog: &Catalog) -> Result<Left> {
    check_name(page.name)?;
    let sum = blake3::hash(page.state).to_hex().to_string();
    if let Ok(found) = Frozen::open(dir, catalog.clone(), None) {
        let (manifest, digest) = (found.manifest().clone(), found.digest().to_owned());
        let same = manifest.book.as_deref() == Some(page.book)
            && (manifest.name.as_str(), &manifest.state) == (page.name, &sum);
        if same {
            return Ok(Left { dir: dir.to_owned(), manifest, digest, again: true });
        }
    }
    let io = |what: &str, e| Error::io(format!("{what} {}", dir.display()), e);
    match std::fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io("removing", e)),
        _ => {}
    }
    let version = State::load(page.state, catalog)?.version();
    let mut whole = Whole::begin(dir).map_err(|e| io("making", e))?;
    let record = Record::new(page.name, page.identity, page.now_ms);
    put(&mut whole, IDENTITY_FILE, &[&to_bytes(&record)])?;
    // A book tells no epoch, and its chain was checked by who signed it.
    let head = Head { seq: version, epoch: 0, digest: Digest::ZERO };
    let header = snapshot::encode(page.identity, &head, page.state, false);
    put(&mut whole, &Snapshots::path_of(page.identity, version), &[&header, page.state])?;
    let golden = Golden { format: LEGACY_VERSION, rows: Vec::new() };
    put(&mut whole, GOLDEN_FILE, &[&serde_json::to_vec(&golden).expect("plain data")])?;
    let manifest = Manifest {
        format: LEGACY_VERSION,
        name: page.name.to_owned(),
        identity: page.identity,
        version,
        epoch: 0,
        chain: page.chain.to_owned(),
        state: sum,
        left_ms: page.now_ms,
        code: env!("CARGO_PKG_VERSION").to_owned(),
        owner: None,
        book: Some(page.book.to_owned()),
        branches: Vec::new(),
        files: whole.sealed().to_vec(),
    };
    let digest = put(&mut whole, LEGACY_MANIFEST_FILE, &[&manifest.to_bytes()])?;
    put(&mut whole, LEGACY_DIGEST_FILE, &[digest_line(&digest).as_bytes()])?;
    Frozen::open(whole.path(), catalog.clone(), Some(&digest))?;
    whole.finish().map_err(|e| io("giving a name to", e))?;
    Ok(Left { dir: dir.to_owned(), manifest, digest, again: false })
}

/// Writes a file of these parts, and gives its BLAKE3.
fn put(whole: &mut Whole, name: &str, parts: &[&[u8]]) -> Result<String> {
    let failed = |e| Error::io(format!("writing {name}"), e);
    let sealed = whole
        .file(name, |to| parts.iter().try_for_each(|part| to.write_all(part)).map_err(failed))?;
    Ok(sealed.blake3.clone())
}
