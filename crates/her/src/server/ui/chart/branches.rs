//! The lines of an identity's life: each branch from where it leaves its parent to its end.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::Value;

use super::WIDTH;
use crate::server::ui::figure::{How, grouped, number};
use crate::when;

/// Height of a line's row.
const ROW: f64 = 28.0;

/// The most branches that are drawn; all are in the table.
const DRAWN: usize = 40;

/// The branches of a card, with the durable head of each.
pub(in crate::server::ui) fn draw(card: &Value) -> Markup {
    let none = Vec::new();
    let branches = card["branches"].as_array().unwrap_or(&none);
    let current = card["branch"].as_str().unwrap_or_default();
    let head = |b: &Value| b["head"].as_f64().unwrap_or(0.0);
    let most = branches.iter().map(head).fold(1.0, f64::max);
    let drawn = &branches[branches.len().saturating_sub(DRAWN)..];
    let rows: HashMap<&str, usize> =
        drawn.iter().enumerate().filter_map(|(i, b)| Some((b["id"].as_str()?, i))).collect();
    let x = |v: f64| 8.0 + v / most * (WIDTH - 16.0);
    let y = |row: usize| ROW * (row as f64 + 0.5);
    let height = ROW * drawn.len() as f64;
    html! {
        figure.chart.tree {
            figcaption {
                h2 { "Lines of life" }
                p { (takeaway(branches.len(), drawn.len())) }
            }
            div.plot {
                svg.drawing viewBox={ "0 0 " (WIDTH) " " (height) } height=(height) role="img"
                    preserveAspectRatio="none"
                    aria-label="Branches by version; the table below has the numbers" {
                    @for (i, b) in drawn.iter().enumerate() {
                        @let from = b["parent"]["version"].as_f64().unwrap_or(0.0);
                        @let up = b["parent"]["id"].as_str().and_then(|id| rows.get(id));
                        @if let Some(&up) = up {
                            path.stem d={ "M" (x(from)) " " (y(up)) "V" (y(i)) } {}
                        }
                        path class=(if b["id"] == current { "life now" } else { "life" })
                            d={ "M" (x(from)) " " (y(i)) "H" (x(head(b))) } {}
                        path class=(if b["id"] == current { "end now" } else { "end" })
                            d={ "M" (x(head(b))) " " (y(i)) "h0" } {}
                    }
                }
                div.x aria-hidden="true" { span { "birth" } span { "version " (grouped(most)) } }
            }
            (table(card, branches, current))
        }
    }
}

fn takeaway(all: usize, drawn: usize) -> Markup {
    html! {
        @match all {
            1 => "One line so far: it was never rewound.",
            n => { (n) " lines; the thick one is alive. Nothing of the others is deleted." },
        }
        @if drawn < all { " The newest " (drawn) " are drawn." }
    }
}

fn table(card: &Value, branches: &[Value], current: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Branches" {
            table {
                caption.unseen { "Branches" }
                thead { tr {
                    th scope="col" { "Branch" } th scope="col" { "Began" }
                    th scope="col" { "Goes on from" } th scope="col" { "Newest version" }
                } }
                tbody {
                    @for (i, b) in branches.iter().enumerate().rev() {
                        @let id = b["id"].as_str().unwrap_or_default();
                        tr {
                            th scope="row" {
                                code title=(id) { (id.get(..8).unwrap_or(id)) }
                                @if id == current { " " span.badge.good { "alive" } }
                            }
                            td { (when::time(b["created_ms"].as_u64().unwrap_or(0))) }
                            td {
                                @match b["parent"]["version"].as_u64() {
                                    Some(_) => {
                                        @let place = format!("/branches/{i}/parent/version");
                                        "version " (number(card, &place, How::Count))
                                        " of "
                                        code { (b["parent"]["id"].as_str().and_then(|p| p.get(..8))
                                            .unwrap_or("–")) }
                                    }
                                    None => "birth",
                                }
                            }
                            td { (number(card, &format!("/branches/{i}/head"), How::Count)) }
                        }
                    }
                }
            }
        }
    }
}
