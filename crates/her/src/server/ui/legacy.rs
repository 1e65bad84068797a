//! `/ui/legacy`: identities that left, and what they left behind.

use std::sync::Arc;

use axum::extract::State;
use maud::html;

use super::shell::{self, Page, Shown, not_yet};
use crate::server::App;

/// `GET /ui/legacy`: those that are frozen are the nearest thing there is so far.
pub(super) async fn page(State(app): State<Arc<App>>) -> Shown {
    let frozen = app
        .blocking(|house| {
            let is = |name: &String| house.look(name, |i| i.state().is_frozen()).unwrap_or(false);
            Ok(house.names().into_iter().filter(is).collect::<Vec<_>>())
        })
        .await?;
    let body = html! {
        (not_yet(
            "Legacy",
            "Nobody has left this house.",
            &[
                "the read-only copy that an identity leaves for those who knew it, and where it \
                 went",
                "who still asks that copy, and how far the living one has moved since",
            ],
        ))
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
