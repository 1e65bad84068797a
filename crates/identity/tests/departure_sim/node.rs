//! A node: the real house, journal, register and both sides of a departure, on a simulated disk.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use her_identity::event::{Birth, Event, Request, What};
use her_identity::house::{Config, House, Place};
use her_identity::journal::PlantedBug;
use her_identity::migrate::{Ask, Bounds, Control, Departure, Host, Node, Outcome, Told, plant};
use her_identity::turn::Answer as Predicted;
use her_identity::{ErrorKind, Result, simulated};
use her_learn::{Catalog, Row, Target};
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use crate::fiber::fiber;
use crate::net::{Answer, Net, Question};
use crate::world::{Bug, HOUSES, Machine, NAME, Outside, Read, World, place_of};

/// How long a node waits for another's answer.
const ANSWER_MS: u64 = 150;
/// How often it looks into the register.
const WATCH_MS: u64 = 250;

/// A process of a node, from its start to its crash.
pub struct Process {
    pub world: Rc<World>,
    pub place: usize,
    pub host: Arc<Host>,
    net: Rc<Net>,
    work: Notify,
}

impl Process {
    pub fn machine(&self) -> &Machine {
        &self.world.machines[self.place]
    }

    /// The committer may have something to do.
    pub fn kick(&self) {
        self.work.notify_one();
    }

    /// Asks another node.
    pub async fn ask(self: &Rc<Self>, to: Node, ask: Ask) -> Option<Told> {
        if matches!(ask, Ask::Cas { .. } | Ask::Grant { .. } | Ask::Agree { .. }) {
            self.world.tempt(self.place);
        }
        let to = &self.world.machines[place_of(to)].name;
        let question = Question::Node(self.machine().key, ask);
        match self.net.call(to, question, ANSWER_MS).await? {
            Answer::Node(told) => Some(told),
            _ => None,
        }
    }

    fn house(&self) -> &House {
        self.host.house()
    }
}

fn open(world: &World, place: usize) -> Result<Arc<Host>> {
    let machine = &world.machines[place];
    let mut config = Config::new("/house");
    config.shards = 1;
    config.journal.disk = Arc::new(machine.disk.borrow().clone());
    config.journal.clock = Arc::clone(&machine.clock) as _;
    config.journal.segment_bytes = 32 << 10;
    config.journal.background = false;
    if world.bug == Some(Bug::AckBeforeSync) {
        config.journal.bug = Some(PlantedBug::SkipSync);
    }
    let mut catalog = Catalog::builtin();
    if world.by_state {
        // Each says that its arithmetic is another, so states go; the bits are the same all the
        // same, so a replay can be compared with what people saw.
        let here: [fn() -> String; HOUSES] =
            [|| "one".into(), || "two".into(), || "three".into(), || "four".into()];
        catalog = catalog.with_arithmetic(["LogisticRegression"], here[place]);
    }
    let house = House::open(config, catalog)?;
    Ok(Arc::new(Host::new(Arc::new(house), machine.key)))
}

pub fn birth() -> Birth {
    Birth::from_json(&json!({
        "model": ["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}}],
        "shadow_after": 20,
    }))
    .unwrap()
}

pub fn row(n: u64) -> Row {
    let n = n % 1_000_003;
    Row::from_json(&json!({"a": (n * 7919) % 101, "b": (n * 104_729) % 103})).unwrap()
}

/// The bits of a prediction.
pub fn bits(answer: &Predicted) -> Option<u64> {
    match answer {
        Predicted::Binary(p) => Some(p.to_bits()),
        _ => None,
    }
}

fn learn(house: &House, client: &str, n: u64) -> Event {
    let target = Target::Bool((n * 7919) % 101 > (n * 104_729) % 103);
    let mut event = house.event(What::Learn { row: row(n), target, weight: 1.0 });
    event.request = Some(Request { client: client.into(), n });
    event
}

/// The life of a process.
pub async fn run(world: Rc<World>, place: usize) -> turmoil::Result {
    simulated::enter(Some(Rc::new(Outside(Rc::clone(&world)))));
    plant(world.planted());
    let machine = &world.machines[place];
    machine.departing.set(0);
    machine.following.set(0);
    let net = Net::bind(&world, &machine.name).await?;
    let host = loop {
        match open(&world, place) {
            Ok(host) => break host,
            Err(e) => world.trace(format_args!("{} can't open: {e}", machine.name)),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let head = host.house().head(NAME).ok();
    world.trace(format_args!("{} is up, {head:?} {:?}", machine.name, host.house().places()));
    *machine.host.borrow_mut() = Some(Arc::clone(&host));
    let work = Notify::new();
    let process = Rc::new(Process { world: Rc::clone(&world), place, host, net, work });
    world.spawn(commit(Rc::clone(&process)));
    world.spawn(watch(Rc::clone(&process)));
    if place == world.mix.birthplace && process.house().names().is_empty() {
        let host = Arc::clone(&process.host);
        fiber(&process, move |_| host.house().create(NAME, &birth())).await?;
    }
    loop {
        let (from, question) = process.net.next().await;
        let process = Rc::clone(&process);
        world.spawn(async move {
            let answer = answer(&process, question).await;
            process.net.answer(&from, answer);
        });
    }
}

/// The committer: what was appended becomes durable after a while.
async fn commit(process: Rc<Process>) {
    loop {
        process.work.notified().await;
        loop {
            let ms = process.world.lots.between(0, process.world.mix.sync_ms);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            let machine = process.machine();
            let lies =
                process.world.bug == Some(Bug::TargetAcksBeforeSync) && machine.following.get() > 0;
            machine.disk.borrow().ignore_syncs(lies);
            if process.world.lots.one_in(50) {
                let _ = process.house().snapshot(NAME);
            }
            let worked = process.house().commit();
            machine.disk.borrow().ignore_syncs(false);
            if !worked {
                break;
            }
        }
    }
}

/// What waits for the register's word, or was never granted, asks for it.
async fn watch(process: Rc<Process>) {
    loop {
        tokio::time::sleep(Duration::from_millis(WATCH_MS)).await;
        let house = process.house();
        if house.waiting().is_empty() && house.arrivals().is_ok_and(|all| all.is_empty()) {
            continue;
        }
        let host = Arc::clone(&process.host);
        let open = fiber(&process, move |door| host.watch(door)).await;
        process.world.trace(format_args!("{} watched, {open} open", process.machine().name));
    }
}

async fn answer(process: &Rc<Process>, question: Question) -> Answer {
    match question {
        Question::Node(from, ask) => Answer::Node(node(process, from, ask).await),
        Question::Learn { client, n } => learned(process, &client, n).await,
        Question::Read { row, min } => read(process, row, min),
        Question::Depart { to, cancel_after_ms } => depart(process, to, cancel_after_ms),
        Question::BringHome => {
            let host = Arc::clone(&process.host);
            match fiber(process, move |door| host.bring_home(NAME, door)).await {
                Ok(()) => Answer::Done,
                Err(_) => Answer::Later,
            }
        }
    }
}

async fn node(process: &Rc<Process>, from: Node, ask: Ask) -> Told {
    let decides = matches!(ask, Ask::Cas { .. } | Ask::Grant { .. } | Ask::Agree { .. });
    let follows = matches!(ask, Ask::Frames { .. } | Ask::Agree { .. });
    let following = &process.machine().following;
    following.set(following.get() + u32::from(follows));
    let host = Arc::clone(&process.host);
    let told = match ask {
        Ask::Cell { .. } | Ask::Cas { .. } | Ask::Hand { .. } => host.answer(from, ask),
        ask => fiber(process, move |_| host.answer(from, ask)).await,
    };
    following.set(following.get() - u32::from(follows));
    if decides {
        process.world.tempt(process.place);
    }
    told
}

/// Where a client that is refused asks next.
fn refused(process: &Process, kind: ErrorKind) -> Answer {
    match (kind, process.house().place(NAME)) {
        (_, Place::Moved(cell)) => Answer::Moved(place_of(cell.owner)),
        _ => Answer::Later,
    }
}

async fn learned(process: &Rc<Process>, client: &str, n: u64) -> Answer {
    let (tell, told) = oneshot::channel();
    let event = learn(process.house(), client, n);
    let replies = Box::new(move |result| drop(tell.send(result)));
    let handed = process.house().submit(NAME, vec![event], replies);
    process.kick();
    let told = match handed {
        Ok(()) => told.await.ok(),
        Err(e) => Some(Err(e)),
    };
    match told.map(|told| told.and_then(|mut replies| replies.remove(0))) {
        Some(Ok(reply)) => Answer::Learned { version: reply.version, duplicate: reply.duplicate },
        Some(Err(e)) => refused(process, e.kind),
        None => Answer::Later,
    }
}

fn read(process: &Process, n: u64, min: u64) -> Answer {
    match process.house().predict_wait(NAME, row(n)) {
        Ok((_, version))
            if version < min && process.world.bug != Some(Bug::ReadWithoutMinVersion) =>
        {
            Answer::Later
        }
        Ok((answer, version)) => {
            let durable = process.house().head(NAME).map_or(0, |head| head.seq);
            let bits = bits(&answer);
            let seen = Read { version, row: n, bits, durable };
            process.world.history.borrow_mut().reads.push(seen);
            Answer::Read { version, bits, durable }
        }
        Err(e) => refused(process, e.kind),
    }
}

fn depart(process: &Rc<Process>, to: usize, cancel_after_ms: Option<u64>) -> Answer {
    let machine = process.machine();
    match process.house().place(NAME) {
        Place::Moved(cell) => return Answer::Moved(place_of(cell.owner)),
        Place::Here if to != process.place && process.house().record(NAME).is_ok() => {}
        _ => return Answer::Later,
    }
    // Two planners may ask at once: the house itself lets one of them begin.
    let (process, control) = (Rc::clone(process), Arc::new(Control::default()));
    let (name, target) = (machine.name.clone(), process.world.machines[to].key);
    process.world.trace(format_args!("{name} departs to {}", process.world.machines[to].name));
    if let Some(ms) = cancel_after_ms {
        let control = Arc::clone(&control);
        process.world.spawn(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            control.cancel();
        });
    }
    let world = Rc::clone(&process.world);
    world.spawn(async move {
        let seal_lag = process.world.mix.seal_lag;
        let bounds = Bounds { seal_lag, patience: 4, throttles: 3 };
        let host = Arc::clone(&process.host);
        let departing = &process.machine().departing;
        departing.set(departing.get() + 1);
        let report = fiber(&process, move |door| {
            let tell = |next, _: &_| door.trace(format!("goes on with {next:?}"));
            Departure::run(&host, door, NAME, target, bounds, &control, &tell)
        })
        .await;
        departing.set(departing.get() - 1);
        match report {
            Ok(report) => {
                process.world.outcome(report.outcome, report.by_state.is_some());
                process.world.trace(format_args!("{name} ends with {report:?}"));
                let differs = report.outcome == Outcome::DigestMismatch
                    && report.why.as_ref().is_some_and(|why| why.contains("stands at"));
                if differs || report.verified == Some(false) {
                    process.world.accuse(format!("I8: both sides differ: {report:?}"));
                }
            }
            Err(e) => process.world.trace(format_args!("{name} does not depart: {e}")),
        }
    });
    Answer::Done
}
