//! A linear regression by hand, and what can be wrong with it.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use her_learn::catalog::Entry;
use her_learn::estimator::{Any, ClassId, Classifier, Estimator, Regressor};
use her_learn::features::{Context, FeatureId, Features, Slots};
use her_learn::merge::{Additive, Fixed, Gather, Merge, Spread};
use her_learn::saved::{self, Loader};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    Classifier,
    Order,
    Vanish,
    Counts,
    Early,
    Shares,
    Forgets,
    Random,
    Hoards,
    HoardsNames,
    Marked,
    Refuses,
    Sums,
    Negative,
    HidesParams,
    SaneSums,
    Hides,
    Born,
    Halves,
    ById,
    Boasts,
}

impl Fault {
    /// Whether it has sums, right or wrong.
    fn sums(self) -> bool {
        matches!(self, Self::SaneSums | Self::Born | Self::Halves | Self::ById | Self::Boasts)
    }
}

static SHARED: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct State {
    weights: Slots<f64>,
    n: f64,
    hoard: Vec<f64>,
    names: BTreeSet<String>,
    asked: AtomicU64,
    seed: u64,
}

struct Planted {
    fault: Fault,
    rate: f64,
    state: State,
}

pub fn model(params: &Value, fault: Fault) -> Any {
    let rate = params.get("rate").and_then(Value::as_f64).unwrap_or(0.001);
    let planted = Box::new(Planted { fault, rate, state: State::default() });
    match fault {
        Fault::Classifier | Fault::Sums | Fault::Negative => Any::Classifier(planted),
        _ => Any::Regressor(planted),
    }
}

impl Planted {
    fn raw(&self, x: &Features) -> f64 {
        x.iter().map(|(id, v)| v * self.state.weights.get(id)).sum()
    }

    fn step(&mut self, x: &Features, y: f64, cx: &mut Context<'_>) {
        let error = y - self.raw(x);
        let (fault, s) = (self.fault, &mut self.state);
        s.n += 1.0;
        for (id, v) in x.iter() {
            *s.weights.at(id) += self.rate * error.clamp(-10.0, 10.0) * v;
            if fault == Fault::HoardsNames {
                s.names.insert(cx.names.name(id).to_owned());
            }
        }
        match fault {
            Fault::Hoards => s.hoard.push(y),
            Fault::Shares => _ = SHARED.fetch_add(1, SeqCst),
            Fault::Random => s.seed = std::hash::RandomState::new().hash_one(0),
            _ => {}
        }
    }

    fn ask(&self, x: &Features, cx: &mut Context<'_>) {
        match self.fault {
            Fault::Counts => _ = self.state.asked.fetch_add(1, SeqCst),
            Fault::Marked if x.texts().next().is_some() => {
                self.state.asked.fetch_add(1, SeqCst);
            }
            Fault::Vanish => {
                assert!(x.end() >= self.state.weights.len(), "where is the last feature?");
            }
            _ => {}
        }
        cx.refuse_texts(x, "Planted");
        if self.fault == Fault::Refuses {
            let mut text = Features::default();
            text.push_text(0, "any");
            cx.refuse_texts(&text, "Planted");
        }
    }
}

impl Estimator for Planted {
    fn entry(&self) -> &'static Entry {
        super::entry(match self.fault {
            Fault::None => "Sane",
            Fault::Classifier => "SaneClassifier",
            Fault::Order => "Order",
            Fault::Vanish => "Vanish",
            Fault::Counts => "Counts",
            Fault::Early => "Early",
            Fault::Shares => "Shares",
            Fault::Forgets => "Forgets",
            Fault::Random => "Random",
            Fault::Hoards => "Hoards",
            Fault::HoardsNames => "HoardsNames",
            Fault::Marked => "Marked",
            Fault::Refuses => "Refuses",
            Fault::Sums => "Sums",
            Fault::Negative => "Negative",
            Fault::HidesParams => "HidesParams",
            Fault::SaneSums => "SaneSums",
            Fault::Hides => "Hides",
            Fault::Born => "Born",
            Fault::Halves => "Halves",
            Fault::ById => "ById",
            Fault::Boasts => "Boasts",
        })
    }

    fn params(&self) -> Value {
        if self.fault == Fault::HidesParams { json!({}) } else { json!({ "rate": self.rate }) }
    }

    fn save(&self, out: &mut Vec<u8>) {
        let s = &self.state;
        let shared = if self.fault == Fault::Shares { SHARED.load(SeqCst) } else { 0 };
        saved::put(out, &(&s.weights, s.n, &s.hoard, &s.names, s.asked.load(SeqCst), s.seed));
        saved::put(out, &shared);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> her_learn::Result<()> {
        let s = &mut self.state;
        let asked: u64;
        (s.weights, s.n, s.hoard, s.names, asked, s.seed) = from.get()?;
        s.asked = asked.into();
        let _: u64 = from.get()?;
        if self.fault == Fault::Forgets {
            self.state.n = 0.0;
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.state.weights.forget(gone);
    }

    fn additive(&self) -> Option<&dyn Additive> {
        self.fault.sums().then_some(self)
    }

    fn additive_mut(&mut self) -> Option<&mut dyn Additive> {
        if self.fault.sums() { Some(self) } else { None }
    }
}

impl Additive for Planted {
    fn merge(&self) -> Merge {
        if self.fault == Fault::Boasts { Merge::Exact } else { Merge::Deltas }
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let weights = self.state.weights.as_slice();
        let cells = weights.iter().map(|&w| Fixed::of(w));
        if self.fault == Fault::ById {
            out.tensor("weights").block(cells);
            return;
        }
        let mut tensor = out.tensor("weights");
        cells.zip(0..).for_each(|(cell, id)| tensor.feature(id, cell));
        if self.fault == Fault::Born {
            out.tensor("age").whole(Fixed::of(1.0));
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let share = if self.fault == Fault::Halves { 0.5 } else { 1.0 };
        self.state.weights = Slots::default();
        for (id, w) in from.feature("weights") {
            *self.state.weights.at(id) = share * w.to_f64();
        }
        for (w, id) in from.block("weights").iter().zip(0..) {
            if self.fault == Fault::ById {
                *self.state.weights.at(id) = w.to_f64();
            }
        }
    }
}

impl Regressor for Planted {
    fn learn_one(&mut self, x: &Features, y: f64, _w: f64, cx: &mut Context<'_>) {
        self.step(x, y, cx);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.ask(x, cx);
        match self.fault {
            Fault::Order => x.values().first().copied().unwrap_or(0.0),
            Fault::Early => self.raw(x) / self.state.n,
            _ => self.raw(x),
        }
    }
}

impl Classifier for Planted {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, _w: f64, cx: &mut Context<'_>) {
        self.step(x, f64::from(y), cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.ask(x, cx);
        let p = self.raw(x).clamp(0.0, 1.0);
        proba.extend(match self.fault {
            Fault::Sums => [0.6, 0.6],
            Fault::Negative => [-0.2, 1.2],
            _ => [1.0 - p, p],
        });
    }
}
