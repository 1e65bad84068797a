//! How peers are weighed at an exchange: by what their rows do for the reader's own events, or for
//! what its model could do before.

use std::sync::Arc;

use her_learn::merge::HARM;
use her_learn::{Model, Prediction, Target, Task};

use super::recent::Recent;
use super::{Desk, State, invalid};
use crate::error::Result;
use crate::sync::{Peer, Shared, Weight};

/// Peers that are weighed in one exchange; the others follow in the next ones.
const WEIGHED_PEERS: usize = 4;
/// The least probability that a loss is taken of.
const LEAST: f64 = 1e-6;

/// Those that are weighed now: who was by the fewest events first.
fn order(shared: &Shared) -> Vec<Peer> {
    let by_events = |peer: &Peer| shared.trust.get(peer).map_or(0, |trust| trust.events as u64);
    let mut order: Vec<(u64, Peer)> =
        shared.peers().iter().map(|peer| (by_events(peer), *peer)).collect();
    order.sort_unstable();
    order.truncate(WEIGHED_PEERS);
    order.into_iter().map(|(_, peer)| peer).collect()
}

impl State {
    /// Predicts the own events since the last exchange with each peer's rows and without, by
    /// models as they were at that exchange.
    pub(super) fn weigh(&self, shared: &mut Shared, desk: &mut Desk) -> Result<()> {
        let blind = !self.model.task().supervised();
        if blind || self.weighed.len() == 0 || shared.peers().is_empty() {
            return Ok(());
        }
        let order = order(shared);
        let mut trial = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let events = self.weighed.len() as f64;
        // The loss with every peer as it is read now, which is one of the three of each.
        let mut as_read = None;
        for peer in order {
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
                *loss = self.loss_of(&self.weighed, &mut trial, desk);
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
                let alone = self.loss_of(&self.weighed, &mut trial, desk);
                shared.read(&mut reading, &peer, trust.weight);
                invalid(trial.set_sums(&reading))?;
                if self.loss_of(&self.weighed, &mut trial, desk) >= alone {
                    trust.weight = Weight::None;
                }
            }
            shared.trust.insert(peer, trust);
            as_read = Some(told[trust.weight as usize]);
        }
        Ok(())
    }

    /// Reads the average of peers' steps where there are no labels to weigh them by, and not those
    /// of a peer that harm what the model could do before it learned anything. Steps of many who
    /// learned the same go too far together.
    pub(super) fn judge(&self, shared: &mut Shared) -> Result<()> {
        let order = order(shared);
        if order.is_empty() {
            return Ok(());
        }
        let mut trial = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let alone = shared.reading(|_| Weight::None);
        invalid(trial.set_sums(&alone))?;
        let before = trial.probe();
        for peer in order {
            let mut reading = alone.clone();
            shared.read(&mut reading, &peer, Weight::Part);
            invalid(trial.set_sums(&reading))?;
            let trust = shared.trust.entry(peer).or_default();
            let harms = before.zip(trial.probe()).is_some_and(|(before, with)| {
                // What is no number costs too much; who came to that alone does not blame it.
                let more = with - before;
                before.is_finite() && (more.is_nan() || more > HARM)
            });
            trust.weight = if harms { Weight::None } else { Weight::Part };
            trust.events += 1.0;
        }
        Ok(())
    }

    /// The loss of a model on own events since the last exchange: nats, or squared errors.
    pub(super) fn loss_of(&self, events: &Recent, model: &mut Model, desk: &mut Desk) -> f64 {
        let (mut sum, mut before) = (0.0, None);
        for (row, target, _) in events.iter() {
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
