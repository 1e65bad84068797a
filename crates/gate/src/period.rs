//! Times in rules: `"500ms"`, `"30s"`, `"10m"`, `"1h"`.

use serde::{Deserialize, Deserializer};

use crate::{Error, Result};

/// The longest time that a rule may say: thirty days, in milliseconds.
pub const LONGEST_MS: u64 = 30 * 24 * 3600 * 1000;

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A time as milliseconds.
pub fn parse(text: &str) -> Result<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
    let ms = number.parse::<u64>().ok().zip(unit).and_then(|(n, ms)| n.checked_mul(ms));
    ms.filter(|ms| *ms <= LONGEST_MS).ok_or_else(|| {
        Error(format!(
            "{text:?} is no time; write a whole number and ms, s, m, h or d, at most 30d"
        ))
    })
}

/// Milliseconds as a rule writes them.
pub fn show(ms: u64) -> String {
    let whole = UNITS.iter().rev().find(|(_, unit)| ms >= *unit && ms.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{ms}ms"), |(name, unit)| format!("{}{name}", ms / unit))
}

/// Reads a time as milliseconds: for serde's `deserialize_with`.
pub fn read<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        for (text, ms) in [("0s", 0), ("500ms", 500), ("30s", 30_000), ("10m", 600_000)] {
            assert_eq!(parse(text).unwrap(), ms);
            assert_eq!(parse(&show(ms)).unwrap(), ms);
        }
        assert_eq!(
            (show(90_000), show(3_600_000), show(1_500)),
            ("90s".into(), "1h".into(), "1500ms".into())
        );
        for bad in ["", "s", "30", "-1s", "1.5s", "31d", "99999999999999999999s", "5 s", "5ß"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
