//! What `/metrics` says of channels: by kind, never by channel.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::figures::Wait;
use super::{Channels, Parked};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// Figures of all channels since the server began.
pub(crate) struct ChannelMetrics {
    waits: Family<Kind, Counter<f64, AtomicU64>>,
    /// The counters of the three waits, so that counting looks nothing up.
    wait: [Counter<f64, AtomicU64>; 3],
    states: Family<Kind, Gauge>,
    parked: Family<Kind, Counter>,
    pub messages: Counter,
    pub words: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    pub resumed: Counter,
    pub rehearsed: Counter,
}

impl Default for ChannelMetrics {
    fn default() -> Self {
        let waits: Family<Kind, Counter<f64, AtomicU64>> = Family::default();
        let wait = Wait::ALL.map(|what| waits.get_or_create(&Kind { kind: what.name() }).clone());
        Self {
            waits,
            wait,
            states: Family::default(),
            parked: Family::default(),
            messages: Counter::default(),
            words: Counter::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
            resumed: Counter::default(),
            rehearsed: Counter::default(),
        }
    }
}

impl ChannelMetrics {
    pub fn register(&self, r: &mut Registry) {
        r.register(
            "channel_wait_seconds",
            "Time that channels waited: for people to speak, for people to listen, for models",
            self.waits.clone(),
        );
        r.register("channels", "Open channels by presence", self.states.clone());
        r.register("channels_parked", "Channels that ended, by reason", self.parked.clone());
        r.register("channels_resumed", "Sessions that came back", self.resumed.clone());
        r.register(
            "channel_rehearsed_events",
            "Events that were learned a second time while people thought",
            self.rehearsed.clone(),
        );
        r.register("channel_messages", "Messages of people and devices", self.messages.clone());
        r.register("channel_words", "Words that people said", self.words.clone());
        r.register("channel_in_bytes", "Bytes of messages", self.bytes_in.clone());
        r.register("channel_out_bytes", "Bytes of answers", self.bytes_out.clone());
        for why in Parked::ALL {
            drop(self.parked.get_or_create(&Kind { kind: why.name() }));
        }
    }

    pub(super) fn waited(&self, what: Wait, time: Duration) {
        self.wait[what as usize].inc_by(time.as_secs_f64());
    }

    pub(super) fn parked(&self, why: Parked) {
        self.parked.get_or_create(&Kind { kind: why.name() }).inc();
    }

    pub(super) fn wait_s(&self, what: Wait) -> f64 {
        self.wait[what as usize].get()
    }

    pub(super) fn parked_so_far(&self) -> u64 {
        Parked::ALL
            .iter()
            .map(|why| self.parked.get_or_create(&Kind { kind: why.name() }).get())
            .sum()
    }

    /// Counts who is there now.
    pub(crate) fn look(&self, channels: &Channels) {
        let now = Instant::now();
        let open = channels.open();
        let away = open.values().filter(|c| c.figures.is_away(&channels.bounds, now)).count();
        let set = |kind, n: usize| self.states.get_or_create(&Kind { kind }).set(n as i64);
        set("away", away);
        set("present", open.len() - away);
    }
}
