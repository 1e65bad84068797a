//! Sums and exponentials in a stated order, so that they have the same bits everywhere.

/// How many running sums a long sum has; element `i` goes to sum `i mod 16`.
const LANES: usize = 16;

/// The sum of `of(i)` over all elements: sixteen running sums added left to right, then the rest.
#[inline]
fn lanes(x: &[f32], y: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (whole_x, whole_y) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (rest_x, rest_y) = (whole_x.remainder(), whole_y.remainder());
    for (x, y) in whole_x.zip(whole_y) {
        for i in 0..LANES {
            sums[i] += of(x[i], y[i]);
        }
    }
    let total: f32 = sums.iter().sum();
    rest_x.iter().zip(rest_y).fold(total, |total, (x, y)| total + of(*x, *y))
}

/// The scalar product of two slices of one length.
#[inline]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    lanes(x, y, |x, y| x * y)
}

/// The sum of a slice.
#[inline]
pub(crate) fn sum(x: &[f32]) -> f32 {
    lanes(x, x, |x, _| x)
}

/// The greatest number of a slice; of none, the least number there is.
#[inline]
pub(crate) fn max(x: &[f32]) -> f32 {
    let mut tops = [f32::MIN; LANES];
    let whole = x.chunks_exact(LANES);
    let rest = whole.remainder();
    for x in whole {
        for i in 0..LANES {
            tops[i] = if x[i] > tops[i] { x[i] } else { tops[i] };
        }
    }
    tops.iter().chain(rest).fold(f32::MIN, |a, b| if *b > a { *b } else { a })
}

/// e to the power of `x`, to within two units in the last place; limited to ±87.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this leaves the nearest integer in the low bits of the sum.
    const SHIFT: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, the first of which is exact in products with small integers.
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    // Cephes' polynomial for e^r within ±ln 2 / 2.
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 5.0e-1;
    let power = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).wrapping_add(127) << 23;
    (p * r * r + r + 1.0) * f32::from_bits(power)
}

/// The error function, to within 1e-6: formula 7.1.26 of Abramowitz and Stegun 1964.
#[inline]
pub(crate) fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let p = 1.061_405_4 * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-x * x)).copysign(x)
}

/// Turns logits into probabilities, in place; returns the logarithm of what they were divided by,
/// after `max` was taken off: `ln p = x − max − that`.
pub(crate) fn softmax(x: &mut [f32], max: f32) -> f64 {
    for v in x.iter_mut() {
        *v = exp(*v - max);
    }
    let total = sum(x);
    let share = 1.0 / total;
    for v in x.iter_mut() {
        *v *= share;
    }
    libm::log(f64::from(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_right_to_two_units() {
        let mut worst = 0.0f64;
        for i in -870_000..=870_000 {
            let x = i as f32 / 10_000.0;
            let right = libm::exp(f64::from(x));
            worst = worst.max((f64::from(exp(x)) / right - 1.0).abs());
        }
        assert!(worst < 2.4e-7, "off by {worst:e}");
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
        assert_eq!(exp(-1000.0), exp(-87.0));
    }

    #[test]
    fn the_error_function_is_right_to_six_digits() {
        for i in -60_000..=60_000 {
            let x = i as f32 / 10_000.0;
            let off = f64::from(erf(x)) - libm::erf(f64::from(x));
            assert!(off.abs() < 1e-6, "erf({x}) is off by {off:e}");
        }
        assert_eq!((erf(100.0), erf(-100.0)), (1.0, -1.0));
        assert!(erf(f32::NAN).is_nan());
    }

    #[test]
    fn sums_and_the_greatest_of_every_length() {
        for n in 0..70 {
            let x: Vec<f32> = (0..n).map(|i| ((i * 37) % 19) as f32 - 9.0).collect();
            assert_eq!(sum(&x), x.iter().sum::<f32>(), "small integers add exactly");
            assert_eq!(dot(&x, &x), x.iter().map(|v| v * v).sum::<f32>());
            assert_eq!(max(&x), x.iter().copied().fold(f32::MIN, f32::max));
        }
    }
}
