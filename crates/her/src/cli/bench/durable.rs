//! Acknowledged updates in batches, two under way at a time (one is learned from while the one
//! before it is synced), beside a loop that writes and syncs as many bytes: into a file that grows,
//! and into one whose space was reserved.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use her_identity::clock::{Clock as _, RealClock};
use her_identity::disk::{Disk as _, RealDisk};
use her_identity::turn::Reply;
use her_identity::{Error, House, Result};

use super::dense::{self, Dense};
use super::meter::{Line, Meter};
use super::room::{Room, events};

/// Turns of each contestant, and how long one takes.
const TURNS: usize = 4;
const TURN_NS: u64 = 700_000_000;
/// Batches that are not acknowledged yet.
const UNDER_WAY: usize = 2;

pub fn measure(data: &Path, batch: usize) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    let room = Room::new(data)?;
    let house = room.house(false)?;
    let mut her = Meter::of_waiting("her");
    let mut grown = Meter::of_waiting("raw append+fdatasync");
    let mut reserved = Meter::of_waiting("raw overwrite+fdatasync");
    let mut at = warm_up(&house, &dense, batch)?;
    let bytes = payload(&house, &dense, batch)?;
    let mut file = File::create(room.dir.join("raw")).map_err(|e| Error::io("making a file", e))?;
    let space = RealDisk.create(&room.dir.join("reserved")).map_err(|e| Error::io("a file", e))?;
    let length = 64 << 20;
    space.preallocate(length).map_err(|e| Error::io("reserving space", e))?;
    let space = File::options().write(true).open(room.dir.join("reserved"));
    let space = space.map_err(|e| Error::io("opening", e))?;
    let mut offset = 0;
    for _ in 0..TURNS {
        let clock = RealClock::new();
        let until = clock.monotonic_ns() + TURN_NS;
        let mut flying = VecDeque::new();
        her.part(|| {
            let mut done = 0;
            while clock.monotonic_ns() < until || !flying.is_empty() {
                if clock.monotonic_ns() < until {
                    let chunk = events(&house, &dense, at, at + batch);
                    at += batch;
                    let (tell, told) = sync_channel(1);
                    house.submit("bench", chunk, Box::new(move |r| drop(tell.send(r))))?;
                    flying.push_back(told);
                }
                if flying.len() >= UNDER_WAY || clock.monotonic_ns() >= until {
                    let told: Option<Receiver<Result<Vec<Result<Reply>>>>> = flying.pop_front();
                    let replies = told.and_then(|t| t.recv().ok());
                    done += replies.transpose()?.map_or(0, |r| r.len() as u64);
                }
            }
            Ok(done)
        })?;
        let end = grown.now_ns() + TURN_NS;
        while grown.now_ns() < end {
            grown.part(|| {
                file.write_all(&bytes)
                    .and_then(|()| file.sync_data())
                    .map_err(|e| Error::io("writing", e))?;
                Ok(batch as u64)
            })?;
        }
        let end = reserved.now_ns() + TURN_NS;
        while reserved.now_ns() < end {
            if offset + bytes.len() as u64 > length {
                offset = 0;
            }
            reserved.part(|| {
                space
                    .write_all_at(&bytes, offset)
                    .and_then(|()| space.sync_data())
                    .map_err(|e| Error::io("writing", e))?;
                Ok(batch as u64)
            })?;
            offset += bytes.len() as u64;
        }
    }
    house.close();
    Ok(vec![her.line(), grown.line(), reserved.line()])
}

fn warm_up(house: &House, dense: &Dense, batch: usize) -> Result<usize> {
    for i in 0..3 {
        house.submit_wait("bench", events(house, dense, i * batch, (i + 1) * batch))?;
    }
    Ok(3 * batch)
}

/// As many bytes as a batch takes in the journal, by the journal's own encoding.
fn payload(house: &House, dense: &Dense, batch: usize) -> Result<Vec<u8>> {
    let mut filling = her_identity::event::Batch::default();
    let mut bytes = Vec::new();
    for event in events(house, dense, 0, batch) {
        if !filling.push(&event) {
            bytes.extend(filling.take());
            if !filling.push(&event) {
                return Err(Error::invalid("an event does not fit a frame"));
            }
        }
    }
    bytes.extend(filling.take());
    Ok(bytes)
}
