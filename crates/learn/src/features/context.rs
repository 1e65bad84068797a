//! What an estimator may use while it works on one event.

use super::{FeatureId, Features, Names};
use crate::error::Error;
use crate::feature_extraction::words::Bag;
use crate::model::Label;
use crate::neighbors::Near;

/// Buffers that estimators borrow while they work, so that no event allocates.
#[derive(Debug, Default)]
pub struct Pool {
    /// Boxed: a lent event is five vectors.
    #[expect(clippy::vec_box, reason = "so that lending moves a pointer")]
    features: Vec<Box<Features>>,
    floats: Vec<Vec<f64>>,
    near: Vec<Vec<Near>>,
    text: String,
    #[expect(
        clippy::vec_box,
        reason = "a bag is large, and is taken and given back for every text"
    )]
    bags: Vec<Box<Bag>>,
    /// True once the bags of words of the last prediction were used for learning.
    learned: bool,
}

/// What an estimator may use while it works on one event: names and buffers, nothing else.
#[derive(Debug)]
pub struct Context<'a> {
    /// Names to ids and back.
    pub names: Names<'a>,
    classes: &'a [Label],
    pool: &'a mut Pool,
    refusal: Option<Error>,
}

impl<'a> Context<'a> {
    /// A context over a model's names and a caller's buffers.
    ///
    /// What a prediction found in a text stays at hand for the learning from the same event that
    /// follows it, and for nothing else.
    pub fn new(names: Names<'a>, pool: &'a mut Pool) -> Self {
        let learning = matches!(names, Names::Learn(_));
        if pool.learned || !learning {
            for bag in &mut pool.bags {
                bag.disown();
            }
        }
        pool.learned = learning;
        Self { names, classes: &[], pool, refusal: None }
    }

    /// The same with the names of the model's classes by id.
    pub fn with_classes(mut self, classes: &'a [Label]) -> Self {
        self.classes = classes;
        self
    }

    /// The names of the model's classes by id; none while no class is known.
    pub fn classes(&self) -> &'a [Label] {
        self.classes
    }

    /// The bag that this owner gave back last for the same event, or one to be filled.
    pub(crate) fn take_bag(&mut self, owner: usize) -> Box<Bag> {
        let bags = &mut self.pool.bags;
        let at = bags.iter().position(|b| b.owner() == Some(owner));
        let at = at.or_else(|| bags.iter().position(|b| b.owner().is_none()));
        let mut bag = at.map(|at| bags.swap_remove(at)).unwrap_or_default();
        bag.own(owner);
        bag
    }

    /// Gives a bag back.
    pub(crate) fn give_bag(&mut self, bag: Box<Bag>) {
        self.pool.bags.push(bag);
    }

    /// Refuses the event. Only a prediction's refusal reaches the caller: it precedes learning.
    #[cold]
    pub fn refuse(&mut self, why: Error) {
        self.refusal.get_or_insert(why);
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

    /// Why the event is refused, if it is.
    pub fn refusal(self) -> Option<Error> {
        self.refusal
    }

    /// An empty event; give it back with [`give`](Self::give).
    #[inline]
    pub fn take(&mut self) -> Box<Features> {
        let mut features = self.pool.features.pop().unwrap_or_default();
        features.clear();
        features
    }

    /// Gives a buffer back for the next event.
    #[inline]
    pub fn give(&mut self, features: Box<Features>) {
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

    /// An empty vector of places and distances; give it back with [`give_near`](Self::give_near).
    pub(crate) fn take_near(&mut self) -> Vec<Near> {
        let mut near = self.pool.near.pop().unwrap_or_default();
        near.clear();
        near
    }

    /// Gives a buffer back for the next event.
    pub(crate) fn give_near(&mut self, near: Vec<Near>) {
        self.pool.near.push(near);
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

    /// The id of a name that is made from another feature's, without an allocation.
    pub fn renamed(&mut self, id: FeatureId, write: impl FnOnce(&str, &mut String)) -> FeatureId {
        let mut text = std::mem::take(&mut self.pool.text);
        text.clear();
        write(self.names.name(id), &mut text);
        let id = self.names.id(&text);
        self.pool.text = text;
        id
    }

    /// The id of a name that is other features' names with something between, without an
    /// allocation.
    pub fn id_of_names(&mut self, ids: &[FeatureId], between: &str) -> FeatureId {
        let mut text = std::mem::take(&mut self.pool.text);
        text.clear();
        for (i, &id) in ids.iter().enumerate() {
            if i > 0 {
                text.push_str(between);
            }
            text.push_str(self.names.name(id));
        }
        let id = self.names.id(&text);
        self.pool.text = text;
        id
    }
}
