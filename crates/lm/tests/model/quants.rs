//! Every way of writing weights, against formulas for one element at a time.

use her_lm::Kind;

use super::tiny::Dice;

/// A half float that is a plain number: sign, exponent 8 to 17, any mantissa.
fn half(dice: &mut Dice) -> ([u8; 2], f64) {
    let (sign, exponent, mantissa) = (dice.next() % 2, 8 + dice.next() % 10, dice.next() % 1024);
    let bits = (sign << 15 | exponent << 10 | mantissa) as u16;
    let value = (1.0 + mantissa as f64 / 1024.0) * 2f64.powi(exponent as i32 - 15);
    (bits.to_le_bytes(), if sign == 1 { -value } else { value })
}

/// A block of a kind with random bits, and its elements by the format's definition.
fn block(kind: Kind, dice: &mut Dice) -> (Vec<u8>, Vec<f64>) {
    let mut b: Vec<u8> = (0..kind.block().bytes).map(|_| dice.next() as u8).collect();
    let put = |b: &mut Vec<u8>, at: usize, dice: &mut Dice| {
        let (bytes, value) = half(dice);
        b[at..at + 2].copy_from_slice(&bytes);
        value
    };
    let nibble =
        |b: &[u8], from: usize, i: usize| i64::from(b[from + i % 16] >> (4 * (i / 16)) & 15);
    let bit = |b: &[u8], from: usize, i: usize| i64::from(b[from + i / 8] >> (i % 8) & 1);
    let six = |b: &[u8], i: usize, offset: bool| {
        // Eight 6-bit scales and eight offsets in 12 bytes, from byte 4 on.
        let s = &b[4..16];
        let low = usize::from(offset) * 4;
        if i < 4 {
            return f64::from(s[low + i] % 64);
        }
        let four = if offset { s[4 + i] / 16 } else { s[4 + i] % 16 };
        f64::from(four) + 16.0 * f64::from(s[low + i - 4] / 64)
    };
    let numbers = match kind {
        Kind::F32 => {
            let x = dice.number();
            b = x.to_le_bytes().to_vec();
            vec![f64::from(x)]
        }
        Kind::F16 => vec![put(&mut b, 0, dice)],
        Kind::Bf16 => {
            let x = f32::from_bits(dice.number().to_bits() & 0xffff_0000);
            b = x.to_le_bytes()[2..].to_vec();
            vec![f64::from(x)]
        }
        Kind::Q4_0 => {
            let d = put(&mut b, 0, dice);
            (0..32).map(|i| d * (nibble(&b, 2, i) - 8) as f64).collect()
        }
        Kind::Q4_1 => {
            let (d, m) = (put(&mut b, 0, dice), put(&mut b, 2, dice));
            (0..32).map(|i| d * nibble(&b, 4, i) as f64 + m).collect()
        }
        Kind::Q5_0 => {
            let d = put(&mut b, 0, dice);
            (0..32).map(|i| d * (nibble(&b, 6, i) + 16 * bit(&b, 2, i) - 16) as f64).collect()
        }
        Kind::Q5_1 => {
            let (d, m) = (put(&mut b, 0, dice), put(&mut b, 2, dice));
            (0..32).map(|i| d * (nibble(&b, 8, i) + 16 * bit(&b, 4, i)) as f64 + m).collect()
        }
        Kind::Q8_0 => {
            let d = put(&mut b, 0, dice);
            (0..32).map(|i| d * f64::from(b[2 + i] as i8)).collect()
        }
        Kind::Q4K | Kind::Q5K => {
            let (d, m) = (put(&mut b, 0, dice), put(&mut b, 2, dice));
            let (fifth, q) = if kind == Kind::Q5K { (16, 48) } else { (0, 16) };
            let of = |i: usize| {
                let (pair, upper, at) = (i / 64, i / 32 % 2, i % 32);
                let low = b[q + pair * 32 + at] >> (4 * upper) & 15;
                let top = if fifth == 0 { 0 } else { b[fifth + at] >> (i / 32) & 1 };
                d * six(&b, i / 32, false) * f64::from(low + 16 * top) - m * six(&b, i / 32, true)
            };
            (0..256).map(of).collect()
        }
        Kind::Q6K => {
            let d = put(&mut b, 208, dice);
            let of = |i: usize| {
                let (half, i128) = (i / 128, i % 128);
                let low = b[64 * half + i128 % 64] >> (if i128 < 64 { 0 } else { 4 }) & 15;
                let top = b[128 + 32 * half + i % 32] >> (2 * (i128 / 32)) & 3;
                let q = f64::from(low) + 16.0 * f64::from(top) - 32.0;
                d * f64::from(b[192 + i / 16] as i8) * q
            };
            (0..256).map(of).collect()
        }
    };
    (b, numbers)
}

#[test]
fn every_kind_is_read_as_it_is_defined() {
    let mut dice = Dice(5);
    for kind in [
        Kind::F32,
        Kind::F16,
        Kind::Bf16,
        Kind::Q4_0,
        Kind::Q4_1,
        Kind::Q5_0,
        Kind::Q5_1,
        Kind::Q8_0,
        Kind::Q4K,
        Kind::Q5K,
        Kind::Q6K,
    ] {
        let blocks: Vec<_> = (0..20).map(|_| block(kind, &mut dice)).collect();
        let bytes: Vec<u8> = blocks.iter().flat_map(|b| b.0.clone()).collect();
        let mut read = Vec::new();
        kind.dequantise(&bytes, &mut read);
        let wanted: Vec<f64> = blocks.into_iter().flat_map(|b| b.1).collect();
        assert_eq!(read.len(), wanted.len(), "{kind}");
        let scale = wanted.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        for (i, (read, wanted)) in read.iter().zip(&wanted).enumerate() {
            let off = (f64::from(*read) - wanted).abs();
            assert!(off <= 1e-6 * scale, "{kind}, element {i}: {read}, not {wanted}");
        }
    }
}

#[test]
fn half_floats_at_the_ends_of_their_range() {
    let read = |bits: u16| {
        let mut out = Vec::new();
        Kind::F16.dequantise(&bits.to_le_bytes(), &mut out);
        out[0]
    };
    assert_eq!(read(0x0001), 2f32.powi(-24));
    assert_eq!(read(0x83ff), -1023.0 * 2f32.powi(-24));
    assert_eq!(read(0x7bff), 65504.0);
    assert_eq!(read(0xfc00), f32::NEG_INFINITY);
    assert!(read(0x7e00).is_nan());
    assert_eq!(read(0x8000).to_bits(), (-0.0f32).to_bits());
}
