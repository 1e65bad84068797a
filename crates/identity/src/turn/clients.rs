//! Which numbered requests were done: a retry is applied once, also after a crash or a move.

use std::collections::BTreeMap;

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

    /// The newest number of a client, if it is known.
    pub fn newest(&self, client: &str) -> Option<u64> {
        self.windows.get(client).map(|w| w.newest)
    }

    /// Notes that a request was done at a version.
    pub fn done(&mut self, request: &Request, version: u64, clients_max: u32) {
        if !self.windows.contains_key(&request.client) && self.windows.len() >= clients_max as usize
        {
            // The client that was silent for longest makes room; of equals, the first by name.
            let oldest = self.windows.iter().min_by_key(|(_, w)| w.used).map(|(k, _)| k.clone());
            if let Some(oldest) = oldest {
                self.windows.remove(&oldest);
            }
        }
        let w = self.windows.entry(request.client.clone()).or_default();
        w.used = version;
        w.set(request.n);
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
