//! `Count`: how many numbers there were.
//!
//! **Shape** numbers in, a whole number out; 0 before the first. **Cost** 8 bytes, one addition a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut count = Catalog::builtin().builder().univariate(&"Count".into())?;
//! for x in [-5.0, 2.0] {
//!     count.update(x);
//! }
//! assert_eq!(count.get(), 2.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/count.py`.

use serde::{Deserialize, Serialize};

use crate::merge::{Additive, Fixed, Gather, Merge, Spread};

super::plain_statistic!(
    Count, name "Count", "How many numbers there were",
    merge = exact "how many numbers there were"
);

impl Additive for Count {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        out.tensor("n").whole(Fixed::of(self.state.n as f64));
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        // The cast stops at 0.
        self.state.n = from.whole("n").to_f64() as u64;
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n: u64,
}

impl State {
    fn update(&mut self, _x: f64) {
        self.n += 1;
    }

    fn get(&self) -> f64 {
        self.n as f64
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"Count".into(),
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0],
        );
    }
}
