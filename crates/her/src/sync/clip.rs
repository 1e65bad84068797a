//! Bounds on the rows of peers: how large one may be, how many lives a peer may have, and, for sums
//! of steps, how far each event may have moved the model.
//!
//! Rows are judged, not the way in which they come: a row that is refused whole is refused in steps
//! too, so peers agree on it whatever came first. A row that is over a bound is refused by name and
//! never scaled down: it would not be what its origin signed, and the hashes of peers that clipped
//! it in different ways would never be equal. What is not a number can't come: rows are whole
//! numbers on a grid, and sums stop at its ends ([`her_learn::merge::Fixed`]).

use std::collections::{BTreeMap, BTreeSet};

use her_identity::sync::{Content, Origin, Part, Peer, Shared, pack};
use her_learn::merge::{Merge, Sums, is_step};

use crate::config::Sync;

/// More bytes than a key or a number takes, packed, beside its texts.
const KEY_BYTES: usize = 64;
const NUMBER_BYTES: usize = 20;

/// The L2 norm of the sums of steps. The size of counts and moments says nothing.
fn step_norm(sums: &Sums) -> f64 {
    let steps = sums.iter().filter(|(key, _)| is_step(&key.tensor));
    let squares = steps.flat_map(|(_, block)| block).map(|cell| cell.to_f64() * cell.to_f64());
    squares.sum::<f64>().sqrt()
}

/// Bytes that packed sums have at most; found without packing them.
fn bytes_at_most(sums: &Sums) -> usize {
    let texts = |text: &Option<std::sync::Arc<str>>| text.as_ref().map_or(0, |text| text.len());
    let class = |label: &her_learn::Label| match label {
        her_learn::Label::Text(text) => text.len(),
        her_learn::Label::Bool(_) | her_learn::Label::Int(_) => 0,
    };
    let keys = sums.iter().map(|(key, _)| {
        let class = key.class.as_ref().map_or(0, class);
        KEY_BYTES + key.tensor.len() + texts(&key.feature) + texts(&key.other) + class
    });
    keys.sum::<usize>() + NUMBER_BYTES * sums.len()
}

/// What of a peer's rows is taken, and why the rest is not.
pub(super) fn judge(
    bounds: &Sync,
    merge: Merge,
    shared: Option<&Shared>,
    parts: Vec<Part>,
) -> (Vec<Part>, Vec<String>) {
    let mut lives: BTreeMap<Peer, BTreeSet<Origin>> = BTreeMap::new();
    for origin in shared.into_iter().flat_map(|shared| shared.rows().keys()) {
        lives.entry(origin.peer).or_default().insert(*origin);
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for part in parts {
        if shared.is_some_and(|shared| shared.is_mine(&part.origin.peer)) {
            taken.push(part);
            continue;
        }
        let known = lives.entry(part.origin.peer).or_default();
        let why = if known.contains(&part.origin) || known.len() < bounds.lives_max {
            over(bounds, merge, shared, &part)
        } else {
            Some(format!(
                "{} has {} rows here, one for each start of its process (sync.lives_max); its \
                 new one is not taken",
                part.origin.peer,
                known.len()
            ))
        };
        if let Some(why) = why {
            refused.push(why);
        } else {
            known.insert(part.origin);
            taken.push(part);
        }
    }
    (taken, refused)
}

/// Which bound the row that comes of a part is over.
fn over(bounds: &Sync, merge: Merge, shared: Option<&Shared>, part: &Part) -> Option<String> {
    // What events teach is worked out here, and they are few: they can't blow a row up.
    let Content::Sums(told) = &part.content else { return None };
    let have = shared.and_then(|shared| shared.rows().get(&part.origin));
    // What adds to another number than the one that is here changes nothing.
    let before = match (part.from, have) {
        (_, Some(row)) if row.seq >= part.to => return None,
        (0, _) => None,
        (from, Some(row)) if row.seq == from => Some(&row.sums),
        _ => return None,
    };
    let whole;
    let sums = match before {
        None => told,
        Some(before) => {
            let mut sums = before.clone();
            sums.add(told);
            sums.trim();
            whole = sums;
            &whole
        }
    };
    let (number, peer) = (part.to, part.origin.peer);
    if bytes_at_most(sums) > bounds.row_bytes_max {
        let bytes = pack::pack(sums).len();
        if bytes > bounds.row_bytes_max {
            return Some(format!(
                "number {number} of {peer} has {bytes} bytes, at most {} are taken \
                 (sync.row_bytes_max)",
                bounds.row_bytes_max
            ));
        }
    }
    if merge == Merge::Deltas {
        let norm = step_norm(sums) / part.events.max(1) as f64;
        if norm > bounds.step_norm_max {
            return Some(format!(
                "number {number} of {peer} moved its model by {norm:.3e} an event, at most {:.3e} \
                 is taken (sync.step_norm_max); it may have diverged",
                bounds.step_norm_max
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests;
