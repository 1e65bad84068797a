//! Links between machines that know each other by key: frames in order beside transfers that do not
//! wait for each other, all of it bounded. What is sent is bytes here; the layers above know more.
//!
//! [`Link`] and [`PeerLink`] are what those layers see. [`QuicLink`] carries them over the network,
//! by iroh; `testing` (a feature) inside one process, with loss, doubles and disorder by a seed.
//! Decision `docs/internals/decisions/016-peer-link.md` says why iroh, and what it costs.

mod error;
mod key;
mod link;
mod quic;
mod quota;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use error::{Error, Result};
pub use key::{Key, Secret};
pub use link::{Broken, Figures, Limits, Link, LinkFigures, NAME_BYTES, PeerLink, Transfer, Wait};
pub use quic::{QuicLink, Settings};
pub use quota::Rate;
