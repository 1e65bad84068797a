//! The page's routes, as rows of the table.

use axum::routing::{get, post};

use super::{
    assets, audit, channels, departure, forget, identities, legacy, live, login, memory, now,
    peers, system, talk,
};
use crate::locks::scope::Scope;
use crate::server::routes::Route;

const HTML: (u16, (&str, &str)) = (200, ("text/html", "Text"));
const CSS: (u16, (&str, &str)) = (200, ("text/css", "Text"));
const JS: (u16, (&str, &str)) = (200, ("text/javascript", "Text"));
const SVG: (u16, (&str, &str)) = (200, ("image/svg+xml", "Text"));
const EVENTS: (u16, (&str, &str)) = (200, ("text/event-stream", "Text"));

/// A page, which is read.
macro_rules! pages {
    ($(
        $scope:ident $path:literal, $id:literal, $gives:expr, $summary:literal, $handler:path;
    )*) => {
        &[$(Route {
            method: "GET",
            path: $path,
            scope: Scope::$scope,
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
            scope: Scope::Admin,
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
            path: "/ui/{name}/forget",
            scope: Scope::Admin,
            id: "ui_forget",
            summary: "Forget what was learned in some versions, from the page",
            params: &[],
            takes: &[(super::form::KIND, "Forget")],
            gives: (303, ("text/html", "Text")),
            refusals: &[409, 507],
            handler: || post(forget::forget),
        },
        Route {
            method: "POST",
            path: "/ui/{name}/gates/{gate}/approve",
            scope: Scope::Admin,
            id: "ui_gate_approve",
            summary: "Say yes to what a gate asks for, from the page",
            params: &[],
            takes: &[],
            gives: (303, ("text/html", "Text")),
            refusals: &[],
            handler: || post(departure::approve),
        },
        Route {
            method: "POST",
            path: "/ui/login",
            scope: Scope::Open,
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
    Read "/ui", "ui", HTML, "All identities", identities::page;
    Read "/ui/live", "ui_live", EVENTS, "What changes on a page of the house", live::house;
    Read "/ui/peers", "ui_peers", HTML, "Other houses", peers::page;
    Read "/ui/legacy", "ui_legacy", HTML, "Those who left", legacy::page;
    Read "/ui/system", "ui_system", HTML, "The process and its metrics", system::page;
    Admin "/ui/audit", "ui_audit", HTML, "Who did what", audit::page;
    Open "/ui/login", "ui_login", HTML, "Where the token is traded for a cookie", login::page;
    Open "/ui/-/page.css", "ui_style", CSS, "Its style", assets::style;
    Open "/ui/-/page.js", "ui_script", JS, "Its script", assets::script;
    Open "/ui/-/icon.svg", "ui_icon", SVG, "Its icon", assets::icon;
    Read "/ui/{name}", "ui_identity", HTML, "An identity now, or at a version", now::page;
    Read "/ui/{name}/now", "ui_now", HTML, "The same, for names that are pages too", now::page;
    Read "/ui/{name}/live", "ui_identity_live", EVENTS, "What changes on its pages", live::identity;
    Read "/ui/{name}/memory", "ui_memory", HTML, "Journal, versions, branches", memory::page;
    Predict "/ui/{name}/talk", "ui_talk", HTML, "Ask it something", talk::page;
    Read "/ui/{name}/channels", "ui_channels", HTML, "Who talks to it", channels::page;
    Read "/ui/{name}/departure", "ui_departure", HTML, "Whether it moves", departure::page;
};
