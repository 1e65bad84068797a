//! Names to dense ids, and one event as a sorted run of (id, number).

mod context;
mod index;
mod names;
#[cfg(test)]
pub(crate) mod testing;

use serde::{Deserialize, Serialize};

pub use context::{Context, Pool};
pub use names::{Names, Overlay, Vocabulary};

/// The dense number of a feature's name within one model.
pub type FeatureId = u32;

/// One event inside a model: numbers sorted by id, and the texts that no transformer has turned
/// into numbers yet. A reused buffer: after warm-up it allocates nothing.
#[derive(Debug, Default, Clone)]
pub struct Features {
    ids: Vec<FeatureId>,
    values: Vec<f64>,
    /// The id, and from where to where in the arena its text is.
    texts: Vec<(FeatureId, u32, u32)>,
    arena: String,
    order: Vec<(FeatureId, u32, f64)>,
}

impl Features {
    /// Empties the event, keeping its buffers.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.values.clear();
        if !self.texts.is_empty() {
            self.texts.clear();
            self.arena.clear();
        }
    }

    /// Adds a number. Ids may come in any order and more than once until [`sort`](Self::sort).
    #[inline]
    pub fn push(&mut self, id: FeatureId, value: f64) {
        self.ids.push(id);
        self.values.push(value);
    }

    /// Adds numbers with their ids.
    #[inline]
    pub fn push_all(&mut self, ids: &[FeatureId], values: &[f64]) {
        self.ids.extend_from_slice(ids);
        self.values.extend_from_slice(values);
    }

    /// Gives an event without numbers these ids, which are sorted, with values to be written by
    /// the caller.
    #[inline]
    pub fn values_for(&mut self, ids: &[FeatureId]) -> &mut [f64] {
        debug_assert!(self.ids.is_empty() && ids.windows(2).all(|w| w[0] < w[1]));
        self.ids.extend_from_slice(ids);
        self.values.resize(ids.len(), 0.0);
        &mut self.values
    }

    /// Replaces the numbers by zeros under these ids, to be written by the caller; other ids than
    /// sorted ones need [`sort`](Self::sort) then.
    #[inline]
    pub fn refill(&mut self, ids: &[FeatureId]) -> &mut [f64] {
        self.clear();
        self.ids.extend_from_slice(ids);
        self.values.resize(ids.len(), 0.0);
        &mut self.values
    }

    /// Replaces the numbers by these, which are in the order of their ids.
    #[inline]
    pub fn assign(&mut self, ids: &[FeatureId], values: &[f64]) {
        self.ids.clear();
        self.values.clear();
        self.ids.extend_from_slice(ids);
        self.values.extend_from_slice(&values[..ids.len()]);
    }

    /// Adds a text.
    pub fn push_text(&mut self, id: FeatureId, text: &str) {
        let start = self.arena.len() as u32;
        self.arena.push_str(text);
        self.texts.push((id, start, self.arena.len() as u32));
    }

    /// Adds all numbers and texts of another event.
    pub fn extend(&mut self, other: &Features) {
        self.ids.extend_from_slice(&other.ids);
        self.values.extend_from_slice(&other.values);
        for (id, text) in other.texts() {
            self.push_text(id, text);
        }
    }

    /// Adds the numbers and texts of another event. A text stays out where its name is taken;
    /// a number stays out where a text has its name, and else until [`sort`](Self::sort).
    pub fn extend_new(&mut self, other: &Features) {
        let texts = self.texts.len();
        for (id, text) in other.texts() {
            if !self.contains(id) {
                self.push_text(id, text);
            }
        }
        if texts == 0 {
            self.push_all(&other.ids, &other.values);
            return;
        }
        for (id, v) in other.iter() {
            if self.texts[..texts].iter().all(|&(taken, ..)| taken != id) {
                self.push(id, v);
            }
        }
    }

    /// True when there is a number or a text under this id, whatever the order.
    pub fn contains(&self, id: FeatureId) -> bool {
        self.ids.contains(&id) || self.texts.iter().any(|&(text, ..)| text == id)
    }

    /// Copies another event's texts: what a transformer of numbers does with them.
    #[inline]
    pub fn pass_texts(&mut self, other: &Features) {
        if !other.texts.is_empty() {
            let base = self.arena.len() as u32;
            self.arena.push_str(&other.arena);
            let moved = other.texts.iter().map(|&(id, start, end)| (id, base + start, base + end));
            self.texts.extend(moved);
        }
    }

    /// Moves what is under `old` to `new`, replacing what was there. Leaves the order to
    /// [`sort`](Self::sort).
    pub fn rename(&mut self, old: FeatureId, new: FeatureId) {
        if old == new || !self.contains(old) {
            return;
        }
        self.remove(new);
        let texts = self.texts.iter_mut().map(|(id, ..)| id);
        for id in self.ids.iter_mut().chain(texts) {
            if *id == old {
                *id = new;
            }
        }
    }

    fn remove(&mut self, gone: FeatureId) {
        if let Some(at) = self.ids.iter().position(|&id| id == gone) {
            self.ids.remove(at);
            self.values.remove(at);
        }
        self.texts.retain(|&(id, ..)| id != gone);
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

    /// Replaces this event by `other`'s ids with the values of `values`, one for each.
    #[inline]
    pub fn derive(&mut self, other: &Features, values: impl ExactSizeIterator<Item = f64>) {
        self.clear();
        self.ids.extend_from_slice(&other.ids);
        self.values.extend(values);
        self.pass_texts(other);
    }

    /// Puts the numbers, and the texts, in the order of their ids. Of equal ids the first pushed
    /// stays, as in River's `ChainMap`. Costs one pass when they are in order already.
    pub fn sort(&mut self) {
        if !self.texts.is_sorted() {
            // Of one id, the text that was pushed first also begins first.
            self.texts.sort_unstable();
        }
        self.texts.dedup_by_key(|&mut (id, ..)| id);
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

    /// The texts with their ids, in the order of the ids.
    pub fn texts(&self) -> impl Iterator<Item = (FeatureId, &str)> {
        self.texts.iter().map(|&(id, start, end)| (id, &self.arena[start as usize..end as usize]))
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
    fn renaming_moves_numbers_and_texts_and_replaces_what_was_there() {
        let mut f = Features::default();
        for id in [1, 4, 6] {
            f.push(id, f64::from(id));
        }
        for (id, text) in [(2, "two"), (3, "three"), (5, "five")] {
            f.push_text(id, text);
        }
        let numbers = |f: &Features| f.iter().collect::<Vec<_>>();
        let texts = |f: &Features| f.texts().map(|(i, t)| (i, t.to_owned())).collect::<Vec<_>>();
        f.rename(6, 1);
        assert_eq!(numbers(&f), [(4, 4.0), (1, 6.0)]);
        f.rename(2, 4);
        assert_eq!(numbers(&f), [(1, 6.0)]);
        assert_eq!(texts(&f), [(4, "two".into()), (3, "three".into()), (5, "five".into())]);
        f.rename(5, 4);
        assert_eq!(texts(&f), [(3, "three".into()), (4, "five".into())]);
        f.rename(9, 3);
        f.rename(3, 3);
        f.rename(1, 3);
        assert_eq!((numbers(&f), texts(&f)), (vec![(3, 6.0)], vec![(4, "five".into())]));
    }

    #[test]
    fn texts_are_sorted_and_passed_on_behind_others() {
        let (mut f, mut g) = (Features::default(), Features::default());
        for (id, text) in [(5, "five"), (2, "two"), (5, "late"), (3, "")] {
            f.push_text(id, text);
        }
        f.sort();
        g.push_text(9, "nine");
        g.pass_texts(&f);
        let texts: Vec<_> = g.texts().collect();
        assert_eq!(texts, [(9, "nine"), (2, "two"), (3, ""), (5, "five")]);
    }
}
