//! The node that an identity left is kept up to date: its owner sends the home of its register
//! what it learned since, until the register is taken home.
//!
//! So a departure back sends little, and an operator who adopts an identity whose node is lost for
//! good loses what was learned in the last moment, not since the departure. Frames only: the state
//! is folded from them when it is wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::host::{Host, Link};
use super::message::{Ask, Told, WireFrame};
use super::{Cell, Node, Standing};
use crate::error::{Error, ErrorKind, Result};
use crate::house::{Place, Record};
use crate::journal::{Frame, Head, IdentityId};

/// Messages about one identity before it is the next one's turn.
const WINDOWS: usize = 64;

/// What the owner knows of those that follow.
#[derive(Default)]
pub struct Followers {
    heads: BTreeMap<String, (IdentityId, Head)>,
}

/// How far a follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The node that follows.
    pub by: Node,
    /// The version up to which it has all, durably.
    pub version: u64,
}

impl Followers {
    /// Sends each home what it lacks. Tells of those that follow, by name; who does not answer,
    /// or has no such branch since a rewind here, is asked again the next time.
    pub fn tend(&mut self, host: &Host, link: &dyn Link) -> BTreeMap<String, Followed> {
        let (mut all, mut away) = (BTreeMap::new(), BTreeSet::new());
        for name in host.house().names() {
            let Ok(record) = host.house().record(&name) else { continue };
            let home = record.registered.map(|r| r.home).filter(|home| *home != host.me());
            let Some(by) = home.filter(|home| !away.contains(home)) else { continue };
            if host.house().place(&name) != Place::Here {
                continue;
            }
            match self.send(host, link, &record) {
                Ok(version) => {
                    all.insert(name, Followed { by, version });
                }
                // Who does not answer is not waited for once more for each identity.
                Err(e) if e.kind == ErrorKind::Unavailable => {
                    away.insert(by);
                }
                Err(_) => {}
            }
        }
        // Where the others stand is asked anew.
        self.heads.retain(|name, _| all.contains_key(name));
        all
    }

    /// Sends one home what it lacks, and tells the version that it has.
    fn send(&mut self, host: &Host, link: &dyn Link, record: &Record) -> Result<u64> {
        let (house, name, id) = (host.house(), &record.name, record.current);
        let none = || Error::invalid(format!("{name} is under no register"));
        let registered = record.registered.ok_or_else(none)?;
        let ask = |frames: Vec<Frame>| {
            let frames = frames.into_iter().map(WireFrame::from).collect();
            let (name, cell) = (name.clone(), registered.cell.0);
            match link.ask(registered.home, &Ask::Tail { name, cell, id: id.0, frames })? {
                Told::Head(head) => Ok(Head::from(head)),
                Told::Refused(_, why) => Err(Error::new(ErrorKind::Fenced, why)),
                other => Err(other.unexpected()),
            }
        };
        let known = self.heads.get(name).filter(|(of, _)| *of == id);
        let mut head = match known {
            Some((_, head)) => *head,
            None => ask(Vec::new())?,
        };
        for _ in 0..WINDOWS {
            let frames = house.tail(id, Some(head))?;
            if frames.is_empty() {
                break;
            }
            head = ask(frames)?;
        }
        self.heads.insert(name.clone(), (id, head));
        Ok(head.seq)
    }
}

impl Host {
    /// Takes in what the owner of an identity that left this house has learned since.
    pub(super) fn tail(
        &self,
        from: Node,
        name: &str,
        (cell, id): (IdentityId, IdentityId),
        frames: Vec<Frame>,
    ) -> Result<Told> {
        let unknown = || Error::new(ErrorKind::Fenced, format!("{name} is not followed here"));
        let record = self.house().record(name).map_err(|_| unknown())?;
        let is_same = record.registered.is_some_and(|r| r.cell == cell) && record.current == id;
        let Standing::Here(holds) = self.house().cell(cell)? else { return Err(unknown()) };
        if !is_same || holds.owner != from {
            return Err(unknown());
        }
        if self.arriving().contains_key(&cell) {
            return Err(Error::new(ErrorKind::Busy, format!("{name} arrives here this moment")));
        }
        match self.house().place(name) {
            Place::Moved(Cell { owner, .. }) if owner == from => {}
            // It moved on from where it went to; requests are handed on to there from now on.
            Place::Moved(_) => self.house().step_down(name, holds)?,
            Place::Here | Place::Departing | Place::Waiting => return Err(unknown()),
        }
        self.house().follow(id, frames, false).map(|head| Told::Head(head.into()))
    }
}
