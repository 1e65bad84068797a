//! What all parts of one simulated run share: the seed's lots, the trace, what people saw.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use her_identity::clock::Clock;
use her_identity::disk::FaultyDisk;
use her_identity::migrate::{Host, Node, Outcome, Planted};
use her_identity::simulated;

/// Nodes that may own the identity.
pub const PLACES: usize = 3;
/// All that run a house: the last is only the home of the register, where the identity is born.
pub const HOUSES: usize = PLACES + 1;
/// Machines of clients, readers and planners.
pub const DESKS: usize = 2;
/// The identity.
pub const NAME: &str = "sam";

/// A mistake that the simulation must find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// In the code of the departure.
    In(Planted),
    /// Every house answers before its journal is synced.
    AckBeforeSync,
    /// A target says that it has frames before they are synced.
    TargetAcksBeforeSync,
    /// A read takes what it finds, whatever version was asked for.
    ReadWithoutMinVersion,
}

/// Lots of one seed (SplitMix64).
pub struct Lots(Cell<u64>);

impl Lots {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub fn draw(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    pub fn between(&self, from: u64, to: u64) -> u64 {
        from + self.draw() % (to - from)
    }

    /// True once in so many times; never for 0.
    pub fn one_in(&self, n: u64) -> bool {
        n > 0 && self.draw().is_multiple_of(n)
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Which faults this seed has, and how many: a seed with all of them finds less than many seeds
/// with some. Intervals are in milliseconds; 0 is never.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    pub crash_every: u64,
    pub cut_every: u64,
    pub hold_every: u64,
    pub disk_every: u64,
    pub clock_every: u64,
    /// One message in so many is lost, comes late, or comes twice.
    pub lost_in: u64,
    pub late_in: u64,
    pub twice_in: u64,
    /// One crash in so many of those who just took a step that decides.
    pub doom_in: u64,
    /// The longest a sync takes, in milliseconds.
    pub sync_ms: u64,
    /// A clock that shows the committer a slow disk.
    pub tick_ns: u64,
    /// The longest way of a message, in milliseconds.
    pub way_ms: u64,
    /// Where it is born, and the register's cell lies.
    pub birthplace: usize,
    /// The register's cell is handed to owners that ask for it.
    pub hands_over: bool,
    /// Learners rest with so many events' lead; see `Bounds`.
    pub seal_lag: u64,
    /// Milliseconds of faults.
    pub chaos_ms: u64,
}

impl Mix {
    fn draw(lots: &Lots) -> Self {
        let every = |from, to| if lots.one_in(3) { 0 } else { lots.between(from, to) };
        Self {
            crash_every: every(400, 2_500),
            cut_every: every(300, 2_000),
            hold_every: every(500, 2_000),
            disk_every: every(300, 2_000),
            clock_every: every(500, 2_000),
            lost_in: every(10, 60),
            late_in: every(8, 40),
            twice_in: every(10, 60),
            doom_in: every(4, 20),
            sync_ms: lots.between(1, 25),
            tick_ns: if lots.one_in(3) { 100 } else { 60_000 },
            way_ms: lots.between(2, 25),
            birthplace: if lots.one_in(4) { 0 } else { PLACES },
            hands_over: lots.one_in(3),
            seal_lag: lots.between(0, 8),
            chaos_ms: lots.between(3_000, 7_000),
        }
    }
}

/// Time as one house sees it.
pub struct SimClock {
    elapsed_ns: Arc<AtomicU64>,
    ticks: AtomicU64,
    tick_ns: u64,
    pub leap_ns: AtomicU64,
    pub wall_ms: AtomicI64,
}

impl Clock for SimClock {
    fn now_ms(&self) -> u64 {
        let now = self.elapsed_ns.load(Ordering::Relaxed) / 1_000_000;
        (1_700_000_000_000 + now).saturating_add_signed(self.wall_ms.load(Ordering::Relaxed))
    }

    fn monotonic_ns(&self) -> u64 {
        let ticks = self.ticks.fetch_add(1, Ordering::Relaxed) * self.tick_ns;
        self.elapsed_ns.load(Ordering::Relaxed) + self.leap_ns.load(Ordering::Relaxed) + ticks
    }
}

/// What outlives the process of a node.
pub struct Machine {
    pub name: String,
    pub key: Node,
    pub disk: RefCell<FaultyDisk>,
    pub clock: Arc<SimClock>,
    /// The process, while one runs.
    pub host: RefCell<Option<Arc<Host>>>,
    /// Departures that are under way.
    pub departing: Cell<u32>,
    /// Answers to a source's frames that are under way.
    pub following: Cell<u32>,
}

/// A request to learn that was acknowledged.
#[derive(Debug, Clone)]
pub struct Learned {
    pub client: String,
    pub n: u64,
    pub begin: Duration,
    pub end: Duration,
    pub version: u64,
    pub duplicate: bool,
    pub node: usize,
}

/// A prediction that somebody got.
#[derive(Debug, Clone)]
pub struct Read {
    pub version: u64,
    pub row: u64,
    pub bits: Option<u64>,
    /// What the node had durably then.
    pub durable: u64,
}

#[derive(Default)]
pub struct History {
    pub learned: Vec<Learned>,
    pub reads: Vec<Read>,
    pub given_up: u64,
    pub outcomes: BTreeMap<String, u32>,
    pub faults: BTreeMap<&'static str, u32>,
}

/// See the module.
pub struct World {
    pub lots: Lots,
    pub bug: Option<Bug>,
    pub mix: Mix,
    /// Machines name different arithmetics: the state itself goes.
    pub by_state: bool,
    pub machines: Vec<Machine>,
    pub history: RefCell<History>,
    /// It was born and has moved once; faults begin.
    pub born: Cell<bool>,
    /// Who has seen all that is to be seen after the faults.
    pub content: Cell<usize>,
    /// Faults are over.
    pub calm: Cell<bool>,
    /// A node that took a step that decides, and is to crash now.
    pub doomed: Cell<Option<usize>>,
    /// What was found to be wrong while it ran.
    pub wrong: RefCell<Option<String>>,
    pub calls: Cell<u64>,
    elapsed_ns: Arc<AtomicU64>,
    trace: RefCell<blake3::Hasher>,
    shows: bool,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, shows: bool) -> Rc<Self> {
        let lots = Lots::new(seed);
        let mix = Mix::draw(&lots);
        let elapsed_ns = Arc::new(AtomicU64::new(0));
        let machine = |i: usize| Machine {
            name: if i < PLACES { format!("n{i}") } else { "home".to_owned() },
            key: Node([i as u8 + 1; 32]),
            disk: RefCell::new(FaultyDisk::new()),
            clock: Arc::new(SimClock {
                elapsed_ns: Arc::clone(&elapsed_ns),
                ticks: AtomicU64::new(0),
                tick_ns: mix.tick_ns,
                leap_ns: AtomicU64::new(0),
                wall_ms: AtomicI64::new(0),
            }),
            host: RefCell::new(None),
            departing: Cell::new(0),
            following: Cell::new(0),
        };
        let machines = (0..HOUSES).map(machine).collect();
        Rc::new(Self {
            machines,
            by_state: seed % 4 == 1,
            mix,
            lots,
            bug,
            history: RefCell::default(),
            born: Cell::new(false),
            content: Cell::new(0),
            calm: Cell::new(false),
            doomed: Cell::new(None),
            wrong: RefCell::new(None),
            calls: Cell::new(0),
            elapsed_ns,
            trace: RefCell::new(blake3::Hasher::new()),
            shows,
        })
    }

    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.elapsed_ns.load(Ordering::Relaxed))
    }

    pub fn set_now(&self, now: Duration) {
        self.elapsed_ns.store(now.as_nanos() as u64, Ordering::Relaxed);
    }

    /// A line of what happens: the same for the same seed.
    pub fn trace(&self, line: std::fmt::Arguments<'_>) {
        let mut text = String::new();
        let _ = write!(text, "{:9.3} {line}", self.now().as_secs_f64() * 1e3);
        if self.shows {
            println!("{text}");
        }
        self.trace.borrow_mut().update(text.as_bytes());
    }

    pub fn hash(&self) -> [u8; 32] {
        *self.trace.borrow().finalize().as_bytes()
    }

    pub fn fault(&self, kind: &'static str, line: std::fmt::Arguments<'_>) {
        *self.history.borrow_mut().faults.entry(kind).or_default() += 1;
        self.trace(format_args!("FAULT {kind} {line}"));
    }

    /// Something that must never be.
    pub fn accuse(&self, what: String) {
        self.trace(format_args!("WRONG {what}"));
        self.wrong.borrow_mut().get_or_insert(what);
    }

    /// A task of a host; a panic in it ends the run.
    pub fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) {
        struct Watch(Rc<World>);
        impl Drop for Watch {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.accuse("a task panicked".to_owned());
                }
            }
        }
        let watch = Watch(Rc::clone(self));
        tokio::task::spawn_local(async move {
            let _watch = watch;
            task.await;
        });
    }

    pub fn outcome(&self, outcome: Outcome, by_state: bool) {
        let how = if by_state { format!("{outcome}, by state") } else { outcome.to_string() };
        *self.history.borrow_mut().outcomes.entry(how).or_default() += 1;
    }

    pub fn planted(&self) -> Option<Planted> {
        match self.bug {
            Some(Bug::In(planted)) => Some(planted),
            _ => None,
        }
    }

    /// A node that took a step that decides may crash on it.
    pub fn tempt(&self, node: usize) {
        if !self.calm.get() && self.lots.one_in(self.mix.doom_in) {
            self.doomed.set(Some(node));
        }
    }
}

/// The place of a node by its key.
pub fn place_of(key: Node) -> usize {
    usize::from(key.0[0]) - 1
}

/// The world as the simulation's own thread sees it: it never waits.
pub struct Outside(pub Rc<World>);

impl simulated::World for Outside {
    fn random(&self, bytes: &mut [u8]) {
        self.0.lots.fill(bytes);
    }

    fn sleep(&self, _ms: u64) {
        panic!("the simulation's own thread would wait");
    }
}
