//! The few shapes met last, so that records of one shape share one allocation.

use std::sync::Arc;

use crate::error::Result;
use crate::row::{Kind, Shape};

/// How many shapes and plans a decoder remembers.
pub(super) const REMEMBERED: usize = 8;

/// The shapes met last, the newest first.
#[derive(Debug, Default)]
pub(super) struct Shapes(Vec<Arc<Shape>>);

impl Shapes {
    /// The shape of these columns: a remembered one when there is an equal one.
    pub(super) fn get<'n, I>(&mut self, columns: I) -> Result<Arc<Shape>>
    where
        I: Iterator<Item = (&'n str, Kind)> + Clone,
    {
        let same = |shape: &Arc<Shape>| {
            let mut new = columns.clone();
            let same = |(name, kind): &(Box<str>, Kind)| new.next() == Some((&**name, *kind));
            shape.columns().iter().all(same) && new.next().is_none()
        };
        if let Some(at) = self.0.iter().position(same) {
            self.0[..=at].rotate_right(1);
        } else {
            let shape = Arc::new(Shape::new(columns)?);
            self.0.truncate(REMEMBERED - 1);
            self.0.insert(0, shape);
        }
        Ok(Arc::clone(&self.0[0]))
    }
}
