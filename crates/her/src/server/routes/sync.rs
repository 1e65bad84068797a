//! The routes of thought-sync.

use axum::routing::{get, post};

use super::super::sync;
use super::{JSON, Route};
use crate::locks::scope::Scope;

/// Identities that exchange what they learned.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/v1/identities/{name}/peers",
        scope: Scope::Read,
        id: "peers",
        summary: "With whom an identity exchanges, what each contributed, and how it is read",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "PeersOf")),
        refusals: &[],
        handler: || get(sync::list),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/peers",
        scope: Scope::Admin,
        id: "add_peer",
        summary: "Let an identity exchange with one of another node, now and then or when asked",
        params: &[],
        takes: &[(JSON, "Pact")],
        gives: (200, (JSON, "PactMade")),
        refusals: &[503],
        handler: || post(sync::agree),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/peers/remove",
        scope: Scope::Admin,
        id: "remove_peer",
        summary: "Exchange no more with a peer; what it contributed stays",
        params: &[],
        takes: &[(JSON, "NamedPeer")],
        gives: (200, (JSON, "PeerRemoved")),
        refusals: &[503],
        handler: || post(sync::remove),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/peers/retract",
        scope: Scope::Admin,
        id: "retract_peer",
        summary: "Take out what a peer contributed, to the bit, and take nothing of it again",
        params: &[],
        takes: &[(JSON, "NamedPeer")],
        gives: (200, (JSON, "PeerRetracted")),
        refusals: &[503],
        handler: || post(sync::retract),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/sync",
        scope: Scope::Admin,
        id: "sync",
        summary: "Exchange now, with one peer or with all",
        params: &[],
        takes: &[(JSON, "SyncNow")],
        gives: (200, (JSON, "Exchanges")),
        refusals: &[503],
        handler: || post(sync::sync),
    },
];
