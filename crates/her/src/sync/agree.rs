//! Pacts: with whom an identity exchanges, made and ended while the server runs.

use std::collections::BTreeSet;

use her_identity::sync::{Peer, Shared};
use her_identity::{Error, Result};
use serde::Deserialize;

use super::nodes::{Added, url_of};
use super::{Choice, Pact, Syncs, lock, name_of};

/// What is asked for when a pact is made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// `her://KEY@HOST:PORT`, KEY or NODE, with `/IDENTITY` behind it unless that one is called as
    /// this one is.
    pub peer: String,
    /// How a node that is new is called here; by the beginning of its key if nothing is said.
    #[serde(default, rename = "as")]
    pub called: Option<String>,
    #[serde(default)]
    pub every_s: Option<f64>,
    #[serde(default)]
    pub codec: Option<Choice>,
    #[serde(default = "yes")]
    pub weigh: bool,
}

fn yes() -> bool {
    true
}

/// A pact that was made.
pub(crate) struct Agreed {
    pub pact: Pact,
    /// The node that was added for it.
    pub added: Option<Added>,
    /// Why that node can't be reached now, if it can't.
    pub away: Option<String>,
    /// What makes the same pact at the other node.
    pub there: String,
}

impl Syncs {
    /// Makes a pact, or changes it; a node that is new is added, and may exchange from now on. All
    /// of it is durable when this returns.
    pub fn agree(&self, identity: &str, wish: &Wish) -> Result<Agreed> {
        self.house.record(identity)?;
        let (pact, added) = {
            // One at a time: a name or a key is not given twice.
            let mut pacts = lock(&self.pacts);
            let meant = self.nodes.meant(&wish.peer, identity, wish.called.as_deref())?;
            let at = match &meant.add {
                Some(add) => add.at.clone(),
                None => self.nodes.get(&meant.node).and_then(|(peer, _)| peer.at),
            };
            if at.is_none() && wish.every_s.is_some() {
                return Err(Error::invalid(format!(
                    "{identity} can't begin: node {} has no address here; let the other side \
                     begin, or add it by what `her node --address` says there",
                    meant.node
                )));
            }
            let pact = Pact {
                identity: identity.to_owned(),
                node: meant.node,
                with: meant.with,
                every_s: wish.every_s,
                codec: wish.codec.unwrap_or_default(),
                weigh: wish.weigh,
            };
            pacts.put(pact.clone(), meant.add.clone())?;
            if meant.add.is_some() {
                self.nodes.renew(pacts.nodes())?;
            }
            (pact, meant.add)
        };
        self.wake();
        let reached = added.as_ref().filter(|added| added.at.is_some());
        let away = reached.and_then(|added| self.nodes.peers().reach(added.key).err());
        let there = self.there(&pact);
        Ok(Agreed { pact, added, away: away.map(|e| e.message), there })
    }

    /// Ends a pact; a node that was added for it goes with its last one. What came by it stays;
    /// `retract` takes it out.
    pub fn end(&self, identity: &str, peer: &str) -> Result<()> {
        let pact = self.find(identity, peer)?;
        let mut pacts = lock(&self.pacts);
        if pacts.remove(identity, &pact.node, &pact.with)? {
            self.nodes.renew(pacts.nodes())?;
        }
        drop(pacts);
        let at = (identity.to_owned(), name_of(&pact));
        let mut known = lock(&self.known);
        known.tallies.remove(&at);
        known.due.remove(&at);
        known.quotas.remove(&at);
        Ok(())
    }

    /// The pact of an identity with the peer that a text means.
    pub fn find(&self, identity: &str, peer: &str) -> Result<Pact> {
        let meant = self.nodes.meant(peer, identity, None)?;
        let mut pacts = self.pacts(identity).into_iter();
        pacts.find(|pact| pact.is(identity, &meant.node, &meant.with)).ok_or_else(|| {
            Error::not_found(format!(
                "{identity} has no pact with {}/{}; `her peer add {identity} {peer}` makes one, \
                 `her peer list {identity}` shows those that it has",
                meant.node, meant.with
            ))
        })
    }

    /// Who contributed, as `her peer list` writes it: by its whole name, or by its node where only
    /// one identity of that node did.
    pub(super) fn contributor(&self, identity: &str, of: &Shared, text: &str) -> Result<Peer> {
        let rows = of.rows().keys().map(|origin| origin.peer);
        let all: BTreeSet<Peer> = of.trust().keys().copied().chain(rows).collect();
        if let Some(peer) = all.iter().find(|peer| peer.to_string() == text) {
            return Ok(*peer);
        }
        let key = self.nodes.key_of(text).or_else(|| text.parse().ok());
        let of_node: Vec<&Peer> =
            all.iter().filter(|peer| key.is_some_and(|key| key.0 == peer.key)).collect();
        match of_node[..] {
            [peer] => Ok(*peer),
            [] => Err(Error::not_found(format!(
                "no row here is of {text}; `her peer list {identity}` shows whose there are"
            ))),
            _ => {
                let all: Vec<String> = of_node.iter().map(ToString::to_string).collect();
                let all = all.join(", ");
                Err(Error::invalid(format!("{text} has several here: say which of {all}")))
            }
        }
    }

    /// This node's own address with its key, where it listens.
    pub fn url(&self) -> Option<String> {
        let at = *self.listening.get()?;
        let host = at.ip().is_unspecified().then(|| format!("HOST:{}", at.port()));
        Some(url_of(self.key.node, &host.unwrap_or_else(|| at.to_string())))
    }

    /// What makes the same pact at the other node.
    pub(super) fn there(&self, pact: &Pact) -> String {
        let url = self.url().unwrap_or_else(|| self.key.node.to_string());
        format!("her peer add {} {url}/{}", pact.with, pact.identity)
    }
}
