//! The Talk page of an identity that speaks: what was said, a field to say more, and what came of
//! it. The script sends what is said to the API that programs use; see `page.js`.

use std::sync::Arc;

use her_identity::{House, Result};
use her_lm::Message;
use maud::{Markup, html};
use serde_json::Value;

use super::figure::{How, number};
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;
use crate::talk::recent::{self, CONVERSATION};
use crate::wire;

/// Messages that are shown, the newest.
const SHOWN: usize = 40;

/// The page.
pub(super) async fn page(app: &Arc<App>, name: String) -> Shown {
    let of = name.clone();
    let (said, card) = app
        .blocking(move |house| {
            let mut said = recent::said(&recent::log(house, &of)?, CONVERSATION);
            said.drain(..said.len().saturating_sub(SHOWN));
            Ok((said, look(house, &of)?))
        })
        .await?;
    let body = html! {
        h1 { "Talk" }
        p.lead { "What you say to " (name) " is learned as it is read, and its answer comes from \
                  what it has become. " code { "her talk " (name) } " goes on with the same \
                  conversation." }
        (conversation(&name, &said))
        (fragment("talk-figures", &figures(&card)))
    };
    Ok(shell::page(&Page {
        title: &format!("Talk with {name}"),
        path: shell::path(&name, "talk"),
        live: Some(format!("/ui/{name}/live?page=talk")),
        name: Some(&name),
        outside: false,
        body,
    }))
}

fn conversation(name: &str, said: &[Message]) -> Markup {
    html! {
        section.conversation {
            h2.unseen { "Conversation" }
            div #said role="log" aria-label="What was said" tabindex="0" {
                @if said.is_empty() { p.none-yet { "Nothing was said yet." } }
                @for message in said {
                    div.said.(message.role) {
                        p.who { (if message.role == "user" { "you" } else { name }) }
                        p.words { (message.content) }
                    }
                }
            }
            form #say data-model=(name) data-conversation=(CONVERSATION) {
                label for="words" { "Say something" }
                textarea #words name="words" rows="2" required {}
                div.row {
                    button.strong type="submit" { "Send" }
                    button #hush type="button" hidden { "Stop" }
                    label.check { input #learn type="checkbox" checked; " learn from it" }
                }
            }
            p #told .note role="status" {}
            noscript { p.bad { "Talking here needs the page's script; " code { "her talk " (name) }
                " does not." } }
        }
    }
}

/// The card of an identity that speaks, as the tiles read it.
pub(super) fn look(house: &House, name: &str) -> Result<Value> {
    wire::card(house, name, 0)
}

/// What its tokens cost, and what learning brought.
pub(super) fn figures(card: &Value) -> Markup {
    let of = |place: &str, how| number(card, &format!("/language{place}"), how);
    html! {
        dl.tiles {
            (tile("bits a token, live", &of("/bits_per_token/live", How::Short),
                "each before it was learned"))
            (tile("bits a token, frozen", &of("/bits_per_token/frozen", How::Short),
                "the base alone, on the same tokens"))
            (tile("bits saved", &of("/bits_saved", How::Short), "by learning, in all its life"))
            (tile("regret", &of("/regret", How::Short), "bits it was ever behind its base"))
            (tile("tokens read", &of("/tokens", How::Count), "predicted, then learned or heard"))
            (tile("updates", &of("/updates", How::Count), "of its weights"))
            (tile("trust in what it learned", &of("/weights/learned", How::Percent),
                "beside its base and what was just said"))
            (tile("how far it moved", &of("/adapter_norm", How::Short), "length of the adapter"))
        }
        (learned(card))
    }
}

/// The parts of what was said that learning helped most.
fn learned(card: &Value) -> Markup {
    let none = Vec::new();
    let spans = card["language"]["learned_from_you"].as_array().unwrap_or(&none);
    html! {
        @if !spans.is_empty() {
            section {
                h2 { "What I learned from you" }
                p.note { "Parts of what was said that came less as a surprise to it than to its \
                          frozen base, when they were said." }
                ul.spans { @for (i, span) in spans.iter().enumerate() {
                    @let place = format!("/language/learned_from_you/{i}/bits");
                    li {
                        q { (span["text"].as_str().unwrap_or_default()) }
                        span { (number(card, &place, How::Short)) " bits fewer" }
                    }
                } }
            }
        }
    }
}

fn tile(name: &str, value: &Markup, about: &str) -> Markup {
    html! { div { dt { (name) } dd { strong { (value) } small { (about) } } } }
}
