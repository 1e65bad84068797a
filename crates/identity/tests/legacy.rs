//! What an identity leaves behind: it says what the live one said, to the bit; every byte of it is
//! guarded; and it can be left again.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use her_identity::event::{Birth, What};
use her_identity::house::{Config, House};
use her_identity::legacy::golden::{Bits, Golden};
use her_identity::legacy::{Frozen, Left, Owner};
use her_identity::turn::Desk;
use her_identity::{ErrorKind, format};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

fn open(dir: &Path) -> House {
    let mut config = Config::new(dir);
    config.shards = 2;
    config.journal.segment_bytes = 1 << 20;
    House::open(config, Catalog::builtin()).unwrap()
}

fn frozen(left: &Left) -> Frozen {
    Frozen::open(&left.dir, Catalog::builtin(), Some(&left.digest)).unwrap()
}

fn row(i: u64) -> Row {
    Row::from_json(&json!({"a": (i * 7919) % 101, "b": (i * 104_729) % 103})).unwrap()
}

fn stream(house: &House, name: &str, from: u64, to: u64) {
    for chunk in (from..to).collect::<Vec<_>>().chunks(100) {
        let learn = |&i: &u64| {
            let target = Target::Text(["one", "two", "three"][i as usize * 7919 % 3].into());
            house.event(What::Learn { row: row(i), target, weight: 1.0 })
        };
        house.submit_wait(name, chunk.iter().map(learn).collect()).unwrap();
    }
}

/// A life with a branch, a late label, tags and snapshots.
fn lived(dir: &Path) -> House {
    let house = open(dir);
    let birth = json!({"model": ["StandardScaler", "GaussianNB"], "snapshot_every": 1000});
    house.create("sam", &Birth::from_json(&birth).unwrap()).unwrap();
    stream(&house, "sam", 0, 1500);
    house.tag("sam", "early", Some(700)).unwrap();
    house.rewind("sam", 1200).unwrap();
    stream(&house, "sam", 2000, 2300);
    let remember = house.event(What::Remember { key: "k".into(), row: row(9) });
    house.submit_wait("sam", vec![remember]).unwrap();
    house
}

fn says(house: &House, i: u64) -> Bits {
    Bits::of(&house.predict_wait("sam", row(i)).unwrap().0)
}

#[test]
fn it_says_what_the_live_one_said_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    let live: Vec<Bits> = (0..500).map(|i| says(&house, i)).collect();
    let owner = Owner { url: "http://there:7400".into(), epoch: 9 };
    let left = house.leave("sam", None, None, Some(owner)).unwrap();
    let state = house.look("sam", |i| i.state().save()).unwrap();
    // The live one goes on; what it left does not.
    stream(&house, "sam", 5000, 5400);
    assert_ne!(live, (0..500).map(|i| says(&house, i)).collect::<Vec<_>>());

    let frozen = frozen(&left);
    let mut desk = Desk::default();
    let said: Vec<Bits> =
        (0..500).map(|i| Bits::of(&frozen.predict(&row(i), &mut desk).unwrap())).collect();
    assert_eq!(said, live);
    assert_eq!(frozen.state().save(), state);
    assert_eq!(frozen.golden(), 256, "the newest rows, of events without one fewer");
    assert_eq!(left.manifest.state, blake3(&state));
    let verified = frozen.verify(None).unwrap();
    assert_eq!((verified.version, &verified.state), (1502, &left.manifest.state));
    assert!(verified.snapshots >= 1, "the house's snapshots went along");
}

fn blake3(bytes: &[u8]) -> String {
    let file = tempfile::tempdir().unwrap();
    fs::write(file.path().join("x"), bytes).unwrap();
    her_identity::disk::once::look(file.path(), "x").unwrap().blake3
}

#[test]
fn nothing_that_was_is_lost_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    let record = house.record("sam").unwrap();
    let log = house.log("sam", 1, 10_000).unwrap();
    let past: Vec<Vec<u8>> =
        [1, 700, 1200, 1201, 1400].map(|v| house.at("sam", v).unwrap().save()).into();
    let left = house.leave("sam", None, None, None).unwrap();
    drop(house);
    fs::remove_dir_all(dir.path().join("house/shards")).unwrap();

    let frozen = frozen(&left);
    assert_eq!(frozen.log(None, 1, 10_000).unwrap(), log);
    for (version, state) in [1, 700, 1200, 1201, 1400].into_iter().zip(past) {
        assert_eq!(frozen.at(None, version).unwrap().save(), state, "{version}");
    }
    assert_eq!(frozen.record().tags, record.tags);
    assert_eq!(frozen.at(None, 1503).unwrap_err().kind, ErrorKind::NotFound);
    // The branch that was set aside by the rewind is told whole, too.
    let aside = record.branches[0].id;
    assert_eq!(frozen.log(Some(aside), 1, 10_000).unwrap().len(), 1501);
    assert_eq!(frozen.at(Some(aside), 1501).unwrap().version(), 1501);
    assert_eq!(frozen.verify(Some(aside)).unwrap().version, 1501);
    let other = her_identity::journal::IdentityId([7; 16]);
    assert_eq!(frozen.log(Some(other), 1, 1).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn an_older_version_is_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    // In the middle of a frame; on the parent's branch; and of an identity that is frozen.
    for version in [1234, 1100, 2, 1] {
        let left = house.leave("sam", Some(version), None, None).unwrap();
        let frozen = frozen(&left);
        assert_eq!(frozen.state().save(), house.at("sam", version).unwrap().save());
        assert_eq!(frozen.log(None, 1, 10_000).unwrap().len() as u64, version);
        assert_eq!(frozen.verify(None).unwrap().version, version);
        assert!(frozen.at(None, version + 1).is_err(), "what came later is not its own");
    }
    assert_eq!(house.leave("sam", Some(9999), None, None).unwrap_err().kind, ErrorKind::NotFound);
    house.freeze("sam").unwrap();
    let left = house.leave("sam", None, None, None).unwrap();
    assert_eq!(frozen(&left).state().save(), house.look("sam", |i| i.state().save()).unwrap());
    assert_eq!(house.legacy().unwrap().len(), 5);
}

#[test]
fn it_can_be_left_again_and_nothing_else_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    let there = dir.path().join("copies/sam");
    let left = house.leave("sam", None, Some(&there), None).unwrap();
    assert!(!left.again);
    let again = house.leave("sam", None, Some(&there), None).unwrap();
    assert_eq!((again.again, &again.digest, &again.manifest), (true, &left.digest, &left.manifest));
    let copies = house.legacy().unwrap();
    assert_eq!(copies.len(), 1);
    assert_eq!((&copies[0].dir, &copies[0].manifest), (&there, &left.digest));

    let owner = Some(Owner { url: "http://there".into(), epoch: 2 });
    let exists = |e: her_identity::Error, says: &str| {
        assert_eq!(e.kind, ErrorKind::Exists);
        assert!(e.message.contains(says), "{e}");
    };
    exists(house.leave("sam", None, Some(&there), owner).unwrap_err(), "another word");
    stream(&house, "sam", 0, 10);
    exists(house.leave("sam", None, Some(&there), None).unwrap_err(), "sam at version 1502");
    assert!(house.leave("sam", Some(1502), Some(&there), None).unwrap().again);
    let other = dir.path().join("copies/other");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("mine"), "mine").unwrap();
    exists(house.leave("sam", None, Some(&other), None).unwrap_err(), "no copy");
    assert_eq!(fs::read(other.join("mine")).unwrap(), b"mine");

    // What a crash left half done is done again.
    let half = dir.path().join("copies").join(format::temp_file("half"));
    fs::create_dir_all(half.join("snapshots/x")).unwrap();
    fs::write(half.join("snapshots/x/y"), "half").unwrap();
    let left = house.leave("sam", None, Some(&dir.path().join("copies/half")), None).unwrap();
    assert_eq!(frozen(&left).verify(None).unwrap().version, 1512);
    assert!(!half.exists());
    // And while somebody is at it, nobody else is.
    let held = dir.path().join("copies").join(format::temp_file("held"));
    fs::create_dir(&held).unwrap();
    let lock = fs::File::open(&held).unwrap();
    lock.try_lock().unwrap();
    let busy = house.leave("sam", None, Some(&dir.path().join("copies/held")), None).unwrap_err();
    assert_eq!(busy.kind, ErrorKind::Busy);
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    her_identity::disk::once::files(dir).unwrap().iter().map(|name| dir.join(name)).collect()
}

#[test]
fn every_file_is_guarded_and_told_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    let left = house.leave("sam", None, Some(&dir.path().join("copy")), None).unwrap();
    let files = all_files(&left.dir);
    assert!(files.len() >= 8, "{files:?}");
    for path in &files {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o444, "{}", path.display());
        let bytes = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut other = bytes.clone();
            other[at] ^= 0x20;
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
            fs::write(path, &other).unwrap();
            let e = Frozen::open(&left.dir, Catalog::builtin(), None).unwrap_err();
            assert_eq!(e.kind, ErrorKind::Corrupt, "{name} at {at}: {e}");
            // The digest's file is told by the manifest that it is of.
            let told = e.message.contains(name) || name == format::LEGACY_DIGEST_FILE;
            assert!(told && e.message.contains("backup"), "{name} at {at}: {e}");
        }
        fs::write(path, &bytes).unwrap();
        fs::remove_file(path).unwrap();
        let e = Frozen::open(&left.dir, Catalog::builtin(), None).unwrap_err();
        assert!(e.message.contains(name), "{name}: {e}");
        fs::write(path, &bytes).unwrap();
    }
    fs::write(left.dir.join("snapshots/more"), "more").unwrap();
    let e = Frozen::open(&left.dir, Catalog::builtin(), None).unwrap_err();
    assert!(e.message.contains("snapshots/more"), "{e}");
    fs::remove_file(left.dir.join("snapshots/more")).unwrap();
    let e = Frozen::open(&left.dir, Catalog::builtin(), Some("00")).unwrap_err();
    assert!(e.message.contains("00 was asked for"), "{e}");
    frozen(&left);
}

#[test]
fn a_golden_set_notices_one_bit() {
    let dir = tempfile::tempdir().unwrap();
    let house = lived(&dir.path().join("house"));
    let state = house.at("sam", 1400).unwrap();
    let set = Golden::of(&state, (0..20).map(|i| (i, row(i))).collect()).unwrap();
    set.check(&state).unwrap();
    let mut wrong = set.clone();
    let Bits::Classes(classes) = &mut wrong.rows[7].says else { panic!("classes") };
    let last = classes[0].1.pop().unwrap();
    classes[0].1.push(if last == '0' { '1' } else { '0' });
    let why = wrong.check(&state).unwrap_err();
    assert!(why.contains("the row of version 7"), "{why}");
    assert!(set.check(&house.at("sam", 1399).unwrap()).is_err(), "another state");
}

/// A copy as the first release left it: every later build opens it, for ever. With
/// `HER_WRITE_GOLDEN=1` that of the newest format is written.
#[test]
fn every_format_ever_left_opens() {
    const FORMATS: &[(&str, &str)] = &[("legacy-v1", GOLDEN_V1)];
    let golden = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        let dir = tempfile::tempdir().unwrap();
        let house = lived(dir.path());
        let to = golden(FORMATS[FORMATS.len() - 1].0);
        let _ = fs::remove_dir_all(&to);
        let owner = Owner { url: "http://127.0.0.1:7400".into(), epoch: 4 };
        let left = house.leave("sam", Some(1300), Some(&to), Some(owner)).unwrap();
        panic!("wrote {}; its digest is {}", to.display(), left.digest);
    }
    for (name, digest) in FORMATS {
        let frozen = Frozen::open(&golden(name), Catalog::builtin(), Some(digest)).unwrap();
        let manifest = frozen.manifest();
        assert_eq!((manifest.name.as_str(), manifest.version), ("sam", 1300), "{name}");
        assert_eq!(manifest.owner.as_ref().unwrap().epoch, 4, "{name}");
        assert!(frozen.golden() > 100, "{name}");
        assert_eq!(frozen.verify(None).unwrap().state, manifest.state, "{name}");
        assert_eq!(frozen.log(None, 1, 10_000).unwrap().len(), 1300, "{name}");
    }
}

const GOLDEN_V1: &str = "84729db2746ed55bb55c7563f634416699865e91f69a8a3eca2f23515b0939f9";
