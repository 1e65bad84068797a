//! `/ui/{name}`: an identity as it is now, or as it was at a version.

use std::sync::Arc;

use axum::extract::State;
use her_identity::turn::State as Life;
use her_identity::{House, Result};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::alarms;
use super::chart::{score, way};
use super::figure::{How, grouped, number, short};
use super::identities::badges;
use super::language;
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;
use crate::server::answer::{Asked, At};
use crate::when;
use crate::wire;

/// The largest weights that are shown.
pub(super) const TOP: usize = 12;

/// The part behind which the way back is.
const LEADS: &str = "now-score";

/// A person speaks 150 words a minute.
const WORDS_PER_S: f64 = 150.0 / 60.0;
/// And tells 39 bits a second by that, in any language (Coupé et al., Science Advances, 2019).
const SPEECH_BITS_PER_S: f64 = 39.15;

/// `?at=`: the version that is looked at; now if not said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    at: Option<u64>,
}

/// What is to be seen of one version.
pub(super) struct Seen {
    card: Value,
    chart: Value,
    alarms: Value,
    /// Of a past version: the card of now, and when the version was made.
    later: Option<(Value, Option<u64>)>,
    now: u64,
}

/// The identity as it is.
pub(super) fn look(house: &House, name: &str) -> Result<Seen> {
    let also = |state: &Life| (wire::chart(state, TOP), wire::alarms(state));
    let (card, (chart, alarms)) = wire::portrait(house, name, TOP, also)?;
    Ok(Seen { card, chart, alarms, later: None, now: house.clock().now_ms() })
}

fn look_back(house: &House, name: &str, version: u64) -> Result<Seen> {
    let later = wire::card(house, name, 0)?;
    let state = house.at(name, version)?;
    let (card, chart) = (wire::state(&state, TOP), wire::chart(&state, TOP));
    let alarms = wire::alarms(&state);
    let made = house.log(name, version, 1)?.first().and_then(|line| line["at_ms"].as_u64());
    Ok(Seen { card, chart, alarms, later: Some((later, made)), now: house.clock().now_ms() })
}

/// `GET /ui/{name}` and `GET /ui/{name}/now`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Look>,
) -> Shown {
    let of = name.clone();
    let seen = app
        .blocking(move |house| match asked.at {
            Some(version) => look_back(house, &of, version),
            None => look(house, &of),
        })
        .await?;
    let live = seen.later.is_none().then(|| format!("/ui/{name}/live?page=now"));
    let body = html! {
        h1 { (name) }
        @for (id, inner) in fragments(&seen) {
            (fragment(id, &inner))
            @if id == LEADS || (id == "now-state" && reads(&seen.card)) {
                (scrubber(&name, &seen))
            }
        }
    };
    Ok(shell::page(&Page {
        title: &name,
        path: shell::path(&name, "now"),
        name: Some(&name),
        live,
        outside: false,
        body,
    }))
}

/// The parts that change while it learns.
pub(super) fn fragments(seen: &Seen) -> Vec<(&'static str, Markup)> {
    if reads(&seen.card) {
        return vec![("now-state", state(seen)), ("now-gap", gap(&seen.card))];
    }
    vec![
        ("now-state", state(seen)),
        (LEADS, score::draw(&seen.card, &seen.chart, &takeaway(&seen.card))),
        ("now-way", way::draw(&seen.card, seen.later.as_ref().map(|(card, _)| card))),
        ("now-alarms", alarms::draw(&seen.alarms)),
        ("now-weights", weights(&seen.chart)),
        ("now-gap", gap(&seen.card)),
    ]
}

fn state(seen: &Seen) -> Markup {
    let card = &seen.card;
    let (unit, how) = unit(card);
    html! {
        @match &seen.later {
            Some((_, made)) => p.past role="status" {
                "As it was at version " (number(card, "/version", How::Count))
                @if let Some(ms) = made { ", " (moment(*ms)) }
                ". Nothing is changed by looking."
            },
            None => p.badges { (badges(card, seen.now)) },
        }
        @if reads(card) { (language::figures(card)) } @else { dl.tiles {
            (tile(unit, &number(card, &format!("/figures/online/rolling/{unit}"), how),
                "its last thousand events"))
            (tile("frozen shadow", &number(card, &format!("/figures/shadow/rolling/{unit}"), how),
                "the same events, had it stopped"))
            (tile("bits saved", &number(card, "/figures/bits_saved", How::Count),
                "by learning on, since the shadow froze"))
            (tile("updates/s", &number(card, "/figures/updates_per_s", How::Short),
                "over its last thousand"))
            (tile("drift alarms", &number(card, "/figures/drift_alarms", How::Count),
                &last_alarm(card)))
            (tile("version", &number(card, "/version", How::Count), &learned(card)))
        } }
    }
}

/// Whether it is a language identity, of which other figures are told.
fn reads(card: &Value) -> bool {
    card["language"].is_object()
}

fn tile(name: &str, value: &Markup, says: &str) -> Markup {
    html! { div { dt { (name) } dd { strong { (value) } small { (says) } } } }
}

/// The metric that people compare, and how it is written.
fn unit(card: &Value) -> (&'static str, How) {
    if card["task"] == "regression" { ("MAE", How::Short) } else { ("Accuracy", How::Percent) }
}

fn moment(ms: u64) -> Markup {
    html! { time datetime=(when::machine(ms)) { (when::time(ms)) } }
}

fn last_alarm(card: &Value) -> String {
    match card["figures"]["drift_last_version"].as_u64() {
        None | Some(0) => "none so far".to_owned(),
        Some(version) => format!("the last at version {}", grouped(version as f64)),
    }
}

fn learned(card: &Value) -> String {
    match card["figures"]["last_ms"].as_u64() {
        None | Some(0) => "has not learned yet".to_owned(),
        Some(ms) => format!("last learned {}", when::time(ms)),
    }
}

/// In the unit of the chart, so that both say the same.
fn takeaway(card: &Value) -> Markup {
    let (unit, says) =
        if card["task"] == "regression" { ("RMSE", "error") } else { ("LogLoss", "loss") };
    let of = |who: &str| card["figures"][who]["rolling"][unit].as_f64();
    let place = |who: &str| format!("/figures/{who}/rolling/{unit}");
    html! {
        @match (of("online"), of("shadow")) {
            (Some(live), Some(shadow)) => {
                "Over its last thousand events its " (says) " is "
                (number(card, &place("online"), How::Short)) ", that of the shadow, which stopped \
                 learning, " (number(card, &place("shadow"), How::Short))
                @if live < shadow { ": learning on pays." }
                @else if live > shadow { ": the shadow does better now." }
                @else { ": as good." }
            }
            (Some(_), None) => {
                "Its " (says) " is " (number(card, &place("online"), How::Short))
                ". Its shadow freezes after "
                (number(card, "/options/shadow_after", How::Count)) " learned events."
            }
            _ if card["task"] == "anomaly" || card["task"] == "clustering" => {
                "It learns without labels: there is no truth to be scored against."
            }
            _ => "Not scored yet: it has to predict something, and be told.",
        }
    }
}

/// Any version by a slider; without the script by its button.
fn scrubber(name: &str, seen: &Seen) -> Markup {
    let newest = seen.later.as_ref().map_or(&seen.card, |(card, _)| card);
    let head = newest["durable_version"].as_u64().unwrap_or(1);
    let shown = if seen.later.is_some() { seen.card["version"].as_u64() } else { None };
    let at = shown.unwrap_or(head);
    html! {
        form.scrub #scrub method="get" action=(shell::path(name, "now")) {
            label for="at" { "Look back to version" }
            input #at type="range" name="at" min="1" max=(head) value=(at)
                aria-describedby="scrub-says";
            output #scrub-says for="at" { (grouped(at as f64)) }
            button type="submit" { "Show" }
            @if shown.is_some() {
                a.button href=(shell::path(name, "now")) { "Back to now" }
                a.button href={ (shell::path(name, "memory")) "?back=" (at) } {
                    "Rewind to here …"
                }
            }
        }
    }
}

fn weights(chart: &Value) -> Markup {
    let none = Vec::new();
    let all = chart["weights"].as_array().unwrap_or(&none);
    let most = all.iter().filter_map(|w| w["is"].as_f64()).map(f64::abs).fold(0.0, f64::max);
    html! {
        section.weights {
            h2 { "Largest weights" }
            @if all.is_empty() {
                p.none-yet { "A model without weights, or one that has none yet." }
            } @else {
                p { "Right is positive, left negative; the tick is where the shadow froze." }
                div.scroll tabindex="0" role="region" aria-label="Largest weights" {
                    table {
                        caption.unseen { "Largest weights beside the frozen shadow's" }
                        thead { tr {
                            th scope="col" { "Weight" }
                            th scope="col" { span.unseen { "Drawn" } }
                            th scope="col" { "Is" } th scope="col" { "Moved" }
                        } }
                        tbody {
                            @for (i, w) in all.iter().enumerate() { (weight(chart, i, w, most)) }
                        }
                    }
                }
            }
        }
    }
}

fn weight(chart: &Value, i: usize, w: &Value, most: f64) -> Markup {
    let is = w["is"].as_f64().unwrap_or(0.0);
    let shadow = w["shadow"].as_f64();
    let scale = 48.0 / most.max(1e-300);
    let (x, width) = (50.0 + (is * scale).min(0.0), (is * scale).abs());
    html! {
        tr {
            th scope="row" { (w["weight"].as_str().unwrap_or("")) }
            td.drawn {
                svg.bar viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true" {
                    path.zero d="M50 0V16" {}
                    rect class=(if is < 0.0 { "minus" } else { "plus" })
                        x=(format!("{x:.2}")) y="3" width=(format!("{width:.2}")) height="10" {}
                    @if let Some(was) = shadow {
                        @let at = (50.0 + was * scale).clamp(1.0, 99.0);
                        path.was d={ "M" (format!("{at:.2}")) " 0V16" } {}
                    }
                }
            }
            td { (number(chart, &format!("/weights/{i}/is"), How::Short)) }
            td { @match shadow {
                Some(was) => {
                    @if is > was { "+" } (short(is - was))
                }
                None => "–",
            } }
        }
    }
}

fn gap(card: &Value) -> Markup {
    let pace = card["figures"]["updates_per_s"].as_f64();
    html! {
        section.gap {
            h2 { "The speed gap" }
            p { @match pace {
                Some(pace) if pace >= WORDS_PER_S => {
                    "Between two words of somebody who talks to it, it learns "
                    strong { (short(pace / WORDS_PER_S)) } " times."
                }
                Some(_) => "It learns more slowly than a person talks: it waits for its events.",
                None => "Its pace is known after two events at different times.",
            } }
            dl.pairs {
                div { dt { "a person speaks" }
                    dd { "150 words a minute, " (SPEECH_BITS_PER_S.round()) " bit/s" } }
                div { dt { "it learns" }
                    dd { (number(card, "/figures/updates_per_s", How::Short)) " updates/s" } }
            }
        }
    }
}
