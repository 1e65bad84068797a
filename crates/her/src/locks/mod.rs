//! The locks: who may do what, and what was done.

pub(crate) mod scope;
