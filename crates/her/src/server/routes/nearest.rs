//! The route of memories.

use axum::routing::post;

use super::super::nearest;
use super::{JSON, Route};
use crate::locks::scope::Scope;

/// What is like a query.
pub(super) const ROUTES: &[Route] = &[Route {
    method: "POST",
    path: "/v1/identities/{name}/nearest",
    scope: Scope::Read,
    id: "nearest",
    summary: "The memories that are most like a text, an image or a sound",
    params: &[],
    takes: &[(JSON, "Query")],
    gives: (200, (JSON, "Nearest")),
    refusals: &[503],
    handler: || post(nearest::nearest),
}];
