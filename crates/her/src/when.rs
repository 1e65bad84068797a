//! Times as people and programs read them: always UTC, so that they are the same everywhere.

/// Milliseconds since 1970 as `2026-01-31 12:34:56 UTC`.
pub(crate) fn time(ms: u64) -> String {
    let seconds = ms / 1000;
    let (h, m, s) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{} {h:02}:{m:02}:{s:02} UTC", day(ms))
}

/// Milliseconds since 1970 as `2026-01-31`.
fn day(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Milliseconds since 1970 as `2026-01-31T12:34:56Z`.
pub(crate) fn machine(ms: u64) -> String {
    time(ms).replace(" UTC", "Z").replace(' ', "T")
}

/// Days since 1970-01-01 as year, month, day (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(machine(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(machine(1_709_251_199_999), "2024-02-29T23:59:59Z");
        assert_eq!(machine(1_735_689_600_000), "2025-01-01T00:00:00Z");
        assert_eq!(machine(4_107_542_400_000), "2100-03-01T00:00:00Z");
        assert_eq!(time(951_827_696_000), "2000-02-29 12:34:56 UTC");
        assert_eq!(machine(951_827_696_000), "2000-02-29T12:34:56Z");
    }
}
