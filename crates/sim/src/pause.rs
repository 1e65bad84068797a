//! How long learning stands still while an identity moves, and how well that is known.
//!
//! The median is `base + per_mib · state + round_trips · rtt`; the first two parts are spread
//! log-normally. [`MEASURED`] is what they are calibrated against: moves of the real thing, in one
//! process and on one disk. The round trips are counted in the protocol, not measured.

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// Moves that were measured: `bench/results/2026-11-26-4-departure.md`.
pub const MEASURED: [Measured; 4] = [
    Measured { state_mb: 0.0018, updates_per_s: 10_000, p50_ms: 2.72, p99_ms: 3.02 },
    Measured { state_mb: 0.8, updates_per_s: 10_000, p50_ms: 3.25, p99_ms: 4.15 },
    Measured { state_mb: 42.8, updates_per_s: 10_000, p50_ms: 6.27, p99_ms: 12.27 },
    Measured { state_mb: 0.0018, updates_per_s: 40_000, p50_ms: 3.07, p99_ms: 5.11 },
];

/// 60 moves of one identity under load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Its state, in MB.
    pub state_mb: f64,
    /// What it learned meanwhile.
    pub updates_per_s: u32,
    /// The median of the pauses.
    pub p50_ms: f64,
    /// 99 of 100 were shorter.
    pub p99_ms: f64,
}

/// Moves between two processes, by `bench/moves.py`: `bench/results/2026-11-26-5-planet.md`. The
/// model is compared with them and not fitted to them: on the day the disk was not ours alone.
pub const BETWEEN: [Between; 4] = [
    Between { disk: false, state_mb: 0.0053, p50_ms: 0.59 },
    Between { disk: false, state_mb: 0.403, p50_ms: 0.87 },
    Between { disk: true, state_mb: 0.0053, p50_ms: 28.66 },
    Between { disk: true, state_mb: 0.403, p50_ms: 30.45 },
];

/// 40 moves of one identity between two processes under load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Between {
    /// True when the journals lay on a disk, which others kept busy; else they lay in memory.
    pub disk: bool,
    /// Its state, in MB.
    pub state_mb: f64,
    /// The median of the pauses.
    pub p50_ms: f64,
}

/// The model of a pause.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pause {
    /// What every move takes, in milliseconds.
    pub base_ms: f64,
    /// What each MiB of state adds, in milliseconds.
    pub per_mib_ms: f64,
    /// How many times a message goes to the other node and back while learning stands still:
    /// twice between the two, once to the register.
    pub round_trips: f64,
    /// The deviation of the pause's logarithm.
    pub spread: f64,
}

impl Default for Pause {
    /// Least squares on the medians of [`MEASURED`]; the spread is the mean of what their 99th
    /// percentiles say.
    fn default() -> Self {
        Self { base_ms: 2.99, per_mib_ms: 0.0804, round_trips: 3.0, spread: 0.164 }
    }
}

const MIB: f64 = 1_048_576.0;
/// How many deviations the 99th percentile of a normal distribution lies above its mean.
const P99: f64 = 2.326;

/// How far the model is from what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// The median, as a share of what was measured: the greatest error of the rows.
    pub p50_error: f64,
    /// The 99th percentile.
    pub p99_error: f64,
    /// How many times the model's median those of [`BETWEEN`] are, in memory: the least and the
    /// most.
    pub between_in_memory: (f64, f64),
    /// The same on a disk that others kept busy.
    pub between_on_disk: (f64, f64),
}

impl Pause {
    /// The pause that half of all moves stay below, in milliseconds.
    pub fn median_ms(&self, bytes: f64, rtt_ms: f64) -> f64 {
        self.local_ms(bytes) + self.round_trips * rtt_ms
    }

    fn local_ms(&self, bytes: f64) -> f64 {
        self.base_ms + self.per_mib_ms * bytes / MIB
    }

    pub(crate) fn draw_ms(&self, rng: &mut Rng, bytes: f64, rtt_ms: f64) -> f64 {
        let spread = libm::exp(self.spread * rng.normal());
        self.local_ms(bytes) * spread + self.round_trips * rtt_ms
    }

    /// How far it is from [`MEASURED`] and from [`BETWEEN`].
    pub fn calibration(&self) -> Calibration {
        let between = |disk| {
            let rows = BETWEEN.iter().filter(|row| row.disk == disk);
            let times = rows.map(|row| row.p50_ms / self.median_ms(row.state_mb * 1e6, 0.0));
            times.fold((f64::INFINITY, 0.0), |(least, most), t| (t.min(least), t.max(most)))
        };
        let mut most = Calibration {
            p50_error: 0.0,
            p99_error: 0.0,
            between_in_memory: between(false),
            between_on_disk: between(true),
        };
        for row in MEASURED {
            let p50 = self.median_ms(row.state_mb * 1e6, 0.0);
            let p99 = p50 * libm::exp(self.spread * P99);
            most.p50_error = most.p50_error.max((p50 / row.p50_ms - 1.0).abs());
            most.p99_error = most.p99_error.max((p99 / row.p99_ms - 1.0).abs());
        }
        most
    }
}
