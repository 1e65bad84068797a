//! The checker: what clients were told, against the journals of both nodes and a replay.
//! The invariants are those of `docs/internals/migration.md`.

use std::collections::BTreeMap;
use std::path::Path;

use her::wire;
use her_identity::event::{self, Event, What};
use her_identity::house::Config;
use her_identity::journal::{Digest, Frame, FrameKind};
use her_identity::turn::{Desk, State};
use her_identity::{House, Result};
use her_learn::{Catalog, Row};
use her_lm::Bases;

use super::load::{Seen, Told, digest, features};

/// One event of the journal.
#[derive(Debug, Clone)]
pub struct Line {
    pub epoch: u64,
    /// Whose request it was, by its place among the clients, and its number.
    pub request: Option<(usize, u64)>,
}

/// All that is known of a run.
#[derive(Clone, Default)]
pub struct History {
    pub clients: Vec<(String, Vec<Told>)>,
    pub seen: Vec<Seen>,
    /// Whether the identity reads texts.
    pub reads: bool,
    /// The owner's journal; version 1 first.
    pub lines: Vec<Line>,
    /// The chain after each frame, with its last version: of the owner, and of the other node.
    pub chains: [Vec<(u64, Digest)>; 2],
    /// The digest of the replay's prediction, for each of `seen` in its order.
    pub replayed: Vec<u64>,
}

/// What was checked.
#[derive(Debug)]
#[allow(dead_code, reason = "it is printed")]
pub struct Checked {
    pub events: usize,
    pub acknowledged: usize,
    pub predictions: usize,
    /// Predictions by versions that nobody was acknowledged, and that a kill took.
    pub lost: usize,
    pub epochs: usize,
}

impl History {
    /// Adds what the journals of the owner and of the other node say. Both processes have ended.
    pub fn read(&mut self, owner: &Path, other: &Path) -> Result<()> {
        self.seen.sort_by_key(|seen| seen.version);
        for (i, dir) in [owner, other].into_iter().enumerate() {
            let house = House::open(Config::new(dir), catalog(dir))?;
            let mut replay = (i == 0).then(|| Replay::new(catalog(dir), self.reads));
            let id = house.record("sam")?.current;
            let mut at = None;
            loop {
                let frames = house.tail(id, at)?;
                let Some(last) = frames.last() else { break };
                at = Some(last.head());
                for frame in &frames {
                    let head = frame.head();
                    self.chains[i].push((head.seq, head.digest));
                    if let Some(replay) = &mut replay {
                        self.frame(frame, replay)?;
                    }
                }
            }
            if i == 0 {
                house.verify("sam")?;
            }
            house.close();
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame, replay: &mut Replay) -> Result<()> {
        if frame.header().kind != FrameKind::Events {
            return Ok(());
        }
        let mut shapes = Vec::new();
        let mut events = Vec::new();
        event::decode(frame.payload(), &mut shapes, &mut |event| {
            events.push(event);
            Ok(())
        })?;
        for event in events {
            self.lines.push(self.line(&event, frame.header().epoch));
            replay.turn(&event)?;
            let version = self.lines.len() as u64;
            while let Some(seen) = self.seen.get(self.replayed.len())
                && seen.version <= version
            {
                self.replayed.push(replay.predict(seen.row)?);
            }
        }
        Ok(())
    }

    fn line(&self, event: &Event, epoch: u64) -> Line {
        let whose = |name: &str| self.clients.iter().position(|(other, _)| other == name);
        let request = event.request.as_ref();
        let request = request.and_then(|r| whose(&r.client).map(|client| (client, r.n)));
        if let (Some((_, n)), What::Learn { row: learned, .. }, Some(r)) =
            (request, &event.what, request.and(event.request.as_ref()))
        {
            let sent = sent(n + digest(r.client.as_bytes()) % 1000, self.reads);
            assert_eq!(format!("{learned:?}"), format!("{sent:?}"), "event {n} is another");
        }
        Line { epoch, request }
    }

    /// Every invariant that a client can see; the first that does not hold is the error.
    pub fn check(&self) -> std::result::Result<Checked, String> {
        let places = self.once()?;
        let acknowledged = self.at_their_versions(&places)?;
        self.in_real_time(&places)?;
        let epochs = self.one_owner_at_a_time()?;
        self.prefix()?;
        let lost = self.predictions()?;
        Ok(Checked {
            events: self.lines.len(),
            acknowledged,
            predictions: self.seen.len(),
            lost,
            epochs,
        })
    }

    /// I1, I2, I10: dense, and no request twice. Gives where each lies.
    fn once(&self) -> std::result::Result<BTreeMap<(usize, u64), u64>, String> {
        if self.chains[0].last().map(|(seq, _)| *seq) != Some(self.lines.len() as u64) {
            return Err(format!("I1: {} events do not make the head", self.lines.len()));
        }
        let mut places = BTreeMap::new();
        for (version, line) in (1..).zip(&self.lines) {
            if let Some(request) = line.request
                && let Some(before) = places.insert(request, version)
            {
                return Err(format!("I2: {request:?} was done at {before} and at {version}"));
            }
        }
        Ok(places)
    }

    /// I2: what was acknowledged is there, where it was said to be.
    fn at_their_versions(
        &self,
        places: &BTreeMap<(usize, u64), u64>,
    ) -> std::result::Result<usize, String> {
        let mut acknowledged = 0;
        for (client, (name, told)) in self.clients.iter().enumerate() {
            for (n, told) in (0..).zip(told).filter(|(_, told)| told.acked_us > 0) {
                acknowledged += 1;
                match places.get(&(client, n)) {
                    None => return Err(format!("I2: {name}'s {n} was acknowledged and is lost")),
                    Some(at) if told.version > 0 && *at != told.version => {
                        let said = told.version;
                        return Err(format!("I2: {name}'s {n} lies at {at}, not at {said}"));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(acknowledged)
    }

    /// I3: what was acknowledged before another was sent lies before it.
    fn in_real_time(
        &self,
        places: &BTreeMap<(usize, u64), u64>,
    ) -> std::result::Result<(), String> {
        let mut by_version: Vec<(u64, Told)> = Vec::new();
        for ((client, n), version) in places {
            if let Some(told) = self.clients[*client].1.get(*n as usize) {
                by_version.push((*version, *told));
            }
        }
        by_version.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        let mut earliest = (u64::MAX, 0);
        for (version, told) in by_version {
            if earliest.0 < told.sent_us {
                let (at, later) = (told.sent_us, earliest.1);
                return Err(format!(
                    "I3: {later} was acknowledged before {version} was sent, {at}"
                ));
            }
            if told.acked_us > 0 && told.acked_us < earliest.0 {
                earliest = (told.acked_us, version);
            }
        }
        Ok(())
    }

    /// I4, I12: epochs never fall, and within one a single node acknowledges.
    fn one_owner_at_a_time(&self) -> std::result::Result<usize, String> {
        let mut before = 0;
        for (version, line) in (1..).zip(&self.lines) {
            if line.epoch < before {
                return Err(format!("I4: epoch {} at {version} after {before}", line.epoch));
            }
            before = line.epoch;
        }
        let mut owners: BTreeMap<u64, u8> = BTreeMap::new();
        for told in self.clients.iter().flat_map(|(_, told)| told).filter(|t| t.version > 0) {
            let epoch = self.lines[told.version as usize - 1].epoch;
            if *owners.entry(epoch).or_insert(told.node) != told.node {
                return Err(format!("I12: two nodes acknowledged in epoch {epoch}"));
            }
        }
        Ok(owners.len())
    }

    /// I7: what the other node has is how the owner's life began.
    fn prefix(&self) -> std::result::Result<(), String> {
        let [owner, other] = &self.chains;
        match (0..other.len()).find(|i| owner.get(*i) != Some(&other[*i])) {
            None => Ok(()),
            Some(i) => {
                Err(format!("I7: the other node's frame {i} is not the owner's: {:?}", other[i]))
            }
        }
    }

    /// I6: predictions are those of a replay, bit for bit. They wait for no disk: one by a version
    /// that was not acknowledged yet when it was given may have been lost in a kill. Gives how many
    /// were.
    fn predictions(&self) -> std::result::Result<usize, String> {
        let told = |version: u64| {
            let (client, n) = self.lines.get(version as usize - 1)?.request?;
            self.clients[client].1.get(n as usize).map(|told| told.acked_us).filter(|at| *at > 0)
        };
        let again = self.replayed.iter().map(Some).chain(std::iter::repeat(None));
        let others =
            self.seen.iter().zip(again).filter(|(seen, again)| Some(&seen.digest) != *again);
        let (unsure, wrong): (Vec<_>, Vec<_>) =
            others.partition(|(seen, _)| told(seen.version).is_none_or(|at| at > seen.given_us));
        match wrong.first() {
            None => Ok(unsure.len()),
            Some((seen, _)) => Err(format!("I6: not what a replay predicts: {seen:?}")),
        }
    }
}

/// What the specs of a house may name.
fn catalog(dir: &Path) -> Catalog {
    her_lm::catalog(Bases::new(dir.join("bases")))
}

/// The row number `k`, as it was sent.
fn sent(k: u64, reads: bool) -> Row {
    let features = serde_json::from_str(&features(k, reads)).unwrap();
    Row::from_json(&features).unwrap()
}

struct Replay {
    catalog: Catalog,
    reads: bool,
    state: Option<State>,
    desk: Desk,
}

impl Replay {
    fn new(catalog: Catalog, reads: bool) -> Self {
        Self { catalog, reads, state: None, desk: Desk::default() }
    }

    fn turn(&mut self, event: &Event) -> Result<()> {
        match (&mut self.state, &event.what) {
            (None, What::Born(birth)) => {
                self.state = Some(State::born((**birth).clone(), &self.catalog)?);
            }
            (Some(state), _) => drop(state.turn(event, &mut self.desk)?),
            (None, _) => panic!("the journal does not begin with a birth"),
        }
        Ok(())
    }

    fn predict(&mut self, k: u64) -> Result<u64> {
        let row = sent(k, self.reads);
        let state = self.state.as_ref().expect("predictions come after the birth");
        let given = state.predict(&row, &mut self.desk)?;
        Ok(digest(wire::prediction(&given).to_string().as_bytes()))
    }
}
