//! The page's own files. Their path begins with `-`, which no identity's name does.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// `GET /ui/-/page.css`.
pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("assets/page.css"))
}

/// `GET /ui/-/page.js`.
pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("assets/page.js"))
}

/// `GET /ui/-/icon.svg`.
pub(super) async fn icon() -> Response {
    file("image/svg+xml", include_str!("assets/icon.svg"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    // A new build may bring new ones under the same name.
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text).into_response()
}
