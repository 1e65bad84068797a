//! Events of peers that an identity learns itself: where a model has no sums, or another kind of
//! model is at the other side.
//!
//! They are learned as own events are, but are not its own: they are not counted, scored or
//! contributed again. What they taught stays; `forget` takes out the exchange that brought them.

use std::sync::Arc;

use super::{Desk, State, invalid};
use crate::error::{Error, Result};
use crate::journal::IdentityId;
use crate::sync::lesson::{self, Told};
use crate::sync::{Content, Joined, Part, Shared};

impl State {
    /// The events that these parts tell, read and checked before anything changes.
    pub(super) fn lessons<'a>(&self, parts: &'a [Part]) -> Result<Vec<(&'a Part, Vec<Told>)>> {
        let mut all = Vec::new();
        for part in parts {
            let Content::Lived(events) = &part.content else { continue };
            if part.content.hash_after(part.from, part.hash) != part.hash {
                return Err(Error::invalid(format!(
                    "the events up to {} of {} are not what their origin signed",
                    part.to, part.origin.peer
                )));
            }
            let lessons = lesson::read(events)?;
            if lessons.len() as u64 != part.events {
                return Err(Error::invalid(format!(
                    "{} tells {} events as {}",
                    part.origin.peer,
                    lessons.len(),
                    part.events
                )));
            }
            for Told { row, target, .. } in &lessons {
                invalid(row.check())?;
                invalid(self.model.check_target(target)).map_err(|e| {
                    Error::invalid(format!("a peer's events are of another task: {}", e.message))
                })?;
            }
            all.push((part, lessons));
        }
        Ok(all)
    }

    /// Learns them in their order, each once. One that this model can't take, such as a text where
    /// it knows a number, is left out, as it would be if it came to the door.
    pub(super) fn live(
        &mut self,
        shared: &mut Shared,
        lessons: Vec<(&Part, Vec<Told>)>,
        desk: &mut Desk,
    ) {
        let mut learned = false;
        for (part, lessons) in lessons {
            if shared.hear(part) != Joined::Taken {
                continue;
            }
            for Told { row, target, weight } in lessons {
                learned |= self.model.learn(&row, &target, weight, &mut desk.scratch).is_ok();
            }
        }
        if learned && self.model.merge().is_additive() {
            // What others lived through is theirs to tell.
            let now = self.model.sums();
            let mut more = now.clone();
            more.sub(&shared.reference);
            shared.ground.add(&more);
            shared.ground.trim();
            shared.reference = Arc::new(now);
        }
    }

    /// Where a branch begins, a model without sums has told all that it learned up to there under
    /// its former name: what follows is another's to tell.
    pub(super) fn branched(&mut self, parent: IdentityId, version: u64) {
        let (learned, additive) = (self.figures.learned, self.model.merge().is_additive());
        let Some(shared) = self.shared.as_deref_mut().filter(|_| !additive) else { return };
        if let Some(me) = shared.me().filter(|me| me.peer.identity == parent) {
            shared.closed_at(me, version, learned);
        }
    }
}
