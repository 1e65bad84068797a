//! Listens for other nodes, and lets those of the list in.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use her_identity::migrate::Node;
use her_identity::{Error, Result};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::wire::{self, Back, Call};
use super::{Guests, Key, Right, key, tls};

/// How long it may take to show a key that is on the list.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a connection may be silent.
const SILENT: Duration = Duration::from_mins(5);
/// Open connections; more are closed at once.
const CONNECTIONS_MAX: usize = 128;
/// Those of one node that may exchange only: it is not to keep the others out.
const OF_GUEST_MAX: usize = 16;
/// Pieces that are read of who is not let in.
const LINGER_READS: usize = 64;
/// How long accepting rests after a failure.
const REST: Duration = Duration::from_millis(50);

/// What answers other nodes.
pub(crate) trait Answerer: Send + Sync {
    /// Answers what a node of the list asks.
    fn answer(&self, from: Node, call: Call) -> Back;
}

struct Shared {
    config: Arc<ServerConfig>,
    guests: Arc<Guests>,
    answerer: Box<dyn Answerer>,
    stopping: AtomicBool,
    open: AtomicUsize,
    /// Of nodes that may exchange only: how many of the open ones are theirs.
    of_guests: Mutex<BTreeMap<Node, usize>>,
    /// To be closed at the end, so that who reads from them goes home.
    sockets: Mutex<Vec<TcpStream>>,
}

/// A listener for nodes; ends with [`stop`](Self::stop).
pub(crate) struct Listener {
    shared: Arc<Shared>,
    addr: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens for those who are let in.
    pub fn start(
        key: &Key,
        guests: Arc<Guests>,
        at: SocketAddr,
        answerer: Box<dyn Answerer>,
    ) -> Result<Self> {
        let config = tls::server(key, Arc::clone(&guests))?;
        let listener = TcpListener::bind(at)
            .map_err(|e| Error::io(format!("listening for nodes at {at} (node.listen)"), e))?;
        let addr = listener.local_addr().map_err(|e| Error::io("asking for the address", e))?;
        let shared = Arc::new(Shared {
            config,
            guests,
            answerer,
            stopping: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            of_guests: Mutex::default(),
            sockets: Mutex::default(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("her-nodes".to_owned())
            .spawn(move || accept(&listener, &of_thread))
            .map_err(|e| Error::io("starting the thread that listens for nodes", e))?;
        Ok(Self { shared, addr, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes every connection, and waits until what was being answered is.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Accepting waits for somebody to come.
        let _ = TcpStream::connect_timeout(&self.addr, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let sockets = std::mem::take(&mut *lock(&self.shared.sockets));
        for socket in sockets {
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
        for _ in 0..200 {
            if self.shared.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            std::thread::sleep(REST);
            continue;
        };
        if shared.open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            shared.open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let of_thread = Arc::clone(shared);
        let work = move || {
            // How a connection ends is the other node's business: there is nobody to tell.
            let _ = serve(stream, &of_thread);
            of_thread.open.fetch_sub(1, Ordering::SeqCst);
        };
        let started = std::thread::Builder::new().name("her-node".to_owned()).spawn(work);
        if started.is_err() {
            shared.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    let io = |e| Error::io("a connection of a node", e);
    stream.set_nodelay(true).map_err(io)?;
    stream.set_read_timeout(Some(HANDSHAKE)).map_err(io)?;
    stream.set_write_timeout(Some(HANDSHAKE)).map_err(io)?;
    let tls = ServerConnection::new(Arc::clone(&shared.config))
        .map_err(|e| Error::invalid(e.to_string()))?;
    let mut stream = StreamOwned::new(tls, stream);
    while stream.conn.is_handshaking() {
        if let Err(e) = stream.conn.complete_io(&mut stream.sock) {
            linger(&mut stream.sock);
            return Err(io(e));
        }
    }
    let spki = stream.conn.peer_certificates().and_then(|certs| certs.first());
    let Some(from) = spki.and_then(|spki| key::node_of(spki)) else { return Ok(()) };
    stream.sock.set_read_timeout(Some(SILENT)).map_err(io)?;
    let Some(_seat) = Seat::take(shared, from) else { return Ok(()) };
    let socket = stream.sock.try_clone().map_err(io)?;
    {
        let mut sockets = lock(&shared.sockets);
        // Those whose other end is gone are let go of.
        sockets.retain(|socket| socket.peer_addr().is_ok());
        sockets.push(socket);
    }
    while let Some(call) = wire::read(&mut stream)? {
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        let Some(back) = answer(shared, from, call) else {
            // The copy of the socket that waits for the end of all would keep it open.
            return stream.sock.shutdown(std::net::Shutdown::Both).map_err(io);
        };
        wire::write(&mut stream, &back)?;
    }
    Ok(())
}

/// Closes a socket so that the other side hears why: what it sent meanwhile is read, or the system
/// would take back what it was told.
fn linger(socket: &mut TcpStream) {
    let (mut rest, mut left) = ([0; 4096], LINGER_READS);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    while left > 0 && socket.read(&mut rest).is_ok_and(|read| read > 0) {
        left -= 1;
    }
}

/// What a node is answered, as far as it is let in; none for who is not any more.
fn answer(shared: &Shared, from: Node, call: Call) -> Option<Back> {
    match shared.guests.right(from)? {
        Right::Sync if !matches!(call, Call::Sync(_)) => Some(Back::Refused(format!(
            "node {from} was added to exchange what identities learned and may do nothing else \
             here; what moves identities are nodes of the settings, tables [nodes.NAME]"
        ))),
        Right::All | Right::Sync => Some(shared.answerer.answer(from, call)),
    }
}

/// A place among the open connections of a node that may exchange only.
struct Seat<'a>(&'a Shared, Option<Node>);

impl<'a> Seat<'a> {
    fn take(shared: &'a Shared, from: Node) -> Option<Self> {
        if shared.guests.right(from)? == Right::All {
            return Some(Self(shared, None));
        }
        let mut of_guests = lock(&shared.of_guests);
        let taken = of_guests.entry(from).or_default();
        if *taken >= OF_GUEST_MAX {
            return None;
        }
        *taken += 1;
        Some(Self(shared, Some(from)))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let Some(from) = self.1 else { return };
        let mut of_guests = lock(&self.0.of_guests);
        let left = of_guests.get_mut(&from).map(|taken| {
            *taken -= 1;
            *taken
        });
        if left == Some(0) {
            of_guests.remove(&from);
        }
    }
}

#[cfg(test)]
mod tests;
