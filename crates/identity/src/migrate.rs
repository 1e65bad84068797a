//! Departure: an identity moves to another node while it learns, with nothing lost.
//!
//! What is decided, and in which order, is said here without a socket, a file or a clock, so that
//! one code drives two processes, a simulation and the search through all interleavings
//! (`tests/departure_model.rs`). [`Source`] is the departing side; [`Staged`] the arriving one;
//! [`Cell`] the register between them. Doing it is the affair of [`House`](crate::House)'s
//! primitives (`house/moving.rs`) and of whoever carries bytes from node to node.
//!
//! The rules, each found necessary by a counter-example:
//! 1. The compare-and-set in the register is the only commit point.
//! 2. Every activation and every abort takes a fresh epoch through the register; nobody resumes
//!    on a read.
//! 3. No clock and no lease is trusted; a grant is a hint, bound to one incarnation of the target.
//! 4. Only durable frames travel, and all of them: the target's chain is the source's.
//!
//! Between two machines on which the same events give other bits the state goes as well, at the
//! seal, and is taken as it is: see [`ByState`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

mod drive;
mod host;
mod message;
pub(crate) mod planted;
mod register;
mod report;
mod source;
mod tail;
mod target;

pub use drive::Departure;
pub use host::{ARRIVALS_MAX, Host, Link, STATE_BYTES_MAX};
pub use message::{Ask, MESSAGE_BYTES_MAX, MESSAGES_VERSION, Offered, Told};
#[cfg(feature = "testing")]
pub use planted::{Planted, plant};
pub use register::{Cell, Register, Standing};
pub use report::{ByState, Control, Figures, Report};
pub use source::{Bounds, Next, Saw, Source};
pub use tail::{Followed, Followers};
pub use target::{Refusal, Staged};

/// A node by its public key: 32 bytes of Ed25519, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub [u8; 32]);

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Node {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!(
                "node key {text:?} is not 64 hex digits; `her node` shows a node's own"
            ))
        };
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).ok_or_else(wrong);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(key))
    }
}

impl Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How a departure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It lives at the target.
    Completed,
    /// A dry run found nothing in the way.
    Ready,
    /// The target does not answer, does not know us, or has no room.
    TargetNotReady,
    /// The target has an identity of this name, or another life of this one.
    NameTaken,
    /// The target stopped answering while it was sent the life.
    TargetLost,
    /// The target's replay is not this life, bit for bit.
    DigestMismatch,
    /// The target cannot keep up, also with learning throttled.
    NotConverging,
    /// Learning stood still for longer than allowed, before the commit.
    LagTooHigh,
    /// This node moves as many identities at a time as it may.
    Budget,
    /// An operator ended it.
    Cancelled,
    /// Somebody else moved the identity meanwhile.
    Fenced,
    /// This process ended first; the next one asks the register and goes on.
    Interrupted,
    /// The journal or a file of this node failed.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
