//! Durable appends beside a raw loop of `write_at` + `sync_data` of the same bytes, in one run.
//!
//! The raw loop writes into a preallocated, zeroed file, as the journal does. Rounds of both take
//! turns, so that a disk that becomes slower does so for both. "frames": each record is a frame of
//! its own, of one of 1,000 identities. "stream": a batch is one frame of one identity.

use her_identity::clock::{Clock, RealClock};
use her_identity::disk::{Disk, RealDisk};
use her_identity::journal::{
    Digest, Frame, FrameHeader, FrameKind, Head, IdentityId, Journal, JournalReader, Options,
    SegmentJournal,
};
use std::ops::ControlFlow;

const RECORD: usize = 256;
const IDENTITIES: usize = 1_000;
const ROUNDS: usize = 10;

fn main() {
    // The directory to measure in may be named, to compare disks; by default it is this one.
    let place = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let dir = tempfile::tempdir_in(place.as_deref().unwrap_or(".")).expect("a directory");
    let clock = RealClock::new();
    let mut journal = SegmentJournal::open(&dir.path().join("journal"), Options::default())
        .expect("the journal opens");
    let heads = births(&mut journal);
    let mut owners = Owners { heads, next: 0, nonce: 0 };

    println!("durable records of {RECORD} B per second, write + sync per batch");
    println!("batch      raw     frames  ratio    stream  ratio");
    for batch in [1, 10, 100, 1_000] {
        let appends = (40_000 / batch).clamp(100, 1_500) / ROUNDS;
        let mut ns = [0_u64; 3];
        for _ in 0..ROUNDS {
            ns[0] += raw(dir.path(), &clock, batch, appends);
            ns[1] += frames(&mut journal, &mut owners, &clock, batch, appends);
            ns[2] += stream(&mut journal, &mut owners, &clock, batch, appends);
        }
        let records = (batch * appends * ROUNDS) as f64;
        let rate = |ns: u64| records / (ns as f64 / 1e9);
        let [raw, frames, stream] = ns.map(rate);
        println!(
            "{batch:>5} {raw:>9.0} {frames:>9.0} {:>5.0}% {stream:>9.0} {:>5.0}%",
            frames / raw * 100.0,
            stream / raw * 100.0
        );
    }
    for round in ["first", "again"] {
        replay(&journal, &owners, &clock, round);
    }
    let report = journal.report();
    drop(journal);
    let start = clock.monotonic_ns();
    let journal = SegmentJournal::open(&dir.path().join("journal"), Options::default())
        .expect("the journal opens again");
    let ms = (clock.monotonic_ns() - start) as f64 / 1e6;
    let megabytes = report.bytes as f64 / 1e6;
    println!("opened {megabytes:.0} MB in {} segments: {ms:.1} ms", journal.report().segments);
}

struct Owners {
    heads: Vec<(IdentityId, Head)>,
    next: usize,
    nonce: u64,
}

impl Owners {
    /// The next frame of the identity whose turn it is.
    fn frame(&mut self, count: u32, payload: Vec<u8>) -> Frame {
        self.next = (self.next + 1) % self.heads.len();
        self.frame_of(self.next, count, payload)
    }

    fn frame_of(&mut self, i: usize, count: u32, payload: Vec<u8>) -> Frame {
        let (identity, head) = self.heads[i];
        self.nonce += 1;
        let header = FrameHeader {
            kind: FrameKind::Events,
            identity,
            epoch: head.epoch,
            first_seq: head.seq + 1,
            count,
            nonce: self.nonce,
            prev: head.digest,
        };
        let frame = Frame::seal(header, payload).expect("a small frame");
        self.heads[i].1 = frame.head();
        frame
    }
}

fn births(journal: &mut SegmentJournal) -> Vec<(IdentityId, Head)> {
    let ids = (0..IDENTITIES).map(|n| IdentityId((n as u128 + 1).to_be_bytes()));
    let own = |id| Frame::own(id, 1, 1, 0, Digest::ZERO).expect("a small frame");
    let births: Vec<Frame> = ids.map(own).collect();
    let mut results = Vec::new();
    journal.append(&births, &mut results);
    let heads = results.into_iter().map(|head| head.expect("a birth succeeds"));
    births.iter().map(|birth| birth.header().identity).zip(heads).collect()
}

fn raw(dir: &std::path::Path, clock: &RealClock, batch: usize, appends: usize) -> u64 {
    let path = dir.join("raw");
    let file = RealDisk.create(&path).expect("a file");
    let bytes = vec![0xa5; batch * RECORD];
    file.preallocate((bytes.len() * appends) as u64).expect("space");
    let start = clock.monotonic_ns();
    for i in 0..appends {
        file.write_at(&bytes, (i * bytes.len()) as u64).expect("it writes");
        file.sync_data().expect("it syncs");
    }
    let ns = clock.monotonic_ns() - start;
    RealDisk.remove(&path).expect("it goes");
    ns
}

/// Sealing counts: it is part of every append.
fn frames(
    journal: &mut SegmentJournal,
    owners: &mut Owners,
    clock: &RealClock,
    batch: usize,
    appends: usize,
) -> u64 {
    let mut results = Vec::new();
    let start = clock.monotonic_ns();
    for _ in 0..appends {
        let frames: Vec<Frame> = (0..batch).map(|_| owners.frame(1, vec![0xa5; RECORD])).collect();
        journal.append(&frames, &mut results);
        assert!(results.iter().all(Result::is_ok), "every frame is acknowledged");
    }
    clock.monotonic_ns() - start
}

fn stream(
    journal: &mut SegmentJournal,
    owners: &mut Owners,
    clock: &RealClock,
    batch: usize,
    appends: usize,
) -> u64 {
    let mut results = Vec::new();
    let start = clock.monotonic_ns();
    for _ in 0..appends {
        let frame = owners.frame_of(0, batch as u32, vec![0xa5; batch * RECORD]);
        journal.append(&[frame], &mut results);
        assert!(results[0].is_ok(), "the frame is acknowledged");
    }
    clock.monotonic_ns() - start
}

/// Reads every identity from its birth.
fn replay(journal: &SegmentJournal, owners: &Owners, clock: &RealClock, round: &str) {
    let mut events = 0_u64;
    let mut frames = 0_u64;
    let start = clock.monotonic_ns();
    for (id, _) in &owners.heads {
        let read = journal.read(*id, 1, &mut |frame| {
            events += u64::from(frame.header.count);
            frames += 1;
            Ok(ControlFlow::Continue(()))
        });
        read.expect("all is whole");
    }
    let seconds = (clock.monotonic_ns() - start) as f64 / 1e9;
    println!(
        "replay, verified, {round}: {:.0} events/s in {:.0} frames/s, {IDENTITIES} identities",
        events as f64 / seconds,
        frames as f64 / seconds
    );
}
