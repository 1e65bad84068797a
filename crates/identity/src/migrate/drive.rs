//! Drives a departure: does what [`Source`] says, with a house on this side and a [`Link`] to the
//! others.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::host::{Host, Link};
use super::message::{self, About, Ask, Offered, Told};
use super::report::{ByState, Control, Figures, Report};
use super::{Bounds, Cell, Next, Node, Outcome, Saw, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::house::{House, Record, Registered};
use crate::journal::{Head, IdentityId};
use crate::shard::{Lead, QUEUE_EVENTS_MAX, Stand};

mod sends;

/// Events that a departing identity may get further ahead of its target, once that has its state
/// in memory, before it is throttled at all.
const LEAD_EVENTS: u64 = QUEUE_EVENTS_MAX as u64;
/// How often an answer that was lost is asked for again before the seal.
const RETRIES: u32 = 5;
/// How long learning may be held before the commit, in nanoseconds; beyond it the departure is
/// off, and learning goes on here.
const HOLD_NS: u64 = 2_000_000_000;
/// The same where its state is sent meanwhile.
const HOLD_STATE_NS: u64 = 10_000_000_000;
/// How long to wait before that, and before the register is read again, in milliseconds.
const RETRY_MS: u64 = 200;

/// One departure.
pub struct Departure<'a> {
    host: &'a Host,
    link: &'a dyn Link,
    control: &'a Control,
    tell: &'a (dyn Fn(Next, &Figures) + Sync),
    name: String,
    target: Node,
    record: Arc<Record>,
    registered: Registered,
    lead: Arc<Lead>,
    about: About,
    /// What the target has, branch by branch.
    heads: Vec<Option<Head>>,
    /// Snapshots that it wants.
    snapshots: VecDeque<Offered>,
    piece: Option<Piece>,
    /// Set where the target can't replay what happened here to the same bits.
    by_state: Option<ByState>,
    stand: Option<Stand>,
    /// The home of the cell, once it was asked for.
    home: Node,
    sealed_since: u64,
    figures: Figures,
    why: Option<String>,
}

/// A state on its way.
struct Piece {
    id: IdentityId,
    head: Head,
    state: Vec<u8>,
    digest: [u8; 32],
    /// Whether a replay at the target gives other bits.
    shipped: bool,
    /// How much of it was sent.
    sent: usize,
}

impl Piece {
    fn new((id, head): (IdentityId, Head), state: Vec<u8>, shipped: bool) -> Self {
        let digest = *blake3::hash(&state).as_bytes();
        Self { id, head, state, digest, shipped, sent: 0 }
    }
}

impl<'a> Departure<'a> {
    /// Moves an identity to another node and tells how that ended. `tell` hears of each step.
    pub fn run(
        host: &'a Host,
        link: &'a dyn Link,
        name: &str,
        target: Node,
        bounds: Bounds,
        control: &'a Control,
        tell: &'a (dyn Fn(Next, &Figures) + Sync),
    ) -> Result<Report> {
        if target == host.me() {
            return Err(Error::invalid(format!("{name} is on this node already")));
        }
        host.house().settled(name)?;
        let (registered, epoch) = host.house().enlist(name, host.me())?;
        let lead = Arc::new(Lead::new(0, u64::MAX));
        host.house().set_off(name, epoch, Arc::clone(&lead))?;
        let record = host.house().record(name)?;
        let mut departure = Self {
            host,
            link,
            control,
            tell,
            name: name.to_owned(),
            target,
            heads: vec![None; record.branches.len()],
            record,
            registered,
            lead,
            about: About { cell: registered.cell.0, nonce: 0 },
            snapshots: VecDeque::new(),
            piece: None,
            by_state: None,
            stand: None,
            home: registered.home,
            sealed_since: 0,
            figures: Figures::default(),
            why: None,
        };
        Ok(departure.drive(Source::new(host.me(), target, epoch, bounds), epoch))
    }

    /// Asks the target whether it would take an identity. Changes nothing on either side.
    pub fn rehearse(host: &Host, link: &dyn Link, name: &str, target: Node) -> Result<Report> {
        host.house().settled(name)?;
        let mut record = (*host.house().record(name)?).clone();
        // One that never departed is under no register yet; the target wants to see a cell.
        record.registered.get_or_insert(Registered {
            cell: record.current,
            home: host.me(),
            since_ms: 0,
        });
        let model = host.house().model_of(record.current)?;
        let here = host.house().catalog().arithmetic(&model);
        let told = link.ask(
            target,
            &Ask::Hello {
                record: message::record_out(&record),
                model: model.to_string(),
                arithmetic: here.clone(),
                snapshots: Vec::new(),
                dry: true,
            },
        );
        let mut by_state = None;
        let (outcome, why) = match told {
            Ok(Told::Ready { arithmetic, .. }) => {
                by_state = ByState::of(here, arithmetic);
                (Outcome::Ready, None)
            }
            Ok(Told::Refused(outcome, why)) => (outcome, Some(why)),
            Ok(other) => (Outcome::TargetNotReady, Some(other.unexpected().message)),
            Err(e) => (Outcome::TargetNotReady, Some(e.message)),
        };
        Ok(Report { outcome, why, figures: Figures::default(), verified: None, by_state })
    }

    fn house(&self) -> &House {
        self.host.house()
    }

    fn drive(&mut self, mut source: Source, epoch: u64) -> Report {
        let mut next = source.begin();
        loop {
            (self.tell)(next, &self.figures);
            if next == Next::Read && self.control.is_abandoned() {
                let why = "the process ends before the register has said who owns the identity";
                self.why = Some(why.to_owned());
                return self.end(Outcome::Interrupted, None);
            }
            if let Next::End(outcome) = next {
                return self.end(outcome, source.learns().then_some(epoch));
            }
            #[cfg(feature = "testing")]
            let point = format!("source:{}", crate::fault::name(&next));
            #[cfg(feature = "testing")]
            crate::fault::at(&point);
            let cancellable = matches!(
                next,
                Next::Hello | Next::Send | Next::Warm | Next::Throttle | Next::Agree
            );
            let saw = if cancellable && self.control.is_cancelled() {
                Saw::Cancel
            } else {
                self.step(next)
            };
            #[cfg(feature = "testing")]
            crate::fault::at(&format!("{point}:done"));
            next = source.saw(saw);
        }
    }

    fn step(&mut self, next: Next) -> Saw {
        let done = match next {
            Next::Hello => self.patiently(Self::hello),
            Next::Send => self.patiently(Self::send),
            Next::Warm => self.patiently(Self::warm),
            Next::Throttle => Ok(self.throttle()),
            Next::Seal => self.seal(),
            Next::Agree => self.agree(),
            Next::Commit { epoch } => self.cas(epoch, self.target),
            Next::Read => self.read(),
            Next::Reclaim { epoch } => self.reclaim(epoch),
            Next::Unseal { epoch } => self.unseal(epoch),
            Next::StepDown { owner, epoch } => self.step_down(Cell { owner, epoch }),
            Next::Grant { epoch } => self.grant(epoch),
            Next::End(_) => Ok(Saw::Done),
        };
        done.unwrap_or_else(|e| {
            let lost = e.kind == ErrorKind::Unavailable;
            self.why = Some(e.message);
            if lost { Saw::Lost } else { Saw::Refused(Outcome::Failed) }
        })
    }

    /// Before the seal there is time to ask again.
    fn patiently(&mut self, step: fn(&mut Self) -> Result<Saw>) -> Result<Saw> {
        for _ in 0..RETRIES {
            match step(self) {
                Err(e) if e.kind == ErrorKind::Unavailable && !self.control.is_cancelled() => {
                    pause();
                }
                other => return other,
            }
        }
        step(self)
    }

    fn ask(&self, ask: &Ask) -> Result<Told> {
        self.link.ask(self.target, ask)
    }

    fn saw(&mut self, told: &Told) -> Saw {
        self.why = Some(told.unexpected().message);
        match told {
            Told::Differs(_) => Saw::Differs,
            Told::Refused(outcome, _) => Saw::Refused(*outcome),
            _ => Saw::Lost,
        }
    }

    fn warm(&mut self) -> Result<Saw> {
        // What the target would make of these events is not what counts.
        if self.by_state.is_none() {
            let (about, id) = (self.about, self.record.current.0);
            let ask = Ask::Frames { about, id, frames: Vec::new(), warm: true };
            match self.ask(&ask)? {
                Told::Head(_) => {}
                other => return Ok(self.saw(&other)),
            }
        }
        // What it got ahead while the target was busy is no reason to stand still.
        let lag = self.lag()?;
        let current = self.record.branches.iter().position(|b| b.id == self.record.current);
        if let Some(Some(head)) = current.map(|i| self.heads[i]) {
            self.lead.acked.store(head.seq, Ordering::Relaxed);
        }
        self.lead.most.store(LEAD_EVENTS.saturating_add(lag), Ordering::Relaxed);
        Ok(Saw::Done)
    }

    /// An identity that is allowed to be less far ahead is less far ahead: this converges, or
    /// the target stands still.
    fn throttle(&mut self) -> Saw {
        let most = self.lead.most.load(Ordering::Relaxed);
        self.lead.most.store((most / 2).max(1), Ordering::Relaxed);
        self.figures.throttles += 1;
        Saw::Done
    }

    fn seal(&mut self) -> Result<Saw> {
        self.sealed_since = self.house().clock().monotonic_ns();
        let stand = self.house().seal(&self.name)?;
        self.figures.sealed_at = stand.0.seq;
        self.stand = Some(stand);
        Ok(Saw::Done)
    }

    fn held_too_long(&mut self) -> bool {
        let held = self.house().clock().monotonic_ns().saturating_sub(self.sealed_since);
        let most = if self.by_state.is_some() { HOLD_STATE_NS } else { HOLD_NS };
        if held > most {
            self.why = Some(format!("learning was held for {} ms", held / 1_000_000));
        }
        held > most
    }

    fn cas(&mut self, expected: u64, owner: Node) -> Result<Saw> {
        let ask = Ask::Cas { cell: self.registered.cell.0, expected, owner };
        let mut told = self.host.ask(self.home, ask.clone(), self.link)?;
        if matches!(told, Told::Handed(_) | Told::Cell(None)) {
            // It was not done, as the cell has another home by now.
            self.home = self.host.look_up(self.registered, self.link)?.1;
            told = self.host.ask(self.home, ask, self.link)?;
        }
        match told {
            Told::Set(cell) => {
                self.figures.epoch = cell.epoch;
                Ok(Saw::Set(cell.epoch))
            }
            Told::Holds(cell) => Ok(Saw::Cell(cell.owner, cell.epoch)),
            _ => Ok(Saw::Lost),
        }
    }

    /// A register that is read but can't be written, as on a full disk, is asked again in a while.
    fn reclaim(&mut self, expected: u64) -> Result<Saw> {
        let saw = self.cas(expected, self.host.me());
        if !matches!(saw, Ok(Saw::Set(_) | Saw::Cell(..))) {
            pause();
        }
        saw
    }

    fn read(&mut self) -> Result<Saw> {
        match self.host.look_up(self.registered, self.link) {
            Ok((cell, home)) => {
                self.home = home;
                Ok(Saw::Cell(cell.owner, cell.epoch))
            }
            Err(e) => {
                pause();
                Err(Error::new(ErrorKind::Unavailable, e.message))
            }
        }
    }

    /// What stands in the way of learning on passes: a replay after a failed write, a full disk.
    fn unseal(&mut self, epoch: u64) -> Result<Saw> {
        self.figures.epoch = epoch;
        for _ in 0..=RETRIES {
            match self.house().activate(&self.name, epoch) {
                Ok(_) => return Ok(Saw::Done),
                Err(e) => self.why = Some(e.message),
            }
            pause();
        }
        // It is ours and cannot be written: the register will be asked again and again.
        self.house().doubt(&self.name)?;
        Ok(Saw::Done)
    }

    fn step_down(&mut self, cell: Cell) -> Result<Saw> {
        self.house().step_down(&self.name, cell)?;
        Ok(Saw::Done)
    }

    fn grant(&mut self, epoch: u64) -> Result<Saw> {
        self.figures.epoch = epoch;
        match self.ask(&Ask::Grant { about: self.about, epoch })? {
            Told::Head(_) => Ok(Saw::Done),
            other => Ok(self.saw(&other)),
        }
    }

    fn end(&mut self, outcome: Outcome, owned: Option<u64>) -> Report {
        if self.sealed_since > 0 {
            let now = self.house().clock().monotonic_ns();
            self.figures.sealed_ns = now.saturating_sub(self.sealed_since);
        }
        if let Some(epoch) = owned {
            // After an abort it is owned under a fresh epoch already.
            if self.figures.epoch == 0
                && let Err(e) = self.house().stay(&self.name, epoch)
            {
                self.why = Some(e.message);
            }
            // The target need not wait for what will not come; if it does not hear, it asks.
            let _ = self.ask(&Ask::Part { about: self.about });
        }
        let verified = (outcome == Outcome::Completed).then(|| self.compare()).flatten();
        let why = self.why.take().filter(|_| outcome != Outcome::Completed);
        let by_state = self.by_state.take();
        Report { outcome, why, figures: self.figures, verified, by_state }
    }

    /// Compares the whole states on both sides, now that nobody waits for it.
    fn compare(&self) -> Option<bool> {
        let (id, version) = (self.record.current, self.figures.sealed_at);
        if version == 0 {
            return None;
        }
        let ours = self.house().state_digest(id, version).ok()?;
        match self.ask(&Ask::Digest { id: id.0, version }) {
            Ok(Told::Digest(theirs)) => Some(ours == theirs),
            _ => None,
        }
    }
}

fn pause() {
    crate::world::sleep(RETRY_MS);
}
