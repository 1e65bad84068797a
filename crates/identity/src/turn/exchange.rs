//! The turn of an exchange: weigh the peers, take what was learned, join what came, and put the
//! model together. See [`crate::sync`].

use std::sync::Arc;

use her_learn::merge::{Merge, Sums};

use super::recent::Recent;
use super::spread::Spread;
use super::{Desk, State, invalid};
use crate::error::{Error, Result};
use crate::sync::lesson::{self, taught};
use crate::sync::{Closing, Codec, Content, Exchange, Joined, Lesson, Origin, Part, Shared};
use crate::sync::{Trust, Weight, limits, pack};

/// Own events of the time since the last exchange that peers are weighed by.
pub(super) const WEIGHED_EVENTS: usize = limits::LESSON_EVENTS;

impl State {
    /// The rows of all peers; none before the first exchange.
    pub fn shared(&self) -> Option<&Shared> {
        self.shared.as_deref()
    }

    /// What two identities must have in common to be merged: the spec with every default, and the
    /// rules of merging. As text, in the order of its names.
    pub fn contract(&self) -> String {
        serde_json::json!({ "merge": 1, "model": self.model.spec() }).to_string()
    }

    /// BLAKE3 of [`contract`](Self::contract).
    pub fn contract_hash(&self) -> [u8; 32] {
        *blake3::hash(self.contract().as_bytes()).as_bytes()
    }

    /// What the model would contribute if it exchanged now: what its own events taught it since it
    /// did so last.
    pub fn unpublished(&self) -> Sums {
        let now = self.model.sums();
        let Some(shared) = self.shared() else { return now };
        let mut learned = now.clone();
        learned.sub(&shared.reference);
        // What the model has forgotten to make room is not taken back from the peers.
        learned.keep_known(&now);
        learned.trim();
        learned
    }

    /// Events that were learned since it contributed last.
    pub fn uncontributed_events(&self) -> u64 {
        self.figures.learned.saturating_sub(self.shared().map_or(0, Shared::learned))
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange, desk: &mut Desk) -> Result<()> {
        self.check_exchange(exchange)?;
        let lessons = self.lessons(&exchange.parts)?;
        let additive = self.model.merge().is_additive();
        let mut learned = self.unpublished();
        let mut shared = self.shared.as_deref().cloned().unwrap_or_default();
        if exchange.inherited && self.shared.is_none() {
            shared.ground = std::mem::take(&mut learned);
            shared.learned = self.figures.learned;
        }
        if additive {
            self.weigh(&mut shared, exchange, desk)?;
        }
        if let Some(closing) = &exchange.closing {
            close(&mut shared, closing, &mut learned)?;
        }
        let lesson = self.contribute(&mut shared, learned, exchange)?;
        for peer in exchange.left.iter().filter(|peer| **peer != exchange.me.peer) {
            if additive {
                shared.leave(*peer, exchange.me, self.version + 1);
            } else {
                shared.left_behind(*peer);
            }
        }
        for part in &exchange.parts {
            let (origin, to) = (part.origin, part.to);
            let join = shared
                .join(part, |row, events| taught(row, events, self.model.spec(), &self.catalog));
            match join? {
                Joined::Wrong => {
                    return Err(Error::invalid(format!(
                        "number {to} of {} is not what its origin signed; ask for its whole row",
                        origin.peer
                    )));
                }
                Joined::Full => {
                    return Err(Error::invalid(format!(
                        "no room for number {to} of {}: an identity keeps {} rows of at most {} \
                         numbers; retract peers that are gone",
                        origin.peer,
                        limits::ROWS,
                        limits::CELLS
                    )));
                }
                Joined::Taken | Joined::Known | Joined::Gap | Joined::Retracted => {}
            }
        }
        for peer in &exchange.retract {
            shared.retract(*peer);
        }
        if additive {
            let blind = !self.model.task().supervised();
            let steps = self.model.merge() == Merge::Deltas;
            for peer in shared.peers() {
                // Who is read whole stays so in later exchanges, until own events speak against it.
                // Where there is nothing to weigh by, peers on the list are read.
                if !exchange.weigh || (blind && !steps) {
                    shared.trust.insert(peer, whole());
                } else if !blind && self.figures.learned == 0 {
                    shared.trust.entry(peer).or_insert_with(whole);
                }
            }
            if exchange.weigh && blind && steps {
                self.judge(&mut shared)?;
            }
            invalid(self.model.set_sums(&shared.reading()))?;
            shared.reference = Arc::new(self.model.sums());
        }
        // Nothing is refused from here on: the model changes for good.
        self.live(&mut shared, lessons, desk);
        shared.learned = self.figures.learned;
        (self.weighed, self.spread) = (Recent::default(), Spread::default());
        self.shared = Some(Box::new(shared));
        self.lesson = lesson.map(Arc::new);
        Ok(())
    }

    fn check_exchange(&self, exchange: &Exchange) -> Result<()> {
        let merge = self.model.merge();
        let lived = |part: &Part| matches!(part.content, Content::Lived(_));
        if !merge.is_additive() && !exchange.parts.iter().all(lived) {
            return Err(Error::invalid(format!(
                "this model can't exchange what it learned as vectors ({}); send its peers the \
                 events",
                merge.text()
            )));
        }
        let events = |part: &Part| matches!(part.content, Content::Events(_));
        if self.is_heavy() && exchange.parts.iter().any(events) {
            return Err(Error::invalid(
                "this model takes long for an event: it takes what events taught as sums only",
            ));
        }
        let size = |content: &Content| match content {
            Content::Sums(sums) => pack::pack(sums).len(),
            Content::Events(events) | Content::Lived(events) => events.len(),
        };
        let packed: usize = exchange.parts.iter().map(|part| size(&part.content)).sum();
        if exchange.parts.len() > limits::PARTS || packed > limits::EXCHANGE_BYTES {
            return Err(Error::invalid(format!(
                "an exchange of {} parts and {packed} bytes: one takes {} and {}; send it in \
                 several",
                exchange.parts.len(),
                limits::PARTS,
                limits::EXCHANGE_BYTES
            )));
        }
        Ok(())
    }

    /// What was learned since the last exchange joins the own row; what rounding takes off waits
    /// for the next. One step under the only writer: there is no moment at which an update is
    /// neither in the row nor in the model's difference.
    /// Tells the lesson where the row holds what events teach.
    fn contribute(
        &self,
        shared: &mut Shared,
        mut learned: Sums,
        exchange: &Exchange,
    ) -> Result<Option<Lesson>> {
        let me = exchange.me;
        if let Some(before) = shared.me.filter(|before| before.peer != me.peer) {
            // The same identity on another node; or on a branch that it left, of which later. A
            // fork is somebody else: what its parent contributed, here and elsewhere, stays the
            // parent's.
            if before.peer.identity == me.peer.identity {
                shared.selves.insert(before.peer);
            } else if !exchange.left.contains(&before.peer) {
                let parents = std::mem::take(&mut shared.selves).into_iter();
                for peer in parents.chain([before.peer]) {
                    shared.trust.insert(peer, whole());
                }
            }
        }
        shared.me = Some(me);
        learned.add(&std::mem::take(&mut shared.residue));
        learned.trim();
        let events = self.figures.learned.saturating_sub(shared.learned());
        let told = match exchange.codec {
            // What no event stands for waits for a vector: one now would be longer than all events.
            Codec::Events if events == 0 => {
                shared.residue = learned;
                return Ok(None);
            }
            Codec::Events => self.lesson_of(shared, me, events)?,
            _ => None,
        };
        let (rounded, lesson) = match told {
            Some((sums, lesson)) => (sums, Some(lesson)),
            None => (exchange.codec.round(&learned, self.model.merge()), None),
        };
        learned.sub(&rounded);
        learned.trim();
        shared.residue = learned;
        if rounded.is_empty() && events == 0 {
            return Ok(None);
        }
        shared.add_own(me, self.version + 1, events, &rounded);
        Ok(lesson)
    }

    /// What the newest events teach a model of the own row, and these events; none where they are
    /// not all kept.
    pub(super) fn lesson_of(
        &self,
        shared: &Shared,
        me: Origin,
        events: u64,
    ) -> Result<Option<(Sums, Lesson)>> {
        let kept = self.weighed.len() as u64;
        // Who takes long for an event is not to learn them all once more, and may learn them to
        // other bits on another machine.
        if events == 0 || kept < events || self.is_heavy() {
            return Ok(None);
        }
        // What a former life learned may stand before them.
        let newest = self.weighed.iter().skip((kept - events) as usize);
        let Some(events) = lesson::written(newest) else { return Ok(None) };
        let before = shared.rows.get(&me);
        let (from, row) = before.map_or((0, Sums::default()), |row| (row.seq, row.sums.clone()));
        let mut sums = taught(&row, &events, self.model.spec(), &self.catalog)?;
        sums.sub(&row);
        sums.trim();
        Ok(Some((sums, Lesson { origin: me, from, to: self.version + 1, events })))
    }
}

/// What a former life had not contributed when the present one began is contributed by it,
/// exactly: whoever closes it at that version writes the same row.
fn close(shared: &mut Shared, closing: &Closing, learned: &mut Sums) -> Result<()> {
    let newest = |me: &Origin| shared.rows.get(me).map_or(0, |row| row.seq);
    let former = shared.me.filter(|me| closing.version >= newest(me));
    let Some(former) = former else {
        return Err(Error::invalid("there is no former life here that could be closed so"));
    };
    // It ended at the very version at which it contributed last: under that number the row is
    // with peers already. What rounding took off goes on under the present name.
    if closing.version == newest(&former) {
        return Ok(());
    }
    learned.sub(&closing.learned);
    learned.trim();
    let mut untold = std::mem::take(&mut shared.residue);
    untold.add(&closing.learned);
    // One that only listened has nothing to tell, and no row.
    if shared.rows.contains_key(&former) || closing.events > 0 || !untold.is_empty() {
        shared.add_own(former, closing.version, closing.events, &untold);
    }
    shared.learned += closing.events;
    Ok(())
}

fn whole() -> Trust {
    Trust { weight: Weight::Whole, ..Trust::default() }
}

/// What is told of a contribution in the log.
pub(crate) fn told(exchange: &Exchange) -> serde_json::Value {
    let parts: Vec<_> = exchange
        .parts
        .iter()
        .map(|part| {
            serde_json::json!({
                "peer": part.origin.peer.to_string(),
                "life": part.origin.life,
                "from": part.from,
                "to": part.to,
                "events": part.events,
                "cells": part.content.cells(),
            })
        })
        .collect();
    let Origin { peer, life } = exchange.me;
    serde_json::json!({
        "me": peer.to_string(),
        "life": life,
        "codec": exchange.codec.name(),
        "parts": parts,
        "retract": exchange.retract.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
