use super::*;

/// Numbers that look random, the same ones for a seed.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || (crate::adapter::split_mix(&mut state) >> 40) as f32 / (1u64 << 23) as f32;
    (0..n).map(|_| next() - 1.0).collect()
}

/// A matrix of a kind: any quanta, scales that are plain numbers.
fn matrix(kind: Kind, rows: usize, columns: usize, seed: u64) -> (Packed, Vec<f32>) {
    let mut state = seed;
    let size = kind.block().bytes;
    let mut bytes: Vec<u8> = (0..rows * columns / BLOCK * size)
        .map(|_| crate::adapter::split_mix(&mut state) as u8)
        .collect();
    for block in bytes.chunks_exact_mut(size) {
        (block[1], block[3]) = (block[1] & 0x87 | 0x30, block[3] & 0x87 | 0x30);
    }
    let mut weights = Vec::new();
    kind.dequantise(&bytes, &mut weights);
    (Packed::new(kind, &bytes, rows, columns).expect("it has a kernel"), weights)
}

const KINDS: [Kind; 3] = [Kind::Q4_0, Kind::Q4_1, Kind::Q8_0];
const SHAPES: [(usize, usize, usize); 5] =
    [(1, 16, 32), (1, 192, 576), (3, 33, 64), (4, 7, 96), (9, 49, 1536)];

#[test]
fn products_are_those_of_the_weights_with_what_was_rounded() {
    for kind in KINDS {
        for (n, rows, columns) in SHAPES {
            let (packed, weights) = matrix(kind, rows, columns, 1);
            let x = Rounded::new(&numbers(n * columns, 2), columns);
            let mut out = vec![0.0; n * rows];
            packed.multiply(&x, &mut out);
            let of = |t: usize, i: usize| {
                let byte = x.words[(t * columns + i) / 4].to_le_bytes()[i % 4];
                f64::from(byte as i8) * f64::from(x.scales[(t * columns + i) / BLOCK])
            };
            for t in 0..n {
                for r in 0..rows {
                    let terms =
                        (0..columns).map(|i| of(t, i) * f64::from(weights[r * columns + i]));
                    let (sum, amount) =
                        terms.fold((0.0, 0.0), |(s, a), x| (s + x, a + f64::abs(x)));
                    let off = (f64::from(out[t * rows + r]) - sum).abs();
                    assert!(off <= 1e-6 * amount, "{kind} {n}×{rows}×{columns}: off by {off}");
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn every_kernel_gives_the_bits_of_plain_loops() {
    let mut kernels = Vec::new();
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c") {
        kernels.push(x86::Kernel::Avx2);
    }
    if name() == Some("avx512-vnni") {
        kernels.push(x86::Kernel::Vnni);
    }
    for kind in KINDS {
        for (seed, (n, rows, columns)) in (0..).zip(SHAPES) {
            let (packed, _) = matrix(kind, rows, columns, seed);
            let mut x = numbers(n * columns, seed + 9);
            // Blocks of nothing, of the extremes, and of what is no number.
            x[..BLOCK].fill(0.0);
            if columns > 64 {
                x[BLOCK..2 * BLOCK].fill(-3.0e30);
            }
            if n > 3 {
                x[columns] = f32::NAN;
            }
            let x = Rounded::new(&x, columns);
            let bits = |out: Vec<f32>| out.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            let mut plain = vec![0.0; n * rows];
            portable::multiply(&packed, &x, &mut plain);
            assert_eq!(n > 3, plain.iter().any(|x| x.is_nan()), "what is no number stays none");
            for kernel in &kernels {
                let mut out = vec![0.0; n * rows];
                x86::by(*kernel, &packed, &x, &mut out);
                let same = out.iter().zip(&plain).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
                assert!(same, "{kind} {n}×{rows}×{columns}");
                if n <= 3 {
                    assert_eq!(bits(out), bits(plain.clone()), "{kind} {n}×{rows}×{columns}");
                }
            }
        }
    }
}

#[test]
fn weights_of_the_extremes_do_not_overflow() {
    // Every quantum −128, every number the greatest: the pairs of AVX2 fill their 16 bits.
    let block = [&[0, 0x3c][..], &[128; BLOCK]].concat();
    let packed = Packed::new(Kind::Q8_0, &block.repeat(16), 16, BLOCK).expect("a kernel");
    for sign in [1.0, -1.0] {
        let x = Rounded::new(&[sign; BLOCK], BLOCK);
        let mut out = vec![0.0; 16];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c") {
            x86::by(x86::Kernel::Avx2, &packed, &x, &mut out);
            assert!(out.iter().all(|o| (o + sign * 4096.0).abs() < 0.01), "{out:?}");
        }
        packed.multiply(&x, &mut out);
        assert!(out.iter().all(|o| (o + sign * 4096.0).abs() < 0.01), "{out:?}");
    }
}

#[test]
fn floats_are_rounded_to_eight_bits() {
    let weights = numbers(64 * 96, 3);
    let packed = Packed::round(&weights, 64, 96).expect("whole blocks");
    let x: Vec<f32> = numbers(96, 4);
    let mut out = vec![0.0; 64];
    packed.multiply(&Rounded::new(&x, 96), &mut out);
    for (r, found) in out.iter().enumerate() {
        let wanted = crate::math::dot(&weights[r * 96..(r + 1) * 96], &x);
        assert!((found - wanted).abs() < 0.05, "{found}, not {wanted}");
    }
    assert!(Packed::round(&weights, 128, 48).is_none(), "a row and a half block");
    assert!(Packed::round(&[3.0e38; 32], 1, 32).is_none(), "no half float is so great");
}

// Files of floats are spoken from by weights rounded to eight bits: what that costs, on a text
// whose cost in f32 is known from elsewhere.
#[test]
fn a_model_of_floats_loses_little() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/data/language/SmolLM2-135M-Instruct.Q4_1.gguf");
    let mut model = crate::Model::open(&path).expect("run `cargo xtask data`");
    let base = &mut model.base;
    let maps = base.layers.iter_mut().flat_map(|layer| &mut layer.linear);
    for map in maps.chain([&mut base.embedding]) {
        map.packed = Packed::round(&map.weights, map.rows, map.columns);
        assert!(map.packed.as_ref().is_some_and(|p| p.bits == Bits::Eight));
    }
    let mut text = model.tokens.encode(crate::check::TEXT).expect("a text");
    text.splice(..0, model.tokens.begin);
    let (last, inputs) = text.split_last().expect("some");
    let targets = [&inputs[1..], &[*last]].concat();
    let mut cache = crate::Cache::default();
    let pass = model.base.read_low(None, &mut cache, inputs, crate::Want::All);
    let nats: f64 = pass.expect("read").score(&targets).expect("scored").iter().sum();
    let bits = nats / std::f64::consts::LN_2 / inputs.len() as f64;
    println!("{bits:.6} bits a token by eight bits");
    assert!((bits - 4.790_992).abs() < 0.02, "{bits} bits a token");
}
