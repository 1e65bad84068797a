//! Regions: how busy their people are, by the hour of the day and as they grow.

/// A region.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Region {
    pub name: String,
    /// The local time at the beginning, in hours.
    pub hour: f64,
    /// Its weight among those where identities are born.
    pub share: f64,
    pub day: Option<[f64; 24]>,
    pub grows: Vec<Grows>,
}

/// A growth of all rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grows {
    pub from_ms: u64,
    pub within_ms: u64,
    pub by: f64,
}

impl Region {
    /// What the rates of those who were born here are multiplied by.
    pub fn factor(&self, now_ms: u64) -> f64 {
        let grown = self.grows.iter().map(|grows| grows.at(now_ms)).product::<f64>();
        self.day.map_or(1.0, |day| self.of_day(&day, now_ms)) * grown
    }

    fn of_day(&self, day: &[f64; 24], now_ms: u64) -> f64 {
        let hour = self.hour + now_ms as f64 / 3.6e6;
        let (whole, rest) = (hour.floor(), hour - hour.floor());
        let at = |hour: f64| day[hour as usize % 24];
        at(whole) * (1.0 - rest) + at(whole + 1.0) * rest
    }
}

impl Grows {
    fn at(self, now_ms: u64) -> f64 {
        let Some(since) = now_ms.checked_sub(self.from_ms) else { return 1.0 };
        let share =
            if since >= self.within_ms { 1.0 } else { since as f64 / self.within_ms as f64 };
        1.0 + (self.by - 1.0) * share
    }
}
