//! A decimal number at the beginning of bytes, in the grammar of JSON, correctly rounded.

/// Powers of ten that a double holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Moves past digits, gathering them; wraps where there are more than 19, which the caller sees
/// by their count.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut sum: u64) -> (usize, u64) {
    while let Some(digit) = bytes.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (at, sum)
}

/// The number that the bytes begin with and its length; `None` when they begin with none, or
/// with one that is no JSON number, or that a double can't hold.
///
/// Numbers of up to 2⁵³ in up to 22 decimals need one exact division (Clinger, 1990. How to read
/// floating point numbers accurately); the others go to `fast-float2`, which rounds the same way.
#[inline]
pub(super) fn json(bytes: &[u8]) -> Option<(f64, usize)> {
    let start = usize::from(bytes.first() == Some(&b'-'));
    let (point, whole) = digits(bytes, start, 0);
    let n_whole = point - start;
    if n_whole == 0 || (n_whole > 1 && bytes[start] == b'0') {
        return None;
    }
    let (mut at, mut sum, mut n_decimals) = (point, whole, 0);
    if bytes.get(at) == Some(&b'.') {
        (at, sum) = digits(bytes, point + 1, whole);
        n_decimals = at - point - 1;
        if n_decimals == 0 {
            return None;
        }
    }
    let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
    if exponent || n_whole + n_decimals > 19 || sum > 1 << 53 {
        return long(bytes, at);
    }
    let value = sum as f64 / EXACT[n_decimals];
    Some((if start == 1 { -value } else { value }, at))
}

/// The rare rest: exponents and many digits. The mantissa ends before `at`.
#[cold]
fn long(bytes: &[u8], mut at: usize) -> Option<(f64, usize)> {
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let (end, _) = digits(bytes, at, 0);
        if end == at {
            return None;
        }
        at = end;
    }
    let value: f64 = fast_float2::parse(&bytes[..at]).ok()?;
    value.is_finite().then_some((value, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) {
        let ours = json(text.as_bytes()).filter(|(_, n)| *n == text.len()).map(|(v, _)| v);
        let serde = serde_json::from_str::<f64>(text).ok();
        assert_eq!(ours.map(f64::to_bits), serde.map(f64::to_bits), "{text}");
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1.",
            ".5",
            "01",
            "-01",
            "1e5",
            "1E+05",
            "1e",
            "1e+",
            "-",
            "+1",
            "1.e5",
            "1e999",
            "-1e999",
            "1e-999",
            "nan",
            "inf",
            "9007199254740993",
            "0x10",
            "1_0",
            "123456789012345678901234567890",
            "0.1234567890123456789012345",
            "4.9e-324",
            "",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn doubles_come_back_to_the_bit(v in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            check(&serde_json::to_string(&v).unwrap());
        }

        #[test]
        fn decimals_equal_those_of_serde(text in "-?[0-9]{1,20}(\\.[0-9]{0,24})?([eE][+-]?[0-9]{0,3})?") {
            check(&text);
        }
    }
}
