//! Files as the first release wrote them: every later build opens them, for ever.
//!
//! With `HER_WRITE_GOLDEN=1` the files of the newest format are written; those of older formats
//! stay as they are. A new format gets a new directory and a new line in `FORMATS`.

use her_identity::disk::{Disk, FaultyDisk};
use her_identity::format;
use her_identity::journal::suite::{Owner, append_ok, frames_of, id};
use her_identity::journal::{Frame, FrameKind, Journal, JournalReader, Options, SegmentJournal};
use her_identity::snapshot::Snapshots;
use std::path::{Path, PathBuf};
use std::slice::from_ref;
use std::sync::Arc;

const FORMATS: &[&str] = &["v1"];
const DIR: &str = "/j";

fn golden(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format)
}

fn open(disk: &FaultyDisk) -> SegmentJournal {
    let segment_bytes = 4 * 1024;
    let disk = Arc::new(disk.clone());
    let options = Options { disk, segment_bytes, background: false, ..Options::default() };
    SegmentJournal::open(Path::new(DIR), options).expect("a golden journal opens")
}

/// The life that the files tell: all kinds of frames, a takeover, a branch, freed segments, a
/// snapshot. Returns what must be readable.
fn write(disk: &FaultyDisk) -> Vec<Vec<Frame>> {
    let mut journal = open(disk);
    let mut first = Owner::birth(&mut journal, 1);
    let mut second = Owner::birth(&mut journal, 2);
    for round in 0..9_u8 {
        let batch = [first.events(3, &[round; 250]), second.events(1, &[round; 80])];
        append_ok(&mut journal, &batch);
    }
    let at = first.head;
    let head = journal.begin(id(3), 7, 70, at.seq, at.digest).expect("a branch");
    let mut branch = Owner::resume(id(3), head, 700);
    let head = journal.own(id(1), Some(first.head), 2, 20).expect("a takeover");
    let mut first = Owner::resume(id(1), head, 200);
    let batch = [
        branch.events(1, b"what if"),
        first.frame(FrameKind::Snapshot, 0, b"a place"),
        first.events(2, b""),
        second.frame(FrameKind::Handoff, 0, b"to whom"),
    ];
    append_ok(&mut journal, &batch);
    for owner in [&first, &second] {
        journal.truncate(owner.id, owner.head.seq).expect("it truncates");
    }
    for round in 0..6_u8 {
        let frame = first.events(1, &[0xf0 | round; 300]);
        append_ok(&mut journal, from_ref(&frame));
    }
    let seal = second.frame(FrameKind::Seal, 0, b"the end");
    append_ok(&mut journal, &[seal]);
    let snapshots = Snapshots::new(Arc::new(disk.clone()), Path::new(DIR));
    snapshots.put(id(1), &first.head, b"all it ever learned").expect("a snapshot");
    read(&journal)
}

fn read(journal: &SegmentJournal) -> Vec<Vec<Frame>> {
    let from = |n| journal.truncated(id(n)).expect("it lives") + 1;
    (1..=3).map(|n| frames_of(journal, id(n), from(n)).expect("it is whole")).collect()
}

#[test]
fn every_format_ever_written_opens() {
    let disk = FaultyDisk::new();
    let expected = write(&disk);
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        let dir = golden(FORMATS[FORMATS.len() - 1]);
        std::fs::create_dir_all(&dir).expect("a directory");
        for path in disk.paths() {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            std::fs::write(dir.join(name), disk.bytes(&path).expect("bytes")).expect("it writes");
        }
    }
    for format in FORMATS {
        let disk = FaultyDisk::new();
        let mut files = 0;
        for entry in std::fs::read_dir(golden(format)).expect("golden files") {
            let entry = entry.expect("a golden file");
            let name = entry.file_name().into_string().expect("a name");
            let dir = if format::parse_snapshot_file(&name).is_some() {
                Path::new(DIR).join(format::SNAPSHOT_DIR).join(id(1).to_string())
            } else {
                Path::new(DIR).to_owned()
            };
            let bytes = std::fs::read(entry.path()).expect("its bytes");
            let file = disk.create(&dir.join(&name)).expect("a file");
            file.write_at(&bytes, 0).expect("it writes");
            files += 1;
        }
        assert!(files >= 6, "{files}: two segments, a sidecar, a manifest, a mark, a snapshot");
        let mut journal = open(&disk);
        let report = journal.report();
        assert_eq!((report.sidecars_rebuilt, &report.torn), (0, &None), "{format}");
        assert!(report.segments >= 2, "{format}: {report:?}");
        assert_eq!(read(&journal), expected, "{format}");
        let snapshots = Snapshots::new(Arc::new(disk.clone()), Path::new(DIR));
        let snapshot = snapshots.latest(id(1), u64::MAX, &mut Vec::new());
        let snapshot = snapshot.expect("it is whole").expect("it is there");
        assert_eq!(snapshot.bytes, b"all it ever learned");
        assert_eq!(Some(snapshot.head), journal.head(id(1)).expect("heads are in memory"));
        let frame = Owner::resume(id(1), snapshot.head, 9).events(1, b"and it goes on");
        append_ok(&mut journal, &[frame]);
    }
}

#[test]
fn the_chain_of_the_first_format_never_changes() {
    let path = golden("v1").join("digest.txt");
    let disk = FaultyDisk::new();
    let lines: Vec<String> = write(&disk)
        .iter()
        .flatten()
        .map(|frame| {
            format!("{} {} {}\n", frame.header().identity, frame.head().seq, frame.digest())
        })
        .collect();
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, lines.concat()).expect("it writes");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("golden digests"), lines.concat());
}
