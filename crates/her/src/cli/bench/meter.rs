//! Time and memory of a measured part.

use her_identity::Result;
use her_identity::clock::{Clock, RealClock};
use serde_json::{Value, json};

/// One contestant's figures.
#[derive(Debug, Clone)]
pub struct Line {
    who: String,
    n: u64,
    cpu_s: f64,
    wall_s: f64,
    /// True where a disk or a thread is waited for, so that only the wall's time counts.
    waits: bool,
    p99_ms: Option<f64>,
    bytes: Option<f64>,
}

impl Line {
    pub fn json(&self, case: &str) -> Value {
        let seconds = if self.waits { self.wall_s } else { self.cpu_s };
        let mut line = json!({
            "case": case,
            "who": self.who,
            "n": self.n,
            "cpu_s": self.cpu_s,
            "wall_s": self.wall_s,
            "events_per_s": self.n as f64 / seconds.max(1e-9),
        });
        if let Some(p99) = self.p99_ms {
            line["p99_ms"] = p99.into();
        }
        if let Some(bytes) = self.bytes {
            line["bytes"] = bytes.into();
        }
        line
    }

    pub fn with_p99(mut self, latencies_ns: &mut [u64]) -> Self {
        latencies_ns.sort_unstable();
        let at = (latencies_ns.len() * 99 / 100).min(latencies_ns.len().saturating_sub(1));
        self.p99_ms = latencies_ns.get(at).map(|ns| *ns as f64 / 1e6);
        self
    }

    /// The same with the time that the events took, and that of the processor, when both were
    /// told elsewhere.
    pub fn lasting(mut self, wall_s: f64, cpu_s: f64) -> Self {
        self.wall_s = wall_s;
        self.cpu_s = cpu_s;
        self
    }

    pub fn with_bytes(mut self, bytes: f64) -> Self {
        self.bytes = Some(bytes);
        self
    }
}

/// Adds up measured parts of one contestant.
pub struct Meter {
    clock: RealClock,
    line: Line,
}

impl Meter {
    /// A contestant whose processor time counts.
    pub fn of_work(who: &str) -> Self {
        let who = who.to_owned();
        let clock = RealClock::new();
        let line =
            Line { who, n: 0, cpu_s: 0.0, wall_s: 0.0, waits: false, p99_ms: None, bytes: None };
        Self { clock, line }
    }

    /// A contestant who waits.
    pub fn of_waiting(who: &str) -> Self {
        let mut meter = Self::of_work(who);
        meter.line.waits = true;
        meter
    }

    /// Measures some work, which says how many events it did.
    pub fn part(&mut self, work: impl FnOnce() -> Result<u64>) -> Result<()> {
        let (cpu, wall) = (cpu_seconds(), self.clock.monotonic_ns());
        let n = work()?;
        let (cpu_end, wall_end) = (cpu_seconds(), self.clock.monotonic_ns());
        let wall_s = (wall_end - wall) as f64 / 1e9;
        self.line.n += n;
        self.line.wall_s += wall_s;
        // Where the system does not tell the processor's time, the wall's is an upper bound.
        self.line.cpu_s += cpu.zip(cpu_end).map_or(wall_s, |(from, to)| to - from);
        Ok(())
    }

    /// The figures.
    pub fn line(self) -> Line {
        self.line
    }

    /// Nanoseconds since the meter was made.
    pub fn now_ns(&self) -> u64 {
        self.clock.monotonic_ns()
    }
}

/// Seconds that this process's threads had a processor, as far as Linux tells in nanoseconds.
fn cpu_seconds() -> Option<f64> {
    let mut ns = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        ns += text.split(' ').next()?.trim().parse::<u64>().ok()?;
    }
    Some(ns as f64 / 1e9)
}
