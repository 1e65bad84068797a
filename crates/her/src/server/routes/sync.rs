//! The routes of thought-sync.

use axum::routing::{get, post};

use super::super::{books, sync};
use super::{BYTES, JSON, Param, Route, query};
use crate::locks::scope::Scope;

const BOOK: [Param; 2] = [
    query("key", "string", "whose book it must be and whose rows are taken too, with commas"),
    query("read_all", "boolean", "read its rows whole; false, which weighs them by own events"),
];

const EDITION: [Param; 3] = [
    query("at", "integer", "of this version, with its rows; as it is, if left out"),
    query("codec", "string", "how what is contributed first is rounded; exact if left out"),
    query("licence", "string", "under which terms the book may be used"),
];

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
    Route {
        method: "POST",
        path: "/v1/identities/{name}/books",
        scope: Scope::Admin,
        id: "join_book",
        summary: "Join the rows of a signed book, as if their origins had sent them",
        params: &BOOK,
        takes: &[(BYTES, "Book")],
        gives: (200, (JSON, "BookJoined")),
        refusals: &[503],
        handler: || post(books::join),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/books/write",
        scope: Scope::Admin,
        id: "write_book",
        summary: "Write what it learned into a signed book, and send it; what it told nobody is \
                  contributed first",
        params: &EDITION,
        takes: &[(BYTES, "Book")],
        gives: (200, (BYTES, "Book")),
        refusals: &[503],
        handler: || post(books::write),
    },
];
