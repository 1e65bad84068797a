//! A connection that gives up on a client who stands still.
//!
//! Three waits are bounded: for a request's head, once its first byte or the connection has come;
//! for the first byte of the next request (by hyper's own timer); and for a client that takes no
//! answer. Bodies are timed where they are read. A request that waits for us is never cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::alert::{Alert, Watchman};

/// Requests of one connection that have not been answered in full.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Counts>);

#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    begun: AtomicUsize,
}

impl UnderWay {
    /// Counts one request until what this returns is dropped.
    pub fn begin(&self) -> Token {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Token(self.clone())
    }

    fn is_none(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) == 0
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }
}

/// A request under way.
pub(crate) struct Token(UnderWay);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body that keeps its request under way until it was sent or dropped.
pub(crate) struct Sending {
    body: Body,
    _token: Token,
}

impl Sending {
    pub fn new(body: Body, token: Token) -> Self {
        Self { body, _token: token }
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// A stream with its two timers.
pub(crate) struct Meter<S> {
    stream: S,
    under_way: UnderWay,
    /// Requests that had begun at the last read: a head that was complete stops its timer.
    begun: usize,
    head: Wait,
    write: Wait,
    alert: Alert,
}

impl<S> Meter<S> {
    /// The head's timer runs from now on: a connection that says nothing is cut as well.
    pub fn new(
        stream: S,
        under_way: UnderWay,
        (head, write): (Duration, Duration),
        watchman: &Arc<Watchman>,
    ) -> Self {
        let mut head = Wait::new(head, "the head of a request took too long");
        head.arm();
        let write = Wait::new(write, "the client took no answer for too long");
        Self { stream, under_way, begun: 0, head, write, alert: Alert::new(watchman) }
    }
}

/// A timer that is armed while a client is to move.
struct Wait {
    limit: Duration,
    what: &'static str,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Wait {
    fn new(limit: Duration, what: &'static str) -> Self {
        Self { limit, what, timer: None, armed: false }
    }

    fn arm(&mut self) {
        if !self.armed {
            self.armed = true;
            let at = Instant::now() + self.limit;
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(at),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(at))),
            }
        }
    }

    fn rest(&mut self) {
        self.armed = false;
    }

    /// An error once the armed timer has run out.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match &mut self.timer {
            Some(timer) if self.armed => {
                timer.as_mut().poll(cx).map(|()| io::Error::new(io::ErrorKind::TimedOut, self.what))
            }
            _ => Poll::Pending,
        }
    }

    /// Runs while the client does not move, and rests when it does.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.rest();
            return polled;
        }
        self.arm();
        self.poll(cx).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Meter<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let begun = me.under_way.begun();
        if begun != me.begun {
            me.begun = begun;
            me.head.rest();
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut me.stream).poll_read(cx, buf);
        if !me.under_way.is_none() {
            return polled;
        }
        if buf.filled().len() > before {
            me.head.arm();
        }
        me.alert.look(cx, polled.is_pending());
        // A dribbled head is ready each time; only its timer says that it takes too long.
        match me.head.poll(cx) {
            Poll::Ready(e) => Poll::Ready(Err(e)),
            Poll::Pending => polled,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Meter<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let polled = Pin::new(&mut me.stream).poll_write(cx, buf);
        me.write.watch(cx, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        let polled = Pin::new(&mut me.stream).poll_write_vectored(cx, bufs);
        me.write.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let polled = Pin::new(&mut me.stream).poll_flush(cx);
        if polled.is_pending() { me.write.watch(cx, polled) } else { polled }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let polled = Pin::new(&mut me.stream).poll_shutdown(cx);
        me.write.watch(cx, polled)
    }
}
