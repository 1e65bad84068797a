//! Rows on their way in a book: what an identity's own book holds of them, and how those of a book
//! are joined.

use std::collections::{BTreeMap, BTreeSet};

use her_book::{Contribution, Contributions};
use her_identity::house::Place;
use her_identity::journal::IdentityId;
use her_identity::migrate::Node;
use her_identity::sync::shared::hash_of;
use her_identity::sync::{Codec, Content, Origin, Part, Peer, Shared, Weight};
use her_identity::sync::{limits, pack};
use her_identity::turn::State;
use her_identity::{Error, ErrorKind, Result};
use serde_json::Value;

use super::{Syncs, lock, rows};
use crate::node::Key;

/// What came of joining the rows of a book.
#[derive(Debug, Default)]
pub(crate) struct Came {
    /// Rows that are here now.
    pub taken: usize,
    /// Rows that were here already, of that number or a higher one.
    pub known: usize,
    /// Peers whose rows are not taken, as they were retracted here.
    pub retracted: Vec<String>,
    /// Events of the journal that it took.
    pub exchanges: usize,
}

impl Syncs {
    /// Contributes what an identity has learned and not told yet, so that its book has it; says
    /// nothing where there is nothing to say, or the model is not one of sums.
    pub fn contribute(&self, identity: &str, codec: Codec) -> Result<()> {
        let busy = self.busy(identity);
        let _one = lock(&busy);
        let (speaks, events) = self.house.look(identity, |identity| {
            let state = identity.state();
            let speaks = state.model().merge().is_additive() && !state.is_frozen();
            (speaks, state.uncontributed_events())
        })?;
        let shared = self.shared(identity)?;
        let rounded = shared.as_ref().is_some_and(|shared| !shared.residue().is_empty());
        if !speaks || (events == 0 && !(rounded && codec == Codec::Exact)) {
            return Ok(());
        }
        let mut exchange = self.exchange_of(identity, shared.as_ref())?;
        (exchange.codec, exchange.weigh) = (codec, self.weighs(identity));
        self.submit(identity, exchange)
    }

    /// Joins rows that were checked; no event is written where there is nothing new to say.
    pub fn join(&self, identity: &str, parts: Vec<Part>, read_all: bool) -> Result<Came> {
        if self.house.place(identity) != Place::Here {
            let what = format!("{identity} is not here now; join the book where it lives");
            return Err(Error::new(ErrorKind::Unavailable, what));
        }
        let busy = self.busy(identity);
        let _one = lock(&busy);
        let shared = self.shared(identity)?;
        let mut came = Came::default();
        let unread = read_all && parts.iter().any(|part| !is_read(shared.as_ref(), part));
        let news = came.sift(parts, shared.as_ref());
        let mut batches = rows::batches(news);
        if batches.is_empty() && came.known > 0 {
            batches.push(Vec::new());
        }
        for parts in batches {
            came.taken += parts.len();
            let shared = self.shared(identity)?;
            let mut exchange = self.exchange_of(identity, shared.as_ref())?;
            exchange.weigh = !read_all && self.weighs(identity);
            exchange.parts = parts;
            // What was learned since weighs what was joined before.
            if exchange.says_something() || unread || self.has_learned(identity)? {
                self.submit(identity, exchange)?;
                came.exchanges += 1;
            }
        }
        Ok(came)
    }

    /// The hash of an identity's contract, if it can take the rows of models of this one; else why
    /// not, in words.
    pub fn made_alike(&self, identity: &str, theirs: &Value) -> Result<[u8; 32]> {
        let (merge, ours, hash) = self.house.look(identity, |identity| {
            let state = identity.state();
            (state.model().merge(), state.contract(), state.contract_hash())
        })?;
        if !merge.is_additive() {
            return Err(Error::invalid(format!(
                "{identity} can't join what others learned as vectors ({}); send it the events",
                merge.text()
            )));
        }
        let ours: Value = serde_json::from_str(&ours)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("a contract: {e}")))?;
        if ours == *theirs {
            return Ok(hash);
        }
        Err(Error::invalid(format!(
            "the two are not made alike, and sums of unlike models mean nothing: the book's model \
             is {}, and that of {identity} is {}; make an identity with the book's spec, or send \
             this one the events",
            theirs["model"], ours["model"]
        )))
    }

    /// The nodes whose rows are taken.
    pub fn known(&self) -> Vec<Node> {
        self.nodes.peers().all().map(|peer| peer.key).collect()
    }

    /// This node.
    pub fn node(&self) -> Node {
        self.key.node
    }

    /// The version of an identity.
    pub fn version(&self, identity: &str) -> Result<u64> {
        self.house.look(identity, |identity| identity.state().version())
    }

    /// Whether an identity weighs its peers by its own events: unless a pact says otherwise.
    fn weighs(&self, identity: &str) -> bool {
        self.pacts(identity).iter().all(|pact| pact.weigh)
    }
}

/// Whether a row's peer is read whole, or needs no reading.
fn is_read(shared: Option<&Shared>, part: &Part) -> bool {
    let peer = &part.origin.peer;
    shared.is_some_and(|shared| {
        shared.is_mine(peer)
            || shared.retracted().contains(peer)
            || shared.read_as(peer) == Some(Weight::Whole)
    })
}

impl Came {
    /// The parts that are new here.
    fn sift(&mut self, parts: Vec<Part>, shared: Option<&Shared>) -> Vec<Part> {
        let mut news = Vec::new();
        for part in parts {
            let (peer, row) = (part.origin.peer, shared.and_then(|s| s.rows().get(&part.origin)));
            if shared.is_some_and(|shared| shared.retracted().contains(&peer)) {
                self.retracted.push(peer.to_string());
            } else if row.is_some_and(|row| row.seq >= part.to) {
                self.known += 1;
            } else {
                news.push(part);
            }
        }
        self.retracted.dedup();
        news
    }
}

/// The rows of a state as a book holds them, each signed; and which are left out, and why.
pub(crate) fn written(state: &State, key: &Key) -> Result<(Contributions, Vec<String>)> {
    let contract = state.contract_hash();
    let (mut rows, mut untold) = (Vec::new(), Vec::new());
    let all = state.shared().map(Shared::rows);
    // What was heard is its origin's to tell.
    for (origin, row) in all.into_iter().flatten().filter(|(_, row)| !row.heard) {
        let Origin { peer, life } = *origin;
        let Some(signature) = rows::signature_of(row, origin, &contract, key)? else {
            untold.push(format!(
                "number {} of {peer} is not in it: it was contributed on another node, which \
                 signed it for nobody",
                row.seq
            ));
            continue;
        };
        let sums = pack::pack(&row.sums);
        if sums.len() > limits::ROW_BYTES {
            untold.push(format!("{} is not in it: {}", named(origin, row.seq), long(sums.len())));
            continue;
        }
        rows.push(Contribution {
            key: peer.key,
            identity: peer.identity.0,
            life,
            number: row.seq,
            events: row.events,
            hash: row.hash,
            signature: *signature,
            sums,
        });
    }
    Ok((Contributions { contract, rows }, untold))
}

fn named(origin: &Origin, number: u64) -> String {
    format!("number {number} of {}", origin.peer)
}

fn long(bytes: usize) -> String {
    format!(
        "it has {bytes} bytes, and peers take at most {}; a coarser --codec of its writer makes \
         it shorter, where its model is merged by deltas",
        limits::ROW_BYTES
    )
}

/// The rows of a book as parts, each signed by a known node under this contract; and why others
/// are refused.
pub(crate) fn read(
    found: &Contributions,
    known: impl Fn(Node) -> bool,
) -> (Vec<Part>, Vec<String>) {
    let (mut parts, mut refused) = (Vec::new(), Vec::new());
    for row in &found.rows {
        match part(row, &found.contract, &known) {
            Ok(part) => parts.push(part),
            Err(e) => refused.push(e.message),
        }
    }
    (parts, refused)
}

fn part(row: &Contribution, contract: &[u8; 32], known: &impl Fn(Node) -> bool) -> Result<Part> {
    let peer = Peer { key: row.key, identity: IdentityId(row.identity) };
    let (origin, to) = (Origin { peer, life: row.life }, row.number);
    if row.sums.len() > limits::ROW_BYTES {
        return Err(Error::invalid(format!(
            "{} is not taken: {}",
            named(&origin, to),
            long(row.sums.len())
        )));
    }
    let node = Node(row.key);
    if !known(node) {
        return Err(Error::invalid(format!(
            "{} is of a node that is not in the settings here; add it, or give its key: --key \
             {node}",
            named(&origin, to)
        )));
    }
    let mut sums = pack::unpack(&row.sums)
        .map_err(|e| Error::invalid(format!("{}: {}", named(&origin, to), e.message)))?;
    sums.trim();
    if to == 0 || hash_of(&sums) != row.hash {
        return Err(Error::invalid(format!(
            "{} is not what its origin signed: its sums have another hash",
            named(&origin, to)
        )));
    }
    let (events, hash, signature) = (row.events, row.hash, Box::new(row.signature));
    let content = Content::Sums(sums);
    let part = Part { origin, from: 0, to, events, content, hash, signature };
    rows::check_signed(&part, contract, known)?;
    Ok(part)
}

/// How peers are read, by name, of those whose rows these are.
pub(crate) fn reading(shared: &Shared, of: &BTreeSet<Peer>) -> BTreeMap<String, Option<Weight>> {
    let others = of.iter().filter(|peer| !shared.is_mine(peer));
    others.map(|peer| (peer.to_string(), shared.read_as(peer))).collect()
}
