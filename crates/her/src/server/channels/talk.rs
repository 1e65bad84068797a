//! `…/talk`: the same channel for those without WebSocket, as a stream of events and a POST for
//! each message.

use std::sync::{Arc, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;

use super::figures::Wait;
use super::message::Message;
use super::pulse::{Beats, next_beat};
use super::session::{self, Known, Session};
use super::ws::Asking;
use super::{Entry, Parked, moved, parked, token_ended};
use crate::locks::token::Token;
use crate::server::accept::{Seat, Wire};
use crate::server::answer::{self, Answer, Asked, At};
use crate::server::auth::granted;
use crate::server::problem::Problem;
use crate::server::{App, body, told_to_stop};

/// Frames that wait for a slow reader.
const FRAMES: usize = 2;

/// `GET …/talk`: hello, what was missed, the pulse, and why it ends.
pub(crate) async fn hear(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(mut asked): Asked<Asking>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Answer {
    asked.check()?;
    // A browser that comes back by itself tells the id of the last event: token and number.
    if let Some(last) = headers.get("last-event-id").and_then(|id| id.to_str().ok())
        && let Some((token, n)) = last.split_once('/')
    {
        asked.resume = Some(token.to_owned());
        asked.n = n.parse().ok().or(asked.n);
    }
    let wire = request.extensions().get::<Wire>();
    let wire = wire.ok_or_else(|| Problem::malformed("this connection can't hold a channel"))?;
    let seat = app.channels.seat(wire.from)?;
    wire.says_goodbye();
    let known = Known::look(&app, &name, Session::of(asked.resume.as_deref())?, asked.n).await?;
    let version = known.version;
    let (send, receive) = mpsc::channel(FRAMES);
    let stream = Stream {
        entry: Entry::new(&app, "sse", &known.name, &known),
        beats: asked.pulse.and_then(|hz| Beats::new(&app, &known.name, hz)),
        token: known.session.token.clone(),
        opened_by: granted::token(),
        _seat: seat,
        send,
        app,
    };
    tokio::spawn(stream.run(known, asked.seq));
    let body = Body::from_stream(ReceiverStream::new(receive));
    Ok(answer::of_version(answer::stream("text/event-stream", body), version))
}

/// The half of a channel that speaks.
struct Stream {
    app: Arc<App>,
    entry: Entry,
    token: Box<str>,
    opened_by: Option<Arc<Token>>,
    beats: Option<Box<Beats>>,
    send: mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
    _seat: Seat,
}

impl Stream {
    async fn run(mut self, known: Known, seen: Option<u64>) {
        let (app, opened_by) = (Arc::clone(&self.app), self.opened_by.clone());
        let name = self.entry.name.clone();
        let all = async {
            match self.greet(known, seen).await {
                Ok(()) => self.talk().await,
                Err(why) => why,
            }
        };
        let why = tokio::select! {
            why = all => why,
            () = token_ended(&app, opened_by.as_deref()) => Parked::TokenEnded,
            () = moved(&app, &name) => Parked::Moved,
        };
        self.app.metrics.channels.parked(why);
        let frame = parked(&self.app, &self.entry.name, why, &self.token);
        // Who went away hears no more.
        let _ = self.event("parked", None, &frame).await;
    }

    async fn greet(&mut self, known: Known, seen: Option<u64>) -> Result<(), Parked> {
        if known.is_known() {
            self.app.metrics.channels.resumed.inc();
        }
        let hello = known.hello(seen);
        let id = hello["n"].as_u64();
        // What was missed comes after the hello, so the hello's own number is where that begins.
        let first = known.missed().next().map(|(n, _)| n - 1);
        self.event("hello", first.or(id), &hello).await?;
        for (n, frame) in known.missed() {
            self.event("reply", Some(n), &frame).await?;
        }
        Ok(())
    }

    async fn talk(&mut self) -> Parked {
        let mut stopping = self.app.stopping.clone();
        loop {
            let bounds = &self.app.channels.bounds;
            let now = Instant::now();
            let parks_at = self.entry.figures.last_word() + bounds.park;
            if now >= parks_at {
                return Parked::Quiet;
            }
            self.entry.figures.listens(now);
            let wakes_at = parks_at.min(now + bounds.ping);
            let done = tokio::select! {
                () = sleep_until(wakes_at), if wakes_at < parks_at => {
                    self.put(": still here\n\n".to_owned()).await
                }
                () = sleep_until(parks_at) => Ok(()),
                pulse = next_beat(&mut self.beats, &self.app, &self.entry.name) => {
                    let since = self.entry.figures.updates_since(pulse.version);
                    self.event("pulse", None, &pulse.frame(since)).await
                }
                () = self.entry.elsewhere.notified() => Err(Parked::Elsewhere),
                () = told_to_stop(&mut stopping) => Err(Parked::Closing),
                () = self.send.closed() => Err(Parked::Left),
            };
            self.entry.figures.listened(now.elapsed());
            self.app.metrics.channels.waited(Wait::Read, now.elapsed());
            if let Err(why) = done {
                return why;
            }
        }
    }

    async fn event(&self, name: &str, n: Option<u64>, data: &Value) -> Result<(), Parked> {
        let id = n.map_or_else(String::new, |n| format!("id: {}/{n}\n", self.token));
        self.put(format!("{id}event: {name}\ndata: {data}\n\n")).await
    }

    async fn put(&self, text: String) -> Result<(), Parked> {
        let bytes = text.len();
        let begun = Instant::now();
        let put = timeout(self.app.channels.bounds.write, self.send.send(Ok(text.into()))).await;
        self.entry.figures.waited(Wait::Write, begun.elapsed());
        self.app.metrics.channels.waited(Wait::Write, begun.elapsed());
        match put {
            Ok(Ok(())) => {
                self.entry.figures.sent(bytes);
                self.app.metrics.channels.bytes_out.inc_by(bytes as u64);
                Ok(())
            }
            Ok(Err(_)) => Err(Parked::Left),
            Err(_) => Err(Parked::TakesNothing),
        }
    }
}

/// `POST …/talk`: one message, with the session's token as `resume`; the answer is its reply.
pub(crate) async fn say(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let max = app.channels.bounds.message_bytes;
    let Value::Object(mut map) = body::json(request, &app.limits).await? else {
        return Err(Problem::malformed("a message is an object such as {\"n\": 1, \"say\": …}"));
    };
    let bytes = serde_json::to_string(&map).map_or(0, |text| text.len());
    if bytes > max {
        return Err(Problem::too_large(format!(
            "the message has {bytes} bytes, at most {max} are allowed (channels.message_kib)"
        )));
    }
    let token = map.remove("resume");
    let Some(token) = token.as_ref().and_then(Value::as_str) else {
        return Err(Problem::malformed(
            "a message needs resume, the token that the first event of GET …/talk tells",
        ));
    };
    let session = Session::of(Some(token))?;
    let say_as = session::say_as(&app, &name).await?;
    let message = Message::read(map, &say_as)?;
    let channel = app.channels.find(&name, &session.id);
    session::count(&app, channel.as_deref(), bytes, message.words);
    let frame = match &channel {
        Some(channel) => {
            let wait = {
                let mut buckets = channel.buckets.lock().unwrap_or_else(PoisonError::into_inner);
                buckets.take(bytes, Instant::now())
            };
            tokio::time::sleep(wait).await;
            session::heard(&app, channel, &session, message).await?
        }
        None => session::tell(&app, &name, &session, message).await?.0,
    };
    Ok(answer::raw(StatusCode::OK, frame))
}
