//! Progressive validation: River's `evaluate`.
