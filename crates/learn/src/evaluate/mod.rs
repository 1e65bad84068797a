//! Progressive validation: every event is first predicted, then learned from.
//!
//! With a *delay* of `n`, the target of an event is revealed just before the `n`-th event after it
//! is predicted; at the end of the stream the targets still waiting are revealed in order. A
//! prediction without an opinion is not counted by the metrics. As in River, an event's weight
//! reaches the model and not the metrics.
//!
//! **Cost** that of the model and the metrics; with a delay, a copy of each waiting event.
//! **Errors** an event that the model refuses, or that has no target, ends the validation with
//! the number of the event, from 0; everything before it stays learned.
//!
//! ```
//! use her_learn::evaluate::{Options, progressive_val_score};
//! use her_learn::{Catalog, Model, metrics, stream};
//! use serde_json::json;
//! let mut text = String::new();
//! for i in 0..500 {
//!     let a = (i * 37) % 100;
//!     text += &format!("{{\"a\": {a}, \"y\": {}}}\n", a > 50);
//! }
//! let (mut decoder, mut event) = (stream::ndjson::Decoder::flat("y"), stream::Event::default());
//! let events = stream::lines(text.as_bytes()).map(|line| {
//!     decoder.decode(line, &mut event).map(|_| event.clone())
//! });
//!
//! let catalog = Catalog::builtin();
//! let mut model = Model::new(&json!(["StandardScaler", "LogisticRegression"]), &catalog)?;
//! let mut metrics = vec![metrics::build(&json!("Accuracy"), &catalog)?];
//! progressive_val_score(events, &mut model, &mut metrics, &Options::default())?;
//! assert!(metrics[0].get() > 0.9);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Blum, A., Kalai, A. and Langford, J., 1999. Beating the hold-out. Grzenda, M., Gomes,
//! H.M. and Bifet, A., 2019. Delayed labelling evaluation for data streams. River,
//! `evaluate/progressive_validation.py` and `stream/qa.py`.

use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::metrics::{Metric, Observation};
use crate::model::{Model, Prediction, Scratch};
use crate::row::Target;
use crate::stream::Event;

/// How to validate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// After how many further events a target is revealed; 0 is at once.
    pub delay: usize,
}

/// The figures after some number of revealed targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// How many targets were revealed so far.
    pub step: u64,
    /// The metrics' values, in the order of the metrics.
    pub values: Vec<f64>,
    /// The prediction for the event revealed last; `None` at the end of a stream whose length is
    /// no multiple of the step.
    pub prediction: Option<Prediction>,
}

/// What a metric is told of a prediction; `None` where the prediction holds no opinion, or when
/// the model has not met the target's class yet: ask after the model has learned from it.
pub fn observation<'a>(
    model: &'a Model,
    target: &Target,
    prediction: &'a Prediction,
) -> Option<Observation<'a>> {
    if let (Some(predicted), Target::Number(y)) = (prediction.value, target) {
        return Some(Observation::Value { y: *y, predicted });
    }
    Some(Observation::Class {
        y: model.class_of(target)?,
        proba: &prediction.proba,
        predicted: prediction.class()?,
        classes: model.classes(),
    })
}

/// Validation event by event, for callers that have no iterator: [`push`](Self::push) each event,
/// then [`finish`](Self::finish).
pub struct Progressive<'a> {
    model: &'a mut Model,
    metrics: &'a mut [Box<dyn Metric>],
    delay: usize,
    waiting: VecDeque<(Event, Prediction)>,
    spare: Vec<(Event, Prediction)>,
    prediction: Prediction,
    scratch: Scratch,
    asked: u64,
    answered: u64,
}

impl<'a> Progressive<'a> {
    /// The model goes on from where it is, and so do the metrics. A metric of numbers for a
    /// classifier is refused, and the other way round.
    pub fn new(
        model: &'a mut Model,
        metrics: &'a mut [Box<dyn Metric>],
        options: &Options,
    ) -> Result<Self> {
        let of_values = model.task() == crate::Task::Regression;
        if let Some(metric) = metrics.iter().find(|m| m.of_values() != of_values) {
            return Err(Error::new(format!(
                "{} is a metric of {}, the model predicts {}; take another metric",
                metric.entry().name,
                if of_values { "classes" } else { "numbers" },
                if of_values { "numbers" } else { "classes" },
            )));
        }
        Ok(Self {
            model,
            metrics,
            delay: options.delay,
            waiting: VecDeque::new(),
            spare: Vec::new(),
            prediction: Prediction::default(),
            scratch: Scratch::default(),
            asked: 0,
            answered: 0,
        })
    }

    /// Predicts the event, and reveals the target that is due.
    pub fn push(&mut self, event: &Event) -> Result<()> {
        let place = |error: Error, number: u64| error.at(format!("event {number}"));
        let Some(target) = &event.target else {
            let error = Error::new("the event has no target, and validation needs one for each");
            return Err(place(error, self.asked));
        };
        if self.delay == 0 {
            self.model
                .step(&event.row, target, event.weight, &mut self.prediction, &mut self.scratch)
                .map_err(|e| place(e, self.asked))?;
            self.asked += 1;
            self.count(target);
            return Ok(());
        }
        if self.waiting.len() >= self.delay {
            self.reveal()?;
        }
        let (mut kept, mut prediction) = self.spare.pop().unwrap_or_default();
        kept.clone_from(event);
        self.model
            .check_target(target)
            .and_then(|()| self.model.predict(&event.row, &mut prediction, &mut self.scratch))
            .map_err(|e| place(e, self.asked))?;
        self.waiting.push_back((kept, prediction));
        self.asked += 1;
        Ok(())
    }

    /// Reveals one of the targets still waiting at the end; says `false` when there is none.
    pub fn finish_one(&mut self) -> Result<bool> {
        let any = !self.waiting.is_empty();
        if any {
            self.reveal()?;
        }
        Ok(any)
    }

    /// Reveals the targets still waiting.
    pub fn finish(&mut self) -> Result<()> {
        while self.finish_one()? {}
        Ok(())
    }

    /// How many targets were revealed.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// The figures now.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            step: self.answered,
            values: self.metrics.iter().map(|m| m.get()).collect(),
            prediction: Some(self.prediction.clone()),
        }
    }

    fn reveal(&mut self) -> Result<()> {
        let Some((event, mut prediction)) = self.waiting.pop_front() else { return Ok(()) };
        if let Some(target) = &event.target {
            self.model
                .learn(&event.row, target, event.weight, &mut self.scratch)
                .map_err(|e| e.at(format!("event {}", self.answered)))?;
            std::mem::swap(&mut self.prediction, &mut prediction);
            self.count(target);
        }
        self.spare.push((event, prediction));
        Ok(())
    }

    /// Tells the metrics. The model has learned the target by now, which the prediction preceded,
    /// so that a new class has its id.
    fn count(&mut self, target: &Target) {
        self.answered += 1;
        if let Some(seen) = observation(self.model, target, &self.prediction) {
            for metric in self.metrics.iter_mut() {
                metric.update(seen, 1.0);
            }
        }
    }
}

/// Validates over a whole stream. Returns how many events were predicted and learned.
pub fn progressive_val_score(
    events: impl IntoIterator<Item = Result<Event>>,
    model: &mut Model,
    metrics: &mut [Box<dyn Metric>],
    options: &Options,
) -> Result<u64> {
    let mut progress = Progressive::new(model, metrics, options)?;
    for event in events {
        progress.push(&event?)?;
    }
    progress.finish()?;
    Ok(progress.answered())
}

/// Validates over a stream, giving the figures every `step` events, and at the end of the stream
/// when at least one step was complete. A `step` of 0 gives no figures. Ends at the first error.
pub fn iter_progressive_val_score<'a>(
    events: impl IntoIterator<Item = Result<Event>> + 'a,
    model: &'a mut Model,
    metrics: &'a mut [Box<dyn Metric>],
    options: &Options,
    step: u64,
) -> Result<impl Iterator<Item = Result<Checkpoint>> + 'a> {
    let mut progress = Progressive::new(model, metrics, options)?;
    let mut events = events.into_iter().fuse();
    let (mut done, mut shown) = (false, 0);
    Ok(std::iter::from_fn(move || {
        while !done {
            let before = progress.answered();
            let result = match events.next() {
                Some(event) => event.and_then(|event| progress.push(&event)),
                None => progress.finish_one().map(|any| done = !any),
            };
            if let Err(error) = result {
                done = true;
                return Some(Err(error));
            }
            let now = progress.answered();
            if step > 0 && now > before && now.is_multiple_of(step) {
                shown = now;
                return Some(Ok(progress.checkpoint()));
            }
        }
        if shown > 0 && shown != progress.answered() {
            shown = progress.answered();
            return Some(Ok(Checkpoint { prediction: None, ..progress.checkpoint() }));
        }
        None
    }))
}

#[cfg(test)]
mod tests;
