//! What every page has around it, and how it leaves: head, menus, policy.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, html};

use crate::server::problem::Problem;

/// Nothing but our own files, and no script or style within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages of one identity: the last part of the path, and what it is called.
const TABS: [(&str, &str); 5] = [
    ("now", "Now"),
    ("memory", "Memory"),
    ("talk", "Talk"),
    ("channels", "Channels"),
    ("departure", "Departure"),
];

/// The pages of the house.
const HOUSE: [(&str, &str); 4] = [
    ("/ui", "Identities"),
    ("/ui/peers", "Peers"),
    ("/ui/legacy", "Legacy"),
    ("/ui/system", "System"),
];

/// One page.
pub(super) struct Page<'a> {
    /// What it is about, for the title.
    pub title: &'a str,
    /// Its path, which its menu marks.
    pub path: String,
    /// The identity that it is of.
    pub name: Option<&'a str>,
    /// Where its fragments come from while it is open; nothing for what does not change.
    pub live: Option<String>,
    /// True for the one page that is seen before coming in: it has no menus.
    pub outside: bool,
    /// What it shows.
    pub body: Markup,
}

/// The path of a page of an identity.
pub(super) fn path(name: &str, tab: &str) -> String {
    format!("/ui/{name}/{tab}")
}

/// A whole page.
pub(super) fn page(page: &Page<'_>) -> Response<Body> {
    answer(StatusCode::OK, page)
}

/// A whole page with a status.
pub(super) fn answer(status: StatusCode, page: &Page<'_>) -> Response<Body> {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Heraclitus" }
                link rel="icon" href="/ui/-/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/ui/-/page.css";
                script src="/ui/-/page.js" defer {}
            }
            body data-live=[page.live.as_deref()] {
                a.skip href="#main" { "Skip to the content" }
                (top(page))
                main #main tabindex="-1" { (page.body) }
                footer {
                    p { "Heraclitus " (env!("CARGO_PKG_VERSION")) " · times are UTC · "
                        a href="/docs" { "HTTP API" } }
                }
            }
        }
    };
    let mut response = Response::new(Body::from(html.into_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn top(page: &Page<'_>) -> Markup {
    let current = |path: &str| (path == page.path).then_some("page");
    html! {
        header.top {
            div.bar {
                a.brand href="/ui" { (mark()) "Heraclitus" }
                @if !page.outside {
                    nav aria-label="The house" {
                        ul {
                            @for (path, label) in HOUSE {
                                li { a href=(path) aria-current=[current(path)] { (label) } }
                            }
                        }
                    }
                }
                @if page.live.is_some() {
                    button #pause type="button" hidden aria-pressed="false" { "Pause" }
                }
            }
            @if let Some(name) = page.name {
                div.bar.of {
                    p.name { (name) }
                    nav aria-label={ "Pages of " (name) } {
                        ul {
                            @for (tab, label) in TABS {
                                @let to = path(name, tab);
                                li { a href=(to) aria-current=[current(&to)] { (label) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The river of the name, in one line.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            path d="M2 9c4-4 6 4 10 0s6 4 10 0" {}
            path d="M2 16c4-4 6 4 10 0s6 4 10 0" {}
        }
    }
}

/// A refusal as a page: whoever reads it is a person.
pub(super) struct Refused(Problem);

impl<T: Into<Problem>> From<T> for Refused {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        let problem = self.0;
        let status = problem.status;
        let body = html! {
            h1 { "This did not work" }
            section.empty {
                p.lead { (problem.detail) }
                p { "Refused with status " (status.as_u16()) ": " (problem.title) "." }
                p { a href="/ui" { "All identities" } }
            }
        };
        let page = Page {
            title: "Refused",
            path: String::new(),
            name: None,
            live: None,
            outside: false,
            body,
        };
        let retry = problem.into_response().headers().get(RETRY_AFTER).cloned();
        let mut response = answer(status, &page);
        if let Some(retry) = retry {
            response.headers_mut().insert(RETRY_AFTER, retry);
        }
        response
    }
}

/// Leads to another page.
pub(super) fn go(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

/// What the handler of a page gives.
pub(super) type Shown = Result<Response<Body>, Refused>;

/// The part of a page that is replaced while it is open. What is in here has one root with its id.
pub(super) fn fragment(id: &str, inner: &Markup) -> Markup {
    html! { div.fragment id=(id) { (inner) } }
}
