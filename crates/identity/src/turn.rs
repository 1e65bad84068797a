//! The loop: (state, event) → (state', reply). Pure: the same events give the same bits.
//!
//! Everything that can change an identity passes through [`State::turn`]. It reads no clock (an
//! event brings its time), draws no lot and awaits nothing. A refused event leaves the state as
//! it was, and is not journaled.

use std::sync::Arc;

use her_learn::estimator::{Any, DriftDetector};
use her_learn::{Catalog, Frozen, Label, Model, Prediction, Row, Scratch, Target, Task};

use crate::error::{Error, ErrorKind, Result};
use crate::event::{Birth, Event, What};
use crate::figures::{Figures, Outcome};
use crate::sync::{Lesson, Pieces, Shared};

mod begun;
mod clients;
mod exchange;
mod lived;
mod offers;
mod pending;
mod recent;
mod save;
mod spread;
mod weigh;

pub use clients::Clients;
pub(crate) use exchange::told;
pub use offers::Offer;
pub use pending::{Pending, Waiting};
pub use recent::Again;
use recent::Recent;
use spread::Spread;

/// Buffers for the work on one event. One per thread, shared by all identities on it.
#[derive(Debug, Default)]
pub struct Desk {
    scratch: Scratch,
    live: Prediction,
    shadow: Prediction,
}

/// A whole identity at one version, without the outside world.
pub struct State {
    catalog: Catalog,
    birth: Birth,
    version: u64,
    model: Model,
    shadow: Option<Frozen>,
    detector: Box<dyn DriftDetector>,
    figures: Figures,
    clients: Clients,
    pending: Pending,
    recent: Recent,
    frozen: bool,
    /// Whether the newest event was to take the resting form.
    resting: bool,
    /// What peers contributed, of identities that exchange.
    shared: Option<Box<Shared>>,
    /// The own events by which peers are weighed at the next exchange.
    weighed: Recent,
    /// Others of the same time, by which codecs are judged. No part of what is replayed or saved.
    spread: Spread,
    /// The events of the newest contribution, where it holds what they teach. A snapshot does not
    /// hold them: who has none sends the sums.
    lesson: Option<Arc<Lesson>>,
    /// What came of an exchange that is not whole yet.
    pieces: Pieces,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State(version {}, {:?})", self.version, self.model)
    }
}

/// A prediction with the names of its classes, as it leaves the identity.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// No opinion yet.
    None,
    /// The probability of `true`.
    Binary(f64),
    /// Classes with their probabilities, in order of first sight.
    Classes(Vec<(Label, f64)>),
    /// A number.
    Value(f64),
}

/// What an event gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The version after the event.
    pub version: u64,
    /// The prediction made before learning; none for events that ask for none.
    pub answer: Option<Answer>,
    /// True when this request had been done before and was not done again.
    pub duplicate: bool,
    /// True when this event raised a drift alarm.
    pub drift: bool,
}

impl State {
    /// An identity that was just born: version 1.
    pub fn born(mut birth: Birth, catalog: &Catalog) -> Result<Self> {
        let model = begun::model(&birth, catalog)?;
        // The journal has it; kept here, every snapshot would hold it again.
        birth.state = None;
        Ok(Self {
            catalog: catalog.clone(),
            version: 1,
            model,
            shadow: None,
            detector: detector(catalog)?,
            figures: Figures::default(),
            clients: Clients::default(),
            pending: Pending::default(),
            recent: Recent::default(),
            frozen: false,
            resting: false,
            shared: None,
            weighed: Recent::default(),
            spread: Spread::default(),
            lesson: None,
            pieces: Pieces::default(),
            birth,
        })
    }

    /// The one door through which an identity changes.
    pub fn turn(&mut self, event: &Event, desk: &mut Desk) -> Result<Reply> {
        event.check()?;
        if let Some(request) = &event.request
            && self.clients.is_done(request)?
        {
            return Ok(Reply {
                version: self.version,
                answer: None,
                duplicate: true,
                drift: false,
            });
        }
        let mut drift = false;
        let answer = match &event.what {
            What::Born(_) => {
                return Err(Error::invalid("an identity is born once; this one lives already"));
            }
            What::Branched { parent, version } => {
                self.branched(*parent, *version);
                // A branch of a frozen identity learns again, also where that is told in a life.
                self.frozen = false;
                None
            }
            What::Learn { row, target, weight } => {
                self.check_learns()?;
                drift = self.learn(row, target, *weight, event.at_ms, desk)?;
                Some(self.answer(&desk.live))
            }
            What::Remember { key, row } => {
                self.check_learns()?;
                self.remember(key, row, event.at_ms, desk)?;
                Some(self.answer(&desk.live))
            }
            What::Label { key, target } => {
                self.check_learns()?;
                let (answer, alarm) = self.label(key, target, event.at_ms, desk)?;
                drift = alarm;
                Some(answer)
            }
            What::Freeze => {
                self.frozen = true;
                None
            }
            What::Rehearse { from, to } => {
                self.check_learns()?;
                self.rehearse(*from, *to, desk)?;
                None
            }
            What::Sync(exchange) => {
                self.check_learns()?;
                self.exchange(exchange, desk)?;
                None
            }
            What::Piece(piece) => {
                self.check_learns()?;
                match self.pieces.whole(piece)? {
                    Some(exchange) => {
                        self.exchange(&exchange, desk)?;
                        self.pieces = Pieces::default();
                    }
                    None => self.pieces.keep(piece),
                }
                None
            }
            What::Rest => {
                self.check_learns()?;
                if !self.model.rest() {
                    return Err(Error::invalid(
                        "this model has no resting form: it is kept as it is at all times",
                    ));
                }
                None
            }
        };
        self.version += 1;
        self.resting = matches!(event.what, What::Rest);
        if let Some(request) = &event.request {
            self.clients.done(request, self.version, self.birth.options.clients_max);
        }
        Ok(Reply { version: self.version, answer, duplicate: false, drift })
    }

    /// Predict, score, learn.
    fn learn(
        &mut self,
        row: &Row,
        target: &Target,
        weight: f64,
        at_ms: u64,
        desk: &mut Desk,
    ) -> Result<bool> {
        if let Some(shadow) = &mut self.shadow {
            invalid(shadow.predict_next(row, &mut desk.shadow, &mut desk.scratch))?;
        }
        invalid(self.model.step(row, target, weight, &mut desk.live, &mut desk.scratch))?;
        let drift = self.score(&desk.live, Some(&desk.shadow), target, at_ms);
        self.learned(row, target, weight, at_ms);
        Ok(drift)
    }

    fn remember(&mut self, key: &str, row: &Row, at_ms: u64, desk: &mut Desk) -> Result<()> {
        self.pending.check_free(key)?;
        if self.birth.options.late_labels_max == 0 {
            return Err(Error::invalid(
                "this identity keeps no predictions for late labels; its late_labels_max is 0",
            ));
        }
        invalid(self.model.predict(row, &mut desk.live, &mut desk.scratch))?;
        let shadow = match &self.shadow {
            Some(shadow) => {
                invalid(shadow.predict(row, &mut desk.shadow, &mut desk.scratch))?;
                Some(desk.shadow.clone())
            }
            None => None,
        };
        let waiting = Waiting {
            row: row.clone(),
            live: desk.live.clone(),
            shadow,
            at_ms,
            version: self.version + 1,
        };
        self.pending.insert(key, waiting);
        self.figures.remembered += 1;
        self.expire(at_ms);
        Ok(())
    }

    /// Scores the prediction as it was made, then learns from its features.
    fn label(
        &mut self,
        key: &str,
        target: &Target,
        at_ms: u64,
        desk: &mut Desk,
    ) -> Result<(Answer, bool)> {
        let ttl_ms = self.birth.options.late_label_ttl_s * 1000;
        let waiting = self.pending.find(key)?;
        if waiting.at_ms.saturating_add(ttl_ms) <= at_ms {
            return Err(Error::new(
                ErrorKind::Gone,
                format!("id {key:?} waited more than {} s for its label", ttl_ms / 1000),
            ));
        }
        let row = waiting.row.clone();
        invalid(self.model.learn(&row, target, 1.0, &mut desk.scratch))?;
        let Some(waiting) = self.pending.take(key) else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a prediction that was just found is gone",
            ));
        };
        let drift = self.score(&waiting.live, waiting.shadow.as_ref(), target, at_ms);
        self.figures.labelled += 1;
        self.learned(&row, target, 1.0, at_ms);
        self.expire(at_ms);
        Ok((self.answer(&waiting.live), drift))
    }

    fn expire(&mut self, at_ms: u64) {
        let options = &self.birth.options;
        let (ttl_ms, max) = (options.late_label_ttl_s * 1000, options.late_labels_max as usize);
        self.figures.expired += self.pending.expire(at_ms, ttl_ms, max);
    }

    fn score(
        &mut self,
        live: &Prediction,
        shadow: Option<&Prediction>,
        target: &Target,
        at_ms: u64,
    ) -> bool {
        let task = self.model.task();
        let shadow = shadow.zip(self.shadow.as_ref().map(Frozen::classes));
        let seen = Outcome { task, live, classes: self.model.classes(), shadow, target, at_ms };
        self.figures.score(&seen, self.version + 1, &mut *self.detector)
    }

    /// What follows every learned event: counts, the path, the shadow's freezing, and a copy for a
    /// second pass.
    fn learned(&mut self, row: &Row, target: &Target, weight: f64, at_ms: u64) {
        self.figures.count(at_ms);
        self.figures.path.update(&self.model);
        if self.figures.learned == self.birth.options.shadow_after && !self.is_heavy() {
            let frozen = self.model.freeze(&self.catalog);
            self.shadow = Some(frozen.expect("a model that saves itself can be loaded"));
        }
        let kept = self.birth.options.rehearse as usize;
        self.recent.push(self.version + 1, row, target, weight, kept);
        if self.shared.is_some() {
            self.weighed.push(self.version + 1, row, target, weight, exchange::WEIGHED_EVENTS);
            // Where there is nothing to predict, no codec is judged.
            if self.model.task().supervised() {
                self.spread.push(self.version + 1, row, target, weight);
            }
        }
    }

    fn check_learns(&self) -> Result<()> {
        if self.frozen {
            return Err(Error::new(
                ErrorKind::Frozen,
                "this identity is frozen and learns no more; fork it to learn on",
            ));
        }
        Ok(())
    }

    /// Predicts with the model as it is. Changes nothing.
    pub fn predict(&self, row: &Row, desk: &mut Desk) -> Result<Answer> {
        invalid(self.model.predict(row, &mut desk.live, &mut desk.scratch))?;
        Ok(self.answer(&desk.live))
    }

    fn answer(&self, p: &Prediction) -> Answer {
        match self.model.task() {
            Task::Regression | Task::Anomaly | Task::Clustering => {
                p.value.map_or(Answer::None, Answer::Value)
            }
            _ if p.proba.is_empty() => Answer::None,
            Task::Binary => Answer::Binary(p.positive()),
            Task::Multiclass => {
                let named = self.model.classes().iter().cloned().zip(p.proba.iter().copied());
                Answer::Classes(named.filter(|(_, p)| !p.is_nan()).collect())
            }
        }
    }

    /// The sequence number of the last event.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What the identity was made of. A state that it began as is in its journal only.
    pub fn birth(&self) -> &Birth {
        &self.birth
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model as it was when the shadow was frozen; none before, and none of heavy models.
    pub fn shadow(&self) -> Option<&Model> {
        self.shadow.as_ref().map(Frozen::model)
    }

    /// What the identity knows about itself.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// True when the identity learns no more.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// The newest version that may be learned a second time; none where nothing is kept for that.
    pub(crate) fn newest_kept(&self) -> Option<u64> {
        self.recent.newest()
    }

    /// Whether its model takes long for an event.
    pub fn is_heavy(&self) -> bool {
        self.catalog.is_heavy(&self.birth.model)
    }

    /// Whether the newest event was to take the resting form.
    pub fn is_resting(&self) -> bool {
        self.resting
    }

    /// Lets a branch of a frozen identity learn again.
    pub(crate) fn thaw(&mut self) {
        self.frozen = false;
    }

    /// A prediction that waits for its label, as it was made, and the version it was made by.
    pub fn as_made(&self, key: &str) -> Option<(u64, Answer)> {
        let waiting = self.pending.find(key).ok()?;
        Some((waiting.version, self.answer(&waiting.live)))
    }

    #[cfg(feature = "testing")]
    pub(crate) fn forget_numbers(&mut self) {
        self.clients = Clients::default();
    }

    /// The features of a prediction that waits for its label.
    pub(crate) fn asked(&self, key: &str) -> Option<&Row> {
        self.pending.find(key).ok().map(|waiting| &waiting.row)
    }

    /// The table of request numbers.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Predictions that wait for their label.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// A short proof that two lives are one: BLAKE3 of the figures, which sum over every
    /// prediction's bits, of the request numbers and of what waits. Cheap beside the whole state.
    pub fn proof(&self) -> [u8; 32] {
        let part = (self.version, &self.figures, &self.clients, self.pending.len(), self.frozen);
        let mut bytes = postcard::to_allocvec(&part).expect("a state is plain data");
        if let Some(shared) = &self.shared {
            bytes.extend_from_slice(&shared.hash());
        }
        *blake3::hash(&bytes).as_bytes()
    }
}

fn detector(catalog: &Catalog) -> Result<Box<dyn DriftDetector>> {
    match invalid(catalog.builder().build(&"ADWIN".into()))? {
        Any::DriftDetector(d) => Ok(d),
        _ => Err(Error::new(ErrorKind::Internal, "ADWIN is no drift detector")),
    }
}

fn invalid<T>(result: her_learn::Result<T>) -> Result<T> {
    result.map_err(|e| Error::invalid(e.to_string()))
}
