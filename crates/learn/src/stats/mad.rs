//! `MAD`: the running median of the absolute distances from the running median.
//!
//! Two [`Quantile`](super::Quantile)s of 0.5: of the numbers, and of `|x − median|` with the median
//! of that moment. Not the same as over all numbers at once.
//!
//! **Shape** numbers in, a number out; no value (`NaN`) before the first. **Cost** 256 bytes; up
//! to six parabolas a number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut mad = Catalog::builtin().builder().univariate(&"MAD".into())?;
//! for x in [4.0, 2.0, 5.0, 3.0, 0.0, 4.0] {
//!     mad.update(x);
//! }
//! assert_eq!(mad.get(), 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/mad.py`.

use serde::{Deserialize, Serialize};

use super::P2;

super::plain_statistic!(
    MAD, name "MAD", "The running median of the absolute distances from the running median",
    merge = member "quantiles are no sums"
);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    median: P2,
    distance: P2,
}

impl State {
    fn update(&mut self, x: f64) {
        self.median.update(x, 0.5);
        self.distance.update((x - self.median.get(0.5)).abs(), 0.5);
    }

    fn get(&self) -> f64 {
        self.distance.get(0.5)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"MAD".into(),
            &[0.0, 4.75, 0.0, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5],
        );
    }
}
