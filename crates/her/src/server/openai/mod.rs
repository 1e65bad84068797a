//! What clients of `OpenAI`'s API speak: identities as models, conversations, streams of words.
//!
//! A client tells its whole conversation each time. What is new of it is learned, once, and then
//! the identity answers from what it has become; see [`crate::talk`]. `name@version` is a past
//! self, which answers and learns nothing.

use axum::http::StatusCode;
use her_identity::{Error, ErrorKind};

use super::problem::Problem;
use crate::talk::speaker::TooLong;

mod asked;
mod chat;
mod completions;
mod embeddings;
mod errors;
mod fields;
mod models;
mod reply;
mod stage;

pub(super) use chat::chat;
pub(super) use completions::complete;
pub(super) use embeddings::embed;
pub(super) use errors::told;
pub(super) use models::{list, one};
pub(crate) use stage::Stage;

use errors::Refused;

/// An error from below, as this protocol tells it.
fn refused(e: Error) -> Refused {
    use std::error::Error as _;
    let too_long = e.source().is_some_and(<dyn std::error::Error>::is::<TooLong>);
    match e.kind {
        ErrorKind::NotFound => Refused::no_model(e.message),
        ErrorKind::Invalid if too_long => {
            Refused::param("messages", e.message).with_code("context_length_exceeded")
        }
        _ => problem(e.into()),
    }
}

/// What is wrong with a request has one status here, 400.
fn problem(problem: Problem) -> Refused {
    match problem.status {
        StatusCode::NOT_FOUND => Refused::no_model(problem.detail),
        StatusCode::UNPROCESSABLE_ENTITY => Problem::malformed(problem.detail).into(),
        _ => problem.into(),
    }
}
