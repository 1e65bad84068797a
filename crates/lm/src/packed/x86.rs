//! The product with AVX-512 VNNI, and with AVX2.
#![expect(unsafe_code, reason = "kernels of the processor's own instructions; see `multiply`")]

#[allow(clippy::wildcard_imports, reason = "some forty instructions, all named _mm…")]
use std::arch::x86_64::*;

use super::{Bits, Line, Packed, Rounded, TILE};

/// How many rows of the other factor are computed together at most.
const TOGETHER: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Vnni,
    Avx2,
}

/// The best one that this processor has.
fn best() -> Option<Kernel> {
    let wide = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni");
    if wide {
        return Some(Kernel::Vnni);
    }
    let narrow = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
    narrow.then_some(Kernel::Avx2)
}

pub(super) fn name() -> Option<&'static str> {
    best().map(|kernel| if kernel == Kernel::Vnni { "avx512-vnni" } else { "avx2" })
}

/// Whether there was a kernel that did it.
pub(super) fn multiply(w: &Packed, x: &Rounded, out: &mut [f32]) -> bool {
    let Some(kernel) = best() else { return false };
    by(kernel, w, x, out);
    true
}

/// The product by a kernel that this processor has.
pub(super) fn by(kernel: Kernel, w: &Packed, x: &Rounded, out: &mut [f32]) {
    let n = x.rows();
    let mut totals = [[0.0f32; TILE]; TOGETHER];
    for (tile, first) in (0..w.rows).step_by(TILE).enumerate() {
        let mut t = 0;
        while t < n {
            let together = if n - t >= TOGETHER { TOGETHER } else { 1 };
            // SAFETY: the processor has the kernel's instructions, by `best` or its caller in a
            // test. The kernels index slices with their bounds checked, but for loads of whole
            // lines, arrays and words that they have as references.
            unsafe {
                match (kernel, w.bits, together) {
                    (Kernel::Vnni, Bits::Four, TOGETHER) => {
                        vnni::<true, TOGETHER>(w, x, tile, t, &mut totals);
                    }
                    (Kernel::Vnni, Bits::Four, _) => {
                        vnni::<true, 1>(w, x, tile, t, one(&mut totals));
                    }
                    (Kernel::Vnni, Bits::Eight, TOGETHER) => {
                        vnni::<false, TOGETHER>(w, x, tile, t, &mut totals);
                    }
                    (Kernel::Vnni, Bits::Eight, _) => {
                        vnni::<false, 1>(w, x, tile, t, one(&mut totals));
                    }
                    (Kernel::Avx2, ..) => avx2(w, x, tile, t, &mut totals[..together]),
                }
            }
            let rows = TILE.min(w.rows - first);
            for (i, totals) in totals[..together].iter().enumerate() {
                let at = (t + i) * w.rows + first;
                out[at..at + rows].copy_from_slice(&totals[..rows]);
            }
            t += together;
        }
    }
}

fn one(totals: &mut [[f32; TILE]; TOGETHER]) -> &mut [[f32; TILE]; 1] {
    let [first, ..] = totals;
    std::array::from_mut(first)
}

/// Sixteen half floats as floats.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves(x: &[u16; TILE]) -> __m512 {
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(x.as_ptr().cast()) })
}

/// The product of sixteen rows with `N` rows from `t` on. One function, since what it keeps in
/// registers would travel through memory between two.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni<const FOUR: bool, const N: usize>(
    w: &Packed,
    x: &Rounded,
    tile: usize,
    t: usize,
    out: &mut [[f32; TILE]; N],
) {
    let low = _mm512_set1_epi8(15);
    let load = |line: &Line| unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
    let mut totals = [_mm512_setzero_ps(); N];
    for b in 0..w.blocks {
        let place = tile * w.blocks + b;
        let mut lines = [low; 8];
        if FOUR {
            let Some(four) = w.lines[place * 4..].first_chunk::<4>() else { return };
            for (j, line) in four.iter().enumerate() {
                let both = load(line);
                lines[j] = _mm512_and_si512(both, low);
                lines[j + 4] = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
            }
        } else {
            let Some(eight) = w.lines[place * 8..].first_chunk::<8>() else { return };
            for (j, line) in eight.iter().enumerate() {
                lines[j] = load(line);
            }
        }
        let scale = halves(&w.scales[place]);
        let offset = w.offsets.get(place).map(|x| halves(x));
        for (i, total) in totals.iter_mut().enumerate() {
            let at = (t + i) * w.blocks + b;
            let Some(words) = x.words[at * 8..].first_chunk::<8>() else { return };
            let (own, sum) = (x.scales[at], x.sums[at]);
            // Two runs, so that one need not wait for the other; whole numbers add in any order.
            let mut sums = _mm512_set1_epi32(-w.zero * sum);
            let mut others = _mm512_setzero_si512();
            for j in 0..4 {
                sums = _mm512_dpbusd_epi32(sums, lines[j], _mm512_set1_epi32(words[j]));
                others = _mm512_dpbusd_epi32(others, lines[j + 4], _mm512_set1_epi32(words[j + 4]));
            }
            let sums = _mm512_cvtepi32_ps(_mm512_add_epi32(sums, others));
            let factor = _mm512_mul_ps(scale, _mm512_set1_ps(own));
            *total = _mm512_add_ps(*total, _mm512_mul_ps(factor, sums));
            if let Some(offset) = offset {
                let shift = _mm512_set1_ps(own * sum as f32);
                *total = _mm512_add_ps(*total, _mm512_mul_ps(offset, shift));
            }
        }
    }
    for (out, total) in out.iter_mut().zip(totals) {
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), total) };
    }
}

/// Eight sums of four products each, added to those that are there.
#[inline]
#[target_feature(enable = "avx2")]
fn dot_avx2(sums: __m256i, q: __m256i, word: i32, signed: bool) -> __m256i {
    let a = _mm256_set1_epi32(word);
    // Pairs are added in 16 bits: so weights of eight bits give up their sign to the other factor,
    // or 2 · 255 · 127 would not fit.
    let pairs = if signed {
        let q = _mm256_xor_si256(q, _mm256_set1_epi8(-128));
        _mm256_maddubs_epi16(_mm256_abs_epi8(q), _mm256_sign_epi8(a, q))
    } else {
        _mm256_maddubs_epi16(q, a)
    };
    _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

#[target_feature(enable = "avx2,f16c")]
fn avx2(w: &Packed, x: &Rounded, tile: usize, t: usize, out: &mut [[f32; TILE]]) {
    let low = _mm256_set1_epi8(15);
    let halves = |x: &[u16; TILE], side: usize| {
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(x[side * 8..][..8].as_ptr().cast()) })
    };
    for (i, out) in out.iter_mut().enumerate() {
        for side in 0..2 {
            let mut total = _mm256_setzero_ps();
            for b in 0..w.blocks {
                let (place, at) = (tile * w.blocks + b, (t + i) * w.blocks + b);
                let words = &x.words[at * 8..(at + 1) * 8];
                let (own, sum) = (x.scales[at], x.sums[at]);
                let four = w.bits == Bits::Four;
                let mut sums = _mm256_set1_epi32(if four { -w.zero * sum } else { 0 });
                for (j, line) in w.lines_at(place).iter().enumerate() {
                    let half = &line.0[side * 32..][..32];
                    let q = unsafe { _mm256_load_si256(half.as_ptr().cast()) };
                    if four {
                        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(q), low);
                        sums = dot_avx2(sums, _mm256_and_si256(q, low), words[j], false);
                        sums = dot_avx2(sums, high, words[j + 4], false);
                    } else {
                        sums = dot_avx2(sums, q, words[j], true);
                    }
                }
                let factor = _mm256_mul_ps(halves(&w.scales[place], side), _mm256_set1_ps(own));
                total = _mm256_add_ps(total, _mm256_mul_ps(factor, _mm256_cvtepi32_ps(sums)));
                if let Some(offset) = w.offsets.get(place) {
                    let shift = _mm256_set1_ps(own * sum as f32);
                    total = _mm256_add_ps(total, _mm256_mul_ps(halves(offset, side), shift));
                }
            }
            unsafe { _mm256_storeu_ps(out[side * 8..][..8].as_mut_ptr(), total) };
        }
    }
}
