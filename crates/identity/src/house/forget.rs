//! Forgetting: a life without some of what it learned, as if that had never been.
//!
//! The life is lived again from the newest snapshot before the first struck event, beside its
//! learner, and becomes a branch of its own. Only at the end is learning held for a moment: what
//! came meanwhile is learned, and the name passes over.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::{Branch, House, Origin, Record, Shipped, Span, new_id, nonce};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::identity::{Identity, tell};
use crate::journal::{Digest, Head, IdentityId};
use crate::shard::{Moving, Role};
use crate::turn::Desk;

mod erase;
mod sieve;

pub use erase::Erased;
use sieve::{Sieve, Sifted, teaches};

/// Events that are lived again between two looks at how far it is.
const PAGE: u64 = 1_024;
/// Events that may be left to live again while learning is held; fewer of an identity whose events
/// take long.
const CLOSE: u64 = 256;
const CLOSE_HEAVY: u64 = 4;
/// How often one runs after a life that goes on before learning is held all the same.
const ROUNDS: usize = 8;

/// How far a life was lived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Relived {
    /// Events that are done.
    pub done: u64,
    /// Events that there are, as far as is known.
    pub of: u64,
}

/// What was forgotten, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// The first version that was meant.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// Events struck: learned ones, predictions that waited for a label, late labels.
    pub struck: u64,
    /// Later events that hang on those and are left out too, such as a label whose prediction is
    /// struck. A dry run does not know them.
    pub left_out: u64,
    /// The newest version that stays as it was.
    pub kept: u64,
    /// The newest version before.
    pub was: u64,
    /// The newest version afterwards; in a dry run, at most.
    pub version: u64,
    /// The branch that has the struck events still.
    pub branch: String,
    /// Clients whose newest request was struck: who resends it, or reads on from the newest one,
    /// brings it back.
    pub may_return: Vec<String>,
    /// What was erased, when that was wished.
    pub erased: Option<Erased>,
}

/// Who forgets at present, and how far they are.
pub(super) type Forgetting = Mutex<BTreeMap<String, Relived>>;

/// One that forgets; nobody else makes the same one forget meanwhile.
struct Busy<'a> {
    house: &'a House,
    name: &'a str,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.house.all_forgetting().remove(self.name);
    }
}

/// A branch whose events are held; dropped, they go on to the one that follows, or back.
struct Holding<'a> {
    house: &'a House,
    id: IdentityId,
    to: Option<IdentityId>,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let onward = self.to.map(|id| self.house.shard(id).onward(id));
        // Who asks a house that is closing is told so.
        let _ = self.house.asked(self.id, |done| Moving::Onward(onward, done));
    }
}

/// A life that is lived again.
struct Relife<'a> {
    house: &'a House,
    record: &'a Record,
    life: Identity,
    sieve: Sieve,
    desk: Desk,
    /// The last version that both lives share.
    kept: u64,
    /// The version of the old life up to which it is lived again.
    upto: u64,
    struck: u64,
    left_out: u64,
}

impl House {
    /// What forgetting these versions would strike. Changes nothing.
    pub fn would_forget(&self, name: &str, range: Span) -> Result<Forgotten> {
        let record = self.record(name)?;
        let (kept, struck, head) = self.check_forget(&record, range)?;
        Ok(Forgotten {
            from: range.from,
            to: range.to,
            struck,
            left_out: 0,
            kept,
            was: head,
            version: head - struck,
            branch: record.current.to_string(),
            may_return: Vec::new(),
            erased: None,
        })
    }

    /// Forgets what was learned in these versions: a new branch takes the name, whose state is to
    /// the bit that of an identity which never saw those events. Births, freezes and all else that
    /// teaches nothing stays. It learns on meanwhile. The branch before keeps what was struck,
    /// unless it is to be [erased](Erased). Takes as long as living the life again from there.
    pub fn forget(&self, name: &str, range: Span, erase: bool) -> Result<Forgotten> {
        let record = self.record(name)?;
        let (kept, _, head) = self.check_forget(&record, range)?;
        let _busy = self.begin_forgetting(name, head - kept)?;
        let mut relife = self.relife(&record, range, kept, erase)?;
        let close = if relife.life.state().is_heavy() { CLOSE_HEAVY } else { CLOSE };
        for _ in 0..ROUNDS {
            let end = self.head_of(record.current)?.map_or(0, |head| head.seq);
            relife.go_to(end)?;
            if self.head_of(record.current)?.map_or(0, |head| head.seq) <= end + close {
                break;
            }
        }
        self.pass_over(relife, range, erase)
    }

    /// How far an identity is that forgets something at present.
    pub fn forgetting(&self, name: &str) -> Option<Relived> {
        self.all_forgetting().get(name).copied()
    }

    fn all_forgetting(&self) -> MutexGuard<'_, BTreeMap<String, Relived>> {
        self.forgetting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_forgetting<'a>(&'a self, name: &'a str, of: u64) -> Result<Busy<'a>> {
        let mut all = self.all_forgetting();
        if all.contains_key(name) {
            let what = format!("{name} forgets something already; wait until that is done");
            return Err(Error::new(ErrorKind::Busy, what));
        }
        all.insert(name.to_owned(), Relived { done: 0, of });
        Ok(Busy { house: self, name })
    }

    /// The version before the first struck event, how many are struck, and the newest version.
    fn check_forget(&self, record: &Record, range: Span) -> Result<(u64, u64, u64)> {
        let name = &record.name;
        self.settled(name)?;
        let Span { from, to } = range;
        if from == 0 || from > to {
            return Err(Error::invalid(format!(
                "versions {from} to {to} are no range; versions begin at 1, and the first comes \
                 before the last"
            )));
        }
        let head = self.head_of(record.current)?.map_or(0, |head| head.seq);
        if to > head {
            return Err(Error::not_found(format!(
                "{name} has no version {to}; its newest durable one is {head}"
            )));
        }
        if self.look(name, |identity| identity.state().is_frozen())? {
            return Err(Error::new(
                ErrorKind::Frozen,
                format!("{name} is frozen and stays as it is; fork it, and let the fork forget"),
            ));
        }
        let (mut first, mut struck) = (None, 0);
        self.tell_life(record, from - 1, to, &mut |version, event| {
            if teaches(&event.what) {
                first.get_or_insert(version);
                struck += 1;
            }
            Ok(())
        })?;
        match first {
            Some(first) => Ok((first - 1, struck, head)),
            None => Err(Error::invalid(format!(
                "{name} learned nothing in versions {from} to {to}; `her log {name} --from {from}` \
                 shows what they are"
            ))),
        }
    }

    /// Shows the events of a life after a version and up to another.
    fn tell_life(
        &self,
        record: &Record,
        after: u64,
        upto: u64,
        show: &mut dyn FnMut(u64, &Event) -> Result<()>,
    ) -> Result<()> {
        for (id, begin, end) in record.lineage(upto) {
            let after = after.max(begin);
            if after < end {
                let reader = &**self.shard(id).reader();
                let mut show = |v, event: &Event| show(v, event).map(ControlFlow::Continue);
                let _ = tell(id, after, end, reader, &mut show)?;
            }
        }
        Ok(())
    }

    /// A branch of its own that ends at the last version that both lives share. To be erased, it
    /// holds the whole life from birth.
    fn relife<'a>(
        &'a self,
        record: &'a Record,
        range: Span,
        kept: u64,
        whole: bool,
    ) -> Result<Relife<'a>> {
        let past = self.past(record, kept)?;
        let (state, id) = (past.state, new_id()?);
        let birth = state.birth().options.late_labels_max;
        let sieve = Sieve::new(range, kept, state.newest_kept(), birth);
        self.asked(id, |done| Moving::Be(Some(Role::Follower), done))?;
        let (at, digest) = if whole { (0, Digest::ZERO) } else { (kept, past.digest) };
        let bytes = (!whole).then(|| state.save());
        let head = Head { seq: at, epoch: 0, digest };
        let mut life = Identity::branching(id, state, head, nonce()?);
        let own = life.own();
        if let Some(bytes) = bytes {
            self.snapshots.put(id, &own, &bytes)?;
        }
        let (desk, struck, left_out) = (Desk::default(), 0, 0);
        let mut relife =
            Relife { house: self, record, life, sieve, desk, kept, upto: at, struck, left_out };
        while relife.upto < kept {
            let end = kept.min(relife.upto + PAGE);
            let life = &mut relife.life;
            self.tell_life(record, relife.upto, end, &mut |_, event| {
                life.copy(event);
                Ok(())
            })?;
            relife.upto = end;
            relife.send()?;
        }
        relife.send()?;
        if whole && self.line(record, |line| line.shipped(kept))?.is_some() {
            // What was copied gives other bits here, so this is where the new life can begin.
            let (head, state) = (relife.life.closed(), relife.life.state().save());
            self.snapshots.put_shipped(id, &head, &state)?;
        }
        Ok(relife)
    }

    /// Holds learning, lives the rest again, and gives the name to the new branch.
    fn pass_over(&self, mut relife: Relife<'_>, range: Span, erase: bool) -> Result<Forgotten> {
        let (name, old) = (relife.record.name.clone(), relife.record.current);
        let kept = relife.kept;
        // Before anything is held: what fails lets go of it.
        let mut holding = Holding { house: self, id: old, to: None };
        let end = self.asked(old, Moving::Hold)?;
        relife.go_to(end.seq)?;
        let head = relife.life.closed();
        self.snapshots.put(relife.life.id(), &head, &relife.life.state().save())?;
        let _turn = self.registry.one_at_a_time();
        self.settled(&name)?;
        let before = self.record(&name)?;
        if before.current != old {
            let what = format!("{name} was rewound meanwhile, and forgot nothing; try again");
            return Err(Error::new(ErrorKind::Busy, what));
        }
        let (parent, _) = before.branch_of(old, kept)?;
        let id = relife.life.id();
        let mut record = (*before).clone();
        self.asked(id, |done| Moving::Be(None, done))?;
        record.current = id;
        self.carry_role(&record, old)?;
        record.tags.values_mut().for_each(|version| *version = relife.sieve.version(*version));
        let parent = (!erase).then_some(Origin { id: parent, version: kept });
        let created_ms = self.config.journal.clock.now_ms();
        let was = before.shipped(kept).filter(|_| erase);
        let shipped = was.map(|was| Shipped { version: kept, ..was.clone() }).into_iter().collect();
        let branch = Branch { id, parent, created_ms, forgot: Some(range), shipped };
        if erase {
            record.branches.clear();
        }
        record.branches.push(branch);
        self.registry.put(&*self.config.journal.disk, record)?;
        holding.to = Some(id);
        drop(holding);
        let erased = if erase { Some(self.erase_branches(&before)?) } else { None };
        Ok(Forgotten {
            from: range.from,
            to: range.to,
            struck: relife.struck,
            left_out: relife.left_out,
            kept,
            was: end.seq,
            version: head.seq,
            branch: old.to_string(),
            may_return: relife.may_return(),
            erased,
        })
    }
}

impl Relife<'_> {
    /// Lives on up to a version of the old life.
    fn go_to(&mut self, end: u64) -> Result<()> {
        let (house, record) = (self.house, self.record);
        while self.upto < end {
            let page = end.min(self.upto + PAGE);
            house.tell_life(record, self.upto, page, &mut |version, event| {
                self.live(version, event)
            })?;
            self.upto = page;
            self.send()?;
            let told = Relived { done: page - self.kept, of: end - self.kept };
            house.all_forgetting().insert(record.name.clone(), told);
        }
        Ok(())
    }

    fn live(&mut self, version: u64, event: &Event) -> Result<()> {
        match self.sieve.sift(version, event) {
            Sifted::Struck => self.struck += 1,
            Sifted::Hangs => self.left_out += 1,
            Sifted::Stays(event) => match self.life.apply(&event, &mut self.desk) {
                Ok(reply) if !reply.duplicate => {
                    self.sieve.stayed(version, reply.version, &event.what);
                }
                Err(e) if e.kind == ErrorKind::Internal => return Err(e),
                _ => {
                    self.left_out += 1;
                    self.sieve.refused(version, &event.what);
                }
            },
        }
        Ok(())
    }

    /// Makes durable what was lived.
    fn send(&mut self) -> Result<()> {
        let (id, frames) = (self.life.id(), self.life.take_frames());
        if !frames.is_empty() {
            self.house.asked(id, |done| Moving::Follow(frames, false, done))?;
        }
        Ok(())
    }

    fn may_return(&self) -> Vec<String> {
        let clients = self.life.state().clients();
        let behind = |client: &str, n: u64| clients.newest(client).is_none_or(|(m, _)| m < n);
        let all = self.sieve.clients().iter().filter(|(client, n)| behind(client, **n));
        all.map(|(client, _)| client.to_string()).collect()
    }
}
