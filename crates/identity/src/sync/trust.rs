//! How a peer is read: not at all, in part, or whole, by what it did for the reader's own
//! predictions.
//!
//! The events that were learned since the last exchange are predicted by models as they were at
//! that exchange, with the peer's rows and without: none of these models has seen the events.
//! A peer that is new is not read until so many events have spoken for it, unless the reader
//! learns from nobody else. A poisoned peer comes to weight 0 by that, without anybody's doing.

use serde::{Deserialize, Serialize};

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
        let keep = her_learn::math::exp(-events * std::f64::consts::LN_2 / HALF_LIFE);
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

#[cfg(test)]
mod tests {
    use super::*;

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
