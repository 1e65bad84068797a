//! Predictions that wait for their label.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use her_learn::{Prediction, Row};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A prediction as it was made, to be scored and learned from when the label comes.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The features.
    pub row: Row,
    /// What the live model said.
    pub live: Prediction,
    /// What the shadow said.
    pub shadow: Option<Prediction>,
    /// When it was asked.
    pub at_ms: u64,
    /// The version that answered.
    pub version: u64,
}

/// The table of waiting predictions: bounded by number and by age.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    waiting: BTreeMap<Box<str>, Waiting>,
    /// Versions and keys in the order in which they came; those labelled since are skipped.
    order: VecDeque<(u64, Box<str>)>,
    /// Keys that were labelled or dropped lately, to tell "gone" from "never seen".
    gone: BTreeSet<Box<str>>,
    gone_order: VecDeque<Box<str>>,
}

/// The saved form: rows as their JSON names and values would be slow and inexact, so the
/// journal's own codec carries them.
#[derive(Serialize, Deserialize)]
struct Saved {
    entries: Vec<SavedEntry>,
    gone: Vec<Box<str>>,
}

#[derive(Serialize, Deserialize)]
struct SavedEntry {
    event: Vec<u8>,
    live: (Vec<f64>, Option<f64>),
    shadow: Option<(Vec<f64>, Option<f64>)>,
    version: u64,
}

/// Keys that are remembered as gone.
const GONE_MAX: usize = 4_096;

impl Pending {
    /// How many predictions wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True when none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Refuses a key that waits already.
    pub fn check_free(&self, key: &str) -> Result<()> {
        if self.waiting.contains_key(key) {
            return Err(Error::new(
                crate::error::ErrorKind::Exists,
                format!("id {key:?} waits for its label already; give each prediction its own id"),
            ));
        }
        Ok(())
    }

    /// Drops what is too old or too much. Returns how many.
    pub fn expire(&mut self, now_ms: u64, ttl_ms: u64, max: usize) -> u64 {
        let mut dropped = 0;
        while let Some((version, key)) = self.order.front() {
            let stale = match self.waiting.get(key) {
                // Labelled since, or asked again under the same key.
                None => true,
                Some(w) if w.version != *version => true,
                Some(w) if w.at_ms.saturating_add(ttl_ms) <= now_ms || self.waiting.len() > max => {
                    dropped += 1;
                    false
                }
                Some(_) => break,
            };
            if let Some((_, key)) = self.order.pop_front()
                && !stale
            {
                self.waiting.remove(&key);
                self.note_gone(key);
            }
        }
        dropped
    }

    fn note_gone(&mut self, key: Box<str>) {
        if self.gone.insert(key.clone()) {
            self.gone_order.push_back(key);
        }
        while self.gone_order.len() > GONE_MAX {
            if let Some(old) = self.gone_order.pop_front() {
                self.gone.remove(&old);
            }
        }
    }

    /// Keeps a prediction. The caller has checked that the key is free.
    pub fn insert(&mut self, key: &str, waiting: Waiting) {
        self.order.push_back((waiting.version, key.into()));
        self.waiting.insert(key.into(), waiting);
        // Labelled keys leave the queue when they reach its front; one that is never labelled
        // would hold them back, so they are swept out when they are the most of it.
        if self.order.len() > 2 * self.waiting.len() + 1024 {
            let waiting = &self.waiting;
            self.order.retain(|(v, key)| waiting.get(key).is_some_and(|w| w.version == *v));
        }
    }

    /// The waiting prediction of a key; says whether a missing one is gone or was never there.
    pub fn find(&self, key: &str) -> Result<&Waiting> {
        self.waiting.get(key).ok_or_else(|| {
            if self.gone.contains(key) {
                Error::new(
                    crate::error::ErrorKind::Gone,
                    format!("id {key:?} was labelled already or waited too long for its label"),
                )
            } else {
                Error::not_found(format!(
                    "no prediction waits under id {key:?}; predict with this id first"
                ))
            }
        })
    }

    /// Takes a waiting prediction out: it is labelled now.
    pub fn take(&mut self, key: &str) -> Option<Waiting> {
        let waiting = self.waiting.remove(key)?;
        self.note_gone(key.into());
        Some(waiting)
    }

    /// The exact table as bytes.
    pub fn save(&self) -> Vec<u8> {
        let flat = |p: &Prediction| (p.proba.clone(), p.value);
        let alive = self.order.iter().filter_map(|(version, key)| {
            let w = self.waiting.get(key).filter(|w| w.version == *version)?;
            let what = crate::event::What::Remember { key: key.clone(), row: w.row.clone() };
            let event = crate::event::Event { at_ms: w.at_ms, request: None, what };
            let mut batch = crate::event::Batch::default();
            batch.push(&event);
            Some(SavedEntry {
                event: batch.take(),
                live: flat(&w.live),
                shadow: w.shadow.as_ref().map(flat),
                version: w.version,
            })
        });
        let saved = Saved { entries: alive.collect(), gone: self.gone_order.clone().into() };
        postcard::to_allocvec(&saved).expect("the table is plain data")
    }

    /// The table from the bytes of [`save`](Self::save).
    pub fn load(bytes: &[u8]) -> Result<Self> {
        let saved: Saved = postcard::from_bytes(bytes).map_err(|e| {
            Error::new(
                crate::error::ErrorKind::Corrupt,
                format!("the table of late labels can't be read ({e})"),
            )
        })?;
        let mut pending = Self::default();
        let mut shapes = Vec::new();
        for entry in saved.entries {
            crate::event::decode(&entry.event, &mut shapes, &mut |event| {
                if let crate::event::What::Remember { key, row } = event.what {
                    let thick = |(proba, value)| Prediction { proba, value };
                    let waiting = Waiting {
                        row,
                        live: thick(entry.live.clone()),
                        shadow: entry.shadow.clone().map(thick),
                        at_ms: event.at_ms,
                        version: entry.version,
                    };
                    pending.insert(&key, waiting);
                }
                Ok(())
            })?;
        }
        for key in saved.gone {
            pending.note_gone(key);
        }
        Ok(pending)
    }
}
