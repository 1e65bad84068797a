//! The fast door: a line an event, answered line by line as events become durable.
//!
//! Two halves share a bounded queue of chunks. The reader takes what has arrived, makes events of
//! its lines, and hands up to [`CHUNK_EVENTS`] in at a time. The writer waits for each chunk in
//! order and writes its answers. A client that does not read its answers stops both, then TCP
//! stops the client; no learner ever waits for it. Both halves belong to the connection's task:
//! to wake another thread takes longer than all that one line needs.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::EXPECT;
use futures_util::{FutureExt, Stream as _};
use her_identity::event::{Event, limits::FRAME_EVENTS};
use her_identity::turn::Reply;
use her_identity::{Error, ErrorKind};
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::accept::Wire;
use super::alert::Alert;
use super::answer::{self, Answer};
use super::auth::granted;
use super::body;
use super::gate::{self, Told};
use super::learn::write_reply;
use super::metrics::EventKind;
use super::predict::kind_of;
use super::problem::Problem;
use super::{App, told_to_stop};
use crate::locks::token::Token;

mod lines;

use lines::{Lines, Reader};

/// Events of one chunk: those of one frame of the journal.
const CHUNK_EVENTS: usize = FRAME_EVENTS;

/// Chunks of one stream that are read but not answered.
const CHUNKS_MAX: usize = 8;

/// Lines that were handed in together, and the refused ones among them.
struct Chunk {
    told: Option<Told>,
    /// The numbers of the lines whose events were handed in.
    lines: Vec<u64>,
    kinds: [u64; 3],
    /// Refused lines: how many events come before each, its number, and why.
    refused: Vec<(usize, u64, Problem)>,
    /// Why the stream ends here, if not by its own end.
    end: Option<Problem>,
}

/// Answers a stream of events.
pub(super) async fn stream(
    app: &Arc<App>,
    name: String,
    numbers: Option<(Box<str>, u64)>,
    request: Request<Body>,
) -> Answer {
    let version = app.house.head(&name)?.seq;
    let waits = request.headers().contains_key(EXPECT);
    let alert = request.extensions().get::<Wire>().map(|wire| Alert::new(&wire.watchman));
    let mut body = request.into_body();
    // Asking for the body sends the "100 Continue" that such a client waits for, which can't be
    // sent any more once an answer has begun.
    let first = if waits { Some(body::piece(&mut body, &app.limits).await) } else { None };
    let (send, chunks) = mpsc::channel(CHUNKS_MAX);
    let half = Half {
        reader: Reader::new(&app.limits, numbers),
        stopping: app.stopping.clone(),
        app: Arc::clone(app),
        name,
        token: granted::token(),
        alert,
        first,
        send,
    };
    let mut reading = Box::pin(half.run(body).fuse());
    let app = Arc::clone(app);
    let mut answers = Box::pin(ReceiverStream::new(chunks).then(move |chunk: Chunk| {
        let app = Arc::clone(&app);
        async move { Ok::<_, std::convert::Infallible>(chunk.answer(&app).await) }
    }));
    let both = futures_util::stream::poll_fn(move |cx| {
        let _ = reading.as_mut().poll(cx);
        answers.as_mut().poll_next(cx)
    });
    let response = answer::stream("application/x-ndjson", Body::from_stream(both));
    Ok(answer::of_version(response, version))
}

/// The reading half of a stream.
struct Half {
    app: Arc<App>,
    name: String,
    /// Whose number of events a second is counted.
    token: Option<Arc<Token>>,
    reader: Reader,
    stopping: watch::Receiver<bool>,
    /// None for a stream that another node handed on.
    alert: Option<Alert>,
    /// What was read of the body before the answer began.
    first: Option<Result<Option<Bytes>, Problem>>,
    send: mpsc::Sender<Chunk>,
}

/// The answers have nobody to go to.
struct NobodyListens;

/// What is awaited from a client, awake if the client was quick the last time.
async fn awaited<T>(what: impl Future<Output = T>, mut alert: Option<&mut Alert>) -> T {
    let mut what = pin!(what);
    poll_fn(|cx| {
        let polled = what.as_mut().poll(cx);
        if let Some(alert) = &mut alert {
            alert.look(cx, polled.is_pending());
        }
        polled
    })
    .await
}

/// Has this task looked at again, at once.
async fn once_more() {
    let mut looked = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut looked, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Half {
    async fn run(mut self, mut body: Body) {
        // A client that has gone wants no more said; what it sent in whole lines was taken.
        let _: Result<(), NobodyListens> = self.read(&mut body).await;
    }

    async fn read(&mut self, body: &mut Body) -> Result<(), NobodyListens> {
        let mut lines = Lines::new(self.app.limits.line_bytes);
        loop {
            // More that is here already joins the chunk; otherwise what there is goes ahead.
            let mut piece = self.first.take();
            if piece.is_none() {
                piece = body::piece(body, &self.app.limits).now_or_never();
            }
            if piece.is_none() && self.reader.len() > 0 {
                // The connection cuts the next piece from its buffer when it is looked at again.
                once_more().await;
                piece = body::piece(body, &self.app.limits).now_or_never();
            }
            if piece.is_none() {
                self.hand_in().await?;
                let next = awaited(body::piece(body, &self.app.limits), self.alert.as_mut());
                tokio::select! {
                    next = next => piece = Some(next),
                    () = told_to_stop(&mut self.stopping) => {}
                }
            }
            let piece = piece.filter(|_| !*self.stopping.borrow());
            match piece {
                None => return self.close().await,
                Some(Ok(Some(piece))) => self.lines(&mut lines, &piece).await?,
                Some(Ok(None)) => {
                    if let Some(cut) = lines.rest() {
                        self.reader.take(&self.app, cut);
                    }
                    return self.hand_in().await;
                }
                // What came of a line that broke off is no event.
                Some(Err(problem)) => return self.end(problem).await,
            }
        }
    }

    async fn lines(&mut self, lines: &mut Lines, piece: &Bytes) -> Result<(), NobodyListens> {
        let mut rest: &[u8] = piece;
        while let Some(cut) = lines.next(&mut rest) {
            self.reader.take(&self.app, cut);
            if self.reader.len() >= CHUNK_EVENTS {
                self.hand_in().await?;
            }
        }
        Ok(())
    }

    /// Hands what was read to the learner, and its answers' promise to the writer.
    async fn hand_in(&mut self) -> Result<(), NobodyListens> {
        let Some((events, mut chunk)) = self.reader.chunk() else { return Ok(()) };
        // The place in the queue of answers first: who does not read does not get to learn.
        let Ok(room) = self.send.reserve().await else { return Err(NobodyListens) };
        if !events.is_empty() {
            let quota = self.app.door.updates_of_stream(self.token.as_ref(), events.len()).await;
            if let Err(problem) = quota {
                chunk.refuse_all(&problem);
                room.send(chunk);
                return Ok(());
            }
            let alone = events.len() < CHUNK_EVENTS && self.app.gate.is_idle();
            let Some(place) = self.app.gate.wait(events.len()).await else {
                return Err(NobodyListens);
            };
            match gate::hand_in(&self.app.house, &self.name, events, place) {
                Ok((handed, told)) => {
                    // What comes line by line is learned here; while more comes, elsewhere.
                    if alone {
                        handed.work();
                    }
                    chunk.told = Some(told);
                }
                Err(e) => chunk.refuse_all(&Problem::from(e)),
            }
        }
        room.send(chunk);
        Ok(())
    }

    async fn close(&mut self) -> Result<(), NobodyListens> {
        self.end(Problem::closing(
            "the server is closing; lines without an answer were not taken, send them again",
        ))
        .await
    }

    async fn end(&mut self, problem: Problem) -> Result<(), NobodyListens> {
        self.hand_in().await?;
        let chunk = Chunk { end: Some(problem), ..Chunk::empty() };
        self.send.send(chunk).await.map_err(|_| NobodyListens)
    }
}

impl Chunk {
    fn empty() -> Self {
        Self { told: None, lines: Vec::new(), kinds: [0; 3], refused: Vec::new(), end: None }
    }

    fn note(&mut self, event: &Event, line: u64) {
        self.lines.push(line);
        self.kinds[kind_of(event) as usize] += 1;
    }

    fn refuse_all(&mut self, problem: &Problem) {
        for (i, line) in self.lines.drain(..).enumerate() {
            self.refused.push((i, line, problem.clone()));
        }
        self.refused.sort_by_key(|(_, line, _)| *line);
    }

    /// Waits until the chunk is durable, and writes its lines in order.
    async fn answer(mut self, app: &App) -> Bytes {
        let results = match self.told.take() {
            None => Vec::new(),
            Some(told) => match told.await {
                Ok(Ok(results)) => results,
                Ok(Err(e)) => {
                    self.refuse_all(&Problem::from(e));
                    Vec::new()
                }
                Err(_) => {
                    self.refuse_all(&Problem::closing("the server is closing; send this again"));
                    Vec::new()
                }
            },
        };
        Bytes::from(self.write(app, results))
    }

    fn write(&self, app: &App, results: Vec<Result<Reply, Error>>) -> Vec<u8> {
        let mut out = Vec::with_capacity(96 * (self.lines.len() + 2 * self.refused.len()) + 128);
        let mut refused = self.refused.iter().peekable();
        let mut results = results.into_iter();
        let mut not_done = 0;
        for (i, line) in self.lines.iter().enumerate() {
            while let Some((_, line, why)) = refused.next_if(|(before, ..)| *before <= i) {
                app.metrics.refused(why);
                why.line(*line, &mut out);
            }
            match results.next() {
                Some(Ok(reply)) => {
                    not_done += u64::from(reply.duplicate);
                    write_reply(&reply, &mut out);
                    out.push(b'\n');
                }
                other => {
                    not_done += 1;
                    let problem = Problem::from(match other {
                        Some(Err(e)) => e,
                        _ => not_tried(),
                    });
                    app.metrics.refused(&problem);
                    problem.line(*line, &mut out);
                }
            }
        }
        for (_, line, why) in refused {
            app.metrics.refused(why);
            why.line(*line, &mut out);
        }
        if let Some(end) = &self.end {
            end.last_line(&mut out);
        }
        self.count(app, not_done);
        out
    }

    /// Counts what was learned; which kinds the refused ones had is not worth a list per chunk.
    fn count(&self, app: &App, mut not_done: u64) {
        for (kind, n) in
            [EventKind::Learn, EventKind::Predict, EventKind::Label].into_iter().zip(self.kinds)
        {
            let done = n.saturating_sub(not_done);
            not_done = not_done.saturating_sub(n);
            if done > 0 && !self.lines.is_empty() {
                app.metrics.events(kind, done);
            }
        }
    }
}

fn not_tried() -> Error {
    Error::new(
        ErrorKind::Poisoned,
        "the identity panicked on an event before this one; this one was not tried, send it again",
    )
}
