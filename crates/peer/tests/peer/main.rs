//! Links over real sockets on the loopback, and the network inside one process.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod crash;
mod ending;
mod handshake;
mod limits;
#[cfg(feature = "testing")]
mod network;
mod raw;
mod transfers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use her_peer::{Key, Limits, Link, PeerLink, QuicLink, Result, Secret, Settings, Transfer};

/// Nothing here takes so long; what waits for ever fails instead.
const LONG: Duration = Duration::from_mins(1);

pub(crate) fn secret(number: u8) -> Secret {
    Secret::from_seed([number; 32]).unwrap()
}

pub(crate) fn key(number: u8) -> Key {
    secret(number).key()
}

/// A link of this key that knows the others.
pub(crate) async fn link(number: u8, known: &[u8], limits: Limits) -> QuicLink {
    let allowed = known.iter().map(|number| key(*number)).collect();
    let settings = Settings { allowed, limits, ..Settings::new(secret(number)) };
    QuicLink::bind(settings).await.unwrap()
}

pub(crate) type Peer = Arc<dyn PeerLink>;

/// Two links that know each other, and both ends of a connection.
pub(crate) struct Pair {
    pub links: [QuicLink; 2],
    pub caller: Peer,
    pub called: Peer,
}

pub(crate) async fn pair(caller: Limits, called: Limits) -> Pair {
    let links = [link(1, &[2], caller).await, link(2, &[1], called).await];
    let (caller, called) = connect(&links[0], &links[1]).await.unwrap();
    Pair { links, caller, called }
}

pub(crate) async fn connect(from: &QuicLink, to: &QuicLink) -> Result<(Peer, Peer)> {
    let at: Vec<SocketAddr> = to.addresses();
    let caller = within(from.connect(to.key(), &at)).await?;
    Ok((caller, within(to.accept()).await?))
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("this took longer than a minute")
}

/// Content that differs by number, so that none is taken for another.
pub(crate) fn transfer(number: usize, bytes: usize) -> Transfer {
    let content: Vec<u8> =
        (0..bytes).map(|i| (i.wrapping_mul(31) ^ number.wrapping_mul(17)) as u8).collect();
    let (kind, name) = (number as u16, format!("tensor {number}"));
    Transfer { kind, name, priority: 0, content: content.into() }
}

pub(crate) fn frame(number: usize) -> Bytes {
    format!("frame {number}").into()
}

/// Waits until a figure is reached, however long that takes.
pub(crate) async fn until(reached: impl Fn() -> bool) {
    within(async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
