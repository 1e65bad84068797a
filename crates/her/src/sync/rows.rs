//! Rows on their way: what another misses, the smallest form of it, signatures, and the check of
//! what comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use her_identity::migrate::Node;
use her_identity::sync::{ANY_CONTRACT, Content, Lesson, Origin, Part, Row, Shared};
use her_identity::sync::{limits, signed_bytes};
use her_identity::{Error, Result};

use crate::node::{Key, has_signed};

/// Numbers of a row that are kept to send what came to it since; of one's own, which each exchange
/// with whomever makes, more.
const KEPT: usize = 4;
const OWN_KEPT: usize = 16;
/// Origins whose rows are kept so.
const ORIGINS_MAX: usize = 1024;
/// Bytes of parts in one message.
pub(super) const MESSAGE_BYTES: usize = 4 << 20;

/// How hard a part is squeezed: names take most of it, and are much alike.
pub(super) const LEVEL: i32 = 9;
/// Bytes that a part may have when it is unpacked.
const PART_BYTES: usize = limits::ROW_BYTES;

/// A part as it goes over the wire.
pub(super) fn squeezed(part: &Part) -> Result<Vec<u8>> {
    let bytes = part.to_bytes();
    // Who gets it makes no more room than that.
    if bytes.len() > PART_BYTES {
        return Ok(bytes);
    }
    zstd::bulk::compress(&bytes, LEVEL).map_err(|e| Error::io("squeezing a part", e))
}

/// Rows as they were sent lately, and the events between one's own.
#[derive(Debug, Default)]
pub(super) struct Sent {
    rows: BTreeMap<Origin, VecDeque<Arc<Row>>>,
    lessons: VecDeque<Arc<Lesson>>,
}

impl Sent {
    fn find(&self, origin: &Origin, seq: u64) -> Option<&Arc<Row>> {
        self.rows.get(origin)?.iter().find(|row| row.seq == seq)
    }

    fn keep(&mut self, origin: Origin, row: &Arc<Row>, most: usize) {
        if self.rows.len() >= ORIGINS_MAX && !self.rows.contains_key(&origin) {
            self.rows.pop_first();
        }
        let kept = self.rows.entry(origin).or_default();
        if kept.back().is_none_or(|newest| newest.seq < row.seq) {
            kept.push_back(Arc::clone(row));
        }
        while kept.len() > most {
            kept.pop_front();
        }
    }

    /// Keeps the newest contribution.
    pub fn contributed(&mut self, shared: &Shared, lesson: Option<Arc<Lesson>>) {
        let own = shared.me().and_then(|me| Some((me, shared.rows().get(&me)?)));
        let Some((me, row)) = own else { return };
        self.keep(me, row, OWN_KEPT);
        let known = |old: &Arc<Lesson>, new: &Arc<Lesson>| old.to >= new.to;
        if let Some(lesson) = lesson.filter(|l| l.origin == me && l.to == row.seq)
            && self.lessons.back().is_none_or(|newest| !known(newest, &lesson))
        {
            self.lessons.push_back(lesson);
            if self.lessons.len() > OWN_KEPT {
                self.lessons.pop_front();
            }
        }
    }

    /// The lessons that lead from one number to another, with the row after each; none where one
    /// is missing.
    fn lessons(&self, origin: &Origin, from: u64, to: u64) -> Option<Vec<(&Lesson, &Row)>> {
        let (mut at, mut found) = (from, Vec::new());
        for lesson in self.lessons.iter().filter(|lesson| lesson.origin == *origin) {
            if lesson.from == at {
                found.push((&**lesson, &**self.find(origin, lesson.to)?));
                at = lesson.to;
            }
        }
        (at == to && at > from).then_some(found)
    }
}

/// What somebody with this vector misses, each row whole, as what came to it or as the events
/// behind that, whichever is shortest; as many as fit into a message.
pub(super) fn missing(
    shared: &Shared,
    theirs: &BTreeMap<Origin, u64>,
    contract: &[u8; 32],
    key: &Key,
    sent: &mut Sent,
) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
    let (mut parts, mut untold, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (origin, row) in shared.missing(theirs) {
        // One of the node that it lived on before, which did not tell anybody of it, has no
        // signature.
        let Some(signature) = signature_of(row, origin, contract, key)? else { continue };
        let from = theirs.get(origin).copied().unwrap_or(0);
        let whole = Part::whole(*origin, row, signature);
        let mut told = vec![squeezed(&whole)?];
        if let Some(old) = sent.find(origin, from).filter(|_| from > 0) {
            let mut sums = row.sums.clone();
            sums.sub(&old.sums);
            sums.trim();
            let step = Part { from, content: Content::Sums(sums), ..whole };
            told = shorter(told, vec![squeezed(&step)?]);
        }
        if let Some(lessons) = sent.lessons(origin, from, row.seq) {
            let mut events = Vec::with_capacity(lessons.len());
            for (lesson, after) in lessons {
                let content = Content::Events(lesson.events.clone());
                let Some(signature) = signature_of(after, origin, contract, key)? else { continue };
                let Row { seq: to, events: sum, hash, .. } = *after;
                let (origin, from) = (*origin, lesson.from);
                let part = Part { origin, from, to, events: sum, content, hash, signature };
                events.push(squeezed(&part)?);
            }
            told = shorter(told, events);
        }
        if let Some(long) = told.iter().find(|part| part.len() > MESSAGE_BYTES) {
            untold.push(format!(
                "number {} of {} has {} bytes, at most {} are sent; use a coarser codec",
                row.seq,
                origin.peer,
                long.len(),
                MESSAGE_BYTES
            ));
            continue;
        }
        let more: usize = told.iter().map(Vec::len).sum();
        if bytes + more > MESSAGE_BYTES {
            break;
        }
        bytes += more;
        let own = shared.me() == Some(*origin);
        sent.keep(*origin, row, if own { OWN_KEPT } else { KEPT });
        parts.extend(told);
    }
    Ok((parts, untold))
}

/// The signature that came with a row, or this node's own.
pub(super) fn signature_of(
    row: &Row,
    origin: &Origin,
    contract: &[u8; 32],
    key: &Key,
) -> Result<Option<Box<[u8; 64]>>> {
    match &row.signature {
        Some(signature) => Ok(Some(signature.clone())),
        None if origin.peer.key == key.node.0 => {
            let signed = signed_bytes(contract, origin, row.seq, row.events, &row.hash);
            key.sign(&signed).map(Some)
        }
        None => Ok(None),
    }
}

/// Of two ways to tell the same the shorter one; of equals the first.
fn shorter(a: Vec<Vec<u8>>, b: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let bytes = |told: &[Vec<u8>]| -> usize { told.iter().map(Vec::len).sum() };
    if bytes(&b) < bytes(&a) { b } else { a }
}

/// Parts that were read, are signed by who they are from, and are from nodes on the list; and why
/// the others are not taken.
pub(super) fn checked(
    parts: &[Vec<u8>],
    contract: &[u8; 32],
    known: impl Fn(Node) -> bool,
) -> (Vec<Part>, Vec<String>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for bytes in parts {
        match check(bytes, contract, &known) {
            Ok(part) => taken.push(part),
            Err(e) => refused.push(e.message),
        }
    }
    (taken, refused)
}

fn check(bytes: &[u8], contract: &[u8; 32], known: &impl Fn(Node) -> bool) -> Result<Part> {
    let wrong = |e: &dyn std::fmt::Display| {
        Error::invalid(format!("a part of a peer can't be unpacked ({e})"))
    };
    // Room is made for what it says it has, and never for more than a part may have.
    let says = zstd::zstd_safe::get_frame_content_size(bytes).map_err(|e| wrong(&e))?;
    let room = says.map_or(PART_BYTES, |n| PART_BYTES.min(n as usize));
    let bytes = zstd::bulk::decompress(bytes, room).map_err(|e| wrong(&e))?;
    let part = Part::from_bytes(&bytes)?;
    check_signed(&part, contract, known)?;
    Ok(part)
}

/// Whether a part is of a node on the list, and signed by it.
pub(super) fn check_signed(
    part: &Part,
    contract: &[u8; 32],
    known: impl Fn(Node) -> bool,
) -> Result<()> {
    let node = Node(part.origin.peer.key);
    if !known(node) {
        return Err(Error::invalid(format!(
            "{} is of a node that is not known here; add it to read what it learned",
            part.origin.peer
        )));
    }
    let lived = matches!(part.content, Content::Lived(_));
    let contract = if lived { &ANY_CONTRACT } else { contract };
    let signed = signed_bytes(contract, &part.origin, part.to, part.events, &part.hash);
    if !has_signed(node, &signed, &part.signature) {
        return Err(Error::invalid(format!(
            "number {} of {} is not signed by it",
            part.to, part.origin.peer
        )));
    }
    Ok(())
}

/// Parts in groups that fit into one event each, where they fit into one at all.
pub(super) fn batches(parts: Vec<Part>) -> Vec<Vec<Part>> {
    let mut batches: Vec<(usize, Vec<Part>)> = Vec::new();
    for part in parts {
        let bytes = part.to_bytes().len();
        match batches.last_mut() {
            Some((sum, batch))
                if *sum + bytes <= limits::PIECE_BYTES && batch.len() < limits::PARTS =>
            {
                *sum += bytes;
                batch.push(part);
            }
            _ => batches.push((bytes, vec![part])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}
