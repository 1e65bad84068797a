//! [`ConfusionMatrix`]: how often each class was taken for each other.
//!
//! It is no single figure, so it is not a metric of the catalogue; [`ClassificationReport`]
//! renders the figures that follow from it. Only pairs that occurred take room.
//!
//! ```
//! use her_learn::metrics::ConfusionMatrix;
//! let mut matrix = ConfusionMatrix::default();
//! for (y, predicted) in [(0, 1), (1, 1), (0, 0), (0, 0), (1, 1), (2, 0)] {
//!     matrix.add(y, predicted, 1.0);
//! }
//! assert_eq!((matrix.cell(2, 0), matrix.tally().support(0)), (1.0, 3.0));
//! let labels = ["cat", "ant", "bird"].map(|n| her_learn::Label::Text(n.into()));
//! assert_eq!(matrix.render(&labels).lines().nth(1), Some(" ant     2      0     0"));
//! ```
//!
//! **Source** River, `metrics/confusion.py`.
//!
//! [`ClassificationReport`]: super::ClassificationReport

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Observation;
use super::tally::Tally;
use crate::estimator::ClassId;
use crate::model::Label;

/// See the module's documentation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    cells: BTreeMap<(ClassId, ClassId), f64>,
    tally: Tally,
}

impl ConfusionMatrix {
    /// Adds an observation; a negative weight takes it back.
    pub fn add(&mut self, y: ClassId, predicted: ClassId, w: f64) {
        *self.cells.entry((y, predicted)).or_default() += w;
        self.tally.add(Observation::Class { y, proba: &[], predicted, classes: &[] }, w);
    }

    /// Adds what a metric is told; numbers are ignored.
    pub fn update(&mut self, seen: Observation<'_>, w: f64) {
        if let Observation::Class { y, predicted, .. } = seen {
            self.add(y, predicted, w);
        }
    }

    /// The weight of the observations of class `y` that were predicted as `predicted`.
    pub fn cell(&self, y: ClassId, predicted: ClassId) -> f64 {
        self.cells.get(&(y, predicted)).copied().unwrap_or(0.0)
    }

    /// The sums per class.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The classes seen or predicted with their names, sorted by name.
    pub(super) fn sorted(&self, labels: &[Label]) -> Vec<(String, ClassId)> {
        let name = |id| labels.get(id as usize).map_or_else(|| format!("#{id}"), Label::to_string);
        let mut classes: Vec<_> = self.tally.classes().map(|(id, _)| (name(id), id)).collect();
        classes.sort();
        classes
    }

    /// The matrix as text: a row per true class, a column per predicted one.
    pub fn render(&self, labels: &[Label]) -> String {
        let classes = self.sorted(labels);
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(classes.iter().map(|(name, _)| name.clone()));
        for (name, y) in &classes {
            let mut row = vec![name.clone()];
            row.extend(classes.iter().map(|(_, p)| format!("{}", self.cell(*y, *p))));
            rows.push(row);
        }
        table(&rows)
    }
}

/// Columns as wide as their widest cell, aligned right, two spaces and more apart.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate().take(columns) {
            let gap = if c == 0 { 0 } else { 3 };
            line.extend(std::iter::repeat_n(' ', gap + width(c) - cell.chars().count()));
            line.push_str(cell);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
