//! What another identity answers, and why two can't be merged.

use her_identity::{Error, ErrorKind, Result};

use super::Report;
use crate::node::{Back, SyncBack};

/// What the other side has, and what it told; the hash of its rows where they are of sums.
pub(super) struct Answered {
    pub vector: Vec<u8>,
    pub hash: Option<[u8; 32]>,
    pub parts: Vec<Vec<u8>>,
}

/// What an answer says, counted.
pub(super) fn answered(back: Back, report: &mut Report) -> Result<Answered> {
    let (vector, hash, parts, refused) = match back {
        Back::Sync(SyncBack::Took { vector, hash, parts, refused }) => {
            (vector, Some(hash), parts, refused)
        }
        Back::Sync(SyncBack::Told { why, vector, parts, refused }) => {
            report.events = Some(why);
            (vector, None, parts, refused)
        }
        Back::Sync(SyncBack::Refused(why)) => {
            return Err(Error::invalid(format!("{} does not exchange: {why}", report.peer)));
        }
        Back::Refused(why) => return Err(Error::invalid(why)),
        _ => return Err(Error::new(ErrorKind::Internal, "a node answers something else")),
    };
    report.got += parts.len();
    report.got_bytes += parts.iter().map(Vec::len).sum::<usize>();
    report.refused.extend(refused.into_iter().map(|why| format!("there: {why}")));
    Ok(Answered { vector, hash, parts })
}

/// Why two contracts can't be merged, by the first place at which they differ.
pub(super) fn differs(ours: &str, theirs: &str) -> String {
    let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| -> String {
        let from = text.floor_char_boundary(at.saturating_sub(24));
        let to = text.floor_char_boundary((at + 40).min(text.len()));
        text[from..to].to_owned()
    };
    format!(
        "the two are not made alike, and sums of unlike models mean nothing: one …{}…, the other \
         …{}…",
        around(ours),
        around(theirs)
    )
}
