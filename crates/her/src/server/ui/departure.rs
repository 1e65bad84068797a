//! `/ui/{name}/departure`: the gates over an identity: what each wants, what was read, and why it
//! acts or does not.

use std::sync::Arc;

use axum::extract::State;
use her_gate::period;
use her_identity::House;
use maud::{Markup, html};
use serde_json::Value;

use super::figure::{How, number, short};
use super::moves;
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;
use crate::server::answer::At;
use crate::server::audit::noted;
use crate::server::gates;
use crate::when;

/// Past decisions that are shown.
const SHOWN: usize = 30;

/// `GET /ui/{name}/departure`.
pub(super) async fn page(State(app): State<Arc<App>>, At(name): At<String>) -> Shown {
    let (of, this) = (Arc::clone(&app), name.clone());
    let first = app.blocking(move |house| render(&of, house, &this)).await?;
    let body = html! {
        h1 { "Departure" }
        p.lead { "Where it is, and rules over measured figures: when " (name) " leaves, forks, freezes, or tells \
                  somebody. They are stepped once a second, beside its learning." }
        (fragment("departure", &first))
    };
    Ok(shell::page(&Page {
        title: &format!("Departure of {name}"),
        path: shell::path(&name, "departure"),
        name: Some(&name),
        live: Some(format!("/ui/{name}/live?page=departure")),
        outside: false,
        body,
    }))
}

/// `POST /ui/{name}/gates/{gate}/approve`: an operator's yes, and back to the page.
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    At((name, gate)): At<(String, String)>,
) -> Shown {
    gates::say_yes(&app, &name, &gate).await?;
    Ok(noted(shell::go(&shell::path(&name, "departure")), format!("gate {gate}")))
}

/// What changes on the page.
pub(super) fn render(app: &App, house: &House, name: &str) -> her_identity::Result<Markup> {
    let said = gates::seen(app, house, name, None, SHOWN)?;
    let gates = list(&said["gates"]);
    Ok(html! {
        @if gates.is_empty() {
            section.empty {
                p.lead { "It stays: no gate is over it." }
                p { "A table " code { "[gate.NAME]" } " in a settings file makes one; "
                    code { "her gate test" } " tries it before it is in force." }
            }
        }
        @for gate in gates { (one(name, gate, &said)) }
        @if let Some(trouble) = said["trouble"].as_str() { p.bad { (trouble) } }
        (history(list(&said["history"])))
        (moves::section(app, name))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("–")
}

fn one(name: &str, gate: &Value, said: &Value) -> Markup {
    let (of, rule, decision) = (text(&gate["name"]), &gate["rule"], &gate["decision"]);
    let decided = text(&decision["decision"]);
    html! {
        section aria-label={ "Gate " (of) } {
            h2 { (of) " " (badge(decided)) }
            @if decision.is_null() {
                p.none-yet { "It is not stepped yet." }
            } @else {
                p { (text(&decision["says"]))
                    @if let Some(detail) = decision["detail"].as_str() { "; " (detail) } "." }
            }
            (conditions(of, decision, said))
            (timers(&decision["timers"]))
            (what(of, rule))
            @if decided == "ASKED" && gate["approved"] == false {
                form.scrub method="post" action={ "/ui/" (name) "/gates/" (of) "/approve" } {
                    button.strong type="submit" { "Say yes" }
                    span { "to: " (does(rule)) }
                }
            }
        }
    }
}

fn badge(decision: &str) -> Markup {
    let class = match decision {
        "ACT" | "UNDER_WAY" | "DONE" => "badge good",
        "CONDITION_FALSE" | "KEEP" | "COOLDOWN" | "–" => "badge",
        _ => "badge warn",
    };
    html! { span class=(class) { (decision) } }
}

/// Each part of the conditions beside what was read of its figures.
fn conditions(gate: &str, decision: &Value, said: &Value) -> Markup {
    let parts = |of: &'static str| list(&decision[of]).iter().map(move |part| (of, part));
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Conditions of " (gate) } { table {
            caption.unseen { "Conditions and figures" }
            thead { tr {
                th scope="col" { "For" } th scope="col" { "Condition" } th scope="col" { "Is it so" }
                th scope="col" { "Figures" }
            } }
            tbody { @for (of, part) in parts("when").chain(parts("clear")) { tr {
                td { (of) }
                th scope="row" { code { (text(&part["text"])) } }
                td { @match part["truth"].as_bool() {
                    Some(true) => span.badge.good { "yes" },
                    Some(false) => span.badge { "no" },
                    None => span.badge.warn { "can’t tell" },
                } }
                td { @for name in list(&part["figures"]).iter().filter_map(Value::as_str) {
                    (figure(name, said)) " "
                } }
            } } }
        } }
    }
}

fn figure(name: &str, said: &Value) -> Markup {
    let of = &said["figures"][name];
    html! {
        span.kind { (name) " " (number(said, &format!("/figures/{name}/value"), How::Short)) " "
            (text(&of["unit"]))
            @if of["state"] != "fresh" { " (" (text(&of["state"])) ")" } }
    }
}

/// What runs, in whole seconds.
fn timers(timers: &Value) -> Markup {
    let rows = [
        ("true_ms", "the condition is true for"),
        ("for_left_ms", "it must be true for another"),
        ("keep_left_ms", "the gate is clear in"),
        ("cooldown_left_ms", "it may be done again in"),
        ("retry_left_ms", "it is tried again in"),
    ];
    let told = |ms: u64| period::show(ms.div_ceil(1000) * 1000);
    html! {
        dl.pairs { @for (member, says) in rows {
            @if let Some(ms) = timers[member].as_u64() {
                div { dt { (says) } dd { (told(ms)) } }
            }
        } }
    }
}

/// What a rule does, in few words; not the address of who is told, which is often a secret.
fn does(rule: &Value) -> String {
    let action = rule["do"].as_object().and_then(|action| action.iter().next());
    let Some((name, of)) = action else { return text(&rule["do"]).to_owned() };
    match of["to"].as_str().or(of["name"].as_str()) {
        Some(more) => format!("{name} {more}"),
        None => name.clone(),
    }
}

fn what(gate: &str, rule: &Value) -> Markup {
    let budget = &rule["budget"];
    html! {
        details id={ "rule-" (gate) } { summary { "The rule" }
            dl.pairs {
                div { dt { "does" } dd { (does(rule)) } }
                div { dt { "mode" } dd { (text(&rule["mode"])) } }
                div { dt { "must be true for" } dd { (text(&rule["for"])) } }
                div { dt { "must be clear for" } dd { (text(&rule["keep"])) } }
                div { dt { "not again for" } dd { (text(&rule["cooldown"])) } }
                div { dt { "at most, by this node and by all" }
                    dd { (budget["per_node"]) ", " (budget["cluster"]) } }
            }
        }
    }
}

fn history(records: &[Value]) -> Markup {
    html! {
        section {
            h2 { "What was decided" }
            @if records.is_empty() { p.none-yet { "Nothing yet." } } @else {
                div.scroll tabindex="0" role="region" aria-label="Decisions" { table {
                    caption.unseen { "Decisions, newest first" }
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Gate" }
                        th scope="col" { "Decision" } th scope="col" { "Figures" }
                    } }
                    tbody { @for record in records { tr {
                        td { (when::time(record["at_ms"].as_u64().unwrap_or(0))) }
                        td { (text(&record["gate"])) }
                        td { (badge(text(&record["decision"])))
                            @if let Some(detail) = record["detail"].as_str() { " " (detail) } }
                        td.kind { (figures_of(record)) }
                    } } }
                } }
            }
        }
    }
}

fn figures_of(record: &Value) -> String {
    let of = record["figures"].as_object().into_iter().flatten();
    let one = |(name, value): (&String, &Value)| {
        let value = value.as_f64().map_or_else(|| "–".to_owned(), short);
        format!("{name} {value}")
    };
    of.map(one).collect::<Vec<_>>().join(", ")
}
