//! `/ui/{name}/memory`: its journal, its named versions, its branches, and the way back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use her_identity::house::Span;
use her_identity::{House, Result};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::chart::branches;
use super::figure::{How, grouped, number, short};
use super::shell::{self, Page, Shown, fragment};
use super::{forget, form};
use crate::server::App;
use crate::server::answer::{self, Asked, At};
use crate::server::audit::noted;
use crate::when;
use crate::wire;

/// Events of the journal's end that are shown.
const TAIL: u64 = 20;

/// Characters of an event that are shown.
const EVENT_CHARS: usize = 160;

/// Changed weights that a dry run shows.
const CHANGES: usize = 12;

/// `?back=`: a version to try going back to. `?done=`: one that was gone back to. `?from=&to=`:
/// versions to try forgetting. `?struck=`: how many events were forgotten.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    back: Option<u64>,
    done: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
    struck: Option<u64>,
}

/// What is to be seen.
pub(super) struct Seen {
    card: Value,
    tail: Vec<Value>,
}

/// The memory as it is.
pub(super) fn look(house: &House, name: &str) -> Result<Seen> {
    let card = wire::card(house, name, 0)?;
    let head = card["durable_version"].as_u64().unwrap_or(1);
    let tail = house.log(name, head.saturating_sub(TAIL - 1).max(1), TAIL as usize)?;
    Ok(Seen { card, tail })
}

/// `GET /ui/{name}/memory`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Look>,
) -> Shown {
    let range = asked.from.map(|from| Span { from, to: asked.to.unwrap_or(from) });
    let of = name.clone();
    let (seen, tried, forgets) = app
        .blocking(move |house| {
            let seen = look(house, &of)?;
            let head = seen.card["durable_version"].as_u64().unwrap_or(1);
            let tried = asked.back.map(|to| house.diff(&of, to, head, CHANGES)).transpose()?;
            let forgets = range.map(|range| house.would_forget(&of, range)).transpose()?;
            let forgets = forgets.map(|told| wire::forgotten(&of, &told));
            Ok((seen, tried, forgets))
        })
        .await?;
    let body = html! {
        h1 { "Memory" }
        @if let Some(version) = asked.done {
            p.past role="status" {
                "Rewound: a new line of life goes on from version " (grouped(version as f64))
                ". The line before is still there, below."
            }
        }
        @if let Some(struck) = asked.struck {
            p.past role="status" {
                "Forgotten: " (grouped(struck as f64)) " learned events are no part of this life. \
                 The line before has them still, below."
            }
        }
        @if let Some(diff) = &tried { (dry_run(&name, diff)) }
        @if let Some(told) = &forgets { (forget::dry_run(&name, told)) }
        @for (id, inner) in fragments(&name, &seen) { (fragment(id, &inner)) }
        (way_back(&name, &seen.card, asked.back))
        (forget::choose(&name, &seen.card, range))
    };
    Ok(shell::page(&Page {
        title: &format!("Memory of {name}"),
        path: shell::path(&name, "memory"),
        name: Some(&name),
        live: Some(format!("/ui/{name}/live?page=memory")),
        outside: false,
        body,
    }))
}

/// The parts that change while it learns.
pub(super) fn fragments(name: &str, seen: &Seen) -> Vec<(&'static str, Markup)> {
    vec![
        ("memory-tail", tail(name, seen)),
        ("memory-branches", branches::draw(&seen.card)),
        ("memory-tags", tags(name, &seen.card)),
    ]
}

fn tail(name: &str, seen: &Seen) -> Markup {
    html! {
        section {
            h2 { "The end of its journal" }
            p { "Durable up to version " (number(&seen.card, "/durable_version", How::Count))
                ". Every event is kept; " code { "her log " (name) } " prints them all." }
            div.scroll tabindex="0" role="region" aria-label="Journal" {
                table.journal {
                    caption.unseen { "The newest events, newest first" }
                    thead { tr {
                        th scope="col" { "Version" } th scope="col" { "Time" }
                        th scope="col" { "Event" } th scope="col" { "What" }
                        th scope="col" { "Go" }
                    } }
                    tbody {
                        @for line in seen.tail.iter().rev() {
                            @let version = line["version"].as_u64().unwrap_or(0);
                            tr {
                                th scope="row" {
                                    a href={ (shell::path(name, "now")) "?at=" (version) } {
                                        (grouped(version as f64)) } }
                                td { (when::time(line["at_ms"].as_u64().unwrap_or(0))) }
                                td { (line["event"].as_str().unwrap_or("")) }
                                td { code { (what(line)) } }
                                td { @if teaches(line) {
                                    a href={ "?from=" (version) } { "forget …" }
                                } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether an event is one that can be forgotten.
fn teaches(line: &Value) -> bool {
    matches!(line["event"].as_str(), Some("learn" | "predict" | "label"))
}

/// An event in a line: its features, then what it brought besides.
fn what(line: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(x) = line["x"].as_object() {
        parts.extend(x.iter().map(|(name, value)| format!("{name} {value}")));
    }
    if let Value::Object(all) = line {
        let shown = ["version", "at_ms", "event", "epoch", "x", "y"];
        let rest = all.iter().filter(|(name, _)| !shown.contains(&name.as_str()));
        parts.extend(rest.map(|(name, value)| format!("{name} {value}")));
    }
    let mut text = parts.join(", ");
    if let Some((end, _)) = text.char_indices().nth(EVENT_CHARS) {
        text.truncate(end);
        text.push_str(" …");
    }
    match line.get("y") {
        Some(y) => format!("{text} → {y}"),
        None => text,
    }
}

fn tags(name: &str, card: &Value) -> Markup {
    let tags = card["tags"].as_object().filter(|t| !t.is_empty());
    html! {
        section {
            h2 { "Versions with a name" }
            @match tags {
                None => p.none-yet { "None. " code { "her tag " (name) " good" }
                    " names the newest one." },
                Some(tags) => div.scroll tabindex="0" role="region" aria-label="Tags" { table {
                    caption.unseen { "Named versions" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Version" }
                        th scope="col" { "Go" } } }
                    tbody { @for (tag, version) in tags {
                        tr {
                            th scope="row" { (tag) }
                            td { (number(card, &format!("/tags/{tag}"), How::Count)) }
                            td { a href={ (shell::path(name, "now")) "?at=" (version) } { "look" }
                                " · " a href={ "?back=" (version) } { "rewind …" } }
                        }
                    } }
                } },
            }
        }
    }
}

/// The first step back: choose, and see what it would change.
fn way_back(name: &str, card: &Value, back: Option<u64>) -> Markup {
    let head = card["durable_version"].as_u64().unwrap_or(1);
    html! {
        section {
            h2 { "Rewind" }
            p { "A rewind begins a new line of life at a version. Nothing is deleted, and the \
                 first step only shows what would change." }
            form.scrub method="get" action=(shell::path(name, "memory")) {
                label for="back" { "Version" }
                input #back type="number" name="back" min="1" max=(head)
                    value=(back.unwrap_or(head)) required;
                button type="submit" { "Show what would change" }
            }
        }
    }
}

fn dry_run(name: &str, diff: &Value) -> Markup {
    let none = Vec::new();
    let changes = diff["top"].as_array().unwrap_or(&none);
    let to = diff["from"].as_u64().unwrap_or(1);
    let events = diff["to"].as_u64().unwrap_or(0).saturating_sub(to);
    html! {
        section.dry-run aria-labelledby="dry-run" {
            h2 #dry-run { "Rewind to version " (number(diff, "/from", How::Count)) "?" }
            p { "It would go on from there, " (grouped(events as f64)) " events before version "
                (number(diff, "/to", How::Count)) ". "
                (number(diff, "/changed_weights", How::Count))
                " weights would change, by a distance of "
                (number(diff, "/distance", How::Short)) " in all." }
            @if !changes.is_empty() {
                div.scroll tabindex="0" role="region" aria-label="Changes" { table {
                    caption { "The largest changes" }
                    thead { tr { th scope="col" { "Weight" } th scope="col" { "Is" }
                        th scope="col" { "Would be" } } }
                    tbody { @for c in changes { tr {
                        th scope="row" { (c["weight"].as_str().unwrap_or("")) }
                        td { (short(c["is"].as_f64().unwrap_or(0.0))) }
                        td { (short(c["was"].as_f64().unwrap_or(0.0))) }
                    } } }
                } }
            }
            form.scrub method="post" action=(shell::path(name, "rewind")) {
                input type="hidden" name="version" value=(to);
                button.strong type="submit" { "Rewind to version " (grouped(to as f64)) }
                a.button href=(shell::path(name, "memory")) { "Leave it as it is" }
            }
        }
    }
}

/// What the form of a rewind says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asks {
    version: u64,
}

/// `POST /ui/{name}/rewind`: the second step, and then back to the page.
pub(super) async fn rewind(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Shown {
    let asks: Asks = form::read(request, &app.limits).await?;
    let of = name.clone();
    let version = app
        .blocking(move |house| {
            house.rewind(&of, asks.version)?;
            Ok(house.head(&of)?.seq)
        })
        .await?;
    let to = format!("{}?done={}", shell::path(&name, "memory"), asks.version);
    let done = answer::of_version(shell::go(&to), version);
    Ok(noted(done, format!("to version {}", asks.version)))
}
