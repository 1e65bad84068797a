//! [`ClassificationReport`]: precision, recall and F1 of every class and on average, as a table.
//!
//! ```
//! use her_learn::Label;
//! use her_learn::metrics::{ClassificationReport, ConfusionMatrix};
//! let mut matrix = ConfusionMatrix::default();
//! for (y, predicted) in [(0, 1), (1, 1), (1, 1), (1, 0), (2, 1)] {
//!     matrix.add(y, predicted, 1.0);
//! }
//! let labels = ["pear", "banana", "apple"].map(|n| Label::Text(n.into()));
//! let text = ClassificationReport::new(&matrix, &labels).to_string();
//! assert!(text.contains("  banana      50.00%   66.67%   57.14%         3\n"), "{text}");
//! assert!(text.contains("40.00% accuracy"));
//! ```
//!
//! **Source** River, `metrics/report.py`.

use std::fmt;

use super::confusion::{ConfusionMatrix, table};
use super::tally::{Counts, Tally, f_beta};
use crate::model::Label;

/// See the module's documentation; `Display` gives the table.
#[derive(Debug, Clone, Copy)]
pub struct ClassificationReport<'a> {
    matrix: &'a ConfusionMatrix,
    labels: &'a [Label],
    decimals: usize,
}

impl<'a> ClassificationReport<'a> {
    /// A report with two decimals.
    pub fn new(matrix: &'a ConfusionMatrix, labels: &'a [Label]) -> Self {
        Self { matrix, labels, decimals: 2 }
    }

    /// The same with another number of decimals.
    pub fn decimals(self, decimals: usize) -> Self {
        Self { decimals, ..self }
    }

    fn row(&self, name: &str, figures: [f64; 3], support: Option<f64>) -> Vec<String> {
        let mut row = vec![name.to_owned()];
        row.extend(figures.map(|v| format!("{:.*}%", self.decimals, 100.0 * v)));
        row.extend(support.map(|n| n.to_string()));
        row
    }
}

impl fmt::Display for ClassificationReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally: &Tally = self.matrix.tally();
        let figures: [fn(&Counts) -> f64; 3] =
            [Counts::precision, Counts::recall, |c| c.f_beta(1.0)];
        let heads = ["", "Precision", "Recall", "F1", "Support"];
        let mut rows = vec![heads.map(str::to_owned).to_vec(), Vec::new()];
        for (name, id) in self.matrix.sorted(self.labels) {
            if let Some((_, counts)) = tally.classes().find(|(c, _)| *c == id) {
                rows.push(self.row(&name, figures.map(|g| g(&counts)), Some(tally.support(id))));
            }
        }
        rows.push(Vec::new());
        let micro = tally.micro(Counts::precision);
        rows.push(self.row("Macro", figures.map(|g| tally.macro_mean(g)), None));
        rows.push(self.row("Micro", [micro, micro, f_beta(micro, micro, 1.0)], None));
        rows.push(self.row("Weighted", figures.map(|g| tally.weighted_mean(g)), None));
        let table = table(&rows);
        let width = table.lines().map(|l| l.chars().count()).max().unwrap_or(0);
        let accuracy = format!("{:.*}% accuracy", self.decimals, 100.0 * tally.accuracy());
        write!(f, "{table}\n{accuracy:^width$}")
    }
}
