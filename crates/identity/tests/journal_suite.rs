//! The conformance suite on the engines of this crate, and on engines with planted bugs.

use her_identity::disk::{Crash, Disk, FaultyDisk, RealDisk};
use her_identity::journal::suite::{self, Harness};
use her_identity::journal::{
    Digest, Head, Journal, MemoryJournal, Options, PlantedBug, SegmentJournal,
};
use her_identity::snapshot::Snapshots;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Memory(MemoryJournal);

impl Harness for Memory {
    fn journal(&mut self) -> &mut dyn Journal {
        &mut self.0
    }

    fn reopen(&mut self) {}

    fn second(&mut self) -> Option<Box<dyn Journal>> {
        Some(Box::new(self.0.clone()))
    }
}

/// The engine on a disk that loses power.
struct Faulty {
    disk: FaultyDisk,
    options: Options,
    journal: Option<SegmentJournal>,
}

impl Faulty {
    fn new(segment_bytes: u64, bug: Option<PlantedBug>) -> Self {
        let disk = FaultyDisk::new();
        let options = Options { segment_bytes, background: false, bug, ..Options::default() };
        let mut harness = Self { disk, options, journal: None };
        harness.open();
        harness
    }

    fn open(&mut self) {
        self.options.disk = Arc::new(self.disk.clone());
        let journal = SegmentJournal::open(Path::new("/j"), self.options.clone());
        self.journal = Some(journal.expect("it opens"));
    }
}

impl Harness for Faulty {
    fn journal(&mut self) -> &mut dyn Journal {
        self.journal.as_mut().expect("it is open")
    }

    fn reopen(&mut self) {
        self.journal = None;
        self.open();
    }

    fn crash(&mut self) {
        // The next disk is taken before the old writer goes, which writes to the old one in vain.
        self.disk = self.disk.crashed(Crash::DropUnsynced);
        self.reopen();
    }

    fn lose_next_ack(&mut self) -> bool {
        self.disk.fail_syncs(1);
        true
    }
}

/// The engine as it is in production, with small segments.
struct Real {
    dir: tempfile::TempDir,
    journal: Option<SegmentJournal>,
}

impl Real {
    fn open(&mut self) {
        let options = Options { segment_bytes: 64 * 1024, ..Options::default() };
        let dir: PathBuf = self.dir.path().join("journal");
        self.journal = Some(SegmentJournal::open(&dir, options).expect("it opens"));
    }
}

impl Harness for Real {
    fn journal(&mut self) -> &mut dyn Journal {
        self.journal.as_mut().expect("it is open")
    }

    fn reopen(&mut self) {
        self.journal = None;
        self.open();
    }
}

#[test]
fn the_model_conforms() {
    suite::run(&mut || Box::new(Memory(MemoryJournal::new())));
}

#[test]
fn the_engine_conforms_on_a_disk_that_loses_power() {
    for segment_bytes in [8 * 1024, 256 * 1024] {
        suite::run(&mut || Box::new(Faulty::new(segment_bytes, None)));
    }
}

#[test]
fn the_engine_conforms_on_the_real_disk() {
    let make = || {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut harness = Real { dir, journal: None };
        harness.open();
        harness
    };
    for (name, check) in suite::CHECKS {
        println!("{name}");
        check(&mut make());
    }
    // Fewer than on the disk in memory: a real one may take milliseconds for each sync.
    for seed in 1..=2 {
        suite::random_operations(&mut make(), seed, 150);
    }
}

#[test]
fn snapshots_are_kept_on_the_real_disk() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Snapshots::new(Arc::new(RealDisk), dir.path());
    let head = |seq| Head { seq, epoch: 1, digest: Digest([7; 16]) };
    for seq in 1..=9 {
        store.put(suite::id(1), &head(seq), &[seq as u8; 10_000]).expect("it is stored");
    }
    assert_eq!(store.prune(suite::id(1), 1).expect("it prunes"), [3, 4, 5, 7]);
    let latest = store.latest(suite::id(1), 8, &mut Vec::new()).expect("it reads");
    assert_eq!(latest.expect("there is one").head, head(8));
}

#[test]
fn many_random_operations_agree_with_the_model() {
    for seed in 100..200 {
        suite::random_operations(&mut Faulty::new(4 * 1024, None), seed, 250);
    }
}

#[test]
fn the_suite_sees_planted_bugs() {
    for bug in [PlantedBug::SkipSync, PlantedBug::AcceptZombie, PlantedBug::ForgetRetries] {
        let seen = catch_unwind(AssertUnwindSafe(|| {
            suite::run(&mut || Box::new(Faulty::new(64 * 1024, Some(bug))));
        }));
        assert!(seen.is_err(), "the suite does not see {bug:?}");
    }
}

#[test]
fn a_second_process_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let open = || SegmentJournal::open(dir.path(), Options::default());
    let first = open().expect("the first one opens");
    let error = open().err().expect("the second one does not");
    assert_eq!(error.kind, her_identity::error::ErrorKind::Busy);
    assert!(error.message.contains(&dir.path().display().to_string()), "{error}");
    drop(first);
    assert!(open().is_ok());
    assert!(RealDisk.free_bytes(dir.path()).expect("the disk answers") > 0);
}
