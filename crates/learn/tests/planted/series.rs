//! A running sum and a mean error, and what can be wrong with them.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use her_learn::catalog::Entry;
use her_learn::estimator::{Any, Estimator, Univariate};
use her_learn::metrics::{Metric, Observation};
use her_learn::saved::{self, Loader};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    Forgets,
    Shares,
    Random,
    Hoards,
    EatsAll,
    KeepsAll,
}

static SHARED: AtomicU64 = AtomicU64::new(0);

struct Planted {
    fault: Fault,
    metric: bool,
    sum: f64,
    n: f64,
    hoard: Vec<f64>,
}

fn planted(fault: Fault, metric: bool) -> Planted {
    Planted { fault, metric, sum: 0.0, n: 0.0, hoard: Vec::new() }
}

pub fn statistic(fault: Fault) -> Any {
    Any::Univariate(Box::new(planted(fault, false)))
}

pub fn metric(fault: Fault) -> Any {
    Any::Metric(Box::new(planted(fault, true)))
}

impl Estimator for Planted {
    fn entry(&self) -> &'static Entry {
        super::entry(match (self.fault, self.metric) {
            (Fault::None, false) => "SaneStat",
            (Fault::None, true) => "SaneMetric",
            (Fault::Forgets, _) => "ForgetsStat",
            (Fault::Shares, _) => "SharesStat",
            (Fault::Random, _) => "RandomStat",
            (Fault::Hoards, _) => "HoardsStat",
            (Fault::EatsAll, _) => "EatsAll",
            (Fault::KeepsAll, _) => "KeepsAll",
        })
    }

    fn params(&self) -> Value {
        json!({})
    }

    fn save(&self, out: &mut Vec<u8>) {
        let shared = if self.fault == Fault::Shares { SHARED.load(SeqCst) } else { 0 };
        let sum = if self.fault == Fault::Forgets { 0.0 } else { self.sum };
        saved::put(out, &(sum, self.n, &self.hoard, shared));
    }

    fn load(&mut self, from: &mut Loader<'_>) -> her_learn::Result<()> {
        let _shared: u64;
        (self.sum, self.n, self.hoard, _shared) = from.get()?;
        Ok(())
    }
}

impl Univariate for Planted {
    fn update(&mut self, x: f64) {
        self.sum += x;
        self.n += 1.0;
        match self.fault {
            Fault::Hoards => self.hoard.push(x),
            Fault::Shares => _ = SHARED.fetch_add(1, SeqCst),
            Fault::Random => self.sum += std::hash::RandomState::new().hash_one(0) as f64,
            _ => {}
        }
    }

    fn get(&self) -> f64 {
        self.sum
    }
}

impl Metric for Planted {
    fn update(&mut self, seen: Observation<'_>, w: f64) {
        match seen {
            Observation::Value { y, predicted } => {
                self.sum += w * (y - predicted);
                self.n += w;
            }
            Observation::Class { .. } if self.fault == Fault::EatsAll => self.n += w,
            Observation::Class { .. } => {}
        }
    }

    fn revert(&mut self, seen: Observation<'_>, w: f64) {
        if self.fault != Fault::KeepsAll {
            Metric::update(self, seen, -w);
        }
    }

    fn reverts(&self) -> bool {
        true
    }

    fn get(&self) -> f64 {
        if self.n == 0.0 { 0.0 } else { self.sum / self.n }
    }

    fn of_values(&self) -> bool {
        true
    }

    fn bigger_is_better(&self) -> bool {
        false
    }
}
