//! A chain of lines: each ends with a digest of itself and of the digest before it.
//!
//! A line is `{"n":7,…,"hash":"…"}`. The digest is BLAKE3 over the 32 bytes of the digest
//! before and over the line up to the comma before `"hash"`. So no line can be changed, taken out or put
//! in without changing all that follow; that the last ones are there is told by a head, which is
//! kept beside the file, or by anybody who wrote it down.

use std::io::{BufRead, Read};

use blake3::{Hash, Hasher};
use her_identity::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of a line.
const LINE_MAX: u64 = 16 * 1024;
/// Troubles that are told; more are counted.
const TOLD_MAX: usize = 100;
/// Bytes of `,"hash":"…"}`.
const SEAL_BYTES: usize = 9 + 64 + 2;

/// How far a chain goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub format: u16,
    /// Lines.
    pub n: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The digest that the last line ends with.
    pub hash: String,
}

/// The digest before the first line.
pub(crate) fn start() -> Hash {
    blake3::hash(b"her audit 1")
}

/// A line of these members after a digest, and its own digest.
pub(crate) fn link(before: &Hash, members: &Value) -> (String, Hash) {
    let text = members.to_string();
    let body = text.strip_suffix('}').unwrap_or(&text);
    let hash = digest(before, body.as_bytes());
    (format!("{body},\"hash\":\"{}\"}}\n", hash.to_hex()), hash)
}

fn digest(before: &Hash, body: &[u8]) -> Hash {
    Hasher::new().update(before.as_bytes()).update(body).finalize()
}

/// The body of a line without its end, and the digest that it claims.
fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL_BYTES)?)?;
    let hex = seal.strip_prefix(b",\"hash\":\"")?.strip_suffix(b"\"}")?;
    Some((body, Hash::from_hex(hex).ok()?))
}

/// The digest of a record after `n` others, when `line` is that record.
pub(crate) fn follows(before: &Hash, n: u64, line: &[u8]) -> Option<Hash> {
    let (body, claimed) = split(line.strip_suffix(b"\n")?)?;
    let value: Value = serde_json::from_slice(line).ok()?;
    (digest(before, body) == claimed && value["n"].as_u64() == Some(n + 1)).then_some(claimed)
}

/// What a look at a whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub lines: u64,
    /// The number of the last record.
    pub records: u64,
    pub bytes: u64,
    pub hash: Hash,
    /// The line, from 1, and what is wrong with it.
    pub troubles: Vec<(u64, String)>,
    pub more_troubles: u64,
}

impl Found {
    /// Tells what is wrong at the line where the walk is.
    pub fn trouble(&mut self, why: impl Into<String>) {
        if self.troubles.len() < TOLD_MAX {
            self.troubles.push((self.lines, why.into()));
        } else {
            self.more_troubles += 1;
        }
    }
}

/// Walks a chain, and hands every record to `see`. `heads` are what it must have gone through:
/// a number of lines, and the digest of the last of them.
pub(crate) fn walk(
    input: &mut dyn BufRead,
    heads: &[(u64, String)],
    see: &mut dyn FnMut(Value),
) -> Result<Found> {
    let mut line = Vec::new();
    let mut found = Found {
        lines: 0,
        records: 0,
        bytes: 0,
        hash: start(),
        troubles: Vec::new(),
        more_troubles: 0,
    };
    loop {
        line.clear();
        let read = (&mut *input).take(LINE_MAX).read_until(b'\n', &mut line);
        let read = read.map_err(|e| Error::io("reading the audit log", e))?;
        if read == 0 {
            break;
        }
        found.bytes += read as u64;
        found.lines += 1;
        if line.pop() != Some(b'\n') {
            found.trouble(if read as u64 == LINE_MAX {
                "the line is longer than any line of ours"
            } else {
                "the line breaks off"
            });
            continue;
        }
        step(&line, heads, &mut found, see);
    }
    let number = found.records;
    for (n, _) in heads.iter().filter(|(n, _)| *n > number) {
        found.trouble(format!("the log ends at record {number}, but record {n} was written"));
    }
    Ok(found)
}

fn step(line: &[u8], heads: &[(u64, String)], found: &mut Found, see: &mut dyn FnMut(Value)) {
    let value: Option<Value> = serde_json::from_slice(line).ok().filter(Value::is_object);
    let (Some((body, claimed)), Some(value)) = (split(line), value) else {
        found.trouble("this is no record");
        return;
    };
    let n = value["n"].as_u64().unwrap_or(0);
    let number = found.records;
    if n != number + 1 {
        found.trouble(format!("record {n} follows record {number}: records are missing or moved"));
    } else if digest(&found.hash, body) != claimed {
        found.trouble(format!("record {n} was changed, or the one before it"));
    }
    for (_, wanted) in heads.iter().filter(|(at, _)| *at == n) {
        if claimed.to_hex().as_str() != wanted {
            found.trouble(format!("record {n} ends in another digest than was noted"));
        }
    }
    // The rest is judged by what this line claims, so that one change is told as one.
    (found.records, found.hash) = (n, claimed);
    see(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chain(records: u64) -> (Vec<String>, Hash) {
        let mut hash = start();
        let lines = (1..=records).map(|n| {
            let (line, next) = link(&hash, &json!({ "n": n, "what": "create" }));
            hash = next;
            line
        });
        (lines.collect(), hash)
    }

    fn told(text: &str, heads: &[(u64, String)]) -> Vec<(u64, String)> {
        walk(&mut text.as_bytes(), heads, &mut |_| {}).unwrap().troubles
    }

    #[test]
    fn a_whole_chain_is_fine() {
        let (lines, hash) = chain(5);
        let heads = [(5, hash.to_hex().to_string())];
        let mut seen = Vec::new();
        let text = lines.concat();
        let found = walk(&mut text.as_bytes(), &heads, &mut |v| seen.push(v["n"].clone())).unwrap();
        assert_eq!((found.lines, found.hash, found.troubles), (5, hash, Vec::new()));
        assert_eq!(seen, [1, 2, 3, 4, 5]);
        assert_eq!(told("", &[]), []);
    }

    #[test]
    fn whatever_is_done_to_a_chain_is_found_at_its_line() {
        let (lines, hash) = chain(5);
        let heads = [(5, hash.to_hex().to_string())];
        let check = |lines: &[String], at: u64, why: &str| {
            let told = told(&lines.concat(), &heads);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].0 == at && told[0].1.contains(why), "{told:?}");
        };
        let mut changed = lines.clone();
        changed[2] = changed[2].replace("create", "freeze");
        check(&changed, 3, "was changed");
        let mut removed = lines.clone();
        removed.remove(2);
        check(&removed, 3, "record 4 follows record 2");
        check(&lines[1..], 1, "record 2 follows record 0");
        check(&lines[..4], 4, "record 5 was written");
        let mut cut = lines.clone();
        cut[4].truncate(20);
        assert_eq!(told(&cut.concat(), &[])[0], (5, "the line breaks off".to_owned()));
        let mut forged = lines.clone();
        (forged[4], _) = link(&start(), &json!({ "n": 5 }));
        assert!(told(&forged.concat(), &[])[0].1.contains("was changed"));
        // A whole chain of somebody else's is told by the head only.
        let mut hash = start();
        let other: String = (1..=5)
            .map(|n| {
                let (line, next) = link(&hash, &json!({ "n": n, "what": "nothing" }));
                hash = next;
                line
            })
            .collect();
        assert_eq!(told(&other, &[]), []);
        assert!(told(&other, &heads)[0].1.contains("another digest"));
    }

    #[test]
    fn what_is_no_line_is_told_within_bounds() {
        let long = "x".repeat(100_000);
        assert!(told(&long, &[])[0].1.contains("longer"));
        let many = "{}\n".repeat(300);
        let found = walk(&mut many.as_bytes(), &[], &mut |_| {}).unwrap();
        assert_eq!((found.troubles.len(), found.more_troubles), (TOLD_MAX, 200));
    }
}
