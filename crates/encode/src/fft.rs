//! A Fourier transform whose bits are the same on every machine.
//!
//! Decision [020](../../../docs/internals/decisions/020-encoders.md) says why it is not `rustfft`.

use std::f64::consts::TAU;

/// A transform of one length, a power of two: radix 2, decimation in time, in place.
///
/// **Cost** 5 n log₂ n operations; n sines and cosines when it is made.
///
/// **Source** Cooley and Tukey, 1965. An algorithm for the machine calculation of complex Fourier
/// series.
pub struct Fft {
    /// e^(−2πik/n) for k below n/2.
    turns: Vec<(f64, f64)>,
}

impl Fft {
    /// # Panics
    /// When `n` is not a power of two above 1.
    pub fn new(n: usize) -> Self {
        assert!(n > 1 && n.is_power_of_two(), "{n} is no power of two");
        let angle = |k: usize| TAU * k as f64 / n as f64;
        let turns = (0..n / 2).map(|k| (libm::cos(angle(k)), -libm::sin(angle(k)))).collect();
        Self { turns }
    }

    /// Transforms `re + i·im`.
    ///
    /// # Panics
    /// When a slice is not of this length.
    pub fn run(&self, re: &mut [f64], im: &mut [f64]) {
        let n = self.turns.len() * 2;
        assert!(re.len() == n && im.len() == n, "{} and {} for {n}", re.len(), im.len());
        let shift = usize::BITS - n.trailing_zeros();
        for i in 0..n {
            let j = i.reverse_bits() >> shift;
            if i < j {
                re.swap(i, j);
                im.swap(i, j);
            }
        }
        let mut half = 1;
        while half < n {
            let stride = n / (2 * half);
            let blocks = re.chunks_exact_mut(2 * half).zip(im.chunks_exact_mut(2 * half));
            for (re, im) in blocks {
                let ((re_a, re_b), (im_a, im_b)) = (re.split_at_mut(half), im.split_at_mut(half));
                for k in 0..half {
                    let (c, s) = self.turns[k * stride];
                    let (x, y) = (re_b[k] * c - im_b[k] * s, re_b[k] * s + im_b[k] * c);
                    (re_b[k], im_b[k]) = (re_a[k] - x, im_a[k] - y);
                    (re_a[k], im_a[k]) = (re_a[k] + x, im_a[k] + y);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its definition, from angles that are not in the table's order.
    fn plain(signal: &[f64]) -> Vec<(f64, f64)> {
        let n = signal.len();
        let turn = |k: usize, t: usize| -TAU * ((k * t) % n) as f64 / n as f64;
        let sum = |k: usize, part: fn(f64) -> f64| -> f64 {
            signal.iter().enumerate().map(|(t, x)| x * part(turn(k, t))).sum()
        };
        (0..n).map(|k| (sum(k, libm::cos), sum(k, libm::sin))).collect()
    }

    #[test]
    fn it_is_the_sum_that_defines_it() {
        for n in [2, 4, 8, 64, 512] {
            let signal: Vec<f64> = (0..n).map(|i| f64::from(i * i % 37) - 18.0).collect();
            let (mut re, mut im) = (signal.clone(), vec![0.0; signal.len()]);
            Fft::new(signal.len()).run(&mut re, &mut im);
            for (k, (x, y)) in plain(&signal).into_iter().enumerate() {
                let far = (re[k] - x).abs() + (im[k] - y).abs();
                assert!(far < 1e-9, "{k} of {n}: {far}");
            }
        }
    }
}
