//! What the naive Bayes classifiers of counts share: how often each term came with each class.

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use crate::error::Error;
use crate::estimator::{Attribute, ClassId};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::merge::{Fixed, Gather, Spread};

/// How often each term came with each class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Terms {
    pub classes: Classes,
    /// Per class, by term.
    counts: Vec<Slots<f64>>,
    /// Per class, over all terms.
    totals: Vec<f64>,
    /// By term, over all classes.
    sums: Slots<f64>,
    /// Over all terms and classes.
    total: f64,
    known: Slots<bool>,
    met: f64,
}

impl Terms {
    /// Learns from an event of counts. Negative ones are refused by the prediction; where none
    /// came before, they count as 0, as no smoothing could mend what they would leave.
    pub fn learn(&mut self, x: &Features, y: ClassId, w: f64) {
        if w <= 0.0 {
            return;
        }
        self.classes.learn(y, w);
        self.counts.resize_with(self.classes.len(), Slots::default);
        self.totals.resize(self.classes.len(), 0.0);
        let (end, y) = (x.end(), y as usize);
        self.counts[y].grow(end);
        self.sums.grow(end);
        self.known.grow(end);
        let (counts, sums) = (self.counts[y].as_mut_slice(), self.sums.as_mut_slice());
        let known = self.known.as_mut_slice();
        for (id, v) in x.iter() {
            let (i, v) = (id as usize, v.max(0.0) * w);
            counts[i] += v;
            sums[i] += v;
            self.totals[y] += v;
            self.total += v;
            if !known[i] {
                known[i] = true;
                self.met += 1.0;
            }
        }
    }

    pub fn sums(&self, out: &mut Gather<'_>) {
        self.classes.sums(out);
        let mut tensor = out.tensor("counts");
        for (class, counts) in self.counts.iter().enumerate() {
            // A term that came with a count of 0 is known: a cell of 0 says so.
            for id in self.known().filter(|&id| (id as usize) < counts.len()) {
                tensor.class_feature(class as ClassId, id, Fixed::of(counts.get(id)));
            }
        }
    }

    pub fn of_sums(from: &Spread<'_>) -> Self {
        let classes = Classes::of_sums(from);
        let mut terms = Self {
            counts: vec![Slots::default(); classes.len()],
            totals: vec![0.0; classes.len()],
            classes,
            ..Self::default()
        };
        for (class, id, n) in from.class_feature("counts") {
            let n = n.to_f64().max(0.0);
            *terms.counts[class as usize].at(id) = n;
            *terms.sums.at(id) += n;
            terms.totals[class as usize] += n;
            terms.total += n;
            if !std::mem::replace(terms.known.at(id), true) {
                terms.met += 1.0;
            }
        }
        terms
    }

    /// River's `class_counts`, `feature_counts`, `class_totals`, `feature_totals` and `n_terms`.
    pub fn shown(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        Some(match name {
            "class_counts" => self.classes.class_counts(),
            "class_totals" => self.classes.shown(|c| Attribute::Float(self.class_total(c))),
            "n_terms" => Attribute::Int(self.met as i64),
            "feature_totals" => Attribute::by_feature(
                names,
                self.known().map(|id| (id, Attribute::Float(self.sums.get(id)))),
            ),
            "feature_counts" => Attribute::by_feature(
                names,
                self.known().map(|id| (id, feature_counts(self.counts.iter(), id))),
            ),
            _ => return None,
        })
    }

    fn known(&self) -> impl Iterator<Item = FeatureId> {
        let known = self.known.as_slice().iter().enumerate();
        known.filter(|(_, known)| **known).map(|(id, _)| id as FeatureId)
    }

    /// How many terms were met.
    pub fn n_terms(&self) -> f64 {
        self.met
    }

    /// How much of a term came with a class.
    #[inline]
    pub fn count(&self, class: usize, term: FeatureId) -> f64 {
        self.counts[class].get(term)
    }

    /// How much of all terms came with a class.
    pub fn class_total(&self, class: usize) -> f64 {
        self.totals[class]
    }

    /// How much of a term came with the other classes.
    #[inline]
    pub fn count_elsewhere(&self, class: usize, term: FeatureId) -> f64 {
        self.sums.get(term) - self.count(class, term)
    }

    /// How much of all terms came with the other classes.
    pub fn total_elsewhere(&self, class: usize) -> f64 {
        self.total - self.totals[class]
    }

    /// Makes it as if these terms had never come. The classes stay.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if !self.known.get(id) {
                continue;
            }
            self.met -= 1.0;
            self.total -= self.sums.get(id);
            for (counts, total) in self.counts.iter().zip(&mut self.totals) {
                *total -= counts.get(id);
            }
        }
        for counts in &mut self.counts {
            counts.forget(gone);
        }
        self.sums.forget(gone);
        self.known.forget(gone);
    }
}

/// How often a term came with each of the classes that it came with.
pub(super) fn feature_counts<'a>(
    counts: impl Iterator<Item = &'a Slots<f64>>,
    term: FeatureId,
) -> Attribute {
    let counts = counts.enumerate().map(|(class, counts)| (class, counts.get(term)));
    let came = counts.filter(|(_, count)| *count > 0.0);
    Attribute::Classes(came.map(|(class, n)| (class as ClassId, Attribute::Float(n))).collect())
}

/// Refuses an event that is not one of counts.
pub(super) fn refuse_what_is_no_count(x: &Features, cx: &mut Context<'_>, estimator: &str) {
    cx.refuse_texts(x, estimator);
    if let Some((id, v)) = x.iter().find(|&(_, v)| v < 0.0) {
        let name = cx.names.name(id);
        cx.refuse(Error::new(format!(
            "feature {name:?} is {v} and {estimator} learns from counts, 0 or more; use GaussianNB \
             for other numbers, or Discard it"
        )));
    }
}
