//! The routes of the doors to other worlds: cards, and other protocols.

use axum::routing::{get, post};

use super::super::cards;
use super::super::learn;
use super::super::v2::{self, models};
use super::{Content, JSON, Param, Route, query};
use crate::locks::scope::Scope;

const BYTES: &str = "application/octet-stream";
const INFER: &[Content] = &[(JSON, "V2Request"), (BYTES, "Binary")];
const JSON_BYTES: Param = Param {
    place: "header",
    name: "Inference-Header-Content-Length",
    kind: "integer",
    help: "how many bytes of the body are JSON, when tensors lie behind it",
};

/// The model card, and every route of the Open Inference Protocol.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/v1/identities/{name}/card",
        scope: Scope::Read,
        id: "model_card",
        summary: "An identity's model card, told from its journal, as JSON or Markdown",
        params: &[
            query("format", "string", "json or markdown; by the header Accept, else json"),
            query("seconds", "integer", "how long telling the journal may take; 10"),
        ],
        takes: &[],
        gives: (200, (JSON, "ModelCard")),
        refusals: &[],
        handler: || get(cards::card),
    },
    Route {
        method: "GET",
        path: "/v1/identities/{name}/clients/{client}",
        scope: Scope::Read,
        id: "client",
        summary: "The newest durable request number of a client, so that it knows where to go on",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "Client")),
        refusals: &[],
        handler: || get(learn::client),
    },
    Route {
        method: "GET",
        path: "/v2",
        scope: Scope::Read,
        id: "v2_server",
        summary: "Open Inference Protocol: name, version and extensions of the server",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Server")),
        refusals: &[],
        handler: || get(models::server),
    },
    Route {
        method: "GET",
        path: "/v2/health/live",
        scope: Scope::Open,
        id: "v2_live",
        summary: "Open Inference Protocol: says that the process answers",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Live")),
        refusals: &[],
        handler: || get(v2::live),
    },
    Route {
        method: "GET",
        path: "/v2/health/ready",
        scope: Scope::Open,
        id: "v2_ready",
        summary: "Open Inference Protocol: says whether new work is welcome",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Ready")),
        refusals: &[503],
        handler: || get(v2::ready),
    },
    Route {
        method: "GET",
        path: "/v2/models/{name}",
        scope: Scope::Read,
        id: "v2_model",
        summary: "Open Inference Protocol: an identity as a model",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Model")),
        refusals: &[],
        handler: || get(models::model),
    },
    Route {
        method: "GET",
        path: "/v2/models/{name}/ready",
        scope: Scope::Read,
        id: "v2_model_ready",
        summary: "Open Inference Protocol: whether an identity is there",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Ready")),
        refusals: &[],
        handler: || get(models::ready),
    },
    Route {
        method: "POST",
        path: "/v2/models/{name}/infer",
        // What it does besides is asked for by what the request holds.
        scope: Scope::Predict,
        id: "v2_infer",
        summary: "Open Inference Protocol: predict; with an input y, learn; with an id, remember",
        params: &[JSON_BYTES],
        takes: INFER,
        gives: (200, (JSON, "V2Response")),
        refusals: &[409, 410, 429, 507],
        handler: || post(v2::infer),
    },
    Route {
        method: "GET",
        path: "/v2/models/{name}/versions/{version}",
        scope: Scope::Read,
        id: "v2_version",
        summary: "Open Inference Protocol: a version of an identity as a model",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Model")),
        refusals: &[],
        handler: || get(models::model_at),
    },
    Route {
        method: "GET",
        path: "/v2/models/{name}/versions/{version}/ready",
        scope: Scope::Read,
        id: "v2_version_ready",
        summary: "Open Inference Protocol: whether a version is there",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "V2Ready")),
        refusals: &[],
        handler: || get(models::ready_at),
    },
    Route {
        method: "POST",
        path: "/v2/models/{name}/versions/{version}/infer",
        scope: Scope::Predict,
        id: "v2_infer_at",
        summary: "Open Inference Protocol: predict by a past version",
        params: &[JSON_BYTES],
        takes: INFER,
        gives: (200, (JSON, "V2Response")),
        refusals: &[],
        handler: || post(v2::infer_at),
    },
];
