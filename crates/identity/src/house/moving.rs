//! What a departure does to the houses at both of its ends. In which order, says
//! [`crate::migrate`]; who carries the bytes from one to the other is not this crate's affair.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};

use super::{House, Record, closing, registry};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Frame, Head, IdentityId};
use crate::migrate::{Cell, Node, Register, Standing};
use crate::shard::{Done, Lead, Moving, Role, Stand};
use crate::turn::State;
use crate::world::wait;

mod arrival;

pub use arrival::Arrival;
pub(super) use arrival::Arrivals;

/// What is written down of an identity that departed once: who owns it is not said here, but in
/// its cell of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Registered {
    /// Its cell; stays the same over moves, rewinds and branches.
    #[serde(with = "registry::hex")]
    pub cell: IdentityId,
    /// The node whose register holds the cell.
    pub home: Node,
    /// When it came to this node, in milliseconds since 1970; 0 where it was born.
    #[serde(default)]
    pub since_ms: u64,
}

/// Where an identity is, as far as this house knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It learns here.
    Here,
    /// It learns here and is on its way.
    Departing,
    /// It predicts here; the register has not said yet who owns it.
    Waiting,
    /// It lives on another node.
    Moved(Cell),
}

/// The places of identities that are not simply here.
pub(super) type Places = BTreeMap<String, Place>;

/// The most bytes of frames that [`House::tail`] gives at once, beyond the first frame.
pub const TAIL_BYTES: usize = 1 << 20;

impl House {
    /// The register's cells whose home is this house.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// Where an identity is.
    pub fn place(&self, name: &str) -> Place {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.get(name).copied().unwrap_or(Place::Here)
    }

    /// The names of identities that depart, wait or have left, with their places.
    pub fn places(&self) -> BTreeMap<String, Place> {
        self.places.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put_place(&self, name: &str, place: Place) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        match place {
            Place::Here => places.remove(name),
            place => places.insert(name.to_owned(), place),
        };
    }

    /// Refuses what changes a record while the identity is on its way or gone.
    pub(crate) fn settled(&self, name: &str) -> Result<()> {
        match self.place(name) {
            Place::Here => Ok(()),
            Place::Moved(cell) => Err(crate::shard::moved(&cell)),
            Place::Departing => Err(Error::new(
                ErrorKind::Busy,
                format!("{name} is departing; wait for it to arrive, or cancel its departure"),
            )),
            Place::Waiting => Err(Error::new(
                ErrorKind::Unavailable,
                format!("the register of {name} does not answer; try again once its home is there"),
            )),
        }
    }

    /// Puts an identity under the register, with this house as its home and `me` as its owner,
    /// unless it is there already. Gives its cell and the epoch under which it is owned.
    pub fn enlist(&self, name: &str, me: Node) -> Result<(Registered, u64)> {
        let _turn = self.registry.one_at_a_time();
        let mut record = (*self.record(name)?).clone();
        if let Some(registered) = record.registered {
            let epoch = self.head(name)?.epoch;
            return Ok((registered, epoch));
        }
        let registered = Registered { cell: super::new_id()?, home: me, since_ms: 0 };
        // Nobody else knows the cell yet, so no compare-and-set is needed.
        let head = self.asked(record.current, |done| Moving::Activate(None, done))?;
        self.register.take(registered.cell, Cell { owner: me, epoch: head.epoch })?;
        record.registered = Some(registered);
        record.format = crate::format::RECORD_VERSION;
        self.registry.put(&*self.config.journal.disk, record)?;
        Ok((registered, head.epoch))
    }

    /// Durable frames of a branch after a head that is known of it, oldest first; none when the
    /// head is the newest. Fails when that head is not of this life.
    pub fn tail(&self, id: IdentityId, after: Option<Head>) -> Result<Vec<Frame>> {
        let (mut frames, mut bytes) = (Vec::new(), 0);
        let mut found = after.is_none();
        let reader = self.shard(id).reader();
        // A branch begins in the middle of a life.
        let begin = reader.truncated(id)? + 1;
        reader.read(id, after.map_or(begin, |head| head.seq.max(begin)), &mut |frame| {
            if found {
                bytes += frame.payload.len();
                frames.push(Frame::seal(frame.header, frame.payload.to_vec())?);
            } else {
                found = after.is_some_and(|head| head.digest == frame.digest);
            }
            let full = bytes >= TAIL_BYTES;
            Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if found {
            return Ok(frames);
        }
        let seq = after.map_or(0, |head| head.seq);
        let what = format!("event {seq} of identity {id} has another past than this house's");
        Err(Error::new(ErrorKind::Fenced, what))
    }

    /// The durable head of a branch by its id, if there is one.
    pub fn head_of(&self, id: IdentityId) -> Result<Option<Head>> {
        self.shard(id).reader().head(id)
    }

    /// Marks an identity as departing: it may be ahead of its target only so far, and its record
    /// does not change.
    pub fn set_off(&self, name: &str, epoch: u64, lead: Arc<Lead>) -> Result<()> {
        let _turn = self.registry.one_at_a_time();
        self.settled(name)?;
        let id = self.record(name)?.current;
        let role = Role::Owner { epoch, lead: Some(lead) };
        self.asked(id, |done| Moving::Be(Some(role), done))?;
        self.put_place(name, Place::Departing);
        Ok(())
    }

    /// The departure is off, before the seal.
    pub fn stay(&self, name: &str, epoch: u64) -> Result<()> {
        let id = self.record(name)?.current;
        let role = Role::Owner { epoch, lead: None };
        self.asked(id, |done| Moving::Be(Some(role), done))?;
        self.put_place(name, Place::Here);
        Ok(())
    }

    /// Holds learning. When this returns, all that was applied is durable, and this is its end.
    pub fn seal(&self, name: &str) -> Result<Stand> {
        let id = self.record(name)?.current;
        self.asked(id, Moving::Seal)
    }

    /// Learns under an epoch that the register gave, beginning with what was held.
    pub fn activate(&self, name: &str, epoch: u64) -> Result<Head> {
        let id = self.record(name)?.current;
        let head = self.asked(id, |done| Moving::Activate(Some(epoch), done))?;
        self.put_place(name, Place::Here);
        Ok(head)
    }

    /// The register says that it lives elsewhere: what was held is answered so, its state leaves
    /// memory, its past stays readable.
    pub fn step_down(&self, name: &str, cell: Cell) -> Result<()> {
        let id = self.record(name)?.current;
        // Whoever is refused from now on finds where to ask.
        self.put_place(name, Place::Moved(cell));
        self.asked(id, |done| Moving::Be(Some(Role::Moved(cell)), done))
    }

    /// Who owns an identity is in doubt: the register is asked again.
    pub fn doubt(&self, name: &str) -> Result<()> {
        let id = self.record(name)?.current;
        self.put_place(name, Place::Waiting);
        self.asked(id, |done| Moving::Be(Some(Role::Waiting), done))
    }

    /// A rewound identity is owned on its new branch as it was on the one before.
    pub(super) fn carry_role(&self, record: &Record, before: IdentityId) -> Result<()> {
        if record.registered.is_none() {
            return Ok(());
        }
        let epoch = self.head_of(before)?.map_or(0, |head| head.epoch);
        self.asked(record.current, |done| Moving::Activate(Some(epoch), done)).map(drop)
    }

    /// The identities that the register must speak for since this house was opened.
    pub fn waiting(&self) -> Vec<(String, Registered)> {
        let waits = |(name, place)| (place == Place::Waiting).then_some(name);
        let names = self.places().into_iter().filter_map(waits);
        let registered = |name: String| {
            let record = self.record(&name).ok()?;
            Some((name, record.registered?))
        };
        names.filter_map(registered).collect()
    }

    /// The home of an identity's cell has changed.
    pub fn set_home(&self, name: &str, home: Node) -> Result<()> {
        let _turn = self.registry.one_at_a_time();
        let mut record = (*self.record(name)?).clone();
        if let Some(registered) = &mut record.registered {
            registered.home = home;
        }
        self.registry.put(&*self.config.journal.disk, record)
    }

    /// An operator's word that this house owns an identity, whatever the register says: its home
    /// is here from now on, under an epoch above all that were seen.
    pub fn adopt(&self, name: &str, me: Node) -> Result<Head> {
        let record = self.record(name)?;
        let Some(registered) = record.registered else {
            return Err(Error::invalid(format!("{name} never departed; it is owned by its house")));
        };
        if matches!(self.place(name), Place::Here | Place::Departing) {
            return Err(Error::invalid(format!("{name} lives here already")));
        }
        let seen = match self.place(name) {
            Place::Moved(cell) => cell.epoch,
            _ => 0,
        };
        let above = self.head_of(record.current)?.map_or(0, |head| head.epoch).max(seen);
        let cell = self.register.force(registered.cell, me, above)?;
        self.set_home(name, me)?;
        self.activate(name, cell.epoch)
    }

    /// Who owns a cell whose home is here, if it is known.
    pub fn cell(&self, cell: IdentityId) -> Result<Standing> {
        self.register.get(cell)
    }

    /// BLAKE3 of the whole state of a branch at a version: takes a replay, disturbs nobody.
    pub fn state_digest(&self, id: IdentityId, version: u64) -> Result<[u8; 32]> {
        let reader = &**self.shard(id).reader();
        let past = State::at(id, version, reader, &self.snapshots, &self.catalog)?;
        Ok(*blake3::hash(&past.state.save()).as_bytes())
    }

    /// Asks the learner thread of an identity for a change of its role, and waits.
    pub(super) fn asked<T: Send + 'static>(
        &self,
        id: IdentityId,
        moving: impl FnOnce(Done<T>) -> Moving,
    ) -> Result<T> {
        let (tell, told) = sync_channel(1);
        let done = Box::new(move |result| drop(tell.send(result)));
        self.shard(id).moving(id, moving(done));
        wait(&told).ok_or_else(closing)?
    }

    /// What was registered before this house was opened waits for the register's word.
    pub(super) fn await_register(&self) -> Result<()> {
        for name in self.registry.names() {
            let record: Arc<Record> = self.record(&name)?;
            if record.registered.is_some() {
                self.asked(record.current, |done| Moving::Be(Some(Role::Waiting), done))?;
                self.put_place(&name, Place::Waiting);
            }
        }
        self.await_arrivals()
    }
}
