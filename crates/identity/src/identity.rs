//! One identity on its shard: its state, its place in the journal, and the frame being filled.

use std::ops::ControlFlow;
use std::sync::Arc;

use her_learn::Catalog;
use her_learn::row::Shape;

use crate::error::{Error, ErrorKind, Result};
use crate::event::{self, Batch, Event, What};
use crate::journal::{Digest, Frame, FrameHeader, FrameKind, Head, IdentityId, JournalReader};
use crate::snapshot::{Snapshot, Snapshots};
use crate::turn::{Desk, Reply, State};

/// A live identity: the only writer of its journal.
pub struct Identity {
    id: IdentityId,
    state: State,
    /// The head after every frame that was closed, durable or not.
    head: Head,
    /// False until this process has taken the identity over with a fresh epoch.
    owned: bool,
    /// The epoch that the register gave; without one, the next is taken.
    granted: Option<u64>,
    filling: Batch,
    closed: Vec<Frame>,
    nonce: u64,
    /// The version at which the last snapshot was asked for.
    snapshot_at: u64,
}

/// An identity on its way into memory: it is known where its journal ends, and its newest snapshot
/// was read.
pub(crate) struct Opening {
    id: IdentityId,
    head: Head,
    found: Option<Snapshot>,
    nonce: u64,
    granted: Option<u64>,
}

impl Opening {
    /// Reads the newest snapshot of an identity, which is to write under `granted` if the register
    /// gave an epoch.
    pub fn new(
        id: IdentityId,
        reader: &dyn JournalReader,
        snapshots: &Snapshots,
        nonce: u64,
        granted: Option<u64>,
    ) -> Result<Self> {
        let head = reader
            .head(id)?
            .ok_or_else(|| Error::not_found(format!("identity {id} has no journal")))?;
        // A damaged one is told by `doctor`; an older one and the journal give the same state.
        let found = snapshots.latest(id, head.seq, &mut Vec::new())?;
        Ok(Self { id, head, found, nonce, granted })
    }

    /// Whether this is that identity, and nothing was written since.
    pub fn is_newest(&self, id: IdentityId, reader: &dyn JournalReader) -> bool {
        self.id == id && reader.head(id).is_ok_and(|head| head == Some(self.head))
    }

    /// Whether its model takes long for an event.
    pub fn is_heavy(&self, reader: &dyn JournalReader, catalog: &Catalog) -> bool {
        self.spec(reader).is_ok_and(|spec| catalog.is_heavy(&spec))
    }

    /// The spec of its model, without bringing that into memory.
    pub fn spec(&self, reader: &dyn JournalReader) -> Result<serde_json::Value> {
        if let Some(snapshot) = &self.found {
            return State::birth_of(&snapshot.bytes).map(|birth| birth.model);
        }
        let mut spec = None;
        let _ = tell(self.id, 0, 1, reader, &mut |_, event| {
            if let What::Born(birth) = &event.what {
                spec = Some(birth.model.clone());
            }
            Ok(ControlFlow::Break(()))
        })?;
        spec.ok_or_else(|| broken(self.id, 1, "the journal does not begin with a birth"))
    }

    /// The newest snapshot, then every event after it.
    pub fn finish(self, reader: &dyn JournalReader, catalog: &Catalog) -> Result<Identity> {
        let Self { id, head, found, nonce, granted } = self;
        let from = from(found, catalog)?;
        let past = State::replay(id, from, head.seq, reader, catalog)?;
        let mut identity = Identity::branching(id, past.state, head, nonce);
        identity.snapshot_at = past.snapshot_at;
        if let Some(epoch) = granted {
            identity.grant(epoch);
        }
        Ok(identity)
    }
}

/// A snapshot's state, with its version and the chain's value there.
fn from(found: Option<Snapshot>, catalog: &Catalog) -> Result<Option<(State, u64, Digest)>> {
    found.map(|s| Ok((State::load(&s.bytes, catalog)?, s.head.seq, s.head.digest))).transpose()
}

impl Identity {
    /// A new line of life, of which the journal knows nothing yet: it goes on from `state`, whose
    /// version may be ahead of the head by events that are [copied](Self::copy) first.
    pub(crate) fn branching(id: IdentityId, state: State, head: Head, nonce: u64) -> Self {
        Self {
            id,
            snapshot_at: state.version(),
            state,
            head,
            owned: false,
            granted: None,
            filling: Batch::default(),
            closed: Vec::new(),
            nonce,
        }
    }

    /// Puts an event that the state has already into the frame that is being filled.
    pub(crate) fn copy(&mut self, event: &Event) {
        if !self.filling.push(event) {
            self.close_frame();
            assert!(self.filling.push(event), "an event within its limits fits an empty frame");
        }
    }

    /// Applies an event and puts it into the frame that is being filled.
    pub fn apply(&mut self, event: &Event, desk: &mut Desk) -> Result<Reply> {
        let reply = self.state.turn(event, desk)?;
        if !reply.duplicate {
            self.copy(event);
        }
        Ok(reply)
    }

    /// Closes the frame that is being filled and hands out all closed ones.
    pub fn take_frames(&mut self) -> Vec<Frame> {
        self.close_frame();
        std::mem::take(&mut self.closed)
    }

    /// True when there is something that the journal does not have yet.
    pub fn has_frames(&self) -> bool {
        !self.filling.is_empty() || !self.closed.is_empty()
    }

    fn close_frame(&mut self) {
        if self.filling.is_empty() {
            return;
        }
        if !self.owned {
            // Every activation takes a fresh epoch, in the same write as its first events.
            self.own();
        }
        let count = self.filling.count();
        let payload = self.filling.take();
        self.seal(FrameKind::Events, count, payload);
    }

    /// From now on frames are written under an epoch that the register gave.
    pub(crate) fn grant(&mut self, epoch: u64) {
        self.granted = Some(epoch);
        self.owned = self.head.epoch == epoch;
    }

    /// Takes the identity over with a fresh epoch.
    pub(crate) fn own(&mut self) -> Head {
        self.head.epoch = self.granted.unwrap_or(self.head.epoch + 1);
        self.seal(FrameKind::Own, 0, Vec::new());
        self.owned = true;
        self.head
    }

    /// Closes the frame that is being filled; the head is that of the state then.
    pub(crate) fn closed(&mut self) -> Head {
        self.close_frame();
        self.head
    }

    /// Applies a frame of the identity's owner and keeps it as it is. One that is here already
    /// is passed over; one that does not follow is refused, and nothing was changed then. After
    /// any other error the state is half-way.
    pub(crate) fn follow(&mut self, frame: &Frame, desk: &mut Desk) -> Result<()> {
        let header = frame.header();
        if frame.digest() == self.head.digest || header.last_seq() < self.head.seq {
            return Ok(());
        }
        if header.prev != self.head.digest || header.first_seq != self.head.seq + 1 {
            let what = format!(
                "the frame of event {} does not follow event {} of identity {}",
                header.first_seq, self.head.seq, self.id
            );
            return Err(Error::new(ErrorKind::Fenced, what));
        }
        if header.kind == FrameKind::Events {
            let mut seq = header.first_seq - 1;
            let state = &mut self.state;
            event::decode(frame.payload(), &mut Vec::new(), &mut |event| {
                seq += 1;
                let refused = |e| broken(self.id, seq, &format!("replay refuses it: {e}"));
                let reply = state.turn(&event, desk).map_err(refused)?;
                if reply.duplicate {
                    return Err(broken(self.id, seq, "it was done before"));
                }
                Ok(())
            })?;
            if seq != header.last_seq() {
                return Err(broken(self.id, seq, "a frame holds another number of events"));
            }
        }
        self.closed.push(frame.clone());
        self.head = frame.head();
        self.owned = false;
        Ok(())
    }

    fn seal(&mut self, kind: FrameKind, count: u32, payload: Vec<u8>) {
        self.nonce = self.nonce.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let header = FrameHeader {
            kind,
            identity: self.id,
            epoch: self.head.epoch,
            first_seq: self.head.seq + 1,
            count,
            nonce: self.nonce,
            prev: self.head.digest,
        };
        let frame = Frame::seal(header, payload).expect("a batch keeps within a frame's bounds");
        self.head = frame.head();
        self.closed.push(frame);
    }

    /// A planted mistake: which requests were done is forgotten.
    #[cfg(feature = "testing")]
    pub(crate) fn forget_numbers(&mut self) {
        self.state.forget_numbers();
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The identity's id.
    pub fn id(&self) -> IdentityId {
        self.id
    }

    /// The head after every closed frame.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Counts from here to the next snapshot.
    pub(crate) fn saved_now(&mut self) {
        self.snapshot_at = self.state.version();
    }

    /// Whether a snapshot is due.
    pub fn is_due(&self) -> bool {
        let every = self.state.birth().options.snapshot_every;
        self.state.version() - self.snapshot_at >= every
    }

    /// A snapshot with its head, when one is due. Call after [`take_frames`](Self::take_frames):
    /// the head is then that of the state.
    pub fn due_snapshot(&mut self, wanted: bool) -> Option<(Head, Vec<u8>)> {
        let version = self.state.version();
        if version == self.snapshot_at || !(wanted || self.is_due()) {
            return None;
        }
        self.snapshot_at = version;
        Some((self.head, self.state.save()))
    }
}

/// A state that was brought back, and from where.
#[derive(Debug)]
pub struct Past {
    /// The state.
    pub state: State,
    /// The version of the snapshot that it was replayed from; 0 when from birth.
    pub snapshot_at: u64,
    /// Events replayed on top.
    pub replayed: u64,
    /// The chain value after the last frame that was read whole.
    pub digest: Digest,
}

impl State {
    /// The state at a version: the newest snapshot at or before it, then the events up to it.
    pub fn at(
        id: IdentityId,
        version: u64,
        reader: &dyn JournalReader,
        snapshots: &Snapshots,
        catalog: &Catalog,
    ) -> Result<Past> {
        // A damaged one is told by `doctor`; an older one and the journal give the same state.
        let found = snapshots.latest(id, version, &mut Vec::new())?;
        Self::replay(id, from(found, catalog)?, version, reader, catalog)
    }

    /// Folds the journal from a state (or from birth) up to and with `version`.
    pub fn replay(
        id: IdentityId,
        from: Option<(State, u64, Digest)>,
        version: u64,
        reader: &dyn JournalReader,
        catalog: &Catalog,
    ) -> Result<Past> {
        let (mut state, snapshot_at, mut digest) = match from {
            Some((state, at, digest)) => (Some(state), at, digest),
            None => (None, 0, Digest::ZERO),
        };
        let (mut desk, mut shapes): (Desk, Vec<Arc<Shape>>) = Default::default();
        let mut replayed = 0;
        reader.read(id, snapshot_at + 1, &mut |frame| {
            if frame.header.kind == FrameKind::Events {
                let mut seq = frame.header.first_seq - 1;
                event::decode(frame.payload, &mut shapes, &mut |event| {
                    seq += 1;
                    if seq <= snapshot_at || seq > version {
                        return Ok(());
                    }
                    replayed += 1;
                    fold(&mut state, &event, seq, catalog, &mut desk).map(drop)
                })?;
                if seq != frame.header.last_seq() {
                    return Err(broken(id, seq, "a frame holds another number of events"));
                }
            }
            if frame.header.last_seq() <= version {
                digest = frame.digest;
            }
            Ok(if frame.header.last_seq() >= version && frame.header.count > 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        let state =
            state.ok_or_else(|| broken(id, 1, "the journal does not begin with a birth"))?;
        if state.version() != version {
            return Err(Error::not_found(format!(
                "identity {id} has no version {version}; its journal ends at {}",
                state.version()
            )));
        }
        Ok(Past { state, snapshot_at, replayed, digest })
    }
}

/// Shows the events of a journal after a version and up to another, until `show` breaks off.
pub(crate) fn tell(
    id: IdentityId,
    after: u64,
    version: u64,
    reader: &dyn JournalReader,
    show: &mut dyn FnMut(u64, &Event) -> Result<ControlFlow<()>>,
) -> Result<ControlFlow<()>> {
    let (mut shapes, mut told) = (Vec::new(), ControlFlow::Continue(()));
    reader.read(id, after + 1, &mut |frame| {
        if frame.header.kind == FrameKind::Events {
            let mut seq = frame.header.first_seq - 1;
            event::decode(frame.payload, &mut shapes, &mut |event| {
                seq += 1;
                if seq > after && seq <= version && told.is_continue() {
                    told = show(seq, &event)?;
                }
                Ok(())
            })?;
        }
        let done = told.is_break() || frame.header.last_seq() >= version;
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(told)
}

/// The next event of a journal; true when it raised a drift alarm.
pub(crate) fn fold(
    state: &mut Option<State>,
    event: &Event,
    seq: u64,
    catalog: &Catalog,
    desk: &mut Desk,
) -> Result<bool> {
    match (state.as_mut(), &event.what) {
        (None, What::Born(birth)) => *state = Some(State::born((**birth).clone(), catalog)?),
        (Some(state), _) => {
            let reply = state.turn(event, desk).map_err(|e| {
                Error::new(
                    ErrorKind::Corrupt,
                    format!("replay refuses event {seq}, which was accepted once: {e}"),
                )
            })?;
            return Ok(reply.drift);
        }
        (None, _) => {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("event {seq} comes before a birth; its snapshot is missing"),
            ));
        }
    }
    Ok(false)
}

fn broken(id: IdentityId, seq: u64, what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("identity {id}, event {seq}: {what}"))
}
