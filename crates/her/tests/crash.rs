//! SIGKILL at random moments, under load. The checker looks at the clients' history: every
//! acknowledged update is there once, in order, and the replay is the live state to the bit.
//!
//! `HER_CRASH_ROUNDS=200 cargo test -p her --test crash` is the long run.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use her_identity::House;
use her_identity::disk::{Crash, Disk, FaultyDisk};
use her_identity::event::{Birth, Event, Request, What};
use her_identity::house::Config;
use her_identity::journal::{Options, PlantedBug};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

const NAMES: [&str; 3] = ["eve", "adam", "lilith"];
/// Rounds after which a new directory is taken, as every round reads all that came before.
const ROUNDS_PER_LIFE: u64 = 15;
/// How far back a client goes with its retries.
const RETRIES: u64 = 40;

/// What a client was told: the version of each numbered request.
type History = BTreeMap<String, BTreeMap<u64, u64>>;

fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn birth() -> Birth {
    Birth::from_json(&json!({
        "model": ["StandardScaler", "LogisticRegression"],
        "shadow_after": 100,
        "snapshot_every": 1000,
    }))
    .unwrap()
}

/// Request `n` of a client, the same whenever it is sent.
fn request(house: &House, client: &str, n: u64) -> Event {
    let (a, b) = (mixed(n) % 1000, mixed(n + 7) % 17);
    let row = Row::from_json(&json!({"a": a, "b": b})).unwrap();
    let mut event = house.event(What::Learn { row, target: Target::Bool(a > 400), weight: 1.0 });
    event.request = Some(Request { client: client.into(), n });
    event
}

/// The child: learns until it is killed, and says what was acknowledged.
#[test]
#[ignore = "the child process of the other tests"]
fn writer() {
    let Ok(dir) = std::env::var("HER_CRASH_DIR") else { return };
    let from: BTreeMap<String, u64> =
        serde_json::from_str(&std::env::var("HER_CRASH_FROM").unwrap()).unwrap();
    let house = House::open(Config::new(dir), Catalog::builtin()).unwrap();
    for name in NAMES {
        if house.record(name).is_err() {
            house.create(name, &birth()).unwrap();
        }
    }
    println!("ready");
    std::thread::scope(|scope| {
        for name in NAMES {
            let (house, mut n) = (&house, from.get(name).copied().unwrap_or(1));
            scope.spawn(move || {
                let mut flying = VecDeque::new();
                loop {
                    let count = 1 + mixed(n) % 24;
                    let events = (n..n + count).map(|n| request(house, name, n)).collect();
                    let (tell, told) = sync_channel(1);
                    let replies = Box::new(move |result| drop(tell.send(result)));
                    house.submit(name, events, replies).unwrap();
                    flying.push_back((n, told));
                    n += count;
                    if flying.len() < 4 {
                        continue;
                    }
                    let (first, told) = flying.pop_front().unwrap();
                    let mut text = String::new();
                    for (i, reply) in told.recv().unwrap().unwrap().into_iter().enumerate() {
                        let reply = reply.unwrap();
                        if !reply.duplicate {
                            let n = first + i as u64;
                            let _ = writeln!(text, "ack {name} {n} {}", reply.version);
                        }
                    }
                    let mut out = std::io::stdout().lock();
                    out.write_all(text.as_bytes()).and_then(|()| out.flush()).unwrap();
                }
            });
        }
    });
}

/// Lets a child learn for a while, ends its life, and adds what it was told to the history.
fn live_and_die(dir: &Path, history: &mut History, life_ms: u64, before_the_kill: &dyn Fn()) {
    let from: BTreeMap<&str, u64> = NAMES
        .iter()
        .map(|&name| {
            let last = history.get(name).and_then(|h| h.keys().next_back()).copied().unwrap_or(0);
            (name, last.saturating_sub(RETRIES).max(1))
        })
        .collect();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads=1"])
        .env("HER_CRASH_DIR", dir)
        .env("HER_CRASH_FROM", serde_json::to_string(&from).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let (mut acks, mut line) = (Vec::new(), String::new());
        // A last line without its end was cut by the kill.
        while out.read_line(&mut line).is_ok_and(|n| n > 0) && line.ends_with('\n') {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["ack", name, n, version] = words[..] {
                acks.push((name.to_owned(), n.parse().unwrap(), version.parse().unwrap()));
            }
            line.clear();
        }
        acks
    });
    std::thread::sleep(Duration::from_millis(life_ms));
    before_the_kill();
    child.kill().unwrap();
    child.wait().unwrap();
    let acks: Vec<(String, u64, u64)> = reader.join().unwrap();
    for (name, n, version) in acks {
        let old = history.entry(name.clone()).or_default().insert(n, version);
        assert_eq!(old, None, "request {n} of {name} was acknowledged twice as new");
    }
}

/// What must hold after any crash. Says what does not.
fn check(house: &House, history: &History) -> Result<u64, String> {
    let mut updates = 0;
    for (name, acked) in history {
        let log = house.log(name, 1, usize::MAX).map_err(|e| format!("{name}: log: {e}"))?;
        let mut requests: BTreeMap<u64, u64> = BTreeMap::new();
        let mut newest = 0;
        for (expected, line) in (1..).zip(&log) {
            let version = line["version"].as_u64().ok_or("a line without a version")?;
            if version != expected {
                return Err(format!("{name}: version {version} stands where {expected} should"));
            }
            let Some(n) = line["n"].as_u64() else { continue };
            if n <= newest {
                return Err(format!("{name}: request {n} comes after {newest}: twice or late"));
            }
            newest = n;
            requests.insert(n, version);
        }
        for (n, version) in acked {
            match requests.get(n) {
                None => return Err(format!("{name}: acknowledged request {n} is lost")),
                Some(there) if there != version => {
                    return Err(format!("{name}: request {n} is {there}, was told {version}"));
                }
                Some(_) => updates += 1,
            }
        }
        house.verify(name).map_err(|e| format!("{name}: verify: {e}"))?;
    }
    Ok(updates)
}

#[test]
fn nothing_acknowledged_is_lost_by_sigkill() {
    let rounds = std::env::var("HER_CRASH_ROUNDS").map_or(12, |n| n.parse().unwrap());
    let seed = std::env::var("HER_CRASH_SEED").map_or(1, |n| n.parse().unwrap());
    let mut acknowledged = 0;
    let mut round = 0;
    while round < rounds {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::new();
        for _ in 0..ROUNDS_PER_LIFE.min(rounds - round) {
            let life_ms = 15 + mixed(seed * 1_000_003 + round) % 250;
            live_and_die(dir.path(), &mut history, life_ms, &|| ());
            let house = House::open(Config::new(dir.path()), Catalog::builtin()).unwrap();
            if let Err(wrong) = check(&house, &history) {
                panic!("round {round}, seed {seed}, killed after {life_ms} ms: {wrong}");
            }
            round += 1;
        }
        acknowledged += history.values().map(|h| h.len() as u64).sum::<u64>();
    }
    assert!(acknowledged > rounds * 10, "only {acknowledged} updates in {rounds} rounds");
    println!("{rounds} SIGKILLs, {acknowledged} acknowledged updates, each there once, in order");
}

/// A file system of its own, whose power can be cut.
struct Island {
    image: tempfile::NamedTempFile,
    mount: tempfile::TempDir,
}

impl Island {
    fn new() -> Self {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(512 << 20).unwrap();
        run("mkfs.ext4", &["-q".as_ref(), image.path().as_ref()]);
        let island = Self { image, mount: tempfile::tempdir().unwrap() };
        island.power_on();
        island
    }

    fn power_on(&self) {
        let (image, mount) = (self.image.path(), self.mount.path());
        run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_ref(), mount.as_ref()]);
    }

    /// EXT4_IOC_SHUTDOWN without a flush of the log: what was not synced is gone.
    fn cut(&self) {
        const CUT: &str = "import fcntl,os,struct,sys\n\
            fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";
        run("python3", &["-c".as_ref(), CUT.as_ref(), self.mount.path().as_ref()]);
    }

    fn power_off(&self) {
        run("umount", &[self.mount.path().as_ref()]);
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        // Unmounted already, unless the test failed half-way.
        let _ = Command::new("umount").arg(self.mount.path()).stderr(Stdio::null()).status();
    }
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let status = Command::new(program).args(arguments).status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{program} {arguments:?}: {status:?}"
    );
}

#[test]
#[ignore = "mounts a file system: `cargo xtask test` runs it where it is root"]
fn nothing_acknowledged_is_lost_on_a_real_file_system_without_power() {
    let rounds = std::env::var("HER_POWER_ROUNDS").map_or(8, |n| n.parse().unwrap());
    let island = Island::new();
    let mut history = History::new();
    for round in 0..rounds {
        let life_ms = 40 + mixed(round + 77) % 300;
        live_and_die(island.mount.path(), &mut history, life_ms, &|| island.cut());
        island.power_off();
        island.power_on();
        let house = House::open(Config::new(island.mount.path()), Catalog::builtin()).unwrap();
        if let Err(wrong) = check(&house, &history) {
            panic!("round {round}, power lost after {life_ms} ms: {wrong}");
        }
    }
    island.power_off();
    let acknowledged: usize = history.values().map(BTreeMap::len).sum();
    assert!(acknowledged > 100, "only {acknowledged} updates in {rounds} rounds");
    println!("{rounds} power cuts, {acknowledged} acknowledged updates, each there once, in order");
}

fn config(disk: &FaultyDisk, bug: Option<PlantedBug>) -> Config {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let journal =
        Options { disk, segment_bytes: 64 * 1024, background: false, bug, ..Options::default() };
    Config { shards: 1, journal, ..Config::new("/house") }
}

/// Learns a while on a disk that is to fail; `rename` is a client that forgets its own name, so
/// that its retries cannot be told from new requests: what a house without dedup would do.
fn learn(
    house: &House,
    history: &mut History,
    numbers: std::ops::Range<u64>,
    forgotten: bool,
) -> Result<(), String> {
    for name in &NAMES[..2] {
        if house.record(name).is_err() {
            house.create(name, &birth()).map_err(|e| e.to_string())?;
        }
        for n in numbers.clone() {
            let mut event = request(house, name, n);
            if forgotten {
                event.request =
                    Some(Request { client: format!("{name}-{}", numbers.start).into(), n });
            }
            let replies = house.submit_wait(name, vec![event]).map_err(|e| e.to_string())?;
            let reply = replies.into_iter().next().unwrap().map_err(|e| e.to_string())?;
            if !reply.duplicate {
                history.entry((*name).to_owned()).or_default().insert(n, reply.version);
            }
        }
    }
    Ok(())
}

/// Two lives with a loss of power after each, and retries at the start of the second.
fn power_cuts(crash: Crash, bug: Option<PlantedBug>, forgotten: bool) -> Result<u64, String> {
    let mut disk = FaultyDisk::new();
    let mut history = History::new();
    for numbers in [1..40, 30..70] {
        let house = open(&disk, bug)?;
        learn(&house, &mut history, numbers, forgotten)?;
        let after = disk.crashed(crash);
        drop(house);
        disk = after;
    }
    check(&open(&disk, bug)?, &history)
}

fn open(disk: &FaultyDisk, bug: Option<PlantedBug>) -> Result<House, String> {
    House::open(config(disk, bug), Catalog::builtin()).map_err(|e| format!("opening: {e}"))
}

#[test]
fn nothing_acknowledged_is_lost_with_the_power() {
    let mut modes = vec![Crash::DropUnsynced, Crash::KeepAll];
    modes.extend((1..20).map(Crash::Sectors));
    for mode in modes {
        assert_eq!(power_cuts(mode, None, false), Ok(2 * 69), "{mode:?}");
    }
}

#[test]
fn an_acknowledgement_before_the_sync_is_caught() {
    // A killed process leaves the page cache behind, so only a loss of power shows this one.
    let wrong = power_cuts(Crash::DropUnsynced, Some(PlantedBug::SkipSync), false).unwrap_err();
    println!("caught: {wrong}");
}

#[test]
fn forgotten_requests_are_caught() {
    let wrong = power_cuts(Crash::KeepAll, None, true).unwrap_err();
    assert!(wrong.contains("twice or late"), "{wrong}");
}

/// The last write before the crash is torn in the middle of a frame; then life goes on.
fn torn_tail(bug: Option<PlantedBug>, kept: usize) -> Result<u64, String> {
    let disk = FaultyDisk::new();
    let mut history = History::new();
    let house = open(&disk, bug)?;
    learn(&house, &mut history, 1..40, false)?;
    disk.short_write(kept);
    let event = request(&house, NAMES[0], 40);
    let crashed = {
        let torn = disk.clone();
        let _ = house.submit(NAMES[0], vec![event], Box::new(|_| {}));
        std::thread::sleep(Duration::from_millis(30));
        torn.crashed(Crash::KeepAll)
    };
    drop(house);
    let house = open(&crashed, bug)?;
    learn(&house, &mut history, 41..60, false)?;
    let after = crashed.crashed(Crash::KeepAll);
    drop(house);
    check(&open(&after, bug)?, &history)
}

#[test]
fn a_torn_tail_that_is_kept_is_caught() {
    let kept = [1, 20, 50, 90, 130, 200];
    for bytes in kept {
        let updates = torn_tail(None, bytes);
        assert!(updates.as_ref().is_ok_and(|n| *n >= 2 * 58), "{bytes}: {updates:?}");
    }
    let wrong: Vec<String> = kept
        .iter()
        .filter_map(|&bytes| torn_tail(Some(PlantedBug::KeepTornTail), bytes).err())
        .collect();
    println!("caught: {wrong:?}");
    assert!(!wrong.is_empty());
}
