//! `AbsMax`: the largest absolute value so far.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 8 bytes, one comparison a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut abs_max = Catalog::builtin().builder().univariate(&"AbsMax".into())?;
//! for x in [2.0, -5.0, 3.0] {
//!     abs_max.update(x);
//! }
//! assert_eq!(abs_max.get(), 5.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/maximum.py`.

use serde::{Deserialize, Serialize};

super::plain_statistic!(
    AbsMax, name "AbsMax", "The largest absolute value so far",
    merge = member "a largest number is no sum"
);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    abs_max: f64,
}

impl State {
    fn update(&mut self, x: f64) {
        if x.abs() > self.abs_max {
            self.abs_max = x.abs();
        }
    }

    fn get(&self) -> f64 {
        self.abs_max
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"AbsMax".into(),
            &[3.5, 3.5, 3.5, 7.0, 7.0, 7.0, 7.0, 11.75, 11.75, 11.75, 11.75, 11.75],
        );
    }
}
