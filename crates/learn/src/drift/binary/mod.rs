//! Detectors on a series of errors, where 1 is an error and 0 is none: River's `drift.binary`.

pub mod ddm;
pub mod eddm;

pub use ddm::DDM;
pub use eddm::EDDM;
