//! What a request was granted, for whoever answers it.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::problem::Problem;
use crate::locks::scope::{Scope, Scopes};
use crate::locks::token::Token;

/// Routes without an identity in their path that every token may ask: they tell of none, or of
/// those only that the token is for.
const NAMELESS: [&str; 9] = [
    "list",
    "metrics",
    "openapi",
    "v2_server",
    "openai_models",
    "openai_model",
    "openai_chat",
    "openai_complete",
    "openai_embed",
];

/// Where a request comes from, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub from: IpAddr,
    pub now_ms: u64,
}

/// Who came in, and where to.
#[derive(Clone)]
pub(crate) struct Granted {
    pub visit: Visit,
    /// The pattern of the route; none when the table has no such route.
    pub route: Option<&'static str>,
    pub id: &'static str,
    pub scope: Scope,
    /// The identity that the path names.
    pub name: Option<String>,
    /// None on a route that is open to all.
    pub token: Option<Arc<Token>>,
}

tokio::task_local! {
    /// What the request that this task answers was granted.
    pub(crate) static GRANTED: Granted;
}

/// What the request that this task answers was granted; none outside of a request's own task.
pub(crate) fn granted() -> Option<Granted> {
    GRANTED.try_with(Clone::clone).ok()
}

/// The token alone, which every event of a single request is counted by.
pub(crate) fn token() -> Option<Arc<Token>> {
    GRANTED.try_with(|granted| granted.token.clone()).ok().flatten()
}

/// Refuses what the token of this request may not do; see [`Granted::wants`].
pub(crate) fn wants(scope: Scope) -> std::result::Result<(), Problem> {
    GRANTED.try_with(|granted| granted.wants(scope)).unwrap_or(Ok(()))
}

/// The pattern of the route that was granted.
pub(crate) fn route() -> Option<&'static str> {
    GRANTED.try_with(|granted| granted.route).ok().flatten()
}

impl Granted {
    /// True when this identity may be told of.
    pub fn covers(&self, identity: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.is_for(identity))
    }

    /// Refuses an identity that the token is not for.
    pub fn may(&self, identity: &str) -> std::result::Result<(), Problem> {
        let Some(token) = self.token.as_ref().filter(|t| !t.is_for(identity)) else {
            return Ok(());
        };
        Err(Problem::denied(format!(
            "the token {} is for {}, not for {identity:?}",
            token.id,
            token.identities.join(", ")
        )))
    }

    /// Refuses a route that tells of identities that the token is not for.
    pub fn reaches(&self) -> std::result::Result<(), Problem> {
        if let Some(name) = &self.name {
            return self.may(name);
        }
        let Some(token) = self.token.as_ref().filter(|t| !t.is_for_all()) else { return Ok(()) };
        if NAMELESS.contains(&self.id) {
            return Ok(());
        }
        Err(Problem::denied(format!(
            "the token {} is for {} only, and this is about all identities",
            token.id,
            token.identities.join(", ")
        )))
    }

    /// Refuses what a token may not do, on a route that does several things.
    pub fn wants(&self, scope: Scope) -> std::result::Result<(), Problem> {
        let Some(token) = &self.token else { return Ok(()) };
        let scopes = token.scopes().map_err(Problem::from)?;
        if scopes.allow(scope) { Ok(()) } else { Err(too_narrow(token, scopes, scope)) }
    }

    /// The name of whoever came, for the audit log.
    pub fn by(&self) -> &str {
        self.token.as_ref().map_or("nobody", |token| &token.id)
    }
}

fn too_narrow(token: &Token, scopes: Scopes, wanted: Scope) -> Problem {
    Problem::denied(format!(
        "the token {} may {}; this wants {}",
        token.id,
        scopes.names().join(", "),
        wanted.name()
    ))
}
