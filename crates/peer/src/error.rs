//! What can go wrong between two machines, in words that say what to do.

use std::net::SocketAddr;

use crate::{Broken, Key};

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// The error of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was handed in is wrong; handing it in again will not help.
    #[error("{0}")]
    Invalid(String),
    /// The address cannot be listened at.
    #[error("cannot listen at {address} ({why}); give another address or free this one")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        why: String,
    },
    /// This side's own list does not have the key.
    #[error("{0} is not on this node's list of peers; allow it first")]
    NotAllowed(Key),
    /// The other side answered and refused.
    #[error("{peer} refused: {reason}")]
    Refused {
        /// Who refused.
        peer: Key,
        /// Its words.
        reason: String,
    },
    /// Somebody else answers at the address.
    #[error("at {address} another key answers than {wanted}; mend the address or the key")]
    Impostor {
        /// Where.
        address: SocketAddr,
        /// Who was to be there.
        wanted: Key,
    },
    /// Nobody answered as a peer.
    #[error("{peer} was not reached ({why}); see whether it runs and listens there")]
    Unreachable {
        /// Who was asked for.
        peer: Key,
        /// Each address that was tried, and what came of it.
        why: String,
    },
    /// The connection is over; connect again.
    #[error("the connection is closed: {0}")]
    Closed(String),
    /// A transfer did not arrive whole; the connection goes on, and it can be sent again.
    #[error("transfer `{name}` {why}")]
    Transfer {
        /// Its name.
        name: String,
        /// What happened to it.
        why: Broken,
    },
}
