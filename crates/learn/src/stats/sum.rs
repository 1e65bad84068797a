//! `Sum`: the running sum.
//!
//! `sum ← sum + x`.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 8 bytes, one addition a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut sum = Catalog::builtin().builder().univariate(&"Sum".into())?;
//! for x in [-5.0, 2.0] {
//!     sum.update(x);
//! }
//! assert_eq!(sum.get(), -3.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/summing.py`.

use serde::{Deserialize, Serialize};

use crate::estimator::Attribute;
use crate::features::Names;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread};

super::plain_statistic!(
    Sum, name "Sum", "The running sum",
    attribute = |sum: &Sum, name: &str, _: &Names<'_>| {
        (name == "sum").then_some(Attribute::Float(sum.state.sum))
    },
    merge = exact "the sum",
    {
        fn revert(&mut self, x: f64, _w: f64) -> bool {
            self.state.sum -= x;
            true
        }
    }
);

impl Additive for Sum {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        out.tensor("sum").whole(Fixed::of(self.state.sum));
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.state.sum = from.whole("sum").to_f64();
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    sum: f64,
}

impl State {
    fn update(&mut self, x: f64) {
        self.sum += x;
    }

    fn get(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"Sum".into(),
            &[3.5, 2.25, 2.25, 9.25, 16.25, 11.75, 13.75, 25.5, 26.0, 24.75, 30.75, 33.75],
        );
    }
}
