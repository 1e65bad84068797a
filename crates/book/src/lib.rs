//! The book: what a model has learned, in one portable file.
//!
//! A `.book` is an OCI image layout in an uncompressed tar, with the media types of CNCF's
//! ModelPack: registries and `skopeo` take it, and each layer is a file that its field's own tools
//! open (safetensors, Arrow, JSON). [`Writer`] writes one, [`Book`] opens, inspects, verifies and
//! reads one. The bytes are told in `docs/internals/book.md`.
//!
//! **Same content, same bytes.** Nothing in a book depends on when, where or in which order it was
//! written. The exception is a P-256 signature, which holds a random number; Ed25519's do not.
//!
//! **Editions share layers.** A layer is named by its digest; [`Writer::edition_of`] takes a
//! parent's as they are.
//!
//! **Nothing is believed.** Every size is bounded by [`Limits`] before it is used, every digest is
//! checked before what it names is unpacked, and what could be spelled in two ways is refused in
//! all but one. An [`Error`] names the file, the place, what was found and what to do.
//!
//! **Cost.** Opening reads some kilobytes. Reading a layer reads its blob twice (SHA-256, then
//! zstd) and takes the memory of its file; [`Book::extract`] and [`Book::verify`] take some
//! megabytes whatever its size, but for tables and memories.
//!
//! ```
//! use her_book::{Book, Config, Dtype, Kind, Limits, Provenance, Tensors, Writer};
//! # let dir = tempfile::tempdir().unwrap();
//! # let (first, second) = (dir.path().join("1.book"), dir.path().join("2.book"));
//! let weight = |w: f32| Tensors::new().tensor("w", Dtype::F32, [1], w.to_le_bytes().to_vec());
//! Writer::new(&first, Config::new("sam"))
//!     .contract(serde_json::json!({"model": "LogisticRegression"}))
//!     .base(weight(0.5))
//!     .provenance(Provenance::default())
//!     .finish()?;
//! let parent = Book::open(&first, &Limits::default())?;
//! Writer::new(&second, Config::new("sam"))
//!     .edition_of(&parent)
//!     .delta(weight(0.25))
//!     .provenance(Provenance::default())
//!     .finish()?;
//! let book = Book::open(&second, &Limits::default())?;
//! let base = |book: &Book| book.layer(&Kind::Base).unwrap().digest;
//! assert_eq!(base(&book), base(&parent));
//! assert_eq!(book.delta(1)?.unwrap().get("w").unwrap().data[..], 0.25f32.to_le_bytes());
//! assert_eq!(book.provenance()?.parents, [parent.digest()]);
//! # Ok::<(), her_book::Error>(())
//! ```

mod book;
mod config;
mod contributions;
mod digest;
mod error;
mod layer;
mod layout;
mod limits;
mod memory;
mod oci;
mod pack;
mod provenance;
mod sign;
mod table;
mod tensors;
mod ustar;
mod verify;
mod writer;

pub use book::{Book, Layer};
pub use config::Config;
pub use contributions::{Contribution, Contributions};
pub use digest::Digest;
pub use error::{Error, Fault, Result};
pub use layer::{DELTAS_MAX, Kind, MODALITY_MAX};
pub use limits::Limits;
pub use memory::{Memory, Scales};
pub use provenance::{Provenance, Range};
pub use sign::{PublicKey, SIGNATURES_MAX, SigningKey, TrustedKeys};
pub use table::{Dictionary, Name, NameOf};
pub use tensors::{Dtype, Tensor, TensorFile, Tensors};
pub use verify::{Inspection, Verdict};
pub use writer::{Content, Writer};
