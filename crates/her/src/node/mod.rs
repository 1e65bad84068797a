//! Nodes that know each other: keys, the way from one to another, and what is said on it.
//!
//! A node is its Ed25519 key. Connections are TLS 1.3 in which both sides show raw public keys
//! (RFC 7250); who is not on the other's list learns nothing, not even which identities exist.
//! Plain threads and blocking sockets: nodes are few, and a departure is a conversation.

mod guests;
mod key;
mod link;
mod serve;
mod tls;
mod wire;

pub(crate) use guests::Guests;
pub use guests::Right;
pub use key::{Key, has_signed, of_dir};
pub(crate) use link::is_unknown;
pub use link::{Peer, Peers};
pub(crate) use serve::{Answerer, Listener};
pub(crate) use wire::{Back, Call, HTTP_BYTES_MAX, HttpBack, HttpCall, Load, SyncBack, SyncCall};
