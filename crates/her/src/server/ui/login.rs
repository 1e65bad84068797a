//! `/ui/login`: the one page without a token; it trades the token for a cookie.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use maud::html;
use serde::Deserialize;

use super::form;
use super::shell::{self, Page, Refused, Shown};
use crate::server::App;
use crate::server::answer::Asked;
use crate::server::problem::Problem;

/// Where it is.
const PATH: &str = "/ui/login";

/// `?to=`: the page that was asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Way {
    to: Option<String>,
}

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: String,
    to: Option<String>,
}

/// `GET /ui/login`. A link with `#token=…` fills the form; the fragment never leaves the browser.
pub(super) async fn page(Asked(way): Asked<Way>) -> Shown {
    Ok(shell::page(&form_page(way.to.as_deref(), None)))
}

fn form_page<'a>(to: Option<&str>, wrong: Option<&str>) -> Page<'a> {
    let body = html! {
        h1 { "Come in" }
        p.lead { "This house asks for its token. " code { "her serve" } " says in which file it \
                  lies." }
        form.login #login method="post" action=(PATH) {
            label for="token" { "Token" }
            input #token type="password" name="token" autocomplete="current-password" required
                spellcheck="false" aria-describedby=[wrong.map(|_| "wrong")];
            @if let Some(why) = wrong { p.bad #wrong role="alert" { (why) } }
            input type="hidden" name="to" value=(ours(to));
            button.strong type="submit" { "Come in" }
        }
        p.note { "A cookie that scripts can't read remembers it until the browser is closed." }
    };
    Page { title: "Come in", path: PATH.into(), name: None, live: None, outside: true, body }
}

/// A page of ours, whatever a link says.
fn ours(to: Option<&str>) -> &str {
    let fine = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    match to {
        Some(to) if is_page(to) && to != PATH && to.chars().all(fine) => to,
        _ => "/ui",
    }
}

fn is_page(path: &str) -> bool {
    path == "/ui" || path.starts_with("/ui/")
}

/// `POST /ui/login`.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response<Body>, Refused> {
    let said: Token = form::read(request, &app.limits).await?;
    let Some(session) = app.door.session(said.token.trim()) else {
        let why = "This is not the token of this house.";
        let page = form_page(said.to.as_deref(), Some(why));
        return Ok(shell::answer(StatusCode::UNAUTHORIZED, &page));
    };
    let cookie = format!("{session}; Path=/; HttpOnly; SameSite=Strict");
    let mut response = shell::go(ours(said.to.as_deref()));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A refusal at the door: a person who has no cookie yet is shown in, a program is told.
pub(in crate::server) fn refuse(method: &Method, uri: &Uri, problem: Problem) -> Response<Body> {
    if !is_page(uri.path()) || method != Method::GET || problem.status != StatusCode::UNAUTHORIZED {
        return problem.into_response();
    }
    shell::go(&format!("{PATH}?to={}", ours(Some(uri.path()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_our_pages_only() {
        for (to, goes) in [
            ("/ui/sam/memory", "/ui/sam/memory"),
            ("/ui", "/ui"),
            ("/uix", "/ui"),
            ("//evil.example", "/ui"),
            ("/ui/\r\nset-cookie: a", "/ui"),
            ("/ui/login", "/ui"),
        ] {
            assert_eq!(ours(Some(to)), goes);
        }
        let refused = |method: &Method, path: &str| {
            refuse(method, &path.parse().unwrap(), Problem::unauthorized("no")).status().as_u16()
        };
        assert_eq!(refused(&Method::GET, "/ui/sam"), 303);
        assert_eq!(refused(&Method::POST, "/ui/sam/rewind"), 401);
        assert_eq!(refused(&Method::GET, "/v1/identities"), 401);
    }
}
