//! Which features a leaf watches.

use serde::{Deserialize, Serialize};

use super::nominal::Nominal;
use crate::features::{Context, FeatureId, Features};
use crate::rng::Rng;

/// The numbers that a leaf watches, and what it was told not to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Columns {
    /// Sorted.
    ids: Vec<FeatureId>,
    /// Which event of the leaf, and which feature of that event, came first here.
    born: Vec<(u32, u32)>,
    /// Features that are never watched again.
    disabled: Vec<FeatureId>,
    /// The only features that may be watched, in the order in which they were drawn; empty until
    /// they are drawn, and for ever where all may be.
    subspace: Vec<FeatureId>,
    /// Events seen since the leaf was activated.
    pub events: u32,
}

impl Columns {
    pub fn ids(&self) -> &[FeatureId] {
        &self.ids
    }

    pub fn born(&self, column: usize) -> (u32, u32) {
        self.born[column]
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn bytes(&self) -> usize {
        self.ids.len() * 12 + (self.disabled.len() + self.subspace.len()) * 4
    }

    /// Draws the features that may be watched, as River does: from the sorted names of the first
    /// event.
    pub fn draw(&mut self, x: &Features, max: usize, rng: &mut Rng, cx: &Context<'_>) {
        if self.is_drawn() {
            return;
        }
        let texts = x.texts().map(|(id, _)| id);
        let mut ids: Vec<FeatureId> = x.ids().iter().copied().chain(texts).collect();
        ids.sort_unstable_by(|&a, &b| cx.names.name(a).cmp(cx.names.name(b)));
        if ids.len() >= max {
            self.subspace.extend(rng.sample(ids.len(), max).into_iter().map(|i| ids[i]));
        } else {
            self.subspace = ids;
        }
    }

    /// True when it is settled which features may be watched.
    pub fn is_drawn(&self) -> bool {
        !self.subspace.is_empty()
    }

    /// True when this feature may be watched.
    pub fn allows(&self, id: FeatureId) -> bool {
        (self.subspace.is_empty() || self.subspace.contains(&id)) && !self.disabled.contains(&id)
    }

    /// True when nothing can be added: all features that may be watched are.
    pub fn is_complete(&self, nominals: usize) -> bool {
        !self.subspace.is_empty()
            && self.ids.len() + nominals + self.disabled.len() >= self.subspace.len()
    }

    /// The order of a feature among those that were new in the same event: as they were drawn,
    /// else by id.
    pub fn rank(&self, id: FeatureId) -> (u32, u32) {
        let drawn = self.subspace.iter().position(|&d| d == id);
        (self.events, drawn.map_or(id, |at| at as u32))
    }

    /// True when an event holds exactly the watched numbers, all of them finite.
    #[inline]
    pub fn is_whole(&self, x: &Features) -> bool {
        self.ids == x.ids() && x.values().iter().all(|v| v.is_finite())
    }

    /// Writes a number per column, `NAN` where the event lacks it; true when it lacks none.
    pub fn gather(&self, x: &Features, values: &mut Vec<f64>) -> bool {
        values.clear();
        let (ids, numbers) = (x.ids(), x.values());
        let (mut i, mut whole) = (0, true);
        for &id in &self.ids {
            while i < ids.len() && ids[i] < id {
                i += 1;
            }
            let v = match ids.get(i) {
                Some(&at) if at == id && numbers[i].is_finite() => numbers[i],
                _ => f64::NAN,
            };
            whole &= !v.is_nan();
            values.push(v);
        }
        whole
    }

    /// The first number from place `from` on that is neither watched nor looked at before.
    pub fn next_new(&self, x: &Features, from: usize) -> Option<usize> {
        let ids = x.ids();
        let mut j = ids.get(from).map_or(0, |id| self.ids.partition_point(|w| w < id));
        for (i, &id) in ids.iter().enumerate().skip(from) {
            while j < self.ids.len() && self.ids[j] < id {
                j += 1;
            }
            if self.ids.get(j) != Some(&id) {
                return Some(i);
            }
        }
        None
    }

    pub fn has(&self, id: FeatureId) -> bool {
        self.ids.binary_search(&id).is_ok()
    }

    /// Watches one more; returns its place.
    pub fn insert(&mut self, id: FeatureId) -> usize {
        let at = self.ids.partition_point(|&known| known < id);
        let born = self.rank(id);
        self.ids.insert(at, id);
        self.born.insert(at, born);
        at
    }

    /// Stops watching; returns where it was.
    pub fn remove(&mut self, id: FeatureId) -> Option<usize> {
        let at = self.ids.binary_search(&id).ok()?;
        self.ids.remove(at);
        self.born.remove(at);
        Some(at)
    }

    pub fn disable(&mut self, id: FeatureId) {
        if !self.disabled.contains(&id) {
            self.disabled.push(id);
        }
    }

    /// Forgets what was watched, but not the features that may be.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.born.clear();
        self.events = 0;
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.disabled.retain(|id| gone.binary_search(id).is_err());
        self.subspace.retain(|id| gone.binary_search(id).is_err());
    }
}

/// Starts to watch the features of an event that are new to a leaf. Texts, and numbers with one of
/// these names, are nominal; for each other number `insert` makes room at its place.
pub(crate) fn meet<T: Default>(
    columns: &mut Columns,
    nominals: &mut Vec<Nominal<T>>,
    nominal_names: &[String],
    x: &Features,
    cx: &Context<'_>,
    mut insert: impl FnMut(usize),
) {
    if columns.is_complete(nominals.len()) {
        return;
    }
    let mut from = 0;
    while let Some(i) = columns.next_new(x, from) {
        from = i + 1;
        let id = x.ids()[i];
        if nominals.iter().any(|n| n.id == id) || !columns.allows(id) {
            continue;
        }
        if !nominal_names.is_empty() && nominal_names.iter().any(|n| n == cx.names.name(id)) {
            meet_nominal(columns, nominals, id);
        } else {
            insert(columns.insert(id));
        }
    }
    for (id, _) in x.texts() {
        let known = nominals.iter().any(|n| n.id == id) || columns.has(id);
        if !known && columns.allows(id) {
            meet_nominal(columns, nominals, id);
        }
    }
}

fn meet_nominal<T: Default>(columns: &Columns, nominals: &mut Vec<Nominal<T>>, id: FeatureId) {
    let at = nominals.partition_point(|n| n.id < id);
    nominals.insert(at, Nominal::new(id, columns.rank(id)));
}
