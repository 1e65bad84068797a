//! The routes of gates.

use axum::routing::{get, post};

use super::super::gates;
use super::{JSON, NDJSON, Route, query};
use crate::locks::scope::Scope;

/// Rules over figures: what they say, and why they do what they do.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/v1/gates",
        scope: Scope::Read,
        id: "gates",
        summary: "The rules over figures of this server",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Gates")),
        refusals: &[],
        handler: || get(gates::rules),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/gates",
        scope: Scope::Read,
        id: "gates_of",
        summary: "The gates over an identity: figures, decisions, why not, and what was decided",
        params: &[
            query("gate", "string", "one gate only"),
            query("history", "integer", "how many past decisions to tell; 20"),
        ],
        takes: &[],
        gives: (200, (JSON, "Explained")),
        refusals: &[],
        handler: || get(gates::explain),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/gates/figures",
        scope: Scope::Read,
        id: "gate_figures",
        summary: "The figures of about the last hour, second by second, for a replay",
        params: &[],
        takes: &[],
        gives: (200, (NDJSON, "Recorded")),
        refusals: &[],
        handler: || get(gates::figures),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/gates/{gate}/approve",
        scope: Scope::Admin,
        id: "gate_approve",
        summary: "Say yes to what a gate asks for",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Approved")),
        refusals: &[],
        handler: || post(gates::approve),
    },
];
