//! A steady tone as MP3, by hand: one line of the spectrum in every frame.

/// Frames of MPEG-1 layer III, mono, 44,100 Hz, 64 kbit/s. The tone lies near `line` · 38.3 Hz;
/// `line` is below 280 and even.
pub fn tone(line: usize, frames: usize) -> Vec<u8> {
    assert!(line < 280 && line.is_multiple_of(2));
    let frame = frame(line);
    std::iter::repeat_n(frame, frames).flatten().collect()
}

fn frame(line: usize) -> Vec<u8> {
    // 144 · 64,000 / 44,100 bytes, without padding.
    const BYTES: usize = 208;
    let mut bits = Bits::default();
    // Sync, MPEG-1, layer III, no checksum; 64 kbit/s, 44,100 Hz; one channel.
    bits.put(0xfffb, 16);
    bits.put(0x50, 8);
    bits.put(0xc4, 8);
    // Main data begins here; private bits; no scale factors are shared.
    bits.put(0, 9);
    bits.put(0, 5);
    bits.put(0, 4);
    let pairs = line / 2 + 1;
    // Pairs of zeros take a bit by the first table, (1, 0) two and a sign.
    let data = pairs - 1 + 3;
    for _ in 0..2 {
        bits.put(data, 12);
        bits.put(pairs, 9);
        // Global gain: 1 becomes 2^((200 − 210) / 4).
        bits.put(200, 8);
        // No scale factors, long blocks; table 1 in all three regions, whose ends do not matter.
        bits.put(0, 4);
        bits.put(0, 1);
        bits.put(0b00001_00001_00001, 15);
        bits.put(7, 4);
        bits.put(7, 3);
        bits.put(0, 3);
    }
    for _ in 0..2 {
        for _ in 1..pairs {
            bits.put(1, 1);
        }
        bits.put(0b010, 3);
    }
    let mut bytes = bits.bytes();
    bytes.resize(BYTES, 0);
    bytes
}

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: usize, n: u32) {
        self.0.extend((0..n).rev().map(|i| value >> i & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| {
            bits.iter().enumerate().fold(0u8, |byte, (i, bit)| byte | u8::from(*bit) << (7 - i))
        };
        self.0.chunks(8).map(byte).collect()
    }
}
