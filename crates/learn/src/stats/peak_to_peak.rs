//! `PeakToPeak`: the distance from the smallest number so far to the largest.
//!
//! **Shape** numbers in, a number out; 0 before the first. **Cost** 16 bytes, two comparisons a
//! number. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! let mut ptp = Catalog::builtin().builder().univariate(&"PeakToPeak".into())?;
//! for x in [2.0, -5.0, 3.0] {
//!     ptp.update(x);
//! }
//! assert_eq!(ptp.get(), 8.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `stats/ptp.py`.

use super::Range as State;

super::plain_statistic!(
    PeakToPeak, name "PeakToPeak", "The distance from the smallest number so far to the largest",
    merge = member "a smallest and a largest number are no sums"
);

#[cfg(test)]
mod tests {
    #[test]
    fn river() {
        crate::stats::tests::check(
            &"PeakToPeak".into(),
            &[0.0, 4.75, 4.75, 8.25, 8.25, 11.5, 11.5, 16.25, 16.25, 16.25, 16.25, 16.25],
        );
    }
}
