//! Thought-sync of a server: which identities exchange with whom, when, and the conversation.
//!
//! One side begins: it contributes what it learned, sends what it has and what the other one
//! misses; the other one takes that, contributes, and answers with what the first one misses.
//! Two messages bring both to the same rows. Nothing is sent to who is not in a pact with the
//! identity, and nothing is taken from who is not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use her_identity::house::Place;
use her_identity::migrate::Node;
use her_identity::sync::{Closing, Codec, Exchange, Origin, Part, Peer, Shared};
use her_identity::sync::{vector_from_bytes, vector_to_bytes};
use her_identity::turn::Desk;
use her_identity::{Error, ErrorKind, House, Result};

use crate::config;
use crate::node::{Call, Key, SyncBack, SyncCall, is_unknown};

mod admit;
mod agree;
mod answer;
mod began;
mod book;
mod choice;
mod clip;
mod kept;
mod lived;
mod merit;
mod nodes;
mod pact;
mod quota;
mod rounds;
mod rows;
pub mod speech;
mod tally;
mod translate;

pub(crate) use agree::Wish;
use answer::{Answered, answered, differs};
use began::Began;
pub(crate) use book::{read, reading, written};
pub use choice::{Choice, shortest};
use merit::Merits;
pub(crate) use merit::{Merit, Totals};
use nodes::Nodes;
pub(crate) use nodes::{SCHEME, url_of};
pub use pact::Pact;
use pact::Pacts;
use quota::Quota;
pub(crate) use rounds::Rounds;
use rows::Sent;
pub use tally::{Report, Tally};
pub(crate) use translate::contract_of;

/// How long the other side may take: its exchange is in it.
const LIMIT: Duration = Duration::from_secs(30);
/// Messages to and fro in one exchange: more rows than fit into one follow in the next.
const MESSAGES_MAX: usize = 16;

#[derive(Default)]
struct Known {
    tallies: BTreeMap<(String, String), Tally>,
    quotas: BTreeMap<(String, String), Quota>,
    /// When the next exchange of a pact is due.
    due: BTreeMap<(String, String), Duration>,
}

/// The exchanges of a server.
pub(crate) struct Syncs {
    house: Arc<House>,
    key: Key,
    nodes: Nodes,
    bounds: config::Sync,
    /// Where this node listens for others, once it does.
    listening: OnceLock<SocketAddr>,
    pacts: Mutex<Pacts>,
    known: Mutex<Known>,
    sent: Mutex<BTreeMap<String, Sent>>,
    merits: Merits,
    /// When what outlives the process was written last; one writes it at a time.
    kept: Mutex<Option<Duration>>,
    /// What an identity takes in follows from what it has: one exchange event of it at a time. It
    /// is not held while another node is asked, so that two may begin with each other at once.
    busy: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    life: u64,
    began: Began,
    stopping: AtomicBool,
    /// Whether the thread that begins exchanges is to look again, and what wakes it.
    woken: (Mutex<bool>, Condvar),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Syncs {
    /// The exchanges of a house. A new life begins: see [`Origin`].
    pub fn open(
        house: &Arc<House>,
        key: Key,
        known: &[crate::node::Peer],
        bounds: config::Sync,
    ) -> Result<Self> {
        let mut life = [0; 8];
        getrandom::fill(&mut life).map_err(|e| {
            let what = format!("the system gives no random numbers: {e}");
            Error::new(ErrorKind::Unavailable, what)
        })?;
        let pacts = Pacts::open(house.dir())?;
        let nodes = Nodes::new(&key, known, pacts.nodes())?;
        let began = Began::now(house);
        let used = kept::Used::open(house.dir())?;
        Ok(Self {
            house: Arc::clone(house),
            key,
            nodes,
            bounds,
            listening: OnceLock::new(),
            pacts: Mutex::new(pacts),
            began,
            known: Mutex::new(Known { quotas: used.quotas, ..Known::default() }),
            sent: Mutex::default(),
            merits: Merits::of_kept(used.merits),
            kept: Mutex::default(),
            busy: Mutex::default(),
            life: u64::from_le_bytes(life),
            stopping: AtomicBool::new(false),
            woken: (Mutex::new(false), Condvar::new()),
        })
    }

    /// The nodes that identities here exchange with.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// This is where the node listens for others.
    pub fn listens(&self, at: SocketAddr) {
        // It listens once.
        let _ = self.listening.set(at);
    }

    /// The pacts of an identity.
    pub fn pacts(&self, identity: &str) -> Vec<Pact> {
        let pacts = lock(&self.pacts);
        pacts.all().iter().filter(|pact| pact.identity == identity).cloned().collect()
    }

    /// The identities that have pacts.
    pub fn identities(&self) -> Vec<String> {
        let pacts = lock(&self.pacts);
        let names: std::collections::BTreeSet<&str> =
            pacts.all().iter().map(|pact| pact.identity.as_str()).collect();
        names.into_iter().map(ToOwned::to_owned).collect()
    }

    /// How exchanges of an identity with a peer went since the server started.
    pub fn tally(&self, identity: &str, peer: &str) -> Tally {
        let at = (identity.to_owned(), peer.to_owned());
        lock(&self.known).tallies.get(&at).cloned().unwrap_or_default()
    }

    /// Drops what a peer contributed, and takes nothing of it again.
    pub fn retract(&self, identity: &str, peer: &str) -> Result<Peer> {
        let busy = self.busy(identity);
        let _one = lock(&busy);
        let found = self.shared(identity)?.ok_or_else(|| {
            Error::invalid(format!("{identity} has not exchanged with anybody yet"))
        })?;
        let named = self.contributor(identity, &found, peer)?;
        if found.is_mine(&named) {
            return Err(Error::invalid(format!(
                "{peer} is {identity} itself; `her forget` takes out what it learned itself"
            )));
        }
        let mut exchange = self.exchange_of(identity, Some(&found))?;
        exchange.retract.push(named);
        self.submit(identity, exchange)?;
        Ok(named)
    }

    /// What an identity shares; none before its first exchange.
    pub fn shared(&self, identity: &str) -> Result<Option<Shared>> {
        self.house.look(identity, |identity| identity.state().shared().cloned())
    }

    /// The time of day, by which days are counted.
    fn wall(&self) -> Duration {
        Duration::from_millis(self.house.clock().now_ms())
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.house.clock().monotonic_ns())
    }

    /// Exchanges now, with one peer.
    pub fn sync(&self, pact: &Pact) -> Result<Report> {
        let begin = self.now();
        let mut report = Report { peer: name_of(pact), ..Report::default() };
        let done = self.converse(pact, &mut report);
        report.ms = (self.now().saturating_sub(begin)).as_secs_f64() * 1e3;
        report.at_ms = self.house.clock().now_ms();
        report.error = done.as_ref().err().map(|e| e.message.clone());
        // What is refused in one message is refused in the next.
        let mut told = std::collections::BTreeSet::new();
        report.refused.retain(|why| told.insert(why.clone()));
        let mut known = lock(&self.known);
        let tally = known.tallies.entry((pact.identity.clone(), report.peer.clone())).or_default();
        tally.begun(&report);
        drop(known);
        self.merits.totals.exchange(&report);
        self.keep_now_and_then();
        done.map(|()| report)
    }

    fn converse(&self, pact: &Pact, report: &mut Report) -> Result<()> {
        let peers = self.nodes.peers();
        let to = self.nodes.key_of(&pact.node).ok_or_else(|| {
            Error::not_found(format!("node {} is not in the settings any more", pact.node))
        })?;
        let mut shared = self.take(&pact.identity, pact, Vec::new())?;
        let (contract, terms) = self.contract(&pact.identity)?;
        // Of the other one nothing is known yet: the first message only asks.
        let mut theirs: Option<BTreeMap<Origin, u64>> = None;
        for _ in 0..MESSAGES_MAX {
            let by_events = report.events.is_some();
            let (parts, untold) = match &theirs {
                None => (Vec::new(), Vec::new()),
                Some(theirs) => self.offer(pact, &shared, theirs, &contract, by_events)?,
            };
            let (asked, told) = (theirs.is_some(), parts.len());
            report.tells(&parts, untold);
            let call = SyncCall {
                from: pact.identity.clone(),
                to: pact.with.clone(),
                contract,
                terms: terms.clone(),
                vector: vector_to_bytes(&shared.vector()),
                parts,
            };
            let back = peers
                .call(to, &Call::Sync(call), LIMIT)
                .map_err(|e| if is_unknown(&e) { self.unknown_there(pact) } else { e })?;
            let Answered { vector, hash, parts } = answered(back, report)?;
            let (taken, refused) = self.admit(pact, Some(&shared), parts, &contract)?;
            report.refused.extend(refused);
            let done = asked && taken.is_empty();
            if !taken.is_empty() {
                shared = self.take(&pact.identity, pact, taken)?;
            }
            theirs = Some(vector_from_bytes(&vector)?);
            report.same = match hash {
                Some(hash) => shared.hash() == hash,
                None => done && told == 0 && report.refused.is_empty(),
            };
            if report.same || (done && (hash.is_some() || told == 0)) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers an identity of another node.
    pub fn answer(&self, from: Node, call: SyncCall) -> SyncBack {
        self.taken(from, call).unwrap_or_else(|e| SyncBack::Refused(e.message))
    }

    /// Another node began an exchange, and was answered.
    fn answered(&self, pact: &Pact, got: usize, sent: usize) {
        let mut known = lock(&self.known);
        let tally = known.tallies.entry((pact.identity.clone(), name_of(pact))).or_default();
        tally.answered(got, sent);
        drop(known);
        self.merits.totals.bytes(got, sent);
        self.keep_now_and_then();
    }

    /// The other node's door is shut.
    fn unknown_there(&self, pact: &Pact) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!("node {} does not know this one; there, `{}`", pact.node, self.there(pact)),
        )
    }

    fn taken(&self, from: Node, call: SyncCall) -> Result<SyncBack> {
        let is_with =
            |pact: &&Pact| pact.with == call.from && self.nodes.key_of(&pact.node) == Some(from);
        let pact = self.pacts(&call.to).iter().find(is_with).cloned();
        // Who is in no pact does not learn which identities there are.
        let pact = pact.ok_or_else(|| {
            Error::not_found(format!(
                "no pact of {} with {}; there, `her peer add {} NODE/{}` makes it",
                call.to, call.from, call.to, call.from
            ))
        })?;
        if self.house.place(&call.to) != Place::Here {
            return Err(Error::new(ErrorKind::Unavailable, format!("{} is not here now", call.to)));
        }
        let (contract, terms) = self.contract(&call.to)?;
        let why =
            self.why_events(&call.to, &terms, (contract != call.contract).then_some(&*call.terms))?;
        let got = call.parts.iter().map(Vec::len).sum();
        let before = self.shared(&call.to)?;
        let (taken, mut refused) = self.admit(&pact, before.as_ref(), call.parts, &contract)?;
        let shared = self.take(&call.to, &pact, taken)?;
        let theirs = vector_from_bytes(&call.vector)?;
        let (parts, untold) = self.offer(&pact, &shared, &theirs, &contract, why.is_some())?;
        refused.extend(untold);
        self.answered(&pact, got, parts.iter().map(Vec::len).sum());
        let vector = vector_to_bytes(&shared.vector());
        Ok(match why {
            Some(why) => SyncBack::Told { why, vector, parts, refused },
            None => SyncBack::Took { vector, hash: shared.hash(), parts, refused },
        })
    }

    /// Why the two tell each other events, if sums are of no use to one of them.
    fn why_events(
        &self,
        identity: &str,
        terms: &str,
        unlike: Option<&str>,
    ) -> Result<Option<String>> {
        if let Some(theirs) = unlike {
            return Ok(Some(differs(terms, theirs)));
        }
        let merge = self.house.look(identity, |identity| identity.state().model().merge())?;
        Ok((!merge.is_additive()).then(|| format!("the model has {}", merge.text())))
    }

    fn busy(&self, identity: &str) -> Arc<Mutex<()>> {
        Arc::clone(lock(&self.busy).entry(identity.to_owned()).or_default())
    }

    fn contract(&self, identity: &str) -> Result<([u8; 32], String)> {
        self.house.look(identity, |identity| {
            let state = identity.state();
            (state.contract_hash(), state.contract())
        })
    }

    fn missing(
        &self,
        identity: &str,
        shared: &Shared,
        theirs: &BTreeMap<Origin, u64>,
        contract: &[u8; 32],
    ) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
        let mut sent = lock(&self.sent);
        let sent = sent.entry(identity.to_owned()).or_default();
        rows::missing(shared, theirs, contract, &self.key, sent)
    }

    /// Contributes what was learned, and takes parts in.
    fn take(&self, identity: &str, pact: &Pact, parts: Vec<Part>) -> Result<Shared> {
        let busy = self.busy(identity);
        let _one = lock(&busy);
        let mut batches = rows::batches(parts);
        if batches.is_empty() {
            batches.push(Vec::new());
        }
        for parts in batches {
            let shared = self.shared(identity)?;
            let mut exchange = self.exchange_of(identity, shared.as_ref())?;
            exchange.codec = match pact.codec {
                Choice::Auto if self.has_learned(identity)? => self.shortest(identity)?,
                // Nothing was learned: nothing is contributed.
                Choice::Auto => Codec::Events,
                Choice::Of(codec) => codec,
            };
            (exchange.weigh, exchange.parts) = (pact.weigh, parts);
            // Two that have nothing to tell one another write nothing.
            let says = shared.is_none() || exchange.says_something();
            if says || self.has_learned(identity)? {
                self.submit(identity, exchange)?;
                self.weighed(identity, shared)?;
            }
        }
        let none = || Error::new(ErrorKind::Internal, "an exchange left nothing behind");
        let shared = self.shared(identity)?.ok_or_else(none)?;
        self.remember(identity, &shared)?;
        Ok(shared)
    }

    /// The codec that has the shortest form of what an identity learned since it contributed last.
    fn shortest(&self, identity: &str) -> Result<Codec> {
        let offers =
            self.house.look(identity, |identity| identity.state().offers(&mut Desk::default()))?;
        choice::shortest(&offers?)
    }

    /// Keeps what was just contributed, to send only that to who has what was before.
    fn remember(&self, identity: &str, shared: &Shared) -> Result<()> {
        let lesson = self.house.look(identity, |identity| identity.state().lesson().cloned())?;
        let mut sent = lock(&self.sent);
        sent.entry(identity.to_owned()).or_default().contributed(shared, lesson);
        Ok(())
    }

    /// Whether an identity has learned from events that it has not contributed.
    fn has_learned(&self, identity: &str) -> Result<bool> {
        self.house.look(identity, |identity| identity.state().uncontributed_events() > 0)
    }

    fn submit(&self, identity: &str, exchange: Exchange) -> Result<()> {
        let events = exchange.events()?.into_iter().map(|what| self.house.event(what)).collect();
        let replies = self.house.submit_wait(identity, events)?;
        replies.into_iter().try_for_each(|reply| reply.map(drop))
    }

    /// What the former life of an identity had not contributed when this process began.
    fn closing(&self, identity: &str) -> Result<Option<Closing>> {
        let Some(version) = self.began.version(identity) else { return Ok(None) };
        let state = self.house.at(identity, version)?;
        let events = state.uncontributed_events();
        Ok(Some(Closing { version, events, learned: state.unpublished() }))
    }

    /// An exchange under the identity's present name, with what follows from how it got there.
    fn exchange_of(&self, identity: &str, shared: Option<&Shared>) -> Result<Exchange> {
        let record = self.house.record(identity)?;
        let peer = Peer { key: self.key.node.0, identity: record.current };
        let mut exchange = Exchange::new(Origin { peer, life: self.life }, Codec::default());
        let elsewhere = |id| {
            let others = self.house.names().into_iter().filter(|name| name != identity);
            let mut records = others.filter_map(|name| self.house.record(&name).ok());
            records.any(|other| other.branch(id).is_some())
        };
        match shared.and_then(Shared::me) {
            // It was another branch: of itself before a rewind, or of the parent of a fork.
            Some(me) if me.peer.identity != record.current && !elsewhere(me.peer.identity) => {
                exchange.left.push(me.peer);
            }
            Some(me) if me.peer == peer && me.life != self.life => {
                exchange.closing = self.closing(identity)?;
            }
            None if record.branches.len() > 1 => {
                exchange.inherited = record.branches.first().is_some_and(|b| elsewhere(b.id));
            }
            _ => {}
        }
        Ok(exchange)
    }
}

/// How a peer is written.
pub(crate) fn name_of(pact: &Pact) -> String {
    format!("{}/{}", pact.node, pact.with)
}
