//! Links over QUIC, by iroh: both sides prove their Ed25519 keys in TLS 1.3 (RFC 7250, no
//! certificates), and the list of peers decides before anything is read.
//!
//! Relays are off unless they are given, addresses are published nowhere, and no name server is
//! asked: peers are reached at the addresses that the caller names.

mod peer;
mod receive;
mod roster;
mod send;
mod verdicts;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use iroh::endpoint::{ConnectError, ConnectingError, ConnectionError, presets};
use iroh::endpoint::{Connection, Incoming, QuicTransportConfig, RecvStream, SendStream, VarInt};
use iroh::{Endpoint, EndpointAddr, PublicKey, RelayMode, RelayUrl, SecretKey, TransportAddr};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::peer::{QuicPeer, Wire};
use self::roster::Roster;
use crate::wire::{ALPN, End, Hello};
use crate::{Error, Key, Limits, Link, LinkFigures, PeerLink, Result, Secret, Wait};

/// Handshakes at one time; more are refused before they cost anything.
const HANDSHAKES: usize = 64;
/// Peers that were let in and that nobody has accepted yet.
const ARRIVED: usize = 64;
/// What one stream may have on its way, in bytes, and what all of a connection may.
const STREAM_WINDOW: u32 = 2 << 20;
const WINDOW: u32 = 16 << 20;

/// What a link is bound with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This machine's key.
    pub secret: Secret,
    /// Where it listens, UDP. Port 0 takes a free one; the default is the loopback.
    pub address: SocketAddr,
    /// Who may be a peer. [`Link::allow`] and [`Link::revoke`] change it later.
    pub allowed: Vec<Key>,
    /// URLs of iroh relays, by which peers behind NATs find a way; none unless they are given.
    pub relays: Vec<String>,
    /// The bounds of each connection.
    pub limits: Limits,
}

impl Settings {
    /// The key alone: at the loopback, without peers and without relays.
    pub fn new(secret: Secret) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (allowed, relays) = (Vec::new(), Vec::new());
        Self { secret, address, allowed, relays, limits: Limits::default() }
    }
}

/// This machine's end of the network, on a UDP socket.
pub struct QuicLink {
    inner: Arc<Inner>,
    arrived: AsyncMutex<mpsc::Receiver<Arc<QuicPeer>>>,
    accepting: JoinHandle<()>,
}

struct Inner {
    endpoint: Endpoint,
    roster: Arc<Roster>,
    limits: Limits,
    relays: bool,
    open: Mutex<Vec<Weak<Wire>>>,
}

impl QuicLink {
    /// Opens the socket and lets peers in from now on. Runs on tokio.
    ///
    /// Errors when a limit is out of its range, a relay is no URL or the address is taken.
    pub async fn bind(settings: Settings) -> Result<Self> {
        let Settings { secret, address, allowed, relays, limits } = settings;
        limits.check()?;
        let taken = |why: String| Error::Bind { address, why };
        let endpoint = Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(secret.seed()))
            .alpns(vec![ALPN.to_vec()])
            .relay_mode(relay_mode(&relays)?)
            .transport_config(transport(&limits)?)
            .clear_ip_transports()
            .bind_addr(address)
            .map_err(|e| taken(e.to_string()))?
            .bind()
            .await
            .map_err(|e| taken(e.to_string()))?;
        let (sender, arrived) = mpsc::channel(ARRIVED);
        let (roster, open) = (Arc::new(Roster::new(allowed)), Mutex::default());
        let inner = Arc::new(Inner { endpoint, roster, limits, relays: !relays.is_empty(), open });
        let accepting = tokio::spawn(accept_all(Arc::clone(&inner), sender));
        Ok(Self { inner, arrived: AsyncMutex::new(arrived), accepting })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.inner.endpoint.bound_sockets()
    }
}

impl Drop for QuicLink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Link for QuicLink {
    fn key(&self) -> Key {
        Key(*self.inner.endpoint.id().as_bytes())
    }

    fn connect<'a>(&'a self, to: Key, at: &'a [SocketAddr]) -> Wait<'a, Result<Arc<dyn PeerLink>>> {
        Box::pin(async move {
            let peer = self.inner.connect(to, at).await?;
            Ok(peer as Arc<dyn PeerLink>)
        })
    }

    fn accept(&self) -> Wait<'_, Result<Arc<dyn PeerLink>>> {
        Box::pin(async move {
            let peer = self.arrived.lock().await.recv().await;
            let closed = || Error::Closed("this link was shut down".to_owned());
            peer.map(|peer| peer as Arc<dyn PeerLink>).ok_or_else(closed)
        })
    }

    fn allow(&self, key: Key) {
        self.inner.roster.allow(key);
    }

    fn revoke(&self, key: Key) {
        self.inner.roster.revoke(key);
    }

    fn figures(&self) -> LinkFigures {
        self.inner.roster.figures()
    }

    fn shutdown(&self) -> Wait<'_, ()> {
        Box::pin(async move {
            self.accepting.abort();
            let open = std::mem::take(
                &mut *self.inner.open.lock().unwrap_or_else(PoisonError::into_inner),
            );
            let closing = open.iter().filter_map(Weak::upgrade);
            let closing: Vec<_> =
                closing.map(|wire| tokio::spawn(async move { wire.close().await })).collect();
            for task in closing {
                // A task that panicked has closed nothing; the endpoint does so now.
                let _ = task.await;
            }
            self.inner.endpoint.close().await;
        })
    }
}

/// Lets peers in until the endpoint is closed.
async fn accept_all(inner: Arc<Inner>, arrived: mpsc::Sender<Arc<QuicPeer>>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    while let Some(incoming) = inner.endpoint.accept().await {
        let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
            inner.roster.count_refused();
            incoming.refuse();
            continue;
        };
        let (inner, arrived) = (Arc::clone(&inner), arrived.clone());
        tokio::spawn(async move {
            // Who fails was told why, or does not listen; there is nobody else to tell.
            if let Ok(Ok(peer)) = timeout(inner.limits.handshake, inner.admit(incoming)).await
                && let Err(full) = arrived.try_send(peer)
            {
                let why = "too many peers wait to be served; come again later";
                let peer = full.into_inner();
                inner.roster.refuse(peer.connection(), End::Busy, why);
            }
            drop(permit);
        });
    }
}

impl Inner {
    /// The side that was called.
    async fn admit(&self, incoming: Incoming) -> Result<Arc<QuicPeer>> {
        let lost = |e: ConnectionError| Error::Closed(words(&e));
        let connection = incoming.accept().map_err(lost)?.await;
        let connection = connection.map_err(|e| Error::Closed(e.to_string()))?;
        let peer = Key(*connection.remote_id().as_bytes());
        if !self.enter(peer, &connection) {
            let why = format!("the key {peer} is not on this node's list of peers");
            self.roster.refuse(&connection, End::NotAllowed, &why);
            return Err(Error::NotAllowed(peer));
        }
        let (mut send, mut receive) = connection.accept_bi().await.map_err(lost)?;
        let theirs = read_hello(&mut receive, peer).await;
        // Ours goes out in any case: the other side says in its own words what does not fit.
        write_hello(&mut send, peer).await?;
        self.agreed(peer, connection, (send, receive), theirs)
    }

    /// The side that calls.
    async fn connect(&self, to: Key, at: &[SocketAddr]) -> Result<Arc<QuicPeer>> {
        if !self.roster.allows(to) {
            return Err(Error::NotAllowed(to));
        }
        let id = PublicKey::from_bytes(&to.0)
            .map_err(|_| Error::Invalid(format!("{to} is no point of Ed25519's curve")))?;
        if at.is_empty() && !self.relays {
            let what = format!("no address is given for {to}, and no relays are set");
            return Err(Error::Invalid(what));
        }
        let address = EndpointAddr::from_parts(id, at.iter().copied().map(TransportAddr::Ip));
        let whole = async {
            let connection = self.endpoint.connect(address, ALPN).await;
            let connection = connection.map_err(|e| unreached(to, at, &e))?;
            self.greet(to, connection).await
        };
        match timeout(self.limits.handshake, whole).await {
            Ok(result) => result,
            Err(_) => Err(Error::Unreachable { peer: to, why: format!("{at:?}: no answer") }),
        }
    }

    async fn greet(&self, to: Key, connection: Connection) -> Result<Arc<QuicPeer>> {
        if !self.enter(to, &connection) {
            self.roster.refuse(&connection, End::NotAllowed, "this key was taken off the list");
            return Err(Error::NotAllowed(to));
        }
        let lost = |e: ConnectionError| refused(to, &e);
        let (mut send, mut receive) = connection.open_bi().await.map_err(lost)?;
        write_hello(&mut send, to).await?;
        let theirs = read_hello(&mut receive, to).await;
        self.agreed(to, connection, (send, receive), theirs)
    }

    /// Notes a connection until it is closed.
    fn enter(&self, key: Key, connection: &Connection) -> bool {
        if !self.roster.enter(key, connection) {
            return false;
        }
        let (roster, connection) = (Arc::clone(&self.roster), connection.clone());
        tokio::spawn(async move {
            connection.closed().await;
            roster.leave(key, &connection);
        });
        true
    }

    fn agreed(
        &self,
        peer: Key,
        connection: Connection,
        control: (SendStream, RecvStream),
        theirs: Result<Hello>,
    ) -> Result<Arc<QuicPeer>> {
        let version = match theirs.and_then(|theirs| Hello::OURS.agree(theirs)) {
            Ok(version) => version,
            Err(e) => {
                self.roster.refuse(&connection, End::Version, &e.to_string());
                return Err(e);
            }
        };
        let peer = QuicPeer::start(peer, version, connection, control, self.limits);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|wire| wire.strong_count() > 0);
        open.push(peer.weak());
        Ok(Arc::new(peer))
    }
}

async fn write_hello(send: &mut SendStream, peer: Key) -> Result<()> {
    let hello = Hello::OURS.encode();
    send.write_all(&hello).await.map_err(|e| match e {
        iroh::endpoint::WriteError::ConnectionLost(e) => refused(peer, &e),
        other => Error::Closed(other.to_string()),
    })
}

async fn read_hello(receive: &mut RecvStream, peer: Key) -> Result<Hello> {
    use iroh::endpoint::{ReadError, ReadExactError};
    let lost = |e: ReadExactError| match e {
        ReadExactError::ReadError(ReadError::ConnectionLost(e)) => refused(peer, &e),
        other => Error::Closed(other.to_string()),
    };
    let mut body = [0; 256];
    receive.read_exact(&mut body[..1]).await.map_err(lost)?;
    let length = usize::from(body[0]);
    receive.read_exact(&mut body[..length]).await.map_err(lost)?;
    let what = || Error::Invalid("the hello of the other side cannot be read".to_owned());
    Hello::decode(&body[..length]).ok_or_else(what)
}

/// What ended a connection: the other side's words where it gave some.
fn words(e: &ConnectionError) -> String {
    match e {
        ConnectionError::ApplicationClosed(close) => {
            String::from_utf8_lossy(&close.reason).into_owned()
        }
        ConnectionError::TimedOut => "no sign of life came from the other side".to_owned(),
        ConnectionError::LocallyClosed => "it was closed on this side".to_owned(),
        other => other.to_string(),
    }
}

fn refused(peer: Key, e: &ConnectionError) -> Error {
    match e {
        ConnectionError::ApplicationClosed(_) => Error::Refused { peer, reason: words(e) },
        other => Error::Closed(words(other)),
    }
}

fn unreached(to: Key, at: &[SocketAddr], e: &ConnectError) -> Error {
    let connection = match e {
        ConnectError::Connection { source, .. }
        | ConnectError::Connecting {
            source: ConnectingError::ConnectionError { source, .. },
            ..
        } => Some(source),
        _ => None,
    };
    match (connection, at) {
        (Some(e @ ConnectionError::ApplicationClosed(_)), _) => refused(to, e),
        // The only thing that our TLS refuses is another key.
        (Some(ConnectionError::TransportError(e)), [address, ..]) if is_tls(e) => {
            Error::Impostor { address: *address, wanted: to }
        }
        _ => Error::Unreachable { peer: to, why: format!("{at:?}: {e}") },
    }
}

/// Codes of TLS alerts within QUIC (RFC 9001, 4.8).
fn is_tls(e: &iroh::endpoint::TransportError) -> bool {
    (0x100..0x200).contains(&u64::from(e.code))
}

fn relay_mode(relays: &[String]) -> Result<RelayMode> {
    if relays.is_empty() {
        return Ok(RelayMode::Disabled);
    }
    let parsed = relays.iter().map(|text| {
        let wrong = |e| Error::Invalid(format!("`{text}` is no URL of a relay: {e}"));
        text.parse::<RelayUrl>().map_err(wrong)
    });
    Ok(RelayMode::custom(parsed.collect::<Result<Vec<_>>>()?))
}

fn transport(limits: &Limits) -> Result<QuicTransportConfig> {
    let third = (limits.idle / 3).max(Duration::from_millis(1));
    let idle = limits.idle.try_into();
    let idle = idle.map_err(|_| Error::Invalid("the limit idle is too long".to_owned()))?;
    Ok(QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        // One more for the verdicts.
        .max_concurrent_uni_streams(VarInt::from_u32(limits.streams + 1))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(u64::from(WINDOW))
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(third)
        .default_path_max_idle_timeout(limits.idle)
        .default_path_keep_alive_interval(third)
        .build())
}
