//! The envelope of a saved estimator, and the only code that turns state into bytes.
//!
//! `HERA` · format u16 · River's name · state version u16 · params (JSON, tolerant, named) ·
//! state (postcard: exact bits, dense) · crc32c. All integers are little-endian; strings and
//! blocks carry a u32 length. Nothing on disk is an ordinal of an enum of estimators.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalog::Builder;
use crate::error::{Error, Result};
use crate::estimator::{Any, Estimator};

/// The first bytes of every saved estimator.
pub const MAGIC: [u8; 4] = *b"HERA";
/// The version of the envelope itself.
pub const FORMAT: u16 = 1;

/// Appends a value's exact bits.
pub fn put<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let bytes = postcard::to_allocvec(value).expect("states are plain data in memory");
    put_block(out, &bytes);
}

/// Appends bytes with their length.
pub fn put_block(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a child estimator: name, state version, state.
pub fn put_child(out: &mut Vec<u8>, child: &dyn Estimator) {
    put_block(out, child.entry().name.as_bytes());
    out.extend_from_slice(&child.entry().version.to_le_bytes());
    let mut state = Vec::new();
    child.save(&mut state);
    put_block(out, &state);
}

/// Reads what [`put`], [`put_block`] and [`put_child`] wrote.
#[derive(Debug)]
pub struct Loader<'a> {
    bytes: &'a [u8],
    version: u16,
}

impl<'a> Loader<'a> {
    /// A reader over a state of this version.
    pub fn new(bytes: &'a [u8], version: u16) -> Self {
        Self { bytes, version }
    }

    /// The version of the state being read: an estimator whose state has changed converts here.
    pub fn version(&self) -> u16 {
        self.version
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if self.bytes.len() < n {
            return Err(Error::new(format!(
                "the saved state ends early: {n} bytes wanted, {} left; it is damaged",
                self.bytes.len()
            )));
        }
        let (head, tail) = self.bytes.split_at(n);
        self.bytes = tail;
        Ok(head)
    }

    fn u16(&mut self) -> Result<u16> {
        let b = self.take(2)?;
        Ok(u16::from_le_bytes([b[0], b[1]]))
    }

    /// Bytes with their length.
    pub fn block(&mut self) -> Result<&'a [u8]> {
        let b = self.take(4)?;
        let n = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        self.take(n as usize)
    }

    /// A value.
    pub fn get<T: DeserializeOwned>(&mut self) -> Result<T> {
        postcard::from_bytes(self.block()?)
            .map_err(|e| Error::new(format!("the saved state can't be read ({e}); it is damaged")))
    }

    /// A child estimator's state, into a child freshly built from the same parameters.
    pub fn child(&mut self, child: &mut dyn Estimator) -> Result<()> {
        let name = self.block()?;
        if name != child.entry().name.as_bytes() {
            return Err(Error::new(format!(
                "the saved state is of {}, the spec says {}",
                String::from_utf8_lossy(name),
                child.entry().name
            )));
        }
        let version = self.version_for(child)?;
        let mut inner = Loader::new(self.block()?, version);
        child.load(&mut inner)?;
        inner.finish().map_err(|e| e.at(child.entry().name))
    }

    fn version_for(&mut self, child: &dyn Estimator) -> Result<u16> {
        let (version, newest) = (self.u16()?, child.entry().version);
        if version == 0 || version > newest {
            return Err(Error::new(format!(
                "the saved state of {} has version {version}, this build reads 1 to {newest}; \
                 use a newer her",
                child.entry().name
            )));
        }
        Ok(version)
    }

    /// Checks that everything was read.
    pub fn finish(&self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the saved state has {} bytes too many; it is damaged",
            self.bytes.len()
        )))
    }
}

/// Writes an estimator with its parameters and state into one checksummed envelope.
pub fn save(estimator: &dyn Estimator) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    put_block(&mut out, estimator.params().to_string().as_bytes());
    put_child(&mut out, estimator);
    let sum = crc32c::crc32c(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// Reads an envelope: builds the estimator from its parameters, then takes over the state.
pub fn load(bytes: &[u8], builder: &Builder<'_>) -> Result<Any> {
    let Some((body, sum)) = bytes.split_last_chunk::<4>() else {
        return Err(Error::new("a saved estimator has at least 4 bytes; this is not one"));
    };
    if body.get(..4) != Some(&MAGIC) {
        return Err(Error::new("this is not a saved estimator: it does not begin with HERA"));
    }
    let mut loader = Loader::new(&body[4..], 0);
    let format = loader.u16()?;
    if format != FORMAT {
        return Err(Error::new(format!(
            "the saved estimator has format {format}, this build reads {FORMAT}; use a newer her"
        )));
    }
    if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
        return Err(Error::new("the saved estimator's checksum is wrong; it is damaged"));
    }
    let params = serde_json::from_slice(loader.block()?)
        .map_err(|e| Error::new(format!("the saved parameters can't be read ({e})")))?;
    let name = Loader::new(loader.bytes, 0).block()?;
    let name = String::from_utf8_lossy(name).into_owned();
    let mut any = builder.build_named(&name, params)?;
    loader.child(any.estimator_mut())?;
    loader.finish()?;
    Ok(any)
}
