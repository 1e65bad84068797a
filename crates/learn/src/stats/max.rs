//! `Max`: the largest number so far.
//!
//! **Shape** numbers in, a number out; −∞ before the first. **Cost** 8 bytes, one comparison a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut max = Catalog::builtin().builder().univariate(&"Max".into())?;
//! for x in [2.0, -5.0, 7.0] {
//!     max.update(x);
//! }
//! assert_eq!(max.get(), 7.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/maximum.py`.

use serde::{Deserialize, Serialize};

super::plain_statistic!(
    Max, name "Max", "The largest number so far",
    merge = member "a largest number is no sum"
);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    max: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { max: f64::NEG_INFINITY }
    }
}

impl State {
    fn update(&mut self, x: f64) {
        if x > self.max {
            self.max = x;
        }
    }

    fn get(&self) -> f64 {
        self.max
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"Max".into(),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 11.75, 11.75, 11.75, 11.75, 11.75],
        );
    }
}
