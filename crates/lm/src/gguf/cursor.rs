//! Reading a header whose every count may be a lie: nothing is allocated before it is compared
//! with the bytes that are left.

use crate::error::{Result, wrong};

/// A position in a file's bytes.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The longest text in a header, in bytes: chat templates are the longest known, at some 20 kB.
const TEXT_MAX: u64 = 1 << 20;

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn take(&mut self, n: usize, what: &str) -> Result<&'a [u8]> {
        if n > self.left() {
            return wrong(format!(
                "byte {}: {what} needs {n} bytes, but only {} are left: the file is cut off or \
                 damaged; fetch it again",
                self.at,
                self.left()
            ));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    pub fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A count of things that take at least `each` bytes, at most `max`.
    pub fn count(&mut self, each: usize, max: u64, what: &str) -> Result<usize> {
        let start = self.at;
        let n = self.u64(what)?;
        let fits = n.checked_mul(each as u64).is_some_and(|bytes| bytes <= self.left() as u64);
        if n > max || !fits {
            return wrong(format!(
                "byte {start}: {what} is {n}, but at most {max} are read and {} bytes are left: \
                 the file is damaged; fetch it again",
                self.left()
            ));
        }
        Ok(n as usize)
    }

    pub fn text(&mut self, what: &str) -> Result<&'a str> {
        let n = self.count(1, TEXT_MAX, &format!("the length of {what}"))?;
        let start = self.at;
        let bytes = self.take(n, what)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(e) => wrong(format!(
                "byte {}: {what} is not UTF-8: the file is damaged; fetch it again",
                start + e.valid_up_to()
            )),
        }
    }
}
