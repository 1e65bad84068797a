//! Every route, once: the router and the OpenAPI document are both made of this table.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};

use super::App;
use super::auth::granted;
use super::metrics::RouteName;
use super::problem::Problem;
use super::{
    audit, channels, docs, events, forget, history, identities, learn, metrics, openapi, predict,
    ui,
};
use crate::locks::scope::Scope;

mod departs;
mod doors;
mod gates;
mod nearest;
mod openai;
mod sync;

/// A value in a query or a header.
pub(super) struct Param {
    pub place: &'static str,
    pub name: &'static str,
    pub kind: &'static str,
    pub help: &'static str,
}

/// What a body holds: its content type, and the name of its schema.
pub(super) type Content = (&'static str, &'static str);

/// One route.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// What a token must be allowed to do.
    pub scope: Scope,
    /// Its name in the OpenAPI document.
    pub id: &'static str,
    pub summary: &'static str,
    pub params: &'static [Param],
    pub takes: &'static [Content],
    pub gives: (u16, Content),
    /// Refusals of its own, besides those that every route can give.
    pub refusals: &'static [u16],
    pub handler: fn() -> MethodRouter<Arc<App>>,
}

mod find;

pub(super) use find::find;

const fn query(name: &'static str, kind: &'static str, help: &'static str) -> Param {
    Param { place: "query", name, kind, help }
}

const TOP: Param = query("top", "integer", "how many of the largest weights to show; 20");
const CLIENT: Param = query("client", "string", "a name for whoever sends, to tell retries");
const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

const RESUME: [Param; 4] = [
    query("resume", "string", "the token of the session that goes on; none begins one"),
    query("n", "integer", "the newest message whose answer was seen"),
    query("seq", "integer", "the newest version that was seen"),
    query("pulse", "integer", "beats a second that tell where the identity stands; 0, at most 20"),
];
const CHANNELS: [Param; 2] = [
    query("limit", "integer", "channels on a page; 1000"),
    query("after", "string", "the member next of the page before"),
];

/// The routes of programs, which the OpenAPI document tells.
pub(super) fn api() -> impl Iterator<Item = &'static Route> + Clone {
    let own = ROUTES.iter().chain(gates::ROUTES).chain(departs::ROUTES).chain(sync::ROUTES);
    own.chain(nearest::ROUTES).chain(doors::ROUTES).chain(openai::ROUTES)
}

/// Every route: those of programs, then those of the page.
pub(super) fn all() -> impl Iterator<Item = &'static Route> + Clone {
    api().chain(ui::routes::ROUTES)
}

/// The routes of our own protocol.
const ROUTES: &[Route] = &[
    Route {
        method: "PUT",
        path: "/v1/identities/{name}",
        scope: Scope::Admin,
        id: "create",
        summary: "Make an identity of a spec",
        params: &[],
        takes: &[(JSON, "Spec")],
        gives: (201, (JSON, "Card")),
        refusals: &[409, 507],
        handler: || put(identities::create),
    },
    Route {
        method: "GET",
        path: "/v1/identities",
        scope: Scope::Read,
        id: "list",
        summary: "All identities, by name, a page at a time",
        params: &[
            query("limit", "integer", "names on a page; 1000"),
            query("after", "string", "the last name of the page before"),
        ],
        takes: &[],
        gives: (200, (JSON, "List")),
        refusals: &[],
        handler: || get(identities::list),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}",
        scope: Scope::Read,
        id: "show",
        summary: "An identity's card: version, spec, weights, figures, branches",
        params: &[TOP],
        takes: &[],
        gives: (200, (JSON, "Card")),
        refusals: &[],
        handler: || get(identities::show),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/chart",
        scope: Scope::Read,
        id: "chart",
        summary: "What charts draw: losses over the whole life, weights beside the shadow's",
        params: &[TOP],
        takes: &[],
        gives: (200, (JSON, "Chart")),
        refusals: &[],
        handler: || get(identities::chart),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/alarms",
        scope: Scope::Read,
        id: "alarms",
        summary: "The newest drift alarms, newest first, and how many there were",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Alarms")),
        refusals: &[],
        handler: || get(identities::alarms),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/predict",
        scope: Scope::Predict,
        id: "predict",
        summary: "Predict; with an id, remember it for a late label",
        params: &[query("min_version", "integer", "the oldest version that may answer")],
        takes: &[(JSON, "Question")],
        gives: (200, (JSON, "Reply")),
        refusals: &[409, 412, 429, 507],
        handler: || post(predict::predict),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/learn",
        scope: Scope::Learn,
        id: "learn",
        summary: "Predict, then learn; one event, or a stream that is answered line by line",
        params: &[CLIENT, query("n", "integer", "the number of the first line; 0")],
        takes: &[(JSON, "Event"), (NDJSON, "Events")],
        gives: (200, (JSON, "Reply")),
        refusals: &[409, 410, 429, 507],
        handler: || post(learn::learn),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/label",
        scope: Scope::Label,
        id: "label",
        summary: "Tell the truth about a remembered prediction, once",
        params: &[],
        takes: &[(JSON, "Label")],
        gives: (200, (JSON, "Reply")),
        refusals: &[409, 410, 429, 507],
        handler: || post(predict::label),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/log",
        scope: Scope::Read,
        id: "log",
        summary: "Events from a version on, a line each",
        params: &[
            query("from", "integer", "the first version; 1"),
            query("limit", "integer", "the most lines; 1000"),
        ],
        takes: &[],
        gives: (200, (NDJSON, "LogLine")),
        refusals: &[],
        handler: || get(history::log),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/events",
        scope: Scope::Read,
        id: "events",
        summary: "Events as they become durable (server-sent events, id = version)",
        params: &[
            query("from", "integer", "the first version; the next one that comes"),
            Param {
                place: "header",
                name: "Last-Event-ID",
                kind: "integer",
                help: "the last version that was seen",
            },
        ],
        takes: &[],
        gives: (200, ("text/event-stream", "LogLine")),
        refusals: &[],
        handler: || get(events::events),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/at/{version}",
        scope: Scope::Read,
        id: "at",
        summary: "An identity as it was",
        params: &[TOP],
        takes: &[],
        gives: (200, (JSON, "Card")),
        refusals: &[],
        handler: || get(history::at),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/model",
        scope: Scope::Read,
        id: "model",
        summary: "The model as it is, as bytes: what heraclitus.load reads",
        params: &[],
        takes: &[],
        gives: (200, (BYTES, "Model")),
        refusals: &[],
        handler: || get(history::model),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/at/{version}/model",
        scope: Scope::Read,
        id: "model_at",
        summary: "The model as it was",
        params: &[],
        takes: &[],
        gives: (200, (BYTES, "Model")),
        refusals: &[],
        handler: || get(history::model_at),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/at/{version}/predict",
        scope: Scope::Predict,
        id: "predict_at",
        summary: "Predict by a past version",
        params: &[],
        takes: &[(JSON, "Question")],
        gives: (200, (JSON, "Reply")),
        refusals: &[],
        handler: || post(history::predict_at),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/diff",
        scope: Scope::Read,
        id: "diff",
        summary: "What changed between two versions",
        params: &[
            query("from", "integer", "the older version; must be given"),
            query("to", "integer", "the newer version; the durable head"),
            query("top", "integer", "how many of the largest changes to show; 20"),
        ],
        takes: &[],
        gives: (200, (JSON, "Diff")),
        refusals: &[],
        handler: || get(history::diff),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/fork",
        scope: Scope::Admin,
        id: "fork",
        summary: "A new identity that goes on from a version; both live on",
        params: &[],
        takes: &[(JSON, "Fork")],
        gives: (201, (JSON, "Card")),
        refusals: &[409, 507],
        handler: || post(history::fork),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/rewind",
        scope: Scope::Admin,
        id: "rewind",
        summary: "Go back to a version as a new branch; nothing is deleted",
        params: &[],
        takes: &[(JSON, "Rewind")],
        gives: (200, (JSON, "Card")),
        refusals: &[507],
        handler: || post(history::rewind),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/forget",
        scope: Scope::Admin,
        id: "forget",
        summary: "Forget what was learned in some versions, as a branch that never saw it",
        params: &[],
        takes: &[(JSON, "Forget")],
        gives: (200, (JSON, "Forgotten")),
        refusals: &[409, 507],
        handler: || post(forget::forget),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/freeze",
        scope: Scope::Admin,
        id: "freeze",
        summary: "Learn no more; predictions go on",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Reply")),
        refusals: &[507],
        handler: || post(history::freeze),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/leave",
        scope: Scope::Admin,
        id: "leave",
        summary: "Leave a read-only copy behind, in the data directory",
        params: &[],
        takes: &[(JSON, "Leave")],
        gives: (200, (JSON, "Left")),
        refusals: &[409, 507],
        handler: || post(history::leave),
    },
    Route {
        method: "GET",
        path: "/v1/legacy",
        scope: Scope::Read,
        id: "legacy",
        summary: "The read-only copies that identities of this house left behind",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Legacy")),
        refusals: &[],
        handler: || get(history::legacy),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/tag",
        scope: Scope::Admin,
        id: "tag",
        summary: "Give a version a name",
        params: &[],
        takes: &[(JSON, "Tag")],
        gives: (200, (JSON, "Tag")),
        refusals: &[507],
        handler: || post(history::tag),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/snapshot",
        scope: Scope::Admin,
        id: "snapshot",
        summary: "Write a snapshot with the next commit",
        params: &[],
        takes: &[],
        gives: (202, (JSON, "Asked")),
        refusals: &[],
        handler: || post(history::snapshot),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/verify",
        scope: Scope::Read,
        id: "verify",
        summary: "Replay from birth and compare with the live state and every snapshot",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Verified")),
        refusals: &[],
        handler: || post(history::verify),
    },
    Route {
        method: "GET",
        path: "/v1/audit",
        scope: Scope::Admin,
        id: "audit",
        summary: "The audit log: who did what; the last records unless told from where",
        params: &[
            query("from", "integer", "the number of the first record; the last ones"),
            query("limit", "integer", "the most records; 100"),
        ],
        takes: &[],
        gives: (200, (JSON, "Audit")),
        refusals: &[],
        handler: || get(audit::records),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/ws",
        scope: Scope::Talk,
        id: "ws",
        summary: "Talk over a WebSocket: messages in, answers out, and back again by a token",
        params: &RESUME,
        takes: &[],
        gives: (101, (JSON, "Frame")),
        refusals: &[],
        handler: || get(channels::ws),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/talk",
        scope: Scope::Talk,
        id: "hear",
        summary: "The same without WebSocket: what is said to you (server-sent events)",
        params: &RESUME,
        takes: &[],
        gives: (200, ("text/event-stream", "Frame")),
        refusals: &[],
        handler: || get(channels::hear),
    },
    Route {
        method: "POST",
        path: "/v1/identities/{name}/talk",
        scope: Scope::Talk,
        id: "say",
        summary: "The same without WebSocket: one message",
        params: &[],
        takes: &[(JSON, "Message")],
        gives: (200, (JSON, "Frame")),
        refusals: &[409, 410, 507],
        handler: || post(channels::say),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/channels",
        scope: Scope::Read,
        id: "channels_of",
        summary: "Who talks to an identity, and who waits for whom",
        params: &CHANNELS,
        takes: &[],
        gives: (200, (JSON, "Channels")),
        refusals: &[],
        handler: || get(channels::of_identity),
    },
    Route {
        method: "GET",
        path: "/v1/channels",
        scope: Scope::Read,
        id: "channels",
        summary: "Who talks to any identity, and who waits for whom",
        params: &CHANNELS,
        takes: &[],
        gives: (200, (JSON, "Channels")),
        refusals: &[],
        handler: || get(channels::all),
    },
    Route {
        method: "GET",
        path: "/metrics",
        scope: Scope::Read,
        id: "metrics",
        summary: "Figures of the server for Prometheus",
        params: &[],
        takes: &[],
        gives: (200, ("application/openmetrics-text", "Text")),
        refusals: &[],
        handler: || get(metrics::metrics),
    },
    Route {
        method: "GET",
        path: "/openapi.json",
        scope: Scope::Read,
        id: "openapi",
        summary: "This document",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Document")),
        refusals: &[],
        handler: || get(openapi::openapi),
    },
    Route {
        method: "GET",
        path: "/docs",
        scope: Scope::Open,
        id: "docs",
        summary: "A page that shows this document",
        params: &[],
        takes: &[],
        gives: (200, ("text/html", "Text")),
        refusals: &[],
        handler: || get(docs::page),
    },
    Route {
        method: "GET",
        path: "/livez",
        scope: Scope::Open,
        id: "livez",
        summary: "Says that the process answers",
        params: &[],
        takes: &[],
        gives: (200, (TEXT, "Text")),
        refusals: &[],
        handler: || get(docs::alive),
    },
    Route {
        method: "GET",
        path: "/readyz",
        scope: Scope::Open,
        id: "readyz",
        summary: "Says whether new work is welcome",
        params: &[],
        takes: &[],
        gives: (200, (TEXT, "Text")),
        refusals: &[503],
        handler: || get(docs::ready),
    },
];

/// The router of the table.
pub(super) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in all() {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(|uri: Uri| async move {
            Problem::no_route(format!("there is no route {}; see /docs", uri.path()))
        })
        .layer(from_fn(known))
        .with_state(app)
}

/// Leaves the route's pattern in the answer for the outermost layer, and gives the router's own
/// refusal of a method, which has no body, one of ours.
async fn known(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let granted = granted::route();
    // The door read the path by the same table. Should the two ever differ, nobody comes in.
    let method = request.method().as_str();
    let ours = |p: &MatchedPath| all().any(|r| r.path == p.as_str() && r.method == method);
    if path.as_ref().is_some_and(|p| ours(p) && granted != Some(p.as_str())) {
        return Problem::forbidden("this address has two readings; write it plainly")
            .into_response();
    }
    let mut response = next.run(request).await;
    let Some(path) = path else { return response };
    let mut routes = all().filter(|r| r.path == path.as_str()).peekable();
    let Some(name) = routes.peek().map(|r| RouteName(r.path)) else { return response };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let methods: Vec<&str> = routes.map(|r| r.method).collect();
        response = Problem::method(&methods.join(", ")).into_response();
    }
    response.extensions_mut().insert(name);
    response
}
