//! Matrix products: the one place where most of the time goes.
//!
//! The products are the crate `gemm`'s, on one thread. In which order it adds depends on the
//! processor's instructions and on its caches, so bits are the same only on one sort of processor:
//! [`name`] says which instructions, and [`bits`] what came out for fixed factors. Products with
//! weights are our own where a processor has AVX2 and no AVX-512: with a chunk
//! of some dozen tokens they take two thirds of the time.

#[cfg(target_arch = "x86_64")]
mod fma;

use std::sync::OnceLock;

use gemm_common::Parallelism;

/// A matrix within a slice.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    /// How far one row, and one column, is from the next.
    step: (usize, usize),
}

impl<'a> View<'a> {
    /// `rows` rows that follow each other.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::within(data, rows, columns, columns)
    }

    /// Rows that begin `step` numbers apart.
    pub fn within(data: &'a [f32], rows: usize, columns: usize, step: usize) -> Self {
        let view = Self { data, rows, columns, step: (step, 1) };
        view.check();
        view
    }

    /// Rows as columns.
    pub fn turned(self) -> Self {
        let (rows, columns) = self.step;
        Self { rows: self.columns, columns: self.rows, step: (columns, rows), ..self }
    }

    fn check(&self) {
        let last = (self.rows.max(1) - 1) * self.step.0 + (self.columns.max(1) - 1) * self.step.1;
        assert!(
            self.rows == 0 || self.columns == 0 || last < self.data.len(),
            "{} × {} by {:?} is more than {} numbers",
            self.rows,
            self.columns,
            self.step,
            self.data.len()
        );
    }
}

/// `out = scale · a · b`, or added to what is there. The rows of `out` begin `step` apart.
pub(crate) fn multiply(
    out: &mut [f32],
    step: usize,
    (a, b): (View<'_>, View<'_>),
    scale: f32,
    add: bool,
) {
    assert_eq!(a.columns, b.rows, "the factors' shapes fit each other");
    View::within(out, a.rows, b.columns, step).check();
    let steps = |v: &View<'_>| (v.step.1 as isize, v.step.0 as isize);
    let ((a_column, a_row), (b_column, b_row)) = (steps(&a), steps(&b));
    #[expect(unsafe_code, reason = "gemm's kernel: all three were measured against their slices")]
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            step as isize,
            add,
            a.data.as_ptr(),
            a_column,
            a_row,
            b.data.as_ptr(),
            b_column,
            b_row,
            1.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Whether products with weights are our own.
#[cfg(target_arch = "x86_64")]
fn own() -> bool {
    !is_x86_feature_detected!("avx512f") && fma::is_here()
}

/// `out = x · weightsᵀ`: a row of `out` for each row of `x`. The weights are `shape.0` rows of
/// `shape.1` columns.
pub(crate) fn forward(out: &mut [f32], x: &[f32], weights: &[f32], shape: (usize, usize)) {
    #[cfg(target_arch = "x86_64")]
    if own() {
        return fma::forward(out, x, weights, shape);
    }
    let (rows, columns) = shape;
    let x = View::new(x, x.len() / columns, columns);
    multiply(out, rows, (x, View::new(weights, rows, columns).turned()), 1.0, false);
}

/// `out += upstream · weights`: from the gradient of what [`forward`] gave to that of its rows.
pub(crate) fn backward(out: &mut [f32], upstream: &[f32], weights: &[f32], shape: (usize, usize)) {
    #[cfg(target_arch = "x86_64")]
    if own() {
        return fma::backward(out, upstream, weights, shape);
    }
    let (rows, columns) = shape;
    let upstream = View::new(upstream, upstream.len() / rows, rows);
    multiply(out, columns, (upstream, View::new(weights, rows, columns)), 1.0, true);
}

/// Which instructions the products use here: `avx512`, `avx2`, `neon` or `scalar`.
pub fn name() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    if cfg!(target_arch = "aarch64") { "neon" } else { "scalar" }
}

/// By what voices speak: by weights of few bits with `avx512-vnni` or `avx2`, whose products have
/// the same bits, or in `f32` where there is neither.
pub fn speaking() -> &'static str {
    crate::packed::name().unwrap_or("f32")
}

/// What the products are here: their [`name`] and [`bits`].
pub fn here() -> String {
    format!("{} {:016x}", name(), bits())
}

/// How a learner computes beside the products. It rises with every change by which a life replayed
/// gets other bits: 2, a full context slides instead of being read again by halves.
const WAY: u64 = 2;

/// A digest of the way in which a learner computes, and of products of fixed factors: where it is
/// the same, so are, as far as is known, all results; where it differs, a life replayed would not
/// give the same bits.
pub fn bits() -> u64 {
    static BITS: OnceLock<u64> = OnceLock::new();
    *BITS.get_or_init(|| {
        let mut digest = 0xcbf2_9ce4_8422_2325_u64 ^ WAY;
        // Shapes of SmolLM2's maps and heads, of one token and of many.
        for (m, n, k) in
            [(1, 576, 1536), (32, 192, 576), (32, 49, 576), (31, 64, 257), (4, 576, 32)]
        {
            let factor = |len: usize, by: usize| -> Vec<f32> {
                (0..len).map(|i| ((i * by) % 1013) as f32 / 1013.0 - 0.5).collect()
            };
            let (a, b) = (factor(m * k, 37), factor(n * k, 101));
            let (mut out, mut forth, mut back) =
                (vec![0.0; m * n], vec![0.0; m * n], vec![0.0; m * k]);
            let views = (View::new(&a, m, k), View::new(&b, n, k).turned());
            multiply(&mut out, n, views, 1.0, false);
            forward(&mut forth, &a, &b, (n, k));
            backward(&mut back, &forth, &b, (n, k));
            for x in out.into_iter().chain(forth).chain(back) {
                digest = (digest ^ u64::from(x.to_bits())).wrapping_mul(0x0100_0000_01b3);
            }
        }
        digest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed) % 997) as f32 / 498.5 - 1.0).collect()
    }

    #[test]
    fn products_are_those_of_plain_loops() {
        for (m, n, k) in [(1, 1, 1), (1, 65, 33), (32, 48, 24), (5, 7, 300), (17, 1, 64)] {
            let (a, b) = (numbers(m * k, 1), numbers(n * k, 5));
            for (turned, add) in [(false, false), (true, false), (true, true)] {
                let step = n + 3;
                let before = numbers(m * step, 9);
                let mut out = before.clone();
                let right = if turned { View::new(&b, n, k).turned() } else { View::new(&b, k, n) };
                multiply(&mut out, step, (View::new(&a, m, k), right), 0.5, add);
                for i in 0..m {
                    for j in 0..step {
                        let at = |l: usize| if turned { b[j * k + l] } else { b[l * n + j] };
                        let kept = f64::from(before[i * step + j]);
                        let wanted = if j >= n {
                            kept
                        } else {
                            let sum: f64 =
                                (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(at(l))).sum();
                            0.5 * sum + if add { kept } else { 0.0 }
                        };
                        let off = (f64::from(out[i * step + j]) - wanted).abs();
                        assert!(off < 1e-4, "{m}×{n}×{k} at {i},{j}: off by {off}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "more than")]
    fn a_view_beyond_its_slice_is_refused() {
        View::within(&[0.0; 11], 3, 3, 5);
    }

    #[test]
    fn the_digest_of_its_bits_stays() {
        assert_eq!(bits(), bits());
        assert_ne!(bits(), 0);
    }
}
