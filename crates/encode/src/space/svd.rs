//! The orthogonal part of a matrix, by its singular vectors.
//!
//! One-sided Jacobi: columns are rotated in pairs until all are orthogonal; then their lengths are
//! the singular values and their directions the left singular vectors. It needs nothing but the
//! four operations and square roots, so its bits are the same on every machine, and it finds small
//! singular values as exactly as large ones. Decision
//! [020](../../../../docs/internals/decisions/020-encoders.md) says what a library would have cost.
//!
//! **Source** Hestenes, 1958. Inversion of matrices by biorthogonalization and related results;
//! Demmel and Veselić, 1992. Jacobi's method is more accurate than QR.

use crate::vector::dot;

/// Columns count as orthogonal below this cosine.
const ORTHOGONAL: f64 = 1e-12;
/// A singular value counts as 0 below this part of the length of the whole matrix.
const ZERO: f64 = 1e-10;
/// Convergence is quadratic, and takes some ten sweeps; a matrix that needs more is left as it is
/// then, and the match says what it is worth.
const SWEEPS_MAX: usize = 40;

/// `U Vᵀ` of the matrix `U S Vᵀ` given by its rows, over the singular values above 0: the
/// orthogonal matrix nearest to it, or where it has not the full rank, the one that maps nothing
/// else.
///
/// **Cost** 4 operations for each number, column and sweep.
pub fn isometry(rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let flat = rows.len() < rows[0].len();
    // As few columns as possible, each in one piece.
    let columns = if flat { rows } else { transposed(&rows) };
    let mut rotated = columns.clone();
    orthogonalise(&mut rotated);
    let lengths: Vec<f64> = rotated.iter().map(|u| dot(u, u).sqrt()).collect();
    let zero = ZERO * dot(&lengths, &lengths).sqrt();
    // U S⁻¹ (Uᵀ A) is U Vᵀ, and a rotated column is one of U S: three lengths are too many.
    let mut result = vec![vec![0.0; columns[0].len()]; columns.len()];
    for (u, length) in rotated.iter().zip(&lengths).filter(|(_, length)| **length > zero) {
        for (column, out) in columns.iter().zip(&mut result) {
            let v = dot(u, column) / (length * length) / length;
            for (sum, x) in out.iter_mut().zip(u) {
                *sum += v * x;
            }
        }
    }
    if flat { result } else { transposed(&result) }
}

fn transposed(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect()
}

fn orthogonalise(columns: &mut [Vec<f64>]) {
    for _ in 0..SWEEPS_MAX {
        let mut squares: Vec<f64> = columns.iter().map(|a| dot(a, a)).collect();
        let zero = ZERO * ZERO * squares.iter().sum::<f64>();
        let mut rotated = false;
        for j in 1..columns.len() {
            let (before, after) = columns.split_at_mut(j);
            let b = &mut after[0];
            for (i, a) in before.iter_mut().enumerate() {
                if squares[i] <= zero || squares[j] <= zero {
                    continue;
                }
                let product = dot(a, b);
                if product.abs() <= ORTHOGONAL * (squares[i] * squares[j]).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (squares[j] - squares[i]) / (2.0 * product);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = c * t;
                for (x, y) in a.iter_mut().zip(b.iter_mut()) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
                squares[i] = (squares[i] - t * product).max(0.0);
                squares[j] += t * product;
            }
        }
        if !rotated {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether all rows are of length 1 and orthogonal, or all columns.
    fn is_orthogonal(rows: &[Vec<f64>]) -> bool {
        rows.iter().enumerate().all(|(i, a)| {
            let wanted = |j: usize| if i == j { 1.0 } else { 0.0 };
            rows.iter().enumerate().all(|(j, b)| (dot(a, b) - wanted(j)).abs() < 1e-9)
        })
    }

    fn matrix(m: usize, n: usize) -> Vec<Vec<f64>> {
        let number = |i: usize, j: usize| ((i * 37 + j * 91 + i * j * 13) % 64) as f64 - 31.0;
        (0..m)
            .map(|i| (0..n).map(|j| number(i, j) + libm::sin((i * n + j) as f64)).collect())
            .collect()
    }

    #[test]
    fn it_is_orthogonal_and_leaves_a_symmetric_positive_part() {
        for (m, n) in [(1, 1), (7, 7), (40, 40), (12, 30), (30, 12)] {
            let a = matrix(m, n);
            let q = isometry(a.clone());
            let short = if m <= n { q.clone() } else { transposed(&q) };
            assert!(is_orthogonal(&short), "{m}×{n}");
            // A = Q P: QᵀA is symmetric, and its trace, the sum of singular values, beats any other
            // rotation's.
            let (q, a) = (transposed(&q), transposed(&a));
            let p = |i: usize, j: usize| dot(&q[i], &a[j]);
            let largest = (0..n).map(|i| p(i, i).abs()).fold(0.0, f64::max);
            for i in 0..n {
                assert!(p(i, i) > -1e-9 * largest, "{m}×{n}: {}", p(i, i));
                for j in 0..i {
                    assert!((p(i, j) - p(j, i)).abs() < 1e-8 * largest, "{m}×{n}: {i}, {j}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_rank_is_mapped_to_nothing() {
        // Rank 2 in 5×5: the projection onto the plane stays, whatever the lengths.
        let (u, v) = ([1.0, 2.0, 0.0, 0.0, 2.0], [0.0, 0.0, 1.0, 0.0, 0.0]);
        let a: Vec<Vec<f64>> = (0..5)
            .map(|i| (0..5).map(|j| u[i] * u[j] * 1e3 + v[i] * v[j] * 1e-3).collect())
            .collect();
        for (i, row) in isometry(a).iter().enumerate() {
            for (j, x) in row.iter().enumerate() {
                let wanted = u[i] * u[j] / 9.0 + v[i] * v[j];
                assert!((x - wanted).abs() < 1e-9, "{i}, {j}: {x}, not {wanted}");
            }
        }
        assert_eq!(isometry(vec![vec![0.0; 3]; 2]), vec![vec![0.0; 3]; 2]);
    }
}
