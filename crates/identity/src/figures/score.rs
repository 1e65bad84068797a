//! Prequential scores: since birth, over the last thousand events, and fading.

use std::collections::VecDeque;

use her_learn::{Label, Prediction, Target, Task, math};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How one prediction did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Log loss in nats, or the squared error.
    pub loss: f64,
    /// 1 for a right class, or the absolute error.
    pub second: f64,
    /// Probability given to what happened, or the error.
    pub raw: f64,
    /// Classes to choose from; 0 for numbers.
    pub classes: usize,
}

impl Judged {
    /// A number between 0 and 1 for the drift detector, whose bounds assume that range: right or
    /// wrong for classes, a squashed error for numbers.
    pub fn bounded(&self) -> f64 {
        if self.classes > 0 { 1.0 - self.second } else { self.second / (1.0 + self.second) }
    }
}

/// Judges a prediction; `None` while the model had no opinion.
pub fn judge(
    task: Task,
    prediction: &Prediction,
    classes: &[Label],
    target: &Target,
) -> Option<Judged> {
    if let (Task::Regression, Target::Number(y)) = (task, target) {
        let error = prediction.value? - y;
        return error.is_finite().then_some(Judged {
            loss: error * error,
            second: error.abs(),
            raw: error,
            classes: 0,
        });
    }
    let predicted = prediction.class()?;
    let truth = class_of(task, classes, target);
    let p = truth.and_then(|c| prediction.proba.get(c).copied()).filter(|p| !p.is_nan());
    let p = p.unwrap_or(0.0);
    let loss = -math::ln(math::clamp(p, 1e-15, 1.0 - 1e-15));
    let hit = truth == Some(predicted as usize);
    Some(Judged { loss, second: f64::from(u8::from(hit)), raw: p, classes: classes.len().max(2) })
}

fn class_of(task: Task, classes: &[Label], target: &Target) -> Option<usize> {
    match (task, target) {
        (Task::Binary, Target::Bool(b)) => Some(usize::from(*b)),
        (Task::Binary, Target::Number(v)) => Some(usize::from(*v != 0.0)),
        (Task::Multiclass, target) => classes.iter().position(|label| match (label, target) {
            (Label::Bool(a), Target::Bool(b)) => a == b,
            (Label::Int(a), Target::Number(b)) => *a as f64 == *b,
            (Label::Text(a), Target::Text(b)) => a == b,
            _ => false,
        }),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Sums {
    n: u64,
    loss: f64,
    second: f64,
}

impl Sums {
    fn add(&mut self, j: Judged) {
        self.n += 1;
        self.loss += j.loss;
        self.second += j.second;
    }
}

/// Sums of losses: for ever, by blocks of the last thousand events, and fading by 1% an event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Score {
    all: Sums,
    block: Sums,
    blocks: VecDeque<Sums>,
    faded_weight: f64,
    faded_loss: f64,
    faded_second: f64,
    /// Fading mean of squared errors: the width of the code for numbers.
    variance: f64,
}

impl Score {
    const BLOCK: u64 = 100;
    const BLOCKS: usize = 10;
    const FADE: f64 = 0.99;

    pub(super) fn update(&mut self, task: Task, j: Judged) {
        self.all.add(j);
        self.block.add(j);
        if self.block.n == Self::BLOCK {
            if self.blocks.len() == Self::BLOCKS {
                self.blocks.pop_front();
            }
            self.blocks.push_back(self.block);
            self.block = Sums::default();
        }
        self.faded_weight = self.faded_weight * Self::FADE + 1.0;
        self.faded_loss = self.faded_loss * Self::FADE + j.loss;
        self.faded_second = self.faded_second * Self::FADE + j.second;
        if task == Task::Regression {
            self.variance = if self.all.n == 1 {
                j.loss
            } else {
                self.variance * Self::FADE + j.loss * (1.0 - Self::FADE)
            };
        }
    }

    /// The code length of an outcome under what was known before it, in bits. Numbers are coded
    /// by a Gaussian of the errors' fading variance, up to a constant that both sides share.
    pub(super) fn code_bits(&self, task: Task, j: Judged) -> f64 {
        match task {
            Task::Binary | Task::Multiclass => super::bits(j.raw, j.classes),
            Task::Anomaly | Task::Clustering => 0.0,
            Task::Regression if self.all.n == 0 => 0.0,
            Task::Regression => {
                let v = self.variance.max(1e-12);
                0.5 * math::log2(v) + j.loss / (2.0 * v * std::f64::consts::LN_2)
            }
        }
    }

    /// Events scored.
    pub fn n(&self) -> u64 {
        self.all.n
    }

    /// Mean loss since birth: nats, or mean squared error.
    pub fn mean_loss(&self) -> Option<f64> {
        (self.all.n > 0).then(|| self.all.loss / self.all.n as f64)
    }

    /// Since birth: accuracy, or mean absolute error.
    pub fn mean_second(&self) -> Option<f64> {
        (self.all.n > 0).then(|| self.all.second / self.all.n as f64)
    }

    fn rolling(&self) -> Sums {
        let mut sums = self.block;
        for b in &self.blocks {
            sums.n += b.n;
            sums.loss += b.loss;
            sums.second += b.second;
        }
        sums
    }

    /// The score by River's metric names.
    pub fn to_json(&self, task: Task) -> Value {
        let named = |n: f64, loss: f64, second: f64| match task {
            // There is no truth to be scored against.
            Task::Anomaly | Task::Clustering => Value::Null,
            _ if n == 0.0 => Value::Null,
            Task::Binary | Task::Multiclass => {
                json!({ "LogLoss": loss / n, "Accuracy": second / n })
            }
            Task::Regression => json!({ "RMSE": (loss / n).sqrt(), "MAE": second / n }),
        };
        let rolling = self.rolling();
        json!({
            "events": self.all.n,
            "since_birth": named(self.all.n as f64, self.all.loss, self.all.second),
            "rolling": named(rolling.n as f64, rolling.loss, rolling.second),
            "rolling_events": rolling.n,
            "fading": named(self.faded_weight, self.faded_loss, self.faded_second),
        })
    }
}
