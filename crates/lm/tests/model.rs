//! Models as files: tiny ones that the tests write, and those that packages bring.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::needless_for_each,
    clippy::disallowed_methods,
    reason = "a test; its oracle shall not share our exponentials"
)]

mod model {
    mod encoders;
    mod files;
    mod gradients;
    mod guarding;
    mod headers;
    mod learning;
    mod mixing;
    mod oracle;
    mod passes;
    mod quants;
    mod remembering;
    mod saving;
    mod sentences;
    mod speaking;
    mod summing;
    mod telling;
    mod texts;
    pub mod tiny;
    mod together;
}
