//! A language model that learns as it reads.
//!
//! This crate knows nothing of identities and journals: it holds tokens and weights. It reads
//! files, but no clock, and starts no thread.

mod adam;
mod adapter;
mod backward;
mod chat;
pub mod check;
mod config;
mod context;
mod error;
mod figures;
mod folder;
mod forward;
mod gate;
pub mod gguf;
mod guard;
pub mod kernel;
mod learner;
mod math;
mod mixture;
mod model;
mod narrow;
mod probes;
mod quant;
mod recall;
mod shares;
mod tokens;
mod weights;

pub use adapter::{Adapter, RANK_MAX, Spec};
pub use chat::{Chat, MESSAGES_MAX, Message};
pub use config::{Config, Site};
pub use error::{Error, Result};
pub use figures::{Bits, Figures, Recent, Span};
pub use forward::{Cache, PASS_MAX, Pass, Want};
pub use guard::{Retained, Retention};
pub use learner::{Learner, Reading, Settings};
pub use mixture::Mixture;
pub use model::Model;
pub use quant::{Block, Kind};
pub use tokens::{TEXT_MAX, Tokens};
pub use weights::{Base, Layer, Matrix};
