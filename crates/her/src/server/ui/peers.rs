//! `/ui/peers`: with whom the identities of this house exchange what they learned, what came of it,
//! and what it would take to say it.

use std::sync::Arc;

use axum::extract::State;
use her_identity::House;
use maud::{Markup, html};
use serde_json::Value;

use super::figure::{grouped, short};
use super::shell::{self, Page, Shown, fragment};
use crate::server::{App, sync};

/// Bits of information that people speak in a second, over 17 languages: Coupé, C. et al., 2019.
const SPEECH_BITS_S: f64 = 39.15;
/// Identities that are shown.
const SHOWN: usize = 40;

/// `GET /ui/peers`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Shown {
    let of = Arc::clone(&app);
    let first = app.blocking(move |house| Ok(render(&of, house))).await?;
    let body = html! {
        h1 { "Peers" }
        p.lead { "Identities of other nodes that exchange what they learned with those here, as vectors. Each row is what one \
                  of them learned from its own events; how much of it is read is found by the reader's own loss." }
        (fragment("peers", &first))
    };
    Ok(shell::page(&Page {
        title: "Peers",
        path: "/ui/peers".into(),
        name: None,
        live: Some("/ui/live?page=peers".into()),
        outside: false,
        body,
    }))
}

/// What changes on the page.
pub(super) fn render(app: &App, house: &House) -> Markup {
    let mut names = app.syncs.identities();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let told = names.iter().map(|name| sync::told(house, Some(&app.syncs), name));
    // One that has left meanwhile is not shown.
    let told: Vec<Value> = told.filter_map(Result::ok).collect();
    html! {
        @if told.is_empty() {
            section.empty {
                p.lead { "No identity here exchanges with another." }
                p { code { "her peer add NAME NODE" } " lets one, and " code { "her sync NAME NODE --every 10s" }
                    " keeps both in step; nodes are tables " code { "[nodes.NAME]" } " of the settings." }
            }
        }
        @for one in &told { (identity(one)) }
        @if more > 0 { p { "and " (more) " more" } }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("–")
}

fn identity(told: &Value) -> Markup {
    let name = text(&told["name"]);
    html! {
        section {
            h2 { a href=(shell::path(name, "now")) { (name) } }
            p { (text(&told["merge_text"])) ". Rows "
                @match told["hash"].as_str() {
                    Some(hash) => code title=(hash) { (&hash[..16]) },
                    None => "none yet",
                } }
            table {
                thead { tr { th scope="col" { "exchanges with" } th scope="col" { "every" } th scope="col" { "exchanges" } th scope="col" { "bytes sent" }
                             th scope="col" { "bytes got" } th scope="col" { "spoken, it would take" } th scope="col" { "in step" } } }
                tbody { @for pact in list(&told["pacts"]) { (exchange(pact)) } }
            }
            table {
                thead { tr { th scope="col" { "contributed by" } th scope="col" { "events" } th scope="col" { "numbers" } th scope="col" { "norm" } th scope="col" { "read" }
                             th scope="col" { "nats without" } th scope="col" { "nats with" } } }
                tbody { @for row in list(&told["contributions"]) { (contribution(row)) } }
            }
            @for peer in list(&told["retracted"]) { p { "retracted: " code { (text(peer)) } } }
        }
    }
}

fn exchange(pact: &Value) -> Markup {
    let tally = &pact["since_start"];
    let figure = |key: &str| tally[key].as_f64().unwrap_or(0.0);
    let (sent, got) = (figure("sent_bytes"), figure("got_bytes"));
    let last = &tally["last"];
    html! {
        tr {
            td { (text(&pact["peer"])) }
            td { @match pact["every_s"].as_f64() { Some(s) => { (s) " s" }, None => "when asked" } }
            td { (grouped(figure("exchanges"))) }
            td { (grouped(sent)) }
            td { (grouped(got)) }
            td title="at 39 bits a second, as people speak in any language" {
                (lasting((sent + got) * 8.0 / SPEECH_BITS_S)) }
            td { @match (last["error"].as_str(), last["same"].as_bool()) {
                (Some(error), _) => span.bad { (error) },
                (None, Some(true)) => "yes",
                (None, Some(false)) => "not yet",
                (None, None) => "–",
            } }
        }
    }
}

fn contribution(row: &Value) -> Markup {
    let loss = |at: usize| row["losses"][at].as_f64().map_or("–".to_owned(), short);
    let figure = |key: &str| row[key].as_f64().unwrap_or(0.0);
    let mine = row["mine"] == true;
    html! {
        tr {
            td { code { (text(&row["peer"])) } }
            td { (grouped(figure("events"))) }
            td { (grouped(figure("cells"))) }
            td { (short(figure("norm"))) }
            td { @if mine { "itself" } @else if row["heard"] == true { "its events, learned here" } @else { (row["weight"].as_str().unwrap_or("not weighed yet")) } }
            td { (loss(0)) }
            td { (loss(2)) }
        }
    }
}

/// A time that people can grasp.
fn lasting(s: f64) -> String {
    match s {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
