//! With whom the identities of a data directory exchange, and the nodes that were added for that:
//! a file that is written whole.

use std::path::{Path, PathBuf};

use her_identity::disk::{self, RealDisk};
use her_identity::format::{PEERS_FILE, PEERS_VERSION};
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::nodes::Added;

/// Pacts of one data directory.
pub const PACTS_MAX: usize = 4096;
/// The shortest time between two exchanges.
pub const EVERY_MIN_S: f64 = 0.1;

/// That an identity here exchanges with one of another node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pact {
    /// The identity here.
    pub identity: String,
    /// The other node, by its name in the settings, or among those that were added.
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
    /// None in format 1.
    #[serde(default)]
    nodes: Vec<Added>,
    pacts: Vec<Pact>,
}

/// The pacts of a data directory.
pub(super) struct Pacts {
    dir: PathBuf,
    nodes: Vec<Added>,
    all: Vec<Pact>,
}

impl Pacts {
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(PEERS_FILE);
        let bytes = match disk::read_whole(&RealDisk, &path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { dir: dir.to_owned(), nodes: Vec::new(), all: Vec::new() });
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
        Ok(Self { dir: dir.to_owned(), nodes: file.nodes, all: file.pacts })
    }

    pub fn all(&self) -> &[Pact] {
        &self.all
    }

    /// The nodes that were added.
    pub fn nodes(&self) -> &[Added] {
        &self.nodes
    }

    /// Adds a pact, or changes the one of the same two, with the node that it is with where that
    /// is new; durable when this returns.
    pub fn put(&mut self, pact: Pact, node: Option<Added>) -> Result<()> {
        pact.check()?;
        let mut nodes = self.nodes.clone();
        if let Some(node) = node {
            nodes.retain(|known| known.key != node.key);
            nodes.push(node);
        }
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
        self.write(nodes, all)
    }

    /// Removes a pact, and the node that was added for it when that has no other; durable when
    /// this returns. False when there is none.
    pub fn remove(&mut self, identity: &str, node: &str, with: &str) -> Result<bool> {
        let mut all = self.all.clone();
        all.retain(|pact| !pact.is(identity, node, with));
        let gone = all.len() < self.all.len();
        if gone {
            let mut nodes = self.nodes.clone();
            nodes.retain(|known| all.iter().any(|pact| pact.node == known.name));
            self.write(nodes, all)?;
        }
        Ok(gone)
    }

    fn write(&mut self, nodes: Vec<Added>, all: Vec<Pact>) -> Result<()> {
        let file = File { format: PEERS_VERSION, nodes, pacts: all };
        let bytes = serde_json::to_vec_pretty(&file).map_err(|e| Error::invalid(e.to_string()))?;
        disk::write_whole(&RealDisk, &self.dir, PEERS_FILE, &[&bytes]).map_err(|e| {
            Error::io(format!("writing {}", self.dir.join(PEERS_FILE).display()), e)
        })?;
        (self.nodes, self.all) = (file.nodes, file.pacts);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use her_identity::sync::Codec;

    use super::*;

    fn pact(with: &str, every_s: Option<f64>) -> Pact {
        let (identity, node, with) = ("sam".to_owned(), "b".to_owned(), with.to_owned());
        Pact { identity, node, with, every_s, codec: Choice::default(), weigh: true }
    }

    fn node(name: &str) -> Added {
        let key = her_identity::migrate::Node([name.len() as u8; 32]);
        Added { name: name.to_owned(), key, at: Some(format!("{name}.example:7401")) }
    }

    #[test]
    fn pacts_come_back_and_bad_ones_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut pacts = Pacts::open(dir.path()).unwrap();
        pacts.put(pact("sam", None), Some(node("b"))).unwrap();
        pacts.put(pact("tom", Some(1.0)), None).unwrap();
        pacts.put(pact("sam", Some(2.0)), None).unwrap();
        let refused = pacts.put(pact("sam", Some(0.01)), Some(node("cc"))).unwrap_err();
        assert!(refused.message.contains("got 0.01"), "{refused}");
        assert!(!pacts.remove("sam", "c", "sam").unwrap());
        assert!(pacts.remove("sam", "b", "tom").unwrap());
        let mut again = Pacts::open(dir.path()).unwrap();
        assert_eq!(again.all(), [pact("sam", Some(2.0))]);
        assert_eq!(again.nodes(), [node("b")]);
        // With the last pact goes the node.
        assert!(again.remove("sam", "b", "sam").unwrap());
        assert_eq!(Pacts::open(dir.path()).unwrap().nodes(), []);
        std::fs::write(dir.path().join(PEERS_FILE), r#"{"format": 9, "pacts": []}"#).unwrap();
        assert_eq!(Pacts::open(dir.path()).err().unwrap().kind, ErrorKind::Unsupported);
    }

    /// The file as each format first was: every later build opens them, for ever. With
    /// `HER_WRITE_GOLDEN=1` that of the newest format is written.
    #[test]
    fn every_format_ever_written_opens_and_goes_on() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let formats: [(&str, Vec<Added>); 2] =
            [("peers-v1", vec![]), ("peers-v2", vec![node("b"), node("cc")])];
        assert_eq!(formats.len(), usize::from(PEERS_VERSION));
        let all = || {
            let mut one = pact("tom", Some(10.0));
            (one.codec, one.weigh) = (Choice::Of(Codec::TopK), false);
            [pact("sam", None), one]
        };
        if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
            let dir = golden.join(formats[formats.len() - 1].0);
            let mut pacts = Pacts { dir, nodes: formats[formats.len() - 1].1.clone(), all: vec![] };
            for pact in all() {
                pacts.put(pact, None).unwrap();
            }
        }
        for (format, nodes) in formats {
            let dir = tempfile::tempdir().unwrap();
            std::fs::copy(golden.join(format).join(PEERS_FILE), dir.path().join(PEERS_FILE))
                .unwrap();
            let mut pacts = Pacts::open(dir.path()).unwrap();
            assert_eq!(pacts.all(), all(), "{format}");
            assert_eq!(pacts.nodes(), nodes, "{format}");
            pacts.put(pact("eve", None), Some(node("ddd"))).unwrap();
            let again = Pacts::open(dir.path()).unwrap();
            assert_eq!((again.all().len(), again.nodes().len()), (3, nodes.len() + 1));
        }
    }
}
