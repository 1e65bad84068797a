//! The only source of randomness, whose state is saved.
