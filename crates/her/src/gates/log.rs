//! What the gates of an identity decided: a file of its own, a line a decision, chained.
//!
//! A line is written when a decision changes, and is durable before anything is done about it. It
//! holds what the gate remembers, so that a restart goes on from the last line of each gate. When
//! the file is long it is kept as the older one, and a new one begins with those last lines. The
//! chain is that of the audit log, and begins anew with each file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use her_identity::format::{GATES_DIR, GATES_VERSION, gate_decisions_file, older_file};
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::locks::{chain, files};

/// Bytes of a file, beyond which a new one is begun.
const BYTES_MAX: u64 = 1 << 20;

/// The open log of an identity.
pub(crate) struct DecisionLog {
    dir: PathBuf,
    identity: String,
    file: File,
    n: u64,
    bytes: u64,
    hash: blake3::Hash,
    /// The last line of each gate, without its number.
    last: BTreeMap<String, Value>,
}

impl DecisionLog {
    /// Opens the log of an identity in a data directory. A line that a crash tore, which nobody
    /// was told of, is cut; a log that is damaged is kept as the older one.
    pub fn open(data_dir: &Path, identity: &str, now_ms: u64) -> Result<Self> {
        let dir = data_dir.join(GATES_DIR);
        std::fs::create_dir_all(&dir)
            .map_err(|e| Error::io(format!("making {}", dir.display()), e))?;
        let path = dir.join(gate_decisions_file(identity));
        let is_new = !path.exists();
        cut_torn(&path)?;
        let mut last = BTreeMap::new();
        let mut format = u64::from(GATES_VERSION);
        let found = walk(&path, &mut |record| {
            format = record["format"].as_u64().unwrap_or(format);
            if let Some(gate) = record["gate"].as_str() {
                last.insert(gate.to_owned(), record.clone());
            }
        })?;
        if format > u64::from(GATES_VERSION) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{} is of format {format}; a newer her reads it", path.display()),
            ));
        }
        let file = append(&path)?;
        let mut log = Self {
            dir,
            identity: identity.to_owned(),
            file,
            n: found.records,
            bytes: found.bytes,
            hash: found.hash,
            last,
        };
        match found.troubles.first() {
            Some((line, why)) => log.begin(now_ms, Some(format!("line {line}: {why}")))?,
            None if is_new || log.n == 0 => log.head(now_ms, None)?,
            None => {}
        }
        Ok(log)
    }

    /// The last line of each gate.
    pub fn last(&self) -> &BTreeMap<String, Value> {
        &self.last
    }

    /// Writes a decision of a gate; durable when this returns.
    pub fn append(&mut self, gate: &str, record: Map<String, Value>) -> Result<()> {
        if self.bytes >= BYTES_MAX {
            let now_ms = record.get("at_ms").and_then(Value::as_u64).unwrap_or(0);
            self.begin(now_ms, None)?;
        }
        let record = Value::Object(record);
        self.write(record.clone())?;
        self.last.insert(gate.to_owned(), record);
        Ok(())
    }

    /// Begins a new file; the one up to now becomes the older one.
    fn begin(&mut self, now_ms: u64, damage: Option<String>) -> Result<()> {
        let name = gate_decisions_file(&self.identity);
        let (path, older) = (self.dir.join(&name), self.dir.join(older_file(&name)));
        let io = |e| Error::io(format!("beginning a new {}", path.display()), e);
        std::fs::rename(&path, older).map_err(io)?;
        self.file = append(&path)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(io)?;
        (self.n, self.bytes, self.hash) = (0, 0, chain::start());
        self.head(now_ms, damage)?;
        for mut record in self.last.clone().into_values() {
            record["carried"] = true.into();
            self.write(record)?;
        }
        Ok(())
    }

    /// The first line of a file.
    fn head(&mut self, now_ms: u64, damage: Option<String>) -> Result<()> {
        let mut head =
            json!({ "at_ms": now_ms, "format": GATES_VERSION, "identity": self.identity });
        if let Some(damage) = damage {
            head["older_is_damaged"] = damage.into();
        }
        self.write(head)
    }

    fn write(&mut self, record: Value) -> Result<()> {
        let mut members = Map::new();
        members.insert("n".into(), (self.n + 1).into());
        if let Value::Object(record) = record {
            members.extend(record.into_iter().filter(|(key, _)| key != "n" && key != "hash"));
        }
        let (line, hash) = chain::link(&self.hash, &Value::Object(members));
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            // Whether the line is there is not known: what comes next begins after what is known.
            let _ = self.file.set_len(self.bytes);
            let name = gate_decisions_file(&self.identity);
            return Err(Error::io(format!("writing {}", self.dir.join(name).display()), e));
        }
        (self.n, self.bytes, self.hash) = (self.n + 1, self.bytes + line.len() as u64, hash);
        Ok(())
    }
}

/// The newest decisions of an identity's gates, oldest first; of one gate, if it is named.
pub(crate) fn newest(
    data_dir: &Path,
    identity: &str,
    gate: Option<&str>,
    limit: usize,
) -> Result<Vec<Value>> {
    let name = gate_decisions_file(identity);
    let mut kept = std::collections::VecDeque::new();
    for name in [older_file(&name), name] {
        walk(&data_dir.join(GATES_DIR).join(name), &mut |record| {
            let told = record["gate"].as_str().filter(|of| gate.is_none_or(|gate| gate == *of));
            if told.is_some() && record["carried"].is_null() {
                kept.push_back(record);
                if kept.len() > limit {
                    kept.pop_front();
                }
            }
        })?;
    }
    Ok(kept.into())
}

fn append(path: &Path) -> Result<File> {
    let opened = files::private().create(true).append(true).open(path);
    opened.map_err(|e| Error::io(format!("opening {}", path.display()), e))
}

/// Walks a file; one that is not there is an empty one.
fn walk(path: &Path, see: &mut dyn FnMut(Value)) -> Result<chain::Found> {
    match File::open(path) {
        Ok(file) => chain::walk(&mut BufReader::new(file), &[], see),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            chain::walk(&mut std::io::empty(), &[], see)
        }
        Err(e) => Err(Error::io(format!("reading {}", path.display()), e)),
    }
}

/// Cuts what follows the last whole line.
fn cut_torn(path: &Path) -> Result<()> {
    let io = |e| Error::io(format!("reading {}", path.display()), e);
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(2 * BYTES_MAX).read_to_end(&mut bytes).map_err(io)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io(e)),
    };
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() && (bytes.len() as u64) < 2 * BYTES_MAX {
        let file = File::options().write(true).open(path).map_err(io)?;
        file.set_len(whole as u64).map_err(io)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at_ms: u64, gate: &str, decision: &str) -> Map<String, Value> {
        let record = json!({ "at_ms": at_ms, "gate": gate, "decision": decision, "state": {} });
        record.as_object().unwrap().clone()
    }

    fn path(dir: &Path) -> PathBuf {
        dir.join(GATES_DIR).join(gate_decisions_file("sam"))
    }

    #[test]
    fn what_was_decided_is_there_after_a_restart_and_a_torn_line_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = DecisionLog::open(dir.path(), "sam", 1).unwrap();
        log.append("hot", record(2, "hot", "FOR_PENDING")).unwrap();
        log.append("cold", record(3, "cold", "ACT")).unwrap();
        log.append("hot", record(4, "hot", "ACT")).unwrap();
        drop(log);
        let mut file = append(&path(dir.path())).unwrap();
        file.write_all(b"{\"n\":5,\"at_ms\":5,\"gate\":\"hot\"").unwrap();
        let mut log = DecisionLog::open(dir.path(), "sam", 6).unwrap();
        assert_eq!(log.last()["hot"]["at_ms"], 4);
        log.append("hot", record(7, "hot", "DONE")).unwrap();
        let told = newest(dir.path(), "sam", Some("hot"), 2).unwrap();
        assert_eq!(
            (told.len(), &told[0]["decision"], &told[1]["decision"]),
            (2, &json!("ACT"), &json!("DONE"))
        );
        assert_eq!(newest(dir.path(), "sam", None, 10).unwrap().len(), 4);
        assert_eq!(newest(dir.path(), "ada", None, 10).unwrap(), Vec::<Value>::new());
        let found = walk(&path(dir.path()), &mut |_| {}).unwrap();
        assert_eq!((found.records, found.troubles), (5, vec![]));
    }

    #[test]
    fn a_long_log_goes_on_in_a_new_file_and_forgets_no_gate() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = DecisionLog::open(dir.path(), "sam", 1).unwrap();
        log.append("cold", record(2, "cold", "ACT")).unwrap();
        let size = |name: &str| std::fs::metadata(name).map_or(0, |m| m.len());
        let (now, older) = (path(dir.path()), format!("{}.1", path(dir.path()).display()));
        // Some kilobytes a line, so that the test is short.
        let mut long = record(3, "hot", "ACT");
        long.insert("detail".into(), "x".repeat(12_000).into());
        for _ in 0..200 {
            log.append("hot", long.clone()).unwrap();
        }
        assert!(size(&older) >= BYTES_MAX && size(&older) < BYTES_MAX + 13_000);
        assert!(size(now.to_str().unwrap()) < BYTES_MAX + 13_000);
        drop(log);
        let log = DecisionLog::open(dir.path(), "sam", 9).unwrap();
        assert_eq!(log.last()["cold"]["at_ms"], 2, "carried over two files");
        assert_eq!(log.last()["cold"]["carried"], true);
        assert!(newest(dir.path(), "sam", Some("cold"), 10).unwrap().is_empty(), "told once");
    }

    #[test]
    fn a_damaged_log_is_kept_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = DecisionLog::open(dir.path(), "sam", 1).unwrap();
        log.append("hot", record(2, "hot", "ACT")).unwrap();
        log.append("hot", record(3, "hot", "DONE")).unwrap();
        let text = std::fs::read_to_string(path(dir.path())).unwrap();
        std::fs::write(path(dir.path()), text.replace("\"ACT\"", "\"BSY\"")).unwrap();
        let log = DecisionLog::open(dir.path(), "sam", 4).unwrap();
        assert_eq!(log.last()["hot"]["decision"], "DONE");
        let text = std::fs::read_to_string(path(dir.path())).unwrap();
        assert!(text.contains("older_is_damaged\":\"line 2: record 2 was changed"), "{text}");
        let newer = text.replace("\"format\":1", "\"format\":2");
        std::fs::write(path(dir.path()), newer).unwrap();
        let refused = DecisionLog::open(dir.path(), "sam", 5).err().unwrap();
        assert_eq!(refused.kind, ErrorKind::Unsupported);
    }
}
