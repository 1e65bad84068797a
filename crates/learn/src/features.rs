//! Names to dense ids, and one event as a sorted run of (id, number).

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The dense number of a feature's name within one model.
pub type FeatureId = u32;

/// One event inside a model: numbers sorted by id, and the texts that no transformer has turned
/// into numbers yet. A reused buffer: after warm-up it allocates nothing.
#[derive(Debug, Default, Clone)]
pub struct Features {
    ids: Vec<FeatureId>,
    values: Vec<f64>,
    texts: Vec<(FeatureId, u32)>,
    arena: String,
    order: Vec<(FeatureId, u32, f64)>,
}

impl Features {
    /// Empties the event, keeping its buffers.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.values.clear();
        self.texts.clear();
        self.arena.clear();
    }

    /// Adds a number. Ids may come in any order and more than once until [`sort`](Self::sort).
    #[inline]
    pub fn push(&mut self, id: FeatureId, value: f64) {
        self.ids.push(id);
        self.values.push(value);
    }

    /// Adds a text.
    pub fn push_text(&mut self, id: FeatureId, text: &str) {
        self.arena.push_str(text);
        self.texts.push((id, self.arena.len() as u32));
    }

    /// Adds all numbers and texts of another event.
    pub fn extend(&mut self, other: &Features) {
        self.ids.extend_from_slice(&other.ids);
        self.values.extend_from_slice(&other.values);
        for (id, text) in other.texts() {
            self.push_text(id, text);
        }
    }

    /// Copies another event's texts: what a transformer of numbers does with them.
    #[inline]
    pub fn pass_texts(&mut self, other: &Features) {
        if !other.texts.is_empty() {
            self.texts.extend_from_slice(&other.texts);
            self.arena.push_str(&other.arena);
        }
    }

    /// Replaces this event's numbers by `other`'s ids with values to be written by the caller:
    /// the shape of a transformer that keeps names. Returns the values, as long as the ids.
    #[inline]
    pub fn same_ids(&mut self, other: &Features) -> &mut [f64] {
        self.clear();
        self.ids.extend_from_slice(&other.ids);
        self.values.resize(other.ids.len(), 0.0);
        self.pass_texts(other);
        &mut self.values
    }

    /// Puts the numbers in the order of their ids. Of equal ids the first pushed stays, as in
    /// River's `ChainMap`. Costs one pass when they are in order already.
    pub fn sort(&mut self) {
        if self.ids.windows(2).all(|w| w[0] < w[1]) {
            return;
        }
        // An insertion sort is stable, needs no memory, and is linear on nearly sorted input;
        // long unsorted runs (bags of words) take the index route below.
        if self.ids.len() <= 32 {
            for i in 1..self.ids.len() {
                let mut j = i;
                while j > 0 && self.ids[j - 1] > self.ids[j] {
                    self.ids.swap(j - 1, j);
                    self.values.swap(j - 1, j);
                    j -= 1;
                }
            }
        } else {
            self.sort_long();
        }
        let mut kept = 0;
        for i in 0..self.ids.len() {
            if kept == 0 || self.ids[kept - 1] != self.ids[i] {
                self.ids[kept] = self.ids[i];
                self.values[kept] = self.values[i];
                kept += 1;
            }
        }
        self.ids.truncate(kept);
        self.values.truncate(kept);
    }

    /// Sorts by (id, position) in a reused buffer, so that the first of equal ids stays first.
    fn sort_long(&mut self) {
        self.order.clear();
        let pairs = self.ids.iter().zip(&self.values);
        self.order.extend(pairs.enumerate().map(|(at, (&id, &v))| (id, at as u32, v)));
        self.order.sort_unstable_by_key(|&(id, at, _)| (id, at));
        for (i, &(id, _, value)) in self.order.iter().enumerate() {
            self.ids[i] = id;
            self.values[i] = value;
        }
    }

    /// The ids, sorted.
    #[inline]
    pub fn ids(&self) -> &[FeatureId] {
        &self.ids
    }

    /// The numbers, in the order of the ids.
    #[inline]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The numbers with their ids, in the order of the ids.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FeatureId, f64)> + Clone {
        self.ids.iter().copied().zip(self.values.iter().copied())
    }

    /// The texts with their ids, in the order in which they came.
    pub fn texts(&self) -> impl Iterator<Item = (FeatureId, &str)> {
        let mut start = 0;
        self.texts.iter().map(move |&(id, end)| {
            let text = &self.arena[start as usize..end as usize];
            start = end;
            (id, text)
        })
    }

    /// The number under this id.
    pub fn get(&self, id: FeatureId) -> Option<f64> {
        self.ids.binary_search(&id).ok().map(|i| self.values[i])
    }

    /// The first id, when the ids are a gapless run: the case in which estimators work on slices.
    #[inline]
    pub fn run(&self) -> Option<usize> {
        let (first, last) = (*self.ids.first()?, *self.ids.last()?);
        ((last - first) as usize + 1 == self.ids.len()).then_some(first as usize)
    }

    /// One more than the largest id; 0 for an event without numbers.
    #[inline]
    pub fn end(&self) -> usize {
        self.ids.last().map_or(0, |&id| id as usize + 1)
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True when there is neither a number nor a text.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.texts.is_empty()
    }
}

/// The names of one model's features. Ids are given out in order of first sight, so that the
/// order of additions is that of the first event, as in River.
///
/// It has a cap. When more than `cap` names are known at the start of an event, the eighth that
/// was seen longest ago is forgotten, everywhere in the model, and its ids are given out again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vocabulary {
    names: Vec<Option<Box<str>>>,
    seen: Vec<u64>,
    free: Vec<FeatureId>,
    clock: u64,
    cap: u32,
    #[serde(skip)]
    index: HashTable<FeatureId>,
    #[serde(skip)]
    generation: u64,
}

fn hash(name: &str) -> u64 {
    // FNV-1a with a final mix. Its order is never visible: the table is only looked up.
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        h = (h ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        h ^= h >> 29;
    }
    h = (h ^ name.len() as u64).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 32)
}

impl Vocabulary {
    /// The cap when a spec does not say another one.
    pub const CAP_DEFAULT: u32 = 1 << 20;

    /// An empty vocabulary of at most about `cap` names.
    pub fn new(cap: u32) -> Self {
        Self {
            names: Vec::new(),
            seen: Vec::new(),
            free: Vec::new(),
            clock: 0,
            cap: cap.max(8),
            index: HashTable::new(),
            generation: 0,
        }
    }

    /// How many names are known.
    pub fn len(&self) -> usize {
        self.names.len() - self.free.len()
    }

    /// True when no name is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cap on names.
    pub fn cap(&self) -> u32 {
        self.cap
    }

    /// One more than the largest id ever given out: where temporary ids begin.
    pub fn end(&self) -> FeatureId {
        self.names.len() as FeatureId
    }

    /// Changes whenever ids were taken away or given out again; caches of ids compare it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The id of a known name.
    #[inline]
    pub fn find(&self, name: &str) -> Option<FeatureId> {
        let names = &self.names;
        self.index.find(hash(name), |&id| names[id as usize].as_deref() == Some(name)).copied()
    }

    /// The name of an id that is in use.
    pub fn name(&self, id: FeatureId) -> Option<&str> {
        self.names.get(id as usize).and_then(Option::as_deref)
    }

    /// The id of a name, new or known, marked as seen.
    pub fn intern(&mut self, name: &str) -> FeatureId {
        if let Some(id) = self.find(name) {
            self.seen[id as usize] = self.clock;
            return id;
        }
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.names.push(None);
                self.seen.push(0);
                (self.names.len() - 1) as FeatureId
            }
        };
        self.names[id as usize] = Some(name.into());
        self.seen[id as usize] = self.clock;
        let names = &self.names;
        self.index.insert_unique(hash(name), id, |&other| {
            hash(names[other as usize].as_deref().unwrap_or_default())
        });
        id
    }

    /// True from the point on where it matters when a name was last seen. Below half of the cap
    /// nothing will be forgotten soon, and the marking is saved.
    #[inline]
    pub fn tracks(&self) -> bool {
        self.len() * 2 > self.cap as usize
    }

    /// Marks ids as seen now.
    #[inline]
    pub fn touch(&mut self, ids: &[FeatureId]) {
        if self.tracks() {
            for &id in ids {
                self.seen[id as usize] = self.clock;
            }
        }
    }

    /// Starts an event. When the cap was passed, returns the ids that the model must forget, in
    /// rising order, and gives them free.
    pub fn begin_event(&mut self) -> Option<Vec<FeatureId>> {
        self.clock += 1;
        if self.len() <= self.cap as usize {
            return None;
        }
        let target = self.cap as usize - self.cap as usize / 8;
        let mut live: Vec<(u64, FeatureId)> = (0..self.end())
            .filter(|&id| self.names[id as usize].is_some())
            .map(|id| (self.seen[id as usize], id))
            .collect();
        live.sort_unstable();
        live.truncate(self.len() - target);
        let mut gone: Vec<FeatureId> = live.into_iter().map(|(_, id)| id).collect();
        gone.sort_unstable();
        for &id in &gone {
            self.names[id as usize] = None;
        }
        // Given out again from the smallest up.
        self.free.extend(gone.iter().rev());
        self.generation += 1;
        self.rebuild_index();
        Some(gone)
    }

    /// Rebuilds the lookup table: after loading, and after names were forgotten.
    pub fn rebuild_index(&mut self) {
        let mut index = HashTable::with_capacity(self.len());
        let names = &self.names;
        for (id, name) in names.iter().enumerate() {
            if let Some(name) = name {
                index.insert_unique(hash(name), id as FeatureId, |&other: &FeatureId| {
                    hash(names[other as usize].as_deref().unwrap_or_default())
                });
            }
        }
        self.index = index;
    }
}

/// Names that a prediction met and the vocabulary does not know. They get ids past the
/// vocabulary's end for the length of one event: unknown to every estimator, yet distinct.
#[derive(Debug, Default, Clone)]
pub struct Overlay {
    names: Vec<Box<str>>,
    used: usize,
}

impl Overlay {
    /// Forgets all names, keeping the first buffers.
    pub fn clear(&mut self) {
        self.used = 0;
        self.names.truncate(64);
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.used
    }

    /// True when every name of the event was known.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    fn id(&mut self, base: FeatureId, name: &str) -> FeatureId {
        let known = self.names[..self.used].iter().position(|n| &**n == name);
        let at = known.unwrap_or_else(|| {
            if self.used == self.names.len() {
                self.names.push(name.into());
            } else {
                self.names[self.used] = name.into();
            }
            self.used += 1;
            self.used - 1
        });
        base + at as FeatureId
    }

    fn name(&self, base: FeatureId, id: FeatureId) -> Option<&str> {
        self.names[..self.used].get(id.checked_sub(base)? as usize).map(|n| &**n)
    }
}

/// How a name becomes an id: for good while learning, for one event while predicting.
#[derive(Debug)]
pub enum Names<'a> {
    /// Learning: new names are interned.
    Learn(&'a mut Vocabulary),
    /// Predicting: new names live in the overlay for this event only.
    Predict(&'a Vocabulary, &'a mut Overlay),
}

impl Names<'_> {
    /// The id of a name.
    pub fn id(&mut self, name: &str) -> FeatureId {
        match self {
            Self::Learn(vocabulary) => vocabulary.intern(name),
            Self::Predict(vocabulary, overlay) => {
                vocabulary.find(name).unwrap_or_else(|| overlay.id(vocabulary.end(), name))
            }
        }
    }

    /// The name of an id of this event.
    pub fn name(&self, id: FeatureId) -> &str {
        match self {
            Self::Learn(vocabulary) => vocabulary.name(id),
            Self::Predict(vocabulary, overlay) => {
                vocabulary.name(id).or_else(|| overlay.name(vocabulary.end(), id))
            }
        }
        .unwrap_or_default()
    }

    /// Marks ids as seen, while learning.
    #[inline]
    pub fn touch(&mut self, ids: &[FeatureId]) {
        if let Self::Learn(vocabulary) = self {
            vocabulary.touch(ids);
        }
    }
}

/// Buffers that estimators borrow while they work, so that no event allocates.
#[derive(Debug, Default)]
pub struct Pool {
    features: Vec<Features>,
    floats: Vec<Vec<f64>>,
    text: String,
}

/// What an estimator may use while it works on one event: names and buffers, nothing else.
#[derive(Debug)]
pub struct Context<'a> {
    /// Names to ids and back.
    pub names: Names<'a>,
    pool: &'a mut Pool,
    refusal: Option<Error>,
}

impl<'a> Context<'a> {
    /// A context over a model's names and a caller's buffers.
    pub fn new(names: Names<'a>, pool: &'a mut Pool) -> Self {
        Self { names, pool, refusal: None }
    }

    /// Refuses the event when a text is left over: called by estimators that learn from numbers.
    /// Predictions precede learning, so a refusal reaches the caller before anything changed.
    #[inline]
    pub fn refuse_texts(&mut self, x: &Features, estimator: &str) {
        if !x.texts.is_empty() && self.refusal.is_none() {
            let name = x.texts().next().map(|(id, _)| self.names.name(id)).unwrap_or_default();
            self.refusal = Some(Error::new(format!(
                "feature {name:?} is a text and {estimator} learns from numbers; put \
                 OneHotEncoder, FeatureHasher, BagOfWords or TFIDF before it, or Discard it"
            )));
        }
    }

    /// Refuses the event, for a reason that an estimator finds while it predicts. The first reason
    /// stays.
    #[cold]
    pub fn refuse(&mut self, message: impl Into<String>) {
        if self.refusal.is_none() {
            self.refusal = Some(Error::new(message.into()));
        }
    }

    /// Why the event is refused, if it is.
    pub fn refusal(self) -> Option<Error> {
        self.refusal
    }

    /// An empty event; give it back with [`give`](Self::give).
    #[inline]
    pub fn take(&mut self) -> Features {
        let mut features = self.pool.features.pop().unwrap_or_default();
        features.clear();
        features
    }

    /// Gives a buffer back for the next event.
    #[inline]
    pub fn give(&mut self, features: Features) {
        self.pool.features.push(features);
    }

    /// An empty vector of numbers; give it back with [`give_floats`](Self::give_floats).
    #[inline]
    pub fn take_floats(&mut self) -> Vec<f64> {
        let mut floats = self.pool.floats.pop().unwrap_or_default();
        floats.clear();
        floats
    }

    /// Gives a buffer back for the next event.
    #[inline]
    pub fn give_floats(&mut self, floats: Vec<f64>) {
        self.pool.floats.push(floats);
    }

    /// The id of a name that is put together from parts, without an allocation.
    pub fn id_of(&mut self, parts: std::fmt::Arguments<'_>) -> FeatureId {
        use std::fmt::Write as _;
        let mut text = std::mem::take(&mut self.pool.text);
        text.clear();
        // Writing to a String cannot fail.
        let _ = text.write_fmt(parts);
        let id = self.names.id(&text);
        self.pool.text = text;
        id
    }
}

/// A value per feature id, growing as ids are met: what most estimators keep.
///
/// ```
/// use her_learn::features::Slots;
/// let mut counts: Slots<u64> = Slots::default();
/// *counts.at(3) += 1;
/// assert_eq!((counts.get(3), counts.get(9)), (1, 0));
/// counts.forget(&[3]);
/// assert_eq!(counts.get(3), 0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slots<T>(Vec<T>);

impl<T: Clone + Default> Slots<T> {
    /// Room for all ids below `end`.
    #[inline]
    pub fn grow(&mut self, end: usize) {
        if self.0.len() < end {
            self.0.resize(end, T::default());
        }
    }

    /// The value of an id, made when it is new.
    #[inline]
    pub fn at(&mut self, id: FeatureId) -> &mut T {
        self.grow(id as usize + 1);
        &mut self.0[id as usize]
    }

    /// The value of an id, if there is room for it.
    #[inline]
    pub fn peek(&self, id: FeatureId) -> Option<&T> {
        self.0.get(id as usize)
    }

    /// The value of an id; the default for one never met.
    #[inline]
    pub fn get(&self, id: FeatureId) -> T {
        self.0.get(id as usize).cloned().unwrap_or_default()
    }

    /// Puts forgotten ids back to the default.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if let Some(slot) = self.0.get_mut(id as usize) {
                *slot = T::default();
            }
        }
    }

    /// All values, by id.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// All values, by id.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }

    /// How many ids there is room for.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is room for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_keeps_the_first_of_equal_ids_at_every_length() {
        for n in [3usize, 31, 33, 400] {
            let mut f = Features::default();
            for i in 0..n {
                f.push(((i * 7919) % (n / 2 + 1)) as u32, i as f64);
            }
            let mut want: Vec<(u32, f64)> = f.iter().collect();
            want.sort_by_key(|p| p.0);
            want.dedup_by_key(|p| p.0);
            f.sort();
            assert_eq!(f.iter().collect::<Vec<_>>(), want);
        }
    }

    #[test]
    fn the_vocabulary_forgets_what_was_seen_longest_ago() {
        let mut v = Vocabulary::new(8);
        let mut forgotten = Vec::new();
        for i in 0..40 {
            if let Some(gone) = v.begin_event() {
                forgotten.extend(gone);
            }
            v.intern("always");
            v.intern(&format!("once-{i}"));
        }
        assert!(v.len() <= 10, "{}", v.len());
        assert!(!forgotten.is_empty());
        assert_eq!(v.find("always"), Some(0));
        assert_eq!(v.find("once-0"), None);
        assert!(v.end() <= 12, "ids are given out again: {}", v.end());
    }

    #[test]
    fn predicting_gives_unknown_names_ids_for_one_event_only() {
        let mut v = Vocabulary::new(100);
        v.intern("a");
        let mut overlay = Overlay::default();
        let mut names = Names::Predict(&v, &mut overlay);
        assert_eq!(names.id("a"), 0);
        assert_eq!((names.id("b"), names.id("c"), names.id("b")), (1, 2, 1));
        assert_eq!(names.name(2), "c");
        assert_eq!(v.len(), 1);
    }
}
