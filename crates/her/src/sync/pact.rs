//! With whom the identities of a data directory exchange: a file that is written whole.

use std::path::{Path, PathBuf};

use her_identity::disk::{self, RealDisk};
use her_identity::format::{PEERS_FILE, PEERS_VERSION};
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::choice::Choice;

/// Pacts of one data directory.
pub const PACTS_MAX: usize = 4096;
/// The shortest time between two exchanges.
pub const EVERY_MIN_S: f64 = 0.1;

/// That an identity here exchanges with one of another node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pact {
    /// The identity here.
    pub identity: String,
    /// The other node, by its name in the settings.
    pub node: String,
    /// The identity there.
    pub with: String,
    /// Seconds between exchanges that this side begins; none for only when asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<f64>,
    /// How what is sent is rounded.
    #[serde(default)]
    pub codec: Choice,
    /// Whether peers are weighed by what they do for the own predictions, or read whole.
    #[serde(default = "yes")]
    pub weigh: bool,
}

fn yes() -> bool {
    true
}

impl Pact {
    /// Whether it is about the same two.
    pub fn is(&self, identity: &str, node: &str, with: &str) -> bool {
        self.identity == identity && self.node == node && self.with == with
    }

    /// Bounds of what was asked for.
    pub fn check(&self) -> Result<()> {
        match self.every_s {
            Some(s) if !(EVERY_MIN_S..=30.0 * 24.0 * 3600.0).contains(&s) => Err(Error::invalid(
                format!("every_s must lie between {EVERY_MIN_S} s and 30 days, got {s}"),
            )),
            _ => Ok(()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u16,
    pacts: Vec<Pact>,
}

/// The pacts of a data directory.
pub(super) struct Pacts {
    dir: PathBuf,
    all: Vec<Pact>,
}

impl Pacts {
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(PEERS_FILE);
        let bytes = match disk::read_whole(&RealDisk, &path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { dir: dir.to_owned(), all: Vec::new() });
            }
            Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|e| {
            let what = format!("{} can't be read ({e}); mend it or remove it", path.display());
            Error::new(ErrorKind::Corrupt, what)
        })?;
        if file.format == 0 || file.format > PEERS_VERSION {
            let path = path.display().to_string();
            return Err(Error::unsupported(&path, "peers", file.format, PEERS_VERSION));
        }
        Ok(Self { dir: dir.to_owned(), all: file.pacts })
    }

    pub fn all(&self) -> &[Pact] {
        &self.all
    }

    /// Adds a pact, or changes the one of the same two; durable when this returns.
    pub fn put(&mut self, pact: Pact) -> Result<()> {
        pact.check()?;
        let mut all = self.all.clone();
        let same = all.iter().position(|old| old.is(&pact.identity, &pact.node, &pact.with));
        match same {
            Some(at) => all[at] = pact,
            None if all.len() >= PACTS_MAX => {
                return Err(Error::invalid(format!(
                    "{PACTS_MAX} peers are known, more are not kept; remove one with `her peer \
                     remove`"
                )));
            }
            None => all.push(pact),
        }
        self.write(all)
    }

    /// Removes a pact; durable when this returns. False when there is none.
    pub fn remove(&mut self, identity: &str, node: &str, with: &str) -> Result<bool> {
        let mut all = self.all.clone();
        all.retain(|pact| !pact.is(identity, node, with));
        let gone = all.len() < self.all.len();
        if gone {
            self.write(all)?;
        }
        Ok(gone)
    }

    fn write(&mut self, all: Vec<Pact>) -> Result<()> {
        let file = File { format: PEERS_VERSION, pacts: all };
        let bytes = serde_json::to_vec_pretty(&file).map_err(|e| Error::invalid(e.to_string()))?;
        disk::write_whole(&RealDisk, &self.dir, PEERS_FILE, &[&bytes]).map_err(|e| {
            Error::io(format!("writing {}", self.dir.join(PEERS_FILE).display()), e)
        })?;
        self.all = file.pacts;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pact(with: &str, every_s: Option<f64>) -> Pact {
        let (identity, node, with) = ("sam".to_owned(), "b".to_owned(), with.to_owned());
        Pact { identity, node, with, every_s, codec: Choice::Auto, weigh: true }
    }

    #[test]
    fn pacts_come_back_and_bad_ones_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut pacts = Pacts::open(dir.path()).unwrap();
        pacts.put(pact("sam", None)).unwrap();
        pacts.put(pact("tom", Some(1.0))).unwrap();
        pacts.put(pact("sam", Some(2.0))).unwrap();
        let refused = pacts.put(pact("sam", Some(0.01))).unwrap_err();
        assert!(refused.message.contains("got 0.01"), "{refused}");
        assert!(!pacts.remove("sam", "c", "sam").unwrap());
        assert!(pacts.remove("sam", "b", "tom").unwrap());
        assert_eq!(Pacts::open(dir.path()).unwrap().all(), [pact("sam", Some(2.0))]);
        std::fs::write(dir.path().join(PEERS_FILE), r#"{"format": 9, "pacts": []}"#).unwrap();
        assert_eq!(Pacts::open(dir.path()).err().unwrap().kind, ErrorKind::Unsupported);
    }
}
