//! Identities that arrive: their journals fill here while they live elsewhere, hidden from
//! clients until the register names this house.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use her_learn::Model;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{Arithmetic, House, Origin, Record, registry};
use super::{Place, Registered};
use crate::disk::{self, Disk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{ARRIVAL_VERSION, ARRIVALS_DIR, arrival_file, is_temp_file};
use crate::identity::Opening;
use crate::journal::{Frame, Head, IdentityId};
use crate::migrate::{Cell, Node, Offered};
use crate::shard::{Moving, Role, Stand};

/// A note that an identity arrives; durable before the first of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    format: u16,
    /// Who sends it.
    pub from: Node,
    /// What the sender has written down: name, branches, tags, cell and home.
    pub record: Record,
}

/// The notes of a house.
pub(in super::super) struct Arrivals {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Arrivals {
    pub fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self { disk, dir: dir.join(ARRIVALS_DIR) }
    }

    fn all(&self) -> Result<Vec<Arrival>> {
        let names = match self.disk.list(&self.dir) {
            Ok(names) => names,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::io(format!("listing {}", self.dir.display()), e)),
        };
        let names = names.into_iter().filter(|name| !is_temp_file(name));
        names.map(|name| self.read(&self.dir.join(name))).collect()
    }

    fn read(&self, path: &Path) -> Result<Arrival> {
        let bytes = disk::read_whole(&*self.disk, path)
            .map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
        let arrival: Arrival = serde_json::from_slice(&bytes).map_err(|e| {
            let what = format!("{} can't be read ({e}); remove it", path.display());
            Error::new(ErrorKind::Corrupt, format!("{what} and let the identity depart again"))
        })?;
        if arrival.format == 0 || arrival.format > ARRIVAL_VERSION {
            let path = path.display().to_string();
            return Err(Error::unsupported(&path, "arrival", arrival.format, ARRIVAL_VERSION));
        }
        Ok(arrival)
    }

    fn put(&self, cell: IdentityId, arrival: &Arrival) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(arrival).expect("plain data");
        self.disk
            .create_dir(&self.dir)
            .and_then(|()| {
                disk::write_whole(&*self.disk, &self.dir, &arrival_file(cell), &[&bytes])
            })
            .map_err(|e| Error::io("writing the note of an arrival", e))
    }

    fn remove(&self, cell: IdentityId) -> Result<()> {
        let gone = self.disk.remove(&self.dir.join(arrival_file(cell)));
        match gone.and_then(|()| self.disk.sync_dir(&self.dir)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("removing the note of an arrival", e))
            }
            _ => Ok(()),
        }
    }
}

impl Arrival {
    /// The arrival of what `from` has written down.
    pub fn new(from: Node, record: Record) -> Result<Self> {
        let arrival = Self { format: ARRIVAL_VERSION, from, record };
        arrival.registered()?;
        registry::check_name(&arrival.record.name)?;
        if arrival.record.branch(arrival.record.current).is_none() {
            return Err(Error::invalid("the arriving record does not name its current branch"));
        }
        Ok(arrival)
    }

    /// Its cell and home.
    pub fn registered(&self) -> Result<Registered> {
        let none = || Error::invalid("only an identity that is under a register can arrive");
        self.record.registered.ok_or_else(none)
    }
}

impl House {
    /// The identities that arrive.
    pub fn arrivals(&self) -> Result<Vec<Arrival>> {
        self.arrivals.all()
    }

    /// Whether an identity could arrive: its name is free, or is its own from an earlier stay.
    pub fn may_arrive(&self, arrival: &Arrival) -> Result<()> {
        let name = &arrival.record.name;
        let cell = arrival.registered()?.cell;
        let same_name = |other: &Arrival| {
            other.record.name == *name && other.record.registered.is_none_or(|r| r.cell != cell)
        };
        if self.arrivals.all()?.iter().any(same_name) {
            let what = format!("another identity named {name:?} arrives here; choose another name");
            return Err(Error::new(ErrorKind::Exists, what));
        }
        match self.record(name).ok().map(|record| record.registered) {
            None => Ok(()),
            Some(Some(ours)) if ours.cell == cell => match self.place(name) {
                Place::Moved(_) => Ok(()),
                Place::Waiting => Err(Error::new(
                    ErrorKind::Busy,
                    format!("the register of {name} has not said yet who owns it; try again"),
                )),
                Place::Here | Place::Departing => {
                    Err(Error::new(ErrorKind::Fenced, format!("{name} lives here")))
                }
            },
            Some(_) => Err(Error::new(
                ErrorKind::Exists,
                format!("this node has another identity named {name:?}; choose another name"),
            )),
        }
    }

    /// An identity arrives: from now on its frames are taken. Durable when this returns.
    pub fn arrive(&self, arrival: &Arrival) -> Result<()> {
        self.may_arrive(arrival)?;
        self.arrivals.put(arrival.registered()?.cell, arrival)?;
        self.follow_all(arrival)
    }

    fn follow_all(&self, arrival: &Arrival) -> Result<()> {
        for id in self.branches_of(&arrival.record) {
            self.asked(id, |done| Moving::Be(Some(Role::Follower), done))?;
        }
        Ok(())
    }

    /// The branches that only this identity goes on with here. A fork shares its past with the one
    /// that it came from, who may live here already.
    pub(crate) fn branches_of(&self, record: &Record) -> Vec<IdentityId> {
        let others = self.names().into_iter().filter(|name| *name != record.name);
        let taken: Vec<IdentityId> =
            others.filter_map(|name| Some(self.record(&name).ok()?.current)).collect();
        record.branches.iter().map(|b| b.id).filter(|id| !taken.contains(id)).collect()
    }

    /// Takes frames of an identity that arrives; `warm` asks for its state in memory.
    pub fn follow(&self, id: IdentityId, frames: Vec<Frame>, warm: bool) -> Result<Head> {
        self.asked(id, |done| Moving::Follow(frames, warm, done))
    }

    /// Where an identity that arrives stands, durably.
    pub fn stand(&self, id: IdentityId) -> Result<Stand> {
        self.asked(id, Moving::Stand)
    }

    /// The snapshots of a branch that must travel for it to be brought back: the state that it
    /// began with, what was shipped here, and the newest one.
    pub fn snapshots_to_send(&self, record: &Record, id: IdentityId) -> Result<Vec<Offered>> {
        let listed = self.snapshots.list(id)?;
        let base = record.branch(id).and_then(|b| b.parent).map(|origin| origin.version);
        let newest = listed.last().copied().filter(|_| id == record.current);
        let offered = listed.into_iter().map(|version| {
            let shipped = self.snapshots.is_shipped(id, version);
            Offered { id: id.0, version, shipped }
        });
        let travels = |o: &Offered| o.shipped || [base, newest].contains(&Some(o.version));
        Ok(offered.filter(travels).collect())
    }

    /// A snapshot as it lies here.
    pub fn snapshot_of(&self, id: IdentityId, version: u64) -> Result<(Head, Vec<u8>)> {
        self.snapshots.get(id, version).map(|s| (s.head, s.bytes))
    }

    /// True when a snapshot of a branch at a version lies here whole; one that was shipped, if it
    /// must be one.
    pub fn has_snapshot(&self, id: IdentityId, version: u64, shipped: bool) -> bool {
        self.snapshots.get(id, version).is_ok_and(|there| there.shipped || !shipped)
    }

    /// Keeps a snapshot that arrived. Its digest is that of the branch's own chain, which is
    /// checked once the state is compared. By one that was shipped goes what follows here: a state
    /// that was made of what lies before it leaves memory.
    pub fn keep_snapshot(
        &self,
        id: IdentityId,
        head: Head,
        state: &[u8],
        shipped: bool,
    ) -> Result<()> {
        if !shipped {
            return self.snapshots.put(id, &head, state);
        }
        // Before as well: it is refused where somebody lives by what was made here.
        self.asked(id, Moving::LetGo)?;
        self.snapshots.put_shipped(id, &head, state)?;
        self.asked(id, Moving::LetGo)
    }

    /// Refuses to go on where the state at a head was not shipped.
    pub fn check_shipped(&self, id: IdentityId, head: Head) -> Result<()> {
        if self.snapshots.get(id, head.seq).is_ok_and(|there| there.shipped && there.head == head) {
            return Ok(());
        }
        let what = format!("the state at version {} has not arrived", head.seq);
        Err(Error::new(ErrorKind::Corrupt, what))
    }

    /// Departures that came to nothing may have shipped states; only those of the record are where
    /// a life here begins.
    fn drop_unused(&self, record: &Record) -> Result<()> {
        for id in self.branches_of(record) {
            let Some(branch) = record.branch(id) else { continue };
            let begins = |version: &u64| {
                let is = |origin: Origin| origin.version == *version;
                branch.parent.is_some_and(is)
                    || branch.shipped.iter().any(|shipped| shipped.version == *version)
            };
            let mut unused = self.snapshots.shipped(id)?;
            unused.retain(|version| !begins(version));
            self.snapshots.remove(id, &unused)?;
        }
        Ok(())
    }

    /// The state of a sealed identity, which stands at this head.
    pub fn sealed_state(&self, name: &str, head: Head) -> Result<Vec<u8>> {
        let (at, state) = self.look(name, |identity| (identity.head(), identity.state().save()))?;
        if at == head {
            return Ok(state);
        }
        let what = format!("{name} stands at {at:?}, and was sealed at {head:?}");
        Err(Error::new(ErrorKind::Internal, what))
    }

    /// The spec of a branch's model, without bringing it into memory.
    pub fn model_of(&self, id: IdentityId) -> Result<Value> {
        let reader = &**self.shard(id).reader();
        Opening::new(id, reader, &self.snapshots, 0, None)?.spec(reader)
    }

    /// Whether a model can be built here, and on what of this machine its bits hang.
    pub fn could_host(&self, model: &Value) -> Result<Arithmetic> {
        Model::new(model, &self.catalog).map_err(|e| Error::invalid(e.to_string()))?;
        Ok(self.catalog.arithmetic(model))
    }

    /// Writes down anew what is known of an identity that arrives.
    pub fn note_arrival(&self, arrival: &Arrival) -> Result<()> {
        self.arrivals.put(arrival.registered()?.cell, arrival)
    }

    /// The register names this house: the identity is owned under `epoch`, and its name is known
    /// from now on. What remains to be written is done by [`settle`](Self::settle).
    pub fn take_over(&self, arrival: &Arrival, epoch: u64) -> Result<Head> {
        let mut record = arrival.record.clone();
        if let Some(registered) = &mut record.registered {
            registered.since_ms = self.clock().now_ms();
        }
        let record = Arc::new(record);
        let head = self.asked(record.current, |done| Moving::Activate(Some(epoch), done))?;
        self.registry.show(Arc::clone(&record));
        self.put_place(&record.name, Place::Here);
        Ok(head)
    }

    /// Whether an arriving identity was taken over already, and only the writing down of it failed.
    pub fn has_arrived(&self, arrival: &Arrival) -> bool {
        let (record, name) = (&arrival.record, &arrival.record.name);
        let cell = |record: &Record| record.registered.map(|r| r.cell);
        let here = self.record(name).is_ok_and(|ours| cell(&ours) == cell(record));
        here && matches!(self.place(name), Place::Here | Place::Departing)
    }

    /// Writes down that an identity arrived. Until then the note of its arrival stands for it.
    pub fn settle(&self, arrival: &Arrival) -> Result<()> {
        let _turn = self.registry.one_at_a_time();
        let record = self.record(&arrival.record.name)?;
        self.registry.put(&*self.config.journal.disk, (*record).clone())?;
        #[cfg(feature = "testing")]
        crate::fault::at("target:recorded");
        self.arrivals.remove(arrival.registered()?.cell)?;
        self.drop_unused(&record)?;
        for id in self.branches_of(&record).into_iter().filter(|id| *id != record.current) {
            self.asked(id, |done| Moving::Be(None, done))?;
        }
        Ok(())
    }

    /// An arrival is off: what came stays as the beginning of a next try, and decides nothing.
    pub fn turn_away(&self, arrival: &Arrival, owner: Cell) -> Result<()> {
        self.arrivals.remove(arrival.registered()?.cell)?;
        for id in self.branches_of(&arrival.record) {
            self.asked(id, |done| Moving::Be(Some(Role::Moved(owner)), done))?;
        }
        Ok(())
    }

    pub(in super::super) fn await_arrivals(&self) -> Result<()> {
        self.arrivals.all()?.iter().try_for_each(|arrival| self.follow_all(arrival))
    }
}

impl super::super::registry::Registry {
    /// A record is known from now on; it is written down later.
    pub fn show(&self, record: Arc<Record>) {
        let mut records = self.records().write().unwrap_or_else(PoisonError::into_inner);
        records.insert(record.name.clone(), record);
    }
}
