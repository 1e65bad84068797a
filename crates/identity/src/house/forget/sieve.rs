//! Which events of a life are struck, which hang on those, and how the rest names versions.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use crate::event::{Event, What, limits};
use crate::house::Span;

/// What becomes of an event.
pub(super) enum Sifted<'e> {
    /// It is part of the new life.
    Stays(Cow<'e, Event>),
    /// It was to be forgotten.
    Struck,
    /// It makes no sense without what is forgotten.
    Hangs,
}

/// Goes over a life once, in its order.
pub(super) struct Sieve {
    range: Span,
    /// Keys of predictions that are not part of the new life, by the version of the old one.
    without: BTreeMap<Box<str>, u64>,
    /// How many there may be: the old life kept no more waiting either.
    without_max: usize,
    /// The newest learned events that stay: their versions in the old life and in the new one.
    learned: VecDeque<(u64, u64)>,
    /// The newest of those that were learned before anything was struck.
    before: Option<u64>,
    /// The last version that both lives share.
    kept: u64,
    /// Versions of the old life that are not part of the new one, in runs.
    gone: Vec<Span>,
    /// Clients of struck requests, with their newest number.
    clients: BTreeMap<Box<str>, u64>,
}

/// Whether an event is one that teaches: what can be struck.
pub(super) fn teaches(what: &What) -> bool {
    matches!(what, What::Learn { .. } | What::Remember { .. } | What::Label { .. })
}

impl Sieve {
    pub fn new(range: Span, kept: u64, before: Option<u64>, late_labels_max: u32) -> Self {
        Self {
            range,
            without: BTreeMap::new(),
            without_max: late_labels_max as usize,
            learned: VecDeque::new(),
            before,
            kept,
            gone: Vec::new(),
            clients: BTreeMap::new(),
        }
    }

    pub fn sift<'e>(&mut self, version: u64, event: &'e Event) -> Sifted<'e> {
        let in_range = (self.range.from..=self.range.to).contains(&version);
        if in_range && teaches(&event.what) {
            match &event.what {
                What::Remember { key, .. } => self.is_without(key, version),
                What::Label { key, .. } => drop(self.without.remove(key)),
                _ => {}
            }
            self.struck(version, event);
            return Sifted::Struck;
        }
        match &event.what {
            What::Label { key, .. } if self.without.remove(key).is_some() => {
                self.leave_out(version);
                Sifted::Hangs
            }
            What::Rehearse { from, to } => {
                let Some((from, to)) = self.again(*from, *to) else {
                    self.leave_out(version);
                    return Sifted::Hangs;
                };
                let what = What::Rehearse { from, to };
                Sifted::Stays(Cow::Owned(Event { what, ..event.clone() }))
            }
            _ => Sifted::Stays(Cow::Borrowed(event)),
        }
    }

    /// An event that stayed has a version of the new life now.
    pub fn stayed(&mut self, version: u64, new: u64, what: &What) {
        match what {
            What::Learn { .. } | What::Label { .. } => {
                self.learned.push_back((version, new));
                // Older ones are not kept for a second pass.
                if self.learned.len() > limits::REHEARSE_EVENTS as usize {
                    self.learned.pop_front();
                }
            }
            What::Remember { key, .. } => drop(self.without.remove(key)),
            _ => {}
        }
    }

    /// The new life refused an event: without what was struck it makes no sense.
    pub fn refused(&mut self, version: u64, what: &What) {
        if let What::Remember { key, .. } = what {
            self.is_without(key, version);
        }
        self.leave_out(version);
    }

    fn struck(&mut self, version: u64, event: &Event) {
        if let Some(request) = &event.request {
            let newest = self.clients.entry(request.client.clone()).or_default();
            *newest = request.n.max(*newest);
        }
        self.leave_out(version);
    }

    /// No label of this key is part of the new life, until it has a prediction of that key.
    fn is_without(&mut self, key: &str, version: u64) {
        self.without.insert(key.into(), version);
        if self.without.len() > self.without_max {
            let oldest = self.without.iter().min_by_key(|(_, version)| **version);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.without.remove(&oldest);
            }
        }
    }

    fn leave_out(&mut self, version: u64) {
        match self.gone.last_mut() {
            Some(run) if run.to + 1 == version => run.to = version,
            _ => self.gone.push(Span { from: version, to: version }),
        }
    }

    /// A second pass over a run of events, as far as those are part of the new life.
    fn again(&self, from: u64, to: u64) -> Option<(u64, u64)> {
        let first = if from <= self.kept {
            from
        } else {
            self.learned.iter().find(|(old, _)| *old >= from)?.1
        };
        let last = if to <= self.kept {
            to
        } else {
            let newest = self.learned.iter().rev().find(|(old, _)| *old <= to);
            newest.map(|(_, new)| *new).or(self.before)?
        };
        (first <= last).then_some((first, last))
    }

    /// What a version of the old life is in the new one; that before it, if it is gone.
    pub fn version(&self, old: u64) -> u64 {
        let before = |run: &Span| (run.to.min(old) + 1).saturating_sub(run.from);
        old - self.gone.iter().map(before).sum::<u64>()
    }

    /// Clients of struck requests, with their newest number.
    pub fn clients(&self) -> &BTreeMap<Box<str>, u64> {
        &self.clients
    }
}
