//! The figures that rules may name: each a number with a unit, and when it was read.

use crate::{Result, wrong};

/// A declared figure.
#[derive(Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in rules.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it measures.
    pub help: &'static str,
}

const fn figure(name: &'static str, unit: &'static str, help: &'static str) -> Figure {
    Figure { name, unit, help }
}

/// Every figure. Rates and percentiles are computed before; a rule only compares.
pub const DECLARED: &[Figure] = &[
    figure(
        "io_wait_ratio",
        "ratio",
        "time that its channels waited for people, over the time that it worked for them, in the \
         last minute",
    ),
    figure("channels", "channels", "channels that are open to it"),
    figure("update_rate", "updates/s", "updates that it learned, over the last ten seconds"),
    figure("lag", "updates", "updates that it has applied and that are not durable yet"),
    figure("drift", "alarms", "drift alarms on its own loss in the last ten minutes"),
    figure(
        "bits_saved_rate",
        "bits/s",
        "code length that learning saves against the frozen shadow, over the last minute",
    ),
    figure("version", "events", "its version"),
    figure("queue_depth", "events", "events that wait for the learners of this node"),
    figure("predict_p99", "ms", "99 of 100 predictions of this node in the last minute took less"),
    figure("commit_p99", "ms", "99 of 100 commits of this node in the last minute took less"),
    figure("memory", "MiB", "memory that this process has in use"),
    figure("memory_share", "0 to 1", "share of this machine's memory that is in use"),
    figure("load", "per core", "processes that want a core of this machine, over its cores"),
    figure("tier", "tier", "this node's tier"),
    figure(
        "max_tier",
        "tier",
        "the highest tier of the nodes that this one knows, itself included",
    ),
    figure("peers", "nodes", "other nodes that this one may send identities to"),
];

/// How many figures there are.
pub const COUNT: usize = DECLARED.len();

/// A reading that is older than this is stale, in milliseconds.
pub const STALE_MS: u64 = 5_000;

/// The place of a figure in [`DECLARED`].
pub fn find(name: &str) -> Result<usize> {
    if let Some(place) = DECLARED.iter().position(|figure| figure.name == name) {
        return Ok(place);
    }
    let names: Vec<&str> = DECLARED.iter().map(|figure| figure.name).collect();
    wrong(format!("there is no figure {name:?}; there are {}", names.join(", ")))
}

/// What was read of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The number, in the figure's unit.
    pub value: f64,
    /// When it was read, in the milliseconds that gates are stepped with.
    pub at_ms: u64,
}

/// All figures of one identity at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures([Option<Reading>; COUNT]);

/// What there is of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// A number that was read a moment ago.
    Fresh(f64),
    /// It was not read.
    Missing,
    /// It was read too long ago.
    Stale(f64),
    /// It was read and is no number.
    Nan,
}

impl Figures {
    /// Notes a reading.
    pub fn set(&mut self, name: &str, value: f64, at_ms: u64) -> Result<()> {
        self.0[find(name)?] = Some(Reading { value, at_ms });
        Ok(())
    }

    /// Notes a reading at its place in [`DECLARED`]; places beyond it are ignored.
    pub fn put(&mut self, place: usize, value: f64, at_ms: u64) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(Reading { value, at_ms });
        }
    }

    /// Takes in all that was read of others; what was not stays as it is.
    pub fn take_in(&mut self, others: &Self) {
        for (mine, other) in self.0.iter_mut().zip(&others.0) {
            *mine = other.or(*mine);
        }
    }

    /// The reading at a place.
    pub fn get(&self, place: usize) -> Option<Reading> {
        self.0.get(place).copied().flatten()
    }

    /// What there is of a figure at a time.
    pub fn look(&self, place: usize, now_ms: u64) -> Found {
        match self.get(place) {
            None => Found::Missing,
            Some(r) if r.value.is_nan() => Found::Nan,
            // A reading of the future tells that a clock went back: it is as good as none.
            Some(r) if r.at_ms > now_ms.saturating_add(STALE_MS) => Found::Stale(r.value),
            Some(r) if now_ms.saturating_sub(r.at_ms) > STALE_MS => Found::Stale(r.value),
            Some(r) => Found::Fresh(r.value),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn readings_are_fresh_stale_missing_or_no_number() {
        let mut figures = Figures::default();
        let tier = find("tier").unwrap();
        assert_eq!(figures.look(tier, 0), Found::Missing);
        figures.set("tier", 2.0, 10_000).unwrap();
        assert_eq!(figures.look(tier, 15_000), Found::Fresh(2.0));
        assert_eq!(figures.look(tier, 15_001), Found::Stale(2.0));
        assert_eq!(figures.look(tier, 1_000), Found::Stale(2.0));
        figures.set("tier", f64::NAN, 10_000).unwrap();
        assert_eq!(figures.look(tier, 10_000), Found::Nan);
        assert!(figures.set("teir", 1.0, 0).unwrap_err().0.contains("max_tier"));
    }
}
