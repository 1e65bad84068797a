//! `/ui/login`: the one page without a token; it trades the token for a cookie.

use axum::body::Body;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Method, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use maud::html;

use super::shell::{self, Page, Shown};
use crate::server::problem::Problem;

/// Where it is.
pub(in crate::server) const PATH: &str = "/ui/login";

/// `GET /ui/login`. A link with `#token=…` fills the form; the fragment never leaves the browser.
pub(super) async fn page() -> Shown {
    let body = html! {
        h1 { "Come in" }
        p.lead { "This house asks for its token. " code { "her serve" } " says where the file with \
                  it lies." }
        form.login #login method="post" action=(PATH) {
            label for="token" { "Token" }
            input #token type="password" name="token" autocomplete="current-password" required
                spellcheck="false";
            button.strong type="submit" { "Come in" }
        }
        p.note { "It is kept in a cookie that scripts can't read, until you close the browser." }
    };
    Ok(shell::page(&Page { title: "Come in", path: PATH.into(), name: None, live: None, body }))
}

/// A refusal at the door: a person who has no cookie yet is shown in, a program is told.
pub(in crate::server) fn refuse(method: &Method, uri: &Uri, problem: Problem) -> Response<Body> {
    let page = uri.path() == "/ui" || uri.path().starts_with("/ui/");
    if !page || method != Method::GET || problem.status != StatusCode::UNAUTHORIZED {
        return problem.into_response();
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(PATH));
    response
}
