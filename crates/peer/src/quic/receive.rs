//! Transfers on their way in: a task for each, which never waits for another.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use iroh::endpoint::{ReadError, RecvStream, VarInt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::peer::{Under, Wire, add};
use crate::wire::{HEADER_BYTES, Header, code_of, why_of};
use crate::{Broken, Error, Result, Transfer};

/// What is read at once.
const PIECE: usize = 64 << 10;
/// What a transfer is called whose name cannot be read.
const NAMELESS: &str = "(without a header)";

/// A transfer that came, and the place that it holds until it is taken out.
pub(super) struct Arrived {
    pub transfer: Result<Transfer>,
    _place: Option<Place>,
}

/// Its slot, and its bytes of the room.
type Place = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// Takes in streams until the connection ends.
pub(super) async fn accept(wire: Arc<Wire>, arrived: mpsc::Sender<Arrived>) {
    // QUIC bounds how many there are at one time.
    while let Ok(stream) = wire.connection.accept_uni().await {
        let (wire, arrived) = (Arc::clone(&wire), arrived.clone());
        tokio::spawn(async move {
            one(&wire, stream, &arrived).await;
            wire.ended.send_modify(|ended| *ended += 1);
        });
    }
}

async fn one(wire: &Wire, mut stream: RecvStream, arrived: &mpsc::Sender<Arrived>) {
    let under_way = Under::way(&wire.counters.receiving);
    let mut name = NAMELESS.to_owned();
    let why = match whole(wire, &mut stream, &mut name).await {
        Ok((transfer, place)) => {
            add(&wire.counters.transfers_in, 1);
            drop(under_way);
            let transfer = Arrived { transfer: Ok(transfer), _place: Some(place) };
            // Nobody takes any more out when this fails.
            let _ = arrived.send(transfer).await;
            return;
        }
        Err(why) => why,
    };
    // A stream that ended by itself need not be stopped.
    let _ = stream.stop(VarInt::from_u32(code_of(why)));
    let counters = &wire.counters;
    let refused = matches!(why, Broken::TooLarge | Broken::NoRoom);
    add(if refused { &counters.refused } else { &counters.broken }, 1);
    drop(under_way);
    let report = Arrived { transfer: Err(Error::Transfer { name, why }), _place: None };
    // Where a thousand wait to be taken out, a report must not wait; it was counted.
    let _ = arrived.try_send(report);
}

type Received<T> = std::result::Result<T, Broken>;

async fn whole(
    wire: &Wire,
    stream: &mut RecvStream,
    name: &mut String,
) -> Received<(Transfer, Place)> {
    let header = header(wire, stream).await?;
    name.clone_from(&header.name);
    if header.length > u64::from(wire.limits.transfer) {
        return Err(Broken::TooLarge);
    }
    let length = header.length as usize;
    let room = match length {
        0 => None,
        _ => Some(place(&wire.room, header.length as u32)?),
    };
    let place = (place(&wire.slots, 1)?, room);
    // The system gives pages when they are written to, so a length alone costs nothing.
    let mut content = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    let mut filled = 0;
    while filled < length {
        let read = timed(wire, stream, &mut content[filled..]).await?;
        if read == 0 {
            return Err(Broken::Damaged);
        }
        hasher.update(&content[filled..filled + read]);
        filled += read;
    }
    if timed(wire, stream, &mut [0]).await? != 0 || *hasher.finalize().as_bytes() != header.hash {
        return Err(Broken::Damaged);
    }
    let (kind, name, content) = (header.kind, header.name, content.into());
    Ok((Transfer { kind, name, priority: 0, content }, place))
}

fn place(of: &Arc<Semaphore>, many: u32) -> Received<OwnedSemaphorePermit> {
    Arc::clone(of).try_acquire_many_owned(many).map_err(|_| Broken::NoRoom)
}

async fn header(wire: &Wire, stream: &mut RecvStream) -> Received<Header> {
    let mut length = [0; 2];
    exactly(wire, stream, &mut length).await?;
    let length = usize::from(u16::from_le_bytes(length));
    if length > HEADER_BYTES {
        return Err(Broken::Damaged);
    }
    let mut bytes = [0; HEADER_BYTES];
    exactly(wire, stream, &mut bytes[..length]).await?;
    Header::decode(&bytes[..length]).ok_or(Broken::Damaged)
}

async fn exactly(wire: &Wire, stream: &mut RecvStream, into: &mut [u8]) -> Received<()> {
    let mut filled = 0;
    while filled < into.len() {
        match timed(wire, stream, &mut into[filled..]).await? {
            0 => return Err(Broken::Damaged),
            read => filled += read,
        }
    }
    Ok(())
}

/// The next bytes of a transfer, if any come in time; none at its end.
async fn timed(wire: &Wire, stream: &mut RecvStream, into: &mut [u8]) -> Received<usize> {
    loop {
        wire.quota_in.ready().await;
        match timeout(wire.limits.stall, some(wire, stream, into)).await {
            Ok(Ok(Some(read))) => return Ok(read),
            Ok(Ok(None)) => {}
            Ok(Err(ReadError::Reset(code))) => return Err(why_of(code.into_inner())),
            Ok(Err(_)) => return Err(Broken::Cut),
            Err(_) => return Err(Broken::Stalled),
        }
    }
}

/// What is there, as far as the quota lets it pass; nothing when another stream used the quota up.
async fn some(
    wire: &Wire,
    stream: &mut RecvStream,
    into: &mut [u8],
) -> std::result::Result<Option<usize>, ReadError> {
    let wanted = into.len().min(PIECE);
    let read = poll_fn(|cx| {
        wire.quota_in.pass(wanted, |may| match may {
            0 => (0, Poll::Ready(Ok(None))),
            _ => match stream.poll_read(cx, &mut into[..may]) {
                Poll::Ready(Ok(read)) => (read, Poll::Ready(Ok(Some(read)))),
                Poll::Ready(Err(e)) => (0, Poll::Ready(Err(e))),
                Poll::Pending => (0, Poll::Pending),
            },
        })
    });
    let read = read.await?;
    add(&wire.counters.bytes_in, read.unwrap_or_default() as u64);
    Ok(read)
}

/// Fills a buffer from the control stream, however long it takes; gives less at its end.
pub(super) async fn fill(wire: &Wire, stream: &mut RecvStream, into: &mut [u8]) -> Received<usize> {
    let mut filled = 0;
    while filled < into.len() {
        wire.quota_in.ready().await;
        match some(wire, stream, &mut into[filled..]).await {
            Ok(Some(0)) => break,
            Ok(read) => filled += read.unwrap_or_default(),
            Err(_) => return Err(Broken::Cut),
        }
    }
    Ok(filled)
}
