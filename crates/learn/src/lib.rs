//! Online estimators with River's names, parameters and arithmetic.
//!
//! This crate does no I/O, reads no clock and starts no thread: the same events give the same
//! bits, in another process and on another machine of the same build. Threads that others own may
//! be lent to it ([`parallel`]), which changes no bit. The loop is:
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//!
//! let spec = json!(["StandardScaler", "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut scratch, mut prediction) = (Scratch::default(), Prediction::default());
//! for i in 0..200 {
//!     let x = Row::from_json(&json!({"hours": i % 24, "amount": (i * 37) % 100}))?;
//!     let y = Target::Bool((i * 37) % 100 > 50);
//!     model.step(&x, &y, 1.0, &mut prediction, &mut scratch)?; // predict, then learn
//! }
//! let x = Row::from_json(&json!({"hours": 3, "amount": 99}))?;
//! model.predict(&x, &mut prediction, &mut scratch)?;
//! assert!(prediction.positive() > 0.6);
//! # Ok::<(), her_learn::Error>(())
//! ```

#![forbid(unsafe_code)]

mod erf;
mod error;
mod exp;
pub mod math;
pub mod params;
pub mod row;

pub mod features;

pub mod estimator;

pub mod catalog;

pub mod saved;

mod nursery;

pub mod model;

pub mod merge;

pub mod parallel;

pub mod rng;

pub mod compose;

pub mod preprocessing;

pub mod feature_extraction;

pub mod linear_model;

pub mod optim;

pub mod naive_bayes;

pub mod multiclass;

pub mod dummy;

pub mod stats;

pub mod metrics;

pub mod drift;

pub mod tree;

pub mod forest;

pub mod anomaly;

pub mod cluster;

pub mod neighbors;

pub mod ensemble;

pub mod evaluate;

pub mod stream;

pub mod check;

pub use catalog::Catalog;
pub use error::{Error, Result};
pub use model::{Frozen, Label, Model, Prediction, Scratch, Task};
pub use row::{Row, Shape, Target};
