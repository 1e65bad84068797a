//! Deterministic streams for the contracts.

use std::sync::Arc;

use crate::model::Task;
use crate::row::{Kind, Row, Shape, Target};

/// What the features of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Five numbers of 0 or more, some of them 0.
    Numbers,
    /// Two numbers, a category and a sentence.
    Texts,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Number(f64),
    Text(String),
}

/// A well-mixed number that depends on its argument only.
pub(super) fn mix(i: u64) -> u64 {
    let mut z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in [0, 1) that depends on its arguments only.
pub(super) fn unit(i: u64, salt: u64) -> f64 {
    (mix(i.wrapping_mul(1_000_003) ^ mix(salt)) >> 11) as f64 / (1u64 << 53) as f64
}

const WORDS: [&str; 8] = ["river", "flows", "twice", "same", "never", "the", "into", "man"];
const COLOURS: [&str; 4] = ["red", "green", "blue", "grey"];

fn word(i: u64, salt: u64) -> &'static str {
    WORDS[(unit(i, salt) * WORDS.len() as f64) as usize]
}

/// The columns of event `i`.
pub(super) fn columns(sort: Sort, i: u64) -> Vec<(String, Cell)> {
    let number = |salt: u64| {
        let v = unit(i, salt);
        // Small whole numbers, as counts are, and fractions; and zeros.
        Cell::Number(match salt % 3 {
            _ if v < 0.15 => 0.0,
            0 => (v * 5.0).floor(),
            _ => v * 3.0,
        })
    };
    let named = |name: &str, cell: Cell| (name.to_owned(), cell);
    match sort {
        Sort::Numbers => {
            (0..5).map(|k| named(["a", "b", "c", "d", "e"][k as usize], number(k))).collect()
        }
        Sort::Texts => {
            let words = 1 + (unit(i, 20) * 5.0) as u64;
            let text: Vec<&str> = (0..words).map(|k| word(i, 30 + k)).collect();
            vec![
                named("a", number(0)),
                named("colour", Cell::Text(COLOURS[(unit(i, 21) * 4.0) as usize].into())),
                named("b", number(1)),
                named("text", Cell::Text(text.join(" "))),
            ]
        }
    }
}

/// The target of event `i`, which has something to do with its columns.
pub(super) fn target(task: Task, sort: Sort, i: u64) -> Target {
    let sum: f64 = columns(sort, i)
        .iter()
        .enumerate()
        .map(|(k, (_, cell))| match cell {
            Cell::Number(v) => v * (1.0 + k as f64),
            Cell::Text(t) => t.len() as f64 / 3.0,
        })
        .sum();
    let noisy = sum + unit(i, 50);
    match task {
        Task::Regression => Target::Number(noisy / 4.0),
        Task::Binary | Task::Anomaly | Task::Clustering => Target::Bool(noisy > 10.0),
        Task::Multiclass => {
            let class = (noisy / 7.0) as usize;
            Target::Text(["low", "middle", "high"][class.min(2)].into())
        }
    }
}

/// Makes rows; columns of the same names and kinds as the last ones share its shape.
#[derive(Debug, Default)]
pub(super) struct Maker(Arc<Shape>);

impl Maker {
    pub(super) fn row(&mut self, columns: &[(String, Cell)]) -> Result<Row, String> {
        let kinds = columns.iter().map(|(name, cell)| {
            let kind = if matches!(cell, Cell::Number(_)) { Kind::Number } else { Kind::Text };
            (name.as_str(), kind)
        });
        if !self.0.columns().iter().map(|(n, k)| (&**n, *k)).eq(kinds.clone()) {
            self.0 = Arc::new(Shape::new(kinds).map_err(|e| e.to_string())?);
        }
        let mut row = Row::new(Arc::clone(&self.0));
        for (_, cell) in columns {
            match cell {
                Cell::Number(v) => row.push_number(*v),
                Cell::Text(t) => row.push_text(t),
            }
        }
        Ok(row)
    }
}
