//! Values in the order in which they were first seen, found by value.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Values that one place remembers at most.
pub(crate) const VALUES_MAX: usize = 1_000_000;

/// A value that is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Probe<'a> {
    Number(f64),
    Text(&'a str),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Seen {
    Number(f64),
    Text(Box<str>),
}

impl Probe<'_> {
    fn compare(self, other: &Seen) -> Ordering {
        match (self, other) {
            // Adding 0 makes -0 and 0 one value, as they are for `==`.
            (Self::Number(a), Seen::Number(b)) => (a + 0.0).total_cmp(b),
            (Self::Text(a), Seen::Text(b)) => a.cmp(b),
            (Self::Number(_), Seen::Text(_)) => Ordering::Less,
            (Self::Text(_), Seen::Number(_)) => Ordering::Greater,
        }
    }

    fn keep(self) -> Seen {
        match self {
            Self::Number(x) => Seen::Number(x + 0.0),
            Self::Text(t) => Seen::Text(t.into()),
        }
    }
}

/// A set that remembers the order of first sight. Looking up takes `log n` comparisons and no
/// memory; a new value moves up to `4 n` bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FirstSeen {
    values: Vec<Seen>,
    by_value: Vec<u32>,
}

impl FirstSeen {
    fn search(&self, value: Probe<'_>) -> Result<usize, usize> {
        self.by_value.binary_search_by(|&at| value.compare(&self.values[at as usize]).reverse())
    }

    /// The place of a value in the order of first sight.
    pub fn find(&self, value: Probe<'_>) -> Option<usize> {
        self.search(value).ok().map(|i| self.by_value[i] as usize)
    }

    /// The place of a value, new or known; `None` for a new one when there are `max` already.
    pub fn insert(&mut self, value: Probe<'_>, max: usize) -> Option<usize> {
        match self.search(value) {
            Ok(i) => Some(self.by_value[i] as usize),
            Err(_) if self.values.len() >= max => None,
            Err(i) => {
                let at = self.values.len();
                self.values.push(value.keep());
                self.by_value.insert(i, at as u32);
                Some(at)
            }
        }
    }

    /// All values, in the order of first sight.
    pub fn iter(&self) -> impl Iterator<Item = &Seen> {
        self.values.iter()
    }

    pub fn get(&self, place: usize) -> Option<&Seen> {
        self.values.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_first_sight_and_finds_by_value() {
        let mut seen = FirstSeen::default();
        let values = [
            Probe::Text("b"),
            Probe::Number(2.0),
            Probe::Text("a"),
            Probe::Number(-0.0),
            Probe::Text("b"),
            Probe::Number(0.0),
        ];
        let places: Vec<_> = values.into_iter().map(|v| seen.insert(v, 4)).collect();
        assert_eq!(places, [Some(0), Some(1), Some(2), Some(3), Some(0), Some(3)]);
        assert_eq!(seen.insert(Probe::Text("c"), 4), None);
        assert_eq!(seen.find(Probe::Text("a")), Some(2));
        assert_eq!(seen.find(Probe::Text("2")), None);
        assert_eq!(seen.get(3), Some(&Seen::Number(0.0)));
    }
}
