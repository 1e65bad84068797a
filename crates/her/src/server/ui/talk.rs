//! `/ui/{name}/talk`: ask it something. Asking changes nothing; teaching goes through the API. Who
//! speaks is talked with: see [`language`].

use std::sync::Arc;

use axum::extract::State;
use her_identity::turn::Desk;
use her_learn::Row;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::figure::{How, number};
use super::language;
use super::shell::{self, Page, Shown};
use crate::server::App;
use crate::server::answer::{Asked, At};
use crate::talk::speaker::speaks;
use crate::wire;

/// `?x=`: features, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    x: Option<String>,
}

/// What came of a question: a prediction and its version, or what is wrong with it.
type Said = Result<(Value, u64), String>;

/// `GET /ui/{name}/talk`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Question>,
) -> Shown {
    let of = name.clone();
    if app.blocking(move |house| speaks(house, &of)).await? {
        return language::page(&app, name).await;
    }
    let (of, x) = (name.clone(), asked.x.clone());
    let (known, said) = app
        .blocking(move |house| {
            let (task, known) = house.look(&of, |identity| {
                let model = identity.state().model();
                (model.task(), names(model))
            })?;
            let said = x.filter(|x| !x.trim().is_empty()).map(|x| ask(house, &of, &x));
            Ok(((task, known), said))
        })
        .await?;
    let ((_, known), x) = (known, asked.x.unwrap_or_default());
    let body = html! {
        h1 { "Talk" }
        p.lead { "Ask " (name) " about some features; it answers as it is now. Asking changes \
                  nothing." }
        form.talk method="get" action=(shell::path(&name, "talk")) {
            label for="x" { "Features, as JSON" }
            textarea #x name="x" rows="4" spellcheck="false" placeholder=(example(&known)) { (x) }
            button.strong type="submit" { "Ask" }
        }
        @if let Some(said) = &said { (answer(said)) }
        @if !known.is_empty() {
            section {
                h2 { "Names it knows" }
                p.names { @for name in &known { code { (name) } " " } }
            }
        }
    };
    Ok(shell::page(&Page {
        title: &format!("Talk with {name}"),
        path: shell::path(&name, "talk"),
        name: Some(&name),
        live: None,
        outside: false,
        body,
    }))
}

/// The first names of features that a model knows.
fn names(model: &her_learn::Model) -> Vec<String> {
    let name = |id| model.names().name(id).map(ToOwned::to_owned);
    (0..40).filter_map(name).collect()
}

fn ask(house: &her_identity::House, name: &str, x: &str) -> Said {
    let x: Value = serde_json::from_str(x).map_err(|e| format!("this is not JSON: {e}"))?;
    let row = Row::from_json(&x).map_err(|e| e.to_string())?;
    let (given, version) = house
        .look(name, move |identity| {
            let state = identity.state();
            (state.predict(&row, &mut Desk::default()), state.version())
        })
        .map_err(|e| e.to_string())?;
    let given = given.map_err(|e| e.to_string())?;
    Ok((wire::prediction(&given), version))
}

fn example(known: &[String]) -> String {
    let some: Vec<String> = known.iter().take(3).map(|name| format!("{name:?}: 1")).collect();
    if some.is_empty() {
        "{\"amount\": 7, \"hour\": 3}".into()
    } else {
        format!("{{{}}}", some.join(", "))
    }
}

fn answer(said: &Said) -> Markup {
    html! {
        section.answer aria-labelledby="answer" role="status" {
            h2 #answer { "It says" }
            @match said {
                Err(why) => p.bad { (why) },
                Ok((prediction, version)) => {
                    @let number = |place: &str, how| number(prediction, place, how);
                    @if prediction.is_null() { p { "It has no opinion yet." } }
                    @else if prediction.get("value").is_some() {
                        p.big { (number("/value", How::Short)) }
                    } @else {
                        p.big { (prediction["label"].to_string().trim_matches('"')) }
                        @if let Some(proba) = prediction["proba"].as_object() {
                            dl.pairs { @for class in proba.keys().take(20) {
                                @let place = format!("/proba/{}", escaped(class));
                                div { dt { (class) } dd { (number(&place, How::Percent)) } }
                            } }
                        }
                    }
                    p.note { "version " (version) }
                }
            }
        }
    }
}

/// A member's name within a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
