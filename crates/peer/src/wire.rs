//! What goes over a connection. The control stream, opened by who connects, begins with a hello
//! of each side, then carries units; each transfer is a stream with a header and the content. On
//! one more stream a side says what became of the other's transfers: it waits for nobody, so that
//! frames which nobody takes out hold no transfer up.
//!
//! | part | bytes |
//! |---|---|
//! | hello | length (u8), [`Hello`] in postcard |
//! | unit | 0, length (u32, little-endian), a frame |
//! | unit | 1: nothing follows, and every transfer came to its end |
//! | header | length (u16, little-endian), [`Header`] in postcard |
//! | verdicts | 0 (u16), then for each: the stream's number (u64, little-endian), a code (u8) |

use serde::{Deserialize, Serialize};

use crate::{Broken, Error, NAME_BYTES, Result};

/// What both sides must name before they talk.
pub(crate) const ALPN: &[u8] = b"her/sync/1";
/// The newest version of what follows the hello, and the oldest that this build still speaks.
pub(crate) const VERSION: u16 = 1;
pub(crate) const OLDEST: u16 = 1;

/// Which versions a side speaks. Later versions may append fields; they are skipped here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub newest: u16,
    pub oldest: u16,
}

impl Hello {
    pub(crate) const OURS: Self = Self { newest: VERSION, oldest: OLDEST };

    /// The newest version that both speak.
    pub(crate) fn agree(self, other: Self) -> Result<u16> {
        let version = self.newest.min(other.newest);
        if version >= self.oldest.max(other.oldest) {
            return Ok(version);
        }
        let what = format!(
            "versions {} to {} of the link here, {} to {} there: upgrade the older",
            self.oldest, self.newest, other.oldest, other.newest
        );
        Err(Error::Invalid(what))
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        let body = postcard::to_stdvec(&self).unwrap_or_default();
        [&[body.len() as u8][..], &body].concat()
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        postcard::take_from_bytes(body).ok().map(|(hello, _)| hello)
    }
}

/// What precedes a transfer's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub kind: u16,
    pub name: String,
    pub length: u64,
    pub hash: [u8; 32],
}

/// The longest header: two numbers, the name with its length, the hash.
pub(crate) const HEADER_BYTES: usize = 3 + 2 + NAME_BYTES + 10 + 32;

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let body = postcard::to_stdvec(self).unwrap_or_default();
        [&(body.len() as u16).to_le_bytes()[..], &body].concat()
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let (header, rest): (Self, _) = postcard::take_from_bytes(body).ok()?;
        (rest.is_empty() && header.name.len() <= NAME_BYTES).then_some(header)
    }
}

/// What a unit of the control stream begins with.
pub(crate) const FRAME: u8 = 0;
pub(crate) const BYE: u8 = 1;

/// Why a connection ends, as the other side's QUIC is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Done = 0,
    NotAllowed = 1,
    Version = 2,
    Busy = 3,
    Protocol = 4,
    Dropped = 5,
}

/// What became of a transfer: that it arrived, or why its stream ended before its time, as the
/// other side's QUIC is told too.
pub(crate) fn code_of(verdict: Verdict) -> u8 {
    let Err(why) = verdict else { return 0 };
    match why {
        Broken::Cut => 16,
        Broken::Stalled => 17,
        Broken::TooLarge => 18,
        Broken::NoRoom => 19,
        Broken::Damaged => 20,
    }
}

/// Whether a transfer arrived whole.
pub(crate) type Verdict = std::result::Result<(), Broken>;

/// A verdict on the stream of that number.
pub(crate) fn encode_verdict(stream: u64, verdict: Verdict) -> [u8; 9] {
    let mut bytes = [0; 9];
    bytes[..8].copy_from_slice(&stream.to_le_bytes());
    bytes[8] = code_of(verdict);
    bytes
}

pub(crate) fn decode_verdict(bytes: [u8; 9]) -> (u64, Verdict) {
    let [stream @ .., code] = bytes;
    let verdict = if code == 0 { Ok(()) } else { Err(why_of(u64::from(code))) };
    (u64::from_le_bytes(stream), verdict)
}

/// What the code of a broken one means; later versions' codes mean that it was cut.
pub(crate) fn why_of(code: u64) -> Broken {
    match code {
        17 => Broken::Stalled,
        18 => Broken::TooLarge,
        19 => Broken::NoRoom,
        20 => Broken::Damaged,
        _ => Broken::Cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_meet_or_say_so() {
        let ours = Hello { newest: 3, oldest: 2 };
        assert_eq!(ours.agree(Hello { newest: 5, oldest: 1 }), Ok(3));
        assert_eq!(ours.agree(Hello { newest: 2, oldest: 1 }), Ok(2));
        assert!(ours.agree(Hello { newest: 1, oldest: 1 }).is_err());
        assert!(ours.agree(Hello { newest: 9, oldest: 4 }).is_err());
        let mut later = ours.encode()[1..].to_vec();
        later.extend([9, 9]);
        assert_eq!(Hello::decode(&later), Some(ours));
        assert_eq!(Hello::decode(&later[..1]), None);
    }

    #[test]
    fn the_longest_header_fits_and_half_of_one_is_none() {
        let name = "n".repeat(NAME_BYTES);
        let header = Header { kind: u16::MAX, name, length: u64::MAX, hash: [255; 32] };
        let encoded = header.encode();
        assert!(encoded.len() - 2 <= HEADER_BYTES);
        assert_eq!(Header::decode(&encoded[2..]), Some(header.clone()));
        for cut in 2..encoded.len() {
            assert_eq!(Header::decode(&encoded[2..cut]), None);
        }
        let long = Header { name: "n".repeat(NAME_BYTES + 1), ..header };
        assert_eq!(Header::decode(&long.encode()[2..]), None);
    }

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let all = [Broken::Cut, Broken::Stalled, Broken::TooLarge, Broken::NoRoom, Broken::Damaged];
        for why in all {
            assert_eq!(why_of(u64::from(code_of(Err(why)))), why);
            assert_eq!(decode_verdict(encode_verdict(7, Err(why))), (7, Err(why)));
        }
        assert_eq!(decode_verdict(encode_verdict(u64::MAX, Ok(()))), (u64::MAX, Ok(())));
    }
}
