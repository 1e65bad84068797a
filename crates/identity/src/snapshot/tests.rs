use super::*;
use crate::disk::{Crash, FaultyDisk};

const ID: IdentityId = IdentityId([3; 16]);

fn head(seq: u64) -> Head {
    Head { seq, epoch: 2, digest: Digest([seq as u8; 16]) }
}

fn store(disk: &FaultyDisk) -> Snapshots {
    Snapshots::new(Arc::new(disk.clone()), Path::new("/data"))
}

fn file(seq: u64) -> PathBuf {
    Path::new("/data").join(SNAPSHOT_DIR).join(ID.to_string()).join(format::snapshot_file(seq))
}

#[test]
fn the_latest_whole_snapshot_is_used_and_damage_is_told() {
    let disk = FaultyDisk::new();
    let snapshots = store(&disk);
    for seq in [10, 20, 30] {
        snapshots.put(ID, &head(seq), &[seq as u8; 100]).unwrap();
    }
    let mut damaged = Vec::new();
    let found = snapshots.latest(ID, 25, &mut damaged).unwrap().unwrap();
    assert_eq!((found.head, found.bytes), (head(20), vec![20; 100]));
    assert!(damaged.is_empty());

    let length = disk.bytes(&file(30)).unwrap().len();
    for bit in 0..length * 8 {
        disk.damage(&file(30), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        damaged.clear();
        let found = snapshots.latest(ID, u64::MAX, &mut damaged).unwrap().unwrap();
        assert_eq!((found.head.seq, damaged.len()), (20, 1), "bit {bit}");
        assert_eq!(damaged[0].kind, ErrorKind::Corrupt);
        disk.damage(&file(30), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
    }
    assert_eq!(snapshots.latest(ID, 9, &mut damaged).unwrap(), None);
    assert!(snapshots.latest(IdentityId([4; 16]), 9, &mut damaged).unwrap().is_none());
}

#[test]
fn a_snapshot_is_created_once() {
    let disk = FaultyDisk::new();
    let snapshots = store(&disk);
    snapshots.put(ID, &head(10), b"one").unwrap();
    snapshots.put(ID, &head(10), b"one").unwrap();
    assert_eq!(snapshots.put(ID, &head(10), b"two").unwrap_err().kind, ErrorKind::Exists);
    disk.damage(&file(10), |bytes| bytes[HEADER_LEN] ^= 1);
    snapshots.put(ID, &head(10), b"two").unwrap();
    assert_eq!(snapshots.get(ID, 10).unwrap().bytes, b"two");
}

#[test]
fn a_stored_snapshot_survives_a_loss_of_power_and_a_full_disk_keeps_the_old_ones() {
    let disk = FaultyDisk::new();
    store(&disk).put(ID, &head(10), &[1; 1000]).unwrap();
    let disk = disk.crashed(Crash::DropUnsynced);
    assert_eq!(store(&disk).get(ID, 10).unwrap().bytes, [1; 1000]);
    disk.set_capacity(Some(1500));
    let full = store(&disk).put(ID, &head(20), &[2; 1000]).unwrap_err();
    assert_eq!(full.kind, ErrorKind::Full);
    assert_eq!(store(&disk).list(ID).unwrap(), [10]);
    disk.set_capacity(None);
    store(&disk).put(ID, &head(20), &[2; 1000]).unwrap();
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let disk = FaultyDisk::new();
    store(&disk).put(ID, &head(10), b"one").unwrap();
    disk.damage(&file(10), |bytes| {
        bytes[4] = 9;
        let crc = crc32c::crc32c(&bytes[..96]);
        bytes[96..100].copy_from_slice(&crc.to_le_bytes());
    });
    let error = store(&disk).latest(ID, 10, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("version 9"), "{error}");
}

#[test]
fn pruning_keeps_the_newest_and_ever_sparser_old_ones() {
    let mut all: Vec<u64> = Vec::new();
    for seq in (0..100_000).step_by(100) {
        all.push(seq);
        let gone = to_prune(&all, 3);
        all.retain(|seq| !gone.contains(seq));
        assert!(all.len() <= 3 + 17, "{all:?}");
    }
    assert_eq!(all.last(), Some(&99_900));
    // For any age, some kept snapshot is at most about three times as old.
    for age in [500_u64, 2_000, 10_000, 40_000] {
        let kept = all.iter().any(|&seq| (age..=age * 4).contains(&(99_900 - seq)));
        assert!(kept, "{age}: {all:?}");
    }
    let disk = FaultyDisk::new();
    let snapshots = store(&disk);
    for seq in 1..=20 {
        snapshots.put(ID, &head(seq), b"").unwrap();
    }
    assert_eq!(snapshots.prune(ID, 2).unwrap().len(), 20 - 2 - 4);
    assert_eq!(snapshots.list(ID).unwrap(), [1, 5, 13, 17, 19, 20]);
}

#[test]
fn a_shipped_state_stays_and_nothing_older_takes_its_place() {
    let disk = FaultyDisk::new();
    let snapshots = store(&disk);
    for seq in 1..=9 {
        snapshots.put(ID, &head(seq), b"ours").unwrap();
    }
    // It takes the place of what a replay gave, and is not replaced by that again.
    snapshots.put_shipped(ID, &head(10), b"ours").unwrap();
    snapshots.put_shipped(ID, &head(10), b"theirs").unwrap();
    snapshots.put(ID, &head(10), b"theirs").unwrap();
    assert_eq!(snapshots.put(ID, &head(10), b"ours").unwrap_err().kind, ErrorKind::Exists);
    let found = snapshots.get(ID, 10).unwrap();
    assert_eq!((found.bytes, found.shipped), (b"theirs".to_vec(), true));
    assert!(!snapshots.get(ID, 9).unwrap().shipped);

    for seq in 11..=40 {
        snapshots.put(ID, &head(seq), b"ours").unwrap();
        snapshots.prune(ID, 2).unwrap();
    }
    assert_eq!(snapshots.shipped(ID).unwrap(), [10]);
    assert!(snapshots.list(ID).unwrap().len() < 12);

    disk.damage(&file(10), |bytes| bytes[HEADER_LEN] ^= 1);
    let refused = snapshots.latest(ID, 12, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Corrupt);
    assert!(refused.message.contains("it was shipped from another machine"), "{refused}");
    assert_eq!(snapshots.latest(ID, 40, &mut Vec::new()).unwrap().unwrap().head.seq, 40);
}

#[test]
fn a_shipped_snapshot_stays_readable() {
    let disk = FaultyDisk::new();
    store(&disk).put_shipped(ID, &head(10), b"all it ever learned").unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/snapshot-v2.snap");
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, disk.bytes(&file(10)).unwrap()).unwrap();
    }
    let golden = std::fs::read(path).unwrap();
    assert_eq!(disk.bytes(&file(10)).unwrap(), golden);
    disk.damage(&file(10), |bytes| *bytes = golden);
    let found = store(&disk).get(ID, 10).unwrap();
    assert_eq!((found.head, found.shipped), (head(10), true));
    assert_eq!(found.bytes, b"all it ever learned");
}
