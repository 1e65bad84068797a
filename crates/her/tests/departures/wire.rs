//! The little of HTTP/1.1 that the load needs: answers that come while requests go, in one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_millis(500);
/// How long reading waits when nothing is there.
const LULL: Duration = Duration::from_millis(1);

/// A connection, and what was read from it.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
    used: usize,
}

/// The connection is of no more use.
pub struct Broken;

impl Wire {
    pub fn connect(to: &str) -> Option<Self> {
        let to: SocketAddr = to.parse().unwrap();
        let stream = TcpStream::connect_timeout(&to, CONNECT).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(LULL)).ok()?;
        stream.set_write_timeout(Some(CONNECT)).ok()?;
        Some(Self { stream, read: Vec::new(), used: 0 })
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.stream.write_all(bytes).map_err(|_| Broken)
    }

    /// Reads what is there, or what comes within a moment. True when something came.
    pub fn hear(&mut self) -> Result<bool, Broken> {
        if self.used > 1 << 16 {
            self.read.drain(..self.used);
            self.used = 0;
        }
        let mut piece = [0; 1 << 14];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(Broken),
            Ok(n) => {
                self.read.extend_from_slice(&piece[..n]);
                Ok(true)
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(_) => Err(Broken),
        }
    }

    fn rest(&self) -> &[u8] {
        &self.read[self.used..]
    }

    fn line(&mut self) -> Option<String> {
        let end = self.rest().iter().position(|b| *b == b'\n')?;
        let line = String::from_utf8_lossy(&self.rest()[..end]).trim_end().to_owned();
        self.used += end + 1;
        Some(line)
    }

    /// The status of an answer and the length of its body, once its whole head is here.
    pub fn head(&mut self) -> Option<(u16, Option<usize>)> {
        self.rest().windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = self.line()?.split(' ').nth(1)?.parse().ok()?;
        let mut length = None;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                return Some((status, length));
            }
            if let Some(n) = line.strip_prefix("content-length:") {
                length = n.trim().parse().ok();
            }
        }
    }

    /// So many bytes, once they are here.
    pub fn take(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let taken = self.rest().get(..bytes)?.to_vec();
        self.used += bytes;
        Some(taken)
    }

    /// A whole chunk of a body that comes in chunks; an empty one is its end.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let before = self.used;
        let found = self.line().and_then(|size| {
            let size = usize::from_str_radix(&size, 16).unwrap_or(0);
            self.take(size + 2).map(|mut chunk| {
                chunk.truncate(size);
                chunk
            })
        });
        if found.is_none() {
            self.used = before;
        }
        found
    }
}
