//! `Min`: the smallest number so far.
//!
//! **Shape** numbers in, a number out; +∞ before the first. **Cost** 8 bytes, one comparison a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut min = Catalog::builtin().builder().univariate(&"Min".into())?;
//! for x in [2.0, -5.0, 7.0] {
//!     min.update(x);
//! }
//! assert_eq!(min.get(), -5.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/minimum.py`.

use serde::{Deserialize, Serialize};

super::plain_statistic!(
    Min, name "Min", "The smallest number so far",
    merge = member "a smallest number is no sum"
);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    min: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { min: f64::INFINITY }
    }
}

impl State {
    fn update(&mut self, x: f64) {
        if x < self.min {
            self.min = x;
        }
    }

    fn get(&self) -> f64 {
        self.min
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"Min".into(),
            &[3.5, -1.25, -1.25, -1.25, -1.25, -4.5, -4.5, -4.5, -4.5, -4.5, -4.5, -4.5],
        );
    }
}
