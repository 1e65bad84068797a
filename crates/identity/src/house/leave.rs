//! Leaving: an identity at one version as a directory of files that are only read from then on.

use std::ops::ControlFlow;
use std::path::Path;

use her_learn::Row;

use super::{House, Record, registry};
use crate::disk::once::Whole;
use crate::error::{Error, ErrorKind, Result};
use crate::event::What;
use crate::format::{
    GOLDEN_FILE, IDENTITY_FILE, LEGACY_DIGEST_FILE, LEGACY_DIR, LEGACY_MANIFEST_FILE,
    LEGACY_VERSION, kept_file, legacy_dir,
};
use crate::journal::{Digest, Head, IdentityId, kept};
use crate::legacy::golden::{Golden, ROWS};
use crate::legacy::register::{self, Copied};
use crate::legacy::{Frozen, KeptBranch, Left, Manifest, Owner, digest_line, kept_branch};
use crate::snapshot::{self, Snapshots};
use crate::turn::State;

/// A state, and where it stands in its journal.
struct Stand {
    /// Names and branches, as they are seen from the version.
    record: Record,
    head: Head,
    state: State,
    bytes: Vec<u8>,
}

impl House {
    /// Leaves a copy of an identity at a version, the newest unless said, in `dir`, by default in a
    /// place of its own inside the data directory. The identity itself lives on unchanged. The
    /// directory appears whole or not at all; the same copy may be left again, which finds it and
    /// writes nothing. [`ErrorKind::Exists`] when something else lies there.
    pub fn leave(
        &self,
        name: &str,
        version: Option<u64>,
        dir: Option<&Path>,
        owner: Option<Owner>,
    ) -> Result<Left> {
        let stand = self.end_at(name, version)?;
        let usual = || self.dir().join(LEGACY_DIR).join(legacy_dir(name, stand.head.seq));
        let dir = dir.map_or_else(usual, Path::to_owned);
        let dir = std::path::absolute(&dir)
            .map_err(|e| Error::io(format!("finding {}", dir.display()), e))?;
        let left = if is_taken(&dir)? {
            self.left_before(&stand, &dir, owner.as_ref())?
        } else {
            self.write_copy(&stand, &dir, owner)?
        };
        let _turn = self.registry.one_at_a_time();
        register::add(&*self.config.journal.disk, self.dir(), &left)?;
        Ok(left)
    }

    /// The copies that were left by identities of this house, oldest first.
    pub fn legacy(&self) -> Result<Vec<Copied>> {
        register::read(&*self.config.journal.disk, self.dir())
    }

    /// The state that is to be left, durable.
    fn end_at(&self, name: &str, version: Option<u64>) -> Result<Stand> {
        let mut record = (*self.record(name)?).clone();
        // What is durable is brought back here, beside its learner and not on it.
        let version = match version {
            Some(version) => version,
            None => self.head(name)?.seq,
        };
        let state = self.at(name, version)?;
        let bytes = state.save();
        if self.record(name)?.current != record.current {
            let why = format!("{name} was rewound at this moment; leave it again");
            return Err(Error::new(ErrorKind::Busy, why));
        }
        let (id, _) = record.branch_of(record.current, version)?;
        record.current = id;
        record.tags.retain(|_, tagged| *tagged <= version);
        let mut head = None;
        self.shard(id).reader().read(id, version, &mut |frame| {
            if frame.header.count == 0 {
                return Ok(ControlFlow::Continue(()));
            }
            let ends = frame.header.last_seq() == version;
            let digest = if ends { frame.digest } else { frame.header.prev };
            head = Some(Head { seq: version, epoch: frame.header.epoch, digest });
            Ok(ControlFlow::Break(()))
        })?;
        let head = head.unwrap_or(Head { seq: version, epoch: 0, digest: Digest::ZERO });
        Ok(Stand { record, head, state, bytes })
    }

    /// What lies in `dir`, if it is this very copy.
    fn left_before(&self, stand: &Stand, dir: &Path, owner: Option<&Owner>) -> Result<Left> {
        let taken = |why: &str| {
            Error::new(
                ErrorKind::Exists,
                format!("{} holds {why}; choose another directory", dir.display()),
            )
        };
        let frozen = match Frozen::open(dir, self.catalog.clone(), None) {
            Ok(frozen) => frozen,
            Err(e) if e.kind == ErrorKind::NotFound => {
                return Err(taken("something that is no copy of an identity").because(e));
            }
            Err(e) => return Err(e),
        };
        let there = frozen.manifest();
        let same = (there.identity, there.version) == (stand.record.current, stand.head.seq)
            && there.name == stand.record.name;
        if !same {
            return Err(taken(&format!("{} at version {}", there.name, there.version)));
        }
        if there.owner.as_ref() != owner {
            return Err(taken(&format!(
                "this version of {} already, with another word on where it lives on",
                there.name
            )));
        }
        let (manifest, digest) = (there.clone(), frozen.digest().to_owned());
        Ok(Left { dir: dir.to_owned(), manifest, digest, again: true })
    }

    fn write_copy(&self, stand: &Stand, dir: &Path, owner: Option<Owner>) -> Result<Left> {
        let mut whole = Whole::begin(dir).map_err(|e| {
            let why = format!("making {} (is somebody else leaving a copy there?)", dir.display());
            Error::io(why, e)
        })?;
        let io = |e| Error::io(format!("writing the copy in {}", dir.display()), e);
        let record = registry::to_bytes(&stand.record);
        whole.file(IDENTITY_FILE, |to| to.write_all(&record).map_err(io))?;
        let branches = self.write_branches(&stand.record, &mut whole)?;
        self.write_snapshots(stand, &mut whole)?;
        let golden = Golden::of(&stand.state, self.newest_rows(stand)?)?;
        let golden = serde_json::to_vec(&golden).expect("plain data");
        whole.file(GOLDEN_FILE, |to| to.write_all(&golden).map_err(io))?;
        let manifest = Manifest {
            format: LEGACY_VERSION,
            name: stand.record.name.clone(),
            identity: stand.record.current,
            version: stand.head.seq,
            epoch: stand.head.epoch,
            chain: stand.head.digest.to_string(),
            state: blake3::hash(&stand.bytes).to_hex().to_string(),
            left_ms: self.clock().now_ms(),
            code: env!("CARGO_PKG_VERSION").to_owned(),
            owner,
            book: None,
            branches,
            files: whole.sealed().to_vec(),
        };
        let bytes = manifest.to_bytes();
        let sealed = whole.file(LEGACY_MANIFEST_FILE, |to| to.write_all(&bytes).map_err(io))?;
        let digest = sealed.blake3.clone();
        let line = digest_line(&digest);
        whole.file(LEGACY_DIGEST_FILE, |to| to.write_all(line.as_bytes()).map_err(io))?;
        // Read back whole before it gets its name: what can't be opened is not left.
        Frozen::open(whole.path(), self.catalog.clone(), Some(&digest))?;
        whole.finish().map_err(|e| Error::io(format!("giving {} its name", dir.display()), e))?;
        Ok(Left { dir: dir.to_owned(), manifest, digest, again: false })
    }

    fn write_branches(&self, record: &Record, whole: &mut Whole) -> Result<Vec<KeptBranch>> {
        let mut kept = Vec::with_capacity(record.branches.len());
        for branch in &record.branches {
            let (id, reader) = (branch.id, &**self.shard(branch.id).reader());
            let head = reader.head(id)?;
            let head =
                head.ok_or_else(|| Error::not_found(format!("branch {id} has no journal")))?;
            whole.file(&kept_file(id), |to| kept::write(id, &head, reader, to))?;
            kept.push(kept_branch(id, &head));
        }
        Ok(kept)
    }

    /// The snapshots of all branches, and that of the version itself.
    fn write_snapshots(&self, stand: &Stand, whole: &mut Whole) -> Result<()> {
        let mut put = |id: IdentityId, head: &Head, bytes: &[u8], shipped: bool| {
            let header = snapshot::encode(id, head, bytes, shipped);
            let failed = |e| Error::io(format!("writing a snapshot of {id}"), e);
            whole
                .file(&Snapshots::path_of(id, head.seq), |to| {
                    to.write_all(&header).and_then(|()| to.write_all(bytes)).map_err(failed)
                })
                .map(drop)
        };
        let shipped = self.snapshots.is_shipped(stand.record.current, stand.head.seq);
        put(stand.record.current, &stand.head, &stand.bytes, shipped)?;
        for branch in &stand.record.branches {
            for seq in self.snapshots.list(branch.id)? {
                if (branch.id, seq) == (stand.record.current, stand.head.seq) {
                    continue;
                }
                match self.snapshots.get(branch.id, seq) {
                    Ok(found) => put(branch.id, &found.head, &found.bytes, found.shipped)?,
                    // Gone since it was listed, or damaged: the journal gives the same state.
                    Err(e) if matches!(e.kind, ErrorKind::NotFound | ErrorKind::Corrupt) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }

    /// The rows of the newest events up to the version, oldest first.
    fn newest_rows(&self, stand: &Stand) -> Result<Vec<(u64, Row)>> {
        let (version, mut rows) = (stand.head.seq, Vec::new());
        for (id, begin, end) in stand.record.lineage(version) {
            let after = begin.max(version.saturating_sub(ROWS as u64));
            if after >= end {
                continue;
            }
            let reader = &**self.shard(id).reader();
            let _ = crate::identity::tell(id, after, end, reader, &mut |seq, event| {
                if let What::Learn { row, .. } | What::Remember { row, .. } = &event.what {
                    rows.push((seq, row.clone()));
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(rows)
    }
}

/// True when something lies in `dir`; an empty directory is none.
fn is_taken(dir: &Path) -> Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io(format!("looking into {}", dir.display()), e)),
    }
}
