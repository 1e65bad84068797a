//! `/ui/peers`: other houses that this one exchanges thoughts with.

use super::shell::{self, Page, Shown, not_yet};

/// `GET /ui/peers`.
pub(super) async fn page() -> Shown {
    let body = not_yet(
        "Peers",
        "This house knows no other. Its identities learn from what is sent here and from nothing \
         else.",
        &[
            "each peer, and when it was last in step",
            "bytes that were sent, and what they bought",
            "the distance between both weight vectors, over time",
        ],
    );
    Ok(shell::page(&Page {
        title: "Peers",
        path: "/ui/peers".into(),
        name: None,
        live: None,
        outside: false,
        body,
    }))
}
