//! The way to other nodes: connections that are kept open, and made anew when they fail.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use her_identity::migrate::{Ask, Link, Node, Told};
use her_identity::{Error, ErrorKind, Result};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::wire::{self, Back, Call};
use super::{Key, tls};

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may take that holds nobody up: a replay at the other side is in it.
const PATIENT: Duration = Duration::from_mins(2);
/// How long an answer may take while learning is sealed.
const PROMPT: Duration = Duration::from_secs(5);
/// The same for a piece of a state that is sent meanwhile: the last one is answered once all of it
/// is on the disk.
const SHIPPING: Duration = Duration::from_secs(10);
/// Connections to one node that are kept open.
const KEPT: usize = 8;

/// Another node, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name here.
    pub name: String,
    /// Its key.
    pub key: Node,
    /// Host and port where it listens for nodes; none of one that only comes to us.
    pub at: Option<String>,
    /// The address of its server, for clients that follow an identity there.
    pub url: Option<String>,
}

/// Whether an error says that the other side does not know this node's key: all that TLS tells who
/// is not let in.
pub(crate) fn is_unknown(error: &Error) -> bool {
    error.kind == ErrorKind::Unavailable && error.message.contains("AccessDenied")
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

struct Way {
    peer: Peer,
    config: Arc<ClientConfig>,
    idle: Mutex<Vec<Stream>>,
}

/// The other nodes.
pub struct Peers {
    ways: BTreeMap<Node, Way>,
}

impl Peers {
    /// The nodes of the settings, as seen by the owner of a key.
    pub fn new(key: &Key, peers: &[Peer]) -> Result<Self> {
        let way = |peer: &Peer| {
            let config = tls::client(key, peer.key)?;
            Ok((peer.key, Way { peer: peer.clone(), config, idle: Mutex::default() }))
        };
        Ok(Self { ways: peers.iter().map(way).collect::<Result<_>>()? })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Peer> {
        self.ways.values().map(|way| &way.peer)
    }

    /// A node by its key.
    pub fn get(&self, node: Node) -> Option<&Peer> {
        self.ways.get(&node).map(|way| &way.peer)
    }

    /// A node by its name, its key, its URL or where it listens.
    pub fn find(&self, text: &str) -> Result<&Peer> {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let is = |peer: &&Peer| {
            peer.name == text
                || peer.at.as_deref() == Some(text)
                || peer.key.to_string() == text
                || peer.url.as_deref().is_some_and(|url| plain(url) == plain(text))
        };
        self.all().find(is).ok_or_else(|| {
            let names: Vec<&str> = self.all().map(|peer| peer.name.as_str()).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Error::not_found(format!(
                "no node {text:?} is in the settings (known: {known}); add a table [nodes.NAME] \
                 with its key and at"
            ))
        })
    }

    /// Whether a node is there and has the key that it should have. That it lets this one in only
    /// shows when it is asked for something.
    pub(crate) fn reach(&self, to: Node) -> Result<()> {
        self.way(to)?.connect().map(drop)
    }

    fn way(&self, to: Node) -> Result<&Way> {
        let unknown = || Error::not_found(format!("node {to} is not known here"));
        self.ways.get(&to).ok_or_else(unknown)
    }

    /// Asks a node. An error of kind `Unavailable` means that it may have been done or not.
    pub(crate) fn call(&self, to: Node, call: &Call, limit: Duration) -> Result<Back> {
        let way = self.way(to)?;
        let kept = way.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(stream) = kept {
            // It may have been closed meanwhile. What asks for the same twice may be asked twice.
            match way.ask(stream, call, limit) {
                Err(Failed { again: true, .. }) => {}
                Err(Failed { error, .. }) => return Err(error),
                Ok(back) => return Ok(back),
            }
        }
        let stream = way.connect()?;
        way.ask(stream, call, limit).map_err(|failed| failed.error)
    }
}

struct Failed {
    error: Error,
    /// True when nothing can have come of it.
    again: bool,
}

impl Way {
    fn connect(&self) -> Result<Stream> {
        let name = &self.peer.name;
        let Some(at) = &self.peer.at else {
            return Err(Error::invalid(format!(
                "node {name} has no address here; it begins, and comes to this node"
            )));
        };
        let away = |e: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Unavailable, format!("node {name} at {at} is away: {e}"))
        };
        let found = at.to_socket_addrs().map_err(|e| away(&e))?.next();
        let found = found.ok_or_else(|| away(&"its address has no number"))?;
        let stream = TcpStream::connect_timeout(&found, CONNECT).map_err(|e| away(&e))?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(CONNECT)))
            .and_then(|()| stream.set_write_timeout(Some(PROMPT)))
            .map_err(|e| away(&e))?;
        // Who the other is, its key says; the name is only what TLS wants to be told.
        let node = ServerName::try_from("node.her").map_err(|e| away(&e))?;
        let tls = ClientConnection::new(Arc::clone(&self.config), node).map_err(|e| away(&e))?;
        let mut stream = StreamOwned::new(tls, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|e| away(&e))?;
        }
        Ok(stream)
    }

    fn ask(
        &self,
        mut stream: Stream,
        call: &Call,
        limit: Duration,
    ) -> std::result::Result<Back, Failed> {
        let failed = |error: Error, again| Failed { error, again };
        let limited = stream.sock.set_read_timeout(Some(limit));
        limited.map_err(|e| failed(Error::io("timing a node's answer", e), true))?;
        let sent = wire::write(&mut stream, call);
        sent.map_err(|error| {
            let again = error.kind == ErrorKind::Unavailable;
            failed(error, again)
        })?;
        let back = match wire::read(&mut stream) {
            Ok(Some(back)) => back,
            Ok(None) => {
                let what = format!("node {} closed the connection", self.peer.name);
                return Err(failed(Error::new(ErrorKind::Unavailable, what), false));
            }
            Err(error) => return Err(failed(error, false)),
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(stream);
        }
        Ok(back)
    }
}

impl Link for Peers {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        let limit = match ask {
            Ask::Agree { .. } | Ask::Grant { .. } | Ask::Cas { .. } | Ask::Cell { .. } => PROMPT,
            Ask::Snapshot { shipped: true, .. } => SHIPPING,
            _ => PATIENT,
        };
        match self.call(to, &Call::Ask(ask.clone()), limit)? {
            Back::Told(told) => Ok(told),
            Back::Refused(why) => Err(Error::invalid(why)),
            other => {
                let what = format!("a node answers something else than it was asked: {other:?}");
                Err(Error::new(ErrorKind::Internal, what))
            }
        }
    }
}
