//! `Shift`: the number of `amount` numbers ago.
//!
//! **Shape** numbers in, a number out; `fill_value`, or no value (`NaN`), until there are enough.
//! **Cost** 8 bytes a number that is waited for. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"Shift": {"amount": 2}});
//! let mut shift = Catalog::builtin().builder().univariate(&spec)?;
//! for x in [4.0, 7.0, 1.0] {
//!     shift.update(x);
//! }
//! assert_eq!(shift.get(), 4.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/shift.py`.

use std::collections::VecDeque;

use super::WINDOW_MAX;
use crate::error::{Error, Result};
use crate::estimator::{Attribute, Univariate};
use crate::features::Names;

crate::params! {
    /// Parameters of [`Shift`].
    pub struct Params {
        /// How many numbers ago, from 0 to 1,000,000.
        amount: u32 = 1,
        /// The value until there are enough numbers; `null` for none.
        fill_value: Option<f64> = None,
    }
}

/// See the module's documentation.
pub struct Shift {
    params: Params,
    state: VecDeque<f64>,
}

crate::estimator! {
    Shift in "stats" as Univariate, version 1, name "Shift", "The number of some numbers ago",
    attribute = |shift: &Shift, name: &str, _: &Names<'_>| {
        let buffer = || shift.state.iter().copied().map(Attribute::Float).collect();
        (name == "buffer").then(|| Attribute::List(buffer()))
    },
    merge = member "the last numbers are a peer's own",
}

impl Shift {
    /// A statistic that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        if params.amount > WINDOW_MAX {
            return Err(Error::new(format!(
                "amount must lie between 0 and {WINDOW_MAX}, got {}",
                params.amount
            )));
        }
        Ok(Self { params, state: VecDeque::new() })
    }
}

impl Univariate for Shift {
    fn update(&mut self, x: f64) {
        if self.state.len() > self.params.amount as usize {
            self.state.pop_front();
        }
        self.state.push_back(x);
    }

    fn get(&self) -> f64 {
        match self.state.front() {
            Some(&x) if self.state.len() > self.params.amount as usize => x,
            _ => self.params.fill_value.unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::check;

    #[test]
    fn river() {
        check(
            &"Shift".into(),
            &[f64::NAN, 3.5, -1.25, 0.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5, -1.25, 6.0],
        );
        check(
            &json!({"Shift": {"amount": 3, "fill_value": -1}}),
            &[-1.0, -1.0, -1.0, 3.5, -1.25, 0.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5],
        );
    }
}
