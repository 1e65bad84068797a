//! What answers without a token: the page of the API, and signs of life.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::App;
use super::problem::Problem;

/// `GET /docs`: one page without a script of others; it asks for the token to read the document.
pub(super) async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
             connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ];
    (headers, include_str!("docs.html")).into_response()
}

/// `GET /livez`.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if *app.stopping.borrow() {
        return Err(Problem::closing("the server is closing"));
    }
    Ok("ready\n")
}
