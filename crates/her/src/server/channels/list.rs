//! `/v1/channels`: who is there, a page at a time, and what all of them waited for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::figures::{self, SPEECH_BITS_PER_S, SPEECH_WORDS_PER_S, Wait};
use super::{Channel, Channels};
use crate::gates::Waits;
use crate::server::App;
use crate::server::answer::{self, Answer, Asked, At};

/// `?limit=&after=`: the last channel of the page before, as `IDENTITY/SESSION`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

/// `GET /v1/channels`.
pub(crate) async fn all(State(app): State<Arc<App>>, Asked(page): Asked<Page>) -> Answer {
    let list = list(&app, None, &page);
    Ok(answer::json(StatusCode::OK, &list))
}

/// `GET /v1/identities/{name}/channels`.
pub(crate) async fn of_identity(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(page): Asked<Page>,
) -> Answer {
    let version = app.house.head(&name)?.seq;
    let list = list(&app, Some(&name), &page);
    Ok(answer::of_version(answer::json(StatusCode::OK, &list), version))
}

/// The first channels of an identity, as `GET …/channels` has them: for the page.
pub(crate) fn first(app: &App, name: &str, limit: usize) -> Value {
    list(app, Some(name), &Page { limit: Some(limit), after: None })
}

impl Channels {
    /// What each open channel waited for since it was opened.
    pub fn waits(&self) -> Vec<Waits> {
        let now = Instant::now();
        let waits = |channel: &Arc<Channel>| {
            let of = |what| channel.figures.wait_s(what, now);
            Waits {
                identity: channel.name.clone(),
                session: channel.session.clone(),
                people_s: of(Wait::Read) + of(Wait::Write),
                model_s: of(Wait::Model),
            }
        };
        self.open().values().map(waits).collect()
    }

    /// Open channels in order, of one identity or of all.
    fn sorted(&self, name: Option<&str>) -> Vec<Arc<Channel>> {
        let open = self.open();
        let of = |c: &&Arc<Channel>| name.is_none_or(|name| &*c.name == name);
        open.values().filter(of).map(Arc::clone).collect()
    }
}

fn list(app: &App, name: Option<&str>, page: &Page) -> Value {
    let (channels, now) = (&app.channels, Instant::now());
    let limit = page.limit.unwrap_or(1_000).min(10_000);
    let open = channels.sorted(name);
    let after = page.after.as_deref().map(|after| after.split_once('/').unwrap_or((after, "")));
    let begin = after.map_or(0, |(name, session)| {
        open.partition_point(|c| (&*c.name, &*c.session) <= (name, session))
    });
    let end = open.len().min(begin.saturating_add(limit));
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut shown = Vec::with_capacity(end - begin);
    for channel in &open[begin..end] {
        let version = *versions
            .entry(&channel.name)
            .or_insert_with(|| app.house.head(&channel.name).map_or(0, |head| head.seq));
        shown.push(figures::json(channel, &channels.bounds, version, now));
    }
    let away = open.iter().filter(|c| c.figures.is_away(&channels.bounds, now)).count();
    let last = open[begin..end].last().filter(|_| end < open.len());
    let metrics = &app.metrics.channels;
    json!({
        "channels": shown,
        "next": last.map(|c| format!("{}/{}", c.name, c.session)),
        "open": open.len(),
        "present": open.len() - away,
        "away": away,
        "server": {
            "parked": metrics.parked_so_far(),
            "resumed": metrics.resumed.get(),
            "messages": metrics.messages.get(),
            "words": metrics.words.get(),
            "rehearsed": metrics.rehearsed.get(),
            "wait_s": figures::waits(|what| metrics.wait_s(what)),
        },
        "speech": { "words_per_s": SPEECH_WORDS_PER_S, "bits_per_s": SPEECH_BITS_PER_S },
    })
}
