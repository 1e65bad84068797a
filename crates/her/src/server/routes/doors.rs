//! The routes of other protocols.

use axum::routing::{get, post};

use super::super::v2::{self, models};
use super::{Content, JSON, Param, Route};

const BYTES: &str = "application/octet-stream";
const INFER: &[Content] = &[(JSON, "V2Request"), (BYTES, "Binary")];
const JSON_BYTES: Param = Param {
    place: "header",
    name: "Inference-Header-Content-Length",
    kind: "integer",
    help: "how many bytes of the body are JSON, when tensors lie behind it",
};

/// Every route of the Open Inference Protocol.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/v2",
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
        id: "v2_infer_at",
        summary: "Open Inference Protocol: predict by a past version",
        params: &[JSON_BYTES],
        takes: INFER,
        gives: (200, (JSON, "V2Response")),
        refusals: &[],
        handler: || post(v2::infer_at),
    },
];
