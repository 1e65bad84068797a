//! The contracts of what takes a series: drift detectors, statistics and metrics.

use serde_json::Value;

use super::stream::unit;
use super::{Outcome, no_growth, run, same_bytes};
use crate::catalog::Catalog;
use crate::estimator::Any;
use crate::metrics::{Metric, Observation};
use crate::model::Label;
use crate::saved;

pub(super) struct Subject<'a> {
    spec: &'a Value,
    catalog: &'a Catalog,
}

/// A contract's name and what it does.
type Contract = (&'static str, fn(&Subject<'_>) -> Outcome);

const CONTRACTS: &[Contract] = &[
    ("spec_round_trips", spec_round_trips),
    ("shares_nothing", shares_nothing),
    ("save_load", save_load),
    ("seeding", seeding),
    ("memory", memory),
    ("wrong_sort", wrong_sort),
    ("revert", revert),
];

pub(super) fn check(spec: &Value, catalog: &Catalog) -> Vec<(&'static str, String)> {
    run(CONTRACTS, &Subject { spec, catalog })
}

impl Subject<'_> {
    fn fresh(&self) -> Result<Any, String> {
        self.catalog.builder().build(self.spec).map_err(|e| e.to_string())
    }

    fn live(&self, n: u64) -> Result<Any, String> {
        let mut any = self.fresh()?;
        for i in 0..n {
            feed(&mut any, i);
        }
        Ok(any)
    }
}

fn save(any: &Any) -> Vec<u8> {
    saved::save(any.estimator())
}

/// Item `i` of the series: noise around a level that shifts now and then.
fn item(i: u64) -> f64 {
    let level = if (i / 400).is_multiple_of(2) { 0.2 } else { 0.7 };
    f64::from(u8::from(unit(i, 1) < level)) + unit(i, 2) / 8.0
}

/// Gives observation `i` to a metric.
fn observe(i: u64, of_values: bool, then: &mut dyn FnMut(Observation<'_>, f64)) {
    let w = 1.0 + f64::from((i % 3) as u8) / 2.0;
    if of_values {
        let y = 3.0 * unit(i, 3);
        return then(Observation::Value { y, predicted: y + unit(i, 4) - 0.5 }, w);
    }
    let classes = [Label::Bool(false), Label::Bool(true)];
    let (y, p) = (u32::from(unit(i, 3) < 0.4), unit(i, 4));
    let (proba, predicted) = ([1.0 - p, p], u32::from(p > 0.5));
    then(Observation::Class { y, proba: &proba, predicted, classes: &classes }, w);
}

fn feed(any: &mut Any, i: u64) {
    match any {
        Any::DriftDetector(detector) => detector.update(item(i)),
        Any::Univariate(statistic) => statistic.update(item(i)),
        Any::Metric(metric) => {
            observe(i, metric.of_values(), &mut |seen, w| metric.update(seen, w));
        }
        _ => unreachable!("the kind was looked at"),
    }
}

/// What it says, to be compared to the bit.
fn read(any: &Any) -> u64 {
    match any {
        Any::DriftDetector(d) => {
            u64::from(d.drift_detected()) | u64::from(d.warning_detected()) << 1
        }
        Any::Univariate(statistic) => statistic.get().to_bits(),
        Any::Metric(metric) => metric.get().to_bits(),
        _ => unreachable!("the kind was looked at"),
    }
}

fn spec_round_trips(subject: &Subject<'_>) -> Outcome {
    let first = subject.live(60)?;
    let spec = first.estimator().spec();
    let again = Subject { spec: &spec, ..*subject }.live(60)?;
    same_bytes(&save(&first), &save(&again), "built from its shown spec")
}

fn shares_nothing(subject: &Subject<'_>) -> Outcome {
    let untouched = subject.fresh()?;
    let before = save(&untouched);
    subject.live(60)?;
    same_bytes(&before, &save(&untouched), "untouched, after another was updated")?;
    same_bytes(&before, &save(&subject.fresh()?), "new, after another was updated")
}

fn save_load(subject: &Subject<'_>) -> Outcome {
    for n in [0, 450] {
        let mut first = subject.live(n)?;
        let bytes = save(&first);
        let mut second = saved::load(&bytes, &subject.catalog.builder())
            .map_err(|e| format!("saved after {n} updates, it can't be loaded: {e}"))?;
        same_bytes(&bytes, &save(&second), "loaded and saved again")?;
        for i in n..n + 450 {
            if read(&first) != read(&second) {
                return Err(format!("loaded after {n} updates, it differs at update {i}"));
            }
            feed(&mut first, i);
            feed(&mut second, i);
        }
        same_bytes(&save(&first), &save(&second), "loaded, then given the same")?;
    }
    Ok(())
}

fn seeding(subject: &Subject<'_>) -> Outcome {
    let (first, second) = (subject.live(900)?, subject.live(900)?);
    same_bytes(&save(&first), &save(&second), "two that were given the same")
}

fn memory(subject: &Subject<'_>) -> Outcome {
    let mut any = subject.live(3000)?;
    let before = save(&any).len();
    for i in 3000..6000 {
        feed(&mut any, i);
    }
    no_growth(before, save(&any).len(), "3,000 and 6,000 updates")
}

fn metric_of(any: &mut Any) -> Option<&mut Box<dyn Metric>> {
    if let Any::Metric(metric) = any { Some(metric) } else { None }
}

fn wrong_sort(subject: &Subject<'_>) -> Outcome {
    let mut any = subject.live(40)?;
    let before = save(&any);
    if let Some(metric) = metric_of(&mut any) {
        let other = !metric.of_values();
        for i in 0..20 {
            observe(i, other, &mut |seen, w| metric.update(seen, w));
        }
    }
    same_bytes(&before, &save(&any), "after observations of the other sort")
}

fn revert(subject: &Subject<'_>) -> Outcome {
    let mut any = subject.live(40)?;
    let Some(metric) = metric_of(&mut any).filter(|m| m.reverts()) else { return Ok(()) };
    let (before, of_values) = (metric.get(), metric.of_values());
    for i in 40..60 {
        observe(i, of_values, &mut |seen, w| metric.update(seen, w));
    }
    for i in 40..60 {
        observe(i, of_values, &mut |seen, w| metric.revert(seen, w));
    }
    let after = metric.get();
    if (before - after).abs() > 1e-9 * before.abs().max(1.0) {
        return Err(format!("{before} became {after} when 20 observations came and went"));
    }
    Ok(())
}
