//! A moment as people write it.

/// A time in milliseconds since 1970 as `2026-11-26 02:45:00`, in UTC.
pub fn text(ms: u64) -> String {
    let (days, s) = (ms / 86_400_000, ms / 1000 % 86_400);
    let (mut year, mut left) = (1970, days);
    let length = |year: u64| {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if leap { 366 } else { 365 }
    };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let february = length(year) - 337;
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for days in months {
        if left < days {
            break;
        }
        left -= days;
        month += 1;
    }
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    format!("{year}-{month:02}-{:02} {hours:02}:{minutes:02}:{seconds:02}", left + 1)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(text(0), "1970-01-01 00:00:00");
        assert_eq!(text(951_782_400_000), "2000-02-29 00:00:00");
        assert_eq!(text(1_709_251_199_999), "2024-02-29 23:59:59");
        assert_eq!(text(1_735_689_600_000), "2025-01-01 00:00:00");
    }
}
