//! What a peer's rows are worth: nats that its reader gained, beside the bytes that brought them.
//!
//! At each exchange the reader predicts its own events since the last one with each peer's rows and
//! without, by models as they were at that exchange ([`her_identity::sync::trust`]). The loss
//! without is that of a shadow receiver, which was never sent the message; what is less than that
//! with the rows as they were read is what the message gained. The worth of a peer is beside the
//! rows of all others as they are read: what two peers both know, neither of them gains alone.
//!
//! **Source** Zhang, W. et al., 2020. Measuring information transfer in neural networks
//! (prequential code length as what was transferred).

use std::collections::BTreeMap;
use std::f64::consts::LN_2;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use her_identity::Result;
use her_identity::sync::trust::HALF_LIFE;
use her_identity::sync::{Peer, Shared, limits};
use prometheus_client::metrics::counter::Counter;
use serde::{Deserialize, Serialize};

use super::{Report, Syncs, lock};

/// What is known of a peer's worth to one reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Merit {
    /// Nats of the reader's loss that the peer's rows, as they were read, saved: with harm taken
    /// off, so that it may be negative.
    pub gain_nats: f64,
    /// Own events over which that was measured.
    pub events: u64,
    /// Rows, or steps of rows, of this peer that came, from whomever.
    pub rows: u64,
    /// Their bytes, as they came.
    pub bytes: u64,
}

impl Merit {
    /// Nats for each thousand bytes; none before bytes came.
    pub fn nats_per_kb(&self) -> Option<f64> {
        (self.bytes > 0).then(|| self.gain_nats * 1e3 / self.bytes as f64)
    }
}

/// Figures over all identities and peers, for `/metrics`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub gain_nats: Counter<f64, AtomicU64>,
    pub harm_nats: Counter<f64, AtomicU64>,
    pub sent_bytes: Counter,
    pub got_bytes: Counter,
    pub exchanges: Counter,
    pub failed: Counter,
}

impl Totals {
    /// An exchange that this node began.
    pub(super) fn exchange(&self, report: &Report) {
        self.exchanges.inc();
        self.failed.inc_by(u64::from(report.error.is_some()));
        self.bytes(report.got_bytes, report.sent_bytes);
    }

    /// Bytes of rows that came and went.
    pub(super) fn bytes(&self, got: usize, sent: usize) {
        self.got_bytes.inc_by(got as u64);
        self.sent_bytes.inc_by(sent as u64);
    }
}

/// The worth of each peer to each identity.
#[derive(Debug, Default)]
pub(super) struct Merits {
    known: Mutex<BTreeMap<(String, Peer), Merit>>,
    pub totals: Totals,
}

impl Merits {
    /// Goes on from what was known.
    pub fn of_kept(known: BTreeMap<(String, Peer), Merit>) -> Self {
        Self { known: Mutex::new(known), totals: Totals::default() }
    }

    /// All that is known.
    pub fn all(&self) -> BTreeMap<(String, Peer), Merit> {
        lock(&self.known).clone()
    }

    /// What a peer is worth to an identity.
    pub fn of(&self, identity: &str, peer: &Peer) -> Merit {
        lock(&self.known).get(&(identity.to_owned(), *peer)).copied().unwrap_or_default()
    }

    /// A row of a peer came, in so many bytes.
    pub fn came(&self, identity: &str, peer: Peer, bytes: usize) {
        let mut known = lock(&self.known);
        let merit = known.entry((identity.to_owned(), peer)).or_default();
        merit.rows += 1;
        merit.bytes += bytes as u64;
    }

    /// An exchange weighed peers: how they were known before it, and after.
    fn weighed(&self, identity: &str, peers: impl Iterator<Item = (Peer, Known, Known)>) {
        for (peer, before, after) in peers {
            let Some((events, gain)) = gained(before, after) else { continue };
            let mut known = lock(&self.known);
            let merit = known.entry((identity.to_owned(), peer)).or_default();
            merit.gain_nats += gain;
            merit.events += u64::from(events);
            let total = if gain > 0.0 { &self.totals.gain_nats } else { &self.totals.harm_nats };
            total.inc_by(gain.abs());
        }
    }
}

/// The losses without a peer and with it, and over how many events: [`Shared::losses_by`].
type Known = ([f64; 2], f64);

impl Syncs {
    /// An exchange is done: how each peer was known before it is held against how it is now.
    pub(super) fn weighed(&self, identity: &str, before: Option<Shared>) -> Result<()> {
        let before = before.unwrap_or_default();
        let peers = self.house.look(identity, move |of| {
            let after = of.state().shared()?;
            // By how it was read before: that is what was paid for.
            let known = |of: &Shared, peer: &Peer| of.losses_by(peer, &before);
            let peers = after.trust().keys();
            let peers = peers.map(|peer| (*peer, known(&before, peer), known(after, peer)));
            Some(peers.collect::<Vec<_>>())
        })?;
        self.merits.weighed(identity, peers.into_iter().flatten());
        Ok(())
    }

    /// What a peer is worth to an identity.
    pub fn merit(&self, identity: &str, peer: &Peer) -> Merit {
        self.merits.of(identity, peer)
    }

    /// Figures over all identities and peers.
    pub fn totals(&self) -> &Totals {
        &self.merits.totals
    }
}

/// By how many own events a peer was weighed between two states of what is known of it, and the
/// nats that its rows saved on them as they were read; none when it was not weighed.
///
/// Losses are sums with a half-life. How many events came to them follows from how their number
/// changed by the same rule, to the bit.
fn gained(before: Known, after: Known) -> Option<(u32, f64)> {
    let keep = |events: u32| her_learn::math::exp(-f64::from(events) * LN_2 / HALF_LIFE);
    let fits = |events: &u32| {
        let sum = before.1 * keep(*events) + f64::from(*events);
        sum.to_bits() == after.1.to_bits()
    };
    let events = (1..=limits::LESSON_EVENTS as u32).find(fits)?;
    let now = |at: usize| after.0[at] - before.0[at] * keep(events);
    Some((events, now(0) - now(1)))
}

#[cfg(test)]
mod tests {
    use her_identity::sync::{Trust, Weight};

    use super::*;

    /// What an exchange makes of it.
    fn learn(trust: &mut Trust, losses: [f64; 3], events: f64) {
        let keep = her_learn::math::exp(-events * LN_2 / HALF_LIFE);
        for (sum, loss) in trust.losses.iter_mut().zip(losses) {
            *sum = *sum * keep + loss;
        }
        trust.events = trust.events * keep + events;
    }

    #[test]
    fn the_gain_of_a_window_is_the_loss_without_less_the_loss_as_it_was_read() {
        let mut trust = Trust::default();
        let known = |trust: &Trust, read: Weight| {
            ([trust.losses[0], trust.losses[read as usize]], trust.events)
        };
        let mut step = |losses, events, weight| {
            let (before, read) = (trust, trust.weight);
            learn(&mut trust, losses, events);
            let gained = gained(known(&before, read), known(&trust, read)).unwrap();
            trust.weight = weight;
            gained
        };
        // Not read yet: nothing gained.
        assert_eq!(step([20.0, 18.0, 9.0], 256.0, Weight::Whole), (256, 0.0));
        let (events, gain) = step([12.0, 10.0, 5.0], 31.0, Weight::Part);
        assert_eq!((events, (gain - 7.0).abs() < 1e-9), (31, true), "{gain}");
        // Over many events, and read to one's harm.
        for _ in 0..300 {
            step([100.0, 100.0, 100.0], 256.0, Weight::Part);
        }
        let (events, gain) = step([3.0, 5.0, 1.0], 1.0, Weight::None);
        assert_eq!((events, (gain + 2.0).abs() < 1e-9), (1, true), "{gain}");
        let now = known(&trust, Weight::None);
        assert_eq!(gained(now, now), None, "it was not weighed");
    }

    #[test]
    fn gain_and_harm_are_counted_apart_in_total() {
        let merits = Merits::default();
        let peer = Peer { key: [1; 32], identity: her_identity::journal::IdentityId([2; 16]) };
        let mut trust = Trust::default();
        let whole = |trust: &Trust| ([trust.losses[0], trust.losses[2]], trust.events);
        for losses in [[9.0, 5.0, 4.0], [1.0, 2.0, 3.0]] {
            let before = whole(&trust);
            learn(&mut trust, losses, 20.0);
            merits.weighed("sam", std::iter::once((peer, before, whole(&trust))));
        }
        merits.came("sam", peer, 600);
        let merit = merits.of("sam", &peer);
        assert_eq!((merit.events, merit.rows, merit.bytes), (40, 1, 600));
        assert!((merit.gain_nats - 3.0).abs() < 1e-9, "{merit:?}");
        assert!((merit.nats_per_kb().unwrap() - 5.0).abs() < 1e-9);
        let totals = &merits.totals;
        assert!((totals.gain_nats.get() - 5.0).abs() < 1e-9);
        assert!((totals.harm_nats.get() - 2.0).abs() < 1e-9);
        assert_eq!(merits.of("eve", &peer), Merit::default());
    }
}
