//! The audit log: who did what to which identity, and what came of it.
//!
//! A file of its own in the data directory, a line a record, chained by [`chain`]; its head lies
//! beside it. Server and command line append to the same file, one at a time by its lock. It is
//! never cut, but for a torn line that a crash left behind.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use her_identity::format::{AUDIT_FILE, AUDIT_HEAD_FILE, AUDIT_VERSION};
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::chain::{self, Found, Head};
use super::files;

/// Bytes from which on refusals are not recorded any more: strangers must not fill the disk.
const REFUSALS_UNTIL: u64 = 256 * 1024 * 1024;
/// Addresses whose refusals are counted each in one minute.
const ADDRESSES_MAX: usize = 16;
/// Bytes that may follow the head: one record of a process that was killed before it wrote one.
const AHEAD_MAX: u64 = 64 * 1024;

/// One thing that was done, or tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deed {
    /// The id of a token, or `local` for the command line at the data directory itself.
    pub by: String,
    /// The address that it came from.
    pub from: Option<String>,
    pub what: String,
    pub identity: Option<String>,
    /// The identity's version before and after.
    pub before: Option<u64>,
    pub after: Option<u64>,
    pub note: Option<String>,
    /// `done`, or the kind of refusal.
    pub outcome: String,
}

impl Deed {
    fn members(&self, n: u64, at_ms: u64) -> Value {
        let mut map = Map::new();
        map.insert("n".into(), n.into());
        map.insert("at_ms".into(), at_ms.into());
        map.insert("by".into(), short(&self.by).into());
        let mut text = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                map.insert(name.into(), short(value).into());
            }
        };
        text("from", &self.from);
        text("what", &Some(self.what.clone()));
        text("identity", &self.identity);
        text("note", &self.note);
        for (name, version) in [("before", self.before), ("after", self.after)] {
            if let Some(version) = version {
                map.insert(name.into(), version.into());
            }
        }
        map.insert("outcome".into(), short(&self.outcome).into());
        map.into()
    }
}

/// No text of a record is longer than this many characters.
fn short(text: &str) -> String {
    text.chars().take(256).collect()
}

/// Writes a record down; durable when this returns.
pub(crate) fn append(dir: &Path, at_ms: u64, deed: &Deed) -> Result<()> {
    let mut file = files::lock(dir, AUDIT_FILE)?;
    let io = |e| Error::io(format!("writing {}", dir.join(AUDIT_FILE).display()), e);
    let head = match read_head(dir)? {
        Some(head) => head,
        // Without a head the log itself tells how far it goes.
        None => head_of(&look(dir, &[], &mut |_| {})?),
    };
    let (head, end) = reconcile(dir, &file, head).map_err(io)?;
    let before = blake3::Hash::from_hex(&head.hash).unwrap_or_else(|_| chain::start());
    let (line, hash) = chain::link(&before, &deed.members(head.n + 1, at_ms));
    // A line that somebody cut must not swallow ours.
    let gap = if end.last_is_newline { "" } else { "\n" };
    file.write_all(format!("{gap}{line}").as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    let head = Head {
        format: AUDIT_VERSION,
        n: head.n + 1,
        bytes: end.bytes + (gap.len() + line.len()) as u64,
        hash: hash.to_hex().to_string(),
    };
    let text = serde_json::to_string(&head)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("writing the audit head: {e}")))?;
    files::write_private(dir, AUDIT_HEAD_FILE, format!("{text}\n").as_bytes())
}

struct End {
    bytes: u64,
    last_is_newline: bool,
}

/// Where the next record goes. A record that is ahead of the head is taken in, and a torn one,
/// which was never acknowledged, is cut; anything else stays as it is, for `verify` to find.
fn reconcile(dir: &Path, file: &File, head: Head) -> std::io::Result<(Head, End)> {
    let bytes = file.metadata()?.len();
    if bytes > head.bytes && bytes - head.bytes <= AHEAD_MAX {
        let mut rest = Vec::new();
        let mut reader = File::open(dir.join(AUDIT_FILE))?;
        reader.seek(SeekFrom::Start(head.bytes))?;
        reader.read_to_end(&mut rest)?;
        if !rest.contains(&b'\n') {
            file.set_len(head.bytes)?;
            return Ok((head.clone(), End { bytes: head.bytes, last_is_newline: true }));
        }
        let before = blake3::Hash::from_hex(&head.hash).unwrap_or_else(|_| chain::start());
        if let Some(hash) = chain::follows(&before, head.n, &rest) {
            let head = Head { n: head.n + 1, bytes, hash: hash.to_hex().to_string(), ..head };
            return Ok((head, End { bytes, last_is_newline: true }));
        }
    }
    let mut last = [b'\n'];
    if bytes > 0 {
        let mut reader = File::open(dir.join(AUDIT_FILE))?;
        reader.seek(SeekFrom::End(-1))?;
        reader.read_exact(&mut last)?;
    }
    Ok((head, End { bytes, last_is_newline: last == [b'\n'] }))
}

fn head_of(found: &Found) -> Head {
    Head {
        format: AUDIT_VERSION,
        n: found.records,
        bytes: found.bytes,
        hash: found.hash.to_hex().to_string(),
    }
}

/// The head that lies beside the log.
pub(crate) fn read_head(dir: &Path) -> Result<Option<Head>> {
    let path = dir.join(AUDIT_HEAD_FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
    };
    let head: Head = serde_json::from_slice(&bytes).map_err(|e| {
        Error::new(ErrorKind::Corrupt, format!("{} can't be read: {e}", path.display()))
    })?;
    if head.format > AUDIT_VERSION {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{} is of format {}; a newer her reads it", path.display(), head.format),
        ));
    }
    Ok(Some(head))
}

/// Walks the log of a data directory; a log that is not there yet is an empty one.
pub(crate) fn look(
    dir: &Path,
    heads: &[(u64, String)],
    see: &mut dyn FnMut(Value),
) -> Result<Found> {
    match File::open(dir.join(AUDIT_FILE)) {
        Ok(file) => chain::walk(&mut BufReader::new(file), heads, see),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            chain::walk(&mut std::io::empty(), heads, see)
        }
        Err(e) => Err(Error::io(format!("reading {}", dir.join(AUDIT_FILE).display()), e)),
    }
}

/// The last records, and what the walk over all of them found.
pub(crate) fn newest(dir: &Path, limit: usize) -> Result<(Vec<Value>, Found)> {
    let mut kept = VecDeque::new();
    let found = look(dir, &[], &mut |record| {
        kept.push_back(record);
        if kept.len() > limit {
            kept.pop_front();
        }
    })?;
    Ok((kept.into(), found))
}

/// Checks the log against its head, and against one that somebody noted elsewhere.
pub(crate) fn verify(dir: &Path, noted: Option<(u64, String)>) -> Result<Found> {
    // Nobody appends between the look at the head and the look at the log.
    let held = dir.join(AUDIT_FILE).exists().then(|| files::lock(dir, AUDIT_FILE)).transpose()?;
    let head = read_head(dir)?;
    let mut heads: Vec<_> = noted.into_iter().collect();
    heads.extend(head.as_ref().map(|h| (h.n, h.hash.clone())));
    let mut found = look(dir, &heads, &mut |_| {})?;
    drop(held);
    match head {
        None if found.lines > 0 => {
            found.trouble(format!("{AUDIT_HEAD_FILE} is gone: that nothing was cut can't be told"));
        }
        Some(head) if found.records > head.n + 1 => {
            found.trouble(format!("records follow that {AUDIT_HEAD_FILE} knows nothing of"));
        }
        _ => {}
    }
    Ok(found)
}

/// Refused requests, counted: a flood of them is a few lines a minute.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, u64>>);

impl Refusals {
    /// Counts one.
    pub fn add(&self, from: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.len() < ADDRESSES_MAX || counts.contains_key(from);
        *counts.entry(if known { from } else { "others" }.to_owned()).or_default() += 1;
    }

    /// Writes down what was counted since the last time.
    pub fn write(&self, dir: &Path, at_ms: u64) -> Result<()> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let bytes = std::fs::metadata(dir.join(AUDIT_FILE)).map_or(0, |m| m.len());
        if bytes > REFUSALS_UNTIL {
            return Ok(());
        }
        for (from, count) in counts {
            let deed = Deed {
                by: "unknown".into(),
                from: Some(from),
                what: "refused".into(),
                note: Some(format!("{count} requests in a minute")),
                outcome: "refused".into(),
                ..Deed::default()
            };
            append(dir, at_ms, &deed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(what: &str) -> Deed {
        let (by, outcome) = ("local".into(), "done".into());
        Deed { by, outcome, what: what.into(), identity: Some("sam".into()), ..Deed::default() }
    }

    fn fine(dir: &Path) -> u64 {
        let found = verify(dir, None).unwrap();
        assert_eq!(found.troubles, []);
        found.records
    }

    #[test]
    fn records_add_up_and_their_head_with_them() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(fine(dir.path()), 0);
        for n in 1..=4 {
            append(dir.path(), n, &deed("create")).unwrap();
            assert_eq!(fine(dir.path()), n);
        }
        let head = read_head(dir.path()).unwrap().unwrap();
        assert!(verify(dir.path(), Some((4, head.hash))).unwrap().troubles.is_empty());
        let other = verify(dir.path(), Some((4, "0".repeat(64)))).unwrap();
        assert!(other.troubles[0].1.contains("another digest"));
    }

    #[test]
    fn what_is_cut_behind_our_back_is_found() {
        let dir = tempfile::tempdir().unwrap();
        for n in 1..=4 {
            append(dir.path(), n, &deed("create")).unwrap();
        }
        let path = dir.path().join(AUDIT_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        let three: String = text.split_inclusive('\n').take(3).collect();
        std::fs::write(&path, three).unwrap();
        let told = verify(dir.path(), None).unwrap().troubles;
        assert!(told[0].1.contains("record 4 was written"), "{told:?}");
        // Going on does not hide it.
        append(dir.path(), 5, &deed("freeze")).unwrap();
        let told = verify(dir.path(), None).unwrap().troubles;
        assert_eq!(told[0], (4, "record 5 follows record 3: records are missing or moved".into()));
        std::fs::remove_file(dir.path().join(AUDIT_HEAD_FILE)).unwrap();
        assert!(verify(dir.path(), None).unwrap().troubles.iter().any(|t| t.1.contains("is gone")));
    }

    #[test]
    fn a_crash_between_log_and_head_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        append(dir.path(), 1, &deed("create")).unwrap();
        let old = std::fs::read(dir.path().join(AUDIT_HEAD_FILE)).unwrap();
        append(dir.path(), 2, &deed("fork")).unwrap();
        std::fs::write(dir.path().join(AUDIT_HEAD_FILE), &old).unwrap();
        assert_eq!(fine(dir.path()), 2);
        append(dir.path(), 3, &deed("tag")).unwrap();
        assert_eq!(fine(dir.path()), 3);
        // A torn line was never acknowledged.
        let mut file = files::lock(dir.path(), AUDIT_FILE).unwrap();
        file.write_all(b"{\"n\":4,\"at").unwrap();
        drop(file);
        assert_eq!(verify(dir.path(), None).unwrap().troubles.len(), 1);
        append(dir.path(), 4, &deed("tag")).unwrap();
        assert_eq!(fine(dir.path()), 4);
    }

    #[test]
    fn a_flood_of_refusals_is_a_few_lines() {
        let dir = tempfile::tempdir().unwrap();
        let refusals = Refusals::default();
        for i in 0..1000 {
            refusals.add(&format!("10.0.0.{}", i % 100));
        }
        refusals.write(dir.path(), 1).unwrap();
        assert_eq!(fine(dir.path()), ADDRESSES_MAX as u64 + 1);
        refusals.write(dir.path(), 2).unwrap();
        assert_eq!(fine(dir.path()), ADDRESSES_MAX as u64 + 1);
    }
}
