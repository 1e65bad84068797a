//! Symmetric positive matrices, row by row: factor, solution and inverse. Every sum is made in one
//! fixed order, so that the same matrix gives the same bits.

use crate::math;

/// Buffers of one inversion, `n²` numbers each.
#[derive(Debug, Default)]
pub(super) struct Cholesky {
    n: usize,
    /// The factor `F` with `A = F·Fᵀ`, below and on the diagonal.
    lower: Vec<f64>,
    /// `F⁻¹`, transposed: row `j` holds its column `j`.
    inverse: Vec<f64>,
}

impl Cholesky {
    /// Takes a matrix of side `n` by its cells on and below the diagonal. False when it is not
    /// positive.
    pub fn factor(&mut self, n: usize, cell: impl Fn(usize, usize) -> f64) -> bool {
        self.n = n;
        self.lower.clear();
        self.lower.resize(n * n, 0.0);
        for i in 0..n {
            let (above, row) = self.lower.split_at_mut(i * n);
            for j in 0..i {
                let other = &above[j * n..][..=j];
                row[j] = (cell(i, j) - math::dot(&row[..j], &other[..j])) / other[j];
            }
            let rest = cell(i, i) - math::dot(&row[..i], &row[..i]);
            if !(rest > 0.0 && rest.is_finite()) {
                return false;
            }
            row[i] = rest.sqrt();
        }
        true
    }

    /// Factors `A`, or `A` with as much added to its diagonal as makes it positive: what several
    /// peers weighed differently need not be a precision. False when no such number does.
    pub fn factor_anyway(&mut self, n: usize, cell: impl Fn(usize, usize) -> f64) -> bool {
        let largest = (0..n).map(|i| cell(i, i).abs()).fold(f64::MIN_POSITIVE, f64::max);
        let mut more = 0.0;
        while more <= 1e3 * largest {
            if self.factor(n, |i, j| if i == j { cell(i, j) + more } else { cell(i, j) }) {
                return true;
            }
            more = if more == 0.0 { 1e-12 * largest } else { 10.0 * more };
        }
        false
    }

    /// Solves `A·z = b` in place.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.lower[i * n..][..=i];
            b[i] = (b[i] - math::dot(&row[..i], &b[..i])) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.lower[i * n..][..=i];
            b[i] /= row[i];
            let z = b[i];
            for (b, f) in b.iter_mut().zip(&row[..i]) {
                *b -= f * z;
            }
        }
    }

    /// Writes `A⁻¹` into the first rows and columns of a matrix of side `side`.
    pub fn invert(&mut self, to: &mut [f64], side: usize) {
        let n = self.n;
        self.inverse.clear();
        self.inverse.resize(n * n, 0.0);
        for (j, column) in self.inverse.chunks_exact_mut(n.max(1)).enumerate() {
            column[j] = 1.0 / self.lower[j * n + j];
            for k in j + 1..n {
                let row = &self.lower[k * n..][..=k];
                column[k] = -math::dot(&row[j..k], &column[j..k]) / row[k];
            }
        }
        for i in 0..n {
            let a = &self.inverse[i * n..][..n];
            for j in i..n {
                let b = &self.inverse[j * n..][..n];
                let cell = math::dot(&a[j..], &b[j..]);
                to[i * side + j] = cell;
                to[j * side + i] = cell;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `AᵀA` of a matrix of small integers, with a little more on its diagonal.
    fn positive(n: usize) -> Vec<f64> {
        let a = |i: usize, j: usize| ((i * 7 + j * 13) % 11) as f64 - 5.0;
        let cell = |i, j| (0..n).map(|k| a(k, i) * a(k, j)).sum::<f64>();
        (0..n * n).map(|at| cell(at / n, at % n) + f64::from(u8::from(at % (n + 1) == 0))).collect()
    }

    #[test]
    fn the_inverse_times_the_matrix_is_one() {
        for n in [1, 2, 7, 40] {
            let (a, mut inverse) = (positive(n), vec![f64::NAN; (n + 3) * (n + 3)]);
            let mut work = Cholesky::default();
            assert!(work.factor(n, |i, j| a[i * n + j]));
            work.invert(&mut inverse, n + 3);
            let mut b: Vec<f64> = (0..n).map(|i| i as f64).collect();
            work.solve(&mut b);
            for i in 0..n {
                let row = |m: &[f64], side: usize, i: usize| m[i * side..][..n].to_vec();
                for j in 0..n {
                    let product = math::dot(&row(&a, n, i), &row(&inverse, n + 3, j));
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-9, "{n} {i} {j}");
                }
                assert!((math::dot(&row(&a, n, i), &b) - i as f64).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn what_is_not_positive_is_made_so() {
        let a = [1.0, 2.0, 2.0, 1.0];
        let mut work = Cholesky::default();
        assert!(!work.factor(2, |i, j| a[i * 2 + j]));
        assert!(work.factor_anyway(2, |i, j| a[i * 2 + j]));
        let mut inverse = [0.0; 4];
        work.invert(&mut inverse, 2);
        assert!(inverse.iter().all(|x| x.is_finite()) && inverse[0] > 0.0);
        assert!(!work.factor_anyway(2, |_, _| f64::NAN));
    }
}
