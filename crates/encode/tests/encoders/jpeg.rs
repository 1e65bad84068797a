//! Grey images as JPEG: baseline, 8×8 blocks, with Huffman tables that give every code 8 bits.

use std::f64::consts::PI;

/// `pixels` row by row, 0 to 255; both sides multiples of 8. Quantised in steps of 4. `orientation`
/// is what EXIF says, 1 to 8.
pub fn grey(width: usize, height: usize, pixels: &[u8], orientation: Option<u8>) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    if let Some(orientation) = orientation {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        segment(&mut bytes, 0xe1, &exif);
    }
    segment(&mut bytes, 0xdb, &[&[0][..], &[4; 64]].concat());
    let (h, w) = ((height as u16).to_be_bytes(), (width as u16).to_be_bytes());
    segment(&mut bytes, 0xc0, &[8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]);
    // Twelve lengths of differences and 162 pairs of run and length, as the standard lists them.
    let lengths = |n: u8| [&[0, 0, 0, 0, 0, 0, 0, n][..], &[0; 8]].concat();
    segment(&mut bytes, 0xc4, &[&[0x00][..], &lengths(12), &(0..12).collect::<Vec<u8>>()].concat());
    segment(&mut bytes, 0xc4, &[&[0x10][..], &lengths(162), &pairs()].concat());
    segment(&mut bytes, 0xda, &[1, 1, 0x00, 0, 63, 0]);
    let mut bits = Bits::default();
    let mut before = 0;
    for y in (0..height).step_by(8) {
        for x in (0..width).step_by(8) {
            let coefficients =
                transformed(|i, j| f64::from(pixels[(y + j) * width + x + i]) - 128.0);
            block(&mut bits, &coefficients, &mut before);
        }
    }
    bytes.extend(bits.bytes());
    bytes.extend([0xff, 0xd9]);
    bytes
}

fn segment(bytes: &mut Vec<u8>, marker: u8, content: &[u8]) {
    bytes.extend([0xff, marker]);
    bytes.extend((content.len() as u16 + 2).to_be_bytes());
    bytes.extend(content);
}

/// Runs of up to 15 zeros and lengths of 1 to 10, the end of a block and 16 zeros.
fn pairs() -> Vec<u8> {
    let runs = (0..16u8).flat_map(|run| (1..=10).map(move |length| run << 4 | length));
    [0x00, 0xf0].into_iter().chain(runs).collect()
}

fn block(bits: &mut Bits, coefficients: &[i32; 64], before: &mut i32) {
    let difference = coefficients[0] - *before;
    *before = coefficients[0];
    bits.put(size(difference), 8);
    bits.number(difference);
    let codes = pairs();
    let symbol = |symbol: u8, bits: &mut Bits| {
        bits.put(codes.iter().position(|s| *s == symbol).unwrap() as u32, 8);
    };
    let mut run = 0u8;
    let last = coefficients.iter().rposition(|c| *c != 0).unwrap_or(0);
    for c in &coefficients[1..=last] {
        if *c == 0 {
            run += 1;
            continue;
        }
        while run > 15 {
            symbol(0xf0, bits);
            run -= 16;
        }
        symbol(run << 4 | size(*c) as u8, bits);
        bits.number(*c);
        run = 0;
    }
    if last < 63 {
        symbol(0x00, bits);
    }
}

fn size(n: i32) -> u32 {
    32 - n.unsigned_abs().leading_zeros()
}

/// Quantised, in the order of the zigzag.
fn transformed(pixel: impl Fn(usize, usize) -> f64) -> [i32; 64] {
    let cosine = |x: usize, u: usize| libm::cos((2 * x + 1) as f64 * u as f64 * PI / 16.0);
    let norm = |u: usize| if u == 0 { 0.5f64.sqrt() } else { 1.0 };
    let coefficient = |u: usize, v: usize| {
        let all = (0..8).flat_map(|x| (0..8).map(move |y| (x, y)));
        let sum: f64 = all.map(|(x, y)| pixel(x, y) * cosine(x, u) * cosine(y, v)).sum();
        (sum * norm(u) * norm(v) / 16.0).round() as i32
    };
    let mut order: Vec<(usize, usize)> = (0..64).map(|i| (i % 8, i / 8)).collect();
    order.sort_by_key(|(u, v)| (u + v, if (u + v) % 2 == 0 { *u } else { *v }));
    let mut result = [0; 64];
    for (place, (u, v)) in result.iter_mut().zip(order) {
        *place = coefficient(u, v);
    }
    result
}

#[derive(Default)]
struct Bits {
    bits: Vec<bool>,
}

impl Bits {
    fn put(&mut self, value: u32, n: u32) {
        self.bits.extend((0..n).rev().map(|i| value >> i & 1 == 1));
    }

    /// A number in as few bits as it takes: those below 0 less 1.
    fn number(&mut self, n: i32) {
        let size = size(n);
        let value = if n < 0 { n - 1 + (1 << size) } else { n };
        self.put(value as u32, size);
    }

    /// Filled up with ones; 0 after each byte of ones.
    fn bytes(mut self) -> Vec<u8> {
        self.bits.resize(self.bits.len().next_multiple_of(8), true);
        let byte = |bits: &[bool]| bits.iter().fold(0u8, |byte, bit| byte << 1 | u8::from(*bit));
        let bytes = self.bits.chunks(8).map(byte);
        bytes.flat_map(|b| if b == 0xff { vec![b, 0] } else { vec![b] }).collect()
    }
}
