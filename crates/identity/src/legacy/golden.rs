//! The golden set: rows, and the exact bits of what was predicted for them when the copy was left.

use her_learn::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::format::LEGACY_VERSION;
use crate::turn::{Answer, Desk, State};

/// The most rows of a set.
pub const ROWS: usize = 256;

/// A prediction as its bits, each number as 16 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bits {
    /// No opinion.
    None,
    /// The probability of `true`.
    Binary(String),
    /// Classes with their probabilities.
    Classes(Vec<(Value, String)>),
    /// A number.
    Value(String),
}

impl Bits {
    /// The bits of an answer.
    pub fn of(answer: &Answer) -> Self {
        let hex = |x: f64| format!("{:016x}", x.to_bits());
        match answer {
            Answer::None => Self::None,
            Answer::Binary(p) => Self::Binary(hex(*p)),
            Answer::Value(v) => Self::Value(hex(*v)),
            Answer::Classes(classes) => {
                Self::Classes(classes.iter().map(|(c, p)| (c.to_json(), hex(*p))).collect())
            }
        }
    }
}

/// One row and what was said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The version of the event that the row came with.
    pub version: u64,
    /// The row.
    pub x: Value,
    /// What the state of the copy predicts for it.
    pub says: Bits,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// The version of this file's format.
    pub format: u16,
    /// The newest rows, oldest first, at most [`ROWS`].
    pub rows: Vec<Case>,
}

impl Golden {
    /// What a state predicts for rows. One that JSON does not hold exactly is left out.
    pub fn of(state: &State, rows: Vec<(u64, Row)>) -> Result<Self> {
        let mut desk = Desk::default();
        let mut cases = Vec::with_capacity(rows.len());
        for (version, row) in rows {
            let x = row.to_json();
            if Row::from_json(&x).ok().as_ref() == Some(&row) {
                let says = Bits::of(&state.predict(&row, &mut desk)?);
                cases.push(Case { version, x, says });
            }
        }
        Ok(Self { format: LEGACY_VERSION, rows: cases })
    }

    /// Predicts for every row again; says what differs.
    pub fn check(&self, state: &State) -> std::result::Result<(), String> {
        if !(1..=LEGACY_VERSION).contains(&self.format) {
            return Err(format!(
                "its format is {}, this build reads {LEGACY_VERSION}",
                self.format
            ));
        }
        let mut desk = Desk::default();
        for case in &self.rows {
            let row = Row::from_json(&case.x).map_err(|e| e.to_string())?;
            let says = state.predict(&row, &mut desk).map_err(|e| e.to_string())?;
            let says = Bits::of(&says);
            if says != case.says {
                return Err(format!(
                    "the row of version {} gives {says:?}, it gave {:?}",
                    case.version, case.says
                ));
            }
        }
        Ok(())
    }
}
