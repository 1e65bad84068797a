//! `/ui`: everybody in the house.

use std::sync::Arc;

use axum::extract::State;
use her_identity::House;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::chart::spark;
use super::figure::{How, number};
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;
use crate::server::answer::Asked;
use crate::wire;

/// Identities on one page: each is looked at once a second while the page is open.
const PER_PAGE: usize = 40;

/// An identity that learned within this time is live.
const LIVE_MS: u64 = 10_000;

/// Versions for which an alarm is news.
const NEWS: u64 = 5_000;

/// `?after=`: the last name of the page before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    after: Option<String>,
}

/// `GET /ui`.
pub(super) async fn page(State(app): State<Arc<App>>, Asked(asked): Asked<After>) -> Shown {
    let after = asked.after.unwrap_or_default();
    let listed = after.clone();
    let list = app.blocking(move |house| Ok(render(house, &listed))).await?;
    let live = format!("/ui/live?after={after}");
    Ok(shell::page(&Page {
        title: "Identities",
        path: "/ui".into(),
        name: None,
        live: Some(live),
        outside: false,
        body: html! { h1 { "Identities" } (fragment("list", &list)) },
    }))
}

/// The list after a name.
pub(super) fn render(house: &House, after: &str) -> Markup {
    let names = house.names();
    if names.is_empty() {
        return none();
    }
    let begin = names.partition_point(|n| n.as_str() <= after && !after.is_empty());
    let end = names.len().min(begin + PER_PAGE);
    let now = house.clock().now_ms();
    html! {
        p.lead { (names.len()) @if names.len() == 1 { " identity" } @else { " identities" }
            ", each with its loss over its whole life. The dashed line is its frozen shadow: the \
             same model, had it stopped learning early." }
        ul.cards { @for name in &names[begin..end] { li { (line(house, name, now)) } } }
        @if begin > 0 || end < names.len() {
            nav.pages aria-label="Pages" {
                @if begin > 0 { a href="/ui" { "First page" } }
                @if end < names.len() {
                    a href={ "/ui?after=" (names[end - 1]) } { "Next page" }
                }
            }
        }
    }
}

fn line(house: &House, name: &str, now: u64) -> Markup {
    let seen = wire::portrait(house, name, 0, |state| wire::chart(state, 0));
    let (card, chart) = match seen {
        Ok(seen) => seen,
        // One identity that can't be read must not hide the others.
        Err(e) => {
            return html! {
                article.card { h2 { (name) } p.bad { (e.to_string()) } }
            };
        }
    };
    let unit = if card["task"] == "regression" { "MAE" } else { "Accuracy" };
    let how = if unit == "MAE" { How::Short } else { How::Percent };
    html! {
        article.card data-identity=(name) {
            h2 { a href=(shell::path(name, "now")) { (name) } }
            p.badges { (badges(&card, now)) }
            (spark::draw(&chart))
            dl.pairs {
                div { dt { (unit) } dd {
                    (number(&card, &format!("/figures/online/rolling/{unit}"), how)) } }
                div { dt { "shadow" } dd {
                    (number(&card, &format!("/figures/shadow/rolling/{unit}"), how)) } }
                div { dt { "updates/s" } dd {
                    (number(&card, "/figures/updates_per_s", How::Short)) } }
                div { dt { "version" } dd { (number(&card, "/version", How::Count)) } }
            }
        }
    }
}

/// What an identity does at present, in a word or two.
pub(super) fn badges(card: &Value, now: u64) -> Markup {
    let figures = &card["figures"];
    let last = figures["last_ms"].as_u64().unwrap_or(0);
    let learned = figures["learned"].as_u64().unwrap_or(0);
    let alarm = figures["drift_last_version"].as_u64().filter(|v| *v > 0);
    let fresh = alarm.is_some_and(|v| card["version"].as_u64().unwrap_or(0) < v + NEWS);
    html! {
        @if card["frozen"] == true { span.badge { "frozen" } }
        @else if learned == 0 { span.badge { "newborn" } }
        @else if now < last + LIVE_MS { span.badge.good { "live" } }
        @else { span.badge { "quiet" } }
        " "
        @if fresh { span.badge.warn { "drift" } " " }
        span.kind { (card["task"].as_str().unwrap_or("")) }
    }
}

fn none() -> Markup {
    html! {
        section.empty {
            p.lead { "Nobody lives here yet." }
            p { "Make an identity, and teach it something:" }
            pre tabindex="0" { code {
                "her new sam --spec '{\"model\": [\"StandardScaler\", \"LogisticRegression\"]}'\n"
                "echo '{\"x\": {\"amount\": 12.5, \"hour\": 23}, \"y\": true}' | her learn sam -"
            } }
            p { "or let " code { "her demo --synthetic" } " make a stream that drifts." }
        }
    }
}
