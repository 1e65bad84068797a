//! Rows on their way: what another misses, the smallest form of it, signatures, and the check of
//! what comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use her_identity::migrate::Node;
use her_identity::sync::{Origin, Part, Row, Shared, limits, signed_bytes};
use her_identity::{Error, Result};
use her_learn::merge::Sums;

use crate::node::{Key, has_signed};

/// Numbers of a row that are kept to send what came to it since.
const KEPT: usize = 4;
/// Origins whose rows are kept so.
const ORIGINS_MAX: usize = 1024;
/// Bytes of parts in one message.
pub(super) const MESSAGE_BYTES: usize = 4 << 20;

/// How hard a part is squeezed: names take most of it, and are much alike.
const LEVEL: i32 = 9;
/// Bytes that a part may have when it is unpacked: what an exchange takes.
const PART_BYTES: usize = limits::EXCHANGE_BYTES;

/// A part as it goes over the wire.
fn squeezed(part: &Part) -> Result<Vec<u8>> {
    let bytes = part.to_bytes();
    // Who gets it makes no more room than that.
    if bytes.len() > PART_BYTES {
        return Ok(bytes);
    }
    zstd::bulk::compress(&bytes, LEVEL).map_err(|e| Error::io("squeezing a part", e))
}

/// Rows as they were sent lately.
#[derive(Debug, Default)]
pub(super) struct Sent(BTreeMap<Origin, VecDeque<Arc<Row>>>);

impl Sent {
    fn find(&self, origin: &Origin, seq: u64) -> Option<&Sums> {
        self.0.get(origin)?.iter().find(|row| row.seq == seq).map(|row| &row.sums)
    }

    fn keep(&mut self, origin: Origin, row: &Arc<Row>) {
        if self.0.len() >= ORIGINS_MAX && !self.0.contains_key(&origin) {
            self.0.pop_first();
        }
        let kept = self.0.entry(origin).or_default();
        if kept.back().is_none_or(|newest| newest.seq < row.seq) {
            kept.push_back(Arc::clone(row));
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
    }
}

/// What somebody with this vector misses, each row whole or as what came to it, whichever is
/// shorter; as many as fit into a message.
pub(super) fn missing(
    shared: &Shared,
    theirs: &BTreeMap<Origin, u64>,
    contract: &[u8; 32],
    key: &Key,
    sent: &mut Sent,
) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
    let (mut parts, mut untold, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (origin, row) in shared.missing(theirs) {
        // One of the node that it lived on before, which did not tell anybody of it.
        let Some(signature) = signature(row, origin, contract, key)? else { continue };
        let (to, events, hash) = (row.seq, row.events, row.hash);
        let whole =
            Part { origin: *origin, from: 0, to, events, sums: row.sums.clone(), hash, signature };
        let mut part = squeezed(&whole)?;
        let from = theirs.get(origin).copied().unwrap_or(0);
        if let Some(old) = sent.find(origin, from).filter(|_| from > 0) {
            let mut sums = row.sums.clone();
            sums.sub(old);
            sums.trim();
            let step = squeezed(&Part { from, sums, ..whole })?;
            if step.len() < part.len() {
                part = step;
            }
        }
        if part.len() > limits::EXCHANGE_BYTES {
            untold.push(format!(
                "number {to} of {} has {} bytes, at most {} are sent; use a coarser codec",
                origin.peer,
                part.len(),
                limits::EXCHANGE_BYTES
            ));
            continue;
        }
        if bytes + part.len() > MESSAGE_BYTES {
            break;
        }
        bytes += part.len();
        sent.keep(*origin, row);
        parts.push(part);
    }
    Ok((parts, untold))
}

/// The signature that came with a row, or this node's own.
pub(super) fn signature(
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
    let bytes = zstd::bulk::decompress(bytes, PART_BYTES)
        .map_err(|e| Error::invalid(format!("a part of a peer can't be unpacked ({e})")))?;
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
            "{} is of a node that is not in the settings here; add it to read what it learned",
            part.origin.peer
        )));
    }
    let signed = signed_bytes(contract, &part.origin, part.to, part.events, &part.hash);
    if !has_signed(node, &signed, &part.signature) {
        return Err(Error::invalid(format!(
            "number {} of {} is not signed by it",
            part.to, part.origin.peer
        )));
    }
    Ok(())
}

/// Parts in groups that fit into one event each.
pub(super) fn batches(parts: Vec<Part>) -> Vec<Vec<Part>> {
    let mut batches: Vec<(usize, Vec<Part>)> = Vec::new();
    for part in parts {
        let bytes = part.to_bytes().len();
        match batches.last_mut() {
            Some((sum, batch))
                if *sum + bytes <= limits::EXCHANGE_BYTES && batch.len() < limits::PARTS =>
            {
                *sum += bytes;
                batch.push(part);
            }
            _ => batches.push((bytes, vec![part])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}
