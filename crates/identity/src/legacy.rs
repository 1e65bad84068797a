//! What an identity leaves behind: itself at one version, read-only, for ever.
//!
//! A *copy* is a directory: the frames of all branches, the snapshots, the record, a golden set of
//! predictions, and a manifest with the BLAKE3 of every file. [`House::leave`](crate::House::leave)
//! writes it, [`Frozen`] opens it. `Frozen` has no way to learn: the type has no method for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use her_learn::{Catalog, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::disk::once::{self, ReadOnly, Sealed};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{
    GOLDEN_FILE, IDENTITY_FILE, LEGACY_DIGEST_FILE, LEGACY_MANIFEST_FILE, LEGACY_VERSION,
};
use crate::house::line::Line;
use crate::house::{Record, Verified, check_format, hex, parse};
use crate::journal::kept::Kept;
use crate::journal::{Head, IdentityId, JournalReader};
use crate::snapshot::Snapshots;
use crate::turn::{Answer, Desk, State};

pub mod book;
pub mod golden;
pub mod register;

use golden::Golden;

/// Where an identity lives on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The address of its node.
    pub url: String,
    /// The epoch with which that node owns it.
    pub epoch: u64,
}

/// The journal of one branch, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBranch {
    /// The branch.
    #[serde(with = "hex")]
    pub id: IdentityId,
    /// Its last version.
    pub head: u64,
    /// The epoch of its last frame.
    pub epoch: u64,
    /// The chain after its last frame, in hex.
    pub chain: String,
}

/// What a copy is, and what its files must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file's format.
    pub format: u16,
    /// The name.
    pub name: String,
    /// The branch that the version lies on.
    #[serde(with = "hex")]
    pub identity: IdentityId,
    /// The version that the copy answers by.
    pub version: u64,
    /// The epoch in which that version came to be.
    pub epoch: u64,
    /// The chain after the last frame that ends at or before the version, in hex.
    pub chain: String,
    /// BLAKE3 of the state at the version, in hex.
    pub state: String,
    /// When the copy was made, in milliseconds since 1970.
    pub left_ms: u64,
    /// The version of the code that made it.
    pub code: String,
    /// Where the identity lives on, if that was told.
    pub owner: Option<Owner>,
    /// The digest of the book that this was made of: it holds one version, and no life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<String>,
    /// Every branch, oldest first.
    pub branches: Vec<KeptBranch>,
    /// Every file but the manifest and its digest.
    pub files: Vec<Sealed>,
}

impl Manifest {
    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain data");
        bytes.push(b'\n');
        bytes
    }
}

/// The line of the digest's file, as `b3sum` writes and checks it.
pub fn digest_line(digest: &str) -> String {
    format!("{digest}  {LEGACY_MANIFEST_FILE}\n")
}

/// A copy that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it lies.
    pub dir: PathBuf,
    /// What it is.
    pub manifest: Manifest,
    /// BLAKE3 of the manifest, in hex: who knows it knows every byte.
    pub digest: String,
    /// True when it lay there already.
    pub again: bool,
}

/// A state that nobody can change: what it lends can be asked and not taught.
#[derive(Debug)]
pub struct Still(State);

impl std::ops::Deref for Still {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

/// A copy, opened and checked. It predicts, tells its past, and cannot learn.
pub struct Frozen {
    dir: PathBuf,
    manifest: Manifest,
    digest: String,
    record: Record,
    state: Still,
    golden: usize,
    journal: Kept,
    snapshots: Snapshots,
    catalog: Catalog,
}

impl std::fmt::Debug for Frozen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frozen({} at {})", self.manifest.name, self.manifest.version)
    }
}

/// Reads the manifest of the copy in `dir`, and compares it and every file with its BLAKE3. What
/// differs is told by its name, and so is a file that does not belong there.
pub fn check(dir: &Path) -> Result<(Manifest, String)> {
    let path = dir.join(LEGACY_MANIFEST_FILE);
    let read = |name: &str| {
        let path = dir.join(name);
        std::fs::read(&path).map_err(|e| Error::io(format!("reading {}", path.display()), e))
    };
    let bytes = read(LEGACY_MANIFEST_FILE)?;
    let digest = blake3::hash(&bytes).to_hex().to_string();
    if read(LEGACY_DIGEST_FILE)? != digest_line(&digest).as_bytes() {
        return Err(changed(
            dir,
            LEGACY_MANIFEST_FILE,
            &format!("its BLAKE3 is {digest} and {LEGACY_DIGEST_FILE} says another"),
        ));
    }
    let manifest: Manifest = parse(&path, &bytes)?;
    if !(1..=LEGACY_VERSION).contains(&manifest.format) {
        let file = path.display().to_string();
        return Err(Error::unsupported(&file, "manifest", manifest.format, LEGACY_VERSION));
    }
    let list = |e| Error::io(format!("listing {}", dir.display()), e);
    let wanted: BTreeMap<&str, &Sealed> =
        manifest.files.iter().map(|file| (file.name.as_str(), file)).collect();
    for name in once::files(dir).map_err(list)? {
        let known = [LEGACY_MANIFEST_FILE, LEGACY_DIGEST_FILE].contains(&name.as_str());
        if !known && !wanted.contains_key(name.as_str()) {
            return Err(changed(dir, &name, "the manifest knows no such file"));
        }
    }
    for (name, wanted) in wanted {
        let found = once::look(dir, name)
            .map_err(|e| Error::io(format!("reading {}", dir.join(name).display()), e))?;
        if found != *wanted {
            let why = format!(
                "it has {} bytes with BLAKE3 {}, the manifest says {} and {}",
                found.bytes, found.blake3, wanted.bytes, wanted.blake3
            );
            return Err(changed(dir, name, &why));
        }
    }
    Ok((manifest, digest))
}

fn changed(dir: &Path, name: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "{} is not as it was left: {why}; restore it from a backup of the copy",
            dir.join(name).display()
        ),
    )
}

impl Frozen {
    /// Opens the copy in `dir` and checks all of it: the BLAKE3 of every file, the chain of every
    /// branch, the state, and the golden set to the bit. `digest` is what the manifest's BLAKE3
    /// must be, where it is known from elsewhere.
    pub fn open(dir: &Path, catalog: Catalog, digest: Option<&str>) -> Result<Self> {
        let (manifest, found) = check(dir)?;
        if let Some(wanted) = digest.filter(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
            let why = format!("its BLAKE3 is {found} and {wanted} was asked for");
            return Err(changed(dir, LEGACY_MANIFEST_FILE, &why));
        }
        let read = |name: &str| {
            let path = dir.join(name);
            let bytes = std::fs::read(&path);
            bytes.map_err(|e| Error::io(format!("reading {}", path.display()), e))
        };
        let record: Record = parse(&dir.join(IDENTITY_FILE), &read(IDENTITY_FILE)?)?;
        check_format(&dir.join(IDENTITY_FILE), record.format)?;
        let ids: Vec<IdentityId> = manifest.branches.iter().map(|b| b.id).collect();
        let journal = Kept::open(&ReadOnly, dir, &ids)?;
        for branch in &manifest.branches {
            let head = journal.head(branch.id)?.map(|h| (h.seq, h.epoch, h.digest.to_string()));
            if head != Some((branch.head, branch.epoch, branch.chain.clone())) {
                let name = crate::format::kept_file(branch.id);
                return Err(changed(dir, &name, "its chain ends elsewhere than the manifest says"));
            }
        }
        let snapshots = Snapshots::new(Arc::new(ReadOnly), dir);
        let snapshot = snapshots.get(manifest.identity, manifest.version)?;
        let state = blake3::hash(&snapshot.bytes).to_hex();
        let name = Snapshots::path_of(manifest.identity, manifest.version);
        if *state.as_str() != *manifest.state || snapshot.head.seq != manifest.version {
            return Err(changed(dir, &name, "it holds another state than the manifest says"));
        }
        let state = Still(State::load(&snapshot.bytes, &catalog)?);
        let golden: Golden = parse(&dir.join(GOLDEN_FILE), &read(GOLDEN_FILE)?)?;
        golden.check(&state).map_err(|why| changed(dir, GOLDEN_FILE, &why))?;
        Ok(Self {
            dir: dir.to_owned(),
            manifest,
            digest: found,
            record,
            state,
            golden: golden.rows.len(),
            journal,
            snapshots,
            catalog,
        })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// BLAKE3 of the manifest as it was at opening, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Names and branches.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The last version of every branch, oldest branch first.
    pub fn heads(&self) -> Vec<(IdentityId, u64)> {
        self.manifest.branches.iter().map(|b| (b.id, b.head)).collect()
    }

    /// The state at the version that the copy answers by.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Predictions of the golden set that were found equal at opening.
    pub fn golden(&self) -> usize {
        self.golden
    }

    /// Predicts as the identity did at the version of the copy. Changes nothing.
    pub fn predict(&self, row: &Row, desk: &mut Desk) -> Result<Answer> {
        self.state.predict(row, desk)
    }

    /// The identity as it was at a version, up to that of the copy; on another branch, up to its
    /// end.
    pub fn at(&self, branch: Option<IdentityId>, version: u64) -> Result<Still> {
        if self.manifest.book.is_some() && (branch, version) == (None, self.manifest.version) {
            return State::load(&self.state.save(), &self.catalog).map(Still);
        }
        self.lived()?;
        self.within(branch, version)?;
        self.line(branch, |line| line.past(version).map(|past| Still(past.state)))
    }

    /// Events from a version on, as JSON, up to the version of the copy; of another branch, up to
    /// its end.
    pub fn log(&self, branch: Option<IdentityId>, from: u64, limit: usize) -> Result<Vec<Value>> {
        self.lived()?;
        let end = self.end(branch)?;
        self.line(branch, |line| line.log(from, end, limit))
    }

    /// Replays everything from birth, or from where the state was shipped, and compares with every
    /// snapshot; on the copy's own branch with its state as well.
    pub fn verify(&self, branch: Option<IdentityId>) -> Result<Verified> {
        self.lived()?;
        let end = self.end(branch)?;
        let told = self.line(branch, |line| line.retrace(end))?.verified();
        if branch.is_none() && told.state != self.manifest.state {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "the replay of {} events gives the state {}, the manifest says {}",
                    told.events, told.state, self.manifest.state
                ),
            ));
        }
        Ok(told)
    }

    /// Refuses what only a life can tell.
    fn lived(&self) -> Result<()> {
        let Some(book) = &self.manifest.book else { return Ok(()) };
        Err(Error::not_found(format!(
            "this is a book of {} ({book}): it holds version {} and no life before it; ask where \
             the identity lives",
            self.manifest.name, self.manifest.version
        )))
    }

    /// The last version that a branch answers for.
    fn end(&self, branch: Option<IdentityId>) -> Result<u64> {
        let Some(id) = branch else { return Ok(self.manifest.version) };
        let found = self.manifest.branches.iter().find(|b| b.id == id);
        found.map(|b| b.head).ok_or_else(|| {
            let ids: Vec<String> =
                self.manifest.branches.iter().map(|b| b.id.to_string()).collect();
            Error::not_found(format!("there is no branch {id} here, but {}", ids.join(", ")))
        })
    }

    fn within(&self, branch: Option<IdentityId>, version: u64) -> Result<()> {
        let end = self.end(branch)?;
        if version <= end {
            return Ok(());
        }
        let lives = match (&self.manifest.owner, branch) {
            (Some(owner), None) => format!("; what came after it is at {}", owner.url),
            _ => String::new(),
        };
        Err(Error::not_found(format!(
            "{} has no version {version} here, the last one is {end}{lives}",
            self.manifest.name
        )))
    }

    fn line<T>(
        &self,
        branch: Option<IdentityId>,
        look: impl FnOnce(&Line<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut record = self.record.clone();
        record.current = branch.unwrap_or(record.current);
        let reader = |_| -> &dyn JournalReader { &self.journal };
        look(&Line {
            record: &record,
            reader: &reader,
            snapshots: &self.snapshots,
            catalog: &self.catalog,
        })
    }
}

/// The head of a branch for the manifest.
pub(crate) fn kept_branch(id: IdentityId, head: &Head) -> KeptBranch {
    KeptBranch { id, head: head.seq, epoch: head.epoch, chain: head.digest.to_string() }
}
