//! Loss of power at every sync, torn writes, full and failing disks; and the proof that this rig
//! sees an engine that is wrong.

use her_identity::disk::{Crash, FaultyDisk};
use her_identity::error::ErrorKind;
use her_identity::journal::suite::{Dice, Owner, append, append_ok, frames_of, id};
use her_identity::journal::{
    AppendError, Frame, FrameKind, Journal, JournalReader, Options, PlantedBug, SegmentJournal,
};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::slice::from_ref;
use std::sync::Arc;

const DIR: &str = "/j";

fn options(disk: &FaultyDisk, bug: Option<PlantedBug>) -> Options {
    let disk = Arc::new(disk.clone());
    Options { disk, segment_bytes: 4 * 1024, background: false, bug, ..Options::default() }
}

fn open(disk: &FaultyDisk) -> SegmentJournal {
    SegmentJournal::open(Path::new(DIR), options(disk, None)).expect("the journal opens")
}

/// What an identity must hold: acknowledged frames, then any prefix of frames in doubt.
#[derive(Default, Clone)]
struct Expected {
    acked: Vec<Frame>,
    doubt: Vec<Frame>,
    truncated: u64,
}

type Lives = BTreeMap<u64, Expected>;

const IDENTITIES: u64 = 4;

/// Runs a seeded life until the photo is taken or the steps are over.
fn live(disk: &FaultyDisk, seed: u64, bug: Option<PlantedBug>) -> Lives {
    let mut dice = Dice::new(seed);
    let mut lives = Lives::new();
    let mut owners: BTreeMap<u64, Owner> = BTreeMap::new();
    let Ok(mut journal) = SegmentJournal::open(Path::new(DIR), options(disk, bug)) else {
        panic!("an empty disk opens")
    };
    for step in 0..60 {
        if disk.photo().is_some() {
            break;
        }
        let n = dice.below(IDENTITIES);
        let Some(owner) = owners.get_mut(&n) else {
            let owner = Owner::birth(&mut journal, n);
            let born = frames_of(&journal, id(n), 1).expect("a birth is read");
            let life = lives.entry(n).or_default();
            if disk.photo().is_some() { &mut life.doubt } else { &mut life.acked }.extend(born);
            owners.insert(n, owner);
            continue;
        };
        if step % 9 == 8 {
            let seal = owner.frame(FrameKind::Snapshot, 0, b"ref");
            append_ok(&mut journal, from_ref(&seal));
            let upto = journal.truncate(id(n), owner.head.seq).expect("it truncates");
            let life = lives.get_mut(&n).expect("it lives");
            if disk.photo().is_some() {
                life.doubt.push(seal);
            } else {
                life.acked.push(seal);
            }
            life.truncated = life.truncated.max(upto);
            continue;
        }
        let batch: Vec<Frame> = (0..=dice.below(3))
            .map(|_| {
                owner.events(1 + dice.below(3) as u32, &vec![step as u8; dice.below(400) as usize])
            })
            .collect();
        append_ok(&mut journal, &batch);
        let life = lives.get_mut(&n).expect("it lives");
        if disk.photo().is_some() { &mut life.doubt } else { &mut life.acked }.extend(batch);
    }
    // The process ends without a word.
    std::mem::forget(journal);
    lives
}

/// Whether a journal holds what it must; what it turned out to hold becomes acknowledged.
fn check(journal: &SegmentJournal, lives: &mut Lives) {
    for (n, life) in lives {
        let all: Vec<Frame> = life.acked.iter().chain(&life.doubt).cloned().collect();
        let Some(head) = journal.head(id(*n)).expect("heads are in memory") else {
            assert!(life.acked.is_empty(), "identity {n} is gone");
            life.doubt.clear();
            continue;
        };
        let kept = all.iter().position(|frame| frame.head() == head).expect("a head that was") + 1;
        assert!(kept >= life.acked.len(), "identity {n} lost acknowledged frames");
        let start = journal.truncated(id(*n)).expect("it lives") + 1;
        assert!(start <= life.truncated + 1, "more is gone than was truncated");
        let read = frames_of(journal, id(*n), start).expect("what is kept is whole");
        assert_eq!(read[..], all[kept - read.len()..kept], "identity {n}");
        let first = read.first().map_or(head.seq + 1, |frame| frame.header().first_seq);
        assert!(first <= start, "identity {n} starts at {first}, not at {start}");
        life.acked = all[..kept].to_vec();
        life.doubt.clear();
    }
}

/// Opens after a crash, checks, lives on, loses power again, checks again.
fn recover_and_go_on(disk: &FaultyDisk, mut lives: Lives, bug: Option<PlantedBug>) {
    let mut journal =
        SegmentJournal::open(Path::new(DIR), options(disk, bug)).expect("a crash is no damage");
    check(&journal, &mut lives);
    for (n, life) in &mut lives {
        let head = journal.head(id(*n)).expect("heads are in memory");
        let epoch = head.map_or(1, |head| head.epoch + 1);
        let head = journal.own(id(*n), head, epoch, 1 << 60).expect("a new owner");
        let own = frames_of(&journal, id(*n), head.seq + 1).expect("it is read");
        life.acked.push(own.last().expect("the new owner's frame").clone());
        let mut owner = Owner::resume(id(*n), head, 1 << 61);
        let frames = [owner.events(1, b"after the crash"), owner.events(2, &[5; 300])];
        append_ok(&mut journal, &frames);
        life.acked.extend(frames);
    }
    let after = disk.crashed(Crash::DropUnsynced);
    std::mem::forget(journal);
    let journal =
        SegmentJournal::open(Path::new(DIR), options(&after, bug)).expect("it opens again");
    check(&journal, &mut lives);
    assert_eq!(journal.report().torn, None, "nothing was torn the second time");
}

/// Loses power before every sync of a life, in every way; returns how many crashes were tried.
fn crash_everywhere(seed: u64, bug: Option<PlantedBug>) -> usize {
    let whole = FaultyDisk::new();
    live(&whole, seed, bug);
    let mut tried = 0;
    for sync in 1..=whole.syncs() {
        let disk = FaultyDisk::new();
        disk.photo_at(sync);
        let lives = live(&disk, seed, bug);
        let photo = disk.photo().expect("the same life syncs as often");
        let sectors = (0..4).map(|i| Crash::Sectors(seed * 1000 + sync * 10 + i));
        for mode in [Crash::DropUnsynced, Crash::KeepAll].into_iter().chain(sectors) {
            recover_and_go_on(&photo.crashed(mode), lives.clone(), bug);
            tried += 1;
        }
    }
    tried
}

#[test]
fn power_may_go_at_any_sync() {
    let tried: usize = (1..=6).map(|seed| crash_everywhere(seed, None)).sum();
    assert!(tried > 1_000, "only {tried} crashes were tried");
    println!("{tried} crashes");
}

#[test]
fn the_rig_sees_an_engine_that_is_wrong() {
    for bug in [PlantedBug::SkipSync, PlantedBug::KeepTornTail] {
        let seen = catch_unwind(AssertUnwindSafe(|| {
            for seed in 1..=6 {
                crash_everywhere(seed, Some(bug));
            }
        }));
        assert!(seen.is_err(), "the rig does not see {bug:?}");
    }
}

#[test]
fn a_torn_last_write_keeps_its_whole_frames_at_every_byte() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let mut owner = Owner::birth(&mut journal, 1);
    let mut other = Owner::birth(&mut journal, 2);
    let first = owner.events(3, b"acknowledged");
    append_ok(&mut journal, &[first]);
    let path = Path::new(DIR).join(journal.newest_file());
    let before = disk.bytes(&path).unwrap();
    let acked = frames_of(&journal, id(1), 1).unwrap().len();
    let last = [owner.events(2, b"a torn"), other.events(1, b"last"), owner.events(1, &[9; 77])];
    append_ok(&mut journal, &last);
    let after = disk.bytes(&path).unwrap();
    std::mem::forget(journal);
    let start = before.iter().rposition(|&b| b != 0).unwrap() + 1;
    let end = after.iter().rposition(|&b| b != 0).unwrap() + 1;
    for cut in start..=end {
        let torn = disk.crashed(Crash::KeepAll);
        torn.damage(&path, |bytes| bytes[cut..].fill(0));
        let mut journal = open(&torn);
        let report = journal.report();
        let ours = frames_of(&journal, id(1), 1).unwrap();
        let theirs = frames_of(&journal, id(2), 1).unwrap();
        let kept = ours.len() - acked + theirs.len() - 1;
        assert!(ours[acked..].iter().chain(&theirs[1..]).all(|frame| last.contains(frame)));
        assert!(ours.len() >= acked && (cut < end || kept == 3), "cut at {cut}");
        if let Some(torn) = &report.torn {
            assert_eq!(journal.newest_file(), torn.file);
            // The reported bytes end at the last one that was not zero.
            let written = after[..cut].iter().rposition(|&b| b != 0).unwrap() as u64 + 1;
            assert_eq!(torn.offset + torn.bytes, written, "cut at {cut}");
        }
        append_ok(&mut journal, &last);
        drop(journal);
        let journal = open(&torn);
        assert_eq!(journal.report().torn, None, "it was cut for good");
        assert_eq!(frames_of(&journal, id(1), 1).unwrap().len(), acked + 2);
        assert_eq!(frames_of(&journal, id(2), 1).unwrap().len(), 2);
    }
}

#[test]
fn a_full_disk_takes_nothing_back_and_goes_on_when_there_is_space() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let mut owner = Owner::birth(&mut journal, 1);
    disk.set_capacity(Some(10 * 1024));
    let mut written = frames_of(&journal, id(1), 1).unwrap();
    let refused = loop {
        let frame = owner.events(1, &[3; 600]);
        match &append(&mut journal, from_ref(&frame))[0] {
            Ok(_) => written.push(frame),
            Err(AppendError::Full(message)) => {
                assert!(message.contains("bytes left"), "{message}");
                break frame;
            }
            Err(other) => panic!("{other}"),
        }
    };
    assert!(written.len() > 2);
    assert_eq!(frames_of(&journal, id(1), 1).unwrap(), written, "reading goes on");
    assert!(matches!(append(&mut journal, from_ref(&refused))[0], Err(AppendError::Full(_))));
    let error = her_identity::error::Error::from(
        append(&mut journal, from_ref(&refused))[0].clone().unwrap_err(),
    );
    assert_eq!(error.kind, ErrorKind::Full);
    drop(journal);
    let mut journal = open(&disk);
    assert_eq!(frames_of(&journal, id(1), 1).unwrap(), written, "it also opens when full");
    disk.set_capacity(None);
    append_ok(&mut journal, from_ref(&refused));
    written.push(refused);
    drop(journal);
    assert_eq!(frames_of(&open(&disk), id(1), 1).unwrap(), written);
}

#[test]
fn a_write_that_fills_the_disk_half_way_is_undone() {
    for room in 0..900 {
        let disk = FaultyDisk::new();
        let mut journal = open(&disk);
        let mut owner = Owner::birth(&mut journal, 1);
        let batch = [owner.events(1, &[1; 300]), owner.events(1, &[2; 300])];
        disk.full_after(Some(room));
        let first = append(&mut journal, &batch);
        if first[1].is_ok() {
            assert!(room > 800, "{room}");
            continue;
        }
        assert!(first.iter().all(|a| matches!(a, Err(AppendError::Full(_)))), "{first:?}");
        assert_eq!(frames_of(&journal, id(1), 1).unwrap().len(), 1, "reading goes on");
        let second = append(&mut journal, &batch);
        assert!(second.iter().all(|a| matches!(a, Err(AppendError::Full(_)))), "{second:?}");
        // A crash now is a torn tail like any other.
        let crashed = disk.crashed(Crash::Sectors(room));
        crashed.full_after(None);
        assert!(open(&crashed).head(id(1)).unwrap().is_some());
        disk.full_after(None);
        append_ok(&mut journal, &batch);
        drop(journal);
        assert_eq!(frames_of(&open(&disk), id(1), 1).unwrap()[1..], batch);
    }
}

#[test]
fn nothing_of_an_undone_write_is_left_behind_a_shorter_one() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let mut owner = Owner::birth(&mut journal, 1);
    let mut again = owner.clone();
    let long = [owner.events(1, &[1; 300]), owner.events(1, &[2; 300])];
    disk.full_after(Some(700));
    assert!(matches!(append(&mut journal, &long)[0], Err(AppendError::Full(_))));
    disk.full_after(None);
    let short = again.events(1, b"short");
    append_ok(&mut journal, from_ref(&short));
    let crashed = disk.crashed(Crash::DropUnsynced);
    let journal = open(&crashed);
    assert_eq!(journal.report().torn, None);
    assert_eq!(frames_of(&journal, id(1), 1).unwrap()[1..], [short]);
}

#[test]
fn a_failed_sync_or_write_poisons_until_it_is_reopened() {
    type Fault = fn(&FaultyDisk);
    let faults: [Fault; 3] =
        [|disk| disk.fail_syncs(1), |disk| disk.fail_writes(1), |disk| disk.short_write(200)];
    for fault in faults {
        let disk = FaultyDisk::new();
        let mut journal = open(&disk);
        let mut owner = Owner::birth(&mut journal, 1);
        let known = owner.head;
        let batch = [owner.events(1, &[1; 50]), owner.events(2, &[2; 50])];
        fault(&disk);
        for answer in append(&mut journal, &batch) {
            assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
        }
        for answer in append(&mut journal, &batch) {
            assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
        }
        assert!(journal.report().poisoned.is_some());
        assert_eq!(journal.head(id(1)).unwrap(), Some(known), "reading goes on");
        journal.reopen().unwrap();
        assert_eq!(journal.report().poisoned, None);
        append_ok(&mut journal, &batch);
        // The system forgot the pages of the failed sync: they must have been written again.
        let after = disk.crashed(Crash::DropUnsynced);
        let journal = open(&after);
        assert_eq!(frames_of(&journal, id(1), 1).unwrap()[1..], batch);
    }
}

#[test]
fn a_failed_sync_is_also_resolved_by_a_new_process() {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk);
    let mut owner = Owner::birth(&mut journal, 1);
    let batch = [owner.events(1, &[1; 50]), owner.events(2, &[2; 50])];
    disk.fail_syncs(1);
    append(&mut journal, &batch);
    let disk = disk.crashed(Crash::KeepAll);
    std::mem::forget(journal);
    let mut journal = open(&disk);
    append_ok(&mut journal, &batch);
    let disk = disk.crashed(Crash::DropUnsynced);
    std::mem::forget(journal);
    assert_eq!(frames_of(&open(&disk), id(1), 1).unwrap()[1..], batch);
}
