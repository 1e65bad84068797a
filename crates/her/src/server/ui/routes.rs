//! The page's routes, as rows of the table.

use axum::routing::{get, post};

use super::{
    assets, channels, departure, identities, legacy, live, login, memory, now, peers, system, talk,
};
use crate::server::routes::Route;

const HTML: (u16, (&str, &str)) = (200, ("text/html", "Text"));
const EVENTS: (u16, (&str, &str)) = (200, ("text/event-stream", "Text"));

/// A page, which is read.
macro_rules! pages {
    ($($path:literal, $id:literal, $gives:expr, $summary:literal, $handler:path;)*) => {
        &[$(Route {
            method: "GET",
            path: $path,
            id: $id,
            summary: $summary,
            params: &[],
            takes: &[],
            gives: $gives,
            refusals: &[],
            handler: || get($handler),
        },)*
        Route {
            method: "POST",
            path: "/ui/{name}/rewind",
            id: "ui_rewind",
            summary: "Go back to a version, from the page",
            params: &[],
            takes: &[(super::form::KIND, "Rewind")],
            gives: (303, ("text/html", "Text")),
            refusals: &[507],
            handler: || post(memory::rewind),
        },
        Route {
            method: "POST",
            path: "/ui/login",
            id: "ui_enter",
            summary: "The token for a cookie",
            params: &[],
            takes: &[(super::form::KIND, "Text")],
            gives: (303, ("text/html", "Text")),
            refusals: &[],
            handler: || post(login::enter),
        }]
    };
}

/// Every route of the page.
pub(in crate::server) const ROUTES: &[Route] = pages! {
    "/ui", "ui", HTML, "All identities", identities::page;
    "/ui/live", "ui_live", EVENTS, "What changes on a page of the house", live::house;
    "/ui/peers", "ui_peers", HTML, "Other houses", peers::page;
    "/ui/legacy", "ui_legacy", HTML, "Those who left", legacy::page;
    "/ui/system", "ui_system", HTML, "The process and its metrics", system::page;
    "/ui/login", "ui_login", HTML, "Where the token is traded for a cookie", login::page;
    "/ui/-/page.css", "ui_style", (200, ("text/css", "Text")), "Its style", assets::style;
    "/ui/-/page.js", "ui_script", (200, ("text/javascript", "Text")), "Its script", assets::script;
    "/ui/-/icon.svg", "ui_icon", (200, ("image/svg+xml", "Text")), "Its icon", assets::icon;
    "/ui/{name}", "ui_identity", HTML, "An identity now, or at a version", now::page;
    "/ui/{name}/now", "ui_now", HTML, "The same, for names that are pages too", now::page;
    "/ui/{name}/live", "ui_identity_live", EVENTS, "What changes on its pages", live::identity;
    "/ui/{name}/memory", "ui_memory", HTML, "Journal, versions, branches", memory::page;
    "/ui/{name}/talk", "ui_talk", HTML, "Ask it something", talk::page;
    "/ui/{name}/channels", "ui_channels", HTML, "Who talks to it", channels::page;
    "/ui/{name}/departure", "ui_departure", HTML, "Whether it moves", departure::page;
};
