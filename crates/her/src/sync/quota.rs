//! How many bytes a peer sent and was sent in the last 24 hours, and what is left of its quota.
//!
//! Rows that do not fit wait, and nothing is lost by it: a row holds all that its origin learned,
//! and the other side says at the next exchange what it has.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Hours that are counted.
const HOURS: usize = 24;
const HOUR: u64 = 3600;

/// Bytes of the last 24 hours, the present one among them, hour by hour: what is older than that
/// no longer counts, so room comes back within an hour.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Day {
    hours: [u64; HOURS],
    /// The hour that was counted last, since 1970: what is counted outlives the process.
    at: u64,
}

impl Day {
    fn go_to(&mut self, now: Duration) {
        let hour = now.as_secs() / HOUR;
        // A clock that was far ahead once must not keep a peer waiting until then.
        self.at = self.at.min(hour + HOURS as u64);
        for ago in 0..hour.saturating_sub(self.at).min(HOURS as u64) {
            self.hours[((hour - ago) % HOURS as u64) as usize] = 0;
        }
        self.at = self.at.max(hour);
    }

    fn add(&mut self, now: Duration, bytes: u64) {
        self.go_to(now);
        self.hours[(self.at % HOURS as u64) as usize] += bytes;
    }

    fn sum(&mut self, now: Duration) -> u64 {
        self.go_to(now);
        self.hours.iter().sum()
    }

    /// After how long the oldest bytes no longer count.
    fn eases(&mut self, now: Duration) -> Duration {
        self.go_to(now);
        let oldest = (1..=HOURS as u64)
            .rev()
            .find(|ago| {
                self.hours[((self.at + HOURS as u64 + 1 - ago) % HOURS as u64) as usize] > 0
            })
            .unwrap_or(0);
        // An hour's bytes go when the 24th hour after it begins.
        let goes = (self.at + 1 - oldest.min(self.at + 1)) + HOURS as u64;
        Duration::from_secs(goes * HOUR).saturating_sub(now)
    }
}

/// Which way rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the peer.
    To,
    /// From it.
    From,
}

/// What one peer used of its quota.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Quota {
    to: Day,
    from: Day,
}

/// What is told of a quota.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Used {
    /// Bytes that the peer was sent in the last 24 hours.
    pub sent_bytes: u64,
    /// Bytes of it that were taken in the last 24 hours.
    pub got_bytes: u64,
    /// How many there may be each way; none where there is no bound.
    pub bytes_per_day: Option<u64>,
}

impl Quota {
    fn day(&mut self, way: Way) -> &mut Day {
        match way {
            Way::To => &mut self.to,
            Way::From => &mut self.from,
        }
    }

    /// Splits messages into those that the quota has room for, in their order, which count from
    /// now on, and how many are left; with why, in words. `limit` of 0 is none.
    pub fn split(
        &mut self,
        way: Way,
        parts: Vec<Vec<u8>>,
        (now, limit): (Duration, u64),
        peer: &str,
    ) -> (Vec<Vec<u8>>, Option<String>) {
        let day = self.day(way);
        let (mut used, mut fit) = (day.sum(now), Vec::new());
        let mut parts = parts.into_iter();
        let over = parts.by_ref().find_map(|part| {
            let bytes = part.len() as u64;
            if limit > 0 && used + bytes > limit {
                return Some(bytes);
            }
            used += bytes;
            day.add(now, bytes);
            fit.push(part);
            None
        });
        let told = over.map(|bytes| {
            let way = if way == Way::To { "sent to" } else { "taken from" };
            let (left, minutes) = (parts.len() + 1, day.eases(now).as_secs().div_ceil(60));
            let when = if bytes > limit {
                format!("one of them has {bytes} and does not fit into a day")
            } else {
                format!("there is more room in {minutes} min")
            };
            format!(
                "{used} of {limit} bytes in 24 hours were {way} {peer} (sync.bytes_per_day); rows \
                 that wait: {left}, nothing is lost; {when}"
            )
        });
        (fit, told)
    }

    /// Whether nothing of it counts any more.
    pub fn is_free(&mut self, now: Duration) -> bool {
        self.to.sum(now) == 0 && self.from.sum(now) == 0
    }

    /// What was used.
    pub fn used(&mut self, now: Duration, limit: u64) -> Used {
        Used {
            sent_bytes: self.to.sum(now),
            got_bytes: self.from.sum(now),
            bytes_per_day: (limit > 0).then_some(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(n: u64) -> Duration {
        Duration::from_secs(n * HOUR)
    }

    #[test]
    fn what_does_not_fit_waits_until_the_first_bytes_are_a_day_old() {
        let mut quota = Quota::default();
        let parts = |n: usize| vec![vec![0; 40]; n];
        let mut split = |way, n, at: Duration| {
            let (fit, told) = quota.split(way, parts(n), (at, 100), "b/sam");
            (fit.len(), told)
        };
        assert_eq!(split(Way::To, 1, hours(3)), (1, None));
        let (fit, told) = split(Way::To, 3, hours(5) + Duration::from_mins(1));
        assert_eq!(fit, 1);
        let told = told.unwrap();
        assert!(told.starts_with("80 of 100 bytes in 24 hours were sent to b/sam"), "{told}");
        // What was sent at 3 no longer counts when 27 begins.
        assert!(told.contains("rows that wait: 2") && told.contains("in 1319 min"), "{told}");
        // The other way has a quota of its own.
        assert_eq!(split(Way::From, 2, hours(5)), (2, None));
        assert_eq!(split(Way::To, 1, hours(26)).0, 0);
        assert_eq!(split(Way::To, 1, hours(27)), (1, None));
        assert_eq!(split(Way::To, 1, hours(28)).0, 0);
        // After a long silence all of it is there again.
        assert_eq!(split(Way::To, 2, hours(1000)), (2, None));
        assert!(!quota.is_free(hours(1000)) && quota.clone().is_free(hours(1024)));
        let used = quota.used(hours(1000), 100);
        assert_eq!((used.sent_bytes, used.got_bytes, used.bytes_per_day), (80, 0, Some(100)));
    }

    #[test]
    fn a_clock_that_was_far_ahead_holds_nothing_up_for_longer_than_a_day() {
        let mut quota = Quota::default();
        let split = |quota: &mut Quota, at| {
            quota.split(Way::To, vec![vec![0; 60]], (hours(at), 100), "b/sam").0.len()
        };
        assert_eq!(split(&mut quota, 1_000_000), 1);
        // Set right again: what was used counts still, but no longer than it would have.
        assert_eq!(split(&mut quota, 500), 0);
        assert_eq!(split(&mut quota, 549), 1);
    }

    #[test]
    fn a_limit_of_nothing_is_none() {
        let mut quota = Quota::default();
        let (fit, told) = quota.split(Way::To, vec![vec![0; 1 << 20]], (hours(1), 0), "b/sam");
        assert_eq!((fit.len(), told), (1, None));
        assert_eq!(quota.used(hours(1), 0).bytes_per_day, None);
        let (fit, told) = quota.split(Way::From, vec![vec![0; 101]], (hours(1), 100), "b/sam");
        assert!(fit.is_empty() && told.unwrap().ends_with("has 101 and does not fit into a day"));
    }
}
