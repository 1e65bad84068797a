//! Numbers on a grid: 128-bit integers of 2⁻⁶⁰, whose sums do not depend on their order.
//!
//! 64 bits would not do: the sum of squares of an income needs 10¹⁶, the weight of a rare word
//! 10⁻⁶. 2⁻⁶⁰ is 8.7·10⁻¹⁹, and the largest number is 7.4·10¹⁹. On the wire and on disk a
//! number takes as many bytes as it has digits.

use serde::{Deserialize, Serialize};

/// Binary digits behind the point.
pub const GRID_BITS: u32 = 60;
const ONE: f64 = (1_u64 << GRID_BITS) as f64;
/// The end of the grid: beyond it a number stays where it is.
pub const TOP: i128 = 1 << 126;

/// A number on the grid.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fixed(pub i128);

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// The nearest number on the grid, of halves the even one. What is not finite becomes 0: it
    /// can't be merged, and models refuse it at the door. Numbers beyond the grid stop at its end.
    pub fn of(x: f64) -> Self {
        if !x.is_finite() {
            return Self::ZERO;
        }
        // Exact: a power of two. A double of 2⁵³ and more is a whole number.
        let scaled = x * ONE;
        Self((libm::rint(scaled) as i128).clamp(-TOP, TOP))
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE
    }

    /// `n · x`, to the grid, without the rounding of a product of doubles.
    pub fn product(n: f64, x: f64) -> Self {
        Self::of(0.0).plus(two_product(n, x))
    }

    /// `n · x²`, to the grid, without the rounding of products of doubles.
    pub fn square(n: f64, x: f64) -> Self {
        let (high, low) = two_product(x, x);
        Self::ZERO.plus(two_product(n, high)).plus(two_product(n, low))
    }

    /// The sum, at the end of the grid where it would pass that.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "it stops at the end of the grid")]
    pub fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).clamp(-TOP, TOP))
    }

    /// The difference, at the end of the grid where it would pass that.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "it stops at the end of the grid")]
    pub fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).clamp(-TOP, TOP))
    }

    /// `self / parts`, rounded towards zero; `parts` of 0 counts as 1.
    #[must_use]
    pub fn divided(self, parts: u32) -> Self {
        Self(self.0 / i128::from(parts.max(1)))
    }

    fn plus(self, (high, low): (f64, f64)) -> Self {
        self.add(Self::of(high)).add(Self::of(low))
    }
}

/// A product of doubles and its rounding error: Dekker's, without a fused multiply-add. Numbers so
/// large that splitting them would overflow give no error term.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    if p.is_infinite() && a.is_finite() && b.is_finite() {
        // Too large for a double, and so for the grid: it stops at its end, and is not lost.
        return (f64::MAX.copysign(p), 0.0);
    }
    if !p.is_finite() || a.abs() > 1e150 || b.abs() > 1e150 {
        return (p, 0.0);
    }
    let (ah, al) = split(a);
    let (bh, bl) = split(b);
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

fn split(a: f64) -> (f64, f64) {
    let c = 134_217_729.0 * a;
    let high = c - (c - a);
    (high, a - high)
}

/// Mean and sum of squared distances from it, of `n` numbers with the sum `s1` and the sum of
/// squares `s2`. The difference of nearly equal squares is taken in pairs of doubles.
pub fn moments(n: Fixed, s1: Fixed, s2: Fixed) -> (f64, f64) {
    let n = n.to_f64();
    if n <= 0.0 {
        return (0.0, 0.0);
    }
    let (high, low) = pair(s1);
    let mean = high / n;
    // What the division left, so that mean + rest is s1 / n to twice a double's digits.
    let (p, e) = two_product(mean, n);
    let rest = (((high - p) - e) + low) / n;
    let mean_square = Fixed::square(n, mean)
        .add(Fixed::product(2.0 * n * mean, rest))
        .add(Fixed::product(n * rest, rest));
    (mean + rest, s2.sub(mean_square).to_f64().max(0.0))
}

/// A number as the sum of two doubles.
fn pair(x: Fixed) -> (f64, f64) {
    let high = x.to_f64();
    (high, x.sub(Fixed::of(high)).to_f64())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_come_back() {
        for x in [0.0, 1.0, -0.1, 12_345.678, -1e17] {
            assert_eq!(Fixed::of(x).to_f64(), x);
        }
        assert!((Fixed::of(1e-6).to_f64() - 1e-6).abs() <= 0.5 / ONE);
        assert_eq!(Fixed::of(f64::NAN), Fixed::ZERO);
        assert_eq!(Fixed::of(1e300), Fixed(TOP));
        assert_eq!(Fixed::of(1e300).add(Fixed::of(1e300)), Fixed(TOP));
    }

    #[test]
    fn what_passes_the_end_of_the_grid_stays_there() {
        let (top, bottom) = (Fixed(TOP), Fixed(-TOP));
        let one = Fixed::of(1.0);
        assert_eq!((top.add(one), bottom.sub(one)), (top, bottom));
        assert_eq!((bottom.add(bottom), top.sub(bottom)), (bottom, top));
        // Also what nobody here makes: numbers beyond the ends, as somebody may send them.
        let (far, near) = (Fixed(i128::MAX), Fixed(i128::MIN));
        assert_eq!((far.add(far), near.sub(far), near.add(near)), (top, bottom, bottom));
        assert_eq!(Fixed::square(1e10, 1e200), top);
        assert_eq!(Fixed::product(-1e200, 1e200), bottom);
        assert_eq!(Fixed::of(f64::NEG_INFINITY), Fixed::ZERO);
        assert_eq!(top.divided(0), top);
        let (mean, m2) = moments(one, top, top);
        assert!(mean.is_finite() && m2.is_finite(), "{mean} {m2}");
    }

    #[test]
    fn moments_survive_a_mean_far_from_zero() {
        // Numbers around 10⁶ with a variance near 1: a double's sum of squares keeps 4 digits.
        let (mut n, mut s1, mut s2) = (Fixed::ZERO, Fixed::ZERO, Fixed::ZERO);
        for i in 0..1000_u32 {
            let x = 1e6 + f64::from(i % 3) - 1.0;
            n = n.add(Fixed::of(1.0));
            s1 = s1.add(Fixed::of(x));
            s2 = s2.add(Fixed::square(1.0, x));
        }
        let (mean, m2) = moments(n, s1, s2);
        assert!((mean - 999_999.999).abs() < 1e-9, "{mean}");
        assert!((m2 - 666.999).abs() < 1e-6, "{m2}");
    }

    proptest! {
        #[test]
        fn products_are_exact(n in 0.0..1e6_f64, x in -1e3..1e3_f64) {
            let want = Fixed::of(n * x);
            let got = Fixed::product(n, x);
            // The product of doubles is off by half a unit in its last place at most.
            let unit = (n * x).abs() * f64::EPSILON * ONE;
            prop_assert!(((got.0 - want.0) as f64).abs() <= unit + 1.0);
        }

        #[test]
        fn sums_have_no_order(mut xs in prop::collection::vec(-1e9..1e9_f64, 2..20)) {
            let sum = |xs: &[f64]| xs.iter().fold(Fixed::ZERO, |s, &x| s.add(Fixed::of(x)));
            let before = sum(&xs);
            xs.reverse();
            prop_assert_eq!(before, sum(&xs));
        }
    }
}
