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
/// as the mean of all but those that harm it.
///
/// A sum of steps is near one learner while steps are small and exchanges frequent, and goes too
/// far otherwise; the mean of peers and reader never does (federated averaging: McMahan et al.
/// 2017). Which one is better is told by the same events as trust is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Together {
    /// Whether the mean is read.
    pub mean: bool,
    /// The sum, and the mean.
    pub judged: Judged,
    /// The mean as it is, and with all who are new: they may come in together.
    pub(crate) newcomers: Judged,
    pub(crate) members: BTreeMap<Peer, Member>,
}

/// What a peer does for the mean.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Member {
    pub place: Standing,
    /// The mean without it, and with it.
    pub judged: Judged,
}

/// Whether a peer is part of the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Not yet: nothing has spoken for it.
    #[default]
    New,
    In,
    /// No more: it did harm.
    Out,
}

/// What two ways to read cost a reader.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Judged {
    /// The reader's loss in nats by the one and by the other, summed over events with a half-life
    /// of [`HALF_LIFE`].
    pub losses: [f64; 2],
    /// Over how many events, with the same half-life.
    pub events: f64,
}

impl Judged {
    /// Adds what `events` events cost by the one and by the other. Gives which is taken: the one
    /// of now while the other is not better by [`MARGIN`], or too few events have spoken.
    pub(crate) fn choose(&mut self, now: usize, losses: [f64; 2], events: f64) -> usize {
        let keep = kept(events);
        for (sum, loss) in self.losses.iter_mut().zip(losses) {
            *sum = *sum * keep + loss;
        }
        self.events = self.events * keep + events;
        let better = self.losses[1 - now] < self.losses[now] - MARGIN;
        if better && self.events >= EVENTS_MIN { 1 - now } else { now }
    }
}

impl Member {
    /// Adds what `events` events cost without it and with it, and says whether it is part.
    pub(crate) fn learn(&mut self, losses: [f64; 2], events: f64) {
        let part = usize::from(self.place == Standing::In);
        match (part, self.judged.choose(part, losses, events)) {
            (0, 1) => self.place = Standing::In,
            (1, 0) => self.place = Standing::Out,
            _ => {}
        }
    }
}

impl Together {
    pub(crate) fn standing(&self, peer: &Peer) -> Standing {
        self.members.get(peer).map_or(Standing::New, |member| member.place)
    }

    /// Whether a peer is part of the mean.
    pub(crate) fn reads(&self, peer: &Peer) -> bool {
        self.standing(peer) == Standing::In
    }

    /// Adds what `events` events cost by the sum and by the mean, and chooses.
    pub(crate) fn learn(&mut self, losses: [f64; 2], events: f64) {
        self.mean = self.judged.choose(usize::from(self.mean), losses, events) == 1;
    }

    /// Takes note of peers who were never weighed. What spoke for other newcomers is no word for
    /// them: all who are new are judged together from now on.
    pub(crate) fn meet(&mut self, peers: impl Iterator<Item = Peer>) {
        for peer in peers {
            self.members.entry(peer).or_insert_with(|| {
                self.newcomers = Judged::default();
                Member::default()
            });
        }
    }

    /// Adds what `events` events cost by the mean as it is and with these newcomers, who come in
    /// if that is better.
    pub(crate) fn admit(&mut self, new: &[Peer], losses: [f64; 2], events: f64) {
        if self.newcomers.choose(0, losses, events) == 1 {
            self.newcomers = Judged::default();
            let part = Member { place: Standing::In, ..Member::default() };
            self.members.extend(new.iter().map(|peer| (*peer, part)));
        }
    }
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
    }

    #[test]
    fn nobody_is_part_of_the_mean_before_events_spoke_for_it() {
        let peer = |n: u8| Peer { key: [n; 32], identity: crate::journal::IdentityId([n; 16]) };
        let (new, mut together) = ([peer(1), peer(2)], Together::default());
        together.admit(&new, [9.0, 2.0], 9.0);
        assert!(!together.reads(&new[0]), "nine events are few");
        together.admit(&new, [9.0, 12.0], 9.0);
        assert!(together.reads(&new[0]) && together.reads(&new[1]) && !together.reads(&peer(3)));
        // What spoke for one newcomer lets no other one in.
        let more = [peer(3), peer(4)];
        together.meet(more[..1].iter().copied());
        together.admit(&more[..1], [20.5, 20.0], 20.0);
        together.meet(more.iter().copied());
        together.admit(&more, [2.0, 1.0], 1.0);
        assert!(!together.reads(&more[0]) && !together.reads(&more[1]));
        together.meet(more.iter().copied());
        together.admit(&more, [20.0, 19.0], 16.0);
        assert!(together.reads(&more[0]) && together.reads(&more[1]));
        let mut member = together.members[&new[0]];
        member.learn([1.0, 4.0], 18.0);
        assert_eq!(member.place, Standing::Out);
        member.learn([9.0, 4.0], 18.0);
        assert_eq!(member.place, Standing::In);
        let mut alone = Member::default();
        alone.learn([1.0, 4.0], 18.0);
        assert_eq!(alone.place, Standing::New);
        alone.learn([9.0, 4.0], 18.0);
        assert_eq!(alone.place, Standing::In);
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
