//! A parser for one layout and no other: what a person would write for this very file.

/// Powers of ten.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The next number at `at`, and where it ends. Exact for the streams' six decimals: a mantissa
/// below 2^53 and a power of ten that is a float itself.
fn number(bytes: &[u8], mut at: usize) -> (f64, usize) {
    let negative = bytes.get(at) == Some(&b'-');
    at += usize::from(negative);
    let (mut mantissa, mut decimals, mut point) = (0_u64, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                decimals += usize::from(point);
            }
            b'.' => point = true,
            b'e' => {
                // Python writes the smallest as 1e-06; no exponent of theirs is above zero.
                let (exponent, end) = number(bytes, at + 1);
                decimals += (-exponent) as usize;
                at = end;
                break;
            }
            _ => break,
        }
        at += 1;
    }
    let value = mantissa as f64 / POWERS[decimals.min(15)];
    (if negative { -value } else { value }, at)
}

/// `{"x":{"V0":1.5,…},"y":true}`: skips the names without a look at them.
pub fn ndjson(line: &[u8], x: &mut Vec<f64>) -> bool {
    x.clear();
    let mut at = 5;
    while let Some(colon) = memchr::memchr(b':', &line[at..]) {
        let (value, end) = number(line, at + colon + 1);
        if line.get(end) == Some(&b'}') {
            x.push(value);
            return line.get(end + 6) == Some(&b't');
        }
        x.push(value);
        at = end;
    }
    false
}

/// `1.5,…,true`.
pub fn csv(line: &[u8], width: usize, x: &mut Vec<f64>) -> bool {
    x.clear();
    let mut at = 0;
    for _ in 0..width {
        let (value, end) = number(line, at);
        x.push(value);
        at = end + 1;
    }
    line.get(at) == Some(&b't')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts() {
        let mut x = Vec::new();
        assert!(ndjson(br#"{"x":{"V0":-1.25,"V1":3},"y":true}"#, &mut x));
        assert_eq!(x, [-1.25, 3.0]);
        assert!(!ndjson(br#"{"x":{"V0":0.000001,"V1":1.5e-05},"y":false}"#, &mut x));
        assert_eq!(x, [0.000_001, 0.000_015]);
        assert!(csv(b"1.5,-2,true", 2, &mut x));
        assert_eq!(x, [1.5, -2.0]);
    }
}
