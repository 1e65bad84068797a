//! Events for peers that learn them one by one: where a model has no sums, or the two are not made
//! alike.
//!
//! An identity tells what it learned itself, from its journal, and nothing of others: each peer has
//! to hear it from itself. Its rows say under which name and number each event was told, so that
//! nothing is told twice, after a restart, a rewind or a restored backup either.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use her_identity::house::Record;
use her_identity::sync::{ANY_CONTRACT, Content, Origin, Part, Shared, limits, signed_bytes};
use her_identity::{House, Result};
use her_learn::{Row, Target};

use super::rows::{MESSAGE_BYTES, squeezed};
use crate::node::Key;

/// Bytes of features in one part, about: well below what an exchange takes.
const PART_BYTES: usize = limits::PIECE_BYTES / 4;
/// Events in a part, and parts in a message, for models that take seconds for a few: who waits for
/// an answer is to get it in time.
const HEAVY_EVENTS: usize = 8;
const HEAVY_PARTS: usize = 2;

/// Events on their way into parts.
struct Parts<'a> {
    key: &'a Key,
    origin: Origin,
    from: u64,
    events: Vec<(Row, Target, f64)>,
    bytes: usize,
    heavy: bool,
    /// Parts that are done, and their bytes.
    done: Vec<Vec<u8>>,
    sum: usize,
    untold: Vec<String>,
}

impl Parts<'_> {
    fn is_full(&self) -> bool {
        let most = if self.heavy { HEAVY_EVENTS } else { limits::LESSON_EVENTS };
        self.events.len() >= most || self.bytes >= PART_BYTES
    }

    /// Whether a message takes no more.
    fn is_enough(&self) -> bool {
        self.sum >= MESSAGE_BYTES || (self.heavy && self.done.len() >= HEAVY_PARTS)
    }

    /// Makes a part of what was gathered, up to a number.
    fn close(&mut self, to: u64) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        self.bytes = 0;
        if events.is_empty() || to <= self.from {
            return Ok(());
        }
        let (from, origin) = (self.from, self.origin);
        let told = Content::lived(events.iter().map(|(row, target, w)| (row, target, *w)));
        let Some(content) = told else {
            // The next part follows on the one before: these are left out, and said to be.
            let what = format!(
                "{} events before version {to} are too long to be told: {} bytes in one part",
                events.len(),
                limits::PIECE_BYTES
            );
            self.untold.push(what);
            return Ok(());
        };
        let hash = content.hash_after(from, [0; 32]);
        let count = events.len() as u64;
        let signed = signed_bytes(&ANY_CONTRACT, &origin, to, count, &hash);
        let signature = self.key.sign(&signed)?;
        let part = squeezed(&Part { origin, from, to, events: count, content, hash, signature })?;
        self.from = to;
        self.sum += part.len();
        self.done.push(part);
        Ok(())
    }
}

/// What somebody with this vector has not heard of what this identity learned itself, as many as
/// fit into a message.
pub(super) fn missing(
    house: &House,
    name: &str,
    shared: &Shared,
    theirs: &BTreeMap<Origin, u64>,
    key: &Key,
) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
    let record = house.record(name)?;
    let heavy = house.look(name, |identity| identity.state().is_heavy())?;
    let (mut told, mut untold, mut sum) = (Vec::new(), Vec::new(), 0);
    for (origin, begin, to) in shared.spans() {
        let known = theirs.get(&origin).copied().unwrap_or(0);
        let from = begin.max(known).max(floor(house, &record, shared, &origin));
        if from >= to || sum >= MESSAGE_BYTES || (heavy && told.len() >= HEAVY_PARTS) {
            continue;
        }
        if origin.peer.key != key.node.0 {
            let what = format!("what was learned as {} is told by that node only", origin.peer);
            untold.push(what);
            continue;
        }
        let mut parts = Parts {
            key,
            origin,
            from: if known == 0 { 0 } else { known },
            events: Vec::new(),
            bytes: 0,
            heavy,
            done: Vec::new(),
            sum,
            untold: Vec::new(),
        };
        let mut failed = None;
        house.learned(name, from, to, &mut |version, row, target, weight| {
            let names: usize = row.shape().columns().iter().map(|(name, _)| name.len() + 2).sum();
            let texts: usize = row.texts().map(str::len).sum();
            parts.bytes += names + texts + 8 * row.numbers().len();
            parts.events.push((row.clone(), target.clone(), weight));
            if parts.is_full() {
                failed = parts.close(version).err();
            }
            match failed {
                None if !parts.is_enough() => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        if !parts.is_enough() {
            parts.close(to)?;
        }
        sum = parts.sum;
        told.append(&mut parts.done);
        untold.append(&mut parts.untold);
    }
    Ok((told, untold))
}

/// The version up to which a name's events are another's to tell: those of the identity that a
/// fork was made of, or were told under the name of the branch that it left.
fn floor(house: &House, record: &Record, shared: &Shared, origin: &Origin) -> u64 {
    let branch = record.branch(origin.peer.identity);
    let Some(parent) = branch.and_then(|branch| branch.parent) else { return 0 };
    let others = house.names().into_iter().filter(|other| *other != record.name);
    let mut others = others.filter_map(|other| house.record(&other).ok());
    let told = shared.rows().keys().any(|row| row.peer.identity == parent.id);
    let forked = others.any(|other| other.branch(parent.id).is_some());
    if told || forked { parent.version } else { 0 }
}
