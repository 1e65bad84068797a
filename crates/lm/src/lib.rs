//! A language model that learns as it reads.
//!
//! This crate knows nothing of identities and journals: it holds tokens and weights, and an
//! estimator for the catalogue that specs name. It reads files, but no clock, and starts no thread.

mod adam;
mod adapter;
mod architecture;
mod backward;
mod bases;
mod chat;
pub mod check;
mod config;
mod context;
mod embed;
mod error;
pub mod estimator;
mod figures;
mod folder;
mod forward;
mod gate;
pub mod gguf;
mod guard;
pub mod kernel;
mod learner;
mod math;
pub mod memory;
mod mixture;
mod model;
mod narrow;
mod packed;
mod probes;
mod quant;
mod recall;
mod sentence;
mod shares;
mod speak;
mod tensors;
mod tokens;
mod turn;
mod weights;

pub use adapter::{Adapter, RANK_MAX, Spec};
pub use architecture::{Architecture, Opened};
pub use bases::{Bases, Embedder, Shared};
pub use chat::{Chat, MESSAGES_MAX, Message};
pub use config::{Config, Site};
pub use embed::{EMBED_BYTES, embed, unit};
pub use error::{Error, Result};
pub use estimator::{CONVERSATION_BYTES, EVENT_BYTES, LanguageEmbedding, LanguageModel, catalog};
pub use figures::{Bits, Figures, Recent, Span};
pub use forward::{Cache, PASS_MAX, Pass, Want};
pub use guard::{Retained, Retention};
pub use learner::{Learner, Reading, Settings};
pub use memory::Memory;
pub use mixture::Mixture;
pub use model::Model;
pub use quant::{Block, Kind};
pub use sentence::{POOLING, SentenceModel};
pub use speak::{
    End, LIKELY_MAX, Manner, SLICE, STOP_MAX, STOPS_MAX, Said, Sampler, Teller, Told, Voice,
};
pub use tokens::{TEXT_MAX, Tokens};
pub use weights::{Base, Layer, Matrix};
