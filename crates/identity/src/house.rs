//! All identities on a machine: the front door of this crate.
//!
//! ```no_run
//! use her_identity::event::{Birth, What};
//! use her_identity::house::{Config, House};
//! use her_learn::{Catalog, Row, Target};
//! use serde_json::json;
//!
//! let house = House::open(Config::new("data"), Catalog::builtin())?;
//! let birth = Birth::from_json(&json!(["StandardScaler", "LogisticRegression"]))?;
//! house.create("samantha", &birth)?;
//! let row = Row::from_json(&json!({"words": 12, "hour": 23})).unwrap();
//! let event = house.event(What::Learn { row, target: Target::Bool(true), weight: 1.0 });
//! let replies = house.submit_wait("samantha", vec![event])?; // durable when this returns
//! assert_eq!(replies[0].as_ref().unwrap().version, 2);
//! house.close();
//! # Ok::<(), her_identity::Error>(())
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLock};

use her_learn::{Catalog, Row};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Birth, Event, What};
use crate::identity::Identity;
use crate::journal::{Head, IdentityId, Options as JournalOptions, SegmentJournal};
use crate::migrate::Register;
use crate::shard::{Begin, Handed, Predicted, Replies, Shard, Times};
use crate::snapshot::Snapshots;
use crate::turn::{Answer, Reply};
use crate::world::{random, wait};

mod forget;
mod held;
mod leave;
pub(crate) mod line;
mod lived;
mod moving;
mod past;
mod registry;

pub use forget::{Forgotten, Relived};
pub use held::Counted;
pub use line::Verified;
pub use moving::{Arrival, Place, Registered, TAIL_BYTES};
pub use past::weight_name;
use registry::Registry;
pub use registry::{Arithmetic, Branch, Origin, Record, Shipped, Span};
pub(crate) use registry::{check_format, check_name, hex, named, parse, to_bytes};

/// How a house is opened.
#[derive(Clone)]
pub struct Config {
    /// Where everything lies.
    pub dir: PathBuf,
    /// Learner threads of a new house, each with its own journal; an existing one keeps its own.
    pub shards: usize,
    /// Identities that each learner keeps in memory; the others rest on disk.
    pub resident_max: usize,
    /// How journals are kept, on which disk and by which clock.
    pub journal: JournalOptions,
}

impl Config {
    /// A house in a directory, with a learner for each core up to four.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            dir: dir.into(),
            shards: cores.clamp(1, 4),
            resident_max: 20_000,
            journal: JournalOptions::default(),
        }
    }
}

/// A house and its identities. Shared by reference between threads.
pub struct House {
    config: Config,
    catalog: Catalog,
    registry: Registry,
    snapshots: Arc<Snapshots>,
    register: Register,
    arrivals: moving::Arrivals,
    places: RwLock<moving::Places>,
    forgetting: forget::Forgetting,
    shards: Vec<Shard>,
    reports: Vec<crate::journal::JournalReport>,
    commits: Arc<Times>,
    predictions: Arc<Times>,
}

impl House {
    /// Opens a house, or builds it where there is none. Fails when another process has it open.
    pub fn open(config: Config, catalog: Catalog) -> Result<Self> {
        let registry = Registry::open(
            &*config.journal.disk,
            &config.dir,
            config.shards,
            &*config.journal.clock,
        )?;
        let snapshots = Arc::new(Snapshots::new(Arc::clone(&config.journal.disk), &config.dir));
        let commits = Arc::new(Times::new(Arc::clone(&config.journal.clock)));
        let predictions = Arc::new(Times::new(Arc::clone(&config.journal.clock)));
        let (mut shards, mut reports) = (Vec::new(), Vec::new());
        for i in 0..registry.shards() {
            let dir = config.dir.join(crate::format::shard_dir(i));
            let journal = SegmentJournal::open(&dir, config.journal.clone())?;
            reports.push(crate::journal::Journal::report(&journal));
            let (snapshots, catalog) = (Arc::clone(&snapshots), catalog.clone());
            let journal = Box::new(journal);
            let name = format!("shard-{i}");
            let (nonce, most) = (nonce()?, config.resident_max);
            let commits = Arc::clone(&commits);
            shards.push(Shard::start(&name, journal, snapshots, catalog, nonce, most, commits)?);
        }
        let disk = || Arc::clone(&config.journal.disk);
        let house = Self {
            register: Register::new(disk(), &config.dir),
            arrivals: moving::Arrivals::new(disk(), &config.dir),
            places: RwLock::default(),
            forgetting: forget::Forgetting::default(),
            config,
            catalog,
            registry,
            snapshots,
            shards,
            reports,
            commits,
            predictions,
        };
        house.await_register()?;
        Ok(house)
    }

    /// What opening found: one report per shard.
    pub fn reports(&self) -> &[crate::journal::JournalReport] {
        &self.reports
    }

    /// How long the commits of all shards took since opening, until it was known what became of
    /// their frames: syncing is part of it, and so is opening anew after a failure.
    pub fn commits(&self) -> &Arc<Times> {
        &self.commits
    }

    /// How long predictions by the newest state took since opening, with their wait for a learner.
    pub fn predictions(&self) -> &Arc<Times> {
        &self.predictions
    }

    /// The directory of the house.
    pub fn dir(&self) -> &Path {
        &self.config.dir
    }

    /// The catalogue that specs are built from.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The clock of the house.
    pub fn clock(&self) -> &dyn Clock {
        &*self.config.journal.clock
    }

    /// An event that happens now.
    pub fn event(&self, what: What) -> Event {
        Event { at_ms: self.config.journal.clock.now_ms(), request: None, what }
    }

    /// A new identity. Durable when this returns.
    pub fn create(&self, name: &str, birth: &Birth) -> Result<Record> {
        registry::check_name(name)?;
        // Built once here, so that a mistake in the spec is told before anything is written.
        let built = crate::turn::State::born(birth.clone(), &self.catalog)?;
        let mut birth = birth.clone();
        if built.is_heavy() {
            // It hangs on files: which ones is said in full, so that no others take their place.
            birth.model = built.model().spec().clone();
        }
        let _turn = self.registry.one_at_a_time();
        if self.registry.find(name).is_ok() {
            return Err(Error::new(
                ErrorKind::Exists,
                format!("an identity named {name:?} exists already; choose another name"),
            ));
        }
        let id = new_id()?;
        self.begin(id, self.event(What::Born(Box::new(birth))), None)?;
        let record = Record::new(name, id, self.config.journal.clock.now_ms());
        self.registry.put(&*self.config.journal.disk, record.clone())?;
        Ok(record)
    }

    fn begin(
        &self,
        id: IdentityId,
        event: Event,
        branch: Option<(u64, crate::journal::Digest, Vec<u8>)>,
    ) -> Result<Head> {
        let (tell, told) = sync_channel(1);
        let done = Box::new(move |result| drop(tell.send(result)));
        self.shard(id).begin(Begin { id, event, branch, nonce: nonce()?, done });
        wait(&told).ok_or_else(closing)?
    }

    /// The names of all identities, sorted.
    pub fn names(&self) -> Vec<String> {
        self.registry.names()
    }

    /// What is written down about an identity.
    pub fn record(&self, name: &str) -> Result<Arc<Record>> {
        self.registry.find(name)
    }

    /// Hands events in. `replies` is called once, when all accepted events are durable; it gets
    /// one result per event. Busy when too much waits already.
    pub fn submit(&self, name: &str, events: Vec<Event>, replies: Replies) -> Result<()> {
        self.hand_in(name, events, replies).map(drop)
    }

    /// The same for who would rather do the learner's work than wait for its thread to wake.
    pub fn hand_in(&self, name: &str, events: Vec<Event>, replies: Replies) -> Result<Handed<'_>> {
        let id = self.registry.find(name)?.current;
        self.shard(id).submit(id, events, replies)
    }

    /// Hands events in and waits until all accepted ones are durable.
    pub fn submit_wait(&self, name: &str, events: Vec<Event>) -> Result<Vec<Result<Reply>>> {
        let (tell, told) = sync_channel(1);
        self.hand_in(name, events, Box::new(move |result| drop(tell.send(result))))?.work();
        wait(&told).ok_or_else(closing)?
    }

    /// Predicts with the newest applied state; `done` gets the prediction and its version. Here,
    /// if that is short and nobody is at work for the learner; else on its thread.
    pub fn predict(&self, name: &str, row: Row, done: Predicted) {
        match self.registry.find(name) {
            Ok(record) => {
                let (times, begin) = (Arc::clone(&self.predictions), self.predictions.begin());
                let done = move |result| {
                    times.end(begin);
                    done(result);
                };
                self.shard(record.current).predict(record.current, row, Box::new(done)).work();
            }
            Err(e) => done(Err(e)),
        }
    }

    /// Predicts and waits for the prediction.
    pub fn predict_wait(&self, name: &str, row: Row) -> Result<(Answer, u64)> {
        let (tell, told) = sync_channel(1);
        self.predict(name, row, Box::new(move |result| drop(tell.send(result))));
        wait(&told).ok_or_else(closing)?
    }

    /// Looks at a live identity, on its learner thread: keep it short.
    pub fn look<T: Send + 'static>(
        &self,
        name: &str,
        look: impl FnOnce(&Identity) -> T + Send + 'static,
    ) -> Result<T> {
        self.look_at(self.registry.find(name)?.current, look)
    }

    /// Looks without waiting: `done` gets what the look found, on the learner thread.
    pub fn look_then<T: Send + 'static>(
        &self,
        name: &str,
        look: impl FnOnce(&Identity) -> T + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let id = self.registry.find(name)?.current;
        self.shard(id).look(id, Box::new(move |result| done(result.map(look))));
        Ok(())
    }

    /// Looks without waiting, and without bringing anybody into memory: `peek` runs on the learner
    /// thread, with nothing for an identity that rests on disk.
    pub fn peek(
        &self,
        name: &str,
        peek: impl FnOnce(Option<&Identity>) + Send + 'static,
    ) -> Result<()> {
        let id = self.registry.find(name)?.current;
        self.shard(id).peek(id, Box::new(peek));
        Ok(())
    }

    /// The names and versions of the heavy identities that are in memory and do not rest. One
    /// question for each learner, whatever the number of identities.
    pub fn awake(&self) -> Result<Vec<(String, u64)>> {
        let mut awake = BTreeMap::new();
        for shard in &self.shards {
            let (tell, told) = sync_channel(1);
            shard.awake(Box::new(move |found| drop(tell.send(found))));
            awake.extend(wait(&told).ok_or_else(closing)?);
        }
        if awake.is_empty() {
            return Ok(Vec::new());
        }
        let named = |name: String| {
            let id = self.registry.find(&name).ok()?.current;
            awake.get(&id).map(|version| (name, *version))
        };
        Ok(self.registry.names().into_iter().filter_map(named).collect())
    }

    fn look_at<T: Send + 'static>(
        &self,
        id: IdentityId,
        look: impl FnOnce(&Identity) -> T + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = sync_channel(1);
        let look = move |result: Result<&Identity>| drop(tell.send(result.map(look)));
        self.shard(id).look(id, Box::new(look));
        wait(&told).ok_or_else(closing)?
    }

    /// Freezes an identity: it predicts for ever and learns no more. Durable when this returns.
    pub fn freeze(&self, name: &str) -> Result<u64> {
        let replies = self.submit_wait(name, vec![self.event(What::Freeze)])?;
        replies.into_iter().next().ok_or_else(closing)?.map(|r| r.version)
    }

    /// Asks for a snapshot with the next commit.
    pub fn snapshot(&self, name: &str) -> Result<()> {
        let id = self.registry.find(name)?.current;
        self.shard(id).snapshot(id);
        Ok(())
    }

    /// Events that wait in front of the learners.
    pub fn queued(&self) -> usize {
        self.shards.iter().map(Shard::queued).sum()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn shards(&self) -> &[Shard] {
        &self.shards
    }

    fn shard(&self, id: IdentityId) -> &Shard {
        &self.shards[(u128::from_be_bytes(id.0) % self.shards.len() as u128) as usize]
    }

    /// Applies and commits what was submitted, snapshots what changed, and stops the threads.
    pub fn close(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        for shard in &mut self.shards {
            shard.close();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

fn closing() -> Error {
    Error::new(ErrorKind::Unavailable, "the house is closing; try again")
}

fn new_id() -> Result<IdentityId> {
    random().map(IdentityId)
}

pub(crate) fn nonce() -> Result<u64> {
    random().map(u64::from_le_bytes)
}
