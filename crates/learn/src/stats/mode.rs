//! `Mode`: the most common value, the first seen of equals.
//!
//! Counts the first `k` distinct values; of `k = -1`, up to a million.
//!
//! **Shape** numbers in, a number out (texts too, inside of `StatImputer`); no value (`NaN`)
//! before the first. **Cost** 36 bytes a distinct value; `log` of their number comparisons.
//! **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut mode = Catalog::builtin().builder().univariate(&"Mode".into())?;
//! for x in [4.0, 7.0, 7.0] {
//!     mode.update(x);
//! }
//! assert_eq!(mode.get(), 7.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/mode.py`.

use serde::{Deserialize, Serialize};

use super::{FirstSeen, Probe, Seen, VALUES_MAX};
use crate::error::{Error, Result};
use crate::estimator::Univariate;

crate::params! {
    /// Parameters of [`Mode`].
    pub struct Params {
        /// How many distinct values are counted, from 1 to 1,000,000, in the order of first
        /// sight; -1 counts as many as there may be.
        k: i64 = 25,
    }
}

/// Counts by value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    values: FirstSeen,
    counts: Vec<u64>,
    best: u32,
}

/// See the module's documentation.
pub struct Mode {
    params: Params,
    state: State,
}

crate::estimator! {
    Mode in "stats" as Univariate, version 1, name "Mode", "The most common value",
    merge = member "values are kept by first sight, up to a limit",
}

impl Mode {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        if params.k == -1 || (1..=VALUES_MAX as i64).contains(&params.k) {
            return Ok(Self { params, state: State::default() });
        }
        Err(Error::new(format!("k must be -1 or from 1 to {VALUES_MAX}, got {}", params.k)))
    }

    pub(crate) fn count(&mut self, value: Probe<'_>) {
        let max = usize::try_from(self.params.k).unwrap_or(VALUES_MAX);
        let State { values, counts, best } = &mut self.state;
        let Some(at) = values.insert(value, max) else { return };
        if at == counts.len() {
            counts.push(0);
        }
        counts[at] += 1;
        let most = counts[*best as usize];
        if counts[at] > most || (counts[at] == most && at < *best as usize) {
            *best = at as u32;
        }
    }

    pub(crate) fn most_common(&self) -> Option<&Seen> {
        self.state.values.get(self.state.best as usize)
    }
}

impl Univariate for Mode {
    fn update(&mut self, x: f64) {
        self.count(Probe::Number(x));
    }

    fn get(&self) -> f64 {
        match self.most_common() {
            Some(Seen::Number(x)) => *x,
            _ => f64::NAN,
        }
    }

    fn update_text(&mut self, text: &str) -> bool {
        self.count(Probe::Text(text));
        true
    }

    fn get_text(&self) -> Option<&str> {
        match self.most_common() {
            Some(Seen::Text(text)) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::{check, refusal};

    #[test]
    fn river() {
        check(&"Mode".into(), &[3.5, 3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 7.0, -1.25, -1.25, -1.25]);
        check(
            &json!({"Mode": {"k": 2}}),
            &[3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, -1.25, -1.25, -1.25],
        );
        check(
            &json!({"Mode": {"k": -1}}),
            &[3.5, 3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 7.0, -1.25, -1.25, -1.25],
        );
    }

    #[test]
    fn refuses_to_count_nothing() {
        assert_eq!(
            refusal(&json!({"Mode": {"k": 0}})),
            "Mode: k must be -1 or from 1 to 1000000, got 0"
        );
    }
}
