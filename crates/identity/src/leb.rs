//! Bytes of events and of sums, and the way back: counts as LEB128, texts with their length.

use crate::error::{Error, Result};

pub(crate) fn put_len(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what was written so; whatever is wrong is an error, and no length makes room that the
/// bytes do not justify.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
    /// The error for bytes that hold this.
    pub wrong: fn(&str) -> Error,
}

impl<'a> Reader<'a> {
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if self.bytes.len() < n {
            return Err((self.wrong)("an early end"));
        }
        let (head, tail) = self.bytes.split_at(n);
        self.bytes = tail;
        Ok(head)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn number(&mut self) -> Result<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err((self.wrong)("a number of more than 64 bits"))
    }

    /// A count of things that take a byte at least: a larger one is damage, and must not reserve
    /// memory.
    pub fn len(&mut self) -> Result<usize> {
        let n = self.number()?;
        match usize::try_from(n) {
            Ok(n) if n <= self.bytes.len() => Ok(n),
            _ => Err((self.wrong)("a length past its end")),
        }
    }

    pub fn str(&mut self) -> Result<&'a str> {
        let n = self.len()?;
        std::str::from_utf8(self.take(n)?).map_err(|_| (self.wrong)("a name that is not UTF-8"))
    }
}
