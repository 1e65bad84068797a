//! On the page of its memory: forgetting what was learned in some versions, in two steps.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use her_identity::house::Span;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::figure::{How, grouped, number};
use super::form;
use super::shell::{self, Shown};
use crate::server::App;
use crate::server::answer::{self, At};
use crate::server::audit::noted;

/// The first step: choose, and see what would be struck.
pub(super) fn choose(name: &str, card: &Value, range: Option<Span>) -> Markup {
    let head = card["durable_version"].as_u64().unwrap_or(1);
    let (from, to) = range.map_or((head, head), |range| (range.from, range.to));
    html! {
        section {
            h2 { "Forget" }
            @if let Some(done) = card["forgetting"]["done"].as_u64() {
                p role="status" { "It forgets something at present: "
                    (grouped(done as f64)) " of " (number(card, "/forgetting/of", How::Count))
                    " events are lived again." }
            }
            p { "What was learned in some versions can be taken out of its life, as if it had \
                 never been. The first step only shows what would be struck." }
            form.scrub method="get" action=(shell::path(name, "memory")) {
                label for="from" { "From version" }
                input #from type="number" name="from" min="1" max=(head) value=(from) required;
                label for="to" { "to version" }
                input #to type="number" name="to" min="1" max=(head) value=(to) required;
                button type="submit" { "Show what would be forgotten" }
            }
        }
    }
}

/// The second step.
pub(super) fn dry_run(name: &str, told: &Value) -> Markup {
    let again =
        told["was"].as_u64().unwrap_or(0).saturating_sub(told["kept"].as_u64().unwrap_or(0));
    html! {
        section.dry-run aria-labelledby="forget-run" {
            h2 #forget-run { "Forget versions " (number(told, "/from", How::Count)) " to "
                (number(told, "/to", How::Count)) "?" }
            p { (number(told, "/struck", How::Count)) " learned events would be struck, and "
                (grouped(again as f64)) " lived again without them. It learns on meanwhile. The \
                line before keeps them; "
                code { "her forget --erase" } " lets go of that as well." }
            form.scrub method="post" action=(shell::path(name, "forget")) {
                input type="hidden" name="from" value=(told["from"]);
                input type="hidden" name="to" value=(told["to"]);
                button.strong type="submit" { "Forget them" }
                a.button href=(shell::path(name, "memory")) { "Leave it as it is" }
            }
        }
    }
}

/// What the form says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asks {
    from: u64,
    to: u64,
}

/// `POST /ui/{name}/forget`: the second step, and then back to the page.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Shown {
    let asks: Asks = form::read(request, &app.limits).await?;
    let range = Span { from: asks.from, to: asks.to };
    let of = name.clone();
    let done = app.blocking(move |house| house.forget(&of, range, false)).await?;
    let to = format!("{}?struck={}", shell::path(&name, "memory"), done.struck);
    let answer = answer::of_version(shell::go(&to), done.version);
    Ok(noted(answer, format!("versions {} to {}", range.from, range.to)))
}
