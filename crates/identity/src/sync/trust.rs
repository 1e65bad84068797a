//! How a peer is read: not at all, in part, or whole, by what it did for the reader's own
//! predictions.
//!
//! The events that were learned since the last exchange are predicted by models as they were at
//! that exchange, with the peer's rows and without: none of these models has seen the events.
//! A peer that is new is not read until so many events have spoken for it, unless the reader
//! learns from nobody else. A poisoned peer comes to weight 0 by that, without anybody's doing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Peer;

/// How much of a peer's rows is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing.
    #[default]
    None,
    /// One part in as many as there are peers, the reader among them: an average.
    Part,
    /// All of it: a sum.
    Whole,
}

impl Weight {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::None, Self::Part, Self::Whole];
}

/// What is known of a peer's worth.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Trust {
    /// How it is read now.
    pub weight: Weight,
    /// The reader's loss in nats with each of [`Weight::ALL`], summed over events with a half-life
    /// of [`HALF_LIFE`].
    pub losses: [f64; 3],
    /// Over how many events, with the same half-life; where there are no labels, by how many looks
    /// at what the model could do before.
    pub events: f64,
}

/// Events after which an old loss counts half.
pub const HALF_LIFE: f64 = 4096.0;
/// Events that must have spoken before a new peer is read.
pub const EVENTS_MIN: f64 = 16.0;
/// Nats by which another weight must be better before it is taken: noise is not to turn the model
/// over at each exchange.
pub const MARGIN: f64 = 1.0;

impl Trust {
    /// Adds what `events` events cost with each weight, and chooses.
    pub(crate) fn learn(&mut self, losses: [f64; 3], events: f64) {
        let keep = kept(events);
        for (sum, loss) in self.losses.iter_mut().zip(losses) {
            *sum = *sum * keep + loss;
        }
        self.events = self.events * keep + events;
        if self.events < EVENTS_MIN {
            return;
        }
        let now = self.losses[self.weight as usize];
        // Of equals the larger weight: what peers know is worth having until it does harm.
        let mut best = self.weight;
        let mut least = now - MARGIN;
        for weight in Weight::ALL {
            if self.losses[weight as usize] <= least {
                (best, least) = (weight, self.losses[weight as usize]);
            }
        }
        self.weight = best;
    }
}

/// How what peers tell is put together, where it is steps: as a sum, of each as it is trusted, or
/// as the mean of all.
///
/// A sum of steps is near one learner while steps are small and exchanges frequent, and goes too
/// far otherwise; the mean of peers and reader never does (federated averaging: McMahan et al.
/// 2017). Which one is better is told by the same events as trust is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Together {
    /// Whether the mean is read.
    pub mean: bool,
    /// The reader's loss in nats by the sum and by the mean, summed over events with a half-life
    /// of [`HALF_LIFE`].
    pub losses: [f64; 2],
    /// Over how many events, with the same half-life.
    pub events: f64,
    /// What is known of those who are part of the mean, or were.
    pub(crate) members: BTreeMap<Peer, Member>,
}

/// What a peer does for the mean.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Whether the mean is made without it.
    pub out: bool,
    /// The reader's loss in nats by the mean without it and with it, as sums.
    pub losses: [f64; 2],
    /// Over how many events, with the same half-life.
    pub events: f64,
}

impl Member {
    /// Adds what `events` events cost without it and with it, and chooses.
    pub(crate) fn learn(&mut self, losses: [f64; 2], events: f64) {
        let first = usize::from(!self.out);
        self.out = choose(first, &mut self.losses, &mut self.events, losses, events) == 0;
    }
}

impl Together {
    /// Whether a peer is part of the mean.
    pub(crate) fn reads(&self, peer: &Peer) -> bool {
        self.members.get(peer).is_none_or(|member| !member.out)
    }

    /// Adds what `events` events cost by the sum and by the mean, and chooses.
    pub(crate) fn learn(&mut self, losses: [f64; 2], events: f64) {
        let now = usize::from(self.mean);
        self.mean = choose(now, &mut self.losses, &mut self.events, losses, events) == 1;
    }
}

/// Adds losses over events to those of before, and gives which of two is taken: the present one
/// while the other is not better by [`MARGIN`], or too few events have spoken.
fn choose(now: usize, losses: &mut [f64; 2], seen: &mut f64, more: [f64; 2], events: f64) -> usize {
    let keep = kept(events);
    for (sum, loss) in losses.iter_mut().zip(more) {
        *sum = *sum * keep + loss;
    }
    *seen = *seen * keep + events;
    let better = *seen >= EVENTS_MIN && losses[1 - now] < losses[now] - MARGIN;
    if better { 1 - now } else { now }
}

/// What is left of an old loss after so many events.
fn kept(events: f64) -> f64 {
    her_learn::math::exp(-events * std::f64::consts::LN_2 / HALF_LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_sum_and_mean_is_taken_when_enough_speaks_for_it() {
        let mut together = Together::default();
        together.learn([4.0, 1.0], 9.0);
        assert!(!together.mean, "nine events are few");
        together.learn([4.0, 1.0], 9.0);
        assert!(together.mean);
        together.learn([5.0, 11.5], 9.0);
        assert!(together.mean, "13.5 nats against 13 are no reason");
        together.learn([5.0, 9.0], 9.0);
        assert!(!together.mean);

        let mut member = Member::default();
        member.learn([1.0, 4.0], 18.0);
        assert!(member.out);
        member.learn([9.0, 4.0], 18.0);
        assert!(!member.out);
    }

    #[test]
    fn a_peer_is_read_when_events_spoke_for_it_and_left_when_they_speak_against_it() {
        let mut trust = Trust::default();
        trust.learn([8.0, 7.0, 4.0], 9.0);
        assert_eq!(trust.weight, Weight::None, "nine events are few");
        trust.learn([8.0, 7.0, 4.0], 9.0);
        assert_eq!(trust.weight, Weight::Whole);
        trust.learn([1.0, 9.0, 9.0], 18.0);
        assert_eq!(trust.weight, Weight::Whole, "17 nats with it are 17 without: no reason");
        trust.learn([1.0, 9.0, 9.0], 18.0);
        assert_eq!(trust.weight, Weight::None);
    }
}
