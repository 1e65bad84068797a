//! Whether a model file is one to learn on.

/// A text that ships with this crate: prose, numbers, talk, another language, a program.
pub const TEXT: &str = include_str!("text.txt");
