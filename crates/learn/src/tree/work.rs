//! Buffers for an attempt to split.

use super::dist::Dist;
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
}

impl Work {
    /// Two empty distributions in `after`.
    pub fn two(&mut self) {
        self.after.truncate(2);
        self.after.resize_with(2, Dist::new);
        self.after.iter_mut().for_each(Vec::clear);
    }
}
