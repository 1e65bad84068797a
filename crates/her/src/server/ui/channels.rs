//! `/ui/{name}/channels`: who talks to an identity, and who waits for whom.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use serde_json::Value;

use super::figure::{How, number};
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;
use crate::server::answer::At;
use crate::server::channels;

/// Channels that are shown; the API tells all, a page at a time.
const SHOWN: usize = 50;

/// `GET /ui/{name}/channels`.
pub(super) async fn page(State(app): State<Arc<App>>, At(name): At<String>) -> Shown {
    app.house.record(&name)?;
    let body = html! {
        h1 { "Channels" }
        p.lead { "People and devices that talk to " (name) ". It never waits for any of them: \
                  who is silent is parked, costs nothing, and comes back where it left." }
        (fragment("channels", &render(&app, &name)))
    };
    Ok(shell::page(&Page {
        title: &format!("Channels of {name}"),
        path: shell::path(&name, "channels"),
        name: Some(&name),
        live: Some(format!("/ui/{name}/live?page=channels")),
        outside: false,
        body,
    }))
}

/// The open channels, as the API lists them.
pub(super) fn render(app: &App, name: &str) -> Markup {
    let list = channels::first(app, name, SHOWN);
    let none = Vec::new();
    let shown = list["channels"].as_array().unwrap_or(&none);
    html! {
        dl.tiles {
            (tile("present", &list, "/present", How::Count, "spoke a moment ago"))
            (tile("away", &list, "/away", How::Count, "still connected, and silent"))
            (tile("parked", &list, "/server/parked", How::Count, "so far, by this server"))
            (tile("came back", &list, "/server/resumed", How::Count, "by their token"))
            (tile("words", &list, "/server/words", How::Count, "said to this server"))
            (tile("learned again", &list, "/server/rehearsed", How::Count,
                "events, while people thought"))
        }
        (waits(&list))
        section {
            h2 { "Who is here" }
            @if shown.is_empty() {
                p.none-yet { "Nobody has a channel open. One begins at "
                    code { "/v1/identities/" (name) "/ws" } "." }
            } @else { (table(&list, shown)) }
            @if list["next"].is_string() {
                p.note { "The first " (SHOWN) "; " code { "/v1/identities/" (name) "/channels" }
                    " tells all." }
            }
        }
    }
}

fn tile(name: &str, list: &Value, place: &str, how: How, says: &str) -> Markup {
    html! { div { dt { (name) } dd { strong { (number(list, place, how)) } small { (says) } } } }
}

/// What all of this server's channels waited for: the meter of the slow.
fn waits(list: &Value) -> Markup {
    let wait = |of: &str| number(list, &format!("/server/wait_s/{of}"), How::Short);
    html! {
        section {
            h2 { "Who waited for whom" }
            dl.pairs {
                div { dt { "for a person who thinks" } dd { (wait("read")) " s" } }
                div { dt { "for a person who does not listen" } dd { (wait("write")) " s" } }
                div { dt { "for the model: ours, to stay near nothing" }
                    dd { (wait("model")) " s" } }
            }
        }
    }
}

fn table(list: &Value, shown: &[Value]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Open channels" { table {
            caption.unseen { "Open channels" }
            thead { tr {
                th scope="col" { "Channel" } th scope="col" { "State" }
                th scope="col" { "Quiet, s" } th scope="col" { "Messages" }
                th scope="col" { "Words/s" } th scope="col" { "Thinks, s" }
                th scope="col" { "Does not listen, s" } th scope="col" { "Model, s" }
                th scope="col" { "Updates since it spoke" }
            } }
            tbody { @for (i, channel) in shown.iter().enumerate() {
                @let session = channel["session"].as_str().unwrap_or_default();
                @let of = |part: &str| number(list, &format!("/channels/{i}/{part}"), How::Short);
                tr {
                    th scope="row" {
                        code title=(session) { (session.get(..8).unwrap_or(session)) }
                        " " (channel["door"].as_str().unwrap_or_default())
                    }
                    td { @match channel["state"].as_str().unwrap_or_default() {
                        "present" => span.badge.good { "present" },
                        other => span.badge { (other) },
                    } }
                    td { (of("quiet_s")) }
                    td { (of("messages")) }
                    td { (of("words_per_s")) }
                    td { (of("wait_s/read")) }
                    td { (of("wait_s/write")) }
                    td { (of("wait_s/model")) }
                    td { (of("updates_since_spoke")) }
                }
            } }
        } }
    }
}
