//! A connection that gives up on a client who stands still.
//!
//! Three waits are bounded: for a request's head, once its first byte or the connection has come;
//! for the first byte of the next request (by hyper's own timer); and for a client that takes no
//! answer. Bodies are timed where they are read. A request that waits for us is never cut, but for
//! work that [is dropped](UnderWay::unless_hung_up) when its client hangs up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use super::alert::{Alert, Watchman};

/// Requests of one connection that have not been answered in full.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Counts>);

#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    begun: AtomicUsize,
    /// Somebody wants to know when the client hangs up.
    watched: AtomicBool,
    hung_up: AtomicBool,
    tells: Notify,
}

impl UnderWay {
    /// Counts one request until what this returns is dropped.
    pub fn begin(&self) -> Token {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Token(self.clone())
    }

    /// Does work that is for nobody when the client hangs up: then it is dropped, and there is
    /// nothing. A client that closes only its own side has hung up as well.
    pub async fn unless_hung_up<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let watched = Watched(&self.0);
        tokio::select! {
            biased;
            () = watched.hung_up() => None,
            done = work => Some(done),
        }
    }

    fn is_watched(&self) -> bool {
        self.0.watched.load(Ordering::Relaxed)
    }

    fn hang_up(&self) {
        self.0.hung_up.store(true, Ordering::Relaxed);
        self.0.tells.notify_waiters();
    }

    fn is_none(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) == 0
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }
}

/// While it is there, the connection looks whether its client is.
struct Watched<'a>(&'a Counts);

impl Watched<'_> {
    async fn hung_up(&self) {
        loop {
            let told = self.0.tells.notified();
            self.0.watched.store(true, Ordering::Relaxed);
            if self.0.hung_up.load(Ordering::Relaxed) {
                return;
            }
            told.await;
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.watched.store(false, Ordering::Relaxed);
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
    /// A byte of the next request that came while it was looked whether the client is there.
    early: Option<u8>,
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
        Self { stream, under_way, begun: 0, head, write, alert: Alert::new(watchman), early: None }
    }
}

impl<S: AsyncRead + Unpin> Meter<S> {
    /// Hyper does not read while a request is answered, so that clients may close their own side:
    /// this looks, for requests that want it. One that sent more is there.
    fn look(&mut self, cx: &mut Context<'_>) {
        if !self.under_way.is_watched() || self.early.is_some() {
            return;
        }
        let mut byte = [0];
        let mut buf = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.early = Some(byte[0]),
            Poll::Ready(_) => self.under_way.hang_up(),
        }
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
        let polled = match me.early.take_if(|_| buf.remaining() > 0) {
            Some(byte) => {
                buf.put_slice(&[byte]);
                Poll::Ready(Ok(()))
            }
            None => Pin::new(&mut me.stream).poll_read(cx, buf),
        };
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Meter<S> {
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
        me.look(cx);
        let polled = Pin::new(&mut me.stream).poll_flush(cx);
        if polled.is_pending() { me.write.watch(cx, polled) } else { polled }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let polled = Pin::new(&mut me.stream).poll_shutdown(cx);
        me.write.watch(cx, polled)
    }
}
