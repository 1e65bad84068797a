//! Messages between nodes: a length of four bytes, little-endian, then postcard.

use std::io::{Read, Write};

use her_identity::migrate::{Ask, MESSAGE_BYTES_MAX, MESSAGES_VERSION, Told};
use her_identity::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of the body of a request or an answer that one node hands another.
pub(crate) const HTTP_BYTES_MAX: usize = 8 << 20;
const BYTES_MAX: usize = if MESSAGE_BYTES_MAX > HTTP_BYTES_MAX {
    MESSAGE_BYTES_MAX
} else {
    HTTP_BYTES_MAX + (64 << 10)
};

/// A client's request that another node is to answer. Who asks was let in by the node that sends
/// it, and may do what that node's route asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct HttpCall {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// The token that the client came with, and what it may do.
    pub by: String,
    pub scopes: Vec<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct HttpBack {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// How much a node is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, serde::Deserialize)]
pub(crate) struct Load {
    pub tier: u32,
    /// Processes that want a core, over its cores.
    pub cpu: f64,
    /// Share of its memory that is in use.
    pub memory: f64,
    /// Departures to it that are under way.
    pub coming: u32,
}

/// An identity of another node, and what it wants to exchange. Origins and parts are as
/// [`her_identity::sync`] writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct SyncCall {
    /// The identity there.
    pub from: String,
    /// The identity here.
    pub to: String,
    /// The contract of the one there: its hash, and the text to tell what differs.
    pub contract: [u8; 32],
    pub terms: String,
    /// What it has: the number of each origin.
    #[serde(with = "serde_bytes")]
    pub vector: Vec<u8>,
    /// What the one here misses, as far as is known there.
    #[serde(with = "parts")]
    pub parts: Vec<Vec<u8>>,
}

/// What the identity here answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) enum SyncBack {
    /// What it has now, the hash of all its rows, and what the other one misses.
    Took {
        #[serde(with = "serde_bytes")]
        vector: Vec<u8>,
        hash: [u8; 32],
        #[serde(with = "parts")]
        parts: Vec<Vec<u8>>,
        refused: Vec<String>,
    },
    /// It does not exchange, and why.
    Refused(String),
    /// The two can't use each other's sums, and why: what it has heard, and the events that the
    /// other one has not.
    Told {
        why: String,
        #[serde(with = "serde_bytes")]
        vector: Vec<u8>,
        #[serde(with = "parts")]
        parts: Vec<Vec<u8>>,
        refused: Vec<String>,
    },
}

/// Many runs of bytes, each taken and given at once. Without it postcard turns every byte by
/// itself, into the same bytes, and a link spends most of its time so.
mod parts {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_bytes::{ByteBuf, Bytes};

    pub fn serialize<S: Serializer>(parts: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(parts.iter().map(|part| Bytes::new(part)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let parts = Vec::<ByteBuf>::deserialize(from)?;
        Ok(parts.into_iter().map(ByteBuf::into_vec).collect())
    }
}

/// What a node asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) enum Call {
    Ask(Ask),
    Http(HttpCall),
    Load,
    Sync(SyncCall),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub(crate) enum Back {
    Told(Told),
    Http(HttpBack),
    Load(Load),
    Sync(SyncBack),
    /// Who asks may not, and why.
    Refused(String),
}

fn away(what: &str, e: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{what}: {e}"))
}

/// Writes a message.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> Result<()> {
    let bytes = postcard::to_allocvec(&(MESSAGES_VERSION, message))
        .map_err(|e| Error::new(ErrorKind::Internal, format!("a message can't be written: {e}")))?;
    if bytes.len() > BYTES_MAX {
        let what = format!("a message of {} bytes is longer than {BYTES_MAX}", bytes.len());
        return Err(Error::invalid(what));
    }
    to.write_all(&(bytes.len() as u32).to_le_bytes())
        .and_then(|()| to.write_all(&bytes))
        .and_then(|()| to.flush())
        .map_err(|e| away("writing to the other node", e))
}

/// Reads a message; none when the other side has closed.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(away("reading from the other node", e)),
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > BYTES_MAX {
        let what = format!("a message of {length} bytes is longer than {BYTES_MAX}");
        return Err(Error::invalid(what));
    }
    let mut bytes = Vec::new();
    let got = from.take(length as u64).read_to_end(&mut bytes);
    got.map_err(|e| away("reading from the other node", e))?;
    if bytes.len() < length {
        return Err(away("reading from the other node", "it ends within a message"));
    }
    let wrong = |e: &dyn std::fmt::Display| {
        Error::invalid(format!("the other node says what this build cannot read: {e}"))
    };
    let (version, rest) = postcard::take_from_bytes::<u16>(&bytes).map_err(|e| wrong(&e))?;
    if version != MESSAGES_VERSION {
        let what = format!("messages of version {version}; this build speaks {MESSAGES_VERSION}");
        return Err(wrong(&what));
    }
    postcard::from_bytes(rest).map(Some).map_err(|e| wrong(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_they_always_were() {
        let back = SyncBack::Took {
            vector: vec![1, 2],
            hash: [9; 32],
            parts: vec![vec![], vec![3; 200]],
            refused: vec!["x".to_owned()],
        };
        let by_each = (0u8, vec![1u8, 2], [9u8; 32], vec![vec![], vec![3u8; 200]], vec!["x"]);
        let bytes = postcard::to_allocvec(&back).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&by_each).unwrap());
        assert_eq!(postcard::from_bytes::<SyncBack>(&bytes).unwrap(), back);
    }

    #[test]
    fn messages_come_back_and_rubbish_is_refused() {
        let mut bytes = Vec::new();
        write(&mut bytes, &Call::Load).unwrap();
        assert_eq!(read::<Call>(&mut &bytes[..]).unwrap(), Some(Call::Load));
        assert_eq!(read::<Call>(&mut &b""[..]).unwrap(), None);
        for end in 4..bytes.len() {
            assert!(read::<Call>(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
        let long = u32::MAX.to_le_bytes();
        assert_eq!(read::<Call>(&mut &long[..]).unwrap_err().kind, ErrorKind::Invalid);
        bytes[4] = 9;
        assert!(read::<Call>(&mut &bytes[..]).unwrap_err().message.contains("version 9"));
        let mut x = 1u64;
        for _ in 0..2_000 {
            let mut rubbish = vec![24, 0, 0, 0, MESSAGES_VERSION as u8];
            rubbish.extend((0..23).map(|_| {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (x >> 56) as u8 % 12
            }));
            // Whatever it is, it is a message or an error.
            let _ = read::<Call>(&mut &rubbish[..]);
        }
    }
}
