//! The contracts that every entry of the catalogue keeps.
