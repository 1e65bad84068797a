//! The gates of a server: who is watched, and one tick of reading, stepping, writing and acting.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use her_gate::figures::{Figures, find};
use her_gate::placement::{Node, Planner};
use her_gate::{Decision, Gate, Outcome, Rule, State, Used, Why};
use her_identity::{Error, House, Result};
use serde_json::{Map, Value, json};

use super::act::{self, Job};
use super::collect::{self, NodeReads, Reads, Waits};
use super::departures::Departures;
use super::log::DecisionLog;
use super::record::Recorder;
use crate::config::{Settings, gates};

/// Identities that are watched; more are told of and left alone.
pub(crate) const WATCHED_MAX: usize = 1_024;
/// Actions under way at one time; more are tried again later.
const ACTS_MAX: usize = 8;

/// A rule with its name and with what its decisions are kept under.
pub(crate) struct Named {
    pub name: String,
    pub rule: Arc<Rule>,
    pub digest: String,
    planner: Arc<Mutex<Planner>>,
}

/// One rule over one identity.
pub(crate) struct Seat {
    pub of: usize,
    pub gate: Gate,
    pub decision: Option<Decision>,
}

/// One identity with all rules that are for it.
pub(crate) struct Watched {
    pub figures: Figures,
    pub seats: Vec<Seat>,
    /// What is wrong with its files.
    pub trouble: Option<String>,
    reads: Reads,
    log: Result<DecisionLog>,
    record: Recorder,
}

/// What an action came to: the identity, the rule, the outcome.
type Told = (String, usize, Outcome);

/// What a tick needs from around it.
pub(crate) struct Around<'a> {
    pub house: &'a Arc<House>,
    /// What open channels waited for.
    pub waits: &'a dyn Fn() -> Vec<Waits>,
    /// Hears of each decision that changed, by rule.
    pub counted: &'a dyn Fn(&str, Why),
}

/// All gates of a server.
pub(crate) struct Gates {
    pub rules: Vec<Named>,
    data_dir: PathBuf,
    tier: u32,
    departures: Arc<dyn Departures>,
    watched: Mutex<BTreeMap<String, Arc<Mutex<Watched>>>>,
    /// Identities that a rule is for and that are not watched, for there are too many.
    left_out: Mutex<usize>,
    node: Mutex<NodeReads>,
    acts: Mutex<Vec<JoinHandle<()>>>,
    tell: Sender<Told>,
    told: Mutex<Receiver<Told>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gates {
    /// The gates of these settings; `seed` is what placement draws from.
    pub fn new(settings: &Settings, departures: Arc<dyn Departures>, seed: u64) -> Self {
        let named = |(name, rule): (&String, &Arc<Rule>)| Named {
            name: name.clone(),
            rule: Arc::clone(rule),
            digest: blake3::hash(rule.text().as_bytes()).to_hex()[..16].to_owned(),
            planner: Arc::new(Mutex::new(Planner::new(seed, rule.spec.cooldown_ms))),
        };
        let (tell, told) = channel();
        Self {
            rules: settings.gates.iter().map(named).collect(),
            data_dir: settings.data_dir.clone(),
            tier: settings.tier,
            departures,
            watched: Mutex::default(),
            left_out: Mutex::default(),
            node: Mutex::default(),
            acts: Mutex::default(),
            tell,
            told: Mutex::new(told),
        }
    }

    /// Looks at a watched identity.
    pub fn look<T>(&self, identity: &str, look: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        let watched = lock(&self.watched).get(identity).cloned()?;
        let mut watched = lock(&watched);
        Some(look(&mut watched))
    }

    /// Identities that are watched, and those that are not for want of room.
    pub fn counts(&self) -> (usize, usize) {
        (lock(&self.watched).len(), *lock(&self.left_out))
    }

    /// An operator's yes to what a gate of an identity would do.
    pub fn approve(&self, identity: &str, gate: &str) -> Result<()> {
        let of = self.rules.iter().position(|named| named.name == gate);
        let seat = |watched: &mut Watched| {
            let seat = watched.seats.iter_mut().find(|seat| Some(seat.of) == of)?;
            Some(seat.gate.approve().map_err(|e| Error::invalid(format!("{gate}: {}", e.0))))
        };
        self.look(identity, seat).flatten().unwrap_or_else(|| {
            Err(Error::not_found(format!("no gate {gate:?} is over the identity {identity:?}")))
        })
    }

    /// One round: reads all figures, steps all rules, writes what changed, begins what is to be
    /// done.
    pub fn tick(&self, around: &Around<'_>) {
        let house = around.house;
        let now_ms = house.clock().now_ms();
        self.hear(now_ms);
        let names = self.watch(house, now_ms);
        let node = lock(&self.node).read(now_ms, house, self.tier, &*self.departures);
        let waits = (around.waits)();
        let mut waits_of: BTreeMap<&str, Vec<&Waits>> = BTreeMap::new();
        for wait in &waits {
            waits_of.entry(&*wait.identity).or_default().push(wait);
        }
        let told = collect::ask(house, &names);
        let mut used = self.used(now_ms);
        for name in &names {
            let Some(watched) = lock(&self.watched).get(name).cloned() else { continue };
            let mut watched = lock(&watched);
            let waits = waits_of.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let durable = house.head(name).map_or(0, |head| head.seq);
            watched.read(now_ms, &node, waits, told.get(name).map(|told| (*told, durable)));
            for i in 0..watched.seats.len() {
                self.step((name, &mut watched, i), now_ms, &mut used, around);
            }
        }
    }

    /// Waits for all that is being done.
    pub fn finish(&self) {
        for act in lock(&self.acts).drain(..) {
            // A panic in it was told already.
            let _ = act.join();
        }
    }

    /// Takes in what came of acting.
    fn hear(&self, now_ms: u64) {
        let told: Vec<Told> = lock(&self.told).try_iter().collect();
        for (identity, of, outcome) in told {
            self.look(&identity, |watched| {
                if let Some(seat) = watched.seats.iter_mut().find(|seat| seat.of == of) {
                    seat.gate.told(now_ms, outcome);
                }
            });
        }
    }

    /// The names of all identities that a rule is for, each with its gates.
    fn watch(&self, house: &House, now_ms: u64) -> Vec<String> {
        let is_meant = |name: &String| self.rules.iter().any(|r| gates::is_for(&r.rule, name));
        let mut names: Vec<String> = house.names().into_iter().filter(is_meant).collect();
        *lock(&self.left_out) = names.len().saturating_sub(WATCHED_MAX);
        let mut watched = lock(&self.watched);
        // Who is watched stays so: a new identity takes nobody's place.
        names.sort_by_key(|name| !watched.contains_key(name));
        names.truncate(WATCHED_MAX);
        let kept: BTreeSet<&String> = names.iter().collect();
        watched.retain(|name, _| kept.contains(name));
        for name in &names {
            if !watched.contains_key(name) {
                let new = Watched::new(&self.data_dir, name, &self.rules, now_ms);
                watched.insert(name.clone(), Arc::new(Mutex::new(new)));
            }
        }
        names
    }

    /// How many identities count against the budget of each rule.
    fn used(&self, now_ms: u64) -> Vec<u32> {
        let mut used = vec![0; self.rules.len()];
        for watched in lock(&self.watched).values() {
            for seat in &lock(watched).seats {
                used[seat.of] += u32::from(seat.gate.counts(now_ms));
            }
        }
        used
    }

    fn step(
        &self,
        (name, watched, i): (&str, &mut Watched, usize),
        now_ms: u64,
        used: &mut [u32],
        around: &Around<'_>,
    ) {
        let seat = &mut watched.seats[i];
        let named = &self.rules[seat.of];
        let counted = u32::from(seat.gate.counts(now_ms));
        let others = used[seat.of] - counted;
        // Until nodes tell each other, what this one knows of is all there is.
        let used_by = Used { node: others, cluster: others };
        let decision = seat.gate.step(now_ms, &watched.figures, used_by);
        used[seat.of] = others + u32::from(seat.gate.counts(now_ms));
        let why = decision.why;
        let mut written = Ok(());
        if decision.changed || why == Why::Act {
            let record = record_of(named, &decision, seat.gate.state());
            written = match &mut watched.log {
                Ok(log) => log.append(&named.name, record.clone()),
                Err(e) => Err(Error::new(e.kind, e.message.clone())),
            };
            (around.counted)(&named.name, why);
            if let Err(e) = &written {
                watched.trouble = Some(e.message.clone());
            } else if why == Why::Act {
                let home = self.home(&watched.figures);
                self.begin(around.house, name, seat, home, record.into(), now_ms);
            }
        }
        if let (Err(e), Why::Act) = (&written, why) {
            let told = format!("it is not done, for the decision could not be written: {e}");
            seat.gate.told(now_ms, Outcome::Failed(Why::Failed, told));
        }
        seat.decision = Some(decision);
    }

    /// This node as others see it.
    fn home(&self, figures: &Figures) -> Node {
        let read = |name| find(name).ok().and_then(|place| figures.get(place));
        let value = |name| read(name).map_or(0.0, |reading| reading.value);
        Node {
            name: String::new(),
            tier: self.tier,
            cpu: value("load"),
            memory: value("memory_share"),
            rtt_ms: 0.0,
            coming: 0,
            ready: true,
        }
    }

    /// Begins an action on a thread of its own: nobody waits for it but the gate.
    fn begin(
        &self,
        house: &Arc<House>,
        name: &str,
        seat: &mut Seat,
        home: Node,
        decision: Value,
        now_ms: u64,
    ) {
        let named = &self.rules[seat.of];
        let job = Job {
            house: Arc::clone(house),
            departures: Arc::clone(&self.departures),
            planner: Arc::clone(&named.planner),
            home,
            gate: named.name.clone(),
            identity: name.to_owned(),
            action: named.rule.spec.action.clone(),
            decision,
            at_ms: now_ms,
        };
        let mut acts = lock(&self.acts);
        acts.retain(|act| !act.is_finished());
        if acts.len() >= ACTS_MAX {
            let told = format!("{ACTS_MAX} actions of gates are under way");
            return seat.gate.told(now_ms, Outcome::Failed(Why::Busy, told));
        }
        let (tell, of) = (self.tell.clone(), seat.of);
        let run = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| act::run(&job)));
            let outcome = outcome.unwrap_or_else(|_| {
                Outcome::Failed(Why::Failed, "the action panicked; please report it".into())
            });
            // Nobody hears it any more when the server ends.
            let _ = tell.send((job.identity, of, outcome));
        };
        match std::thread::Builder::new().name("her-gate-act".into()).spawn(run) {
            Ok(act) => acts.push(act),
            Err(e) => {
                let told = format!("no thread for it could be started: {e}");
                seat.gate.told(now_ms, Outcome::Failed(Why::Busy, told));
            }
        }
    }
}

impl Watched {
    fn new(data_dir: &std::path::Path, name: &str, rules: &[Named], now_ms: u64) -> Self {
        let log = DecisionLog::open(data_dir, name, now_ms);
        let mut trouble = log.as_ref().err().map(|e| e.message.clone());
        let mut seats = Vec::new();
        for (of, named) in rules.iter().enumerate() {
            if gates::is_for(&named.rule, name) {
                let last = log.as_ref().ok().and_then(|log| log.last().get(&named.name));
                let gate = resume(named, last, &mut trouble);
                seats.push(Seat { of, gate, decision: None });
            }
        }
        Self {
            figures: Figures::default(),
            seats,
            trouble,
            reads: Reads::new(),
            log,
            record: Recorder::new(data_dir, name),
        }
    }

    fn read(
        &mut self,
        now_ms: u64,
        node: &Figures,
        waits: &[&Waits],
        told: Option<(collect::Told, u64)>,
    ) {
        self.figures.take_in(node);
        self.reads.read(now_ms, &mut self.figures, waits, told);
        if let Err(e) = self.record.write(now_ms, &self.figures) {
            self.trouble = Some(e.message);
        }
    }
}

/// A gate that goes on from its last decision. Of another rule under its name it only keeps when
/// it acted, so that a changed rule has the cool-down of the one before.
fn resume(named: &Named, last: Option<&Value>, trouble: &mut Option<String>) -> Gate {
    let rule = Arc::clone(&named.rule);
    let Some(last) = last else { return Gate::new(rule) };
    let state: State = match serde_json::from_value(last["state"].clone()) {
        Ok(state) => state,
        Err(e) => {
            *trouble = Some(format!("what {} remembered can't be read: {e}", named.name));
            State::default()
        }
    };
    let why = serde_json::from_value(last["decision"].clone()).ok();
    if last["rule"] == *named.digest {
        return Gate::resume(rule, state, why);
    }
    let acted = State { acted_ms: state.acted_ms, ..State::default() };
    Gate::resume(rule, acted, None)
}

/// A decision as its log keeps it.
fn record_of(named: &Named, decision: &Decision, state: &State) -> Map<String, Value> {
    let figures: Map<String, Value> =
        decision.figures.iter().map(|seen| (seen.name.to_owned(), seen.value.into())).collect();
    let truths = |parts: &[her_gate::decision::Conjunct]| -> Map<String, Value> {
        parts.iter().map(|part| (part.text.clone(), part.truth.into())).collect()
    };
    let record = json!({
        "at_ms": decision.at_ms,
        "gate": named.name,
        "rule": named.digest,
        "decision": decision.why,
        "detail": decision.detail,
        "open": decision.open,
        "figures": figures,
        "when": truths(&decision.when),
        "clear": truths(&decision.clear),
        "timers": decision.timers,
        "state": state,
    });
    match record {
        Value::Object(record) => record,
        _ => Map::new(),
    }
}
