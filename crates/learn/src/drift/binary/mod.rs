//! Detectors on a series of errors, where 1 is an error and 0 is none: River's `drift.binary`.

pub mod ddm;
pub mod eddm;
pub mod fhddm;
pub mod hddm_a;
pub mod hddm_w;

pub use ddm::DDM;
pub use eddm::EDDM;
pub use fhddm::FHDDM;
pub use hddm_a::HDDMA;
pub use hddm_w::HDDMW;
