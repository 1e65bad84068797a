//! A file that grows: its whole lines as they are written, until it is rotated away or cut.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use her_identity::clock::{Clock, RealClock};
use her_identity::{Error, Result};

use super::signal::Stop;

/// How often a file is looked at that does not grow.
const LOOK: Duration = Duration::from_millis(100);
/// How long a file that was renamed may still be written to: its writer has to notice too.
const GRACE: Duration = Duration::from_secs(1);
/// Bytes that are read at a time.
const PIECE: usize = 256 * 1024;
/// Bytes of one line, beyond which no end of it is waited for.
const LINE_MAX: usize = 16 * 1024 * 1024;
/// Bytes at a file's beginning by which it is known again.
const MARK_MAX: usize = 1024 * 1024;
/// Bytes of it that are compared while the file is read.
const COMPARED_MAX: usize = 4096;

/// One file of those that a name had, one after the other.
pub struct Generation {
    file: File,
    inode: u64,
    /// Its first lines: a header if it has one, and a record.
    mark: Vec<u8>,
}

impl Generation {
    /// The file at a path, if it is there and has as many whole lines as tell it from others.
    pub fn open(path: &Path, lines: usize) -> Result<Option<Self>> {
        let io = |e| Error::io(format!("reading {}", path.display()), e);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(io(e)),
        };
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(Error::invalid(format!(
                "{} is no file, and only a file can be read again; feed a pipe without --follow",
                path.display()
            )));
        }
        let Some(mark) = mark(&file, lines).map_err(io)? else { return Ok(None) };
        Ok(Some(Self { file, inode: meta.ino(), mark }))
    }

    /// The same, waited for; none when the user wants to stop.
    pub fn wait(path: &Path, lines: usize, stop: &Stop) -> Result<Option<Self>> {
        while !stop.is_set() {
            if let Some(found) = Self::open(path, lines)? {
                return Ok(Some(found));
            }
            std::thread::sleep(LOOK);
        }
        Ok(None)
    }

    /// A name for it that stays when it is renamed, and that no file after it has, unless that has
    /// the same place on the disk and the same first lines.
    pub fn name(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.inode.to_le_bytes()).update(&self.mark);
        format!("file-{}", &hash.finalize().to_hex()[..24])
    }

    /// The same file once more, also when its name has gone to another one.
    pub fn again(&self) -> Result<Self> {
        let file = self.file.try_clone().map_err(|e| Error::io("opening the file again", e))?;
        Ok(Self { file, inode: self.inode, mark: self.mark.clone() })
    }

    /// True for one file under two names.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    /// How many lines it has; the last may lack its end.
    pub fn lines(&self) -> Result<u64> {
        let io = |e| Error::io("counting the lines of the file", e);
        let (mut bytes, mut at, mut lines, mut last) = (vec![0; PIECE], 0, 0, b'\n');
        loop {
            let n = self.file.read_at(&mut bytes, at).map_err(io)?;
            if n == 0 {
                // Once the file is over, what follows its last end of a line is a line too.
                return Ok(lines + u64::from(last != b'\n'));
            }
            last = bytes[n - 1];
            lines += memchr::memchr_iter(b'\n', &bytes[..n]).count() as u64;
            at += n as u64;
        }
    }
}

/// The first whole lines of a file; none while it has fewer.
fn mark(file: &File, lines: usize) -> io::Result<Option<Vec<u8>>> {
    let mut mark = Vec::new();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let n = file.read_at(&mut bytes, mark.len() as u64)?;
        mark.extend_from_slice(&bytes[..n]);
        if let Some(end) = memchr::memchr_iter(b'\n', &mark).nth(lines - 1) {
            mark.truncate(end + 1);
            return Ok(Some(mark));
        }
        if mark.len() >= MARK_MAX {
            mark.truncate(MARK_MAX);
            return Ok(Some(mark));
        }
        if n == 0 {
            return Ok(None);
        }
    }
}

/// The bytes of a generation, whole lines only; its end is that of the generation.
pub struct Tail {
    of: Generation,
    path: PathBuf,
    stop: Stop,
    bytes: Vec<u8>,
    start: usize,
    /// Up to where whole lines go.
    whole: usize,
    read: u64,
    clock: RealClock,
    /// When a file that was renamed is over, on that clock.
    over_at: Option<u64>,
    ended: bool,
}

impl Tail {
    /// What a generation holds from its beginning on. One that is `over` is not waited for.
    pub fn new(of: Generation, path: &Path, over: bool, stop: &Stop) -> Self {
        let clock = RealClock::new();
        let over_at = over.then(|| {
            // Its writer may not have noticed yet, unless it was silent for a while.
            let quiet = of.file.metadata().and_then(|m| m.modified()).ok();
            let quiet = quiet.and_then(|at| at.elapsed().ok()).unwrap_or_default();
            clock.monotonic_ns() + GRACE.saturating_sub(quiet).as_nanos() as u64
        });
        let (path, stop) = (path.to_owned(), stop.clone());
        Self {
            of,
            path,
            stop,
            clock,
            bytes: Vec::new(),
            start: 0,
            whole: 0,
            read: 0,
            over_at,
            ended: false,
        }
    }

    /// Goes past the first lines, of which the file has as many.
    pub fn skip(&mut self, lines: u64) -> Result<()> {
        let io = |e| Error::io("reading past the lines that are learned", e);
        let (mut bytes, mut left) = (vec![0; PIECE], lines);
        while left > 0 {
            let n = self.of.file.read_at(&mut bytes, self.read).map_err(io)?;
            if n == 0 {
                break;
            }
            let mut end = n;
            for at in memchr::memchr_iter(b'\n', &bytes[..n]) {
                left -= 1;
                if left == 0 {
                    end = at + 1;
                    break;
                }
            }
            self.read += end as u64;
        }
        self.of.file.seek(SeekFrom::Start(self.read)).map_err(io)?;
        Ok(())
    }

    /// Reads on; false when there is nothing more at present.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.whole -= self.start;
            self.start = 0;
        }
        let held = self.bytes.len();
        if held > LINE_MAX {
            let why = format!("a line of more than {LINE_MAX} bytes; is this the right format?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        self.bytes.resize(held + PIECE, 0);
        let read = self.of.file.read(&mut self.bytes[held..]);
        self.bytes.truncate(held + read.as_ref().copied().unwrap_or(0));
        let n = read?;
        if n > 0 && !self.is_same()? {
            // Cut and already longer than it was: these bytes belong to no line that was begun.
            self.bytes.truncate(held);
            return Ok(false);
        }
        self.read += n as u64;
        if let Some(end) = memchr::memrchr(b'\n', &self.bytes[held..]) {
            self.whole = held + end + 1;
        }
        Ok(n > 0)
    }

    /// Looks why nothing comes: the file was cut, or renamed, or is only quiet.
    fn look(&mut self) -> io::Result<()> {
        let size = self.of.file.metadata()?.len();
        if size < self.read || !self.is_same()? {
            // What was cut off can't be read; half a line of it is no line.
            self.bytes.truncate(self.whole);
            self.ended = true;
            return Ok(());
        }
        if let Some(over_at) = self.over_at {
            // The last line of a file that is over may lack its end.
            self.ended = self.clock.monotonic_ns() >= over_at;
            if self.ended {
                self.whole = self.bytes.len();
                return Ok(());
            }
        } else if std::fs::metadata(&self.path).map_or(true, |m| m.ino() != self.of.inode) {
            self.over_at = Some(self.clock.monotonic_ns() + GRACE.as_nanos() as u64);
        }
        std::thread::sleep(LOOK);
        Ok(())
    }

    /// Cut and written anew, a file begins otherwise.
    fn is_same(&self) -> io::Result<bool> {
        let mark = &self.of.mark[..self.of.mark.len().min(COMPARED_MAX)];
        let mut begin = [0; COMPARED_MAX];
        let begin = &mut begin[..mark.len()];
        match self.of.file.read_exact_at(begin, 0) {
            Ok(()) => Ok(begin == mark),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }
}

impl Read for Tail {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.start < self.whole {
                let n = out.len().min(self.whole - self.start);
                out[..n].copy_from_slice(&self.bytes[self.start..self.start + n]);
                self.start += n;
                return Ok(n);
            }
            if self.ended || self.stop.is_set() {
                return Ok(0);
            }
            if !self.fill()? {
                self.look()?;
            }
        }
    }
}

#[cfg(test)]
#[path = "tail/tests.rs"]
mod tests;
