//! Records on their way from a reader thread: decoding goes on while earlier events are learned.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use her_identity::event::{Request, What};
use her_identity::{Error, Result};
use her_learn::Target;
use her_learn::stream::Event;

use super::signal::Stop;
use crate::client::Item;
use crate::client::feed::{CHUNK, IN_FLIGHT};
use crate::decode::{self, Columns, Format, Next, Records};

/// Some records, and what was refused among them.
#[derive(Default)]
pub struct Chunk {
    /// What can be handed in.
    pub items: Vec<Item>,
    /// Lines that cannot, and why.
    pub refused: Vec<(u64, String)>,
}

/// How records are numbered: by their lines.
pub struct Numbering {
    /// Whose requests they are.
    pub client: Box<str>,
    /// Lines before the first that is read.
    pub base: u64,
    /// The last line that was done already.
    pub after: u64,
}

/// The end of a reader thread where chunks come out.
pub struct Source {
    chunks: Receiver<Result<Chunk>>,
    stop: Stop,
}

impl Source {
    /// Opens a file or standard input and starts to read. With a client's name, every record is a
    /// numbered request: its line is its number.
    pub fn open(
        path: &Path,
        format: Option<Format>,
        columns: &Columns,
        client: Option<&str>,
        stop: &Stop,
    ) -> Result<Self> {
        let records = decode::open(path, format, columns)?;
        let numbering = client.map(|client| Numbering { client: client.into(), base: 0, after: 0 });
        Self::of(records, numbering, stop)
    }

    /// The same of records that are opened already.
    pub fn of(
        records: Box<dyn Records>,
        numbering: Option<Numbering>,
        stop: &Stop,
    ) -> Result<Self> {
        let (send, chunks) = sync_channel(IN_FLIGHT);
        std::thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || read(records, numbering.as_ref(), &send))
            .map_err(|e| Error::io("starting a thread", e))?;
        Ok(Self { chunks, stop: stop.clone() })
    }

    /// The next records; none at the end, or when the user wants to stop.
    pub fn next(&self) -> Result<Option<Chunk>> {
        loop {
            if self.stop.is_set() {
                return Ok(None);
            }
            // The reader may wait for standard input for ever, and the user may not.
            match self.chunks.recv_timeout(Duration::from_millis(50)) {
                Ok(chunk) => return chunk.map(Some),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

fn read(
    mut records: Box<dyn Records>,
    numbering: Option<&Numbering>,
    to: &SyncSender<Result<Chunk>>,
) {
    let (mut event, mut chunk) = (Event::default(), Chunk::default());
    loop {
        let full = chunk.items.len() >= CHUNK || chunk.refused.len() >= CHUNK;
        let some = !(chunk.items.is_empty() && chunk.refused.is_empty());
        // What was read is handed on before more is waited for.
        if (full || (some && records.may_wait()))
            && to.send(Ok(std::mem::take(&mut chunk))).is_err()
        {
            return;
        }
        let what = match records.next(&mut event) {
            Ok(Next::Event) => Ok(what(&mut event)),
            Ok(Next::Label(key, target)) => Ok(What::Label { key, target }),
            Ok(Next::Refused(e)) => Err(e.to_string()),
            Ok(Next::End) => break,
            Err(e) => {
                let _ = to.send(Ok(chunk));
                let _ = to.send(Err(e));
                return;
            }
        };
        let line = records.line() + numbering.map_or(0, |n| n.base);
        if numbering.is_some_and(|n| line <= n.after) {
            continue;
        }
        match what {
            Ok(what) => {
                let request = numbering.map(|n| Request { client: n.client.clone(), n: line });
                chunk.items.push(Item { line, request, what });
            }
            Err(why) => chunk.refused.push((line, why)),
        }
    }
    let _ = to.send(Ok(chunk));
}

/// What a record asks for: to be learned, or to be remembered until its label comes.
fn what(event: &mut Event) -> What {
    let row = event.row.clone();
    match (event.target.take(), event.id.take()) {
        (None, Some(key)) => What::Remember { key, row },
        // A model that needs a label says so itself.
        (target, _) => {
            What::Learn { row, target: target.unwrap_or(Target::None), weight: event.weight }
        }
    }
}
