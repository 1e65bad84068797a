//! The contracts of what predicts.

use serde_json::Value;

use super::stream::{Cell, Maker, Sort, columns, mix, target, unit};
use super::{Outcome, guarded, merging, no_growth, run, same_bytes};
use crate::catalog::Catalog;
use crate::features::Vocabulary;
use crate::model::{Model, Prediction, Scratch, Task};
use crate::row::{Row, Target};

/// A model's spec and a stream that it takes.
pub(super) struct Subject<'a> {
    spec: &'a Value,
    catalog: &'a Catalog,
    sort: Sort,
}

/// A contract's name and what it does.
type Contract = (&'static str, fn(&Subject<'_>) -> Outcome);

const CONTRACTS: &[Contract] = &[
    ("spec_round_trips", spec_round_trips),
    ("predict_before_learn", predict_before_learn),
    ("predict_changes_nothing", predict_changes_nothing),
    ("feature_order", feature_order),
    ("features_come_and_go", features_come_and_go),
    ("probabilities", probabilities),
    ("shares_nothing", shares_nothing),
    ("save_load", save_load),
    ("seeding", seeding),
    ("memory", memory),
    ("bad_event", bad_event),
    ("merge_stated", merging::merge_stated),
    ("sums_of_nothing", merging::sums_of_nothing),
    ("sums_round_trip", merging::sums_round_trip),
    ("sums_by_name", merging::sums_by_name),
    ("exact_is_pooled", merging::exact_is_pooled),
];

pub(super) fn check(spec: &Value, catalog: &Catalog) -> Vec<(&'static str, String)> {
    let (mut failed, mut refused) = (Vec::new(), Vec::new());
    for sort in [Sort::Numbers, Sort::Texts] {
        let subject = Subject { spec, catalog, sort };
        match guarded(|| subject.live(3).map(|_| ())) {
            Ok(()) => failed.extend(run(CONTRACTS, &subject)),
            Err(message) => refused.push(message),
        }
    }
    if refused.len() == 2 {
        failed.push(("builds", format!("no stream is accepted: {}", refused.join("; "))));
    }
    failed
}

/// A model with what it needs to be driven.
pub(super) struct Live {
    pub model: Model,
    maker: Maker,
    pub prediction: Prediction,
    scratch: Scratch,
    sort: Sort,
}

impl Subject<'_> {
    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub fn fresh(&self) -> Result<Live, String> {
        self.capped(Vocabulary::CAP_DEFAULT)
    }

    fn capped(&self, names_max: u32) -> Result<Live, String> {
        let model = Model::with_cap(self.spec, self.catalog, names_max);
        Ok(Live::new(model.map_err(|e| e.to_string())?, self.sort))
    }

    /// A model that has learned the first `n` events.
    pub fn live(&self, n: u64) -> Result<Live, String> {
        let mut live = self.fresh()?;
        for i in 0..n {
            live.step(i)?;
        }
        Ok(live)
    }
}

impl Live {
    fn new(model: Model, sort: Sort) -> Self {
        let (maker, prediction, scratch) = Default::default();
        Self { model, maker, prediction, scratch, sort }
    }

    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub fn step(&mut self, i: u64) -> Outcome {
        self.step_with(i, &columns(self.sort, i))
    }

    /// Steps on event `i` with other columns.
    pub fn step_with(&mut self, i: u64, columns: &[(String, Cell)]) -> Outcome {
        let row = self.maker.row(columns)?;
        let y = target(self.model.task(), self.sort, i);
        self.model
            .step(&row, &y, 1.0, &mut self.prediction, &mut self.scratch)
            .map_err(|e| format!("event {i} was refused: {e}"))
    }

    pub fn predict(&mut self, columns: &[(String, Cell)]) -> Outcome {
        let row = self.maker.row(columns)?;
        self.model
            .predict(&row, &mut self.prediction, &mut self.scratch)
            .map_err(|e| format!("a prediction was refused: {e}"))
    }

    /// The last prediction, to be compared to the bit.
    fn bits(&self) -> Vec<u64> {
        self.prediction.proba.iter().chain(&self.prediction.value).map(|v| v.to_bits()).collect()
    }

    pub fn sound(&self) -> Outcome {
        let Prediction { proba, value } = &self.prediction;
        match (self.model.task(), value) {
            (Task::Regression | Task::Anomaly | Task::Clustering, Some(v)) if v.is_finite() => {
                Ok(())
            }
            (Task::Regression | Task::Anomaly | Task::Clustering, v) => {
                Err(format!("the prediction is {v:?}, not a finite number"))
            }
            (Task::Binary | Task::Multiclass, _) => {
                let known: Vec<f64> = proba.iter().copied().filter(|p| !p.is_nan()).collect();
                let sum: f64 = known.iter().sum();
                let each = known.iter().all(|p| (0.0..=1.0).contains(p));
                if known.is_empty() == proba.is_empty()
                    && (known.is_empty() || each && (sum - 1.0).abs() < 1e-9)
                {
                    return Ok(());
                }
                Err(format!("the probabilities are {proba:?}, their sum is {sum}"))
            }
        }
    }
}

fn spec_round_trips(subject: &Subject<'_>) -> Outcome {
    let first = subject.live(60)?;
    let again = Subject { spec: first.model.spec(), ..*subject }.live(60)?;
    if first.model.spec() != again.model.spec() {
        return Err(format!("{} builds {}", first.model.spec(), again.model.spec()));
    }
    same_bytes(&first.model.save(), &again.model.save(), "a model built from its shown spec")
}

fn predict_before_learn(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.fresh()?;
    for i in 0..3 {
        live.predict(&columns(subject.sort, i))?;
        live.sound()?;
    }
    live.predict(&[])?;
    live.sound()
}

fn predict_changes_nothing(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.live(100)?;
    let before = live.model.save();
    for i in 0..50 {
        let mut row = columns(subject.sort, 1000 + i);
        if i % 2 == 1 {
            row.push((format!("new{i}"), Cell::Number(1.0)));
        }
        live.predict(&row)?;
        let first = live.bits();
        live.predict(&row)?;
        if first != live.bits() {
            return Err(format!("asked twice, event {i} got two answers"));
        }
    }
    same_bytes(&before, &live.model.save(), "after predictions")
}

fn feature_order(subject: &Subject<'_>) -> Outcome {
    // Once all names have their ids, those that a transformer makes included, the columns' order
    // must not matter to the bit. Before, it decides in which order sums are made.
    for (from, tolerance) in [(60, 0.0), (0, 1e-6)] {
        let (mut plain, mut mixed) = (subject.fresh()?, subject.fresh()?);
        for i in 0..180 {
            plain.step(i)?;
            let mut row = columns(subject.sort, i);
            if i >= from {
                row.sort_by_key(|(name, _)| mix(i ^ u64::from(name.as_bytes()[0])));
            }
            mixed.step_with(i, &row)?;
            let (a, b) = (&plain.prediction, &mixed.prediction);
            let pairs = a.proba.iter().chain(&a.value).zip(b.proba.iter().chain(&b.value));
            for (x, y) in pairs {
                let same =
                    x.to_bits() == y.to_bits() || (x - y).abs() <= tolerance * x.abs().max(1.0);
                if !same {
                    return Err(format!("event {i} gives {x}, and {y} with its columns mixed"));
                }
            }
        }
    }
    Ok(())
}

fn features_come_and_go(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.fresh()?;
    for i in 0..300 {
        let mut row = columns(subject.sort, i);
        match i % 50 {
            0 => row.clear(),
            1..25 => row.retain(|(name, _)| unit(i, u64::from(name.as_bytes()[0])) < 0.6),
            _ => {
                let name = format!("x{}", i % 7);
                row.push((name, Cell::Number(unit(i, 70))));
            }
        }
        live.step_with(i, &row)?;
        live.sound().map_err(|e| format!("at event {i} with {} columns: {e}", row.len()))?;
    }
    Ok(())
}

fn probabilities(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.fresh()?;
    for i in 0..300 {
        live.step(i)?;
        live.sound().map_err(|e| format!("at event {i}: {e}"))?;
    }
    Ok(())
}

fn shares_nothing(subject: &Subject<'_>) -> Outcome {
    let untouched = subject.fresh()?;
    let before = untouched.model.save();
    let mut live = subject.live(60)?;
    same_bytes(&before, &untouched.model.save(), "an untouched model, after another learned")?;
    same_bytes(&before, &subject.fresh()?.model.save(), "a new model, after another learned")?;
    let copy = live.model.freeze(subject.catalog).map_err(|e| e.to_string())?;
    let at = copy.save();
    for i in 60..120 {
        live.step(i)?;
    }
    same_bytes(&at, &copy.save(), "a frozen copy, after its origin learned")
}

fn save_load(subject: &Subject<'_>) -> Outcome {
    // The last one is saved while names are being forgotten.
    for (n, names_max) in [(0, Vocabulary::CAP_DEFAULT), (137, Vocabulary::CAP_DEFAULT), (137, 16)]
    {
        let event =
            |i| if names_max == 16 { ever_new(subject.sort, i) } else { columns(subject.sort, i) };
        let mut first = subject.capped(names_max)?;
        for i in 0..n {
            first.step_with(i, &event(i))?;
        }
        let bytes = first.model.save();
        let model = Model::load(&bytes, subject.catalog)
            .map_err(|e| format!("saved after {n} events, it can't be loaded: {e}"))?;
        let mut second = Live::new(model, subject.sort);
        same_bytes(&bytes, &second.model.save(), "loaded and saved again")?;
        for i in n..n + 80 {
            first.step_with(i, &event(i))?;
            second.step_with(i, &event(i))?;
            if first.bits() != second.bits() {
                return Err(format!("loaded after {n} events, it predicts event {i} otherwise"));
            }
        }
        same_bytes(&first.model.save(), &second.model.save(), "loaded, then taught the same")?;
    }
    Ok(())
}

fn seeding(subject: &Subject<'_>) -> Outcome {
    let (first, second) = (subject.live(200)?, subject.live(200)?);
    same_bytes(&first.model.save(), &second.model.save(), "two models taught the same")
}

fn memory(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.fresh()?;
    let mut sizes = [0, 0];
    for size in &mut sizes {
        for i in 0..1500 {
            live.step(i % 100)?;
        }
        *size = live.model.save().len();
    }
    no_growth(sizes[0], sizes[1], "a repeating stream of 1,500 and of 3,000 events")?;
    let mut live = subject.capped(32)?;
    for (round, size) in sizes.iter_mut().enumerate() {
        for i in 0..700 {
            let i = 700 * round as u64 + i;
            live.step_with(i, &ever_new(subject.sort, i))?;
        }
        *size = live.model.save().len();
    }
    no_growth(sizes[0], sizes[1], "700 and 1,400 events of ever new names, at most 32 at a time")
}

/// Event `i` with a name, and in texts words, that never came before.
fn ever_new(sort: Sort, i: u64) -> Vec<(String, Cell)> {
    let mut row = columns(sort, i);
    row.push((format!("only{i}"), Cell::Number(1.0)));
    for (_, cell) in &mut row {
        if let Cell::Text(text) = cell {
            *text = format!("{text} once{i}");
        }
    }
    row
}

fn bad_event(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.live(60)?;
    let before = live.model.save();
    let good = columns(subject.sort, 60);
    let y = target(live.model.task(), subject.sort, 60);
    let wrong: &[Target] = match live.model.task() {
        Task::Regression => {
            &[Target::Bool(true), Target::Text("x".into()), Target::None, NAN, INFINITE]
        }
        Task::Binary => &[Target::Text("x".into()), Target::Number(2.0), Target::None, NAN],
        Task::Multiclass => &[Target::Number(1.5), Target::None, NAN, INFINITE],
        Task::Anomaly | Task::Clustering => &[],
    };
    let row = live.maker.row(&good)?;
    for y in wrong {
        live.refuses(&row, y, &format!("the target {y:?}"))?;
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut columns = good.clone();
        columns.push(("bad".to_owned(), Cell::Number(bad)));
        let row = live.maker.row(&columns)?;
        live.refuses(&row, &y, &format!("a feature that is {bad}"))?;
    }
    // A text is refused or consumed; consumed, it may change the model.
    let mut columns = good;
    columns.push(("bad".to_owned(), Cell::Text("some text".to_owned())));
    let row = live.maker.row(&columns)?;
    if live.model.learn(&row, &y, 1.0, &mut live.scratch).is_ok() {
        return Ok(());
    }
    live.refuses(&row, &y, "a text")?;
    same_bytes(&before, &live.model.save(), "after refused events")
}

const NAN: Target = Target::Number(f64::NAN);
const INFINITE: Target = Target::Number(f64::INFINITY);

impl Live {
    fn refuses(&mut self, row: &Row, y: &Target, what: &str) -> Outcome {
        let before = self.model.save();
        let stepped = self.model.step(row, y, 1.0, &mut self.prediction, &mut self.scratch);
        let learned = self.model.learn(row, y, 1.0, &mut self.scratch);
        if stepped.is_ok() || learned.is_ok() {
            return Err(format!("{what} was accepted"));
        }
        same_bytes(&before, &self.model.save(), &format!("after {what} was refused"))
    }
}
