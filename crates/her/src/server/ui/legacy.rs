//! `/ui/legacy`: what identities of this house left behind, and where they went.

use std::sync::Arc;

use axum::extract::State;
use her_identity::legacy::register::Copied;
use maud::{Markup, html};

use super::figure::grouped;
use super::shell::{self, Page, Shown};
use crate::server::App;
use crate::when;

/// `GET /ui/legacy`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Shown {
    let (copies, names, frozen) = app
        .blocking(|house| {
            let names = house.names();
            let is = |name: &&String| house.look(name, |i| i.state().is_frozen()).unwrap_or(false);
            let frozen: Vec<String> = names.iter().filter(is).cloned().collect();
            Ok((house.legacy()?, names, frozen))
        })
        .await?;
    let body = html! {
        h1 { "Legacy" }
        @if copies.is_empty() {
            section.empty {
                p.lead { "Nobody has left this house, and nobody has left a copy of themselves." }
                p { "A copy answers for ever as its identity did at one version, and learns \
                     nothing. " code { "her leave NAME" } " makes one, and "
                    code { "her legacy DIR" } " serves it from a process that can do nothing \
                     else." }
            }
        } @else {
            p { "Each of these answers for ever as its identity did at one version, and learns \
                 nothing. " code { "her legacy DIR" } " serves it; the digest is that of its \
                 manifest, which holds those of all its files." }
            (table(&copies, &names))
        }
        @if !frozen.is_empty() {
            section {
                h2 { "Frozen, but here" }
                p { "These learn no more, and answer as they always did. A fork of one learns on." }
                ul.plain { @for name in &frozen {
                    li { a href=(shell::path(name, "now")) { (name) } }
                } }
            }
        }
    };
    Ok(shell::page(&Page {
        title: "Legacy",
        path: "/ui/legacy".into(),
        name: None,
        live: None,
        outside: false,
        body,
    }))
}

/// Newest first.
fn table(copies: &[Copied], names: &[String]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Copies" {
            table #copies {
                caption.unseen { (copies.len()) " copies, newest first" }
                thead { tr {
                    @for heading in ["Who", "Version", "Left", "Lives on at", "Where", "Manifest"] {
                        th scope="col" { (heading) }
                    }
                } }
                tbody { @for copy in copies.iter().rev() { tr {
                    th scope="row" {
                        @if names.contains(&copy.name) {
                            a href=(shell::path(&copy.name, "now")) { (copy.name) }
                        } @else { (copy.name) }
                    }
                    td { (grouped(copy.version as f64)) }
                    td {
                        time datetime=(when::machine(copy.left_ms)) { (when::time(copy.left_ms)) }
                    }
                    td {
                        @match &copy.owner {
                            Some(owner) => { (owner.url) ", epoch " (owner.epoch) }
                            None => "not told",
                        }
                    }
                    td { code { (copy.dir.display()) } }
                    td { code { (copy.manifest) } }
                } } }
            }
        }
    }
}
