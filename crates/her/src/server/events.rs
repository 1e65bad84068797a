//! `…/events`: the life of an identity as server-sent events, from any version on.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use her_identity::House;
use her_identity::journal::IdentityId;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::answer::{self, Answer, Asked, At};
use super::history;
use super::problem::Problem;
use super::{App, told_to_stop};

/// How often the durable head is looked at: 20 times a second, once for all who follow it.
const LOOK: Duration = Duration::from_millis(50);

/// How often a quiet stream says that it is alive.
const STILL_HERE: Duration = Duration::from_secs(15);

/// Pages that wait for a slow reader.
const PAGES: usize = 2;

/// `?from=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    from: Option<u64>,
}

/// Where an identity stands: the branch that is alive, and its durable head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stand {
    branch: IdentityId,
    head: u64,
}

/// Identities that somebody follows.
#[derive(Default)]
pub(crate) struct Followed(Mutex<HashMap<String, Weak<watch::Sender<Stand>>>>);

/// `GET …/events`.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<From>,
    headers: HeaderMap,
) -> Answer {
    let last = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?")) {
        None => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            Problem::malformed(format!("Last-Event-ID is a version, got {text:?}"))
        })?),
    };
    let stand = stand(&app.house, &name)?;
    let next = last.map(|id| id.saturating_add(1)).or(asked.from).unwrap_or(stand.head + 1);
    let (send, receive) = mpsc::channel(PAGES);
    let follower = Follower { name, next: next.max(1), branch: stand.branch, send };
    tokio::spawn(follower.run(app));
    let body = Body::from_stream(ReceiverStream::new(receive));
    Ok(answer::of_version(answer::stream("text/event-stream", body), stand.head))
}

fn stand(house: &House, name: &str) -> her_identity::Result<Stand> {
    let branch = house.record(name)?.current;
    Ok(Stand { branch, head: house.head(name)?.seq })
}

impl Followed {
    /// News of an identity's stand, by one look for all who ask.
    fn follow(&self, app: &Arc<App>, name: &str) -> her_identity::Result<watch::Receiver<Stand>> {
        let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = followed.get(name).and_then(Weak::upgrade) {
            return Ok(sender.subscribe());
        }
        let (sender, news) = watch::channel(stand(&app.house, name)?);
        let sender = Arc::new(sender);
        followed.retain(|_, sender| sender.strong_count() > 0);
        followed.insert(name.to_owned(), Arc::downgrade(&sender));
        tokio::spawn(look(Arc::clone(app), name.to_owned(), sender));
        Ok(news)
    }
}

/// Looks until nobody follows any more.
async fn look(app: Arc<App>, name: String, sender: Arc<watch::Sender<Stand>>) {
    let mut stopping = app.stopping.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sender.closed() => return,
            () = told_to_stop(&mut stopping) => return,
        }
        // A branch that is being changed is looked at again.
        let Ok(now) = stand(&app.house, &name) else { continue };
        sender.send_if_modified(|before| std::mem::replace(before, now) != now);
    }
}

struct Follower {
    name: String,
    next: u64,
    branch: IdentityId,
    send: mpsc::Sender<Result<Bytes, std::io::Error>>,
}

/// Nobody reads any more, or the server ends.
struct Over;

impl Follower {
    async fn run(mut self, app: Arc<App>) {
        let Ok(mut news) = app.followed.follow(&app, &self.name) else { return };
        let mut stopping = app.stopping.clone();
        loop {
            let now = *news.borrow_and_update();
            if self.catch_up(&app, now).await.is_err() {
                return;
            }
            tokio::select! {
                changed = news.changed() => if changed.is_err() {
                    // The looker went home just when we came.
                    let Ok(again) = app.followed.follow(&app, &self.name) else { return };
                    news = again;
                },
                () = tokio::time::sleep(STILL_HERE) => {
                    if self.say(": still here\n\n".to_owned()).await.is_err() { return }
                }
                () = told_to_stop(&mut stopping) => return,
                () = self.send.closed() => return,
            }
        }
    }

    async fn say(&self, text: String) -> Result<(), Over> {
        self.send.send(Ok(Bytes::from(text))).await.map_err(|_| Over)
    }

    /// Sends everything up to where the identity stands.
    async fn catch_up(&mut self, app: &App, now: Stand) -> Result<(), Over> {
        if now.branch != self.branch {
            self.branch = now.branch;
            self.rewound(app).await?;
        }
        while self.next <= now.head {
            if *app.stopping.borrow() {
                return Err(Over);
            }
            let page = history::page(app, &self.name, self.next, history::PAGE).await;
            let page = match page {
                Ok(page) if !page.is_empty() => page,
                Ok(_) => return Ok(()),
                Err(problem) => {
                    let _ = self.say(event("error", None, &problem.to_json())).await;
                    return Err(Over);
                }
            };
            let mut text = String::new();
            for line in &page {
                let version = line["version"].as_u64();
                text.push_str(&event(line["event"].as_str().unwrap_or("event"), version, line));
                self.next = version.map_or(self.next, |v| v + 1);
            }
            self.say(text).await?;
        }
        Ok(())
    }

    /// The name has another life now; what it shares with the one before is not told again.
    async fn rewound(&mut self, app: &App) -> Result<(), Over> {
        let record = app.house.record(&self.name).map_err(|_| Over)?;
        let Some(origin) = record.branch(self.branch).and_then(|b| b.parent) else { return Ok(()) };
        self.next = self.next.min(origin.version + 1);
        let data = serde_json::json!({ "version": origin.version });
        self.say(event("rewound", Some(origin.version), &data)).await
    }
}

fn event(name: &str, id: Option<u64>, data: &Value) -> String {
    let mut text = String::new();
    if let Some(id) = id {
        // Writing into a string does not fail.
        let _ = writeln!(text, "id: {id}");
    }
    let _ = write!(text, "event: {name}\ndata: {data}\n\n");
    text
}
