//! What the target does with an identity that arrives, message by message.

use serde_json::Value;

use super::super::message::{About, Offered, Told, WireHead};
use super::super::{ByState, Cell, Node, Refusal, Staged};
use super::{ARRIVALS_MAX, Arriving, Host, STATE_BYTES_MAX, refusal};
use crate::error::{Error, ErrorKind, Result};
use crate::house::{Arithmetic, Arrival, Registered};
use crate::journal::{Head, IdentityId};

impl Host {
    pub(super) fn hello(
        &self,
        arrival: &Arrival,
        (model, theirs): (&Value, Arithmetic),
        snapshots: &[Offered],
        dry: bool,
    ) -> Result<Told> {
        let Registered { cell, .. } = arrival.registered()?;
        self.house.may_arrive(arrival)?;
        // What is missing for its model here, such as a base, is told before anything is sent.
        let arithmetic = self.house.could_host(model)?;
        let by_state = ByState::of(theirs, arithmetic.clone()).is_some();
        let nonce = crate::house::nonce()?;
        if !dry {
            let mut all = self.arriving();
            if all.len() >= ARRIVALS_MAX && !all.contains_key(&cell) {
                let what = format!("{ARRIVALS_MAX} identities arrive already; try again later");
                return Err(Error::new(ErrorKind::Busy, what));
            }
            self.house.arrive(arrival)?;
            let (staged, arrival) = (Staged::new(arrival.from, nonce), arrival.clone());
            all.insert(cell, Arriving { arrival, staged, piece: None, by_state });
        }
        let branches = &arrival.record.branches;
        let heads = branches.iter().map(|b| Ok(self.house.head_of(b.id)?.map(WireHead::from)));
        let heads = heads.collect::<Result<_>>()?;
        // What a fork shares with one that lives here, that one has. What was shipped to the source
        // need not be that here: where the state comes, this machine is another than the source's.
        let ours = self.house.branches_of(&arrival.record);
        let lacks = |o: &Offered| {
            let (id, shipped) = (IdentityId(o.id), o.shipped && !by_state);
            ours.contains(&id) && !self.house.has_snapshot(id, o.version, shipped)
        };
        let wanted = snapshots.iter().map(lacks).collect();
        Ok(Told::Ready { nonce, heads, wanted, arithmetic })
    }

    /// Takes a piece of a state, and gives the state once it is whole.
    pub(super) fn piece(
        &self,
        from: Node,
        about: About,
        (id, head): (IdentityId, Head),
        (offset, total): (u64, u64),
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        if total > STATE_BYTES_MAX {
            let what = format!("a state of {total} bytes is more than {STATE_BYTES_MAX}");
            return Err(Error::invalid(format!("{what}, the most that arrives")));
        }
        self.with(from, about, |arriving| {
            arriving.staged.more(from, about.nonce).map_err(refusal)?;
            if offset == 0 {
                arriving.piece = Some((id, head, Vec::new()));
            }
            let gap = || Error::invalid("a piece of the state is missing; begin again");
            let (of, at, state) = arriving.piece.as_mut().ok_or_else(gap)?;
            let fits = state.len() as u64 == offset && offset + bytes.len() as u64 <= total;
            if *of != id || *at != head || !fits {
                return Err(gap());
            }
            state.extend_from_slice(bytes);
            let done = state.len() as u64 == total;
            Ok(if done { arriving.piece.take().map(|(_, _, state)| state) } else { None })
        })
    }

    pub(super) fn keep(
        &self,
        (id, head): (IdentityId, Head),
        state: &[u8],
        (digest, shipped): ([u8; 32], bool),
    ) -> Result<()> {
        if *blake3::hash(state).as_bytes() == digest {
            return self.house.keep_snapshot(id, head, state, shipped);
        }
        let what = format!("the state at version {} did not arrive as it was sent", head.seq);
        Err(Error::new(ErrorKind::Corrupt, what))
    }

    pub(super) fn agree(
        &self,
        about: About,
        arrival: Arrival,
        theirs: (Head, [u8; 32]),
    ) -> Result<Told> {
        let from = arrival.from;
        if arrival.registered()?.cell.0 != about.cell {
            return Err(refusal(Refusal::Stranger));
        }
        let by_state = self.with(from, about, |arriving| {
            arriving.staged.more(from, about.nonce).map_err(refusal)?;
            Ok(arriving.by_state)
        })?;
        let id = arrival.record.current;
        if by_state {
            self.house.check_shipped(id, theirs.0)?;
            // What was shipped is said in the record, and must not be lost before the grant.
            self.house.note_arrival(&arrival)?;
        }
        let ours = self.house.stand(id)?;
        self.with(from, about, |arriving| {
            match arriving.staged.agree(from, about.nonce, ours, theirs) {
                Err(Refusal::Differs) => {
                    let (ours, theirs) = (ours.0, theirs.0);
                    let what = format!("the target stands at {ours:?}, the source at {theirs:?}");
                    return Ok(Told::Differs(what));
                }
                other => other.map_err(refusal)?,
            }
            arriving.arrival = arrival;
            Ok(Told::Done)
        })
    }

    pub(super) fn grant(&self, from: Node, about: About, epoch: u64) -> Result<Told> {
        let arrival = self.with(from, about, |arriving| {
            arriving.staged.grant(from, about.nonce).map_err(refusal)?;
            Ok(arriving.arrival.clone())
        })?;
        let head = self.house.take_over(&arrival, epoch)?;
        self.arriving().remove(&IdentityId(about.cell));
        #[cfg(feature = "testing")]
        crate::fault::at("target:owns");
        // It learns here already; what is written now saves the next start a question.
        self.house.settle(&arrival)?;
        Ok(Told::Head(head.into()))
    }

    pub(super) fn part(&self, from: Node, about: About) -> Result<Told> {
        self.with(from, about, |arriving| {
            arriving.staged.more(from, about.nonce).map_err(refusal)?;
            let owner = Cell { owner: from, epoch: 0 };
            self.house.turn_away(&arriving.arrival, owner)
        })?;
        self.arriving().remove(&IdentityId(about.cell));
        Ok(Told::Done)
    }
}
