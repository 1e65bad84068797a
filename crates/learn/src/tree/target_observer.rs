//! What a regressor's leaf keeps of one number: River's `splitter`s of targets.

use serde::{Deserialize, Serialize};

use super::criterion::variance_reduction;
use super::moments::Moments;
use super::search_tree::{Failure, SearchTree, round};
use super::slots::SlotTable;
use super::split::{Candidate, Split, Test};
use super::work::Work;
use crate::features::FeatureId;

/// How numbers are summarised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum TargetSplitter {
    /// Every value, or every value rounded to so many places.
    SearchTree {
        digits: Option<u32>,
    },
    Slots {
        radius: f64,
        multiway: bool,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum TargetObserver {
    SearchTree(SearchTree),
    Slots(SlotTable),
}

impl TargetObserver {
    pub fn new(splitter: TargetSplitter) -> Self {
        match splitter {
            TargetSplitter::SearchTree { .. } => Self::SearchTree(SearchTree::default()),
            TargetSplitter::Slots { .. } => Self::Slots(SlotTable::default()),
        }
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::SearchTree(tree) => tree.bytes(),
                Self::Slots(slots) => slots.bytes(),
            }
    }

    pub fn update(&mut self, splitter: TargetSplitter, x: f64, y: f64, w: f64) {
        match (self, splitter) {
            (Self::SearchTree(tree), TargetSplitter::SearchTree { digits: Some(digits) }) => {
                tree.update(round(x, digits), y, w);
            }
            (Self::SearchTree(tree), _) => tree.update(x, y, w),
            (Self::Slots(slots), TargetSplitter::Slots { radius, .. }) => {
                slots.update(radius, x, y, w);
            }
            (Self::Slots(_), TargetSplitter::SearchTree { .. }) => {}
        }
    }

    /// The best split by this number.
    pub fn best(
        &self,
        id: FeatureId,
        before: &Moments,
        min_samples: f64,
        multiway: bool,
        work: &mut Work,
    ) -> Candidate {
        let mut best = Candidate::NULL;
        let mut challenge = |t: f64, after: [Moments; 2]| {
            best.challenge(variance_reduction(before, &after, min_samples), id, Test::AtMost(t));
        };
        match self {
            Self::SearchTree(tree) => tree.each(before, &mut work.walk, challenge),
            Self::Slots(slots) if slots.len() == 1 => {}
            Self::Slots(slots) if multiway => {
                work.moments.clear();
                work.moments.extend(slots.slots().map(|(_, y)| y));
                let merit = variance_reduction(before, &work.moments, min_samples);
                best = Candidate { merit, feature: Some(id), test: Test::Slots };
                slots.each(before, |t, after| {
                    let merit = variance_reduction(before, &after, min_samples);
                    best.challenge(merit, id, Test::AtMost(t));
                });
            }
            Self::Slots(slots) => slots.each(before, &mut challenge),
        }
        best
    }

    /// The split of a candidate, and the target's moments in its branches.
    pub fn split(
        &self,
        test: Test,
        radius: f64,
        before: &Moments,
        work: &mut Work,
    ) -> Option<(Split, Vec<Moments>)> {
        match (self, test) {
            (Self::SearchTree(tree), Test::AtMost(threshold)) => {
                let mut sides = Vec::new();
                tree.each(before, &mut work.walk, |t, after| {
                    if t == threshold {
                        sides = after.to_vec();
                    }
                });
                Some((Split::AtMost(threshold), sides))
            }
            (Self::Slots(slots), Test::AtMost(threshold)) => {
                let mut right = None;
                slots.each(before, |t, [_, above]| {
                    if t == threshold {
                        right.get_or_insert(above);
                    }
                });
                Some((Split::AtMost(threshold), vec![slots.all(), right?]))
            }
            (Self::Slots(slots), Test::Slots) => {
                let (places, moments) = slots.slots().unzip();
                Some((Split::Slots { radius, slots: places }, moments))
            }
            _ => None,
        }
    }

    /// Drops what a failed attempt to split has shown to be of no use.
    pub fn prune(
        &mut self,
        before: &Moments,
        min_samples: f64,
        failure: &Failure,
        work: &mut Work,
    ) {
        if let Self::SearchTree(tree) = self {
            tree.prune(before, min_samples, failure, &mut work.frames);
        }
    }
}
