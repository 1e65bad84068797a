//! What is remembered in one space of one modality, the newest of it.

use std::cmp::Ordering;
use std::collections::VecDeque;

use her_encode::Modality;
use her_learn::merge::Fixed;
use serde::{Deserialize, Serialize};

use crate::record;
use crate::vector::Vector;

/// One thing that was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub id: Box<str>,
    /// Its words, or those that were said with it; cut, or empty.
    pub text: Box<str>,
    /// Its vector.
    pub vector: Vector,
    /// How often it was told, on the grid of sums: peers' counts are added to it.
    pub(crate) told: Fixed,
    /// The sum of the times at which it was told.
    pub(crate) times: Fixed,
    /// Rises with everything that is told here; 0 for what only peers were told.
    pub(crate) order: u64,
    /// The hash of all of it that does not add up: its name in sums.
    #[serde(skip)]
    pub(crate) key: record::Key,
    #[serde(skip)]
    squares: i32,
}

impl Item {
    /// One that is told here, as the `order`th.
    pub(crate) fn told_here(id: &str, text: &str, vector: Vector, time: f64, order: u64) -> Self {
        let (id, text, told, times) = (id.into(), text.into(), record::ONCE, Fixed::of(time));
        Self { id, text, vector, told, times, order, key: [0; 32], squares: 0 }
    }

    /// One that sums tell of.
    pub(crate) fn of_sums(id: &str, text: &str, vector: Vector, told: Fixed, times: Fixed) -> Self {
        let (id, text) = (id.into(), text.into());
        Self { id, text, vector, told, times, order: 0, key: [0; 32], squares: 0 }
    }

    /// How often it was told, by all whose memories are in this one.
    pub fn told(&self) -> f64 {
        self.told.to_f64()
    }

    /// When: the mean of the times at which it was told, 0 where none was given.
    pub fn time_ms(&self) -> i64 {
        let told = self.told.0.max(1);
        let mean = (self.times.0 + told / 2).div_euclid(told);
        i64::try_from(mean).unwrap_or(if mean < 0 { i64::MIN } else { i64::MAX })
    }

    /// What goes first: the oldest of what was told here, and before it what peers told.
    fn age(&self, other: &Self) -> Ordering {
        let by = |item: &Self| (item.order, item.time_ms(), item.key);
        by(self).cmp(&by(other))
    }
}

/// Memories whose vectors can be compared, the oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Store {
    modality: Box<str>,
    space: Box<str>,
    dims: u32,
    pub(crate) items: VecDeque<Item>,
}

/// A memory that was found.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// What it is: `text`, `image`, `audio`.
    pub modality: &'a str,
    /// The memory.
    pub item: &'a Item,
    /// The cosine of its vector and that of the query, −1 to 1.
    pub similarity: f64,
}

impl Store {
    pub(crate) fn new(modality: Modality, space: &str, dims: usize) -> Self {
        let (modality, dims) = (modality.name().into(), dims as u32);
        Self { modality, space: space.into(), dims, items: VecDeque::new() }
    }

    /// `text`, `image` or `audio`.
    pub fn modality(&self) -> &str {
        &self.modality
    }

    /// The space of its vectors.
    pub fn space(&self) -> &str {
        &self.space
    }

    /// Length of its vectors.
    pub fn dims(&self) -> usize {
        self.dims as usize
    }

    /// The memories, the oldest first.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.items.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether it is of this modality and space.
    pub(crate) fn is(&self, modality: &str, space: &str) -> bool {
        *self.modality == *modality && *self.space == *space
    }

    /// Gives what was read or taken over what follows from it. False where it does not fit in.
    pub(crate) fn completed(&self, item: &mut Item) -> bool {
        item.squares = item.vector.squares();
        item.key = record::key(self, item);
        item.vector.numbers.len() == self.dims()
    }

    /// Remembers what was told, which becomes the newest; the oldest goes where there are `most`.
    /// Costs a look at each memory's name.
    pub(crate) fn tell(&mut self, mut item: Item, most: usize) {
        self.completed(&mut item);
        let known = self.items.iter().position(|known| known.key == item.key);
        if let Some(old) = known.and_then(|at| self.items.remove(at)) {
            item.told = item.told.add(old.told);
            item.times = item.times.add(old.times);
        } else if self.items.len() >= most {
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    /// Puts memories in the order in which they go, and lets go of those beyond `most`.
    pub(crate) fn settle(&mut self, most: usize) {
        let items = self.items.make_contiguous();
        items.sort_unstable_by(Item::age);
        self.items.drain(..self.items.len().saturating_sub(most));
    }

    fn all<'a>(&'a self, query: &'a Vector) -> impl Iterator<Item = f64> + 'a {
        let squares = query.squares();
        self.items.iter().map(move |item| query.cosine(squares, &item.vector, item.squares))
    }

    /// How much the one is like it that is most like it; none where nothing is remembered. Costs a
    /// product of vectors for each memory.
    pub(crate) fn closest(&self, query: &Vector) -> Option<f64> {
        self.all(query).reduce(f64::max)
    }

    /// Adds the memories that are most like a query, at most `most`.
    pub(crate) fn nearest<'a>(&'a self, query: &Vector, most: usize, out: &mut Vec<Found<'a>>) {
        let items = self.items.iter().zip(self.all(query));
        let found = |(item, similarity)| Found { modality: &self.modality, item, similarity };
        let mut all: Vec<Found<'a>> = items.map(found).collect();
        if all.len() > most && most > 0 {
            all.select_nth_unstable_by(most - 1, Found::order);
        }
        all.truncate(most);
        out.extend(all);
        out.sort_unstable_by(Found::order);
        out.truncate(most);
    }
}

impl Found<'_> {
    /// The most alike first, of equals the newest.
    fn order(&self, other: &Self) -> Ordering {
        let by_likeness = other.similarity.total_cmp(&self.similarity);
        by_likeness.then_with(|| other.item.age(self.item))
    }
}
