//! Sounds as FLAC, of the two kinds of subframe that need no prediction.

/// What a frame's subframe holds.
#[derive(Clone, Copy)]
pub enum Block<'a> {
    /// Samples as they are.
    Verbatim(&'a [i16]),
    /// A number of times the same sample: a few bytes for thousands.
    Constant(u16, i16),
}

/// Mono in 16 bits at 44,100 Hz or another rate up to 65,535, a frame a block. `total` is what the
/// header says of the length.
pub fn file(rate: u32, total: u64, blocks: &[Block<'_>]) -> Vec<u8> {
    let mut bytes = b"fLaC".to_vec();
    // The last metadata block, of type STREAMINFO and 34 bytes.
    bytes.extend([0x80, 0, 0, 34]);
    bytes.extend(16u16.to_be_bytes());
    bytes.extend(65_535u16.to_be_bytes());
    bytes.extend([0; 6]);
    // Rate, channels less 1, bits less 1, samples.
    let packed = u64::from(rate) << 44 | 15 << 36 | (total & ((1 << 36) - 1));
    bytes.extend(packed.to_be_bytes());
    bytes.extend([0; 16]);
    let mut at = 0;
    for block in blocks {
        let (n, kind, samples) = match block {
            Block::Verbatim(samples) => (samples.len(), 0x02, *samples),
            Block::Constant(n, sample) => (*n as usize, 0x00, std::slice::from_ref(sample)),
        };
        let start = bytes.len();
        // Blocks of several sizes, each with its own in 16 bits; the rate in 16 bits; mono; 16
        // bits.
        bytes.extend([0xff, 0xf9, 0x7d, 0x08]);
        bytes.extend(coded(at));
        bytes.extend((n as u16 - 1).to_be_bytes());
        bytes.extend((rate as u16).to_be_bytes());
        bytes.push(crc(&bytes[start..], 8, 0x07) as u8);
        bytes.push(kind);
        bytes.extend(samples.iter().flat_map(|s| s.to_be_bytes()));
        let check = crc(&bytes[start..], 16, 0x8005);
        bytes.extend(check.to_be_bytes());
        at += n as u64;
    }
    bytes
}

/// A number as UTF-8 would have it, with up to 36 bits.
fn coded(n: u64) -> Vec<u8> {
    if n < 0x80 {
        return vec![n as u8];
    }
    let more = (1..=6).find(|more| n < 1u64 << (6 - more + 6 * more)).unwrap();
    let lead = (0xff00u64 >> (more + 1)) as u8;
    let mut bytes = vec![lead | (n >> (6 * more)) as u8];
    bytes.extend((0..more).rev().map(|i| 0x80 | (n >> (6 * i)) as u8 & 0x3f));
    bytes
}

fn crc(bytes: &[u8], width: u32, polynomial: u16) -> u16 {
    let top = 1u16 << (width - 1);
    let mask = top | (top - 1);
    bytes.iter().fold(0u16, |crc, byte| {
        let crc = crc ^ u16::from(*byte) << (width - 8);
        (0..8).fold(crc, |c, _| (if c & top == 0 { c << 1 } else { c << 1 ^ polynomial }) & mask)
    })
}
