//! What every link between machines does, whoever carries it: [`crate::quic`] over sockets, and a
//! network inside one process for the tests of what lies above.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Error, Key, Rate, Result};

/// What is awaited.
pub type Wait<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// This machine's end of the network: who may come, and the ways to others.
pub trait Link: Send + Sync {
    /// This machine's key.
    fn key(&self) -> Key;

    /// Connects to a peer at any of its addresses, and proves that it has the key.
    ///
    /// Errors: the key is not on this side's list, nobody answers, somebody else does, or the peer
    /// refuses, in its own words.
    fn connect<'a>(&'a self, to: Key, at: &'a [SocketAddr]) -> Wait<'a, Result<Arc<dyn PeerLink>>>;

    /// Waits for the next peer that connects to this machine. Several tasks may wait.
    ///
    /// Errors when the link is shut down.
    fn accept(&self) -> Wait<'_, Result<Arc<dyn PeerLink>>>;

    /// Puts a key on the list.
    fn allow(&self, key: Key);

    /// Takes a key off the list and closes its connections; the other side reads why.
    fn revoke(&self, key: Key);

    /// How many peers are connected and how many were turned away.
    fn figures(&self) -> LinkFigures;

    /// Closes every connection as [`PeerLink::close`] does, then the sockets.
    fn shutdown(&self) -> Wait<'_, ()>;
}

/// A connection to one peer: frames in order beside transfers that do not wait for each other.
///
/// Every method may be called from many tasks, and a future may be dropped: a frame goes whole or
/// not at all, a transfer that is given up is reported to the other side as [`Broken::Cut`].
pub trait PeerLink: Send + Sync {
    /// The other side's key, proven.
    fn peer(&self) -> Key;

    /// The version of this protocol that both speak.
    fn version(&self) -> u16;

    /// Queues a frame behind those before it; waits while the queue is full.
    ///
    /// Errors when it is longer than [`Limits::frame`], or the connection is closed.
    fn send_frame(&self, frame: Bytes) -> Wait<'_, Result<()>>;

    /// The next frame, in the order in which they were sent.
    ///
    /// Errors when the connection is closed and no frame is left.
    fn next_frame(&self) -> Wait<'_, Result<Bytes>>;

    /// Sends a transfer and waits until the other machine has it whole, compared with its hash, and
    /// ready to be taken out.
    ///
    /// Errors when the other side stopped it or took nothing for [`Limits::stall`]
    /// ([`Error::Transfer`]; the connection goes on), when it is larger than
    /// [`Limits::transfer`], or when the connection is closed.
    fn send(&self, transfer: Transfer) -> Wait<'_, Result<()>>;

    /// The next transfer that is whole, whatever became of others; one that broke is
    /// [`Error::Transfer`] with its name, once, and the connection goes on.
    ///
    /// Errors otherwise when the connection is closed and nothing is left.
    fn next_transfer(&self) -> Wait<'_, Result<Transfer>>;

    /// What went over this connection.
    fn figures(&self) -> Figures;

    /// Ends the connection after what was sent before has arrived, for at most
    /// [`Limits::flush`]. Sending ends at once, on both sides; what arrived can still be taken.
    fn close(&self) -> Wait<'_, ()>;
}

/// One content with a name, sent on a stream of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// What it is, for the layers above.
    pub kind: u16,
    /// Its name, at most [`NAME_BYTES`] bytes. Both sides report it by this name.
    pub name: String,
    /// Those of a higher number go first, the same number shares the way. It orders what QUIC has
    /// taken and not sent yet, up to 16 MiB; what waits before that, or for [`Limits::send`], goes
    /// in the order in which it came.
    pub priority: i32,
    /// The content. Its BLAKE3 goes ahead and is compared.
    pub content: Bytes,
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, priority, content } = self;
        write!(f, "{name} (kind {kind}, priority {priority}, {} bytes)", content.len())
    }
}

/// The longest name of a transfer, in bytes.
pub const NAME_BYTES: usize = 256;

/// Why a transfer did not arrive whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The sender gave it up, or the connection ended, before its last byte.
    Cut,
    /// No byte came, or none was taken, for [`Limits::stall`].
    Stalled,
    /// It is larger than the receiver's [`Limits::transfer`].
    TooLarge,
    /// The receiver holds [`Limits::room`] bytes or [`Limits::streams`] transfers that nobody has
    /// taken out yet; send it again later.
    NoRoom,
    /// What came is not what its header said.
    Damaged,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "was cut before its end; send it again",
            Self::Stalled => "stood still for too long; send it again",
            Self::TooLarge => "is larger than the receiver takes; send it in parts",
            Self::NoRoom => "found no room at the receiver; send it again later",
            Self::Damaged => "is not what its header said; send it again",
        })
    }
}

/// What went over a connection since it began, and what is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes received: frames, headers, contents and verdicts, without QUIC's own.
    pub bytes_in: u64,
    /// Bytes sent, counted alike.
    pub bytes_out: u64,
    /// Frames received.
    pub frames_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Transfers received whole.
    pub transfers_in: u64,
    /// Transfers sent whole.
    pub transfers_out: u64,
    /// Transfers that are being received.
    pub receiving: u64,
    /// Transfers that are being sent.
    pub sending: u64,
    /// Transfers to this side that broke: cut, stalled or damaged.
    pub broken: u64,
    /// Transfers to this side that it refused: too large, or no room.
    pub refused: u64,
    /// The time for a packet and its answer, smoothed.
    pub round_trip: Duration,
}

/// What a link counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkFigures {
    /// Connections that are open.
    pub connections: u64,
    /// Handshakes that were refused: unknown keys, other versions, no room.
    pub refused: u64,
}

/// The bounds of a link. Each connection has them for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame, in bytes: 1 to 1 MiB. A longer one closes the connection.
    pub frame: u32,
    /// Frames that wait to be sent, and as many that wait to be taken out: 1 to 65,536.
    pub frames: usize,
    /// The largest transfer, in bytes: 1 to 1 GiB. A larger one is refused, the connection kept.
    pub transfer: u32,
    /// Transfers under way in one direction, and those that wait to be taken out: 1 to 65,536.
    pub streams: u32,
    /// Bytes of transfers under way to this side and of those that wait to be taken out; at
    /// least [`Limits::transfer`], at most 4 GiB - 1.
    pub room: u32,
    /// After this time without a byte a transfer is given up; above 0.
    pub stall: Duration,
    /// A handshake is done within this time; above 0.
    pub handshake: Duration,
    /// After this time without a sign of life the connection is given up: 100 ms to an hour.
    pub idle: Duration,
    /// How long [`PeerLink::close`] waits.
    pub flush: Duration,
    /// What a peer may send, verdicts included; it is slowed down, not refused.
    pub receive: Option<Rate>,
    /// What is sent to a peer at most, but for verdicts (9 bytes for each transfer that came).
    pub send: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: 64 << 10,
            frames: 64,
            transfer: 64 << 20,
            streams: 1_024,
            room: 256 << 20,
            stall: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            flush: Duration::from_secs(10),
            receive: None,
            send: None,
        }
    }
}

impl Limits {
    /// Errors when a limit is out of its range.
    pub fn check(&self) -> Result<()> {
        let streams = u64::from(self.streams);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        within("frame", u64::from(self.frame), 1, 1 << 20)?;
        within("frames", self.frames as u64, 1, 1 << 16)?;
        within("transfer", u64::from(self.transfer), 1, 1 << 30)?;
        within("streams", streams, 1, 1 << 16)?;
        within("room", u64::from(self.room), u64::from(self.transfer), u64::from(u32::MAX))?;
        within("stall, in ms,", millis(self.stall), 1, u64::MAX)?;
        within("handshake, in ms,", millis(self.handshake), 1, u64::MAX)?;
        within("idle, in ms,", millis(self.idle), 100, 3_600_000)?;
        for (name, rate) in [("receive", self.receive), ("send", self.send)] {
            let Some(Rate { bytes_per_second, burst }) = rate else { continue };
            within(&format!("{name}, bytes a second,"), bytes_per_second, 1, 1 << 40)?;
            within(&format!("{name}, the burst,"), burst, 1, 1 << 40)?;
        }
        Ok(())
    }

    pub(crate) fn check_frame(&self, frame: &Bytes) -> Result<()> {
        if frame.len() <= self.frame as usize {
            return Ok(());
        }
        let (length, limit) = (frame.len(), self.frame);
        let what = format!("a frame of {length} bytes; {limit} is the limit: send a transfer");
        Err(Error::Invalid(what))
    }

    pub(crate) fn check_transfer(&self, transfer: &Transfer) -> Result<()> {
        let (name, length) = (&transfer.name, transfer.content.len());
        if name.len() > NAME_BYTES {
            let long = name.len();
            let what = format!("a transfer's name has {long} bytes; {NAME_BYTES} is the limit");
            return Err(Error::Invalid(what));
        }
        if length > self.transfer as usize {
            let limit = self.transfer;
            let what = format!("transfer `{name}` has {length} bytes; {limit} is the limit");
            return Err(Error::Invalid(what));
        }
        Ok(())
    }
}

fn within(name: &str, value: u64, least: u64, most: u64) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let what = format!("the link's limit {name} is {value}; give {least} to {most}");
    Err(Error::Invalid(what))
}
