//! Which numbered requests were done: a retry is applied once, also after a crash or a move.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::event::Request;

/// How far below its newest number a client may still retry.
pub const WINDOW: u64 = 1024;

/// One client's newest number and the window below it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Window {
    newest: u64,
    used: u64,
    bits: Vec<u64>,
}

/// The dedup table: bounded in clients and in numbers per client.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Clients {
    windows: BTreeMap<Box<str>, Window>,
    /// Who was silent for longest, as it was when each entry was made: an entry that is out of
    /// date is renewed when it comes up. No state: made of the windows when it is needed.
    #[serde(skip)]
    silent: BinaryHeap<Reverse<(u64, Box<str>)>>,
}

impl Clients {
    /// True when this request was done already. Refuses numbers that are too old to tell.
    pub fn is_done(&self, request: &Request) -> Result<bool> {
        let Some(w) = self.windows.get(&request.client) else { return Ok(false) };
        if request.n > w.newest {
            return Ok(false);
        }
        if w.newest - request.n >= WINDOW {
            return Err(Error::new(
                ErrorKind::TooOld,
                format!(
                    "request {} of client {:?} is more than {WINDOW} behind its newest, {}; whether \
                     it was done is not known any more",
                    request.n, request.client, w.newest
                ),
            ));
        }
        Ok(w.bit(request.n))
    }

    /// Notes that a request was done at a version.
    pub fn done(&mut self, request: &Request, version: u64, clients_max: u32) {
        if !self.windows.contains_key(&request.client) {
            if self.windows.len() >= clients_max as usize {
                self.forget_one();
            }
            self.silent.push(Reverse((version, request.client.clone())));
        }
        let w = self.windows.entry(request.client.clone()).or_default();
        w.used = version;
        w.set(request.n);
    }

    /// The client that was silent for longest makes room; of equals, the first by name.
    fn forget_one(&mut self) {
        if self.silent.len() < self.windows.len() {
            let all = self.windows.iter().map(|(k, w)| Reverse((w.used, k.clone())));
            self.silent = all.collect();
        }
        while let Some(Reverse((used, client))) = self.silent.pop() {
            match self.windows.get(&client) {
                Some(w) if w.used == used => {
                    self.windows.remove(&client);
                    return;
                }
                Some(w) => self.silent.push(Reverse((w.used, client))),
                None => {}
            }
        }
    }

    /// A client's newest number, and the version at which it was done.
    pub fn newest(&self, client: &str) -> Option<(u64, u64)> {
        self.windows.get(client).map(|w| (w.newest, w.used))
    }

    /// How many clients are known.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// True when none is known.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }
}

impl Window {
    fn place(n: u64) -> (usize, u64) {
        ((n % WINDOW / 64) as usize, 1 << (n % 64))
    }

    fn bit(&self, n: u64) -> bool {
        let (word, bit) = Self::place(n);
        self.bits.get(word).is_some_and(|w| w & bit != 0)
    }

    fn set(&mut self, n: u64) {
        if self.bits.is_empty() {
            self.bits = vec![0; (WINDOW / 64) as usize];
            self.newest = n;
        }
        if n > self.newest {
            let steps = (n - self.newest).min(WINDOW);
            for skipped in (n - steps + 1)..=n {
                let (word, bit) = Self::place(skipped);
                self.bits[word] &= !bit;
            }
            self.newest = n;
        }
        let (word, bit) = Self::place(n);
        self.bits[word] |= bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(client: &str, n: u64) -> Request {
        Request { client: client.into(), n }
    }

    #[test]
    fn a_number_counts_once_within_the_window() {
        let mut c = Clients::default();
        for n in [5, 3, 4000, 3999, 4500] {
            assert!(!c.is_done(&request("a", n)).unwrap(), "{n}");
            c.done(&request("a", n), n, 10);
            assert!(c.is_done(&request("a", n)).unwrap(), "{n}");
        }
        assert!(c.is_done(&request("a", 3999)).unwrap());
        assert!(!c.is_done(&request("a", 3998)).unwrap());
        let old = c.is_done(&request("a", 5)).unwrap_err();
        assert_eq!(old.kind, ErrorKind::TooOld);
        assert!(!c.is_done(&request("b", 4500)).unwrap());
    }

    /// The plain way: look at all.
    fn longest_silent(c: &Clients) -> Box<str> {
        c.windows.iter().min_by_key(|(_, w)| w.used).unwrap().0.clone()
    }

    #[test]
    fn the_longest_silent_makes_room_also_after_a_load() {
        let mut c = Clients::default();
        let mut x = 7u64;
        for version in 0..3_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let who = request(&format!("c{}", (x >> 33) % 40), version);
            let full = c.windows.len() == 16 && !c.windows.contains_key(&who.client);
            let leaves = full.then(|| longest_silent(&c));
            c.done(&who, version, 16);
            assert!(c.silent.len() <= 16 && c.windows.len() <= 16);
            if let Some(leaves) = leaves {
                assert!(!c.windows.contains_key(&leaves), "{version}: {leaves} is the oldest");
            }
            assert_eq!(c.newest(&who.client), Some((version, version)));
            if version % 500 == 499 {
                c = postcard::from_bytes(&postcard::to_allocvec(&c).unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn the_table_is_bounded() {
        let mut c = Clients::default();
        for i in 0..100 {
            c.done(&request(&format!("c{i}"), 1), i, 8);
        }
        assert_eq!(c.windows.len(), 8);
        assert!(c.is_done(&request("c99", 1)).unwrap());
        assert!(!c.is_done(&request("c0", 1)).unwrap());
    }
}
