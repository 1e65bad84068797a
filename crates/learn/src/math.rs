//! The only door to transcendental functions, and the sums whose order is fixed.
//!
//! `std` documents the precision of `exp`, `ln` and `pow` as platform-dependent; a replay on
//! another host must give the same bits, so they come from `libm` alone. `sqrt` is exact in
//! IEEE 754 and may be used directly.

pub use crate::erf::erf;
pub use crate::exp::exp;

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Natural logarithm of `1 + x`, exact where `x` is small.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Logarithm to base 2.
#[inline]
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// `x` raised to `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Hyperbolic tangent.
#[inline]
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// Sine of an angle in radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The share of a standard normal distribution up to `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * (1.0 + libm::erf(x / std::f64::consts::SQRT_2))
}

/// Logistic function, cut at ±30 as River cuts it: `0` below −30, `1` above 30.
#[inline]
pub fn sigmoid(x: f64) -> f64 {
    if x < -30.0 {
        return 0.0;
    }
    if x > 30.0 {
        return 1.0;
    }
    1.0 / (1.0 + exp(-x))
}

/// `x` limited to `[low, high]`.
#[inline]
pub fn clamp(x: f64, low: f64, high: f64) -> f64 {
    x.min(high).max(low)
}

/// Scalar product of two slices of one length, in a fixed order: below 16 elements left to right;
/// from 16 on, eight running sums (element `i` goes to sum `i mod 8`), added left to right, then
/// the rest left to right. The order is part of what replay relies on.
#[inline]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut total = 0.0;
    let mut rest = 0;
    if n >= 16 {
        let mut lanes = [0.0f64; 8];
        for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
            for j in 0..8 {
                lanes[j] += x[j] * y[j];
            }
        }
        for lane in lanes {
            total += lane;
        }
        rest = n / 8 * 8;
    }
    for (x, y) in a[rest..].iter().zip(&b[rest..]) {
        total += x * y;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_is_cut_where_river_cuts_it() {
        assert_eq!(sigmoid(-30.5), 0.0);
        assert_eq!(sigmoid(30.5), 1.0);
        assert_eq!(sigmoid(0.0), 0.5);
    }

    #[test]
    fn dot_keeps_its_order_at_every_length() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i) + 0.1).collect();
            let b: Vec<f64> = (0..n).map(|i| 1.0 / (f64::from(i) + 1.0)).collect();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            assert!((dot(&a, &b) - plain).abs() <= 1e-12 * plain.abs().max(1.0));
        }
    }
}
