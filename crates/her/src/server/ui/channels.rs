//! `/ui/{name}/channels`: who talks to an identity.

use std::sync::Arc;

use axum::extract::State;
use maud::html;

use super::shell::{self, Page, Shown, not_yet};
use crate::server::App;
use crate::server::answer::At;

/// `GET /ui/{name}/channels`.
pub(super) async fn page(State(app): State<Arc<App>>, At(name): At<String>) -> Shown {
    app.house.record(&name)?;
    let body = html! {
        (not_yet(
            "Channels",
            "Nobody can open a channel to this identity yet: programs speak to it by single \
             requests and streams, which keep no session.",
            &[
                "each person or device that talks to it: present, away, or parked",
                "words a second, and who waits for whom: the person who thinks, the person who \
                 does not listen, and the model, whose wait must stay near zero",
                "how many updates it made since somebody last spoke",
            ],
        ))
    };
    Ok(shell::page(&Page {
        title: &format!("Channels of {name}"),
        path: shell::path(&name, "channels"),
        name: Some(&name),
        live: None,
        body,
    }))
}
