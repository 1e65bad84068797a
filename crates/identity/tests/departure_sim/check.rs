//! The invariants, from what people saw and what the journals hold.

use std::collections::BTreeMap;

use her_identity::House;
use her_identity::house::Place;
use her_identity::turn::Desk;

use crate::node::{bits, row};
use crate::world::{HOUSES, NAME, World};

/// The most reads of a run that are compared with a replay.
const READS_MAX: usize = 40;

type Check = Result<(), String>;

fn hold(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(what()) }
}

/// I12, while it runs: no two nodes own the identity at a time.
pub fn one_owner(world: &World) -> Check {
    let owns = |i: &usize| {
        let host = world.machines[*i].host.borrow();
        host.as_ref().is_some_and(|host| {
            host.house().record(NAME).is_ok() && host.house().place(NAME) == Place::Here
        })
    };
    let owners: Vec<usize> = (0..HOUSES).filter(owns).collect();
    hold(owners.len() < 2, || format!("I12: nodes {owners:?} own it"))
}

/// All that can be told at the end. `settled` is said when the faults were healed in vain.
pub fn all(world: &World) -> Check {
    let hosts: Vec<_> = world.machines.iter().map(|m| m.host.borrow().clone()).collect();
    let owner = hosts.iter().position(|host| {
        let house = host.as_ref().map(|host| host.house());
        house.is_some_and(|h| h.record(NAME).is_ok() && h.place(NAME) == Place::Here)
    });
    let owner = owner.ok_or("I11: nobody owns it, though all faults are healed")?;
    for host in hosts.iter().flatten() {
        while host.house().commit() {}
    }
    let house = hosts[owner].as_ref().ok_or("the owner is down")?.house();
    let lines = log(world, house)?;
    requests(world, &lines)?;
    epochs(world, &lines)?;
    reads(world, house, lines.len() as u64)?;
    for (place, host) in hosts.iter().enumerate() {
        let Some(host) = host else { continue };
        let id = house.record(NAME).map_err(|e| e.message)?.current;
        if let Some(head) = host.house().head_of(id).map_err(|e| e.message)? {
            let tail = house.tail(id, Some(head));
            tail.map_err(|e| format!("I7: node {place} at {head:?} has another past: {e}"))?;
        }
    }
    let verified = house.verify(NAME).map_err(|e| format!("I8: {e}"))?;
    hold(verified.version == lines.len() as u64, || format!("I8: {verified:?}"))
}

/// What the journal says of a version.
struct Line {
    epoch: u64,
    request: Option<(String, u64)>,
}

/// I1, I4 in part: versions 1..N, and epochs that never fall.
fn log(world: &World, house: &House) -> Result<Vec<Line>, String> {
    let head = house.head(NAME).map_err(|e| e.message)?.seq;
    let log = house.log(NAME, 1, usize::MAX >> 1).map_err(|e| e.message)?;
    hold(log.len() as u64 == head, || format!("I1: {} lines, head {head}", log.len()))?;
    let (mut lines, mut before) = (Vec::new(), 0);
    for (i, line) in log.iter().enumerate() {
        let epoch = line["epoch"].as_u64().unwrap_or(0);
        hold(line["version"] == i as u64 + 1, || format!("I1: line {i} is {line}"))?;
        hold(epoch >= before, || format!("I4: the epoch falls at {}: {line}", i + 1))?;
        before = epoch;
        let client = line["client"].as_str().map(str::to_owned);
        let request = client.zip(line["n"].as_u64());
        lines.push(Line { epoch, request });
    }
    world.trace(format_args!("log of {} events, epoch {before}", lines.len()));
    Ok(lines)
}

/// I2, I3, I10: each request at most once, each acknowledged one where it was told, in the order
/// of real time.
fn requests(world: &World, lines: &[Line]) -> Check {
    let mut at = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        if let Some(request) = &line.request {
            let twice = at.insert(request.clone(), i as u64 + 1);
            hold(twice.is_none(), || format!("I2: {request:?} at {twice:?} and {}", i + 1))?;
        }
    }
    let history = world.history.borrow();
    let mut placed = Vec::new();
    for ack in &history.learned {
        let version = at.get(&(ack.client.clone(), ack.n)).copied();
        let version = version.ok_or_else(|| format!("I2: acknowledged and lost: {ack:?}"))?;
        let fits = if ack.duplicate { version <= ack.version } else { version == ack.version };
        hold(fits, || format!("I2: {ack:?} lies at {version}"))?;
        placed.push((ack, version));
    }
    // The newest version of all that were acknowledged before a request began.
    let mut ends: Vec<_> = placed.iter().map(|(ack, version)| (ack.end, *version)).collect();
    ends.sort_unstable();
    placed.sort_by_key(|(ack, _)| ack.begin);
    let (mut newest, mut ends) = (0, ends.into_iter().peekable());
    for (ack, version) in placed {
        while let Some((_, version)) = ends.next_if(|(end, _)| *end < ack.begin) {
            newest = newest.max(version);
        }
        hold(version > newest, || format!("I3: {ack:?} at {version}, but {newest} was before"))?;
    }
    Ok(())
}

/// I4: within one epoch one node acknowledges.
fn epochs(world: &World, lines: &[Line]) -> Check {
    let mut nodes = BTreeMap::new();
    for ack in world.history.borrow().learned.iter().filter(|ack| !ack.duplicate) {
        let Some(line) = lines.get(ack.version as usize - 1) else { continue };
        let node = *nodes.entry(line.epoch).or_insert(ack.node);
        let epoch = line.epoch;
        hold(node == ack.node, || format!("I4: nodes {node} and {} at {epoch}", ack.node))?;
    }
    Ok(())
}

/// I6: what was predicted at a version is what the replay predicts there, bit for bit. A version
/// that was applied and not durable yet may be taken back by a crash: those are passed over.
fn reads(world: &World, house: &House, head: u64) -> Check {
    let history = world.history.borrow();
    let mut durable: Vec<_> = history.reads.iter().filter(|r| r.version <= r.durable).collect();
    let skip = durable.len().div_ceil(READS_MAX).max(1);
    durable = durable.into_iter().step_by(skip).collect();
    durable.sort_by_key(|read| read.version);
    let mut desk = Desk::default();
    let mut at: Option<(u64, her_identity::turn::State)> = None;
    for read in durable {
        hold(read.version <= head, || format!("I6: {read:?} is beyond the journal, {head}"))?;
        if at.as_ref().is_none_or(|(version, _)| *version != read.version) {
            let past = house.at(NAME, read.version).map_err(|e| format!("I6: {e}"))?;
            at = Some((read.version, past));
        }
        let Some((_, state)) = &at else { continue };
        let replayed = state.predict(&row(read.row), &mut desk).map_err(|e| e.message)?;
        hold(bits(&replayed) == read.bits, || format!("I6: {read:?}, replayed {replayed:?}"))?;
    }
    Ok(())
}
