//! Transfers on their way in: a task for each, which never waits for another.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use iroh::endpoint::{ReadError, RecvStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::peer::{Under, Wire, add};
use super::verdicts;
use crate::wire::{HEADER_BYTES, Header, Verdict, code_of, why_of};
use crate::{Broken, Error, Result, Transfer};

/// What is read at once.
const PIECE: usize = 64 << 10;
/// What a transfer is called whose name cannot be read.
const NAMELESS: &str = "(without a header)";

/// A transfer that came, and the place that it holds until it is taken out.
pub(super) struct Arrived {
    pub transfer: Result<Transfer>,
    _place: Place,
}

/// Its slot or that of its report, and its bytes of the room.
type Place = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// Takes in streams until the connection ends.
pub(super) async fn accept(
    wire: Arc<Wire>,
    arrived: mpsc::Sender<Arrived>,
    verdicts: mpsc::Sender<(u64, Verdict)>,
) {
    // One more for the stream of verdicts, which stays.
    let tasks = Arc::new(Semaphore::new(wire.limits.streams as usize + 1));
    let verdicts_came = Arc::new(AtomicBool::new(false));
    while let Ok(task) = Arc::clone(&tasks).acquire_owned().await
        && let Ok(mut stream) = wire.connection.accept_uni().await
    {
        let (wire, verdicts_came) = (Arc::clone(&wire), Arc::clone(&verdicts_came));
        let (arrived, verdicts) = (arrived.clone(), verdicts.clone());
        tokio::spawn(async move {
            let number = stream.id().index();
            let length = length(&wire, &mut stream).await;
            if length == Ok(0) && !verdicts_came.swap(true, Ordering::AcqRel) {
                drop((arrived, verdicts));
                verdicts::read(&wire, stream).await;
                return;
            }
            let verdict = one(&wire, stream, length, &arrived).await;
            // A writer that is gone lost the connection.
            let _ = verdicts.send((number, verdict)).await;
            drop(task);
        });
    }
}

/// Takes a transfer in and puts it, or the report that it broke, where it is taken out.
async fn one(
    wire: &Wire,
    mut stream: RecvStream,
    length: Received<usize>,
    arrived: &mpsc::Sender<Arrived>,
) -> Verdict {
    let mut name = NAMELESS.to_owned();
    let under_way = Under::way(&wire.counters.receiving);
    let came = match length {
        Ok(length) => whole(wire, &mut stream, length, &mut name).await,
        Err(why) => Err(why),
    };
    drop(under_way);
    let counters = &wire.counters;
    let (transfer, place, verdict) = match came {
        Ok((transfer, place)) => {
            add(&counters.transfers_in, 1);
            (Ok(transfer), place, Ok(()))
        }
        Err(why) => {
            // A stream that ended by itself need not be stopped.
            let _ = stream.stop(u32::from(code_of(Err(why))).into());
            let refused = matches!(why, Broken::TooLarge | Broken::NoRoom);
            add(if refused { &counters.refused } else { &counters.broken }, 1);
            // Where a thousand wait to be taken out, one more is counted only.
            let Ok(place) = place(&wire.reports, 1) else { return Err(why) };
            (Err(Error::Transfer { name, why }), (place, None), Err(why))
        }
    };
    // Its place says that there is room; nobody takes any more out when this fails.
    let _ = arrived.try_send(Arrived { transfer, _place: place });
    verdict
}

type Received<T> = std::result::Result<T, Broken>;

async fn whole(
    wire: &Wire,
    stream: &mut RecvStream,
    length: usize,
    name: &mut String,
) -> Received<(Transfer, Place)> {
    let header = header(wire, stream, length).await?;
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

/// What every stream begins with: the length of its header, 0 for verdicts.
async fn length(wire: &Wire, stream: &mut RecvStream) -> Received<usize> {
    let mut length = [0; 2];
    exactly(wire, stream, &mut length).await?;
    Ok(usize::from(u16::from_le_bytes(length)))
}

async fn header(wire: &Wire, stream: &mut RecvStream, length: usize) -> Received<Header> {
    let mut bytes = [0; HEADER_BYTES];
    let bytes = bytes.get_mut(..length).ok_or(Broken::Damaged)?;
    exactly(wire, stream, bytes).await?;
    Header::decode(bytes).ok_or(Broken::Damaged)
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
