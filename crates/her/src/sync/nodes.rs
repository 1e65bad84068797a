//! The nodes of thought-sync: those of the settings, and those that were added while the server
//! ran. The latter may exchange what was learned and nothing else: see [`crate::node::Right`].

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use her_identity::migrate::Node;
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::config::{check_node_name, port_of};
use crate::node::{Guests, Key, Peer, Peers, Right};

/// Nodes that may be added.
pub const ADDED_MAX: usize = 256;
/// How an address begins that names a node and its key.
pub(crate) const SCHEME: &str = "her://";
/// Digits of its key by which a node is called that nobody named.
const DIGITS: usize = 12;

/// A node that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Added {
    /// Its name here.
    pub name: String,
    /// Its key.
    pub key: Node,
    /// Host and port where it listens for nodes; none for one that only comes to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The address of a node with its key, as `her peer add` takes it.
pub(crate) fn url_of(key: Node, at: &str) -> String {
    format!("{SCHEME}{key}@{at}")
}

/// Whom a text means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    /// The node, by its name.
    pub node: String,
    /// The identity there.
    pub with: String,
    /// The node, when it has to be added, or is to be reached elsewhere, first.
    pub add: Option<Added>,
}

struct Now {
    added: Vec<Added>,
    peers: Arc<Peers>,
}

/// All nodes of thought-sync, and who of them may come in.
pub(crate) struct Nodes {
    key: Key,
    listed: Vec<Peer>,
    guests: Arc<Guests>,
    now: RwLock<Now>,
}

impl Nodes {
    /// The nodes of the settings, and those that were added to them.
    pub fn new(key: &Key, listed: &[Peer], added: &[Added]) -> Result<Self> {
        let listed = listed.to_vec();
        for one in added {
            let other = listed.iter().find(|peer| peer.name == one.name && peer.key != one.key);
            if let Some(other) = other {
                return Err(Error::invalid(format!(
                    "nodes.{} of the settings has the key {}, and was added as a peer before with \
                     the key {}; give the one in the settings another name",
                    one.name, other.key, one.key
                )));
            }
        }
        let guests = Arc::new(Guests::default());
        let now = RwLock::new(Now { added: Vec::new(), peers: Arc::new(Peers::new(key, &[])?) });
        let nodes = Self { key: key.clone(), listed, guests, now };
        nodes.renew(added)?;
        Ok(nodes)
    }

    /// These are the nodes that were added, from now on.
    pub fn renew(&self, added: &[Added]) -> Result<()> {
        let new = added.iter().filter(|one| !self.listed.iter().any(|peer| peer.key == one.key));
        let new = new.map(|one| {
            let Added { name, key, at } = one.clone();
            Peer { name, key, at, url: None }
        });
        let all: Vec<Peer> = self.listed.iter().cloned().chain(new).collect();
        let peers = Arc::new(Peers::new(&self.key, &all)?);
        let mut rights: BTreeMap<Node, Right> =
            all.iter().map(|peer| (peer.key, Right::Sync)).collect();
        rights.extend(self.listed.iter().map(|peer| (peer.key, Right::All)));
        *self.now.write().unwrap_or_else(PoisonError::into_inner) =
            Now { added: added.to_vec(), peers };
        self.guests.set(rights);
        Ok(())
    }

    /// Who may come in, as it is at any time.
    pub fn guests(&self) -> Arc<Guests> {
        Arc::clone(&self.guests)
    }

    /// The way to all of them.
    pub fn peers(&self) -> Arc<Peers> {
        Arc::clone(&self.read().peers)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Now> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether rows of this node are taken.
    pub fn knows(&self, node: Node) -> bool {
        node == self.key.node || self.read().peers.get(node).is_some()
    }

    /// The key of a name that a pact has.
    pub fn key_of(&self, name: &str) -> Option<Node> {
        let now = self.read();
        let listed = self.listed.iter().find(|peer| peer.name == name).map(|peer| peer.key);
        listed.or_else(|| now.added.iter().find(|one| one.name == name).map(|one| one.key))
    }

    /// The node of a name that a pact has, and whether it is in the settings.
    pub fn get(&self, name: &str) -> Option<(Peer, bool)> {
        let key = self.key_of(name)?;
        let peer = self.read().peers.get(key).cloned()?;
        Some((peer, self.listed.iter().any(|peer| peer.key == key)))
    }

    /// Whom a text means: `her://KEY@HOST:PORT`, KEY or NODE, with `/IDENTITY` behind it unless it
    /// is called as this one is. With `called`, a node that is new gets that name.
    pub(super) fn meant(&self, text: &str, name: &str, called: Option<&str>) -> Result<Meant> {
        if let Some(rest) = text.strip_prefix(SCHEME) {
            return self.by_url(text, rest, name, called);
        }
        if let Some(node) = self.named(text) {
            return known(node, name, called);
        }
        let (node, with) = text.rsplit_once('/').unwrap_or((text, name));
        if let Some(node) = self.named(node) {
            return known(node, with, called);
        }
        let is_key = node.len() > DIGITS && node.chars().all(|c| c.is_ascii_hexdigit());
        if is_key {
            let key: Node = node.parse()?;
            return match self.name_of(key) {
                Some(node) => known(node, with, called),
                None => self.new_one(key, None, with, called),
            };
        }
        let mut known: Vec<String> = self.listed.iter().map(|peer| peer.name.clone()).collect();
        known.extend(self.read().added.iter().map(|one| one.name.clone()));
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(Error::not_found(format!(
            "no node {node:?} is known here (known: {known}); a new one is added by what `her node \
             --url` says there: `her peer add {name} {SCHEME}KEY@HOST:PORT`"
        )))
    }

    fn by_url(&self, text: &str, rest: &str, name: &str, called: Option<&str>) -> Result<Meant> {
        let wrong = |why: &str| {
            Error::invalid(format!("{text:?} {why}; write {SCHEME}KEY@HOST:PORT/IDENTITY"))
        };
        let (key, rest) = rest.split_once('@').ok_or_else(|| wrong("names no key"))?;
        let key: Node =
            key.parse().map_err(|e: Error| wrong(&format!("is none: {}", e.message)))?;
        let (at, with) = rest.split_once('/').unwrap_or((rest, name));
        if with.is_empty() || with.contains('/') {
            return Err(wrong("names no identity behind the last /"));
        }
        port_of(at).ok_or_else(|| wrong(&format!("has {at:?} for a host and port")))?;
        let Some(node) = self.name_of(key) else {
            return self.new_one(key, Some(at.to_owned()), with, called);
        };
        let mut meant = known(node, with, called)?;
        let (peer, listed) = self.get(&meant.node).ok_or_else(|| wrong("is not known"))?;
        match peer.at {
            Some(old) if old == at => {}
            None if !listed => {
                meant.add = Some(Added { name: peer.name, key, at: Some(at.to_owned()) });
            }
            old => {
                let old = old.unwrap_or_else(|| "no address".to_owned());
                let remedy =
                    if listed { "change it in the settings" } else { "remove its pacts first" };
                return Err(Error::new(
                    ErrorKind::Exists,
                    format!(
                        "node {} has this key and is at {old}, not at {at}; {remedy}, if it moved",
                        meant.node
                    ),
                ));
            }
        }
        Ok(meant)
    }

    /// A node that is known, by its name here, its URL or where it listens.
    fn named(&self, text: &str) -> Option<String> {
        if self.key_of(text).is_some() {
            return Some(text.to_owned());
        }
        self.peers().find(text).ok().map(|peer| peer.name.clone())
    }

    /// What a node is called here.
    pub fn name_of(&self, key: Node) -> Option<String> {
        self.read().peers.get(key).map(|peer| peer.name.clone())
    }

    fn new_one(
        &self,
        key: Node,
        at: Option<String>,
        with: &str,
        called: Option<&str>,
    ) -> Result<Meant> {
        if key == self.key.node {
            return Err(Error::invalid(format!(
                "{key} is the key of this node itself; `her node --address` at the other one tells its \
                 own"
            )));
        }
        let short: String = key.to_string().chars().take(DIGITS).collect();
        let name = called.unwrap_or(&short).to_owned();
        check_node_name(&name)
            .map_err(|why| Error::invalid(format!("the name {name:?} for a node: {why}")))?;
        if name.parse::<Node>().is_ok() {
            return Err(Error::invalid(format!(
                "the name {name} for a node would be read as a key"
            )));
        }
        if self.key_of(&name).is_some() {
            return Err(Error::new(
                ErrorKind::Exists,
                format!("another node is called {name}; choose a name with --as"),
            ));
        }
        if self.read().added.len() >= ADDED_MAX {
            return Err(Error::invalid(format!(
                "{ADDED_MAX} nodes were added, more are not kept; remove one with `her peer remove`"
            )));
        }
        let add = Added { name: name.clone(), key, at };
        Ok(Meant { node: name, with: with.to_owned(), add: Some(add) })
    }
}

/// A node that is known under that name.
fn known(node: String, with: &str, called: Option<&str>) -> Result<Meant> {
    match called {
        Some(called) if called != node => Err(Error::new(
            ErrorKind::Exists,
            format!("that node is known as {node}, and can't be called {called} too"),
        )),
        _ => Ok(Meant { node, with: with.to_owned(), add: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (tempfile::TempDir, Key) {
        let dir = tempfile::tempdir().unwrap();
        let key = crate::node::of_dir(dir.path()).unwrap();
        (dir, key)
    }

    fn listed(name: &str, key: Node, at: &str) -> Peer {
        Peer { name: name.into(), key, at: Some(at.into()), url: Some("http://b:7400/".into()) }
    }

    #[test]
    fn a_text_names_a_node_that_is_known_or_one_to_be_added() {
        let (_dir, me) = key();
        let (b, c) = (Node([7; 32]), Node([8; 32]));
        let added = Added { name: "c".into(), key: c, at: None };
        let nodes = Nodes::new(&me, &[listed("b", b, "b:7401")], &[added]).unwrap();
        let known = |text: &str, node: &str, with: &str| {
            let meant = nodes.meant(text, "sam", None).unwrap();
            assert_eq!((meant.node.as_str(), meant.with.as_str()), (node, with), "{text}");
            assert_eq!(meant.add, None, "{text}");
        };
        known("b", "b", "sam");
        known("b/tom", "b", "tom");
        known("http://b:7400", "b", "sam");
        known("http://b:7400/tom", "b", "tom");
        known(&format!("{b}/tom"), "b", "tom");
        known(&c.to_string(), "c", "sam");
        known(&format!("her://{b}@b:7401/tom"), "b", "tom");
        let d = Node([9; 32]);
        let new = nodes.meant(&format!("her://{d}@[::1]:7401"), "sam", None).unwrap();
        let want = Added { name: "090909090909".into(), key: d, at: Some("[::1]:7401".into()) };
        assert_eq!((new.node, new.with, new.add), (want.name.clone(), "sam".into(), Some(want)));
        let new = nodes.meant(&format!("{d}/tom"), "sam", Some("dora")).unwrap();
        let want = Added { name: "dora".into(), key: d, at: None };
        assert_eq!((new.node, new.with, new.add), ("dora".into(), "tom".into(), Some(want)));
        // One that only came to us says where it is.
        let found = nodes.meant(&format!("her://{c}@c:1/tom"), "sam", None).unwrap();
        assert_eq!(found.add.unwrap().at.as_deref(), Some("c:1"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (_dir, me) = key();
        let (b, c) = (Node([7; 32]), Node([8; 32]));
        let added = Added { name: "c".into(), key: c, at: Some("c:1".into()) };
        let nodes = Nodes::new(&me, &[listed("b", b, "b:7401")], &[added]).unwrap();
        let mine = me.node;
        for (text, called, says) in [
            ("nobody".to_owned(), None, "no node \"nobody\" is known here (known: b, c)"),
            ("nobody/tom".to_owned(), None, "no node \"nobody\""),
            ("her://b:7401".to_owned(), None, "names no key"),
            ("her://abc@b:7401".to_owned(), None, "\"abc\" is not 64 hex digits"),
            (format!("{}f", "ab".repeat(30)), None, "is not 64 hex digits"),
            (format!("her://{b}@b"), None, "has \"b\" for a host and port"),
            (format!("her://{b}@:7401"), None, "has \":7401\" for a host and port"),
            (format!("her://{b}@b:x/tom"), None, "has \"b:x\" for a host and port"),
            (format!("her://{b}@b:7401/"), None, "names no identity"),
            (format!("her://{b}@b:7402"), None, "node b has this key and is at b:7401"),
            (format!("her://{c}@c:2"), None, "node c has this key and is at c:1, not at c:2"),
            (format!("her://{mine}@a:1"), None, "of this node itself"),
            (mine.to_string(), None, "of this node itself"),
            (format!("{}", Node([9; 32])), Some("c"), "another node is called c"),
            (format!("{}", Node([9; 32])), Some("a b"), "letters, digits"),
            ("b".to_owned(), Some("bob"), "is known as b"),
        ] {
            let refused = nodes.meant(&text, "sam", called).unwrap_err();
            assert!(refused.message.contains(says), "{text}: {refused}");
        }
        let other = [Added { name: "b".into(), key: c, at: None }];
        let refused = Nodes::new(&me, &[listed("b", b, "b:1")], &other).err().unwrap();
        assert!(refused.message.contains("another name"), "{refused}");
    }

    #[test]
    fn a_node_of_the_settings_may_all_and_an_added_one_may_exchange() {
        let (_dir, me) = key();
        let (b, c) = (Node([7; 32]), Node([8; 32]));
        // The same node in both: the settings say what it may, and its name of before is known.
        let added =
            [("bob", b), ("c", c)].map(|(name, key)| Added { name: name.into(), key, at: None });
        let nodes = Nodes::new(&me, &[listed("b", b, "b:1")], &added).unwrap();
        let right = |node| nodes.guests().right(node);
        assert_eq!((right(b), right(c)), (Some(Right::All), Some(Right::Sync)));
        assert_eq!((nodes.key_of("bob"), nodes.key_of("b")), (Some(b), Some(b)));
        assert!(nodes.knows(me.node) && nodes.knows(c));
        nodes.renew(&added[..1]).unwrap();
        assert_eq!((right(c), nodes.knows(c)), (None, false));
    }
}
