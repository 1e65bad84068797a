//! A node that answers others: the target's side of departures, and the register.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::message::{self, About, Ask, Told};
use super::{Cell, Node, Outcome, Refusal, Staged, Standing};
use crate::error::{Error, ErrorKind, Result};
use crate::house::{Arrival, House, Place, Registered};
use crate::journal::{Head, IdentityId};

mod arriving;

/// Asks another node, and waits for its answer; an error means that it may have been done or not.
pub trait Link: Send + Sync {
    /// See the trait.
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told>;
}

/// Identities that arrive at a time.
pub const ARRIVALS_MAX: usize = 16;
/// The largest state that arrives, in bytes.
pub const STATE_BYTES_MAX: u64 = 1 << 30;

pub(super) struct Arriving {
    arrival: Arrival,
    staged: Staged,
    /// The snapshot that arrives piece by piece.
    piece: Option<(IdentityId, Head, Vec<u8>)>,
    /// Set where its state comes instead of being replayed.
    by_state: bool,
}

/// See the module.
pub struct Host {
    house: Arc<House>,
    me: Node,
    arriving: Mutex<BTreeMap<IdentityId, Arriving>>,
}

impl Host {
    /// The node of a house, by the key that others know it by.
    pub fn new(house: Arc<House>, me: Node) -> Self {
        Self { house, me, arriving: Mutex::default() }
    }

    /// The house.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// This node.
    pub fn me(&self) -> Node {
        self.me
    }

    /// How many identities arrive at present.
    pub fn coming(&self) -> usize {
        self.arriving().len()
    }

    /// Answers what `from` asks.
    pub fn answer(&self, from: Node, ask: Ask) -> Told {
        #[cfg(feature = "testing")]
        let point = format!("target:{}", crate::fault::name(&ask));
        #[cfg(feature = "testing")]
        crate::fault::at(&point);
        let told = self.told(from, ask);
        #[cfg(feature = "testing")]
        crate::fault::at(&format!("{point}:done"));
        told
    }

    fn told(&self, from: Node, ask: Ask) -> Told {
        match self.try_answer(from, ask) {
            Ok(told) => told,
            Err(e) => match e.kind {
                ErrorKind::Corrupt | ErrorKind::Poisoned => Told::Differs(e.message),
                ErrorKind::Exists => Told::Refused(Outcome::NameTaken, e.message),
                ErrorKind::Fenced => Told::Refused(Outcome::Fenced, e.message),
                ErrorKind::Full | ErrorKind::Busy | ErrorKind::Invalid => {
                    Told::Refused(Outcome::TargetNotReady, e.message)
                }
                _ => Told::Failed(e.message),
            },
        }
    }

    fn try_answer(&self, from: Node, ask: Ask) -> Result<Told> {
        let id = IdentityId;
        match ask {
            Ask::Hello { record, model, arithmetic, snapshots, dry } => {
                let arrival = Arrival::new(from, message::record_in(&record)?)?;
                let model = message::model_in(&model)?;
                self.hello(&arrival, (&model, arithmetic), &snapshots, dry)
            }
            Ask::Snapshot { about, id: branch, head, offset, total, bytes, digest, shipped } => {
                let (of, place) = ((id(branch), head.into()), (offset, total));
                let whole = self.piece(from, about, of, place, &bytes)?;
                whole.map_or(Ok(()), |state| self.keep(of, &state, (digest, shipped)))?;
                Ok(Told::Done)
            }
            Ask::Frames { about, id: branch, frames, warm } => {
                let frames = message::frames(id(branch), frames)?;
                self.with(from, about, |arriving| {
                    arriving.staged.more(from, about.nonce).map_err(refusal)
                })?;
                let head = self.house.follow(id(branch), frames, warm)?;
                Ok(Told::Head(head.into()))
            }
            Ask::Agree { about, record, head, proof } => {
                let arrival = Arrival::new(from, message::record_in(&record)?)?;
                self.agree(about, arrival, (head.into(), proof))
            }
            Ask::Grant { about, epoch } => self.grant(from, about, epoch),
            Ask::Part { about } => self.part(from, about),
            Ask::Cell { cell } => Ok(Told::standing(self.house.cell(id(cell))?)),
            Ask::Cas { cell, expected, owner } => self.cas(from, id(cell), expected, owner),
            Ask::Hand { cell } => self.hand(from, id(cell)),
            Ask::Tail { name, cell, id: branch, frames } => {
                let frames = message::frames(id(branch), frames)?;
                self.tail(from, &name, (id(cell), id(branch)), frames)
            }
            Ask::Digest { id: branch, version } => {
                Ok(Told::Digest(self.house.state_digest(id(branch), version)?))
            }
        }
    }

    pub(super) fn arriving(&self) -> MutexGuard<'_, BTreeMap<IdentityId, Arriving>> {
        self.arriving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        from: Node,
        about: About,
        work: impl FnOnce(&mut Arriving) -> Result<T>,
    ) -> Result<T> {
        let mut all = self.arriving();
        let arriving = all.get_mut(&IdentityId(about.cell));
        let arriving = arriving.ok_or_else(|| refusal(Refusal::Stranger))?;
        if arriving.arrival.from != from {
            return Err(refusal(Refusal::NotTheSource));
        }
        work(arriving)
    }

    fn cas(&self, from: Node, cell: IdentityId, expected: u64, owner: Node) -> Result<Told> {
        match self.house.cell(cell)? {
            // Only the owner gives an identity away.
            Standing::Here(holds) if holds.owner != from => Ok(Told::Holds(holds)),
            Standing::Here(_) => Ok(match self.house.register().cas(cell, expected, owner)? {
                Ok(holds) => Told::Set(holds),
                Err(holds) => Told::Holds(holds),
            }),
            other => Ok(Told::standing(other)),
        }
    }

    fn hand(&self, from: Node, cell: IdentityId) -> Result<Told> {
        match self.house.cell(cell)? {
            Standing::Here(holds) if holds.owner != from => Ok(Told::Holds(holds)),
            Standing::Here(_) | Standing::Handed(_) => {
                Ok(Told::Set(self.house.register().hand(cell, from)?))
            }
            Standing::Unknown => Ok(Told::Cell(None)),
        }
    }

    /// Asks the register about what waits for its word since the start, and about what arrives
    /// and was never granted; goes by what it says. Gives how many wait still. Call it again and
    /// again.
    pub fn watch(&self, link: &dyn Link) -> usize {
        let mut open = 0;
        for (name, registered) in self.house.waiting() {
            if !matches!(self.resolve(&name, registered, link), Ok(true)) {
                open += 1;
            }
        }
        for arrival in self.house.arrivals().unwrap_or_default() {
            match self.resolve_arrival(&arrival, link) {
                Ok(true) => {}
                Ok(false) | Err(_) => open += 1,
            }
        }
        open
    }

    /// What waits since the start and has its home here, so that no other node is needed.
    pub fn watch_alone(&self) -> usize {
        struct Nobody;
        impl Link for Nobody {
            fn ask(&self, to: Node, _: &Ask) -> Result<Told> {
                Err(Error::new(ErrorKind::Unavailable, format!("no way to node {to}")))
            }
        }
        self.watch(&Nobody)
    }

    fn resolve(&self, name: &str, registered: Registered, link: &dyn Link) -> Result<bool> {
        let (cell, home) = self.look_up(registered, link)?;
        if home != registered.home {
            self.house.set_home(name, home)?;
        }
        if cell.owner != self.me {
            self.house.step_down(name, cell)?;
            return Ok(true);
        }
        // A read says who owned it; only a fresh epoch says that it is still so.
        let ask = Ask::Cas { cell: registered.cell.0, expected: cell.epoch, owner: self.me };
        match self.ask(home, ask, link)? {
            Told::Set(cell) => self.house.activate(name, cell.epoch).map(|_| true),
            other => Err(other.unexpected()),
        }
    }

    fn resolve_arrival(&self, arrival: &Arrival, link: &dyn Link) -> Result<bool> {
        let registered = arrival.registered()?;
        if self.house.has_arrived(arrival) {
            self.house.settle(arrival)?;
            return Ok(true);
        }
        let (cell, home) = self.look_up(registered, link)?;
        if cell.owner == self.me {
            let ask = Ask::Cas { cell: registered.cell.0, expected: cell.epoch, owner: self.me };
            let Told::Set(cell) = self.ask(home, ask, link)? else { return Ok(false) };
            self.house.take_over(arrival, cell.epoch)?;
            self.arriving().remove(&registered.cell);
            self.house.settle(arrival)?;
            return Ok(true);
        }
        if cell.owner != arrival.from {
            self.house.turn_away(arrival, cell)?;
            self.arriving().remove(&registered.cell);
            return Ok(true);
        }
        // Its source owns it still, and may go on sending.
        Ok(false)
    }

    /// What the register holds, and where it lies by now.
    pub(super) fn look_up(&self, registered: Registered, link: &dyn Link) -> Result<(Cell, Node)> {
        let (mut home, mut before) = (registered.home, None);
        for _ in 0..8 {
            match self.ask(home, Ask::Cell { cell: registered.cell.0 }, link)? {
                Told::Cell(Some(cell)) => return Ok((cell, home)),
                told @ (Told::Handed(_) | Told::Cell(None)) => {
                    // It was handed to us, and we went down before we took it. Or we handed it on
                    // since: then it is not taken.
                    if let (true, Some(before)) = (home == self.me, before)
                        && let Ok(cell) = self.take_cell(registered.cell, before, link)
                    {
                        return Ok((cell, home));
                    }
                    let Told::Handed(to) = told else { return Err(told.unexpected()) };
                    before = Some(std::mem::replace(&mut home, to));
                }
                other => return Err(other.unexpected()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "no node knows this identity's register"))
    }

    fn take_cell(&self, cell: IdentityId, from: Node, link: &dyn Link) -> Result<Cell> {
        match self.ask(from, Ask::Hand { cell: cell.0 }, link)? {
            Told::Set(holds) => self.house.register().take(cell, holds),
            other => Err(other.unexpected()),
        }
    }

    /// Asks a node, which may be this one.
    pub(super) fn ask(&self, to: Node, ask: Ask, link: &dyn Link) -> Result<Told> {
        if to == self.me { Ok(self.answer(self.me, ask)) } else { link.ask(to, &ask) }
    }

    /// Moves the home of an identity's cell here, from where it was born. From then on a restart
    /// here needs no other node.
    pub fn bring_home(&self, name: &str, link: &dyn Link) -> Result<()> {
        let record = self.house.record(name)?;
        let none = || Error::invalid(format!("{name} is under no register; it never departed"));
        let registered = record.registered.ok_or_else(none)?;
        if registered.home == self.me || self.house.place(name) != Place::Here {
            return Ok(());
        }
        let (_, home) = self.look_up(registered, link)?;
        if home != self.me {
            self.take_cell(registered.cell, home, link)?;
        }
        self.house.set_home(name, self.me)
    }
}

fn refusal(why: Refusal) -> Error {
    let what = match why {
        Refusal::Stranger => "this node knows of no such departure; begin it again",
        Refusal::NotTheSource => "another node sends this identity",
        Refusal::Differs => "both sides do not have the same",
        Refusal::Spent => "this departure was granted already, or not agreed on",
    };
    Error::new(ErrorKind::Fenced, what)
}
