//! Fragments of pages as they change, as server-sent events.
//!
//! A page that is open is drawn once a second, however many look at it, and only while somebody
//! does. What did not change is not sent. A reader that is slow misses frames and holds up nobody.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Response;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::shell::Refused;
use super::{channels, departure, identities, language, memory, now, peers, system};
use crate::server::answer::{self, Asked, At};
use crate::server::problem::Problem;
use crate::server::{App, told_to_stop};

/// How often an open page is drawn.
const TICK: Duration = Duration::from_secs(1);

/// How often a quiet stream says that it is alive.
const STILL_HERE: Duration = Duration::from_secs(15);

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Screen {
    List(String),
    System,
    Peers,
    Now(String),
    Memory(String),
    Channels(String),
    Departure(String),
    Talk(String),
}

/// The parts of a page and their HTML.
type Frame = Arc<Vec<(&'static str, String)>>;

/// Pages that somebody has open.
#[derive(Default)]
pub(in crate::server) struct Screens(Mutex<HashMap<Screen, Weak<watch::Sender<Frame>>>>);

/// `?page=&after=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    page: Option<String>,
    after: Option<String>,
}

/// `GET /ui/live`.
pub(super) async fn house(
    State(app): State<Arc<App>>,
    Asked(which): Asked<Which>,
) -> Result<Response<Body>, Refused> {
    match which.page.as_deref() {
        None | Some("list") => follow(app, Screen::List(which.after.unwrap_or_default())).await,
        Some("system") => follow(app, Screen::System).await,
        Some("peers") => follow(app, Screen::Peers).await,
        Some(other) => Err(unknown(other)),
    }
}

/// `GET /ui/{name}/live`.
pub(super) async fn identity(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(which): Asked<Which>,
) -> Result<Response<Body>, Refused> {
    match which.page.as_deref() {
        None | Some("now") => follow(app, Screen::Now(name)).await,
        Some("memory") => follow(app, Screen::Memory(name)).await,
        Some("channels") => follow(app, Screen::Channels(name)).await,
        Some("talk") => follow(app, Screen::Talk(name)).await,
        Some("departure") => follow(app, Screen::Departure(name)).await,
        Some(other) => Err(unknown(other)),
    }
}

fn unknown(page: &str) -> Refused {
    Problem::malformed(format!("there is no live page {page:?}")).into()
}

async fn draw(app: &Arc<App>, screen: Screen) -> Result<Frame, Problem> {
    let of = Arc::clone(app);
    let parts = app.blocking(move |house| {
        Ok(match &screen {
            Screen::List(after) => vec![("list", identities::render(house, after))],
            Screen::System => vec![("system", system::render(&of))],
            Screen::Peers => vec![("peers", peers::render(&of, house))],
            Screen::Now(name) => now::fragments(&now::look(house, name)?),
            Screen::Memory(name) => memory::fragments(name, &memory::look(house, name)?),
            Screen::Talk(name) => {
                vec![("talk-figures", language::figures(&language::look(house, name)?))]
            }
            Screen::Channels(name) => {
                house.record(name)?;
                vec![("channels", channels::render(&of, name))]
            }
            Screen::Departure(name) => {
                vec![("departure", departure::render(&of, house, name)?)]
            }
        })
    });
    let parts = parts.await?;
    Ok(Arc::new(parts.into_iter().map(|(id, html)| (id, html.into_string())).collect()))
}

async fn follow(app: Arc<App>, screen: Screen) -> Result<Response<Body>, Refused> {
    // Drawn once before the answer begins, so that its error is an answer of its own.
    let first = draw(&app, screen.clone()).await?;
    let news = app.screens.join(&app, screen, first);
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(tell(news, app.stopping.clone(), send));
    let body = Body::from_stream(ReceiverStream::new(receive));
    Ok(answer::stream("text/event-stream", body))
}

impl Screens {
    fn join(&self, app: &Arc<App>, screen: Screen, first: Frame) -> watch::Receiver<Frame> {
        let mut screens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = screens.get(&screen).and_then(Weak::upgrade) {
            return sender.subscribe();
        }
        let (sender, news) = watch::channel(first);
        let sender = Arc::new(sender);
        screens.retain(|_, sender| sender.strong_count() > 0);
        screens.insert(screen.clone(), Arc::downgrade(&sender));
        tokio::spawn(keep_drawing(Arc::clone(app), screen, sender));
        news
    }
}

/// Draws until nobody looks any more.
async fn keep_drawing(app: Arc<App>, screen: Screen, sender: Arc<watch::Sender<Frame>>) {
    let mut stopping = app.stopping.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = sender.closed() => return,
            () = told_to_stop(&mut stopping) => return,
        }
        // What can't be read now is looked at again; the page keeps what it has.
        let Ok(frame) = draw(&app, screen.clone()).await else { continue };
        sender.send_if_modified(|before| std::mem::replace(before, frame.clone()) != frame);
    }
}

/// Sends what changed to one reader, the newest frame always.
async fn tell(
    mut news: watch::Receiver<Frame>,
    mut stopping: watch::Receiver<bool>,
    send: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let mut sent: HashMap<&'static str, String> = HashMap::new();
    loop {
        let frame = Arc::clone(&news.borrow_and_update());
        let mut text = String::new();
        for (id, html) in frame.iter() {
            if sent.get(id) != Some(html) {
                sent.insert(id, html.clone());
                text.push_str(&event(id, html));
            }
        }
        if !text.is_empty() && send.send(Ok(Bytes::from(text))).await.is_err() {
            return;
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(STILL_HERE) => {
                if send.send(Ok(Bytes::from_static(b": still here\n\n"))).await.is_err() { return }
            }
            () = told_to_stop(&mut stopping) => return,
            () = send.closed() => return,
        }
    }
}

/// A fragment as an event of its own name, whose data may have many lines.
fn event(id: &str, html: &str) -> String {
    let mut text = format!("event: fragment\ndata: {id}\n");
    for line in html.lines() {
        // Writing into a string does not fail.
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
