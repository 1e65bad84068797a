//! Events of a time, evenly spread over it, however long it lasts.
//!
//! What is judged by the newest events alone is judged by what was learned last, which is known
//! best: small changes look as if they mattered more than they do for all else.

use her_learn::{Row, Target};

use super::recent::Recent;

/// Events that are kept at most. By as many, shares of a gain are told to about 0.01; by a quarter
/// of them a share of 0.986 was taken for one of 0.969.
const KEPT: usize = 1024;

/// The first event, and then one of so many: one of twice as many whenever there is no room.
#[derive(Default)]
pub(super) struct Spread {
    kept: Recent,
    seen: u64,
    /// One event of 2 to the power of this is kept.
    apart: u32,
}

impl Spread {
    pub fn push(&mut self, version: u64, row: &Row, target: &Target, weight: f64) {
        let at = self.seen;
        self.seen += 1;
        if !self.falls_on(at) {
            return;
        }
        if !self.kept.has_room(row, KEPT) {
            self.kept.thin();
            self.apart += 1;
            if !self.falls_on(at) {
                return;
            }
        }
        self.kept.push(version, row, target, weight, KEPT);
    }

    fn falls_on(&self, at: u64) -> bool {
        at.trailing_zeros() >= self.apart
    }

    /// How many events there were, kept or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn events(&self) -> &Recent {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kept_is_even_and_has_a_bound() {
        let mut spread = Spread::default();
        for n in 0..10_000_u64 {
            let row = Row::from_json(&json!({ "n": n })).unwrap();
            spread.push(n, &row, &Target::Bool(true), 1.0);
            let kept: Vec<u64> = spread.kept.versions().collect();
            assert!(kept.len() <= KEPT, "{}", kept.len());
            let apart = kept.get(1).map_or(1, |second| second - kept[0]);
            assert!(kept.iter().enumerate().all(|(i, v)| *v == i as u64 * apart), "{kept:?}");
            assert!(n - kept[kept.len() - 1] < apart, "nothing of late: {n}, {kept:?}");
        }
        assert!(spread.kept.len() > KEPT / 2);
        // Bytes are a bound too: 17 such texts are a mebibyte.
        let (mut spread, text) = (Spread::default(), "x".repeat(60_000));
        for n in 0..100 {
            let row = Row::from_json(&json!({ "text": text })).unwrap();
            spread.push(n, &row, &Target::Bool(true), 1.0);
        }
        let kept: Vec<u64> = spread.kept.versions().collect();
        assert!(kept.len() > 8 && kept.len() <= 17 && kept[1] == 8, "{kept:?}");
    }
}
