//! How peers are weighed at an exchange: by what their rows do for the reader's own events, or for
//! what its model could do before.

use std::sync::Arc;

use her_learn::merge::{HARM, Merge, Sums};
use her_learn::{Model, Prediction, Target, Task};

use super::recent::Recent;
use super::{Desk, State, invalid};
use crate::error::Result;
use crate::sync::{Exchange, Peer, Shared, Standing, Together, Weight};

/// Peers that are weighed in one exchange; the others follow in the next ones.
const WEIGHED_PEERS: usize = 4;
/// The same, of those whose part in the mean is weighed: each costs one prediction of all events.
const WEIGHED_MEMBERS: usize = 2;
/// The least probability that a loss is taken of.
const LEAST: f64 = 1e-6;

/// Those that are weighed now: who was by the fewest events first.
fn order(shared: &Shared, most: usize, events: impl Fn(&Peer) -> f64) -> Vec<Peer> {
    let mut order: Vec<(u64, Peer)> =
        shared.peers().iter().map(|peer| (events(peer) as u64, *peer)).collect();
    order.sort_unstable();
    order.truncate(most);
    order.into_iter().map(|(_, peer)| peer).collect()
}

fn by_trust(shared: &Shared) -> Vec<Peer> {
    let events = |peer: &Peer| shared.trust.get(peer).map_or(0.0, |trust| trust.events);
    order(shared, WEIGHED_PEERS, events)
}

/// A model that stands for a reader, and what own events since the last exchange cost it.
struct Trial<'a> {
    state: &'a State,
    model: Model,
    desk: &'a mut Desk,
    events: f64,
}

impl Trial<'_> {
    /// Nats, or squared errors, with these sums.
    fn loss(&mut self, sums: &Sums) -> Result<f64> {
        invalid(self.model.set_sums(sums))?;
        Ok(loss_of(&self.state.weighed, &mut self.model, self.desk))
    }

    /// Losses that can be added up: of squared errors their nats.
    fn nats<const N: usize>(&self, losses: [f64; N]) -> [f64; N] {
        let regression = self.model.task() == Task::Regression;
        if regression { nats(losses, self.events) } else { losses }
    }

    /// Weighs one peer beside the others, as those are read in a sum. Takes the loss of that as it
    /// is now, and gives it as it is then.
    fn weigh(&mut self, shared: &mut Shared, peer: Peer, now: f64) -> Result<f64> {
        let read = shared.weight(&peer);
        let without =
            shared.sum(|other| if *other == peer { Weight::None } else { shared.weight(other) });
        let mut losses = [0.0; 3];
        for (weight, loss) in Weight::ALL.into_iter().zip(&mut losses) {
            if weight == read {
                *loss = now;
                continue;
            }
            let mut reading = without.clone();
            shared.read(&mut reading, &peer, weight);
            *loss = self.loss(&reading)?;
        }
        let mut trust = shared.trust.get(&peer).copied().unwrap_or_default();
        trust.learn(self.nats(losses), self.events);
        if read == Weight::None && trust.weight != Weight::None {
            // Sums of steps overshoot, and who learned the contrary is a welcome counterweight
            // to others. Who is new must be of use beside the own rows alone.
            let mut reading = shared.sum(|_| Weight::None);
            let alone = self.loss(&reading)?;
            shared.read(&mut reading, &peer, trust.weight);
            if self.loss(&reading)? >= alone {
                trust.weight = Weight::None;
            }
        }
        shared.trust.insert(peer, trust);
        Ok(losses[trust.weight as usize])
    }

    /// Weighs the mean against the sum, of which the loss is given, both as they were before these
    /// events chose who is in them; then who shall be part of it.
    fn weigh_mean(&mut self, shared: &mut Shared, sum: f64) -> Result<()> {
        let mean = self.loss(&shared.mean(|peer| shared.together.reads(peer)))?;
        shared.together.learn(self.nats([sum, mean]), self.events);
        let mut as_read = mean;
        let peers = shared.peers();
        shared.together.meet(peers.into_iter());
        let known = |peer: &Peer| shared.together.members.get(peer);
        let events = |peer: &Peer| known(peer).map_or(0.0, |member| member.judged.events);
        for peer in order(shared, WEIGHED_MEMBERS, events) {
            let part = shared.together.reads(&peer);
            let reads = |other: &Peer| (*other == peer) != shared.together.reads(other);
            let other = self.loss(&shared.mean(reads))?;
            let losses = if part { [other, as_read] } else { [as_read, other] };
            let (nats, events) = (self.nats(losses), self.events);
            shared.together.members.entry(peer).or_default().learn(nats, events);
            as_read = losses[usize::from(shared.together.reads(&peer))];
        }
        let is_new = |peer: &Peer| shared.together.standing(peer) == Standing::New;
        let new: Vec<Peer> = shared.peers().into_iter().filter(is_new).collect();
        if !new.is_empty() {
            let all = shared.mean(|peer| is_new(peer) || shared.together.reads(peer));
            let losses = [as_read, self.loss(&all)?];
            shared.together.admit(&new, self.nats(losses), self.events);
        }
        Ok(())
    }
}

impl State {
    /// Predicts the own events since the last exchange with each peer's rows and without, by
    /// models as they were at that exchange.
    pub(super) fn weigh(
        &self,
        shared: &mut Shared,
        exchange: &Exchange,
        desk: &mut Desk,
    ) -> Result<()> {
        let labelled = self.model.task().supervised();
        let means = exchange.reads_means() && labelled;
        let means = means && self.model.merge() == Merge::Deltas;
        if !means {
            shared.together = Together::default();
        }
        let judges = self.weighed.len();
        if !exchange.weigh || !labelled || judges == 0 || shared.peers().is_empty() {
            return Ok(());
        }
        let model = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let mut trial = Trial { state: self, model, desk, events: judges as f64 };
        let sum = trial.loss(&shared.sum(|peer| shared.weight(peer)))?;
        // The loss with every peer as it is read now is one of the three of each.
        let mut as_read = sum;
        for peer in by_trust(shared) {
            as_read = trial.weigh(shared, peer, as_read)?;
        }
        if means { trial.weigh_mean(shared, sum) } else { Ok(()) }
    }

    /// Reads the average of peers' steps where there are no labels to weigh them by, and not those
    /// of a peer that harm what the model could do before it learned anything. Steps of many who
    /// learned the same go too far together.
    pub(super) fn judge(&self, shared: &mut Shared) -> Result<()> {
        let order = by_trust(shared);
        if order.is_empty() {
            return Ok(());
        }
        let mut trial = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let alone = shared.sum(|_| Weight::None);
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
}

/// The loss of a model on own events since the last exchange: nats, or squared errors.
pub(super) fn loss_of(events: &Recent, model: &mut Model, desk: &mut Desk) -> f64 {
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

/// Squared errors as nats of a normal distribution that is as wide as the best of them.
fn nats<const N: usize>(squares: [f64; N], events: f64) -> [f64; N] {
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
