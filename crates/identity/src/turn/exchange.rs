//! The turn of an exchange: weigh the peers, take what was learned, join what came, and put the
//! model together. See [`crate::sync`].

use std::sync::Arc;

use her_learn::merge::Sums;
use her_learn::{Model, Prediction, Target, Task};

use super::recent::Recent;
use super::{Desk, State, invalid};
use crate::error::{Error, Result};
use crate::sync::{Closing, Exchange, Joined, Origin, Peer, Shared, Trust, Weight, limits, pack};

/// Own events of the time since the last exchange that peers are weighed by.
pub(super) const WEIGHED_EVENTS: usize = 256;
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
        let mut learned = self.unpublished();
        let mut shared = self.shared.as_deref().cloned().unwrap_or_default();
        if exchange.inherited && self.shared.is_none() {
            shared.ground = std::mem::take(&mut learned);
            shared.learned = self.figures.learned;
        }
        if exchange.weigh {
            self.weigh(&mut shared, desk)?;
        }
        if let Some(closing) = &exchange.closing {
            close(&mut shared, closing, &mut learned)?;
        }
        self.contribute(&mut shared, learned, exchange);
        for peer in exchange.left.iter().filter(|peer| **peer != exchange.me.peer) {
            shared.leave(*peer, exchange.me, self.version + 1);
        }
        for part in &exchange.parts {
            let (origin, to) = (part.origin, part.to);
            match shared.join(part) {
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
        let all = !exchange.weigh || self.figures.learned == 0;
        let reading = shared.reading(|peer| match shared.trust.get(peer) {
            _ if all => Weight::Whole,
            Some(trust) => trust.weight,
            None => Weight::None,
        });
        invalid(self.model.set_sums(&reading))?;
        shared.reference = Arc::new(self.model.sums());
        shared.learned = self.figures.learned;
        self.weighed = Recent::default();
        self.shared = Some(Box::new(shared));
        Ok(())
    }

    fn check_exchange(&self, exchange: &Exchange) -> Result<()> {
        let merge = self.model.merge();
        if !merge.is_additive() {
            return Err(Error::invalid(format!(
                "this model can't exchange what it learned as vectors ({}); send its peers the \
                 events",
                merge.text()
            )));
        }
        let packed: usize = exchange.parts.iter().map(|part| pack::pack(&part.sums).len()).sum();
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
    fn contribute(&self, shared: &mut Shared, mut learned: Sums, exchange: &Exchange) {
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
        let rounded = exchange.codec.round(&learned, self.model.merge());
        learned.sub(&rounded);
        learned.trim();
        shared.residue = learned;
        let events = self.figures.learned.saturating_sub(shared.learned());
        if rounded.is_empty() && events == 0 {
            return;
        }
        shared.add_own(me, self.version + 1, events, &rounded);
    }

    /// Predicts the own events since the last exchange with each peer's rows and without, by
    /// models as they were at that exchange.
    fn weigh(&self, shared: &mut Shared, desk: &mut Desk) -> Result<()> {
        let peers = shared.peers();
        if !self.model.task().supervised() {
            // Nothing to weigh by: peers on the list are read.
            shared.trust.extend(peers.into_iter().map(|peer| (peer, whole())));
            return Ok(());
        }
        if self.weighed.len() == 0 || peers.is_empty() {
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
        for (_, peer) in order {
            let without = shared.reading(|other| match shared.trust.get(other) {
                Some(trust) if *other != peer => trust.weight,
                _ => Weight::None,
            });
            let mut losses = [0.0; 3];
            for (weight, loss) in Weight::ALL.into_iter().zip(&mut losses) {
                let mut reading = without.clone();
                shared.read(&mut reading, &peer, weight);
                invalid(trial.set_sums(&reading))?;
                *loss = self.loss_of(&trial, desk);
            }
            if trial.task() == Task::Regression {
                losses = nats(losses, events);
            }
            shared.trust.entry(peer).or_default().learn(losses, events);
        }
        Ok(())
    }

    /// The loss of a model on the own events since the last exchange: nats, or squared errors.
    fn loss_of(&self, model: &Model, desk: &mut Desk) -> f64 {
        let mut sum = 0.0;
        for (row, target) in self.weighed.iter() {
            if model.predict(row, &mut desk.live, &mut desk.scratch).is_ok() {
                sum += loss(model, &desk.live, target);
            }
        }
        sum
    }
}

/// What a former life had not contributed when the present one began is contributed by it,
/// exactly: whoever closes it at that version writes the same row.
fn close(shared: &mut Shared, closing: &Closing, learned: &mut Sums) -> Result<()> {
    let former =
        shared.me.filter(|me| shared.rows.get(me).is_none_or(|row| closing.version >= row.seq));
    let Some(former) = former else {
        return Err(Error::invalid("there is no former life here that could be closed so"));
    };
    learned.sub(&closing.learned);
    learned.trim();
    let mut untold = std::mem::take(&mut shared.residue);
    untold.add(&closing.learned);
    // One that never had anything to tell has no row, and needs none.
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
                "cells": part.sums.len(),
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
