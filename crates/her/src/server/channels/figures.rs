//! The meter of one channel: who waits for whom, and how much is said.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Channel;
use crate::config::Channels as Bounds;

/// How fast people speak: 150 words a minute.
pub(super) const SPEECH_WORDS_PER_S: f64 = 2.5;
/// What speech carries, in seventeen languages: Coupé et al., Science Advances 2019.
pub(super) const SPEECH_BITS_PER_S: f64 = 39.15;

/// No time.
const NOT: u64 = u64::MAX;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The person thinks.
    Read,
    /// The person does not listen.
    Write,
    /// The identity works: ours, and near zero.
    Model,
}

impl Wait {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Model];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Model => "model",
        }
    }
}

/// Figures of one channel: a hundred bytes, written by its task and read by whoever looks.
pub(super) struct Figures {
    opened: Instant,
    opened_version: u64,
    waits_ns: [AtomicU64; 3],
    /// Since when the person is waited for, in milliseconds since the channel was opened; none
    /// while it is not.
    thinks_since_ms: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    messages: AtomicU64,
    words: AtomicU64,
    /// Time of conversation: silence counts up to `channels.away_s`.
    talk_ms: AtomicU64,
    /// When something was said last, in milliseconds since the channel was opened.
    spoke_ms: AtomicU64,
    spoke_version: AtomicU64,
}

impl Figures {
    pub fn new(opened: Instant, version: u64) -> Self {
        Self {
            opened,
            opened_version: version,
            waits_ns: [const { AtomicU64::new(0) }; 3],
            thinks_since_ms: AtomicU64::new(NOT),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            words: AtomicU64::new(0),
            talk_ms: AtomicU64::new(0),
            spoke_ms: AtomicU64::new(0),
            spoke_version: AtomicU64::new(version),
        }
    }

    pub fn waited(&self, what: Wait, time: Duration) {
        self.waits_ns[what as usize].fetch_add(time.as_nanos() as u64, Relaxed);
    }

    /// From now on the person is waited for.
    pub fn listens(&self, now: Instant) {
        self.thinks_since_ms.store(self.since_opened(now).as_millis() as u64, Relaxed);
    }

    /// The person was waited for, and is not any more.
    pub fn listened(&self, time: Duration) {
        self.thinks_since_ms.store(NOT, Relaxed);
        self.waited(Wait::Read, time);
    }

    /// Seconds of a wait, with the one that goes on.
    pub fn wait_s(&self, what: Wait, now: Instant) -> f64 {
        let done = self.waits_ns[what as usize].load(Relaxed) as f64 / 1e9;
        let since = self.thinks_since_ms.load(Relaxed);
        if what != Wait::Read || since == NOT {
            return done;
        }
        done + (self.since_opened(now).as_secs_f64() - since as f64 / 1e3).max(0.0)
    }

    pub fn sent(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Relaxed);
    }

    /// Something was said: it moves the time of the last word.
    pub fn spoke(&self, bytes: usize, words: u64, away: Duration, now: Instant) {
        let now_ms = self.since_opened(now).as_millis() as u64;
        let quiet = now_ms.saturating_sub(self.spoke_ms.swap(now_ms, Relaxed));
        self.talk_ms.fetch_add(quiet.min(away.as_millis() as u64), Relaxed);
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
        self.messages.fetch_add(1, Relaxed);
        self.words.fetch_add(words, Relaxed);
    }

    /// The version that answered what was said last.
    pub fn answered(&self, version: u64) {
        self.spoke_version.fetch_max(version, Relaxed);
    }

    /// Updates that the identity made since something was said.
    pub fn updates_since(&self, version: u64) -> u64 {
        version.saturating_sub(self.spoke_version.load(Relaxed))
    }

    fn since_opened(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.opened)
    }

    /// When something was said last, or the channel was opened.
    pub fn last_word(&self) -> Instant {
        self.opened + Duration::from_millis(self.spoke_ms.load(Relaxed))
    }

    /// True while the person is waited for, and was silent for a while.
    pub fn thinks(&self, silent: Duration, now: Instant) -> bool {
        self.thinks_since_ms.load(Relaxed) != NOT
            && now.saturating_duration_since(self.last_word()) >= silent
    }

    pub fn is_away(&self, bounds: &Bounds, now: Instant) -> bool {
        now.saturating_duration_since(self.last_word()) >= bounds.away
    }
}

/// What a program sees of a channel; the identity's durable version is given.
pub(super) fn json(channel: &Channel, bounds: &Bounds, version: u64, now: Instant) -> Value {
    let f = &channel.figures;
    let open_s = f.since_opened(now).as_secs_f64();
    let (talk_s, words) = (f.talk_ms.load(Relaxed) as f64 / 1e3, f.words.load(Relaxed));
    let words_per_s = (words > 0 && talk_s > 0.0).then(|| words as f64 / talk_s);
    let updates = version.saturating_sub(f.opened_version);
    let updates_per_s = if open_s > 0.0 { updates as f64 / open_s } else { 0.0 };
    let quiet_s = now.saturating_duration_since(f.last_word()).as_secs_f64();
    json!({
        "session": channel.session,
        "identity": channel.name,
        "door": channel.door,
        "state": if f.is_away(bounds, now) { "away" } else { "present" },
        "open_s": open_s,
        "quiet_s": quiet_s,
        "messages": f.messages.load(Relaxed),
        "bytes_in": f.bytes_in.load(Relaxed),
        "bytes_out": f.bytes_out.load(Relaxed),
        "wait_s": waits(|what| f.wait_s(what, now)),
        "words": words,
        "words_per_s": words_per_s,
        "bits_per_s": words_per_s.map(bits),
        "updates_since_spoke": f.updates_since(version),
        "updates_per_s": updates_per_s,
        "gap": words_per_s.map(|w| updates_per_s / w),
        "gap_to_speech": updates_per_s / SPEECH_WORDS_PER_S,
    })
}

/// The three waits as an object.
pub(super) fn waits(seconds: impl Fn(Wait) -> f64) -> Value {
    let all = Wait::ALL.into_iter().map(|what| (what.name().to_owned(), seconds(what).into()));
    all.collect::<serde_json::Map<_, _>>().into()
}

/// Bits a second of so many words, at what a spoken word carries.
fn bits(words_per_s: f64) -> f64 {
    words_per_s * SPEECH_BITS_PER_S / SPEECH_WORDS_PER_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_not_talk() {
        let start = Instant::now();
        let f = Figures::new(start, 10);
        let away = Duration::from_secs(15);
        f.spoke(20, 5, away, start + Duration::from_secs(2));
        f.spoke(20, 5, away, start + Duration::from_secs(1002));
        assert_eq!((f.talk_ms.load(Relaxed), f.words.load(Relaxed)), (17_000, 10));
        f.listens(start + Duration::from_secs(5));
        assert_eq!(f.wait_s(Wait::Read, start + Duration::from_secs(9)), 4.0);
        let last = start + Duration::from_secs(1002);
        assert!(!f.thinks(Duration::from_secs(1), last));
        assert!(f.thinks(Duration::from_secs(1), last + Duration::from_secs(1)));
        f.listened(Duration::from_secs(5));
        assert_eq!(f.wait_s(Wait::Read, start + Duration::from_secs(30)), 5.0);
        assert!(!f.thinks(Duration::from_secs(1), last + Duration::from_secs(9)), "it is answered");
        f.answered(20);
        f.answered(15);
        assert_eq!(f.updates_since(50), 30);
        let bounds = Bounds::default();
        assert!(!f.is_away(&bounds, start + Duration::from_secs(1016)));
        assert!(f.is_away(&bounds, start + Duration::from_secs(1017)));
        assert!((bits(SPEECH_WORDS_PER_S) - SPEECH_BITS_PER_S).abs() < 1e-12);
    }
}
