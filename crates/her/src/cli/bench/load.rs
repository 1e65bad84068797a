//! Load on a server over one connection or many: it counts events that were answered.
//!
//! One thread does all of it, so that every server gets the same client and the rest of the
//! machine.

use std::collections::VecDeque;
use std::time::Duration;

use her_identity::clock::{Clock as _, RealClock};
use her_identity::{Error, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long is measured, and how long is not before that.
pub const RUN: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);

/// How answers follow each other on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// HTTP answers with their length.
    Http,
    /// A line each.
    Lines,
    /// A line each in the chunks of one HTTP answer, to a request of chunks.
    Chunks,
}

/// What is sent where.
pub struct Load {
    pub address: String,
    /// What opens the connection, before events.
    pub opening: Vec<u8>,
    pub events: Vec<Vec<u8>>,
    pub answers: Answers,
    pub connections: usize,
    /// Events without an answer on each connection.
    pub window: usize,
}

/// What came of it.
#[derive(Default)]
pub struct Done {
    /// Answered while it was measured.
    pub events: u64,
    /// Answered at all.
    pub all: u64,
    pub latencies_ns: Vec<u64>,
}

impl Load {
    /// Sends events for a while, after a warm-up.
    pub fn run(&self) -> Result<Done> {
        let io = |e| Error::io("speaking to the server that is measured", e);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(io)?.block_on(async {
            let clock = RealClock::new();
            let all = (0..self.connections).map(|i| self.connection(i, &clock));
            let mut done = Done::default();
            for one in futures_util::future::join_all(all).await {
                let one = one.map_err(io)?;
                done.events += one.events;
                done.all += one.all;
                done.latencies_ns.extend(one.latencies_ns);
            }
            Ok(done)
        })
    }

    async fn connection(&self, i: usize, clock: &RealClock) -> std::io::Result<Done> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&self.opening).await?;
        let (mut done, mut reader) = (Done::default(), Reader::new(self.answers));
        let (mut next, mut sent) = (i, VecDeque::new());
        let begin = WARM_UP.as_nanos() as u64;
        let end = begin + RUN.as_nanos() as u64;
        let mut out = Vec::new();
        loop {
            let now = clock.monotonic_ns();
            if now >= end {
                return Ok(done);
            }
            out.clear();
            // Room is filled when half of it is free: nobody writes a line at a time.
            if sent.len() <= self.window / 2 {
                while sent.len() < self.window {
                    out.extend_from_slice(&self.events[next % self.events.len()]);
                    next += 1;
                    sent.push_back(now);
                }
                if self.answers == Answers::Chunks {
                    // What is written at once is one chunk.
                    let head = format!("{:x}\r\n", out.len());
                    out.splice(0..0, head.into_bytes());
                    out.extend_from_slice(b"\r\n");
                }
                stream.write_all(&out).await?;
            }
            let answered = reader.answers(&mut stream).await?;
            let now = clock.monotonic_ns();
            done.all += answered as u64;
            for since in sent.drain(..answered.min(sent.len())) {
                if (begin..end).contains(&now) {
                    done.events += 1;
                    done.latencies_ns.push(now - since);
                }
            }
        }
    }
}

/// Counts answers as they come.
struct Reader {
    answers: Answers,
    piece: Vec<u8>,
    bytes: Vec<u8>,
}

impl Reader {
    fn new(answers: Answers) -> Self {
        Self { answers, piece: vec![0; 64 * 1024], bytes: Vec::new() }
    }

    /// Waits for bytes; says how many answers ended in them.
    async fn answers(&mut self, stream: &mut TcpStream) -> std::io::Result<usize> {
        let n = stream.read(&mut self.piece).await?;
        let piece = &self.piece[..n];
        if n == 0 {
            return Err(std::io::Error::other("the server closed the connection"));
        }
        if self.answers == Answers::Lines {
            return Ok(memchr::memchr_iter(b'\n', piece).count());
        }
        if self.answers == Answers::Chunks {
            // Every answer begins with its version, and nothing else says that word.
            self.bytes.extend_from_slice(piece);
            let word = b"{\"version\"";
            let found = memchr::memmem::find_iter(&self.bytes, word).count();
            let last = memchr::memmem::rfind(&self.bytes, word).map_or(0, |at| at + word.len());
            let keep = last.max(self.bytes.len().saturating_sub(word.len() - 1));
            self.bytes.drain(..keep);
            return Ok(found);
        }
        self.bytes.extend_from_slice(piece);
        let mut found = 0;
        while let Some(end) = self.http_answer()? {
            self.bytes.drain(..end);
            found += 1;
        }
        Ok(found)
    }

    /// Where the first HTTP answer ends, if it is whole.
    fn http_answer(&self) -> std::io::Result<Option<usize>> {
        let Some(head) = memchr::memmem::find(&self.bytes, b"\r\n\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(&self.bytes[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(std::io::Error::other(format!("the server answers {text}")));
        }
        let length = text.split("\r\n").find_map(|l| l.strip_prefix("content-length:"));
        let length: Option<usize> = length.and_then(|l| l.trim().parse().ok());
        let Some(length) = length else {
            return Err(std::io::Error::other("the server answers without a length"));
        };
        let end = head + 4 + length;
        Ok((self.bytes.len() >= end).then_some(end))
    }
}
