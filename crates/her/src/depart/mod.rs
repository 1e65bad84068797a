//! Departures of a server: jobs with an id, a state, figures and a named outcome; and the thread
//! that asks registers about what waits for their word.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use her_identity::house::Place;
use her_identity::legacy::Owner;
use her_identity::migrate::{
    Bounds, Cell, Control, Departure, Figures, Followed, Followers, Host, Node, Outcome, Report,
};
use her_identity::{Error, ErrorKind, House, Result};

use crate::config::Settings;
use crate::node::{Back, Call, Key, Load, Peers};

mod as_gates_see;
mod job;

pub(crate) use as_gates_see::OfServer;
pub use job::Job;
use job::Jobs;

/// How often the register is asked while something waits for its word.
const WAITING: Duration = Duration::from_millis(250);
/// How often it is looked whether something waits.
const QUIET: Duration = Duration::from_secs(2);
/// How often the node that an identity left is sent what it learned since.
const FOLLOW: Duration = Duration::from_secs(1);
/// How often other nodes are asked for their load.
const LOADS: Duration = Duration::from_secs(5);
/// Cells of which it is kept since when they are elsewhere.
const GONE_MAX: usize = 65_536;
/// How long a node may take to tell it.
const LOAD_LIMIT: Duration = Duration::from_secs(2);

/// Another node as it was when it was looked at last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub load: Load,
    pub rtt: Duration,
    pub ready: bool,
}

struct Running {
    job: String,
    control: Arc<Control>,
}

/// The departures of a server.
pub(crate) struct Departs {
    host: Host,
    peers: Peers,
    jobs: Jobs,
    running: Mutex<BTreeMap<String, Running>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    seen: Mutex<BTreeMap<Node, Seen>>,
    followed: Mutex<BTreeMap<String, Followed>>,
    most: usize,
    /// How long requests are handed on to where an identity moved.
    proxy: Duration,
    /// Since when it is known of cells that another node owns them.
    gone: Mutex<BTreeMap<(Node, u64), Duration>>,
    stopping: AtomicBool,
    tier: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Departs {
    /// The departures of a house.
    pub fn open(house: &Arc<House>, key: &Key, settings: &Settings) -> Result<Self> {
        let departs = Self {
            host: Host::new(Arc::clone(house), key.node),
            peers: Peers::new(key, &settings.nodes)?,
            jobs: Jobs::open(&settings.data_dir)?,
            running: Mutex::default(),
            threads: Mutex::default(),
            seen: Mutex::default(),
            followed: Mutex::default(),
            most: settings.departures_max,
            proxy: settings.proxy,
            gone: Mutex::default(),
            stopping: AtomicBool::new(false),
            tier: settings.tier,
        };
        // What has its home here need not wait for the first look.
        departs.host.watch_alone();
        Ok(departs)
    }

    /// This node's side of departures to it.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The other nodes.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Whether requests are handed on still to who owns a cell, counted from when this process
    /// heard of it.
    pub fn hands_on(&self, cell: &Cell) -> bool {
        let mut gone = lock(&self.gone);
        if gone.len() > GONE_MAX {
            gone.clear();
        }
        let now = self.now();
        let since = *gone.entry((cell.owner, cell.epoch)).or_insert(now);
        now.saturating_sub(since) < self.proxy
    }

    /// All jobs, newest first.
    pub fn jobs(&self) -> Vec<Job> {
        self.jobs.all()
    }

    /// A job by its id.
    pub fn job(&self, id: &str) -> Result<Job> {
        self.jobs.get(id)
    }

    /// Whether a node would take an identity. Changes nothing.
    pub fn rehearse(&self, identity: &str, to: &str) -> Result<Job> {
        let peer = self.peers.find(to)?;
        let report = Departure::rehearse(&self.host, &self.peers, identity, peer.key)?;
        let mut job = Job::new(self.now_ms(), identity, &peer.name, peer.key)?;
        job.end(self.now_ms(), &report);
        Ok(job)
    }

    /// Sends an identity on its way; the job tells how it goes.
    pub fn begin(self: &Arc<Self>, identity: &str, to: &str, leaves: bool) -> Result<Job> {
        let peer = self.peers.find(to)?;
        self.host.house().record(identity)?;
        let mut job = Job::new(self.now_ms(), identity, &peer.name, peer.key)?;
        job.leaves = leaves;
        self.launch(job)
    }

    fn launch(self: &Arc<Self>, mut job: Job) -> Result<Job> {
        let control = Arc::new(Control::default());
        {
            let mut running = lock(&self.running);
            if let Some(other) = running.get(&job.identity) {
                let what = format!("{} departs already, as job {}", job.identity, other.job);
                return Err(Error::new(ErrorKind::Busy, what));
            }
            if running.len() >= self.most {
                let why = format!("{} departures are under way (node.departures_max)", self.most);
                job.end(self.now_ms(), &ended(Outcome::Budget, why));
                self.jobs.put(&job)?;
                return Ok(job);
            }
            let of = Running { job: job.id.clone(), control: Arc::clone(&control) };
            running.insert(job.identity.clone(), of);
        }
        self.jobs.put(&job)?;
        let (departs, started) = (Arc::clone(self), job.clone());
        let run = move || departs.run(started, &control);
        match std::thread::Builder::new().name("her-depart".to_owned()).spawn(run) {
            Ok(thread) => {
                let mut threads = lock(&self.threads);
                threads.retain(|thread| !thread.is_finished());
                threads.push(thread);
                Ok(job)
            }
            Err(e) => {
                lock(&self.running).remove(&job.identity);
                Err(Error::io("starting a departure", e))
            }
        }
    }

    fn run(&self, mut job: Job, control: &Control) {
        let told = Mutex::new(job.clone());
        let tell = |next, figures: &_| {
            let mut job = lock(&told);
            // A piece more of the same step is not worth a write.
            let write = job.step != Some(next);
            (job.step, job.figures) = (Some(next), *figures);
            self.jobs.show(&job);
            if write && !sealed(&next) {
                self.jobs.write(&job);
            }
        };
        let (name, target) = (&job.identity, job.node);
        let bounds = Bounds::default();
        let run = Departure::run(&self.host, &self.peers, name, target, bounds, control, &tell);
        let report = run.unwrap_or_else(|e| ended(outcome_of(&e), e.message));
        let interrupted = report.outcome == Outcome::Interrupted
            || report.outcome == Outcome::Cancelled && self.stopping.load(Ordering::SeqCst);
        job = lock(&told).clone();
        if !interrupted {
            job.end(self.now_ms(), &report);
            self.leave(&mut job);
            self.jobs.write(&job);
        }
        self.jobs.show(&job);
        lock(&self.running).remove(&job.identity);
    }

    /// What stays behind of an identity that has departed. Without it the departure is no less
    /// done: the past lies here in any case.
    fn leave(&self, job: &mut Job) {
        if job.outcome != Some(Outcome::Completed) || !job.leaves || job.figures.sealed_at == 0 {
            return;
        }
        let peer = self.peers.get(job.node);
        let url = peer.and_then(|peer| peer.url.clone().or_else(|| peer.at.clone()));
        let owner = url.map(|url| Owner { url, epoch: job.figures.epoch });
        let version = Some(job.figures.sealed_at);
        match self.host.house().leave(&job.identity, version, None, owner) {
            Ok(left) => job.left = Some(left.dir.display().to_string()),
            Err(e) => {
                let what = format!("it departed, and no copy of it was left here: {e}");
                job.why = Some(what);
            }
        }
    }

    /// Ends a departure before its commit, if that has not been.
    pub fn cancel(&self, id: &str) -> Result<Job> {
        let job = self.jobs.get(id)?;
        match lock(&self.running).get(&job.identity).filter(|running| running.job == id) {
            Some(running) => running.control.cancel(),
            None => return Err(Error::invalid(format!("departure {id} has ended already"))),
        }
        Ok(job)
    }

    /// Takes the register of an identity that arrived home to this node.
    pub fn complete(&self, identity: &str) -> Result<()> {
        self.host.bring_home(identity, &self.peers)
    }

    /// Looks after what waits until the server ends.
    pub fn watch(self: &Arc<Self>) {
        let mut loads = self.now();
        self.look_at_loads();
        loop {
            let open = self.host.watch(&self.peers);
            self.take_up();
            if self.is_over(if open > 0 { WAITING } else { QUIET }) {
                return;
            }
            if self.now().saturating_sub(loads) >= LOADS {
                self.look_at_loads();
                loads = self.now();
            }
        }
    }

    /// Keeps the nodes that identities left up to date until the server ends.
    pub fn follow(&self) {
        let mut followers = Followers::default();
        while !self.is_over(FOLLOW) {
            let followed = followers.tend(&self.host, &self.peers);
            *lock(&self.followed) = followed;
        }
    }

    /// The node that is kept up to date about an identity, and how far it is.
    pub fn followed(&self, identity: &str) -> Option<Followed> {
        lock(&self.followed).get(identity).copied()
    }

    /// Waits; true when the server ends meanwhile.
    fn is_over(&self, rest: Duration) -> bool {
        let until = self.now() + rest;
        while self.now() < until {
            if self.stopping.load(Ordering::SeqCst) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Goes on with departures that a former process left under way.
    fn take_up(self: &Arc<Self>) {
        for mut job in self.jobs.left() {
            match self.host.house().place(&job.identity) {
                // The register has not spoken; the job is looked at again.
                Place::Waiting | Place::Departing => continue,
                Place::Moved(cell) => self.found_moved(&mut job, cell),
                // A departure of the same identity is under way; it is tried again after it.
                Place::Here if self.launch(job.clone()).is_err() => continue,
                Place::Here => {}
            }
            self.jobs.taken_up(&job.id);
        }
    }

    /// The register says that an identity left before this process was started.
    fn found_moved(&self, job: &mut Job, cell: Cell) {
        let (outcome, why) = if cell.owner == job.node {
            (Outcome::Completed, "found in the register after a restart")
        } else {
            (Outcome::Fenced, "another node owns it")
        };
        let mut report = ended(outcome, why.to_owned());
        report.figures = Figures { epoch: cell.epoch, ..job.figures };
        // The journal ends here where it was sealed.
        if let Ok(head) = self.host.house().head(&job.identity) {
            report.figures.sealed_at = head.seq;
        }
        job.end(self.now_ms(), &report);
        self.leave(job);
        self.jobs.write(job);
        self.jobs.show(job);
    }

    fn look_at_loads(&self) {
        for peer in self.peers.all() {
            let begin = self.now();
            let told = self.peers.call(peer.key, &Call::Load, LOAD_LIMIT);
            let rtt = self.now().saturating_sub(begin);
            let seen = match told {
                Ok(Back::Load(load)) => Seen { load, rtt, ready: true },
                _ => Seen { load: Load::default(), rtt, ready: false },
            };
            lock(&self.seen).insert(peer.key, seen);
        }
    }

    /// How much this node is used.
    pub fn load(&self) -> Load {
        let (cpu, memory) = crate::gates::host::used();
        Load { tier: self.tier, cpu, memory, coming: self.host.coming() as u32 }
    }

    /// What was seen of the other nodes last.
    pub fn seen(&self) -> BTreeMap<Node, Seen> {
        lock(&self.seen).clone()
    }

    /// Ends what can end before its commit, and waits for the rest.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for running in lock(&self.running).values() {
            running.control.abandon();
        }
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// A time to measure from.
    fn now(&self) -> Duration {
        Duration::from_nanos(self.host.house().clock().monotonic_ns())
    }

    fn now_ms(&self) -> u64 {
        self.host.house().clock().now_ms()
    }
}

/// Files are not written while learning stands still.
fn sealed(next: &her_identity::migrate::Next) -> bool {
    use her_identity::migrate::Next as N;
    !matches!(next, N::Hello | N::Send | N::Warm | N::Throttle | N::End(_))
}

fn ended(outcome: Outcome, why: String) -> Report {
    let figures = Figures::default();
    Report { outcome, why: Some(why), figures, verified: None, by_state: None }
}

fn outcome_of(error: &Error) -> Outcome {
    match error.kind {
        ErrorKind::Moved | ErrorKind::Fenced => Outcome::Fenced,
        _ => Outcome::Failed,
    }
}

/// Whether a server has anything to do with departures: it knows nodes or listens for them, or an
/// identity of its house left or came once.
pub(crate) fn wanted(settings: &Settings, house: &House) -> bool {
    settings.node_listen.is_some()
        || !settings.nodes.is_empty()
        || house.places().values().any(|place| *place != Place::Here)
}

/// A house that is opened without a server owns what has its home there.
pub fn alone(house: House, dir: &Path) -> Result<House> {
    if house.waiting().is_empty() {
        return Ok(house);
    }
    let key = crate::node::of_dir(dir)?;
    let house = Arc::new(house);
    Host::new(Arc::clone(&house), key.node).watch_alone();
    let shared = || Error::new(ErrorKind::Internal, "somebody else holds the house");
    Arc::into_inner(house).ok_or_else(shared)
}
