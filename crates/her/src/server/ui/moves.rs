//! Where an identity is, and its departures: a part of `/ui/{name}/departure`.

use maud::{Markup, html};

use super::figure::short;
use crate::depart::Job;
use crate::server::App;
use crate::server::departs::place_of;
use crate::when;

/// Departures that are shown.
const SHOWN: usize = 10;

/// The place and the departures of an identity; without other nodes, how to have some.
pub(super) fn section(app: &App, name: &str) -> Markup {
    let Some(departs) = &app.departs else {
        return html! {
            section.empty {
                p { "This server knows no other node. " code { "her node" }
                    " shows its key; a table " code { "[nodes.NAME]" }
                    " in the settings names another." }
            }
        };
    };
    let place = place_of(app, name);
    let jobs: Vec<Job> =
        departs.jobs().into_iter().filter(|job| job.identity == name).take(SHOWN).collect();
    let at = place["at"].as_str().unwrap_or("here");
    html! {
        section aria-label="Place" {
            h2 { "Where it is" }
            p {
                @match at {
                    "moved" => { "It lives on node "
                        strong { (place["name"].as_str().unwrap_or("unknown here")) }
                        ", since epoch " (place["epoch"]) ". "
                        @if let Some(url) = place["url"].as_str() { "Ask it at " code { (url) } "." } }
                    "departing" => "It learns here, and is on its way."
                    "waiting" => "It predicts here. Its register has not said yet who owns it."
                    _ => "It learns here."
                }
            }
            @if jobs.is_empty() { p.none-yet { "It has not departed from here." } }
            @else { (table(&jobs)) }
        }
    }
}

fn table(jobs: &[Job]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Departures" { table {
            caption.unseen { "Departures, newest first" }
            thead { tr {
                th scope="col" { "Began" } th scope="col" { "To" } th scope="col" { "Outcome" }
                th scope="col" { "Version" } th scope="col" { "Bytes" }
                th scope="col" { "Learning paused, ms" } th scope="col" { "Lost updates" }
                th scope="col" { "Why" }
            } }
            tbody { @for job in jobs { (row(job)) } }
        } }
    }
}

/// How it went, in words, where there is more to say.
fn why(job: &Job) -> String {
    let said = [job.by_state.as_ref().map(ToString::to_string), job.why.clone()];
    said.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn row(job: &Job) -> Markup {
    let outcome = job.outcome.map_or_else(|| "under way".to_owned(), |o| o.to_string());
    let figures = &job.figures;
    // Both sides agreed on the chain before the commit, and on every bit of the state after it.
    let lost = match (job.outcome.is_some(), job.verified) {
        (_, Some(true)) => "0, compared bit for bit",
        (_, Some(false)) => "the states differ",
        (true, None) => "0: it stayed, or both agreed",
        (false, None) => "–",
    };
    html! {
        tr {
            td { time datetime=(when::machine(job.started_ms)) { (when::time(job.started_ms)) } }
            td { (job.to) }
            td { (outcome) }
            td { @if figures.sealed_at > 0 { (figures.sealed_at) } @else { "–" } }
            td { (figures.bytes) }
            td { @if figures.sealed_ns > 0 { (short(figures.sealed_ns as f64 / 1e6)) }
                 @else { "–" } }
            td { (lost) }
            td { (why(job)) }
        }
    }
}
