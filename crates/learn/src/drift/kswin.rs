//! `KSWIN`: compares the latest numbers with a sample of the older ones.
//!
//! Of the last `window_size` numbers, the newest `stat_size` are compared with as many drawn from
//! the others, by the two-sample test of Kolmogorov and Smirnov. A change is reported when the
//! exact probability of so large a distance is at most `alpha` and the distance is above 0.1. The
//! next number then starts over, with an empty window and the seed's first numbers.
//!
//! **Shape** any numbers. **Cost** 8 bytes a number of the window plus 2.5 KiB; once the window is
//! full, each number draws and sorts `2·stat_size` numbers. **Errors** none.
//!
//! ```
//! use her_learn::drift::{KSWIN, kswin::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut detector = KSWIN::new(Params { alpha: 1e-4, seed: Some(42), ..Params::default() })?;
//! let change = (0..2000).find(|i| {
//!     detector.update(f64::from(i % 2 + if *i < 1000 { 0 } else { 4 }));
//!     detector.drift_detected()
//! });
//! assert!((1000..1030).contains(&change.unwrap()));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Raab, C., Heusinger, M. and Schleif, F.-M., 2020. Reactive soft prototype computing
//! for concept drift streams. Hodges, J.L., 1958. The significance probability of the Smirnov
//! two-sample test. River, `drift/kswin.py`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::{Attribute, DriftDetector};
use crate::features::Names;
use crate::params::check_range;
use crate::rng::Rng;

/// Beyond so many numbers River's test becomes approximate.
const STAT_SIZE_MAX: usize = 10_000;

crate::params! {
    /// Parameters of [`KSWIN`].
    pub struct Params {
        /// How probable a false alarm may be at one number, between 0 and 1; below 0.01 is wise.
        alpha: f64 = 0.005,
        /// How many numbers are kept: at least twice `stat_size`.
        window_size: usize = 100,
        /// How many of the newest numbers are compared, 1 to 10,000.
        stat_size: usize = 30,
        /// The seed of the sample; without one it is 0, where River draws one.
        seed: Option<u64> = None,
        /// Numbers to begin with, so that the window fills sooner.
        window: Option<Vec<f64>> = None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    window: VecDeque<f64>,
    rng: Rng,
    /// The distance of the last comparison, times `stat_size`; nothing before the first.
    distance: Option<u32>,
    drift: bool,
}

/// Buffers of one comparison.
#[derive(Debug, Clone, Default)]
struct Work {
    picked: Vec<usize>,
    pool: Vec<usize>,
    old: Vec<f64>,
    new: Vec<f64>,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct KSWIN {
    params: Params,
    /// The smallest distance that is a change, times `stat_size`.
    limit: u32,
    state: State,
    work: Work,
}

crate::estimator! {
    KSWIN in "drift" as DriftDetector, version 1, name "KSWIN",
    "Compares the latest numbers with a sample of the older ones",
    example = serde_json::json!({"KSWIN": {"seed": 42}}),
    attribute = |kswin: &KSWIN, name: &str, _: &Names<'_>| {
        (name == "p_value").then(|| Attribute::Float(kswin.p_value()))
    },
    merge = local "a detector watches one peer's own stream",
}

/// The probability that two samples of `n` numbers each are `h/n` or more apart, if they come from
/// the same source: twice an alternating sum of quotients of binomial coefficients, evaluated from
/// its smallest term as nested products.
fn probability(n: u32, h: u32) -> f64 {
    if h == 0 {
        return 1.0;
    }
    let (size, step) = (f64::from(n), f64::from(h));
    let mut p = 0.0;
    for k in (0..=n / h).rev() {
        let shift = f64::from(k) * step;
        let mut term = 1.0;
        for j in 0..h {
            let j = f64::from(j);
            term = (size - shift - j) * term / (size + shift + j + 1.0);
        }
        p = term * (1.0 - p);
    }
    (2.0 * p).clamp(0.0, 1.0)
}

/// The largest distance of the two samples' distribution functions, times their size.
fn distance(old: &mut [f64], new: &mut [f64]) -> u32 {
    old.sort_unstable_by(f64::total_cmp);
    new.sort_unstable_by(f64::total_cmp);
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while i < old.len() && j < new.len() {
        let at = if old[i] <= new[j] { old[i] } else { new[j] };
        while i < old.len() && old[i] <= at {
            i += 1;
        }
        while j < new.len() && new[j] <= at {
            j += 1;
        }
        largest = largest.max(i.abs_diff(j));
    }
    largest as u32
}

impl KSWIN {
    /// A detector that has seen nothing but `window`.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1.0)?;
        let Params { window_size, stat_size, .. } = params;
        if stat_size == 0 || stat_size > STAT_SIZE_MAX {
            return Err(Error::new(format!(
                "stat_size must lie between 1 and {STAT_SIZE_MAX}, got {stat_size}"
            )));
        }
        if window_size < 2 * stat_size || window_size > 1_000_000 {
            return Err(Error::new(format!(
                "window_size must lie between twice stat_size, {}, and 1000000, got {window_size}",
                2 * stat_size
            )));
        }
        let n = stat_size as u32;
        let changes =
            |h: u32| probability(n, h) <= params.alpha && f64::from(h) / f64::from(n) > 0.1;
        // The probability falls with the distance, so one number says which ones are changes.
        let (mut low, mut high) = (1, n + 1);
        while low < high {
            let middle = u32::midpoint(low, high);
            if changes(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let mut state = State::start(&params);
        if let Some(window) = &params.window {
            let first = window.len().saturating_sub(window_size);
            state.window.extend(&window[first..]);
        }
        Ok(Self { params, limit: low, state, work: Work::default() })
    }

    /// The probability of the last comparison's distance; 0 before the first, as in River.
    pub fn p_value(&self) -> f64 {
        self.state.distance.map_or(0.0, |h| probability(self.params.stat_size as u32, h))
    }

    /// Compares the newest numbers with a sample of the others.
    fn compare(&mut self) -> u32 {
        let Params { window_size, stat_size, .. } = self.params;
        let (s, w) = (&mut self.state, &mut self.work);
        let older = window_size - stat_size;
        s.rng.sample_into(older, stat_size, &mut w.picked, &mut w.pool);
        w.old.clear();
        w.old.extend(w.picked.iter().map(|&i| s.window[i]));
        w.new.clear();
        w.new.extend(s.window.range(older..window_size));
        distance(&mut w.old, &mut w.new)
    }
}

impl State {
    fn start(params: &Params) -> Self {
        let rng = Rng::new(params.seed.unwrap_or(0));
        Self { window: VecDeque::new(), rng, distance: None, drift: false }
    }
}

impl DriftDetector for KSWIN {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.state = State::start(&self.params);
        }
        if self.state.window.len() == self.params.window_size {
            self.state.window.pop_front();
        }
        self.state.window.push_back(x);
        if self.state.window.len() == self.params.window_size {
            let h = self.compare();
            self.state.distance = Some(h);
            self.state.drift = h >= self.limit;
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }
}
