//! `/ui/{name}/departure`: when it may move to another machine, and how far it is.

use std::sync::Arc;

use axum::extract::State;

use super::shell::{self, Page, Shown, not_yet};
use crate::server::App;
use crate::server::answer::At;

/// `GET /ui/{name}/departure`.
pub(super) async fn page(State(app): State<Arc<App>>, At(name): At<String>) -> Shown {
    app.house.record(&name)?;
    let body = not_yet(
        "Departure",
        "It stays: this build does not move a living identity to another house. Stop the server \
         and copy its data directory to move all of them.",
        &[
            "the gate's rule, and each measured input beside its bound",
            "progress of a move: what was sent, how far the copy lags",
            "lost updates, which must say 0",
        ],
    );
    Ok(shell::page(&Page {
        title: &format!("Departure of {name}"),
        path: shell::path(&name, "departure"),
        name: Some(&name),
        live: None,
        outside: false,
        body,
    }))
}
