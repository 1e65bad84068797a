//! Drift alarms of an identity, on its page: when its world changed.

use maud::{Markup, html};
use serde_json::Value;

use super::figure::{How, number};
use crate::when;

/// The newest alarms, as `…/alarms` lists them; a long list is folded.
pub(super) fn draw(told: &Value) -> Markup {
    let none = Vec::new();
    let all = told["alarms"].as_array().unwrap_or(&none);
    html! {
        section.alarms {
            h2 { "Drift alarms" }
            @if all.is_empty() {
                p.none-yet { "None so far: its errors are what they were." }
            } @else {
                details #alarms-fold {
                    summary { (number(told, "/raised", How::Count)) " so far, the last at version "
                        (number(told, "/alarms/0/version", How::Count)) }
                    (table(told, all))
                }
            }
        }
    }
}

fn table(told: &Value, all: &[Value]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Drift alarms" { table {
            caption.unseen { "The newest drift alarms" }
            thead { tr { th scope="col" { "Version" } th scope="col" { "When" } } }
            tbody { @for (i, alarm) in all.iter().enumerate() {
                @let ms = alarm["at_ms"].as_u64().unwrap_or(0);
                tr {
                    th scope="row" { (number(told, &format!("/alarms/{i}/version"), How::Count)) }
                    td { time datetime=(when::machine(ms)) { (when::time(ms)) } }
                }
            } }
        } }
        @if told["raised"].as_u64().unwrap_or(0) > all.len() as u64 {
            p.note { "The newest; " code { "her card" } " finds older ones in the journal." }
        }
    }
}
