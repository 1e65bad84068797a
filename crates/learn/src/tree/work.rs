//! Buffers for an attempt to split.

use super::dist::Dist;
use super::exhaustive::Visit;
use super::moments::Moments;
use super::search_tree::{Frame, Walk};
use super::split::Candidate;
use crate::rng::Rng;

/// The random source of the model that a tree is part of, if its leaves draw their features.
pub(crate) type Drawn<'a> = Option<&'a mut Rng>;

#[derive(Default)]
pub(crate) struct Work {
    pub candidates: Vec<Candidate>,
    /// When each feature came, and its place.
    pub features: Vec<((u32, u32), usize)>,
    pub after: Vec<Dist>,
    pub order: Vec<usize>,
    pub moments: Vec<Moments>,
    pub walk: Vec<Walk>,
    pub frames: Vec<Frame>,
    /// Where each class's histogram was left, and how many values lie below.
    pub ends: Vec<(usize, f64)>,
    pub visits: Vec<Visit>,
    /// Two for each level of a tree of values.
    pub levels: Vec<Dist>,
    pub rest: Dist,
}

impl Work {
    /// So many empty distributions at the beginning of `after`, which keeps what it has.
    pub fn empty(&mut self, n: usize) {
        if self.after.len() < n {
            self.after.resize_with(n, Dist::new);
        }
        self.after[..n].iter_mut().for_each(Vec::clear);
    }
}
