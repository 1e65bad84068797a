//! Damage of every kind to stored files: it is refused by name or costs nothing acknowledged.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use her_identity::disk::{Crash, FaultyDisk};
use her_identity::error::{Error, ErrorKind};
use her_identity::format;
use her_identity::journal::suite::{Owner, append_ok, frames_of, id};
use her_identity::journal::{Frame, FrameKind, Journal, JournalReader, Options, SegmentJournal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIR: &str = "/j";

fn open(disk: &FaultyDisk) -> Result<SegmentJournal, Error> {
    let segment_bytes = 4 * 1024;
    let disk = Arc::new(disk.clone());
    let options = Options { disk, segment_bytes, background: false, ..Options::default() };
    SegmentJournal::open(Path::new(DIR), options)
}

fn path(name: &str) -> PathBuf {
    Path::new(DIR).join(name)
}

fn segment(number: u64) -> PathBuf {
    path(&format::segment_file(number))
}

/// A small journal of three identities over several segments, and what it holds. The last write
/// has two frames; `before` says how many frames each identity had before it.
struct Small {
    disk: FaultyDisk,
    frames: Vec<Vec<Frame>>,
    before: Vec<usize>,
    segments: u64,
}

fn small(closed: bool) -> Small {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk).unwrap();
    let mut owners: Vec<Owner> = (0..3).map(|n| Owner::birth(&mut journal, n)).collect();
    for round in 0..16_usize {
        let batch: Vec<Frame> =
            owners.iter_mut().map(|o| o.events(2, &vec![round as u8 + 1; 90 + round])).collect();
        append_ok(&mut journal, &batch);
    }
    let read = |journal: &SegmentJournal| -> Vec<Vec<Frame>> {
        (0..3).map(|n| frames_of(journal, id(n), 1).unwrap()).collect()
    };
    let before = read(&journal).iter().map(Vec::len).collect();
    let last = [owners[0].events(1, b"the last"), owners[1].frame(FrameKind::Handoff, 0, b"write")];
    append_ok(&mut journal, &last);
    let frames = read(&journal);
    let segments = journal.report().segments;
    assert!(segments >= 3 && journal.report().bytes > 9_000, "{:?}", journal.report());
    if closed {
        drop(journal);
        return Small { disk, frames, before, segments };
    }
    let disk = disk.crashed(Crash::KeepAll);
    std::mem::forget(journal);
    Small { disk, frames, before, segments }
}

/// What is read after damage: an error, or how many frames of each identity there are.
fn read_all(small: &Small, disk: &FaultyDisk) -> Result<Vec<usize>, Error> {
    let journal = open(disk)?;
    let mut counts = Vec::new();
    for (n, frames) in small.frames.iter().enumerate() {
        let read = frames_of(&journal, id(n as u64), 1)?;
        assert_eq!(read[..], frames[..read.len()], "what is read is true");
        counts.push(read.len());
    }
    Ok(counts)
}

fn all(small: &Small) -> Vec<usize> {
    small.frames.iter().map(Vec::len).collect()
}

/// The error names the damaged file, an offset and what to do.
fn assert_named(error: &Error, file: &Path) {
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(error.message.contains(name), "{error} does not name {name}");
    assert!(error.message.contains("offset"), "{error}");
    assert!(error.message.contains("restore"), "{error}");
}

#[test]
fn a_flipped_bit_anywhere_in_a_closed_journal_is_found_or_harmless() {
    let small = small(true);
    let mut refused = 0;
    for number in 1..=small.segments {
        let file = segment(number);
        let image = small.disk.bytes(&file).unwrap();
        let end = image.iter().rposition(|&b| b != 0).unwrap() + 1;
        for at in (0..end + 64).filter(|&at| at < image.len()) {
            let disk = small.disk.crashed(Crash::KeepAll);
            disk.damage(&file, |bytes| bytes[at] ^= 1 << (at % 8));
            match read_all(&small, &disk) {
                Ok(counts) => {
                    assert_eq!(counts, all(&small), "segment {number}, byte {at}");
                    assert!(at >= end, "segment {number}, byte {at}: the flip was not seen");
                }
                Err(error) => {
                    assert_named(&error, &file);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 6_000, "only {refused} flips were refused");
}

#[test]
fn a_flipped_bit_after_a_crash_costs_at_most_the_last_write() {
    let small = small(false);
    let mut cut = 0;
    for number in 1..=small.segments {
        let file = segment(number);
        let image = small.disk.bytes(&file).unwrap();
        let end = image.iter().rposition(|&b| b != 0).unwrap() + 1;
        for at in 0..end {
            let disk = small.disk.crashed(Crash::KeepAll);
            disk.damage(&file, |bytes| bytes[at] ^= 1 << (at % 8));
            match read_all(&small, &disk) {
                Ok(counts) => {
                    cut += 1;
                    assert_eq!(number, small.segments, "only the last segment has a tail");
                    let enough = counts.iter().zip(&small.before).all(|(n, before)| n >= before);
                    assert!(enough, "byte {at}: {counts:?}");
                    assert!(open(&disk).unwrap().report().torn.is_none(), "cut for good");
                }
                Err(error) => assert_named(&error, &file),
            }
        }
    }
    assert!(cut > 200, "only {cut} flips were in the last write");
}

#[test]
fn zeros_in_what_was_acknowledged_are_refused() {
    let small = small(true);
    for number in 1..=small.segments {
        let file = segment(number);
        let image = small.disk.bytes(&file).unwrap();
        let end = image.iter().rposition(|&b| b != 0).unwrap() + 1;
        for from in (0..end).step_by(8) {
            for to in [(from + 8).min(end), (from + 200).min(end), image.len()] {
                if image[from..to].iter().all(|&b| b == 0) {
                    continue;
                }
                let disk = small.disk.crashed(Crash::KeepAll);
                disk.damage(&file, |bytes| bytes[from..to].fill(0));
                let error = read_all(&small, &disk).expect_err("the zeros are seen");
                assert_named(&error, &file);
            }
        }
        for length in [0, 10, 64, end as u64 / 2, image.len() as u64 - 1] {
            let disk = small.disk.crashed(Crash::KeepAll);
            disk.damage(&file, |bytes| bytes.truncate(length as usize));
            assert_named(&read_all(&small, &disk).expect_err("it is shorter"), &file);
        }
    }
}

#[test]
fn a_missing_segment_is_refused() {
    for number in 1..=small(true).segments {
        let small = small(true);
        her_identity::disk::Disk::remove(&small.disk, &segment(number)).unwrap();
        let error = read_all(&small, &small.disk).expect_err("a segment is missing");
        assert_named(&error, &segment(number));
    }
}

#[test]
fn a_sidecar_that_is_missing_or_damaged_is_built_again() {
    let small = small(true);
    assert_eq!(open(&small.disk).unwrap().report().sidecars_rebuilt, 0);
    let file = path(&format::sidecar_file(1));
    let length = small.disk.bytes(&file).unwrap().len();
    for at in 0..length {
        let disk = small.disk.crashed(Crash::KeepAll);
        disk.damage(&file, |bytes| bytes[at] ^= 1 << (at % 8));
        assert_eq!(open(&disk).unwrap().report().sidecars_rebuilt, 1, "byte {at}");
        assert_eq!(open(&disk).unwrap().report().sidecars_rebuilt, 0, "byte {at}");
        assert_eq!(read_all(&small, &disk).unwrap(), all(&small));
    }
    her_identity::disk::Disk::remove(&small.disk, &file).unwrap();
    assert_eq!(open(&small.disk).unwrap().report().sidecars_rebuilt, 1);
    assert_eq!(read_all(&small, &small.disk).unwrap(), all(&small));
}

#[test]
fn a_sidecar_does_not_hide_damage_that_it_cannot_see() {
    let small = small(true);
    her_identity::disk::Disk::remove(&small.disk, &path(&format::sidecar_file(1))).unwrap();
    small.disk.damage(&segment(1), |bytes| bytes[300] ^= 1);
    assert_named(&open(&small.disk).err().expect("building reads all"), &segment(1));
}

/// Sets the version at byte 4 of `file` and repairs the checksum, which covers `upto` bytes from
/// `at` and starts from `salt`.
fn set_version(disk: &FaultyDisk, file: &Path, at: usize, upto: usize, salt: u32) {
    disk.damage(file, |bytes| {
        bytes[at + 4] = 9;
        let crc = crc32c::crc32c_append(salt, &bytes[at..at + upto]);
        bytes[at + upto..at + upto + 4].copy_from_slice(&crc.to_le_bytes());
    });
}

/// A file, where its checksummed bytes are, and whether they are salted.
type Case = (PathBuf, usize, usize, bool);

#[test]
fn a_newer_format_is_refused_by_name_and_version() {
    let last = segment(small(true).segments);
    let cases: [Case; 3] = [
        (last.clone(), 0, 60, false),
        (last, 64, 108, true),
        (path(format::MARK_FILE), 4096, 44, false),
    ];
    for (file, at, upto, salted) in cases {
        let small = small(true);
        let bytes = small.disk.bytes(&file).unwrap();
        let salt = if salted { u32::from_le_bytes(bytes[24..28].try_into().unwrap()) } else { 0 };
        set_version(&small.disk, &file, at, upto, salt);
        let error = open(&small.disk).err().expect("it is newer");
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(error.message.contains("version 9"), "{error}");
        assert!(error.message.contains(file.file_name().unwrap().to_str().unwrap()), "{error}");
    }
}

/// Frees the first segments, by snapshots and truncation of everybody.
fn freed() -> (FaultyDisk, Vec<Owner>) {
    let disk = FaultyDisk::new();
    let mut journal = open(&disk).unwrap();
    let mut owners: Vec<Owner> = (0..3).map(|n| Owner::birth(&mut journal, n)).collect();
    for _ in 0..12 {
        let batch: Vec<Frame> = owners.iter_mut().map(|o| o.events(2, &[4; 200])).collect();
        append_ok(&mut journal, &batch);
    }
    let before = journal.report();
    assert_eq!(journal.pinning(), {
        let mut ids = vec![id(0), id(1), id(2)];
        ids.sort_unstable();
        ids
    });
    for owner in &mut owners {
        let frame = owner.frame(FrameKind::Snapshot, 0, b"elsewhere");
        append_ok(&mut journal, &[frame]);
        assert_eq!(journal.truncate(owner.id, u64::MAX).unwrap(), owner.head.seq);
    }
    let after = journal.report();
    assert!(before.segments >= 3 && after.segments == 1, "{before:?} {after:?}");
    assert!(after.bytes < before.bytes);
    assert!(!disk.paths().contains(&segment(1)));
    assert!(!disk.paths().contains(&path(&format::sidecar_file(1))));
    drop(journal);
    (disk, owners)
}

#[test]
fn truncation_frees_segments_and_the_rest_opens() {
    let (disk, mut owners) = freed();
    let mut journal = open(&disk).unwrap();
    for owner in &mut owners {
        assert_eq!(journal.head(owner.id).unwrap(), Some(owner.head));
        assert_eq!(journal.truncated(owner.id).unwrap(), owner.head.seq);
        let error = frames_of(&journal, owner.id, 1).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
        let frame = owner.events(1, b"on");
        append_ok(&mut journal, &[frame]);
    }
}

#[test]
fn a_damaged_manifest_matters_only_when_segments_were_freed() {
    let (disk, _) = freed();
    disk.damage(&path(format::MANIFEST_FILE), |bytes| bytes[9] ^= 1);
    let error = open(&disk).err().expect("nobody knows what was freed");
    assert_named(&error, &path(format::MANIFEST_FILE));
    let small = small(true);
    her_identity::disk::Disk::create(&small.disk, &path(format::MANIFEST_FILE)).unwrap();
    assert_eq!(read_all(&small, &small.disk).unwrap(), all(&small));
}
