//! What is remembered of peers from one process to the next: what they used of their quotas, and
//! what they were worth. A file that is written whole, now and then and at the end; a process that
//! is killed forgets the last seconds of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use her_identity::disk::{self, RealDisk};
use her_identity::format::{PEERS_USED_FILE, PEERS_USED_VERSION};
use her_identity::journal::IdentityId;
use her_identity::migrate::Node;
use her_identity::sync::Peer;
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::merit::Merit;
use super::quota::Quota;
use super::{Syncs, lock};

/// How long after it was written last it is written again at the soonest.
const REST: Duration = Duration::from_secs(10);

/// What one peer used of its quota with an identity here; the peer as NODE/IDENTITY.
#[derive(Serialize, Deserialize)]
struct OfPeer {
    identity: String,
    peer: String,
    quota: Quota,
}

/// What the rows of an origin were worth to an identity here.
#[derive(Serialize, Deserialize)]
struct OfOrigin {
    identity: String,
    key: String,
    origin: String,
    merit: Merit,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u16,
    quotas: Vec<OfPeer>,
    merits: Vec<OfOrigin>,
}

/// What was remembered.
#[derive(Default)]
pub(super) struct Used {
    pub quotas: BTreeMap<(String, String), Quota>,
    pub merits: BTreeMap<(String, Peer), Merit>,
}

impl Used {
    /// Of a data directory; nothing, where nothing was written yet.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(PEERS_USED_FILE);
        let bytes = match disk::read_whole(&RealDisk, &path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
        };
        let damaged = |why: &dyn std::fmt::Display| {
            let what = format!(
                "{} can't be read ({why}); remove it, and peers have their quotas anew",
                path.display()
            );
            Error::new(ErrorKind::Corrupt, what)
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|e| damaged(&e))?;
        if file.format == 0 || file.format > PEERS_USED_VERSION {
            let (path, newest) = (path.display().to_string(), PEERS_USED_VERSION);
            return Err(Error::unsupported(&path, "peers used", file.format, newest));
        }
        let merit = |of: OfOrigin| {
            let key: Node = of.key.parse().map_err(|e| damaged(&e))?;
            let identity: IdentityId = of.origin.parse().map_err(|e| damaged(&e))?;
            Ok(((of.identity, Peer { key: key.0, identity }), of.merit))
        };
        Ok(Self {
            quotas: file.quotas.into_iter().map(|of| ((of.identity, of.peer), of.quota)).collect(),
            merits: file.merits.into_iter().map(merit).collect::<Result<_>>()?,
        })
    }

    fn write(&self, dir: &Path) -> Result<()> {
        let quota = |((identity, peer), quota): (&(String, String), &Quota)| OfPeer {
            identity: identity.clone(),
            peer: peer.clone(),
            quota: quota.clone(),
        };
        let merit = |((identity, peer), merit): (&(String, Peer), &Merit)| OfOrigin {
            identity: identity.clone(),
            key: Node(peer.key).to_string(),
            origin: peer.identity.to_string(),
            merit: *merit,
        };
        let file = File {
            format: PEERS_USED_VERSION,
            quotas: self.quotas.iter().map(quota).collect(),
            merits: self.merits.iter().map(merit).collect(),
        };
        let bytes = serde_json::to_vec(&file).map_err(|e| Error::invalid(e.to_string()))?;
        disk::write_whole(&RealDisk, dir, PEERS_USED_FILE, &[&bytes])
            .map_err(|e| Error::io(format!("writing {}", dir.join(PEERS_USED_FILE).display()), e))
    }
}

impl Syncs {
    /// Writes what outlives the process, unless that was done just now.
    pub(super) fn keep_now_and_then(&self) {
        let (mut last, now) = (lock(&self.kept), self.now());
        if last.is_none_or(|last| now >= last + REST) {
            *last = Some(now);
            self.write_used();
        }
    }

    /// Writes what outlives the process.
    pub(super) fn keep(&self) {
        let _one = lock(&self.kept);
        self.write_used();
    }

    /// Where this fails the next one is tried in its time: no exchange fails for it, and a disk
    /// that takes nothing is told of by the journal.
    fn write_used(&self) {
        let now = self.wall();
        let mut used = Used { merits: self.merits.all(), ..Used::default() };
        // What was used a day ago is free again, and of those who left nothing is kept.
        let mut known = lock(&self.known);
        known.quotas.retain(|_, quota| !quota.is_free(now));
        used.quotas.clone_from(&known.quotas);
        drop(known);
        used.merits.retain(|(identity, _), _| self.house.record(identity).is_ok());
        let nothing = used.quotas.is_empty() && used.merits.is_empty();
        if nothing && !self.house.dir().join(PEERS_USED_FILE).exists() {
            return;
        }
        let _ = used.write(self.house.dir());
    }
}

#[cfg(test)]
mod tests {
    use super::super::quota::Way;
    use super::*;

    fn used() -> Used {
        let mut quota = Quota::default();
        let now = Duration::from_hours(500_000);
        quota.split(Way::To, vec![vec![0; 70]], (now, 100), "b/sam");
        quota.split(Way::From, vec![vec![0; 9]], (now, 100), "b/sam");
        let peer = Peer { key: [7; 32], identity: IdentityId([8; 16]) };
        let merit = Merit { gain_nats: -0.1 + 0.3, events: 5, rows: 2, bytes: 79 };
        Used {
            quotas: BTreeMap::from([(("sam".to_owned(), "b/sam".to_owned()), quota)]),
            merits: BTreeMap::from([(("sam".to_owned(), peer), merit)]),
        }
    }

    #[test]
    fn what_was_remembered_comes_back_and_what_is_damaged_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = Used::open(dir.path()).unwrap();
        assert!(nothing.quotas.is_empty() && nothing.merits.is_empty());
        used().write(dir.path()).unwrap();
        let again = Used::open(dir.path()).unwrap();
        assert_eq!((&again.quotas, &again.merits), (&used().quotas, &used().merits));
        let path = dir.path().join(PEERS_USED_FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, whole.replace("\"key\":\"07", "\"key\":\"x7")).unwrap();
        let error = Used::open(dir.path()).err().unwrap();
        assert!(error.kind == ErrorKind::Corrupt && error.message.contains("remove it"), "{error}");
        std::fs::write(&path, whole.replace("\"format\":1", "\"format\":9")).unwrap();
        assert_eq!(Used::open(dir.path()).err().unwrap().kind, ErrorKind::Unsupported);
    }

    /// The file as each format first was: every later build opens them, for ever. With
    /// `HER_WRITE_GOLDEN=1` that of the newest format is written.
    #[test]
    fn every_format_ever_written_opens() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let formats = ["peers-used-v1"];
        assert_eq!(formats.len(), usize::from(PEERS_USED_VERSION));
        if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
            let dir = golden.join(formats[formats.len() - 1]);
            std::fs::create_dir_all(&dir).unwrap();
            used().write(&dir).unwrap();
        }
        for format in formats {
            let found = Used::open(&golden.join(format)).unwrap();
            assert_eq!(
                (&found.quotas, &found.merits),
                (&used().quotas, &used().merits),
                "{format}"
            );
        }
    }
}
