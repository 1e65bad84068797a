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
use crate::sync::speech::SPEECH_BITS_S;

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
                p { code { "her peer add NAME her://KEY@HOST:PORT" } " lets one, and " code { "her sync NAME PEER --every 10s" }
                    " keeps both in step; " code { "her node --address" } " says a node's own." }
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

/// A table that scrolls by itself where it is wider than the window.
fn table(of: &str, heads: &[&str], rows: &[Markup]) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(of) {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { @for row in rows { tr { (row) } } }
            }
        }
    }
}

fn identity(told: &Value) -> Markup {
    let name = text(&told["name"]);
    let (pacts, rows) = (list(&told["pacts"]), list(&told["contributions"]));
    let others: Vec<&Value> = rows.iter().filter(|row| row["mine"] != true).collect();
    let link = fastest(pacts);
    let exchanges: Vec<Markup> = pacts.iter().map(exchange).collect();
    let contributions: Vec<Markup> = rows.iter().map(contribution).collect();
    let worth: Vec<Markup> = peers_of(&others).into_iter().map(|row| worth(row, link)).collect();
    html! {
        section {
            h2 { a href=(shell::path(name, "now")) { (name) } }
            p { (text(&told["merge_text"])) ". Rows "
                @match told["hash"].as_str() {
                    Some(hash) => code title=(hash) { (&hash[..16]) },
                    None => "none yet",
                } }
            (table(&format!("with whom {name} exchanges"), &["exchanges with", "every", "exchanges", "bytes sent", "bytes got",
                "sent in 24 h", "got in 24 h", "the link", "in step"], &exchanges))
            (table(&format!("what was contributed to {name}"), &["contributed by", "events", "numbers", "norm", "read",
                "nats without", "nats with"], &contributions))
            @for peer in list(&told["retracted"]) { p { "retracted: " code { (text(peer)) } } }
        }
        @if !worth.is_empty() { section {
            h2 { "What peers were worth to " (name) }
            p { "Nats of " (name) "'s own loss that a peer's rows saved, against a shadow that was never sent \
                 them, and the bytes that brought them." }
            (table(&format!("what peers were worth to {name}"), &["contributed by", "nats gained", "over own events", "bytes",
                "nats a kB", "by the link", "said at 39 bit/s", "spoken at 150 words/min"], &worth))
            @if let Some(link) = link {
                p.note { "Two factors, which are not one: what is said (nats a kB), and how fast: the link moves "
                    (rate(link)) ", " (short(link * 8.0 / SPEECH_BITS_S)) " times the 39 bits that people say in a second. Spoken: as text, in words of five characters." }
            }
        } }
    }
}

/// The rate of the fastest of the links, in bytes a second.
fn fastest(pacts: &[Value]) -> Option<f64> {
    pacts.iter().filter_map(|pact| pact["link_bytes_s"].as_f64()).reduce(f64::max)
}

/// One row of each peer: its worth is told with each of its lives.
fn peers_of<'a>(rows: &[&'a Value]) -> Vec<&'a Value> {
    let mut seen = std::collections::BTreeSet::new();
    rows.iter().copied().filter(|row| seen.insert(text(&row["peer"]))).collect()
}

fn exchange(pact: &Value) -> Markup {
    let (tally, day) = (&pact["since_start"], &pact["last_day"]);
    let figure = |key: &str| tally[key].as_f64().unwrap_or(0.0);
    let used = |key: &str| {
        let used = grouped(day[key].as_f64().unwrap_or(0.0));
        let of = day["bytes_per_day"].as_f64();
        of.map_or_else(|| used.clone(), |of| format!("{used} of {}", grouped(of)))
    };
    let last = &tally["last"];
    html! {
        td title=(pact["at"].as_str().unwrap_or("it comes to this node")) { (text(&pact["peer"])) }
        td { @match pact["every_s"].as_f64() { Some(s) => { (s) " s" }, None => "when asked" } }
        td { (grouped(figure("exchanges"))) ", answered " (grouped(figure("answered"))) }
        td { (grouped(figure("sent_bytes"))) }
        td { (grouped(figure("got_bytes"))) }
        td { (used("sent_bytes")) }
        td { (used("got_bytes")) }
        td { (pact["link_bytes_s"].as_f64().map_or("–".to_owned(), rate)) }
        td { @match (last["error"].as_str(), last["same"].as_bool()) {
            (Some(error), _) => span.bad { (error) },
            (None, Some(true)) => "yes",
            (None, Some(false)) => "not yet",
            (None, None) => "–",
        } }
    }
}

/// Who contributed: the node by its name here, and the peer's own.
fn who(row: &Value) -> Markup {
    html! {
        @if let Some(node) = row["node_name"].as_str() { (node) " " }
        code { (text(&row["peer"])) }
    }
}

/// The beginning of its node's key.
fn brief(row: &Value) -> &str {
    text(&row["peer"]).split('/').next().unwrap_or_default()
}

fn contribution(row: &Value) -> Markup {
    let loss = |at: usize| row["losses"][at].as_f64().map_or("–".to_owned(), short);
    let figure = |key: &str| row[key].as_f64().unwrap_or(0.0);
    let mine = row["mine"] == true;
    html! {
        td { (who(row)) }
        td { (grouped(figure("events"))) }
        td { (grouped(figure("cells"))) }
        td { (short(figure("norm"))) }
        td { @if mine { "itself" } @else if row["heard"] == true { "its events, learned here" } @else { (row["weight"].as_str().unwrap_or("not weighed yet")) } }
        td { (loss(0)) }
        td { (loss(2)) }
    }
}

fn worth(row: &Value, link: Option<f64>) -> Markup {
    let worth = &row["worth"];
    let figure = |key: &str| worth[key].as_f64().unwrap_or(0.0);
    let bytes = figure("bytes");
    html! {
        td title=(text(&row["peer"])) { (row["node_name"].as_str().unwrap_or_else(|| brief(row))) }
        td { (short(figure("gain_nats"))) }
        td { (grouped(figure("events"))) }
        td { (grouped(bytes)) }
        td { (worth["nats_per_kb"].as_f64().map_or("–".to_owned(), short)) }
        td { (link.map_or("–".to_owned(), |link| lasting(bytes / link))) }
        td { (lasting(figure("say_s"))) }
        td { (lasting(figure("speak_s"))) }
    }
}

/// A rate in bytes a second.
fn rate(bytes_s: f64) -> String {
    if bytes_s < 1e4 {
        format!("{} B/s", grouped(bytes_s))
    } else {
        format!("{} kB/s", grouped(bytes_s / 1e3))
    }
}

/// A time that people can grasp.
fn lasting(s: f64) -> String {
    match s {
        s if s <= 0.0 => "–".to_owned(),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 90.0 => format!("{s:.1} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
