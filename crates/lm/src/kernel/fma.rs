//! Products with weights by AVX2 and FMA, for chunks of some dozen rows.
//!
//! A chunk is read right after another, so that each weight comes from memory for a few rows only:
//! with 32 rows a general product waits for memory as long as it computes. Here the weights that
//! come next are asked for while those before them are multiplied, and lie in memory as they do
//! in the model: nothing is packed twice.
//!
//! The order of additions is fixed, whatever the number of rows: going forward eight sums a
//! number, of every eighth column, that are added at the end; going back one sum, row by row of
//! the weights. So a row's result does not depend on who is read with it.
#![expect(unsafe_code, reason = "kernels of the processor's own instructions; see `forward`")]

#[allow(clippy::wildcard_imports, reason = "a dozen instructions, all named _mm…")]
use std::arch::x86_64::*;

/// So many rows at most are multiplied with all weights before the next: more of them, as wide as
/// they are here, would not stay in the second cache.
const ROWS: usize = 64;
/// How many numbers a vector has.
const LANES: usize = 8;
/// Rows and weights whose products are summed at once going forward, at most: as many sums as there
/// are registers for, beside what is multiplied.
const HIGH: usize = 4;
const WIDE: usize = 3;
/// How many columns of them fit the first cache.
const LONG: usize = 768;
/// How many rows of weights, and columns, make a tile going back: a line of the cache wide.
const DEEP: usize = 64;
const ACROSS: usize = 2 * LANES;
/// Rows that a tile is multiplied with at once, at most.
const TALL: usize = 6;
/// How many numbers a line of the cache has.
const LINE: usize = 16;

/// Whether this processor has the instructions.
pub(super) fn is_here() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// `out = x · weightsᵀ`: the weights are `rows × columns`, `x` has rows of `columns` numbers.
/// The caller has seen that [`is_here`].
pub(super) fn forward(out: &mut [f32], x: &[f32], weights: &[f32], shape: (usize, usize)) {
    let (rows, columns) = shape;
    assert!(weights.len() == rows * columns && x.len() * rows == out.len() * columns);
    for (out, x) in out.chunks_mut(ROWS * rows).zip(x.chunks(ROWS * columns)) {
        // SAFETY: the processor has the instructions. All that is loaded and stored lies within
        // the slices, by the lengths that were just compared.
        unsafe { forward_some(out, x, weights, shape) };
    }
}

/// `out += upstream · weights`, where `upstream` has rows of `rows` numbers.
/// The caller has seen that [`is_here`].
pub(super) fn backward(out: &mut [f32], upstream: &[f32], weights: &[f32], shape: (usize, usize)) {
    let (rows, columns) = shape;
    assert!(weights.len() == rows * columns && upstream.len() * columns == out.len() * rows);
    for (out, upstream) in out.chunks_mut(ROWS * columns).zip(upstream.chunks(ROWS * rows)) {
        // SAFETY: as in `forward`.
        unsafe { backward_some(out, upstream, weights, shape) };
    }
}

/// Divides rows into lots, the greatest first: where each begins, and how many rows it has.
fn lots(rows: usize, sizes: &'static [usize]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let lot = *sizes.iter().find(|size| **size <= rows - at)?;
        at += lot;
        Some((at - lot, lot))
    })
}

/// Asks for some lines of the cache, counted from `start` on.
#[inline]
fn ask(start: *const f32, lines: std::ops::Range<usize>) {
    for line in lines {
        // SAFETY: asking for what is not there does nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.wrapping_add(line * LINE).cast()) };
    }
}

type Sums = [[__m256; WIDE]; HIGH];

/// [`forward`] for [`ROWS`] rows at most.
#[target_feature(enable = "avx2,fma")]
unsafe fn forward_some(
    out: &mut [f32],
    x: &[f32],
    weights: &[f32],
    (rows, columns): (usize, usize),
) {
    let n = x.len() / columns;
    // Less than a whole lot is two lots at most.
    let mut sums: [Sums; ROWS / HIGH + 1] = [[[_mm256_setzero_ps(); WIDE]; HIGH]; _];
    for (first, wide) in lots(rows, &[WIDE, 1]) {
        sums.fill([[_mm256_setzero_ps(); WIDE]; HIGH]);
        for begin in (0..columns).step_by(LONG) {
            let long = LONG.min(columns - begin);
            let own = weights.as_ptr().wrapping_add(first * columns + begin);
            let mut asked = 0;
            for ((i, lot), sums) in lots(n, &[HIGH, 2, 1]).zip(&mut sums) {
                // Each lot asks for its share of the weights that come next.
                let share = asked..long.div_ceil(LINE) * (i + lot) / n;
                asked = share.end;
                for w in 0..wide {
                    ask(own.wrapping_add((wide + w) * columns), share.clone());
                }
                let x = x.as_ptr().wrapping_add(i * columns + begin);
                // SAFETY: rows `i..i + lot` and weights `first..first + wide` are there, and
                // `long` columns of them from `begin` on.
                unsafe {
                    match (lot, wide) {
                        (HIGH, WIDE) => dots::<HIGH, WIDE>(sums, x, own, columns, long),
                        (HIGH, _) => dots::<HIGH, 1>(sums, x, own, columns, long),
                        (2, WIDE) => dots::<2, WIDE>(sums, x, own, columns, long),
                        (2, _) => dots::<2, 1>(sums, x, own, columns, long),
                        (_, WIDE) => dots::<1, WIDE>(sums, x, own, columns, long),
                        _ => dots::<1, 1>(sums, x, own, columns, long),
                    }
                }
            }
        }
        for ((i, lot), sums) in lots(n, &[HIGH, 2, 1]).zip(&sums) {
            for (row, sums) in sums.iter().enumerate().take(lot) {
                let at = (i + row) * rows + first;
                for (out, sum) in out[at..at + wide].iter_mut().zip(sums) {
                    *out = total(*sum);
                }
            }
        }
    }
}

/// Adds products of `long` columns to the sums of `R` rows and `C` weights.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn dots<const R: usize, const C: usize>(
    sums: &mut Sums,
    x: *const f32,
    weights: *const f32,
    columns: usize,
    long: usize,
) {
    let mut own = [[_mm256_setzero_ps(); C]; R];
    for (own, sums) in own.iter_mut().zip(&*sums) {
        own.copy_from_slice(&sums[..C]);
    }
    let mut at = 0;
    while at + LANES <= long {
        // SAFETY: the caller's: `long` numbers of each row are there.
        unsafe {
            let mut w = [_mm256_setzero_ps(); C];
            for (c, w) in w.iter_mut().enumerate() {
                *w = _mm256_loadu_ps(weights.add(c * columns + at));
            }
            for (r, own) in own.iter_mut().enumerate() {
                let x = _mm256_loadu_ps(x.add(r * columns + at));
                for (own, w) in own.iter_mut().zip(w) {
                    *own = _mm256_fmadd_ps(x, w, *own);
                }
            }
        }
        at += LANES;
    }
    if at < long {
        let mask = mask(long - at);
        for (r, own) in own.iter_mut().enumerate() {
            for (c, own) in own.iter_mut().enumerate() {
                // SAFETY: as above; what is masked is not loaded.
                let (x, w) = unsafe {
                    let x = _mm256_maskload_ps(x.add(r * columns + at), mask);
                    (x, _mm256_maskload_ps(weights.add(c * columns + at), mask))
                };
                *own = _mm256_fmadd_ps(x, w, *own);
            }
        }
    }
    for (own, sums) in own.iter().zip(sums) {
        sums[..C].copy_from_slice(own);
    }
}

/// All ones for so many of the first lanes.
#[target_feature(enable = "avx2")]
#[inline]
fn mask(lanes: usize) -> __m256i {
    let order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes as i32), order)
}

/// The sum of eight: halves, then quarters, then pairs.
#[target_feature(enable = "avx2")]
#[inline]
fn total(sums: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps::<1>(sums));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

/// Copies as many numbers as there are. Of a whole line it is known how many, which saves a call.
#[inline]
fn copy(to: &mut [f32; ACROSS], from: &[f32]) {
    match from.first_chunk() {
        Some(line) => *to = *line,
        None => to[..from.len()].copy_from_slice(from),
    }
}

/// Weights that are multiplied with all rows while they are in the first cache.
#[repr(align(64))]
struct Tile([f32; DEEP * ACROSS]);

/// [`backward`] for [`ROWS`] rows at most.
#[target_feature(enable = "avx2,fma")]
unsafe fn backward_some(
    out: &mut [f32],
    upstream: &[f32],
    weights: &[f32],
    (rows, columns): (usize, usize),
) {
    let n = out.len() / columns;
    let mut tile = Tile([0.0; DEEP * ACROSS]);
    // A tile at the edge is as wide as the others, and so is what it is added to.
    let mut edge = [0.0f32; TALL * ACROSS];
    for begin in (0..rows).step_by(DEEP) {
        let deep = DEEP.min(rows - begin);
        let block = &weights[begin * columns..(begin + deep) * columns];
        for first in (0..columns).step_by(ACROSS) {
            let across = ACROSS.min(columns - first);
            for (to, row) in tile.0.as_chunks_mut().0.iter_mut().zip(block.chunks_exact(columns)) {
                copy(to, &row[first..first + across]);
            }
            // Each tile asks for as much of the next block as it has weights itself.
            let next = weights.as_ptr().wrapping_add((begin + deep) * columns + first * deep);
            let mut asked = 0;
            for (i, lot) in lots(n, &[TALL, 4, 2, 1]) {
                let share = asked..deep * (i + lot) / n;
                asked = share.end;
                ask(next, share);
                let whole = across == ACROSS;
                let own = i * columns + first;
                if !whole {
                    for (to, row) in edge.chunks_exact_mut(ACROSS).zip(out[own..].chunks(columns)) {
                        to[..across].copy_from_slice(&row[..across]);
                    }
                }
                let (to, step) = if whole {
                    (out.as_mut_ptr().wrapping_add(own), columns)
                } else {
                    (edge.as_mut_ptr(), ACROSS)
                };
                let from = upstream.as_ptr().wrapping_add(i * rows + begin);
                // SAFETY: `lot` rows are there, with `ACROSS` numbers from `to` on and `deep` from
                // `from` on.
                unsafe {
                    match lot {
                        TALL => spread::<TALL>(to, step, from, rows, &tile, deep),
                        4 => spread::<4>(to, step, from, rows, &tile, deep),
                        2 => spread::<2>(to, step, from, rows, &tile, deep),
                        _ => spread::<1>(to, step, from, rows, &tile, deep),
                    }
                }
                if !whole {
                    for (row, own) in (i..i + lot).zip(edge.chunks_exact(ACROSS)) {
                        let at = row * columns + first;
                        out[at..at + across].copy_from_slice(&own[..across]);
                    }
                }
            }
        }
    }
}

/// Adds the products of `deep` numbers of `R` rows with a tile.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn spread<const R: usize>(
    to: *mut f32,
    step: usize,
    from: *const f32,
    rows: usize,
    tile: &Tile,
    deep: usize,
) {
    let mut sums = [[_mm256_setzero_ps(); 2]; R];
    // SAFETY: the caller's, for `to` and `from`; a tile has `DEEP` rows at least.
    unsafe {
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = [_mm256_loadu_ps(to.add(r * step)), _mm256_loadu_ps(to.add(r * step + LANES))];
        }
        for at in 0..deep {
            let own = tile.0.as_ptr().add(at * ACROSS);
            let (low, high) = (_mm256_load_ps(own), _mm256_load_ps(own.add(LANES)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = _mm256_broadcast_ss(&*from.add(r * rows + at));
                sums[0] = _mm256_fmadd_ps(x, low, sums[0]);
                sums[1] = _mm256_fmadd_ps(x, high, sums[1]);
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            _mm256_storeu_ps(to.add(r * step), sums[0]);
            _mm256_storeu_ps(to.add(r * step + LANES), sums[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed) % 997) as f32 / 498.5 - 1.0).collect()
    }

    /// The same sums, in the same order, one number at a time.
    fn plain_forward(x: &[f32], w: &[f32]) -> f32 {
        let mut sums = [0.0f32; LANES];
        for (i, (x, w)) in x.iter().zip(w).enumerate() {
            sums[i % LANES] = x.mul_add(*w, sums[i % LANES]);
        }
        let four: Vec<f32> = (0..4).map(|i| sums[i] + sums[i + 4]).collect();
        (four[0] + four[2]) + (four[1] + four[3])
    }

    const SHAPES: [(usize, usize, usize); 12] = [
        (1, 1, 1),
        (1, 5, 7),
        (3, 2, 8),
        (4, 3, 16),
        (5, 7, 33),
        (6, 64, 16),
        (7, 65, 31),
        (13, 4, 769),
        (32, 130, 48),
        (63, 6, 100),
        (65, 9, 17),
        (130, 3, 1537),
    ];

    #[test]
    fn forward_has_the_bits_of_plain_loops() {
        assert!(is_here(), "this needs a processor with AVX2 and FMA");
        for (n, rows, columns) in SHAPES {
            let (x, w) = (numbers(n * columns, 1), numbers(rows * columns, 5));
            let mut out = vec![f32::NAN; n * rows];
            forward(&mut out, &x, &w, (rows, columns));
            for (i, own) in out.iter().enumerate() {
                let (x, w) = (&x[i / rows * columns..], &w[i % rows * columns..]);
                let plain = plain_forward(&x[..columns], &w[..columns]);
                assert_eq!(own.to_bits(), plain.to_bits(), "{n}×{rows}×{columns} at {i}");
            }
        }
    }

    #[test]
    fn backward_has_the_bits_of_plain_loops() {
        assert!(is_here(), "this needs a processor with AVX2 and FMA");
        for (n, rows, columns) in SHAPES.into_iter().chain([(33, 200, 40), (8, 129, 24)]) {
            let (upstream, w) = (numbers(n * rows, 1), numbers(rows * columns, 5));
            let before = numbers(n * columns, 9);
            let mut out = before.clone();
            backward(&mut out, &upstream, &w, (rows, columns));
            for (i, own) in out.iter().enumerate() {
                let (row, column) = (i / columns, i % columns);
                let plain = (0..rows).fold(before[i], |sum, k| {
                    upstream[row * rows + k].mul_add(w[k * columns + column], sum)
                });
                assert_eq!(own.to_bits(), plain.to_bits(), "{n}×{rows}×{columns} at {i}");
            }
        }
    }
}
