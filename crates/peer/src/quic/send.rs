//! Transfers on their way out, each on a stream of its own.

use iroh::endpoint::{SendStream, WriteError};
use tokio::time::timeout;

use super::peer::{Under, Wire, add};
use crate::wire::{Header, code_of, why_of};
use crate::{Broken, Error, Result, Transfer};

/// What is handed to a stream at once.
const PIECE: usize = 64 << 10;

/// Why nothing more can be written.
#[derive(Debug)]
pub(super) enum Failed {
    Transfer(Broken),
    Connection,
}

pub(super) type Written = std::result::Result<(), Failed>;

/// A stream that tells the other side when it is given up before its end.
struct Whole {
    stream: SendStream,
    why: Option<Broken>,
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(why) = self.why {
            // A stream that is closed already has told.
            let _ = self.stream.reset(u32::from(code_of(Err(why))).into());
        }
    }
}

/// What [`crate::PeerLink::send`] does.
pub(super) async fn send(wire: &Wire, transfer: Transfer) -> Result<()> {
    wire.limits.check_transfer(&transfer)?;
    if wire.is_closing() {
        return Err(wire.closed());
    }
    let Ok(_place) = wire.sending.acquire().await else { return Err(wire.closed()) };
    if wire.is_closing() {
        return Err(wire.closed());
    }
    let _under_way = Under::way(&wire.counters.sending);
    match stream_of(wire, &transfer).await {
        Ok(()) => {
            add(&wire.counters.transfers_out, 1);
            Ok(())
        }
        Err(Failed::Transfer(why)) => Err(Error::Transfer { name: transfer.name, why }),
        Err(Failed::Connection) => Err(wire.closed()),
    }
}

async fn stream_of(wire: &Wire, transfer: &Transfer) -> Written {
    let opened = timeout(wire.limits.stall, wire.connection.open_uni()).await;
    let stream = opened.map_err(|_| Failed::Transfer(Broken::Stalled))?;
    let stream = stream.map_err(|_| Failed::Connection)?;
    let verdict = wire.waiting.enter(stream.id().index());
    let mut whole = Whole { stream, why: Some(Broken::Cut) };
    let written = match content(wire, &mut whole.stream, transfer).await {
        Ok(()) => verdict.wait(&wire.connection).await,
        failed => failed,
    };
    match &written {
        Err(Failed::Transfer(why)) => whole.why = Some(*why),
        Ok(()) | Err(Failed::Connection) => whole.why = None,
    }
    written
}

async fn content(wire: &Wire, stream: &mut SendStream, transfer: &Transfer) -> Written {
    let Transfer { kind, name, priority, content } = transfer;
    stream.set_priority(*priority).map_err(|_| Failed::Connection)?;
    let (length, hash) = (content.len() as u64, *blake3::hash(content).as_bytes());
    let header = Header { kind: *kind, name: name.clone(), length, hash };
    write(wire, stream, &header.encode()).await?;
    write(wire, stream, content).await?;
    stream.finish().map_err(|_| Failed::Connection)
}

/// Writes all of it within the quota; it is stalled when not one byte is taken for long.
pub(super) async fn write(wire: &Wire, stream: &mut SendStream, mut bytes: &[u8]) -> Written {
    while !bytes.is_empty() {
        let may = wire.quota_out.take(bytes.len().min(PIECE)).await;
        let mut piece;
        (piece, bytes) = bytes.split_at(may);
        while !piece.is_empty() {
            match timeout(wire.limits.stall, stream.write(piece)).await {
                Ok(Ok(written)) => {
                    add(&wire.counters.bytes_out, written as u64);
                    piece = &piece[written..];
                }
                Ok(Err(WriteError::Stopped(code))) => {
                    return Err(Failed::Transfer(why_of(code.into_inner())));
                }
                Ok(Err(_)) => return Err(Failed::Connection),
                Err(_) => return Err(Failed::Transfer(Broken::Stalled)),
            }
        }
    }
    Ok(())
}
