//! Names and branches: one small file per identity, replaced whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::moving::Registered;
use crate::clock::Clock;
use crate::disk::{self, Disk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{HOUSE_FILE, IDENTITIES_DIR, IDENTITY_FILE, RECORD_FREE, RECORD_VERSION};
use crate::journal::IdentityId;

/// One line of an identity's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Its id in the journal.
    #[serde(with = "hex")]
    pub id: IdentityId,
    /// The line that it goes on from.
    pub parent: Option<Origin>,
    /// When it began, in milliseconds since 1970.
    pub created_ms: u64,
    /// What of the life before it is not part of this one; none for births, forks and rewinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgot: Option<Span>,
    /// Where its state was shipped to a machine of another arithmetic, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipped: Vec<Shipped>,
}

/// A move between two machines on which the same events give other bits: the state itself went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipped {
    /// The version at which it went. What came before is replayed to other bits where it went to.
    pub version: u64,
    /// What made the bits up to there.
    pub by: Arithmetic,
    /// What made those that follow.
    pub then: Arithmetic,
}

/// What the bits of an identity hang on, as a machine names it; none where they are the same on
/// every machine.
pub type Arithmetic = Option<String>;

impl std::fmt::Display for Shipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (by, then) = (named(&self.by), named(&self.then));
        write!(f, "shipped as state at version {}: made by {by}, goes on by {then}", self.version)
    }
}

/// An arithmetic in words.
pub(crate) fn named(arithmetic: &Arithmetic) -> &str {
    arithmetic.as_deref().unwrap_or("what is the same everywhere")
}

/// Versions of a line of life, the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// Where a branch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The line that it goes on from.
    #[serde(with = "hex")]
    pub id: IdentityId,
    /// The last version that both share.
    pub version: u64,
}

/// Ids as people see them.
pub(crate) mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::IdentityId;

    pub fn serialize<S: Serializer>(id: &IdentityId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<IdentityId, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What is written down about a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this file's format.
    pub format: u16,
    /// The name.
    pub name: String,
    /// The branch that is alive.
    #[serde(with = "hex")]
    pub current: IdentityId,
    /// All branches, oldest first; nothing is deleted.
    pub branches: Vec<Branch>,
    /// Versions of the current branch with a name.
    pub tags: BTreeMap<String, u64>,
    /// Set once the identity has departed from where it was born.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<Registered>,
}

impl Record {
    pub(crate) fn new(name: &str, id: IdentityId, created_ms: u64) -> Self {
        Self {
            format: RECORD_FREE,
            name: name.to_owned(),
            current: id,
            branches: vec![Branch {
                id,
                parent: None,
                created_ms,
                forgot: None,
                shipped: Vec::new(),
            }],
            tags: BTreeMap::new(),
            registered: None,
        }
    }

    /// The branch of an id.
    pub fn branch(&self, id: IdentityId) -> Option<&Branch> {
        self.branches.iter().find(|b| b.id == id)
    }

    /// Where this life was shipped last, up to a version.
    pub fn shipped(&self, version: u64) -> Option<&Shipped> {
        let mut line = self.lineage(version).into_iter().rev();
        let newest = |(id, begin, end): (IdentityId, u64, u64)| {
            let mut all = self.branch(id)?.shipped.iter().rev();
            all.find(|shipped| (begin..=end).contains(&shipped.version))
        };
        line.find_map(newest)
    }

    /// The branch in whose journal a version lies, and where that branch begins.
    pub(crate) fn branch_of(&self, mut id: IdentityId, version: u64) -> Result<(IdentityId, u64)> {
        if version == 0 {
            return Err(Error::invalid("versions begin at 1, which is the birth"));
        }
        loop {
            match self.branch(id).and_then(|b| b.parent) {
                Some(origin) if version <= origin.version => id = origin.id,
                Some(origin) => return Ok((id, origin.version)),
                None => return Ok((id, 0)),
            }
        }
    }

    /// The last version of a branch that the current one goes on from.
    pub(super) fn end_of(&self, id: IdentityId) -> u64 {
        let mut at = self.current;
        while let Some(origin) = self.branch(at).and_then(|b| b.parent) {
            if origin.id == id {
                return origin.version;
            }
            at = origin.id;
        }
        u64::MAX
    }

    /// The branches from birth to now, each with the versions that belong to this life.
    pub(crate) fn lineage(&self, version: u64) -> Vec<(IdentityId, u64, u64)> {
        let (mut line, mut id, mut end) = (Vec::new(), self.current, version);
        loop {
            let parent = self.branch(id).and_then(|b| b.parent);
            let begin = parent.map_or(0, |origin| origin.version);
            // A branch that begins later has no part in it.
            if begin <= end {
                line.push((id, begin, end));
            }
            match parent {
                Some(origin) => (id, end) = (origin.id, origin.version.min(version)),
                None => break,
            }
        }
        line.reverse();
        line
    }
}

#[derive(Serialize, Deserialize)]
struct HouseFile {
    format: u16,
    shards: usize,
    created_ms: u64,
}

/// All records, in memory and on disk.
pub(super) struct Registry {
    dir: PathBuf,
    shards: usize,
    records: RwLock<BTreeMap<String, Arc<Record>>>,
    writing: Mutex<()>,
}

/// The longest name of an identity, in bytes.
pub const NAME_BYTES: usize = 64;

/// Refuses names that could not be a file's name everywhere.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && name.len() <= NAME_BYTES && name.chars().all(fine) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the name {name:?} must begin with a letter or digit and have at most {NAME_BYTES} \
         letters, digits, '-', '_' and '.'"
    )))
}

impl Registry {
    pub fn open(disk: &dyn Disk, dir: &Path, shards: usize, clock: &dyn Clock) -> Result<Self> {
        let io = |what: &str, e| Error::io(format!("{what} {}", dir.display()), e);
        let identities = dir.join(IDENTITIES_DIR);
        disk.create_dir(dir)
            .and_then(|()| disk.create_dir(&identities))
            .map_err(|e| io("making the data directory", e))?;
        let house: HouseFile = match disk::read_whole(disk, &dir.join(HOUSE_FILE)) {
            Ok(bytes) => parse(&dir.join(HOUSE_FILE), &bytes)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let house = HouseFile { format: RECORD_FREE, shards, created_ms: clock.now_ms() };
                let bytes = serde_json::to_vec_pretty(&house).expect("plain data");
                disk::write_whole(disk, dir, HOUSE_FILE, &[&bytes])
                    .map_err(|e| io("writing house.json in", e))?;
                house
            }
            Err(e) => return Err(io("reading house.json in", e)),
        };
        check_format(&dir.join(HOUSE_FILE), house.format)?;
        let mut records = BTreeMap::new();
        for name in disk.list(&identities).map_err(|e| io("listing identities in", e))? {
            let path = identities.join(&name).join(IDENTITY_FILE);
            match disk::read_whole(disk, &path) {
                Ok(bytes) => {
                    let record: Record = parse(&path, &bytes)?;
                    check_format(&path, record.format)?;
                    records.insert(record.name.clone(), Arc::new(record));
                }
                // A crash between making the directory and its file: the birth was not told.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(io("reading an identity in", e)),
            }
        }
        let records = RwLock::new(records);
        Ok(Self {
            dir: identities,
            shards: house.shards.max(1),
            records,
            writing: Mutex::default(),
        })
    }

    /// All records, behind their lock.
    pub fn records(&self) -> &RwLock<BTreeMap<String, Arc<Record>>> {
        &self.records
    }

    pub fn shards(&self) -> usize {
        self.shards
    }

    /// Held while a name is made or changed.
    pub fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn names(&self) -> Vec<String> {
        self.records.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub fn find(&self, name: &str) -> Result<Arc<Record>> {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        records.get(name).cloned().ok_or_else(|| {
            Error::not_found(format!("there is no identity named {name:?}; `her list` shows all"))
        })
    }

    /// Replaces a record, durably. The rename of its file is the moment of change.
    pub fn put(&self, disk: &dyn Disk, record: Record) -> Result<()> {
        let dir = self.dir.join(&record.name);
        let bytes = to_bytes(&record);
        disk.create_dir(&dir)
            .and_then(|()| disk::write_whole(disk, &dir, IDENTITY_FILE, &[&bytes]))
            .map_err(|e| Error::io(format!("writing {}", dir.display()), e))?;
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        records.insert(record.name.clone(), Arc::new(record));
        Ok(())
    }
}

/// The bytes of a record's file.
pub(crate) fn to_bytes(record: &Record) -> Vec<u8> {
    serde_json::to_vec_pretty(record).expect("plain data")
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| {
        Error::new(
            ErrorKind::Corrupt,
            format!("{} can't be read ({e}); restore it from a backup", path.display()),
        )
    })
}

pub(crate) fn check_format(path: &Path, format: u16) -> Result<()> {
    if (1..=RECORD_VERSION).contains(&format) {
        return Ok(());
    }
    Err(Error::unsupported(&path.display().to_string(), "record", format, RECORD_VERSION))
}
