//! The turn of an exchange: weigh the peers, take what was learned, join what came, and put the
//! model together. See [`crate::sync`].

use std::sync::Arc;

use her_learn::merge::{Merge, Sums};
use her_learn::{Model, Prediction, Target, Task};

use super::recent::Recent;
use super::{Desk, State, invalid};
use crate::error::{Error, Result};
use crate::sync::lesson::{self, taught};
use crate::sync::{Closing, Codec, Content, Exchange, Joined, Lesson, Origin, Part, Peer, Shared};
use crate::sync::{Trust, Weight, limits, pack};

/// Own events of the time since the last exchange that peers are weighed by.
pub(super) const WEIGHED_EVENTS: usize = limits::LESSON_EVENTS;
/// Peers that are weighed in one exchange; the others follow in the next ones.
const WEIGHED_PEERS: usize = 4;
/// The least probability that a loss is taken of.
const LEAST: f64 = 1e-6;

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
        if exchange.weigh && additive {
            self.weigh(&mut shared, desk)?;
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
            for peer in shared.peers() {
                // Who is read whole stays so in later exchanges, until own events speak against it.
                // Where there is nothing to weigh by, peers on the list are read: sums whole, and
                // of steps the average, as those of many go too far.
                if !exchange.weigh || !self.model.task().supervised() {
                    let steps = exchange.weigh && self.model.merge() == Merge::Deltas;
                    let weight = if steps { Weight::Part } else { Weight::Whole };
                    shared.trust.insert(peer, Trust { weight, ..Trust::default() });
                } else if self.figures.learned == 0 {
                    shared.trust.entry(peer).or_insert_with(whole);
                }
            }
            let reading = shared.reading(|peer| match shared.trust.get(peer) {
                Some(trust) => trust.weight,
                None => Weight::None,
            });
            invalid(self.model.set_sums(&reading))?;
            shared.reference = Arc::new(self.model.sums());
        }
        // Nothing is refused from here on: the model changes for good.
        self.live(&mut shared, lessons, desk);
        shared.learned = self.figures.learned;
        self.weighed = Recent::default();
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
        // Who takes long for an event is not to learn them all once more, and may learn them to other
        // bits on another machine.
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

    /// Predicts the own events since the last exchange with each peer's rows and without, by
    /// models as they were at that exchange.
    fn weigh(&self, shared: &mut Shared, desk: &mut Desk) -> Result<()> {
        let peers = shared.peers();
        let blind = !self.model.task().supervised();
        if blind || self.weighed.len() == 0 || peers.is_empty() {
            return Ok(());
        }
        // Those that were weighed by the fewest events first.
        let mut order: Vec<(u64, Peer)> = peers
            .iter()
            .map(|peer| (shared.trust.get(peer).map_or(0, |trust| trust.events as u64), *peer))
            .collect();
        order.sort_unstable();
        order.truncate(WEIGHED_PEERS);
        let mut trial = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let events = self.weighed.len() as f64;
        // The loss with every peer as it is read now, which is one of the three of each.
        let mut as_read = None;
        for (_, peer) in order {
            let read = shared.trust.get(&peer).map_or(Weight::None, |trust| trust.weight);
            let without = shared.reading(|other| match shared.trust.get(other) {
                Some(trust) if *other != peer => trust.weight,
                _ => Weight::None,
            });
            let mut losses = [0.0; 3];
            for (weight, loss) in Weight::ALL.into_iter().zip(&mut losses) {
                if let Some(known) = as_read.filter(|_| weight == read) {
                    *loss = known;
                    continue;
                }
                let mut reading = without.clone();
                shared.read(&mut reading, &peer, weight);
                invalid(trial.set_sums(&reading))?;
                *loss = self.loss_of(&mut trial, desk);
            }
            let told = losses;
            if trial.task() == Task::Regression {
                losses = nats(losses, events);
            }
            let mut trust = shared.trust.get(&peer).copied().unwrap_or_default();
            trust.learn(losses, events);
            if read == Weight::None && trust.weight != Weight::None {
                // Sums of steps overshoot, and who learned the contrary is a welcome counterweight
                // to others. Who is new must be of use beside the own rows alone.
                let mut reading = shared.reading(|_| Weight::None);
                invalid(trial.set_sums(&reading))?;
                let alone = self.loss_of(&mut trial, desk);
                shared.read(&mut reading, &peer, trust.weight);
                invalid(trial.set_sums(&reading))?;
                if self.loss_of(&mut trial, desk) >= alone {
                    trust.weight = Weight::None;
                }
            }
            shared.trust.insert(peer, trust);
            as_read = Some(told[trust.weight as usize]);
        }
        Ok(())
    }

    /// The loss of a model on the own events since the last exchange: nats, or squared errors.
    pub(super) fn loss_of(&self, model: &mut Model, desk: &mut Desk) -> f64 {
        let (mut sum, mut before) = (0.0, None);
        for (row, target, _) in self.weighed.iter() {
            let (live, scratch) = (&mut desk.live, &mut desk.scratch);
            // Rows of one stream share a shape, whose names are looked up once.
            let again = before.replace(row.shape()).is_some_and(|b| Arc::ptr_eq(b, row.shape()));
            let told = if again {
                model.predict_next(row, live, scratch)
            } else {
                model.predict(row, live, scratch)
            };
            if told.is_ok() {
                sum += loss(model, live, target);
            }
        }
        sum
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

/// Squared errors as nats of a normal distribution that is as wide as the best of them.
fn nats(squares: [f64; 3], events: f64) -> [f64; 3] {
    let best = squares.iter().copied().fold(f64::INFINITY, f64::min).max(1e-300);
    squares.map(|sum| 0.5 * events * sum / best)
}

fn loss(model: &Model, p: &Prediction, target: &Target) -> f64 {
    match (model.task(), target) {
        (Task::Regression, Target::Number(y)) => {
            let off = p.value.unwrap_or(0.0) - y;
            off * off
        }
        (Task::Binary | Task::Multiclass, _) => {
            let class = model.class_of(target);
            let share = class.and_then(|class| p.proba.get(class as usize).copied());
            let known = model.classes().len().max(2) as f64;
            // No opinion is an opinion of equal shares.
            let share = if p.proba.is_empty() { 1.0 / known } else { share.unwrap_or(0.0) };
            let share = if share.is_nan() { 0.0 } else { share };
            -her_learn::math::ln(share.clamp(LEAST, 1.0))
        }
        _ => 0.0,
    }
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
