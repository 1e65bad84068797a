//! Talking with a language identity: what of a conversation is new to it, and what it says next.
//!
//! Server, command line and page talk by this. Who listens need not remember anything: a
//! conversation comes as a whole each time, and [`history`] finds what was not learned yet.

use her_lm::Manner;

mod batch;
pub mod history;
mod kept;
pub mod recent;
pub mod speaker;
#[cfg(test)]
#[allow(dead_code, reason = "tests of sockets use more of it")]
#[path = "../../tests/support/tongue.rs"]
mod tongue;
pub mod turn;
mod utterance;

/// How an answer is to be spoken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct How {
    /// The most tokens, at least 1; none for as many as there is room, up to [`TOKENS`].
    pub tokens: Option<usize>,
    /// How each token is chosen; its seed counts only beside [`Self::seed`].
    pub manner: Manner,
    /// What chance begins with; none for another one each time.
    pub seed: Option<u64>,
    /// Texts at which the answer ends; they are not part of it.
    pub stops: Vec<String>,
}

/// Tokens of an answer, where nobody says how many.
pub const TOKENS: usize = 512;
/// Tokens of an answer at most.
pub const TOKENS_MAX: usize = 4_096;
